#!/bin/sh
# SPDX-License-Identifier: ISC
# A leech that asked the tracker before there was a seed is found by the seed.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

head -c 300001 /dev/urandom >film
start_tracker
run 0 btmakemetafile http://127.0.0.1:$port/announce film
btdownloadheadless film.torrent --saveas copy --bind 127.0.0.1 --json 1 >leech.log 2>&1 &
pids="$pids $!"
until_has leech.log '"event":"tracker","failed":false'
btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --json 1 >seed.log 2>&1 &
pids="$pids $!"
until_has leech.log '"event":"complete"'
cmp film copy || fail "what was downloaded is different"

# What can be executed may be (BEP 47), and what is complete is not open for writing any more.
mkdir tools && printf '#!/bin/sh\necho hello\n' >tools/run && echo text >tools/text && chmod 755 tools/run
python3 - http://127.0.0.1:$port/announce >tools.torrent <<'END'
import hashlib, sys
def b(x):
    if isinstance(x, int): return b"i%de" % x
    if isinstance(x, list): return b"l" + b"".join(map(b, x)) + b"e"
    if isinstance(x, dict): return b"d" + b"".join(b(k) + b(x[k]) for k in sorted(x)) + b"e"
    x = x if isinstance(x, bytes) else x.encode()
    return b"%d:" % len(x) + x
run, text = (open("tools/" + n, "rb").read() for n in ("run", "text"))
info = {"name": "tools", "piece length": 16384, "pieces": hashlib.sha1(run + text).digest(),
        "files": [{"attr": "x", "length": len(run), "path": ["run"]},
                  {"length": len(text), "path": ["text"]}]}
sys.stdout.buffer.write(b({"announce": sys.argv[1], "info": info}))
END
btdownloadheadless tools.torrent --saveas tools --bind 127.0.0.1 --json 1 --state '' >tools.log 2>&1 &
pids="$pids $!"
until_has tools.log '"event":"tracker","failed":false'
umask 027
btdownloadheadless tools.torrent --saveas gotten --bind 127.0.0.1 --json 1 --state '' >gotten.log 2>&1 &
taker=$!
pids="$pids $taker"
until_has gotten.log '"state":"seeding"'
for i in $(seq 50); do
	[ "$(stat -c %a gotten/run)" = 750 ] && break
	sleep 0.1
done
[ "$(gotten/run)" = hello ] || fail "gotten/run cannot be executed"
[ "$(stat -c %a gotten/text)" = 640 ] || fail "gotten/text is $(stat -c %a gotten/text)"
for fd in /proc/$taker/fdinfo/*; do
	case $(readlink "/proc/$taker/fd/${fd##*/}" 2>/dev/null) in
	*/gotten/*) grep -q '^flags:.*[12]$' "$fd" && fail "$(readlink /proc/$taker/fd/${fd##*/}) is open for writing" ;;
	esac
done
umask 022

# A file that lies in the way and is none of it is kept; what is too much is told.
mkdir way && head -c 400000 /dev/urandom >way/film && cp way/film way/film.orig && cp way/film foreign
run 0 timeout 30 btdownloadheadless film.torrent --saveas way/film --bind 127.0.0.1 --seed_time 0 \
    --state ''
cmp film way/film || fail "with a foreign file in the way it is different"
cmp foreign way/film.orig.1 || fail "the foreign file is lost"
cmp foreign way/film.orig || fail "another file is lost"
has err 'film is none of this torrent; it is called film.orig.1 now'
(cat film && head -c 1000 /dev/zero) >way/long
printf X | dd of=way/long bs=1 seek=5 conv=notrunc 2>/dev/null
run 0 timeout 30 btdownloadheadless film.torrent --saveas way/long --bind 127.0.0.1 --seed_time 0 \
    --state ''
cmp film way/long || fail "a file that was too long is different"
has err 'long was too long; 1000 bytes at its end are cut off'

# By its address; what is not there, or is no torrent, is the torrent's fault.
mkdir www && cp film.torrent www && echo no torrent >www/bad.torrent
python3 -u -m http.server --bind 127.0.0.1 --directory www 0 >www.log 2>&1 &
pids="$pids $!"
until_has www.log 'port '
www=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' www.log)
run 0 timeout 30 btdownloadheadless $www/film.torrent --saveas fetched --bind 127.0.0.1 --seed_time 0
cmp film fetched || fail "what was fetched by a URL is different"
run 0 timeout 30 btdownloadheadless --url $www/film.torrent --saveas film --bind 127.0.0.1 --seed_time 0
run 5 timeout 30 btdownloadheadless $www/nothing.torrent
has err '404'
run 5 timeout 30 btdownloadheadless $www/bad.torrent
has err 'not a torrent'
run 5 timeout 30 btdownloadheadless http://127.0.0.1:1/film.torrent
run 5 timeout 30 btdownloadheadless 'magnet:?xt=urn:btih:0123456789012345678901234567890123456789'
has err 'give its file'
run 2 btdownloadheadless film.torrent --url $www/film.torrent

# A host that both families lead out from shows itself by both (BEP 7).
cat >both.sh <<'END'
ip link set lo up && ip route add default dev lo && ip -6 route add default dev lo || exit 77
. "$srcdir/tests/cli/common.sh"
trap 'kill $pids; rm -rf "$work"' EXIT
cp "$1" film.torrent
start_tracker --bind '127.0.0.1,[::1]'
run 0 btreannounce http://localhost:$port/announce film.torrent
btdownloadheadless film.torrent --saveas copy >leech.log 2>&1 &
pids="$pids $!"
until_has tracker.log '127.0.0.1 - - '
until_has tracker.log '::1 - - '
finish
END
if unshare -rn true 2>/dev/null; then
	(cd "$top" && srcdir=$srcdir timeout 60 unshare -rn sh "$work/both.sh" \
	    "$work/film.torrent") >got 2>&1
	case $? in
	0) ;;
	77) echo "SKIP: no routes of both families here" ;;
	*) fail "it does not announce by both families"; cat got ;;
	esac
fi
finish
