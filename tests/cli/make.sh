#!/bin/sh
# SPDX-License-Identifier: ISC
# What else btmakemetafile can be told: links, orders, several roots, hints, trackers of a file;
# and how it shows progress and stops.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
mkdir -p d/sub
printf 'one\n' >d/one.txt
printf 'two\n' >d/sub/two.txt

make_t()
{
	status=$1
	shift
	rm -f t.torrent
	run "$status" btmakemetafile --target t.torrent http://t/a "$@"
	[ "$status" -eq 0 ] || [ ! -e t.torrent ] || fail "t.torrent was written"
}

files()
{
	btshowmetainfo t.torrent | sed -n 's/^   \(.*\) ([0-9]*)$/\1/p' | tr '\n' ' '
}

holds()
{
	tr -d '\n' <t.torrent | grep -aqF -e "$1" || fail "'$1' is not in the torrent"
}

# Links.
ln -s ../one.txt d/sub/link
make_t 0 d --symlinks store
holds 'd4:attr1:l6:lengthi0e4:pathl3:sub4:linke12:symlink pathl7:one.txtee'
run 0 btshowmetainfo --json t.torrent
has out '{"path":"sub/link","length":0,"pieces_root":null,"attributes":["symlink"]}'
run 0 btshowmetainfo --verify d t.torrent
has out 'complete   sub/link (0)'
rm d/sub/link
run 1 btshowmetainfo --verify d t.torrent
has out 'missing    sub/link'
ln -s /etc/passwd d/away
make_t 1 d --symlinks store
has err "d/away: a symbolic link to '/etc/passwd', which is not below d"
make_t 0 d --symlinks store --exclude away
[ "$(files)" = "one.txt sub/two.txt " ] || fail "a link left out"
rm d/away
ln -s nowhere d/broken
make_t 1 d --symlinks store
has err "d/broken: a symbolic link to 'nowhere', which is not in the torrent"
rm d/broken
make_t 2 d --symlinks maybe
has err "symlinks: 'maybe' is none of follow|store|refuse"

# Orders.
mkdir o
printf 1 >o/a10
printf 22 >o/a9
printf 333 >o/A
make_t 0 o
[ "$(files)" = "A a10 a9 " ] || fail "by path: $(files)"
make_t 0 o --order natural
[ "$(files)" = "A a9 a10 " ] || fail "natural: $(files)"
make_t 0 o --order size
[ "$(files)" = "a10 a9 A " ] || fail "by size: $(files)"
make_t 2 o --order size --meta_version hybrid
has err 'v2 has its files in the order of their paths'
make_t 2 o --order random

# Several roots.
make_t 0 --join d o/A --name all
[ "$(files)" = "A d/one.txt d/sub/two.txt " ] || fail "joined: $(files)"
run 0 btshowmetainfo t.torrent
has out 'directory name: all'
mkdir all
cp -R d o/A all
btmakemetafile http://t/a all --target same.torrent
cmp -s same.torrent t.torrent || fail "joined is not as copied"
make_t 0 --join d/. o/ --name all --meta_version hybrid
[ "$(files)" = "o/A .pad/32765 o/a10 .pad/32767 o/a9 .pad/32766 one.txt .pad/32764 sub/two.txt " ] ||
	fail "joined contents: $(files)"
mkdir e
: >e/one.txt
make_t 1 --join d/. e/. --name all
has err 'd/./one.txt and e/./one.txt meet in one path of the torrent'
make_t 2 --join d o
has err '--join: the torrent needs a --name'
run 0 btmakemetafile http://t/a --join d o --name all
[ -s all.torrent ] || fail "no all.torrent"
run 2 btcompletedir http://t/a d --join

# Hints, in their places.
hash=0123456789abcdefABCDEF6161616161616161ff
make_t 0 d --collections com.example.a,b --similar $hash,$hash --nodes 'h.example:1,[::1]:65535'
holds '4:infod11:collectionsl13:com.example.a1:be5:files'
holds '7:similarl20:'
holds '5:nodesll9:h.examplei1eel3:::1i65535eee'
for bad in h h: :1 h:0 h:65536 h:1x ::1:5 '[::1]' '[]:1'; do
	make_t 2 d --nodes "$bad"
	has err "--nodes: '$bad' is not HOST:PORT"
done
make_t 2 d --similar 01234
make_t 2 d --similar 0123456789abcdefABCDEF616161616161616gff
make_t 0 d --entropy
one=$(btshowmetainfo --field info_hash t.torrent)
grep -aq '7:entropy64:[0-9a-f]*5:files' t.torrent || fail "no entropy"
make_t 0 d --entropy 1
[ "$one" != "$(btshowmetainfo --field info_hash t.torrent)" ] || fail "entropy is the same"
make_t 2 d --entropy --reproducible

# Who made it.
made_by()
{
	make_t 0 d "$@"
	btshowmetainfo --json t.torrent | sed 's/.*"created_by":\([^,]*\),.*/\1/'
}
[ "$(made_by --created_by 'me & co')" = '"me & co"' ] || fail "created_by TEXT"
[ "$(made_by --created_by 0)" = null ] || fail "created_by 0"
[ "$(made_by --created_by=)" = null ] || fail "created_by of nothing"
[ "$(made_by --created_by 1)" = "$(made_by)" ] || fail "created_by 1"
[ "$(made_by --reproducible)" = null ] || fail "reproducible"
[ "$(made_by --reproducible --created_by me)" = '"me"' ] || fail "reproducible, by me"
made_by --created_by 2 >/dev/null
holds '8:encoding5:UTF-8'

# Trackers from a file.
tiers()
{
	run 0 btshowmetainfo t.torrent
	sed -n 's/^announce-list.: //p' out
}
printf '\n\nhttp://a/\n# of others:\n  http://b/\t\r\n\n\nudp://c:1\n\n' >trackers
make_t 0 d --trackers_from trackers
[ "$(tiers)" = 'http://a/,http://b/|udp://c:1' ] || fail "trackers_from: $(tiers)"
has out 'announce url..: http://t/a'
make_t 0 d --trackers_from trackers --announce-list http://z/
[ "$(tiers)" = 'http://z/|http://a/,http://b/|udp://c:1' ] || fail "behind the others: $(tiers)"
btmakemetafile '' d --trackers_from - --target t.torrent <trackers || fail "from standard input"
[ "$(tiers)" = 'http://a/,http://b/|udp://c:1' ] || fail "from standard input: $(tiers)"
has out 'announce url..: http://a/'
make_t 1 d --trackers_from none
has err 'none: No such file'
make_t 1 d --trackers_from /dev/zero
has err '/dev/zero: not a list of trackers'
: >nothing
make_t 0 d --trackers_from nothing
[ "$(tiers)" = '' ] || fail "an empty file"

# Progress: one line on a terminal, nothing elsewhere (run has looked at that).
truncate -s 1000000000 sparse
if have script; then
	script -qec 'stty cols 60; btmakemetafile http://t/a sparse d' /dev/null >seen </dev/null ||
		fail "on a terminal"
	tr '\r' '\n' <seen >lines
	grep -qE '^sparse: 100\.0%  [0-9.]+ MiB/s  [0-9][0-9]:[0-9][0-9] *$' lines || fail "no last line"
	grep -qE '^sparse: [0-9.]+%  [0-9.]+ MiB/s  [0-9][0-9]:[0-9][0-9] left *$' lines ||
		fail "no line on the way"
	grep -q '^d: 100' lines || fail "nothing of d"
	[ "$(awk 'length > 59' lines)" = "" ] || fail "too wide a line"
	script -qec 'btmakemetafile http://t/a none' /dev/null >seen </dev/null && fail "none is there"
	tr -d '\r' <seen | grep -qx 'btmakemetafile: none: No such file or directory' ||
		fail "more than an error"
fi

# A signal: nothing is left behind.
truncate -s 20000000000 sparse
mkdir left
btmakemetafile http://t/a sparse d --target left >out 2>err &
pid=$!
sleep 1
kill -INT $pid
wait $pid
[ $? -eq 1 ] || fail "SIGINT gave another status"
has err 'btmakemetafile: cancelled'
[ -z "$(ls -A left)" ] || fail "left behind: $(ls -A left)"

# More directories than a process may have open.
mkdir many
(cd many && seq 300 | xargs mkdir && for i in *; do echo $i >$i/f; done)
(
	ulimit -n 100
	run 0 btmakemetafile http://t/a many/* --join --name all
	exit $failures
) || fail "many roots"
run 0 btshowmetainfo --verify many all.torrent
finish
