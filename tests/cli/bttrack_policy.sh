#!/bin/sh
# SPDX-License-Identifier: ISC
# Whom and what bttrack serves: lists of torrents and addresses, proxies, rates.
. "$(dirname "$0")/common.sh"
have curl || exit 77
have python3 || exit 77
pids=
trap '[ -z "$pids" ] || kill -9 $pids 2>/dev/null; rm -rf "$work"' EXIT

# start OPTION...: a tracker that looks often at its lists and writes each line of its log at once.
start()
{
	start_tracker --parse_dir_interval 1 --min_time_between_log_flushes 0 --logfile log "$@"
}

stop()
{
	stop_tracker
	rm -f state log
}

# get PATH [HEADER]: into the file got.
get()
{
	curl -g -s ${2:+-H "$2"} "http://127.0.0.1:$port$1" | tr '\000' . >got
}

status()
{
	curl -g -s -o got -w '%{http_code}' ${2:+-H "$2"} "http://127.0.0.1:$port$1"
}

escape()
{
	printf '%s' "$1" | sed 's/../%&/g'
}

n=0
# announce HEX [MORE [HEADER]]: a new peer each time.
announce()
{
	n=$((n + 1))
	get "/announce?info_hash=$(escape "$1")&peer_id=-XX0001-$(printf %012d $n)&port=$((7000 +
	    n))&left=5&compact=1&uploaded=0&downloaded=0${2:-}" "${3:-}"
}

refused()
{
	has got "14:failure reason"
	has got "$1"
}

served()
{
	has got "10:incomplete"
}

# until COMMAND...: what a worker reads takes a moment.
within()
{
	for i in $(seq 60); do
		"$@" && return
		sleep 0.1
	done
	fail "did not come: $*"
}

is_served()
{
	announce "$1" && grep -q 10:incomplete got
}

is_refused()
{
	announce "$1" && grep -q 14:failure got
}

hash_of()
{
	btshowmetainfo --field info_hash "$1"
}

make_torrent()
{
	head -c "$2" /dev/zero >"content-$1"
	btmakemetafile http://127.0.0.1/announce "content-$1" --target "$3" >/dev/null 2>&1 ||
	    fail "no torrent $3"
}

other=00112233445566778899aabbccddeeff00112233

# -- allowed_list --
one=0102030405060708090a0b0c0d0e0f1011121314
two=ABCDEF0405060708090a0b0c0d0e0f1011121314
printf '# ours\n%s\n\n' $one >list
start --allowed_list list
announce $one; served
announce $other; refused 'not authorized'
announce $two; refused 'not authorized'
echo "$two a name" >>list
within is_served $two
echo rubbish >>list
until_has tracker.log 'list: line 5: no info-hash'
announce $one; served
sleep 1.3
[ "$(grep -c 'line 5' tracker.log)" -eq 1 ] || fail "a fault is told more than once"
get "/scrape?info_hash=$(escape $one)"
has got '8:completei0e10:downloadedi0e11:downloadersi2e'
get /stats.json
has got $one
echo $other >list
within is_served $other
announce $one; refused 'not authorized'
get "/scrape?info_hash=$(escape $one)"
has got '8:completei0e10:downloadedi0e11:downloadersi0e'
# It is gone everywhere, at once.
is_gone() { get /stats.json && ! grep -q $one got; }
within is_gone
[ "$(status /scrape)" = 200 ] || fail "no scrape"
LC_ALL=C grep -qaF "$(printf '\1\2\3\4\5\6\7')" got && fail "a full scrape shows what is not allowed"
kill -TERM $pids
wait $pids || fail "bttrack ended with $?"
LC_ALL=C grep -qaF "$(printf '\1\2\3\4\5\6\7')" state && fail "the state has what is not allowed"
# The same for what the state holds when the list has changed meanwhile.
echo $one >list
start --allowed_list list
get /stats.json
grep -q $other got && fail "what was saved is shown and not allowed"
announce $one; served
announce $other; refused 'not authorized'
[ "$(status '/scrape?info_hash=abc')" = 400 ] || fail "a scrape of what is no info-hash"
has got '25:info_hash is not 20 bytes'
stop
run 1 bttrack --port 0 --dfile state --allowed_list nowhere
has err "nowhere"
run 2 bttrack --port 0 --dfile state --allowed_list list --allowed_dir .
has err "exclude one another"
rm -f state

# -- allowed_dir --
mkdir -p dir/sub/deeper dir/sub/.hidden
make_torrent one 50000 dir/sub/deeper/one.torrent
make_torrent four 50001 dir/sub/.hidden/four.torrent
one=$(hash_of dir/sub/deeper/one.torrent)
four=$(hash_of dir/sub/.hidden/four.torrent)
start --allowed_dir dir --allow_get 1 --allowed_controls 1 --parse_dir_interval 3600
announce "$one"; served
announce "$other"; refused 'not authorized'
announce "$four"; refused 'not authorized'
head -c 60000 /dev/zero >content-two
btmakemetafile http://127.0.0.1/announce content-two --meta_version hybrid \
    --target dir/sub/two.torrent >/dev/null 2>&1 || fail "no hybrid"
two=$(hash_of dir/sub/two.torrent)
long=$(btshowmetainfo --field info_hash_v2 dir/sub/two.torrent)
kill -HUP $pids
within is_served "$two"
announce "$(printf %.40s "$long")"; served
# A directory with torrents hides what is below.
announce "$one"; refused 'not authorized'
get "/scrape?info_hash=$(escape "$two")"
has got '10:incompletei1e4:name11:content-two'
get /scrape
has got '10:incompletei1e4:name11:content-two'
get /
has got content-two
[ "$(status "/file?info_hash=$(escape "$two")")" = 200 ] || fail "allow_get: no file"
cmp -s got dir/sub/two.torrent || fail "allow_get: another file"
curl -s -D - -o /dev/null "http://127.0.0.1:$port/file?info_hash=$(escape "$two")" >heads
has heads 'application/x-bittorrent'
has heads 'filename="two.torrent"'
[ "$(status "/file?info_hash=$(escape "$one")")" = 404 ] || fail "allow_get: what is not allowed"
[ "$(status "/file?info_hash=../../etc/passwd")" = 404 ] || fail "allow_get: a path"
# The owner's word to clients, beside the info dictionary.
sed 's/^d/d14:failure reason9:try later/' dir/sub/two.torrent >dir/sub/.new
mv dir/sub/.new dir/sub/two.torrent
cp dir/sub/two.torrent dir/sub/twin.torrent
echo rubbish >dir/sub/bad.torrent
kill -HUP $pids
within is_refused "$two"
refused 'try later'
until_has tracker.log 'dir/sub/bad.torrent has errors'
until_has tracker.log 'dir/sub/two.torrent is a duplicate torrent for dir/sub/twin.torrent'
rm dir/sub/twin.torrent
btmakemetafile http://127.0.0.1/announce content-two --meta_version hybrid \
    --target dir/sub/two.torrent >/dev/null 2>&1
tail -c +2 dir/sub/two.torrent >rest
{ printf 'd15:warning message8:beware !'; cat rest; } >dir/sub/.new
mv dir/sub/.new dir/sub/two.torrent
two=$(hash_of dir/sub/two.torrent)
kill -HUP $pids
within is_served "$two"
has got '15:warning message8:beware !'
stop
# All that is allowed is shown, and nothing else.
printf 'd5:peersd20:ABCDEFGHIJKLMNOPQRSTd20:-XX0001-aaaaaaaaaaaad2:ip7:8.8.8.84:lefti5e4:porti9eeeee' \
    >state
start --allowed_dir dir/sub/deeper --allow_get 1
get /scrape
has got '8:completei0e10:downloadedi0e11:downloadersi0e10:incompletei0e4:name11:content-one'
grep -q ABCDEFGHIJKLMNOPQRST got && fail "a scrape shows what is not allowed"
get /
has got "/file?info_hash="
has got content-one
grep -q 4142434445464748494a4b4c4d4e4f5051525354 got && fail "the page shows what is not allowed"
stop
start --allowed_dir dir/sub/deeper --show_names 0
for path in /scrape "/scrape?info_hash=$(escape "$one")" /; do
	get "$path"
	grep -q content-one got && fail "$path tells a name"
done
stop

# -- favicon --
printf 'icon' >icon.png
start --favicon icon.png
[ "$(status /favicon.ico)" = 200 ] || fail "no favicon"
has got icon
curl -s -D - -o /dev/null "http://127.0.0.1:$port/favicon.ico" >heads
has heads 'image/png'
[ "$(status "/file?info_hash=$(escape $other)")" = 404 ] || fail "files are served unasked"
rm icon.png
sleep 5.1
[ "$(status /favicon.ico)" = 404 ] || fail "an icon that is gone"
stop

# -- a disk that does not answer holds up nobody but those who wait for it --
mkfifo slow.png
start --favicon slow.png --threads 1
curl -s -o icon "http://127.0.0.1:$port/favicon.ico" &
waiting=$!
sleep 0.3
get_in_time() { curl -g -s -m 5 -o got "http://127.0.0.1:$port/scrape"; }
get_in_time || fail "a slow disk stops the tracker"
printf 'slow icon' >slow.png
wait $waiting
has icon 'slow icon'
stop

# -- proxies: the log, too, says who it was --
# proxied LINE [HEADER]: an announce of which the PROXY protocol says by whom it is.
proxied()
{
	n=$((n + 1))
	python3 - "$port" "$1" "GET /announce?info_hash=$(escape $other)&peer_id=-XX0001-$(printf \
	    %012d $n)&port=$((7000 + n))&left=5&compact=1 HTTP/1.0" ${2:+"$2"} <<-'END'
		import socket, sys
		with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
		    s.sendall("\r\n".join(sys.argv[2:] + ["", ""]).encode())
		    while data := s.recv(4096):
		        sys.stdout.buffer.write(data)
	END
}
start --trusted_proxies 127.0.0.1
announce $other '' 'X-Forwarded-For: 1.1.1.1, 80.81.82.83'
announce $other '' 'X-Forwarded-For: 80.81.82.84'
has got 'PQRS'	# 80.81.82.83
until_has log '80.81.82.83 - - '
proxied 'PROXY TCP4 80.81.82.88 10.0.0.1 1234 80' >got
has got 'PQRS'
until_has log '80.81.82.88 - - '
proxied 'PROXY TCP6 2001:db8::88 2001:db8::1 1234 80' >got
until_has log '2001:db8::88 - - '
proxied 'PROXY TCP4 127.0.0.1 10.0.0.1 1234 80' 'X-Forwarded-For: 80.81.82.89' >got
until_has log '80.81.82.89 - - '
proxied 'PROXY TCP4 80.81.82.91 10.0.0.1 1234' | grep -aq '^HTTP/1.1 400 ' || fail "a false header"
stop
start --trusted_proxies 10.0.0.0/8
announce $other '' 'X-Forwarded-For: 80.81.82.83'
announce $other '' 'X-Forwarded-For: 80.81.82.84'
grep -q PQRS got && fail "anybody is believed"
proxied 'PROXY TCP4 80.81.82.90 10.0.0.1 1234 80' | grep -aq '^HTTP/1.1 400 ' ||
    fail "anybody may speak for others"
stop
run 2 bttrack --port 0 --dfile state --trusted_proxies everybody
has err everybody

# -- addresses --
printf '# ours\n80.0.0.0/8\n2001:db8::/32 the other family\n127.0.0.1\n' >allowed
printf 'Some - body:80.5.0.0-80.5.255.255\nSix:2001:db8:1::-2001:db8:1::ffff\n' >banned
start --trusted_proxies 127.0.0.1 --allowed_ips allowed --banned_ips banned
announce $other '' 'X-Forwarded-For: 80.1.1.1'; served
announce $other '' 'X-Forwarded-For: 81.1.1.1'; refused 'your address is not allowed'
announce $other '' 'X-Forwarded-For: 80.5.1.1'; refused 'your address is not allowed'
announce $other '' 'X-Forwarded-For: 2001:db8:2::1'; served
announce $other '' 'X-Forwarded-For: 2001:db8:1::1'; refused 'your address is not allowed'
[ "$(status / 'X-Forwarded-For: 80.5.1.1')" = 403 ] || fail "a page for the banned"
get "/scrape?info_hash=$(escape $other)" 'X-Forwarded-For: 80.5.1.1'; refused 'not allowed'
python3 "$srcdir/tests/cli/udp_tracker.py" 127.0.0.1 $port announce $other -XX0001-uuuuuuuuuuuu 6000 \
    1 none >got
has got 'interval'
printf 'Some - body:80.5.0.0-80.5.255.255\nnobody\n' >banned
until_has tracker.log 'banned: line 2:'
announce $other '' 'X-Forwarded-For: 80.5.1.1'; refused 'your address is not allowed'
printf 'Us:127.0.0.1\n' >banned
ban_is_lifted() { announce $other '' 'X-Forwarded-For: 80.5.1.1' && grep -q 10:incomplete got; }
within ban_is_lifted
python3 "$srcdir/tests/cli/udp_tracker.py" 127.0.0.1 $port announce $other -XX0001-uuuuuuuuuuuu 6000 \
    1 none >got
has got 'error: your address is not allowed'
stop

# -- rates --
start --trusted_proxies 127.0.0.1 --rate_limit 1 --rate_burst 5
for i in 1 2 3 4 5; do announce $other '' 'X-Forwarded-For: 80.1.1.1'; served; done
# A slow machine gets more than five, but not all.
for i in $(seq 60); do
	announce $other '' 'X-Forwarded-For: 80.1.1.1'
	grep -q 'failure reason' got && break
done
refused 'too many requests'
has got '8:retry ini1e'
announce $other '' 'X-Forwarded-For: 80.1.1.2'; served
for i in $(seq 60); do
	got=$(status / 'X-Forwarded-For: 80.1.1.3')
	[ "$got" = 200 ] || break
done
[ "$got" = 429 ] || fail "pages are not limited: $got"
for i in 1 2 3 4 5 6 7 8 9 10; do announce $other; done
served
stop

# Over UDP, from an address that is not local: in a network of its own.
cat >udp_flood.py <<'END'
import socket, struct, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.settimeout(10)
for i in range(100):
    try:
        s.connect(("80.1.1.1", 6969))
        s.send(struct.pack(">QII", 0x41727101980, 0, 0))
        connection = s.recv(16)[8:]
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
for i in range(60):
    s.send(connection + struct.pack(">II20s20sQQQIIIiH", 1, i, bytes(20), bytes(20), 0, 5, 0, 0, 0,
                                    0, -1, 6000 + i))
answers = 0
try:
    while answers < 60:
        s.recv(2048)
        answers += 1
        s.settimeout(10 if answers < 3 else 1)
except TimeoutError:
    pass
print("answers", answers)
assert 3 <= answers < 60
END
cat >udp_flood.sh <<'END'
ip link set lo up && ip addr add 80.1.1.1/32 dev lo || exit 77
bttrack --port 6969 --bind 80.1.1.1 --dfile state --logfile log --rate_limit 1 --rate_burst 3 &
tracker=$!
trap 'kill $tracker' EXIT
python3 udp_flood.py
END
if unshare -rn true 2>/dev/null; then
	timeout 60 unshare -rn sh udp_flood.sh >got 2>&1
	case $? in
	0 | 77) ;;
	*) fail "UDP is not limited"; cat got ;;
	esac
	rm -f state log
fi

# -- connecting back: a peer that answers, one that does not, one that says another torrent --
cat >peers.py <<'END'
import socket, sys, threading
hello = b"\x13BitTorrent protocol" + bytes(8)
def serve(s, answer):
    while True:
        c, _ = s.accept()
        got = b""
        while len(got) < 68:
            d = c.recv(68)
            if not d:
                break
            got += d
        print("called", s.getsockname()[1], got[28:48].hex(), flush=True)
        c.sendall(hello + (got[28:48] if answer else bytes(20)) + b"-XX0001-abcdefghijkl")
        c.close()
ports = []
for answer in True, False:
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen()
    ports.append(s.getsockname()[1])
    threading.Thread(target=serve, args=(s, answer)).start()
print("ports", *ports, flush=True)
END
python3 peers.py >calls &
peers=$!
start --nat_check 2 --log_nat_checks 1 --trusted_proxies 127.0.0.1
pids="$pids $peers"
until_has calls ports
read -r word good wrong <calls
closed=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# come PORT [HEX]: a peer there announces itself.
come()
{
	get "/announce?info_hash=$(escape "${2:-$one}")&peer_id=-XX0001-p%20sssss$1&port=$1&left=0&compact=1"
}
count() { get "/scrape?info_hash=$(escape "$1")"; grep -q "8:completei$2e" got; }
# handed HEX: the ports handed out to one who only looks.
handed()
{
	status "/announce?info_hash=$(escape "$1")&peer_id=-XX0001-llllllllllll&port=1&left=5&compact=1&event=snooped" \
	    >look
	python3 -c 'import re; p = re.search(rb"5:peers(\d+):(.*)", open("got", "rb").read(), re.S)
p = p[2][:int(p[1])]; print(*sorted(p[i] * 256 + p[i + 1] for i in range(4, len(p), 6)))'
}
hands() { [ "$(handed "$1")" = "$2" ]; }
come $good
come $wrong
has got completei2e
come $closed
has got completei3e
until_has log "\"!natcheck-127.0.0.1:$good\" 200 0 - -"
until_has log "\"!natcheck-127.0.0.1:$wrong\" 503 0 - -"
until_has log "\"!natcheck-127.0.0.1:$closed\" 503 0 - -"
has calls "called $good $one"
within hands $one $good
# Reached once is reached for all torrents; given up is given up.
come $good $other
hands $other $good || fail "an address that was reached is asked again"
for i in 1 2 3; do come $wrong; sleep 0.3; done
[ "$(grep -c "called $wrong" calls)" -eq 2 ] || fail "not as many tries as nat_check says"
hands $one $good || fail "a peer that was not reached is handed out"
count "$one" 3 || fail "a peer that was not reached is not counted"
# Nobody far away sends us home.
get "/announce?info_hash=$(escape $two)&peer_id=-XX0001-tttttttttttt&port=$good&left=0&compact=1&ip=127.0.0.1" \
    'X-Forwarded-For: 80.1.1.1'
sleep 0.3
[ "$(grep -c "called $good" calls)" -eq 1 ] || fail "called home for a stranger"
# A local client says where it is reached from outside; from here it may be out of reach.
get "/announce?info_hash=$(escape "$four")&peer_id=-XX0001-oooooooooooo&port=9&left=0&compact=1&ip=192.0.2.7"
hands "$four" 9 || fail "what a local client says of itself is not believed"
# All of it outlives the tracker.
kill -TERM ${pids% *}
wait ${pids% *} || fail "bttrack ended with $?"
has state "3:nati2e4:porti${wrong}e"
start --nat_check 2 --trusted_proxies 127.0.0.1
pids="$pids $peers"
count "$one" 3 || fail "peers that were not reached were not kept"
hands $one $good || fail "not handed out as before: $(handed $one)"
come $wrong
sleep 0.3
[ "$(grep -c "called $wrong" calls)" -eq 2 ] || fail "given up, and tried again after all"
get "/announce?info_hash=$(escape $one)&peer_id=-XX0001-p%20sssss$wrong&port=$wrong&left=0&compact=1&event=stopped"
count "$one" 2 || fail "one that was not reached cannot leave"
kill $peers
pids=${pids% *}
stop

# -- the seed that a torrent waits for --
start --dedicated_seed_id 'se cret'
announce $one '&check_seeded=1'
grep -q seeded got && fail "seeded by nobody"
get "/announce?info_hash=$(escape "$one")&peer_id=-XX0001-ssssssssssss&port=9000&left=0&compact=1&seed_id=wrong"
announce "$one" '&check_seeded=1'
grep -q seeded got && fail "seeded with the wrong id"
get "/announce?info_hash=$(escape "$one")&peer_id=-XX0001-ssssssssssss&port=9000&left=0&compact=1&seed_id=se+cret"
announce "$one" '&check_seeded=1'
has got '6:seededi1e'
announce "$one"
grep -q seeded got && fail "seeded unasked"
stop
finish
