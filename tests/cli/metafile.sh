#!/bin/sh
# SPDX-License-Identifier: ISC
# btmakemetafile and btshowmetainfo: what they write, print, refuse and return.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
version=$(btmakemetafile --version | cut -d" " -f2)
head -c 100000 /dev/zero >a.bin
mkdir -p d/sub d/.hidden
printf 'hello\n' >d/one.txt
printf 'x\n' >d/sub/two.txt
: >d/empty
: >d/.hidden/no

# A single file.
run 0 btmakemetafile http://t/announce a.bin
[ -s out ] || [ -s err ] && fail "not silent"
run 0 btshowmetainfo a.bin.torrent
same out <<'END'
btshowmetainfo 20130326 - decode BitTorrent metainfo files

metainfo file.: a.bin.torrent
info hash.....: f96e0fe35bf2ca7c945c47e4112c2db23f195a10
file name.....: a.bin
file size.....: 100000 (3 * 32768 + 1696)
announce url..: http://t/announce
END
run 0 btshowmetainfo --json a.bin.torrent
same out <<END
{"metainfo_file":"a.bin.torrent","name":"a.bin","info_hash":"f96e0fe35bf2ca7c945c47e4112c2db23f195a10","info_hash_v2":null,"version":"1","piece_length":32768,"piece_count":4,"total_size":100000,"single_file":true,"files":[{"path":"a.bin","length":100000,"pieces_root":null,"attributes":[]}],"announce":"http://t/announce","announce_list":[],"url_list":[],"httpseeds":[],"private":false,"source":null,"comment":null,"creation_date":1700000000,"created_by":"btcore/$version","magnet":"magnet:?xt=urn:btih:f96e0fe35bf2ca7c945c47e4112c2db23f195a10&dn=a.bin&tr=http%3A%2F%2Ft%2Fannounce","tolerated":null}
END

# A directory, all options, and the same again byte for byte.
run 0 btmakemetafile --comment 'hi there' http://t/a d/ --announce-list 'http://a/,http://b/|udp://c:1' \
	--httpseeds='http://h/1|http://h/2' --piece-size-pow2 16 --created_by 0 --filesystem_encoding utf-8
run 0 btshowmetainfo d.torrent
same out <<'END'
btshowmetainfo 20130326 - decode BitTorrent metainfo files

metainfo file.: d.torrent
info hash.....: 9d60680b9f8a6a64cfc6f3f8a2f27ab6a91cec46
directory name: d
files.........: 
   empty (0)
   one.txt (6)
   sub/two.txt (2)
archive size..: 8 (0 * 65536 + 8)
announce url..: http://t/a
announce-list.: http://a/,http://b/|udp://c:1
http seeds....: http://h/1|http://h/2
comment.......: hi there
END
cp d.torrent first
run 0 btmakemetafile http://t/a d --announce_list 'http://a/,http://b/|udp://c:1' \
	--httpseeds='http://h/1|http://h/2' --piece_size_pow2 3 --piece_size_pow2=16 --created-by=0 --comment 'hi there'
cmp -s d.torrent first || fail "not reproducible"
strings first | grep -q 'created by' && fail "created by was not wanted"

# v2 and both in one.
run 0 btmakemetafile http://t/a d --meta_version 2 --target v2.torrent
run 0 btshowmetainfo --json v2.torrent
has out '"info_hash":null,"info_hash_v2":"b03bcfa39e28fb7add1422c38309252913b3fc2527c9af8f6c213923c846e6b6"'
run 0 btmakemetafile http://t/a d --meta-version=hybrid --target both.torrent
strings both.torrent | grep -q '4:attr1:p' || fail "a hybrid without padding"
run 2 btmakemetafile http://t/a d --meta_version 3
has err "meta_version: '3' is none of 1|2|hybrid"
run 2 btmakemetafile http://t/a d --meta_version 2 --piece_size_pow2 13 --target none.torrent
has err 'power of two from 16384 on'
[ -e none.torrent ] && fail "none.torrent was written"

# One that is bad does not stop the rest.
run 1 btmakemetafile http://t/a missing d a.bin
has err 'btmakemetafile: missing: No such file or directory'
has err 'btmakemetafile: 2 made, 1 failed'
run 1 btshowmetainfo --field name missing d.torrent a.bin.torrent
has err 'btshowmetainfo: 2 shown, 1 failed'

# A forgotten URL is no tracker called a.bin; nothing is made.
run 2 btmakemetafile a.bin d
has err "btmakemetafile: announce: 'a.bin' is not a URL"
run 2 btmakemetafile http://t/a d --announce-list 'http://b/,b' --target none.torrent
has err "announce-list: 'b' is not a URL"
run 2 btmakemetafile http://t/a d --httpseeds h --target none.torrent
run 2 btcompletedir http://t/a d --webseed 'http://w/ x'
has err "url-list: 'http://w/ x' is not a URL"
[ -e none.torrent ] && fail "none.torrent was written"

# What else may be said of a torrent.
run 0 btmakemetafile http://t/a a.bin --private --source src --name other --piece_length 50000 \
	--webseed 'http://w/1|http://w/2' --creation_date 77 --created_by 0 --target all.torrent
run 0 btshowmetainfo --json all.torrent
has out '"name":"other"'
has out '"piece_length":50000,"piece_count":2,'
has out '"url_list":["http://w/1","http://w/2"]'
has out '"private":true,"source":"src"'
has out '"creation_date":77'
strings all.torrent | grep -q -e 'created by' -e encoding && fail "created by was not wanted"
for pair in 65536:65536 64K:65536 1m:1048576 512M:536870912 0:32768; do
	run 0 btmakemetafile http://t/a a.bin --piece_length "${pair%:*}" --target size.torrent
	[ "$(btshowmetainfo --field piece_length size.torrent)" = "${pair#*:}" ] || fail "pieces of $pair"
done
for length in 1X 1MB K -1 1.5M '' 9000000000000000000G; do
	run 2 btmakemetafile http://t/a a.bin --piece_length "$length"
	has err "piece_length: '$length' is not a number of bytes, such as 65536, 64K or 1M"
done
run 2 btmakemetafile http://t/a a.bin --piece_length 1G
has err 'piece_length: must be from 0 to 536870912'
run 2 btmakemetafile http://t/a a.bin --private=maybe
has err "private: 'maybe' is neither 0 nor 1"
run 0 btmakemetafile http://t/a a.bin --pieces_max 3 --creation_date none --threads 3 --target few.torrent
run 0 btshowmetainfo --json few.torrent
has out '"piece_length":65536,"piece_count":2,'
strings few.torrent | grep -q 'creation date' && fail "a creation date was not wanted"
run 0 btmakemetafile http://t/a a.bin --reproducible --target dated.torrent
run 0 btshowmetainfo --json dated.torrent
has out '"creation_date":1700000000,"created_by":null'
(
	unset SOURCE_DATE_EPOCH
	run 0 btmakemetafile http://t/a a.bin --reproducible --target same.torrent
	strings same.torrent | grep -q -e 'creation date' -e 'created by' && fail "not reproducible"
	exit $failures
)
failures=$?

# Which files, and which not.
files()
{
	run 0 btmakemetafile http://t/a d --target picked.torrent "$@"
	btshowmetainfo picked.torrent | sed -n 's/^   \(.*\) ([0-9]*)$/\1/p' | tr '\n' ' '
}
[ "$(files --exclude '*.txt')" = "empty " ] || fail "exclude"
[ "$(files --include '*.txt')" = "one.txt sub/two.txt " ] || fail "include"
[ "$(files --exclude 'sub|emp*')" = "one.txt " ] || fail "exclude two"
[ "$(files --include 'sub/*,empty' --exclude empty)" = "sub/two.txt " ] || fail "exclude after include"
[ "$(files --hidden)" = ".hidden/no empty one.txt sub/two.txt " ] || fail "hidden"
run 1 btmakemetafile http://t/a d --exclude '*' --target picked.torrent
has err 'd: no files in this directory are wanted'
ln -s one.txt d/link
[ "$(files --symlinks follow)" = "empty link one.txt sub/two.txt " ] || fail "follow"
run 1 btmakemetafile http://t/a d --symlinks refuse --target picked.torrent
has err 'd/link: a symbolic link'
rm d/link
run 2 btmakemetafile http://t/a d --symlinks maybe
run 2 btmakemetafile http://t/a d a.bin --name both
run 2 btcompletedir http://t/a d --name both
run 2 btmakemetafile http://t/a d --creation_date soon
run 2 btmakemetafile http://t/a d --creation_date=
run 2 btmakemetafile http://t/a d --piece_length 32768 --pieces_max 5
has err 'only one of'
run 2 btmakemetafile http://t/a d --name a/b --target picked.torrent
has err "'a/b' cannot be the name of a torrent"

# What is there is left alone if so wanted, and the rest is made.
echo mine >d.torrent
rm -f a.bin.torrent
run 1 btmakemetafile http://t/a d a.bin --overwrite 0
has err 'd.torrent: is there already'
[ "$(cat d.torrent)" = mine ] || fail "d.torrent was replaced"
run 0 btmakemetafile http://t/announce a.bin

# target: a file, a directory; mode and link of what was there are kept.
mkdir out.d
run 0 btmakemetafile http://t/a a.bin d --target out.d
cmp -s out.d/a.bin.torrent a.bin.torrent && fail "another announce, the same torrent"
[ -f out.d/d.torrent ] || fail "no out.d/d.torrent"
: >real
chmod 600 real
ln -s real link.torrent
run 0 btmakemetafile http://t/a a.bin --target link.torrent
[ -L link.torrent ] && [ -s real ] || fail "the link was replaced"
[ "$(stat -c %a real)" = 600 ] || fail "the mode was not kept"
run 2 btmakemetafile http://t/a a.bin d --target one.torrent
has err "must be a directory"
[ -e one.torrent ] && fail "one.torrent was written"

# "." is called what it is called.
(cd d/sub && btmakemetafile http://t/a .) || fail "'.' failed"
[ -f d/sub.torrent ] || fail "no d/sub.torrent"
rm -f d/sub.torrent

# An empty file, an empty directory, odd names.
run 0 btmakemetafile http://t/a d/empty
run 0 btshowmetainfo d/empty.torrent
has out 'file size.....: 0 (0 * 32768 + 0)'
rm -f d/empty.torrent
mkdir void odd
run 1 btmakemetafile http://t/a void
has err 'btmakemetafile: void: no files'
printf 1 >"odd/$(printf 'e\033[2J\303\251\377')"
printf 2 >'odd/q"b\s'
run 0 btmakemetafile http://t/a odd
run 0 btshowmetainfo odd.torrent
has out '   e\x1b[2Jé\xff (1)'
run 0 btshowmetainfo --json 1 odd.torrent
has out '"e\u001b[2Jé\ufffd"'
has out '"q\"b\\s"'

# One bad file does not stop the rest.
rm -f a.bin.torrent
run 1 btmakemetafile http://t/a none a.bin
has err 'btmakemetafile: none: No such file'
[ -f a.bin.torrent ] || fail "the rest was stopped"
printf 'd4:infod6:lengthi5e4:name2:..12:piece lengthi16384e6:pieces19:aaaaaaaaaaaaaaaaaaaee' >evil.torrent
run 1 btshowmetainfo evil.torrent none.torrent a.bin.torrent
has err "btshowmetainfo: evil.torrent: 'pieces' is no multiple of 20 bytes"
has err 'btshowmetainfo: none.torrent: No such file'
has out 'metainfo file.: a.bin.torrent'
btshowmetainfo --json - <a.bin.torrent | grep -q '"total_size":100000' || fail "standard input"
printf 'd4:infod6:lengthi5e4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee' >bare.torrent
run 0 btshowmetainfo bare.torrent
has out '***WARNING*** - no announce key'

# Command lines.
for tool in btmakemetafile btshowmetainfo; do
	run 2 $tool
	has out "usage: $tool "
	[ -s err ] && fail "$tool: usage on stderr"
	run 0 $tool --help
	has out "usage: $tool "
	run 0 $tool --version
	has out "$tool "
	run 2 $tool --nonsense 1 x y
	has err "$tool: unknown option --nonsense"
	[ -s out ] && fail "$tool: a mistake was printed on stdout"
done
run 2 btmakemetafile http://t/a
has err 'too few arguments'
run 2 btmakemetafile http://t/a a.bin --comment
has err 'option --comment needs a value'
run 2 btmakemetafile http://t/a a.bin --piece_size_pow2 30
has err 'piece_size_pow2: must be from 0 to 29'
run 2 btmakemetafile http://t/a a.bin --piece_size_pow2 1x
run 1 btshowmetainfo --json 0 -- --no-such-file
has err '--no-such-file: No such file'
SOURCE_DATE_EPOCH=soon run 2 btmakemetafile http://t/a a.bin
if [ -w /dev/full ]; then
	btshowmetainfo a.bin.torrent >/dev/full 2>err && fail "a full disk was not noticed"
	has err 'standard output'
fi

finish
