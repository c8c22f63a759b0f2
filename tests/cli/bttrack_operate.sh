#!/bin/sh
# SPDX-License-Identifier: ISC
# Running bttrack: HTTPS, more than one address, another user, sockets and words of a service
# manager, SIGHUP, logs.
. "${srcdir:-.}/tests/cli/common.sh"
have curl || exit 77
have python3 || exit 77
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
pids=
announce="announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-XX0001-aaaaaaaaaaaa&port=1111&left=0&compact=1"

# is STATUS URL [CURL-OPTION...]
is()
{
	want=$1
	shift
	got=$(curl -g -s -o out -w '%{http_code}' "$@")
	[ "$got" = "$want" ] || fail "$*: $got, not $want"
}

make_cert()	# NAME
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
	    -out cert.pem -days 2 -subj "/CN=$1" -addext "subjectAltName=IP:127.0.0.1" 2>/dev/null
}

shown_name()
{
	openssl s_client -connect "127.0.0.1:$tls" </dev/null 2>/dev/null |
	    openssl x509 -noout -subject
}

# -- several addresses, HTTP and UDP at each; pages at one of their own --
start_tracker --bind 127.0.0.1,127.0.0.2 --pages_bind 127.0.0.1:$((port0 = 15000 + $$ % 4000))
for a in 127.0.0.1 127.0.0.2; do
	is 200 "http://$a:$port/$announce"
	has out '8:complete'
	python3 "$srcdir/tests/cli/udp_tracker.py" $a "$port" scrape \
	    6161616161616161616161616161616161616161 >out || fail "UDP at $a"
	has out 'seeds 1 '
	is 404 "http://$a:$port/"
	is 404 "http://$a:$port/metrics"
done
is 200 "http://127.0.0.1:$port0/"
is 200 "http://127.0.0.1:$port0/stats.json"
is 404 "http://127.0.0.1:$port0/$announce"
stop_tracker
run 2 bttrack --port 0 --dfile state --pages_bind nowhere
has err 'pages_bind'

# -- HTTPS; a new certificate without a new start; a bad one changes nothing --
if have openssl; then
	make_cert first
	tls=$((19000 + $$ % 900))
	start_tracker --tls_port $tls --tls_cert cert.pem --tls_key key.pem --threads 2
	is 200 --cacert cert.pem "https://127.0.0.1:$tls/$announce"
	has out '8:complete'
	is 200 --cacert cert.pem "https://127.0.0.1:$tls/"
	curl -s --cacert cert.pem --tls-max 1.1 "https://127.0.0.1:$tls/" >out 2>&1 &&
	    fail "TLS 1.1 is spoken"
	case $(shown_name) in *first*) ;; *) fail "another certificate: $(shown_name)" ;; esac
	mkfifo hold
	openssl s_client -quiet -connect "127.0.0.1:$tls" <hold >held 2>/dev/null &
	held=$!
	exec 5>hold
	sleep 0.5
	make_cert second
	kill -HUP "$pid"
	sleep 0.5
	case $(shown_name) in *second*) ;; *) fail "the old certificate: $(shown_name)" ;; esac
	printf 'GET / HTTP/1.0\r\n\r\n' >&5
	until_has held 'HTTP/1.1 200 OK'
	exec 5>&-
	wait $held
	echo nonsense >cert.pem
	kill -HUP "$pid"
	until_has tracker.log 'cert.pem: '
	has tracker.log 'the certificate from before is kept'
	case $(shown_name) in *second*) ;; *) fail "no certificate: $(shown_name)" ;; esac
	# Our own client: it believes whom the system believes.
	make_cert third
	kill -HUP "$pid"
	echo content >content
	run 0 btmakemetafile "https://127.0.0.1:$tls/announce" content
	store=/etc/ssl/certs/ca-certificates.crt
	if [ -f $store ] && unshare -m true 2>/dev/null; then
		unshare -m sh -c "mount --bind cert.pem $store && exec btdownloadheadless \
		    content.torrent --saveas content --json 1" >client.log 2>&1 &
		client=$!
		until_has client.log '"event":"tracker","failed":false'
		kill $client
		wait $client
	fi
	stop_tracker
	run 1 bttrack --port 0 --dfile state --tls_port $tls --tls_cert /nonexistent.pem
	has err '/nonexistent.pem: No such file'
fi

# -- sockets and words of a service manager --
cat >manager.py <<'END'
import ctypes, os, select, signal, socket, subprocess, sys, time, urllib.request
port = int(sys.argv[1])
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("notify")
with open("list", "w") as f:
    f.write("61" * 20 + "\n")
tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("127.0.0.1", port))
tcp.listen()
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", port))
a, b = os.dup(tcp.fileno()), os.dup(udp.fileno())
pid = os.fork()
if pid == 0:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)	# PR_SET_PDEATHSIG: a test that fails leaves nothing
    a, b = os.dup2(a, 60), os.dup2(b, 61)
    os.dup2(a, 3), os.dup2(b, 4)
    os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=os.getcwd() +
                      "/notify", WATCHDOG_USEC="500000", WATCHDOG_PID=str(os.getpid()))
    os.execvp("bttrack", ["bttrack", "--dfile", "state2", "--logfile", "log2", "--threads", "2",
                          "--allowed_list", "list"])

def heard(word, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        if select.select([notify], [], [], 0.1)[0]:
            lines = notify.recv(4096).decode().split("\n")
            if word in lines:
                return lines
    sys.exit(f"{word} was not heard")

heard("READY=1")
url = f"http://127.0.0.1:{port}/scrape"
assert urllib.request.urlopen(url).read().startswith(b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad")
subprocess.run(["python3", sys.argv[2], "127.0.0.1", str(port), "announce", "61" * 20,
                "-XX0001-gggggggggggg", "7007", "5", "started"], check=True)
heard("WATCHDOG=1")
heard("WATCHDOG=1")

# One of the loops hangs: no word any more, until it goes on. The first thread is the one that tells.
def ptrace(request, tid):
    return ctypes.CDLL(None, use_errno=True).ptrace(request, tid, None, None)

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
traced = silent = 0
for tid in sorted(map(int, os.listdir(f"/proc/{pid}/task"))):
    if tid == pid or ptrace(PTRACE_ATTACH, tid) != 0:
        continue
    os.waitpid(tid, 0x40000000)	# __WALL
    time.sleep(1)
    while select.select([notify], [], [], 0)[0]:
        notify.recv(4096)
    traced += 1
    silent += not select.select([notify], [], [], 1)[0]
    ptrace(PTRACE_DETACH, tid)
    heard("WATCHDOG=1")
if traced > 0 and silent == 0:
    sys.exit("a loop hangs, and the manager is told that all is well")

# A reload (Type=notify-reload) is told at once, with its time, and its end when the list is in force:
# not while the list is still being read.
os.mkfifo("next")
os.rename("next", "list")
asked = time.monotonic_ns() // 1000
os.kill(pid, signal.SIGHUP)
at = [l for l in heard("RELOADING=1") if l.startswith("MONOTONIC_USEC=")]
assert len(at) == 1 and asked <= int(at[0].split("=")[1]) <= time.monotonic_ns() // 1000, at
end = time.time() + 2
while time.time() < end:
    if select.select([notify], [], [], 0.1)[0]:
        assert notify.recv(4096) == b"WATCHDOG=1", "it is not ready yet"
with open("list", "w") as f:
    f.write("61" * 20 + "\n" + "62" * 20 + "\n")
heard("READY=1")
said = subprocess.check_output(["python3", sys.argv[2], "127.0.0.1", str(port), "announce", "62" * 20,
                                "-XX0001-gggggggggggg", "7007", "5", "started"])
assert said.startswith(b"interval"), said
os.kill(pid, signal.SIGTERM)
heard("STOPPING=1")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
python3 manager.py $((port + 1)) "$srcdir/tests/cli/udp_tracker.py" >out 2>&1 || { fail "service manager"; cat out; }
grep -aq aaaaaaaaaaaaaaaaaaaa state2 || fail "the state was not saved"
run 2 bttrack --dfile state --listen_fds 1 3</dev/null
has err 'descriptor 3 is no internet socket'

# -- another user: root cannot be had back, and state and log are that user's --
if [ "$(id -u)" = 0 ] && getent passwd nobody >/dev/null; then
	chmod 755 "$work"
	mkdir mine
	chown nobody mine
	start_tracker --user nobody --dfile mine/state --logfile mine/log --min_time_between_log_flushes 0 \
	    --threads 2
	is 200 "http://127.0.0.1:$port/$announce"
	for task in /proc/"$pid"/task/*; do
		ids=$(awk '/^[UG]id:|^Groups:/ { $1 = ""; print }' "$task/status" | tr '\n' ' ')
		case " $ids" in *" 0 "*) fail "still root: $ids" ;; esac
		grep -q '^CapEff:.0*$' "$task/status" || fail "has capabilities"
	done
	kill -HUP "$pid"
	sleep 0.5
	stop_tracker
	[ "$(stat -c %U mine/state mine/log | sort -u)" = nobody ] || fail "not the user's: $(ls -l mine)"
	mkdir theirs
	run 1 bttrack --port 0 --user nobody --dfile theirs/state
	has err 'cannot write in the folder theirs'
	run 2 bttrack --port 0 --user nobody-at-all --dfile mine/state
	has err 'there is no user nobody-at-all'
	run 2 bttrack --port 0 --user root --dfile mine/state
fi

# -- started with closed descriptors: no socket of ours is taken for standard output --
bttrack --port $port --bind 127.0.0.1 --dfile state <&- >&- 2>&- &
pids=$!
for i in $(seq 100); do
	curl -s -o out "http://127.0.0.1:$port/" && break
	sleep 0.1
done
[ "$(readlink /proc/$pids/fd/0 /proc/$pids/fd/1 /proc/$pids/fd/2 | sort -u)" = /dev/null ] ||
    fail "closed descriptors were used: $(ls -l /proc/$pids/fd)"
python3 "$srcdir/tests/cli/udp_tracker.py" 127.0.0.1 "$port" announce \
    6262626262626262626262626262626262626262 -XX0001-gggggggggggg 7007 5 started >out ||
    fail "UDP with closed descriptors"
kill $pids
wait $pids || fail "closed descriptors: ended with $?"
pids=

# -- what is no file is no state; a log that nobody reads neither keeps it from ending nor stops it --
mkfifo fifo
for f in fifo . /dev/null; do
	run 1 timeout -k 5 5 bttrack --port 0 --dfile $f
	has err "$f: not a regular file"
done
bttrack --port 0 --dfile state --logfile fifo 2>err &
early=$!
for i in $(seq 300); do		# the ports are open, and the log is next
	ls -l /proc/$early/fd 2>/dev/null | grep -q socket &&
	    grep -q '^State:.*sleeping' /proc/$early/status && break
	sleep 0.1
done
sleep 0.5
kill $early
(sleep 20; kill -9 $early) 2>/dev/null &
guard=$!
wait $early
got=$?
kill $guard
[ $got -eq 1 ] || fail "SIGTERM while a log is opened: $got"
has err 'cannot write the log fifo'
sleep 60 <fifo &
reader=$!
start_tracker --logfile fifo --log_rate 0 --threads 1
seq -f "http://127.0.0.1:$port/announce?%g" 3000 | timeout 30 xargs curl -s >page ||
    fail "a log that is not read stops it"
stop_tracker
kill $reader

# -- no room for the state: it is told, announces go on, and it is saved when there is room again --
if command -v prlimit >/dev/null; then
	trap '' XFSZ
	start_tracker --save_dfile_interval 1 --log_format none --max_peers_per_ip 0
	trap - XFSZ
	prlimit --pid "$pid" --fsize=8192:
	for i in $(seq 200); do
		printf 'url = "http://127.0.0.1:%s/%s"\n' "$port" \
		    "$(echo "$announce" | sed "s/1111/$((2000 + i))/")"
	done >urls
	curl -s -K urls >out
	until_has tracker.log 'the state was not saved: '
	is 200 "http://127.0.0.1:$port/$announce"
	prlimit --pid "$pid" --fsize=unlimited:
	until_has tracker.log 'the state is saved again'
	[ "$(grep -ao 'porti' state | wc -l)" -ge 200 ] || fail "not all was saved"
	[ ! -e state.new ] || fail "a part of the state was left behind"
	stop_tracker
fi

# -- logs --
umask 0
start_tracker --logfile log.json --log_format json --log_udp 1 --min_time_between_log_flushes 0 \
    --log_rate 20 --hupmonitor 1
umask 022
[ "$(stat -c %a log.json)" = 666 ] || fail "mode of the log: $(stat -c %a log.json)"
is 200 "http://127.0.0.1:$port/" -A 'a "b\ c' -e "$(printf 'x\377')"
python3 "$srcdir/tests/cli/udp_tracker.py" 127.0.0.1 "$port" announce \
    6161616161616161616161616161616161616161 -XX0001-gggggggggggg 7007 5 started >out
sleep 1.2
i=0
while [ $((i += 1)) -le 40 ]; do
	echo "url = \"http://127.0.0.1:$port/scrape?info_hash=aaaaaaaaaaaaaaaaaaaa\""
done >urls
curl -s -K urls >out
sleep 1.2
mv log.json log.old
# It cannot be opened anew: that is said, and the old one goes on.
mkdir log.json
kill -HUP "$pid"
until_has tracker.log 'cannot open the log log.json anew: Is a directory'
is 404 "http://127.0.0.1:$port/still"
until_has log.old '"target":"/still"'
rmdir log.json
kill -HUP "$pid"
until_exists log.json
is 404 "http://127.0.0.1:$port/nothing"
sleep 0.5
stop_tracker
has log.json '"target":"/nothing"'
python3 - <<'END' || { fail "log lines"; head -c 3000 log.old; }
import json
lines = [json.loads(l) for l in open("log.old", encoding="utf-8")]
pages = [l for l in lines if l.get("target") == "/"]
assert len(pages) == 1 and pages[0]["user_agent"] == 'a "b\\ c' and pages[0]["status"] == 200, pages
udp = [l for l in lines if l.get("protocol") == "UDP"]
assert len(udp) == 1 and "&port=7007&" in udp[0]["target"] and "event=started" in udp[0]["target"]
assert udp[0]["ip"] == "127.0.0.1" and udp[0]["time"].endswith("Z")
scrapes = len([l for l in lines if "/scrape" in l.get("target", "")])
omitted = sum(l.get("omitted", 0) for l in lines)
assert scrapes + omitted == 40 and omitted > 0, (scrapes, omitted)
END
start_tracker --logfile none.log --log_format none
is 200 "http://127.0.0.1:$port/"
stop_tracker
[ ! -s none.log ] || fail "a log of format none"
run 2 bttrack --port 0 --dfile state --log_format xml
finish
