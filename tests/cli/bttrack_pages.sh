#!/bin/sh
# SPDX-License-Identifier: ISC
# What bttrack shows: the page, JSON and metrics; sorted, escaped, gzipped, turned off, elsewhere.
. "${srcdir:-.}/tests/cli/common.sh"
have curl || exit 77
have python3 || exit 77
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
pids=

check()
{
	python3 "$srcdir/tests/cli/pages_check.py" "$@" >checked || { fail "$*"; cat checked; }
}

# get PATH [CURL-OPTION...]: into out; the status in $status.
get()
{
	path=$1
	shift
	status=$(curl -g -s -o out -D head -w '%{http_code}' "$@" "http://127.0.0.1:$port$path")
}

# announce HASH-BYTE PEER LEFT [MORE]
announce()
{
	get "/announce?info_hash=%${1}bbbbbbbbbbbbbbbbbbb&peer_id=-XX0001-aaaaaaaaaa$2&port=10$2&left=$3&compact=1${4:-}"
	[ "$status" = 200 ] || fail "announce: $status"
}

# -- names come from torrents; one of them would like to be a script --
mkdir torrents
for name in 'beta.bin' '<script>alert(1)<&amp;"x'; do
	head -c 100000 /dev/zero | tr '\0' "$(printf %.1s "$name")" >"$name"
	run 0 btmakemetafile http://127.0.0.1/announce "$name" --target "torrents/${#name}.torrent"
done
start_tracker
announce aa 11 0
announce aa 12 5
announce aa 13 5
announce 01 14 0
announce 01 15 0
announce 01 16 0 "&event=completed"
announce f0 17 9

get /
check html out
has checked 'Torrent|Seeds|Leeches|Completed|'
sed -n 2p checked >first
has first "01$(printf '62%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19)|3|0|0|"
sed -n 3p checked >first
has first '6262|1|2|0|'
has head 'Content-Type: text/html'
has head 'Content-Security-Policy: default-src'
has out "udp://127.0.0.1:$port/announce"
get '/?sort=-seeds'
check html out
sed -n 2p checked >first
has first f062
has out 'aria-sort="ascending"'
get '/?sort=completed'
check html out
get '/?sort=%22%3E%3Cscript%3E'
check html out
get / -H 'Host: "><script>alert(1)</script>'
check html out
get /index.html
check html out

get /stats.json
has head 'Content-Type: application/json'
python3 - <<'END' || fail "stats.json: $(cat out)"
import json
s = json.load(open("out"))
assert (s["torrents"], s["seeds"], s["leeches"], s["peers_ipv4"]) == (3, 4, 3, 7), s
assert s["counters"]["http_announces_ipv4"] == 7, s
assert [t["info_hash"][:2] for t in s["largest"]] == ["01", "aa", "f0"], s
assert s["largest"][1]["seeds"] == 1 and s["largest"][1]["leeches"] == 2, s
assert s["history"]["step"] == 60 and s["history"]["torrents"] == []
END

get /metrics
has head 'Content-Type: text/plain; version=0.0.4'
check metrics out
if command -v promtool >/dev/null; then
	promtool check metrics <out >promtool.out 2>&1 || fail "promtool: $(cat promtool.out)"
fi
has out 'bttrack_requests_total{protocol="http",kind="announce",family="ipv4"} 7'
has out 'bttrack_peers{family="ipv4"} 7'

# -- gzip where asked, and where it is worth it --
get / --compressed
has head 'Content-Encoding: gzip'
check html out
get /scrape --compressed
has head 'Content-Encoding: gzip'
has head 'Vary: Accept-Encoding'
[ "$(tr -d '\0' <out | head -c 11)" = "d5:filesd20" ] || fail "gzipped scrape: $(head -c 20 out)"
get / -H 'Accept-Encoding: gzip;q=0'
check html out
get "/announce?info_hash=%aabbbbbbbbbbbbbbbbbbb&peer_id=-XX0001-aaaaaaaaaa11&port=1011&left=0&compact=1" --compressed
grep -q Content-Encoding head && fail "a small reply is gzipped"
stop_tracker

# -- with names --
rm -f state
start_tracker --allowed_dir torrents --allow_get 1
for t in torrents/*.torrent; do
	hash=$(btshowmetainfo "$t" | sed -n 's/^info hash.*: //p' | sed 's/../%&/g')
	get "/announce?info_hash=$hash&peer_id=-XX0001-aaaaaaaaaa11&port=1011&left=5&compact=1"
done
get '/?sort=name'
check html out
has checked 'Torrent ▴|Size|Seeds|Leeches|Completed|'
has checked '<script>alert(1)<&amp;"x|'
sed -n 3p checked >second
has second 'beta.bin|'
has second '|97.7 KiB|0|1|0|'
has out '<a href="/file?info_hash='
get /stats.json
python3 - <<'END' || fail "names in JSON: $(cat out)"
import json
names = sorted(t["name"] for t in json.load(open("out"))["largest"])
assert names == ['<script>alert(1)<&amp;"x', "beta.bin"], names
END
stop_tracker

# -- turned off --
start_tracker --show_infopage 0 --stats_json 0 --metrics 0
for p in / /index.html /stats.json /metrics; do
	get $p
	[ "$status" = 404 ] || fail "$p: turned off, but $status"
done
stop_tracker
finish
