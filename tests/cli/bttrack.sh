#!/bin/sh
# SPDX-License-Identifier: ISC
# The program as its users meet it: over HTTP and UDP, IPv4 and IPv6, killed and started again.
# BTTRACK names the program; without it, the one in the build folder.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bttrack=${BTTRACK:-./bttrack}
for need in curl python3; do
	command -v $need >/dev/null || { echo "SKIP: no $need"; exit 77; }
done
dir=$(mktemp -d) || exit 1
pid=
failed=0
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT INT TERM

fail() {
	echo "FAIL: $*"
	failed=1
}

# expect WHAT PATTERN TEXT: TEXT has PATTERN, an extended regular expression.
expect() {
	printf '%s' "$3" | tr '\000' '.' | grep -aqE -- "$2" || fail "$1: wanted $2, got: $3"
}

refuse() {
	printf '%s' "$3" | tr '\000' '.' | grep -aqE -- "$2" && fail "$1: did not want $2, got: $3"
}

port=$(python3 "$here/free_port.py")
v4=127.0.0.1
v6='[::1]'
python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null || v6=

start() {
	"$bttrack" --port "$port" --dfile "$dir/dfile" --save_dfile_interval 1 \
	    --compact_reqd 0 --socket_timeout 2 --min_time_between_log_flushes 0 --logfile "$dir/log" "$@" \
	    >>"$dir/out" 2>>"$dir/err" &
	pid=$!
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		curl -s -o /dev/null "http://$v4:$port/scrape?info_hash=$hash" && return
		sleep 0.2
	done
	fail "it does not start: $(cat "$dir/err")"
	exit 1
}

get() {
	curl -g -s "http://$1:$port$2" | tr '\000' '.'
}

udp() {
	python3 "$here/udp_tracker.py" "$@"
}

hash=%01%02%03%04%05%06%07%08%09%1a%0b%0c%0d%0e%0f%10%11%12%13%14
hex=0102030405060708091a0b0c0d0e0f1011121314
common="info_hash=$hash&uploaded=0&downloaded=0"

start

# -- HTTP, both spellings, both families --
a=$(get $v4 "/announce?$common&peer_id=-XX0001-aaaaaaaaaaaa&port=7001&left=0&event=started&compact=1")
expect "first announce" 'd8:completei1e10:downloadedi0e11:external ip4:.*10:incompletei0e8:intervali1800e12:min intervali[0-9]+e5:peers0:e' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-bbbbbbbbbbbb&port=7002&left=5&event=started&compact=1")
expect "compact reply" '8:completei1e.*10:incompletei1e.*5:peers6:' "$a"
a=$(get $v4 "/announce.php?$common&peer_id=-XX0001-cccccccccccc&port=7003&left=5")
expect "dictionary reply" 'd2:ip9:127.0.0.17:peer id20:-XX0001-aaaaaaaaaaaa4:porti7001ee' "$a"
a=$(get $v4 "/tracker.php/announce?$common&peer_id=-XX0001-cccccccccccc&port=7003&left=5&no_peer_id=1")
expect "no_peer_id" 'd2:ip9:127.0.0.14:porti7001ee' "$a"
refuse "no_peer_id" 'peer id' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-aaaaaaaaaaaa&port=7001&left=0")
refuse "a seed gets no seeds" '7001' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-cccccccccccc&port=7003&left=5&numwant=1&compact=1")
expect "numwant" '5:peers6:' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-cccccccccccc&port=7003&left=5&event=stopped&compact=1")
expect "stopped" '10:incompletei1e.*5:peers0:' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-bbbbbbbbbbbb&port=7002&left=0&event=completed&compact=1")
expect "completed" '8:completei2e10:downloadedi1e' "$a"
expect "scrape" 'd5:filesd20:.*d8:completei2e10:downloadedi1e11:downloadersi0e10:incompletei0eeee' "$(get $v4 /scrape)"
if [ -n "$v6" ]; then
	a=$(get $v6 "/announce?$common&peer_id=-XX0001-dddddddddddd&port=7004&left=5&compact=1")
	expect "IPv4 peers to IPv6" '5:peers12:' "$a"
	a=$(get $v6 "/announce?$common&peer_id=-XX0001-eeeeeeeeeeee&port=7005&left=5&compact=1")
	expect "IPv6 peers" '6:peers618:' "$a"
	a=$(udp ::1 "$port" announce $hex -XX0001-ffffffffffff 7006 5 started)
	expect "UDP over IPv6" 'seeds 2 leeches 3 peers ::1:7004 ::1:7005$' "$a"
fi

# -- UDP --
a=$(udp $v4 "$port" announce $hex -XX0001-gggggggggggg 7007 5 started)
expect "UDP announce" 'interval 1800 seeds 2 leeches .* peers 127.0.0.1:7001 127.0.0.1:7002$' "$a"
expect "UDP scrape" 'seeds 2 completed 1 leeches' "$(udp $v4 "$port" scrape $hex)"
expect "forged connection id" '^error: ' "$(udp $v4 "$port" forged $hex -XX0001-hhhhhhhhhhhh 7008 5 started)"
udp $v4 "$port" garbage

# -- what is no announce --
expect "no info-hash" 'you sent me garbage - ' "$(get $v4 /announce)"
expect "no info-hash" '^400$' "$(curl -s -o /dev/null -w '%{http_code}' "http://$v4:$port/announce?x=y")"
for bad in "info_hash=abc&peer_id=-XX0001-aaaaaaaaaaaa&port=1&left=1" "$common&port=1&left=1" \
    "$common&peer_id=-XX0001-aaaaaaaaaaaa&port=99999&left=1" \
    "$common&peer_id=-XX0001-aaaaaaaaaaaa&port=1&left=-1" \
    "$common&peer_id=-XX0001-aaaaaaaaaaaa&port=1&left=1&event=party"; do
	expect "bad announce $bad" '^d14:failure reason[0-9]+:' "$(get $v4 "/announce?$bad")"
done
expect "unknown path" '^404$' "$(curl -s -o /dev/null -w '%{http_code}' "http://$v4:$port/etc/passwd")"
expect "page" "$hex" "$(get $v4 /)"
python3 - "$port" <<'END' || fail "hostile clients"
import random, socket, sys, time
port = int(sys.argv[1])

def talk(data, timeout=10):
    s = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    got = b""
    try:
        s.sendall(data)
        while True:
            d = s.recv(65536)
            if not d:
                break
            got += d
    except (ConnectionResetError, BrokenPipeError):
        pass
    s.close()
    return got

assert talk(b"garbage\r\n\r\n").startswith(b"HTTP/1.1 400 ")
assert talk(b"\x13BitTorrent protocol").startswith(b"HTTP/1.1 400 ")
assert talk(b"GET /" + b"a" * 60000).startswith(b"HTTP/1.1 414 "), "huge target"
assert talk(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10000).startswith(b"HTTP/1.1 431 "), "huge head"
for n in range(200):
    r = random.Random(n)
    talk(r.randbytes(r.randrange(1, 3000)) + b"\r\n\r\n")

# Slow: a byte at a time without end is cut, though it never rests.
s = socket.create_connection(("127.0.0.1", port), timeout=10)
begin = time.time()
try:
    for c in b"GET /announce?" + b"x" * 1000:
        s.send(bytes([c]))
        time.sleep(0.05)
    assert False, "a slow client was not cut"
except (ConnectionResetError, BrokenPipeError):
    pass
assert 1.5 < time.time() - begin < 5, time.time() - begin
s.close()

# Log lines cannot be forged.
talk(b"GET /forged HTTP/1.0\r\nUser-Agent: x\" 200 0\x80\r\n\r\n")
END
sleep 0.3
expect "log line" '^127\.0\.0\.1 - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8}\] "GET /scrape HTTP/1.1" 200 [0-9]+ "-" "curl/' "$(grep -a 'GET /scrape HTTP' "$dir/log" | head -1)"
expect "log is escaped" '"GET /forged HTTP/1.0" 404 [0-9]+ "-" "x\\x22 200 0\\x80"$' "$(grep -a forged "$dir/log")"

# -- kill -9: what was saved is still there --
sleep 1.5
kill -9 $pid
wait $pid 2>/dev/null
start
a=$(get $v4 "/announce?$common&peer_id=-XX0001-iiiiiiiiiiii&port=7009&left=5&compact=0")
expect "state after kill -9" 'downloadedi1e.*porti7001e' "$a"
expect "state after kill -9" 'porti7002e' "$a"
expect "state after kill -9" 'porti7007e' "$a"

# -- a clean end, at once saved --
get $v4 "/announce?$common&peer_id=-XX0001-jjjjjjjjjjjj&port=7010&left=5" >/dev/null
kill -TERM $pid
wait $pid
[ $? -eq 0 ] || fail "SIGTERM: exit status"
grep -aq -- -XX0001-jjjjjjjjjjjj "$dir/dfile" || fail "SIGTERM: state not saved"
start
kill -INT $pid
wait $pid
[ $? -eq 0 ] || fail "SIGINT: exit status"

# -- without peer ids --
start --compact_reqd 1
a=$(get $v4 "/announce?$common&peer_id=-XX0001-kkkkkkkkkkkk&port=7011&left=5")
expect "an old client" 'failure reason' "$a"
a=$(get $v4 "/announce?$common&peer_id=-XX0001-kkkkkkkkkkkk&port=7011&left=5&compact=1")
expect "compact only" '8:completei[1-9].*5:peers[1-9]' "$a"
kill -TERM $pid
wait $pid
grep -aqe '-BT0000-7f0000011b63d2:ip9:127.0.0.1' "$dir/dfile" || fail "no id made of the address"

# -- a bad state file is kept under another name --
printf 'd9:completed' >"$dir/dfile"
start
expect "bad dfile" 'dfile.bad' "$(cat "$dir/err")"
[ "$(cat "$dir/dfile.bad")" = d9:completed ] || fail "the bad dfile was not kept"
kill -TERM $pid
wait $pid

# -- peers that are silent go; log rotation; options that do nothing any more --
rm -f "$dir/dfile"
start --timeout_downloaders_interval 2 --hupmonitor 1 --aggregator 1 --scrape_allowed specific \
    --min_time_between_cache_refreshes 600
expect "warning" 'aggregator has no effect: ' "$(cat "$dir/err")"
get $v4 "/announce?$common&peer_id=-XX0001-kkkkkkkkkkkk&port=7011&left=5" >/dev/null
expect "scrape of a named torrent" 'incompletei1e' "$(get $v4 "/scrape?info_hash=$hash")"
expect "full scrape not allowed" 'failure reason' "$(get $v4 /scrape)"
mv "$dir/log" "$dir/log.old"
kill -HUP $pid
for i in $(seq 100); do
	sleep 0.2
	gone=$(get $v4 "/scrape?info_hash=$hash")
	case $gone in *incompletei0e*) break ;; esac
done
expect "expired" 'incompletei0e' "$gone"
sleep 0.3
grep -aq scrape "$dir/log" || fail "the log was not opened anew"
kill -TERM $pid
wait $pid
pid=

# -- mistakes --
"$bttrack" --port "$port" --dfile /nonexistent/dfile >/dev/null 2>"$dir/err2"
[ $? -eq 1 ] || fail "a dfile that cannot be: exit status"
expect "a dfile that cannot be" '^bttrack: .*/nonexistent/dfile' "$(cat "$dir/err2")"
"$bttrack" --port 99999 --dfile "$dir/d2" >/dev/null 2>"$dir/err2"
[ $? -eq 2 ] || fail "a bad port: exit status"
"$bttrack" --port "$port" >/dev/null 2>"$dir/err2"
[ $? -eq 2 ] || fail "no dfile: exit status"
grep -aqE 'Sanitizer|runtime error' "$dir/err" && fail "$(cat "$dir/err")"
[ $failed -eq 0 ] && echo PASS
exit $failed
