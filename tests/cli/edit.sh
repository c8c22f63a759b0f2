#!/bin/sh
# SPDX-License-Identifier: ISC
# btreannounce, btcopyannounce, btrename, btsethttpseeds: what they change, keep, print and return.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
head -c 100000 /dev/zero >a.bin
run 0 btmakemetafile http://old/x a.bin --comment hi
cp a.bin.torrent first
hash=f96e0fe35bf2ca7c945c47e4112c2db23f195a10

# shown FILE LABEL: what btshowmetainfo says of it
shown()
{
	btshowmetainfo "$1" | sed -n "s/^$2[.:]* *//p"
}

# is WHAT WANTED GOT
is()
{
	[ "$2" = "$3" ] || fail "$1 is '$3', not '$2'"
}

# -- as BitTornado had it --
run 0 btreannounce http://new/x a.bin.torrent
[ -s out ] || [ -s err ] && fail "not silent"
is announce http://new/x "$(shown a.bin.torrent 'announce url')"
is hash $hash "$(shown a.bin.torrent 'info hash')"
is list '' "$(shown a.bin.torrent announce-list)"
run 0 btreannounce http://new/x -a 'http://a/,http://b/|udp://c:1' a.bin.torrent
is list 'http://a/,http://b/|udp://c:1' "$(shown a.bin.torrent announce-list)"
run 0 btreannounce -v http://old/x a.bin.torrent
same out <<'END'
old announce for a.bin.torrent: http://new/x
old announce-list for a.bin.torrent: http://a/,http://b/|udp://c:1
END
cmp -s a.bin.torrent first || fail "not what it was in the beginning"
printf 'd4:infod6:lengthi5e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee' >bare.torrent
cp bare.torrent copied.torrent
run 0 btreannounce --verb --announce_list=http://m/x http://n/x bare.torrent
same out <<'END'
No announce found.
END
run 0 btcopyannounce -v bare.torrent a.bin.torrent copied.torrent
same out <<'END'
new announce:  http://n/x
new announce-list:  http://m/x
old announce for a.bin.torrent: http://old/x
No announce found.
END
is list http://m/x "$(shown copied.torrent announce-list)"
run 0 btcopyannounce first a.bin.torrent
cmp -s a.bin.torrent first || fail "announce-list was left"
printf 'd4:infod4:name1:nee' >none.torrent
run 1 btcopyannounce none.torrent a.bin.torrent
has err 'btcopyannounce: none.torrent: has no announce'
run 1 btcopyannounce missing a.bin.torrent

run 0 btsethttpseeds 'http://h/1|http://h/2' a.bin.torrent
is seeds 'http://h/1|http://h/2' "$(shown a.bin.torrent 'http seeds')"
run 0 btsethttpseeds -v 0 a.bin.torrent
same out <<'END'
old http-seed list for a.bin.torrent: http://h/1|http://h/2
END
cmp -s a.bin.torrent first || fail "seeds were left"
# As with getopt, no word after --verbose is its value.
run 0 btsethttpseeds --verbose 0 a.bin.torrent
same out </dev/null

run 0 btrename -v a.bin.torrent b.bin
same out <<'END'
a.bin.torrent: a.bin -> b.bin
a.bin.torrent: info hash: f96e0fe35bf2ca7c945c47e4112c2db23f195a10 -> ae1474bf30509b11a4bf8f99ff5777c6b43b8c54
END
is name b.bin "$(shown a.bin.torrent 'file name')"
is hash ae1474bf30509b11a4bf8f99ff5777c6b43b8c54 "$(shown a.bin.torrent 'info hash')"
mkdir d
cp first d/a.bin.torrent
cp first d/other
run 1 btrename -m -v a.bin.torrent d/other d/a.bin.torrent
has err "btrename: d/other: its name does not end in '.torrent'"
has out 'd/a.bin.torrent: a.bin -> a.bin'
cmp -s a.bin.torrent first || fail "the name is not back"
# Silent as ever, but for the one thing that must not go unseen.
run 0 btrename a.bin.torrent b.bin
same out </dev/null
same err <<'END'
a.bin.torrent: info hash: f96e0fe35bf2ca7c945c47e4112c2db23f195a10 -> ae1474bf30509b11a4bf8f99ff5777c6b43b8c54
END
run 0 btrename -m a.bin.torrent
cmp -s a.bin.torrent first || fail "the name is not back"
for bad in '' . .. a/b; do
	run 2 btrename a.bin.torrent "$bad"
	has err "cannot be the name of a torrent"
done
run 0 btrename a.bin.torrent -- -dash
is name -dash "$(shown a.bin.torrent 'file name')"
run 0 btrename --match a.bin.torrent

# -- what is new --
run 0 btreannounce --add 'http://b/x,http://c/x|http://d/x' a.bin.torrent
is list 'http://old/x|http://b/x,http://c/x|http://d/x' "$(shown a.bin.torrent announce-list)"
cp a.bin.torrent tiers
run 0 btreannounce --add http://c/x a.bin.torrent
cmp -s a.bin.torrent tiers || fail "added what was there"
run 0 btreannounce --remove http://c/x a.bin.torrent
is list 'http://old/x|http://b/x|http://d/x' "$(shown a.bin.torrent announce-list)"
run 0 btreannounce --remove='*//o*' a.bin.torrent
is announce http://b/x "$(shown a.bin.torrent 'announce url')"
is list 'http://b/x|http://d/x' "$(shown a.bin.torrent announce-list)"
run 0 btreannounce --replace /x --with '/a?passkey=k*y' a.bin.torrent
is list 'http://b/a?passkey=k*y|http://d/a?passkey=k*y' "$(shown a.bin.torrent announce-list)"
run 0 btreannounce --replace '*//b/*' --with http://old/x --remove '*//d*' a.bin.torrent
is announce http://old/x "$(shown a.bin.torrent 'announce url')"
is hash $hash "$(shown a.bin.torrent 'info hash')"
run 1 btreannounce --replace :// --with : a.bin.torrent
has err "a.bin.torrent: a tracker would become 'http:old/x', which is no URL"

# Replaced with nothing they go, whole.
for old in //d c/x '*/x?y'; do
	run 0 btreannounce http://b/x -a 'http://b/x|http://c/x,http://d/x|http://e/x?y' a.bin.torrent
	run 0 btreannounce --replace "$old" --with '' a.bin.torrent
	shown a.bin.torrent announce-list
done >gone
same gone <<'END'
http://b/x|http://c/x|http://e/x?y
http://b/x|http://d/x|http://e/x?y
http://b/x|http://c/x,http://d/x
END
run 0 btreannounce --replace b/x --with= a.bin.torrent
is announce http://c/x "$(shown a.bin.torrent 'announce url')"
run 0 btreannounce --replace http --with '' --add http://new/x a.bin.torrent
is announce http://new/x "$(shown a.bin.torrent 'announce url')"
cp a.bin.torrent kept
run 0 btreannounce --replace nowhere --with '' a.bin.torrent
cmp -s a.bin.torrent kept || fail "removed what was not meant"
run 0 btreannounce http://old/x a.bin.torrent
cmp -s a.bin.torrent first || fail "not what it was in the beginning"
run 0 btreannounce --source TAG -v --add http://old/x a.bin.torrent
has out 'a.bin.torrent: info hash: f96e0fe3'
btshowmetainfo --json a.bin.torrent | grep -q '"source":"TAG"' || fail "no source"
cp first a.bin.torrent

# Nothing is touched by a dry run, nor by an edit that changes nothing.
before=$(stat -c '%i %y' a.bin.torrent)
run 0 btreannounce --dry_run --add http://b/x a.bin.torrent
same out <<'END'
a.bin.torrent: announce-list: none -> http://old/x|http://b/x
END
run 0 btrename --dry a.bin.torrent c
has out 'a.bin.torrent: name: a.bin -> c'
has out 'a.bin.torrent: info hash: f96e0fe35bf2ca7c945c47e4112c2db23f195a10 -> '
run 0 btsethttpseeds --dry http://h/ a.bin.torrent
same out <<'END'
a.bin.torrent: httpseeds: none -> http://h/
END
run 0 btreannounce http://old/x a.bin.torrent
[ "$(stat -c '%i %y' a.bin.torrent)" = "$before" ] || fail "it was touched"

# JSON: what was and what is, of that what differs.
run 0 btreannounce --json http://new/x a.bin.torrent
same out <<END
{"path":"a.bin.torrent","info_hash":"$hash","info_hash_v2":null,"changed":true,"old":{"announce":"http://old/x"},"new":{"announce":"http://new/x"}}
END
run 0 btreannounce --json 1 --add http://b/x a.bin.torrent
has out '"old":{"announce_list":[]},"new":{"announce_list":[["http://new/x"],["http://b/x"]]}'
run 0 btrename --json a.bin.torrent c
has out '"old":{"name":"a.bin","info_hash":"f96e0fe35bf2ca7c945c47e4112c2db23f195a10","info_hash_v2":null},"new":{"name":"c","info_hash":"'
run 1 btrename --json --match first
has out '{"path":"first","changed":false,"error":"first: its name does not end'
run 0 btsethttpseeds --json http://h/ a.bin.torrent
has out '"old":{"httpseeds":[]},"new":{"httpseeds":["http://h/"]}'
cp first a.bin.torrent

# Directories, only when told; what is hidden, linked or no torrent is left alone; one that is bad
# does not stop the rest.
mkdir -p t/sub/.hid t/x.torrent elsewhere
for f in t/1 t/sub/2 t/sub/.hid/3 t/.4 t/x.torrent/5 elsewhere/6; do cp first $f.torrent; done
cp first t/no
ln -s ../elsewhere t/link
run 1 btreannounce http://z/x t
has err 'btreannounce: t: Is a directory'
echo junk >t/sub/bad.torrent
run 1 btreannounce --recursive http://z/x t a.bin.torrent -v
same out <<'END'
old announce for t/1.torrent: http://old/x
old announce for t/sub/2.torrent: http://old/x
old announce for t/x.torrent/5.torrent: http://old/x
old announce for a.bin.torrent: http://old/x
END
same err <<'END'
btreannounce: t/sub/bad.torrent: no bencoded dictionary
btreannounce: 4 changed, 0 unchanged, 1 failed
END
for f in t/sub/.hid/3 t/.4 elsewhere/6; do
	cmp -s $f.torrent first || fail "$f.torrent was edited"
done
cmp -s t/no first || fail "t/no was edited"
[ "$(cat t/sub/bad.torrent)" = junk ] || fail "junk was edited"
run 1 btreannounce http://z/x -
has err '-: standard input cannot be edited'
run 1 btreannounce --recursive 1 http://z/x missing

# Very many, in order, with mode and link kept and nothing left behind.
mkdir many
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	cp first many/$((1000 + i)).torrent
done
chmod 640 many/1007.torrent
ln -sf ../first many/1100.torrent
cp first kept
run 0 btreannounce --recursive --replace old --with brand.new many --verbose
is lines 300 "$(wc -l <out | tr -d ' ')"
sort -c out || fail "not in order"
is files 300 "$(find many ! -name many | wc -l | tr -d ' ')"
[ "$(stat -c %a many/1007.torrent)" = 640 ] || fail "the mode was not kept"
[ -L many/1100.torrent ] || fail "the link was replaced"
for f in many/1001 many/1100 many/1300; do
	is announce http://brand.new/x "$(shown $f.torrent 'announce url')"
done
cp kept first

# Killed at any instant: each is old or new.
cp first new
run 0 btreannounce http://new/x new
both=$(cksum first new | cut -d' ' -f1,2)
for after in 0.03 0.06 0.12 0.25; do
	rm -rf many
	mkdir many
	seq -f 'many/%.0f.torrent' 600 | xargs sh -c 'tee "$@" <first >/dev/null' sh
	btreannounce --recursive http://new/x many &
	pid=$!
	sleep $after
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	cksum many/*.torrent | cut -d' ' -f1,2 | sort -u | grep -vxF "$both" >odd &&
	    fail "$(cat odd): neither old nor new"
	is files 600 "$(find many -name '*.torrent' | wc -l | tr -d ' ')"
done
# Asked to end: what was not replaced is as it was, and nothing is left behind.
rm -rf many
mkdir many
seq -f 'many/%.0f.torrent' 600 | xargs sh -c 'tee "$@" <first >/dev/null' sh
btreannounce --recursive http://new/x many 2>err &
pid=$!
sleep 0.05
kill -TERM $pid 2>/dev/null
wait $pid 2>/dev/null
is files 600 "$(find many -type f | wc -l | tr -d ' ')"

# -- a disk that fails: whose file it was is told, and that stays as it was; the others are done --
mkdir bad
seq -f 'bad/%.0f.torrent' 20 | xargs sh -c 'tee "$@" <first >/dev/null' sh
faulty 'syncfs EIO /; fsync EIO /bad/7.torrent' 1 btreannounce --recursive http://new/x bad
same err <<'END'
btreannounce: bad/7.torrent: Input/output error
btreannounce: 19 changed, 0 unchanged, 1 failed
END
[ -s out ] && { fail "said of what is done:"; cat out; }
cmp -s bad/7.torrent first || fail "changed, and not on disk"
is announce http://new/x "$(shown bad/8.torrent 'announce url')"
faulty 'write ENOSPC /bad/7.torrent' 1 btreannounce --json 1 http://n/x bad/6.torrent bad/7.torrent
has err 'btreannounce: bad/7.torrent: No space left on device'
has out '{"path":"bad/7.torrent","changed":false,"error":"bad/7.torrent: No space left on device"}'
[ "$(wc -l <out)" -eq 2 ] || { fail "not a line for each:"; cat out; }
cmp -s bad/7.torrent first || fail "half of it was written"
faulty 'fsync EIO /bad/' 1 btrename bad/7.torrent other
same err <<'END'
btrename: bad/7.torrent: Input/output error
END
cmp -s bad/7.torrent first || fail "renamed, and not on disk"
is files 20 "$(find bad -type f | wc -l | tr -d ' ')"

# Odd torrents keep their bytes: unsorted, repeated and unknown keys, what follows the end.
printf 'd3:zzzi1e4:infod4:name1:n12:piece lengthi16384e6:lengthi5e6:pieces20:aaaaaaaaaaaaaaaaaaaae3:zzzi2e3:abcd1:yi1e1:xi1eee\r\n' >odd.torrent
printf 'd8:announce10:http://z/x3:zzzi1e4:infod4:name1:n12:piece lengthi16384e6:lengthi5e6:pieces20:aaaaaaaaaaaaaaaaaaaae3:zzzi2e3:abcd1:yi1e1:xi1eee\r\n' >want.torrent
run 0 btreannounce http://z/x odd.torrent
cmp -s odd.torrent want.torrent || fail "odd.torrent is not as wanted"

# -- command lines --
for tool in btreannounce btcopyannounce btrename btsethttpseeds; do
	run 2 $tool
	has out "usage: $tool "
	run 0 $tool --help
	cp out long
	run 0 $tool -h
	cmp -s out long || fail "$tool -h is not --help"
	run 0 $tool --version
	has out "$tool "
	run 2 $tool --nonsense x y
	has err "$tool: unknown option --nonsense"
	run 2 $tool -q x y
	has err "$tool: unknown option -q"
	run 2 $tool a.bin.torrent
done
run 0 btrename -V
run 2 btreannounce a.bin.torrent first
has err "'a.bin.torrent' is not a URL"
run 2 btreannounce '' first
run 2 btsethttpseeds '' first
run 2 btsethttpseeds nonsense first
run 2 btreannounce --with '' first
has err '--replace and --with go together'
run 2 btreannounce --replace old first
has err '--replace and --with go together'
run 2 btreannounce --add http://b/x -a http://c/x first
run 2 btreannounce --add nonsense first
# The URL would be a file that is missing, and the rest would lose its trackers.
cp first kept
run 2 btreannounce http://z/x --remove '*' first
has err 'a new URL goes without --add, --remove and --replace'
cmp -s first kept || fail "edited in spite of a mistake"
mkdir -p http:
cp first http:/f.torrent
run 0 btreannounce --add http://b/x http://f.torrent
run 2 btreannounce --re http://b/x first
has err 'may be'
run 2 btreannounce http://z/x first -a
has err 'needs a value'
run 2 btrename a b c
run 2 btrename --recursive d name
cmp -s first kept || fail "a mistake changed a torrent"

finish
