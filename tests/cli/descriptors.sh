#!/bin/sh
# SPDX-License-Identifier: ISC
# Few descriptors and many peers: the torrent goes on.
. "${srcdir:-.}/tests/cli/common.sh"
have python3 || finish

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT
head -c 3000001 /dev/urandom >film
start_tracker
run 0 btmakemetafile http://127.0.0.1:$port/announce film
hash=$(btshowmetainfo --field info_hash film.torrent)

# It takes what it may have.
(ulimit -S -n 64 && exec btdownloadheadless film.torrent --saveas raised --bind 127.0.0.1 --json 1) \
    >raised.log 2>&1 &
raised=$!
until_has raised.log '"state":"downloading"'
awk '/Max open files/ { exit !($4 == $5 && $4 > 64) }' /proc/$raised/limits ||
    fail "the limit is not raised"
kill $raised
wait $raised

# A slow seed is there when a crowd comes that wants nothing: it finds no place, and does no harm.
btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --max_upload_rate 450 --json 1 \
    >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"event":"tracker","failed":false'
listens=$((port + 1))
(ulimit -n 64 && exec btdownloadheadless film.torrent --saveas copy --bind 127.0.0.1 --json 1 \
    --minport $listens --maxport $listens --display_interval 0.1) >leech.log 2>&1 &
pids="$pids $!"
until_has leech.log '"peers":1'
mkfifo hold
python3 "$srcdir/tests/cli/idle_peers.py" $listens "$hash" 150 <hold >idle.log 2>&1 &
pids="$pids $!"
exec 9>hold
until_has idle.log 'open: '
has idle.log 'open: 7'
until_has leech.log '"event":"complete"'
grep -E '"event":"error"|"state":"(failed|waiting)"' leech.log && fail "it did not go on"
cmp film copy || fail "what was downloaded is different"
exec 9>&-
finish
