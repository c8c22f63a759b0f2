#!/bin/sh
# SPDX-License-Identifier: ISC
# A download that is killed at each step of its writing, and at any moment: no good byte is asked for
# again, and no bad one is believed. With DEATHS=all: each step there is, and fifty moments.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

mkdir dir
head -c 300000 /dev/urandom >dir/a
head -c 70001 /dev/urandom >dir/b
: >dir/c
run 0 btmakemetafile http://127.0.0.1:1/announce dir --piece_size_pow2 15
seed_port=$(python3 "$srcdir/tests/cli/free_port.py")
btdownloadheadless dir.torrent --state seed --bind 127.0.0.1 --minport $seed_port \
    --maxport $seed_port --json 1 >seed.log 2>&1 &
pids=$!
until_has seed.log '"state":"seeding"'

# leech [OPTION VALUE]...: downloads into copy until it is complete.
leech()
{
	timeout 30 btdownloadheadless dir.torrent --saveas copy --state leech --bind 127.0.0.1 \
	    --peer 127.0.0.1:$seed_port --json 1 --stop_when_done 1 "$@" >leech.log 2>leech.err \
	    </dev/null
}

# What is not good in copy, in bytes of whole pieces.
missing()
{
	python3 - <<'END'
def content(folder):
	parts = []
	for name, size in (("a", 300000), ("b", 70001)):
		try:
			with open(f"{folder}/{name}", "rb") as f:
				part = f.read(size)
		except OSError:
			part = b""
		parts.append(part.ljust(size, b"\0"))
	return b"".join(parts)

good, got = content("dir"), content("copy")
print(sum(len(good[i:i + 32768]) for i in range(0, len(good), 32768)
    if good[i:i + 32768] != got[i:i + 32768]))
END
}

# resumes WHAT: after this death all is as it should be.
resumes()
{
	wanted=$(missing)
	leech || { fail "$1: it does not go on: $?"; cat leech.log leech.err; }
	got=$(sed -n 's/.*"event":"end",.*"downloaded":\([0-9]*\),.*/\1/p' leech.log)
	diff -r dir copy >diff.log || { fail "$1: what was downloaded is different"; cat diff.log; }
	[ "${got:-none}" = "$wanted" ] || fail "$1: $got bytes were asked for, not $wanted"
	! grep -q damaged leech.err || { fail "$1: the state is damaged"; cat leech.err; }
	# What it knows now is true, and is all.
	leech
	checked=$(sed -n 's/.*"event":"end",.*"pieces_checked":\([0-9]*\),.*/\1/p' leech.log)
	[ "$checked" = 0 ] || fail "$1: $checked pieces are not known again"
	rm -rf copy leech
}

# dies HOW NUMBER FILES: false if it came to its end before.
dies()
{
	FAULT="change $1 $3 $2" LD_PRELOAD="$top/.libs/fault.so" \
	    ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" leech
	status=$?
	[ $status -eq 137 ] && return 0
	[ $status -eq 0 ] || fail "$1 at $2 of $3: exit status $status"
	rm -rf copy leech
	return 1
}

case ${DEATHS:-some} in
all) step=1 moments=50 ;;
*) step=5 moments=3 ;;
esac
for files in /leech/ /copy/; do
	for how in DIE TEAR; do
		n=1
		while dies $how $n $files; do
			resumes "$how at $n of $files"
			n=$((n + step))
		done
		[ $n -gt 1 ] || fail "$how: nothing of $files was changed"
	done
done
for n in $(seq $moments); do
	wait=$(python3 -c 'import random; print("%.3f" % random.uniform(0.05, 2.5))')
	leech --max_download_rate 150 &
	pid=$!
	sleep $wait
	# The program, not who watches over its time.
	pkill -9 -P "$(pgrep -P $pid | head -1)" 2>/dev/null
	wait $pid
	resumes "killed after $wait seconds"
done
finish
