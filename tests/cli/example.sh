#!/bin/sh
# SPDX-License-Identifier: ISC
# doc/example.c downloads a torrent of a directory from a seed, found through bttrack.
# EXAMPLE names the program; without it, the one in the build folder.
. "${srcdir:-.}/tests/cli/common.sh"

example=${EXAMPLE:-$top/example}
pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

# until_has FILE TEXT: for ten seconds at most.
until_has()
{
	for i in $(seq 100); do
		grep -qF -e "$2" "$1" 2>/dev/null && return
		sleep 0.1
	done
	fail "'$2' did not come in $1:"
	cat "$1"
	finish
}

start_tracker()
{
	for i in 1 2 3 4 5 6 7 8; do
		port=$((20000 + ($$ + i * 997) % 12000))
		bttrack --port $port --bind 127.0.0.1 --dfile state >tracker.log 2>&1 &
		pid=$!
		sleep 0.3
		kill -0 $pid 2>/dev/null && { pids=$pid; return; }
	done
	cat tracker.log
	exit 99
}

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
run 0 timeout 60 "$example" it.torrent got/things
has out 'piece 0'
diff -r seed/things got/things || fail "what was downloaded is different"

run 2 "$example"
run 1 "$example" nothing.torrent x
has err 'example: nothing.torrent'
finish
