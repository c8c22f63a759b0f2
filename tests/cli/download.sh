#!/bin/sh
# SPDX-License-Identifier: ISC
# A leech that asked the tracker before there was a seed is found by the seed.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

head -c 300001 /dev/urandom >film
start_tracker
run 0 btmakemetafile http://127.0.0.1:$port/announce film
btdownloadheadless film.torrent --saveas copy --bind 127.0.0.1 --json 1 >leech.log 2>&1 &
pids="$pids $!"
until_has leech.log '"event":"tracker","failed":false'
btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --json 1 >seed.log 2>&1 &
pids="$pids $!"
until_has leech.log '"event":"complete"'
cmp film copy || fail "what was downloaded is different"
finish
