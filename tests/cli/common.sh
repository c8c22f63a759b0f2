# SPDX-License-Identifier: ISC
# What the tests of the tools share. Tools are those of the build directory, where make runs us.
set -u
top=$(pwd)
export PATH="$top:$PATH" LC_ALL=C COLUMNS=80
case ${srcdir:=.} in /*) ;; *) srcdir=$top/$srcdir ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/btcore-cli.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
export XDG_STATE_HOME="$work/xdg-state" XDG_CONFIG_HOME="$work/xdg-config"
failures=0

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# run STATUS COMMAND...: runs it, keeps out and err, complains about another status.
run()
{
	want=$1
	shift
	"$@" >out 2>err </dev/null
	got=$?
	[ "$got" -eq "$want" ] || { fail "$* gave $got, not $want"; cat out err; }
}

# faulty RULES STATUS COMMAND...: as run, with calls that fail by these rules (tests/fault/fault.h).
faulty()
{
	rules=$1
	status=$2
	shift 2
	run "$status" env FAULT="$rules" LD_PRELOAD="$top/.libs/fault.so" \
	    ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" "$@"
}

# same NAME: standard input is what the file holds.
same()
{
	cat >want
	cmp -s want "$1" || { fail "$1 is not as wanted:"; diff want "$1"; }
}

# has FILE TEXT
has()
{
	grep -qF -e "$2" "$1" || { fail "'$2' is not in $1:"; cat "$1"; }
}

have()
{
	command -v "$1" >/dev/null 2>&1 && return 0
	echo "SKIP: $1 is not installed"
	return 1
}

finish()
{
	[ "$failures" -eq 0 ] && echo "all as wanted"
	exit "$failures"
}

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

# until_exists FILE: for ten seconds at most.
until_exists()
{
	for i in $(seq 100); do
		[ -e "$1" ] && return
		sleep 0.1
	done
	fail "$1 did not come"
	finish
}

# A bttrack with these options, on a port of the system's choice: $port; its process is $pid, and the
# first of $pids.
start_tracker()
{
	: >tracker.log		# the port of the one before is in it
	bttrack --port 0 --bind 127.0.0.1 --dfile state "$@" >>tracker.log 2>&1 &
	pid=$!
	pids=$pid
	for i in $(seq 200); do
		port=$(sed -n 's/^bttrack: listening on port //p' tracker.log)
		[ -n "$port" ] && return
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	cat tracker.log
	exit 99
}

# It ends in order; nothing runs any more.
stop_tracker()
{
	kill "$pid"
	wait "$pid" || fail "bttrack ended with $?: $(cat tracker.log)"
	pids=
}
