#!/bin/sh
# SPDX-License-Identifier: ISC
# doc/example.c downloads a torrent of a directory from a seed, found through bttrack.
# EXAMPLE names the program; without it, the one in the build folder.
. "${srcdir:-.}/tests/cli/common.sh"

example=${EXAMPLE:-$top/example}
pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

mkdir -p seed/things/deep
head -c 300001 /dev/urandom >seed/things/large
printf 'small\n' >seed/things/deep/small
: >seed/things/empty
start_tracker
run 0 btmakemetafile http://127.0.0.1:$port/announce seed/things --target it.torrent
btdownloadheadless it.torrent --saveas seed/things --bind 127.0.0.1 --json 1 >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"event":"tracker","failed":false'

mkdir got
run 0 timeout 60 "$example" it.torrent got
has out 'piece 0'
diff -r seed/things got/things || fail "what was downloaded is different"

run 2 "$example"
run 1 "$example" nothing.torrent x
has err 'example: nothing.torrent'
finish
