#!/bin/sh
# SPDX-License-Identifier: ISC
# bttrack confines itself: what it was told to read and write it can, all else it cannot.
. "$(dirname "$0")/common.sh"
have curl || exit 77
have python3 || exit 77
# The system call has one number everywhere but on alpha; 1 asks for the version.
python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' || {
	echo "SKIP: this kernel has no Landlock: nothing is confined"
	exit 77
}
pids=
trap '[ -z "$pids" ] || kill -9 $pids 2>/dev/null; rm -rf "$work"' EXIT
one=6161616161616161616161616161616161616161
two=6262626262626262626262626262626262626262

# announced HASH TEXT: the reply to an announce has it, after some time.
announced()
{
	for i in $(seq 100); do
		curl -s -o got "http://127.0.0.1:$port/announce?info_hash=$(echo "$1" | sed 's/../%&/g')&peer_id=-XX0001-aaaaaaaaaaaa&port=1111&left=0&compact=1"
		grep -qaF -e "$2" got && return
		sleep 0.1
	done
	fail "'$2' is not the answer:"
	cat got tracker.log
}

# After some time, too: for some seconds a file is served from memory.
icon_is()	# STATUS TEXT
{
	for i in $(seq 100); do
		got=$(curl -s -o icon -w '%{http_code}' "http://127.0.0.1:$port/favicon.ico")
		[ "$got" = "$1" ] && grep -qF -e "$2" icon && return
		sleep 0.1
	done
	fail "the icon is not '$2', but $got: $(cat icon)"
}

# A tracker with each of its files in a folder of its own.
mkdir state.d log.d list.d ban.d icon.d real.d
echo $one >list.d/list
echo '#' >real.d/ban
ln -s ../real.d/ban ban.d/ban
echo first >icon.d/icon
start_tracker --dfile state.d/state --logfile log.d/log --allowed_list list.d/list \
    --banned_ips ban.d/ban --favicon icon.d/icon --parse_dir_interval 1 --save_dfile_interval 1 \
    --min_time_between_log_flushes 0 --hupmonitor 1 --threads 2
for task in /proc/"$pid"/task/*; do
	grep -q '^NoNewPrivs:.*1$' "$task/status" || fail "$task is not confined"
done
announced $one 8:complete
announced $two 'failure reason'
icon_is 200 first

# -- what is replaced in its place is read again --
printf '%s\n%s\n' $one $two >list.d/new
mv list.d/new list.d/list
echo 'some:1.1.1.1-1.1.1.2' >real.d/other
ln -sf ../real.d/other ban.d/ban
echo second >icon.d/new
mv icon.d/new icon.d/icon
kill -HUP "$pid"
announced $two 8:complete
icon_is 200 second
until_has state.d/state bbbbbbbbbbbbbbbbbbbb
mv log.d/log log.d/old
kill -HUP "$pid"
announced $one 8:complete
until_has log.d/log announce

# -- links that lead elsewhere are not followed; the tracker says so and goes on --
mkdir elsewhere
echo secret >elsewhere/secret
mv log.d/log log.d/old
ln -s ../elsewhere/log log.d/log
kill -HUP "$pid"
until_has tracker.log 'cannot open the log log.d/log anew: Permission denied'
[ ! -e elsewhere/log ] || fail "a log elsewhere"
announced $one 8:complete
until_has log.d/old announce
rm log.d/log
kill -HUP "$pid"
announced $one 8:complete
until_has log.d/log announce
ln -sf ../elsewhere/secret icon.d/icon
icon_is 404 'no icon'
ln -sf ../elsewhere/secret list.d/list
until_has tracker.log 'list.d/list: Permission denied'
announced $two 8:complete
mv state.d/state state.d/kept
ln -s ../elsewhere/state state.d/state
echo old >elsewhere/state
until_has tracker.log 'the state was not saved: '
[ "$(cat elsewhere/state)" = old ] || fail "a state elsewhere"
mv state.d/kept state.d/state
until_has tracker.log 'the state is saved again'
stop_tracker

# -- links in allowed_dir lead where they led at first; certificates are renewed by new links --
mkdir torrents many keys live
echo content >a
echo more >b
run 0 btmakemetafile http://t/announce a --target many/a.torrent
run 0 btmakemetafile http://t/announce b --target many/b.torrent
hash_of() { btshowmetainfo --json 1 "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["info_hash"])'; }
one=$(hash_of many/a.torrent)
two=$(hash_of many/b.torrent)
ln -s ../many/a.torrent torrents/a.torrent
set --
if have openssl; then
	make_cert()
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		    -keyout "keys/$1" -out "keys/$1.crt" -subj "/CN=$1" 2>/dev/null
		ln -sf "../keys/$1" live/key
		ln -sf "../keys/$1.crt" live/cert
	}
	make_cert first
	tls=$((port + 1))
	set -- --tls_port $tls --tls_cert live/cert --tls_key live/key
fi
start_tracker --allowed_dir torrents --parse_dir_interval 1 --allow_get 1 --logfile /dev/stderr \
    --min_time_between_log_flushes 0 "$@"
announced "$one" 8:complete
ln -s ../many/b.torrent torrents/b.torrent
announced "$two" 8:complete
curl -s -o got "http://127.0.0.1:$port/file?info_hash=$(echo "$two" | sed 's/../%&/g')"
cmp -s got many/b.torrent || fail "the file of a torrent"
if [ $# -gt 0 ]; then
	make_cert second
	kill -HUP "$pid"
	sleep 0.5
	openssl s_client -connect "127.0.0.1:$tls" </dev/null 2>/dev/null |
	    openssl x509 -noout -subject >got
	has got second
fi
has tracker.log announce
grep -q 'Permission denied' tracker.log && fail "$(cat tracker.log)"
stop_tracker

# -- unless it is not wanted --
ln -s ../elsewhere/log2 log.d/link
start_tracker --logfile log.d/free --hupmonitor 1 --min_time_between_log_flushes 0 --confine 0
mv log.d/link log.d/free
kill -HUP "$pid"
sleep 0.3
curl -s -o got "http://127.0.0.1:$port/"
until_has elsewhere/log2 GET
stop_tracker
finish
