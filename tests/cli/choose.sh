#!/bin/sh
# SPDX-License-Identifier: ISC
# Which files are downloaded: others are never made, also while the choice changes.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

# Neighbours share pieces: each file is three and a half.
mkdir -p seed/show/extras
for i in 1 2 3 4; do
	head -c 114688 /dev/urandom >seed/show/$i.mkv
done
head -c 100000 /dev/urandom >seed/show/extras/a.nfo
: >seed/show/extras/empty
(cd seed && run 0 btmakemetafile http://127.0.0.1:1/announce show)
port=$(python3 "$srcdir/tests/cli/free_port.py")
btdownloadheadless seed/show.torrent --saveas seed/show --bind 127.0.0.1 --minport $port \
    --maxport $port --json 1 --state '' >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"state":"seeding"'

fetch()
{
	run 0 timeout 30 btdownloadheadless seed/show.torrent --bind 127.0.0.1 --state '' \
	    --peer 127.0.0.1:$port --stop_when_done 1 --json 1 "$@"
}

# made FOLDER: what is in it.
made()
{
	(cd "$1" && find . -type f | LC_ALL=C sort | sed 's/^\.\///' | tr '\n' ' ')
}

# Order in the torrent: by name.
run 0 btshowmetainfo seed/show.torrent
fetch --saveas one --include '*.mkv' --exclude '[13].mkv'
[ "$(made one)" = '2.mkv 4.mkv ' ] || fail "--include made $(made one)"
cmp seed/show/2.mkv one/2.mkv || fail "2.mkv is different"
cmp seed/show/4.mkv one/4.mkv || fail "4.mkv is different"
has out '"complete":true'

fetch --saveas two --priority=-1,0,-1,-1,-1,2 --include '*.nfo'
[ "$(made two)" = '2.mkv extras/empty ' ] || fail "--priority made $(made two)"

# A list that does not fit is told, and then the globs count.
fetch --saveas three --priority=1,1 --include '*.nfo'
[ "$(made three)" = 'extras/a.nfo ' ] || fail "with a bad --priority: $(made three)"
has err 'one priority for each file'

# What was left out is fetched later; nothing of it is lost on the way.
btdownloadheadless seed/show.torrent --saveas four --bind 127.0.0.1 --state mine --json 1 \
    --peer 127.0.0.1:$port --include 2.mkv >four.log 2>&1 &
four=$!
until_has four.log '"event":"complete"'
[ "$(made four | sed 's/\.[0-9a-f]*\.parts/PARTS/')" = 'PARTS 2.mkv ' ] ||
    fail "while it seeds a part there is $(made four)"
kill $four
wait $four
run 0 timeout 30 btdownloadheadless seed/show.torrent --saveas four --bind 127.0.0.1 --state mine \
    --peer 127.0.0.1:$port --stop_when_done 1 --json 1
diff -r seed/show four || fail "all of it is different"
grep -q '"event":"end".*"downloaded":0,' out && fail "nothing was left to be fetched"

# It changes while it runs: by the torrent's own options.
mkdir list
cp seed/show.torrent list
echo 'include = 1.mkv' >list/show.torrent.opts
btlaunchmany list --bind 127.0.0.1 --peer 127.0.0.1:$port --state '' --display_interval 0.2 \
    >many.log 2>&1 &
pids="$pids $!"
until_has many.log '"seeding" (100.0%)'
[ -f list/show/1.mkv ] && [ ! -e list/show/3.mkv ] || fail "at first: $(made list/show)"
: >many.log
echo 'include = [13].mkv' >list/show.torrent.opts
for i in $(seq 50); do
	[ -f list/show/3.mkv ] && cmp -s list/show/3.mkv seed/show/3.mkv && break
	sleep 0.1
done
cmp seed/show/3.mkv list/show/3.mkv || fail "3.mkv did not come"
[ ! -e list/show/2.mkv ] || fail "2.mkv was made"
rm list/show.torrent.opts
for i in $(seq 50); do
	diff -r seed/show list/show >/dev/null 2>&1 && break
	sleep 0.1
done
diff -r seed/show list/show || fail "at last it is different"

# In order: what is there is always the beginning.
rm -rf five
btdownloadheadless seed/show.torrent --saveas five --bind 127.0.0.1 --state '' \
    --peer 127.0.0.1:$port --sequential 1 --max_download_rate 200 --json 1 >five.log 2>&1 &
five=$!
pids="$pids $five"
until_has five.log '"pieces_done":6'
kill $five
wait $five
cmp -n 114688 seed/show/1.mkv five/1.mkv || fail "it does not begin with the beginning"
[ ! -e five/extras/a.nfo ] || fail "it has begun with the end"
finish
