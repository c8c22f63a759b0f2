#!/bin/sh
# SPDX-License-Identifier: ISC
# Command lines, requests and a state file that were written for BitTornado's bttrack.
. "${srcdir:-.}/tests/cli/common.sh"
have curl || exit 77
have python3 || exit 77
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT
pid=

port=$(python3 "$srcdir/tests/cli/free_port.py")
url=http://127.0.0.1:$port
id=-XX0001-aaaaaaaaaaaa
hash=%01%02%03%04%05%06%07%08%09%1a%0b%0c%0d%0e%0f%10%11%12%13%14
query="info_hash=$hash&peer_id=$id&port=7001&uploaded=0&downloaded=0&left=5&compact=1"

# start OPTION...: it serves, or that is a failure.
start()
{
	bttrack --port "$port" --bind 127.0.0.1 --dfile dstate "$@" >>log 2>stderr </dev/null &
	pid=$!
	for i in $(seq 100); do
		curl -s -o reply "$url/announce?$query" && return
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	fail "with '$*' it does not start: $(cat stderr)"
	stop >/dev/null
	return 1
}

stop()
{
	kill -TERM $pid 2>/dev/null
	wait $pid
	status=$?
	pid=
	rm -f dstate
	[ $status -eq 0 ] || fail "it ended with $status: $(cat stderr)"
}

# asked STATUS PATH: what came is in reply.
asked()
{
	got=$(curl -s -o reply -w '%{http_code}' "$url$2")
	[ "$got" = "$1" ] || fail "$2 gave $got, not $1: $(cat reply)"
}

# -- every option of the original, a value as one had it --
mkdir torrents
echo 0102030405060708091a0b0c0d0e0f1011121314 >list
echo 127.0.0.0/8 >allowed
echo "bad people:192.0.2.1-192.0.2.9" >banned
printf 'icon' >icon
while read -r option value; do
	start "--$option" "$value" && stop
	case $option in
	ipv6_binds_v4 | timeout_check_interval | min_time_between_cache_refreshes | \
	    multitracker_* | aggregat* | http_timeout)
		has stderr "$option has no effect: " ;;
	*) [ ! -s stderr ] || fail "$option is complained about: $(cat stderr)" ;;
	esac
done <<'END_OF_OPTIONS'
bind 127.0.0.1
bind localhost
ipv6_enabled 0
ipv6_binds_v4 1
socket_timeout 15
timeout_check_interval 5
save_dfile_interval 300
timeout_downloaders_interval 2700
reannounce_interval 1800
response_size 50
nat_check 3
nat_check 0
log_nat_checks 1
min_time_between_log_flushes 3.0
min_time_between_cache_refreshes 600.0
allowed_dir torrents
allowed_list list
allowed_controls 1
multitracker_enabled 1
multitracker_allowed autodetect
multitracker_reannounce_interval 120
multitracker_maxpeers 20
aggregate_forward http://127.0.0.1:1/announce,secret
aggregator 1
aggregator secret
hupmonitor 1
http_timeout 60
parse_dir_interval 60
show_infopage 0
infopage_redirect http://127.0.0.1/elsewhere
show_names 0
favicon icon
allowed_ips allowed
banned_ips banned
only_local_override_ip 0
only_local_override_ip 2
logfile -
logfile tracker.log
allow_get 1
keep_dead 1
scrape_allowed none
scrape_allowed specific
scrape_allowed full
dedicated_seed_id seedbox
compact_reqd 0
compact_reqd 1
END_OF_OPTIONS

# -- as they stood in start scripts --
start --timeout_downloaders_interval 1800 --reannounce_interval 900 --nat_check 3 \
    --scrape_allowed full --min_time_between_log_flushes 10 --logfile tracker.log \
    --allowed_list list --keep_dead 1 --multitracker_enabled 0 --show_names 1
has reply "8:intervali900e"
stop
# Where the value stands, of two the last, '-' and '_'.
start --reannounce_interval=100 --reannounce-interval 200 --keep_dead --hupmonitor 1
has reply "8:intervali200e"
stop

# -- mistakes: a line on stderr, and status 2 --
run 2 bttrack
has out dfile
for wrong in "--no_such_option 1" "--port" "--port many" "--port 70000" "--scrape_allowed some" \
    "--only_local_override_ip 3" "word" "-v"; do
	# shellcheck disable=SC2086
	run 2 bttrack --dfile dstate $wrong
	[ -s err ] || fail "'$wrong' says nothing on stderr"
	[ ! -s out ] || fail "'$wrong' says something on stdout"
done
run 2 bttrack --port "$port"
has err dfile
run 0 bttrack --help
has out --reannounce_interval
run 0 bttrack --version
[ ! -e dstate ] || fail "a mistake made a state file"

# -- requests --
start --keep_dead 1
for path in /announce /announce.php /tracker.php/announce; do
	asked 200 "$path?$query"
	has reply "10:incompletei1e"
done
for path in /scrape /scrape.php /tracker.php/scrape "/scrape?info_hash=$hash"; do
	asked 200 "$path"
	has reply "8:completei0e10:downloadedi0e"
	has reply "10:incompletei1e"
done
asked 200 /index.html
asked 200 /
asked 404 /nothing
asked 400 /announce
has reply "you sent me garbage - "
asked 200 "/announce?$query&event=snooped&cryptoport=7002&supportcrypto=1&requirecrypto=0&key=0A&\
trackerid=t&tracker=1&seed_id=x&check_seeded=1&scrape=1&password=p&numwant=20&no_peer_id=1"
has reply "8:intervali1800e"
asked 200 "/announce?$query&event=stopped"
has reply "5:peers0:"
stop

# -- its state file --
python3 - <<'END_OF_PYTHON'
def b(x):
    if isinstance(x, int):
        return b"i%de" % x
    if isinstance(x, bytes):
        return b"%d:%s" % (len(x), x)
    return b"d" + b"".join(b(k) + b(v) for k, v in sorted(x.items())) + b"e"

info_hash = bytes.fromhex("0102030405060708091a0b0c0d0e0f1011121314")
peer = {b"ip": b"192.0.2.7", b"port": 7007, b"left": 0, b"nat": 0, b"requirecrypto": 0,
        b"supportcrypto": 1, b"key": b"0A1B2C3D"}
named = dict(peer, ip=b"10.1.2.3", port=7008, left=9)
named = {k if isinstance(k, bytes) else k.encode(): v for k, v in named.items()}
named[b"given ip"] = b"198.51.100.8"
state = {b"completed": {info_hash: 17}, b"allowed_list": {info_hash: 1},
         b"peers": {info_hash: {b"-XX0001-bbbbbbbbbbbb": peer, b"-XX0001-cccccccccccc": named}}}
open("dstate", "wb").write(b(state))
END_OF_PYTHON
start
has reply "8:completei1e10:downloadedi17e"
has reply "10:incompletei2e"
python3 - <<'END_OF_PYTHON' || fail "the peers of the old state are not handed out"
peers = open("reply", "rb").read().partition(b"5:peers12:")[2][:12]
assert bytes([192, 0, 2, 7]) + (7007).to_bytes(2, "big") in (peers[:6], peers[6:]), peers
END_OF_PYTHON
stop
finish
