#!/bin/sh
# SPDX-License-Identifier: ISC
# What is known of torrents outlives the programs, also those that are killed.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

head -c 3000000 /dev/urandom >film
: >empty
mkdir dir && head -c 100000 /dev/urandom >dir/a && : >dir/b
run 0 btmakemetafile http://127.0.0.1:1/announce film
run 0 btmakemetafile http://127.0.0.1:1/announce empty
run 0 btmakemetafile http://127.0.0.1:1/announce dir

# checked NAME: how many pieces of it were looked at in the last run.
checked()
{
	sed -n 's/.*"event":"end",.*"pieces_checked":\([0-9]*\),.*/\1/p' out
}

for name in film empty dir; do
	run 0 btdownloadheadless $name.torrent --state mine --json 1 --stop_when_done 1
	first=$(checked)
	run 0 btdownloadheadless $name.torrent --state mine --json 1 --stop_when_done 1
	[ "$(checked)" = 0 ] || fail "$name was looked at again: $(checked) pieces of $first"
done
[ "$(stat -c %a mine)" = 700 ] || fail "others can look into the state"
touch film
run 0 btdownloadheadless film.torrent --state mine --json 1 --stop_when_done 1
[ "$(checked)" = 92 ] || fail "a file of another time was not looked at: $(checked)"
run 0 btdownloadheadless film.torrent --state mine --json 1 --stop_when_done 1 --check full
[ "$(checked)" = 92 ] || fail "--check full: $(checked)"

# Without --state it lies where such things do, for one program at a time; a second one does
# without.
btdownloadheadless film.torrent --bind 127.0.0.1 --json 1 >one.log 2>&1 &
one=$!
pids="$pids $one"
until_has one.log '"state":"seeding"'
[ -f xdg-state/btcore/torrents ] || fail "no state in its place"
run 0 btdownloadheadless dir.torrent --json 1 --stop_when_done 1
run 1 btdownloadheadless dir.torrent --json 1 --stop_when_done 1 --state xdg-state/btcore
has err 'another program has its state there'
kill $one
wait $one

# Killed while it downloads: what it had before is known again or found by looking.
seed_port=$(python3 "$srcdir/tests/cli/free_port.py")
btdownloadheadless film.torrent --state seed --bind 127.0.0.1 --minport $seed_port \
    --maxport $seed_port --max_upload_rate 1000 --json 1 >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"state":"seeding"'
for i in 1 2 3 4 5 6; do
	btdownloadheadless film.torrent --saveas copy --state leech --bind 127.0.0.1 \
	    --peer 127.0.0.1:$seed_port --json 1 --display_interval 0.05 >leech.log 2>&1 &
	leech=$!
	sleep 0.$((4 + i % 3 * 2))
	kill -9 $leech
	wait $leech 2>/dev/null
	has leech.log '"event":"status"'
done
run 0 timeout 30 btdownloadheadless film.torrent --saveas copy --state leech --bind 127.0.0.1 \
    --peer 127.0.0.1:$seed_port --json 1 --stop_when_done 1
cmp film copy || fail "what was downloaded is different"

# A damaged record costs a check, and is named.
size=$(stat -c %s mine/torrents)
printf 'XXXX' | dd of=mine/torrents bs=1 seek=$((size - 60)) conv=notrunc 2>/dev/null
run 0 btdownloadheadless film.torrent --state mine --json 1 --stop_when_done 1 --verbose 1
has err 'mine/torrents: damaged at byte'
[ -s mine/torrents.damaged ] || fail "the damaged record is lost"
run 0 btdownloadheadless film.torrent --state mine --json 1 --stop_when_done 1
[ "$(checked)" = 0 ] || fail "it is not known again: $(checked)"
finish
