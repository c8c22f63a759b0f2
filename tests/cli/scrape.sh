#!/bin/sh
# SPDX-License-Identifier: ISC
# btshowmetainfo --scrape: what our own tracker says, over HTTP and UDP, and who says nothing.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
have curl && have python3 || exit 77
start_tracker --only_local_override_ip 0 --scrape_allowed full
here=127.0.0.1:$port
head -c 1000 /dev/zero >a
head -c 2000 /dev/zero >b
run 0 btmakemetafile http://$here/announce a --announce-list "http://$here/announce|udp://$here"
announce()
{
	hash=$(btshowmetainfo --field info_hash "$1" | sed 's/../%&/g')
	curl -s -o reply "http://$here/announce?info_hash=$hash&peer_id=aaaaaaaaaaaaaaaaaa$2&port=$3&uploaded=0&downloaded=0&compact=1&left=$4" ||
		fail "no announce"
	grep -q 5:peers reply || fail "announce: $(cat reply)"
}
announce a.torrent 01 1001 0
announce a.torrent 02 1002 1000
announce a.torrent 03 1003 1000
announce a.torrent 03 1003 '0&event=completed'

run 0 btshowmetainfo --scrape a.torrent
same out <<END
a.torrent: http://$here/announce: 2 seeds, 1 leeches, 1 completed
a.torrent: udp://$here: 2 seeds, 1 leeches, 1 completed
END
[ -s err ] && fail "not silent: $(cat err)"
run 0 btshowmetainfo --scrape --json a.torrent
same out <<END
{"metainfo_file":"a.torrent","info_hash":"$(btshowmetainfo --field info_hash a.torrent)","info_hash_v2":null,"trackers":[{"url":"http://$here/announce","tier":0,"seeds":2,"leeches":1,"completed":1,"error":null},{"url":"udp://$here","tier":1,"seeds":2,"leeches":1,"completed":1,"error":null}],"answered":2}
END

# A torrent of v2 is known by the beginning of its hash.
run 0 btmakemetafile http://$here/announce b --meta_version 2 --target v2.torrent
hash=$(btshowmetainfo --field info_hash_v2 v2.torrent | cut -c -40 | sed 's/../%&/g')
curl -s -o reply "http://$here/announce?info_hash=$hash&peer_id=aaaaaaaaaaaaaaaaaa04&port=1004&uploaded=0&downloaded=0&compact=1&left=1"
run 0 btshowmetainfo --scrape v2.torrent
has out ': 0 seeds, 1 leeches, 0 completed'

# Who cannot answer, does not, or does not know it.
run 0 btmakemetafile http://127.0.0.1:1/announce a --target dead.torrent \
	--announce-list "http://127.0.0.1:1/announce|http://$here/other|ws://$here/|http://$here/announce"
run 0 btshowmetainfo --scrape dead.torrent
has out 'dead.torrent: http://127.0.0.1:1/announce: '
has out "dead.torrent: http://$here/other: its URL tells of no scrape"
has out "dead.torrent: ws://$here/: trackers of this kind are not supported"
has out "dead.torrent: http://$here/announce: 2 seeds, "
mkdir www www/no
printf 'd5:filesdee' >www/scrape
printf 'd14:failure reason5:no\033Xye' >www/no/scrape
other=127.0.0.1:$(python3 "$srcdir/tests/cli/free_port.py")
python3 -m http.server -b 127.0.0.1 -d www "${other#*:}" >www.log 2>&1 &
pids="$pids $!"
for i in $(seq 50); do
	curl -s -o reply "http://$other/scrape" && break
	sleep 0.1
done
run 0 btmakemetafile "http://$other/announce" b --announce-list "http://$other/announce,http://$other/no/announce?key=1"
run 1 btshowmetainfo --scrape b.torrent a.torrent
has out "b.torrent: http://$other/announce: it does not know this torrent"
has out "b.torrent: http://$other/no/announce?key=1: no\\x1bXy"
has out "a.torrent: udp://$here: 2 seeds"
has err 'btshowmetainfo: b.torrent: no tracker answered'
kill "${pids##* }"
run 0 btmakemetafile '' b --target none.torrent
run 1 btshowmetainfo --scrape none.torrent
has err 'btshowmetainfo: none.torrent: no trackers'
run 2 btshowmetainfo --scrape --lint a.torrent

stop_tracker
finish
