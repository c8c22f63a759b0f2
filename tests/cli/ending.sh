#!/bin/sh
# SPDX-License-Identifier: ISC
# Programs that are told to end do so: in order, or at once when told again, whatever hangs.
. "${srcdir:-.}/tests/cli/common.sh"

pid=
trap 'kill -9 $pid 2>/dev/null; rm -rf "$work"' EXIT

# begin COMMAND...: with its state in log, once a tenth of a second
begin()
{
	"$@" film.torrent --saveas film --bind 127.0.0.1 --json 1 --display_interval 0.1 \
	    >log 2>err </dev/null &
	pid=$!
}

# ends_with STATUS: within two seconds
ends_with()
{
	tries=0
	while kill -0 $pid 2>/dev/null && [ $tries -lt 20 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 20 ] || { fail "it does not end"; kill -9 $pid; }
	wait $pid
	got=$?
	[ $got -eq "$1" ] || { fail "exit status $got, not $1"; cat log err; }
}

head -c 300001 /dev/zero >film
run 0 btmakemetafile http://127.0.0.1:1/announce film

# A disk that does not answer is waited for, but not against the user's will.
begin env FAULT="pread HANG /film" LD_PRELOAD="$top/.libs/fault.so" \
    ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" btdownloadheadless
until_has log '"state":"checking"'
kill -TERM $pid
until_has log '"event":"end"'
kill -TERM $pid
ends_with 1

# Who started it so that it outlives the terminal wants that.
begin nohup btdownloadheadless
until_has log '"state":"seeding"'
kill -HUP $pid
sleep 0.3
kill -0 $pid 2>/dev/null || fail "nohup does not keep it"
kill -TERM $pid
ends_with 0

# Without that it ends in order, whoever has started this test.
begin env --default-signal=HUP btdownloadheadless
until_has log '"state":"seeding"'
kill -HUP $pid
ends_with 0
finish
