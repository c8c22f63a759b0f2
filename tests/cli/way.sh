#!/bin/sh
# SPDX-License-Identifier: ISC
# A download leaves by the interface and the families that it was told, and by no other.
. "${srcdir:-.}/tests/cli/common.sh"

head -c 300001 /dev/urandom >film
run 0 btmakemetafile http://127.0.0.1:1/announce film
run 1 btdownloadheadless film.torrent --interface no-such-dev0
has err "cannot use interface 'no-such-dev0' alone: No such device"

# in_net NAME: runs the commands of standard input where there is a network of its own.
in_net()
{
	{
		echo '. "$srcdir/tests/cli/common.sh"; cp "$1" film; cp "$1.torrent" .; pids='
		echo "trap 'kill \$pids 2>/dev/null; wait; rm -rf \"\$work\"' EXIT"
		cat
		echo finish
	} >"$1.sh"
	(cd "$top" && srcdir=$srcdir timeout 100 unshare -rn sh "$work/$1.sh" "$work/film") \
	    >got 2>&1 || { fail "$1:"; cat got; }
}

unshare -rn true 2>/dev/null || { echo "SKIP: no network namespaces here"; finish; }

in_net 'one interface of two' <<'END'
ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up &&
    ip link set v1 up && ip addr add 10.77.0.1/24 dev v0 ||
    { echo "SKIP: no second interface here"; finish; }
start_tracker
here=127.0.0.1:$port
run 0 btmakemetafile http://$here/announce film --announce-list "http://$here/announce|udp://$here"
btdownloadheadless film.torrent --saveas film --interface v0 --minport 7001 --maxport 7001 \
    --http_timeout 1 --display_interval 60 --json 1 >other.log 2>&1 &
pids="$pids $!"
until_has other.log '"event":"complete"'
until_has other.log '"failed":true,"url":"http:'
until_has other.log '"failed":true,"url":"udp:'
curl -s -m 5 http://127.0.0.1:7001/ >out
[ $? -eq 7 ] || fail "who came by lo was let in"
btdownloadheadless film.torrent --saveas film --interface lo --display_interval 60 --json 1 \
    >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"failed":false,"url":"http:'
btdownloadheadless film.torrent --saveas copy --interface lo --display_interval 60 --json 1 \
    >leech.log 2>&1 &
pids="$pids $!"
until_has leech.log '"event":"complete"'
until_has tracker.log 'GET /announce'
grep -q port=7001 tracker.log && { fail "the tracker was asked by lo"; cat tracker.log; }
cmp film copy || fail "what was downloaded is different"
END

# Bound to nothing, with no way out but IPv4: it is for the system to choose, and asked once.
in_net 'a route of one family' <<'END'
ip link set lo up && ip route add default dev lo || { echo "SKIP: no routes here"; finish; }
start_tracker --bind '127.0.0.1,[::1]' --min_time_between_log_flushes 0
run 0 btreannounce http://localhost:$port/announce film.torrent
btdownloadheadless film.torrent --saveas copy --display_interval 60 --json 1 >leech.log 2>&1 &
leech=$!
pids="$pids $leech"
until_has leech.log '"failed":false,"url":"http:'
kill $leech
wait $leech
until_has tracker.log event=stopped
[ "$(grep -c event=started tracker.log)" -eq 1 ] || { fail "announced twice"; cat tracker.log; }
END
finish
