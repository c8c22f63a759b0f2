#!/bin/sh
# SPDX-License-Identifier: ISC
# btlaunchmany: the directory is the list.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

# until_ends PID STATUS
until_ends()
{
	wait "$1"
	got=$?
	[ "$got" -eq "$2" ] || fail "it ended with $got, not $2"
}

start_tracker
url=http://127.0.0.1:$port/announce
mkdir seeds list
for name in a b c; do
	head -c 150000 /dev/urandom >seeds/$name
	run 0 btmakemetafile $url seeds/$name
done
btlaunchmany seeds --bind 127.0.0.1 --json 1 --display_interval 0.2 >seeds.log 2>&1 &
seeder=$!
pids="$pids $seeder"
until_has seeds.log '"event":"complete"'

# What is dropped into it comes down beside it; what goes is dropped, and its content stays.
btlaunchmany list --bind 127.0.0.1 --display_interval 0.2 >list.log 2>&1 &
leecher=$!
pids="$pids $leecher"
until_has list.log '###  no torrents'
cp seeds/a.torrent list/first.torrent
until_has list.log '###  added "list/first.torrent"'
until_has list.log '"list/first.torrent": "seeding" (100.0%) - '
cmp seeds/a list/first || fail "the content of list/first.torrent is different"
rm list/first.torrent
until_has list.log '###  dropped "list/first.torrent"'
[ -f list/first ] || fail "the content went with its torrent"

# A torrent twice, and one that is none; when the first goes it is the other's turn.
cp seeds/b.torrent list/b.torrent
until_has list.log '###  added "list/b.torrent"'
cp seeds/b.torrent list/again.torrent
until_has list.log '###  **warning** list/again.torrent is a duplicate torrent for list/b.torrent'
echo 'no torrent' >list/bad.torrent
touch -d '1 hour ago' list/bad.torrent
until_has list.log '###  **warning** list/bad.torrent has errors'
rm list/b.torrent
until_has list.log '###  added "list/again.torrent"'
[ "$(grep -c 'bad.torrent has errors' list.log)" = 1 ] || fail "it is told more than once"

# One that changes is another one.
cp seeds/c.torrent list/again.torrent
until_has list.log '###  dropped "list/again.torrent"'
[ "$(grep -c 'added "list/again.torrent"' list.log)" = 2 ] ||
    until_has list.log '"list/again.torrent": "seeding"'

# Options of one torrent, while it runs.
printf '# mine\npaused = 1\n' >list/again.torrent.opts
until_has list.log '"list/again.torrent": "paused"'
rm list/again.torrent.opts
echo 'saves = x' >list/again.torrent.opts
until_has list.log '###  **warning** list/again.torrent.opts:1: '
: >list.log
until_has list.log '"list/again.torrent": "seeding"'
kill $leecher
until_ends $leecher 0
has list.log '###  shutting down'

# Where it goes: by three styles, beside the file or elsewhere, or as its options say.
mkdir where where/x
cp seeds/a.torrent where/x/one.torrent
cp seeds/b.torrent where/x/two.torrent
printf 'saveas = deep/two\n' >where/x/two.torrent.opts
for style in 1 2 3; do
	mkdir out$style
	run 0 timeout 20 btlaunchmany where --saveas out$style --saveas_style $style \
	    --bind 127.0.0.1 --stop_when_done 1
done
cmp seeds/a out1/one || fail "style 1"
cmp seeds/a out2/a || fail "style 2"
cmp seeds/a out3/one/a || fail "style 3"
cmp seeds/b where/x/deep/two || fail "saveas of one torrent"

# Several torrents at once, without a list.
mkdir several
run 0 timeout 20 btdownloadheadless seeds/a.torrent seeds/b.torrent --saveas several \
    --bind 127.0.0.1 --seed_time 0
cmp seeds/a several/a || fail "the first of two is different"
cmp seeds/b several/b || fail "the second of two is different"
run 5 timeout 20 btdownloadheadless seeds/a.torrent list/bad.torrent --saveas several \
    --bind 127.0.0.1 --seed_time 0
has err 'list/bad.torrent'

# A peer that no tracker knows.
seed_port=$(python3 "$srcdir/tests/cli/free_port.py")
run 0 btreannounce http://127.0.0.1:1/announce seeds/c.torrent
btdownloadheadless seeds/c.torrent --saveas seeds/c --bind 127.0.0.1 --minport $seed_port \
    --maxport $seed_port >one.log 2>&1 &
pids="$pids $!"
until_has one.log 'Download Succeeded!'
run 0 timeout 20 btdownloadheadless seeds/c.torrent --saveas other --bind 127.0.0.1 \
    --peer 127.0.0.1:$seed_port --stop_when_done 1
cmp seeds/c other || fail "what came from --peer is different"
run 1 btdownloadheadless seeds/c.torrent --saveas other --peer nobody
has err "--peer: 'nobody' is not ADDRESS:PORT"

# A service manager is told how it fares.
mkdir service
cat >service.py <<'END'
import os, select, signal, socket, subprocess, sys
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("notify")
child = subprocess.Popen(["btlaunchmany", "service", "--bind", "127.0.0.1"],
                         stdout=subprocess.DEVNULL,
                         env=dict(os.environ, NOTIFY_SOCKET=os.getcwd() + "/notify",
                                  WATCHDOG_USEC="400000"))
told = []
def wait_for(what):
    while not any(x.startswith(what) for x in told):
        if not select.select([notify], [], [], 10)[0]:
            child.kill()
            sys.exit("no %s in %s" % (what, told))
        told.extend(notify.recv(4096).decode().split("\n"))
wait_for("READY=1")
wait_for("WATCHDOG=1")
del told[:]
child.send_signal(signal.SIGHUP)
wait_for("RELOADING=1")
wait_for("READY=1")
child.send_signal(signal.SIGTERM)
wait_for("STOPPING=1")
sys.exit(child.wait(10))
END
run 0 python3 service.py

run 1 btlaunchmany seeds/a
has err 'seeds/a is not a directory'
run 2 btlaunchmany


kill -INT $seeder
until_ends $seeder 0
finish
