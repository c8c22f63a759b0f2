#!/bin/sh
# SPDX-License-Identifier: ISC
# --preset: options from a file, below those of the command line.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
unset XDG_CONFIG_HOME
export HOME="$work/home" BTCORE_CONFIG="$work/presets"
mkdir -p home/.config/btcore xdg/btcore in
echo a >a
echo b >in/b
echo c >in/c
cat >presets <<'END'
# A comment, and a blank line.

[tracker]
  announce = http://t/announce#x
source=SRC
private = 1
private = 0
 private=1
piece-length = 50000
comment =   two  words = three	
[ empty ]
[other]
filesystem_encoding = utf-8
announce-list = http://b/,http://c/|udp://d:1
[tracker]
created_by = 0
END

# field NAME: of made.torrent
field()
{
	btshowmetainfo --field "$1" made.torrent
}

# is WANTED NAME
is()
{
	[ "$(field "$2")" = "$1" ] || fail "$2 is '$(field "$2")', not '$1'"
}

# -- what it gives --
run 0 btmakemetafile --preset tracker a --target made.torrent
is http://t/announce#x announce
is SRC source
is 1 private
is 50000 piece_length
is 'two  words = three' comment
is '' created_by
run 0 btmakemetafile http://u/a a --preset other --target made.torrent
is http://u/a announce
is 'http://b/
http://c/
udp://d:1' announce_list

# -- the command line goes before, wherever it stands --
for words in '--source MINE --preset tracker --private 0' '--preset=tracker --private=0 --source MINE' \
	'--source MINE --private 0 --preset other --preset tracker'; do
	# shellcheck disable=SC2086
	run 0 btmakemetafile a $words --target made.torrent
	is MINE source
	is 0 private
	is http://t/announce#x announce
done
run 0 btmakemetafile --preset tracker http://u/a a --target made.torrent
is http://u/a announce
run 0 btmakemetafile --preset tracker '' a --target made.torrent
is '' announce
run 0 btmakemetafile --preset tracker --announce http://v/a a --target made.torrent
is http://v/a announce
run 0 btmakemetafile --announce http://v/a a --target made.torrent
is http://v/a announce
run 0 btmakemetafile --preset empty --comment '' http://u/a a --target made.torrent
run 0 btmakemetafile http://u/a --comment --preset --target made.torrent a
is --preset comment
run 0 btcompletedir --preset tracker in
cp in/b.torrent made.torrent
is SRC source
[ -e in/c.torrent ] || fail "btcompletedir took a directory for the tracker"

# -- where the file is --
printf '[here]\ncomment = home\n' >home/.config/btcore/presets.conf
printf '[here]\ncomment = xdg\n' >xdg/btcore/presets.conf
unset BTCORE_CONFIG
run 0 btmakemetafile http://t/a a --preset here --target made.torrent
is home comment
export XDG_CONFIG_HOME="$work/xdg"
run 0 btmakemetafile http://t/a a --preset here --target made.torrent
is xdg comment
export BTCORE_CONFIG=
run 0 btmakemetafile http://t/a a --preset here --target made.torrent
is xdg comment
unset XDG_CONFIG_HOME HOME
run 2 btmakemetafile http://t/a a --preset here
has err 'BTCORE_CONFIG or HOME must say where presets are'

# -- mistakes: one line with the file and its line, and nothing is made --
export BTCORE_CONFIG=bad
rm -f a.torrent
# bad TEXT ERROR: with these lines in the section
bad()
{
	printf '[x]\n%s\n' "$1" >bad
	run 2 btmakemetafile --preset x http://t/a a
	[ "$(cat err)" = "btmakemetafile: bad$2" ] || { fail "not as wanted: bad$2"; cat err; }
	[ -e a.torrent ] && fail "a torrent was made"
}
bad 'nonsense = 1' ":2: btmakemetafile has no option 'nonsense'"
bad 'preset = x' ":2: btmakemetafile has no option 'preset'"
bad '--comment = x' ":2: btmakemetafile has no option '--comment'"
bad ' = x' ":2: btmakemetafile has no option ''"
bad '
private = yes' ":3: private: 'yes' is neither 0 nor 1"
bad 'threads = 65' ':2: threads: must be from 0 to 64'
bad 'piece_length = 1e9' ":2: piece_length: '1e9' is not a number of bytes, such as 65536, 64K or 1M"
bad 'meta_version = 3' ":2: meta_version: '3' is none of 1|2|hybrid"
bad 'creation_date = soon' ":2: creation_date: 'soon' is not a number of seconds"
bad 'nodes = x' ":2: nodes: 'x' is not HOST:PORT"
bad 'similar = x' ":2: similar: 'x' is not an info-hash of 40 digits"
bad 'private' ":2: neither '[NAME]' nor 'option = value'"
bad '[y' ":2: neither '[NAME]' nor 'option = value'"
printf 'comment = x\n[y]\nprivate = yes\n' >bad
run 2 btmakemetafile --preset x http://t/a a
[ "$(cat err)" = "btmakemetafile: bad: has no preset 'x'" ] || { fail "a preset that is not there"; cat err; }
BTCORE_CONFIG=none
run 2 btmakemetafile --preset x http://t/a a
[ "$(cat err)" = "btmakemetafile: none: No such file or directory" ] || { fail "no file"; cat err; }
BTCORE_CONFIG=in
run 2 btcompletedir --preset x http://t/a in
[ "$(cat err)" = "btcompletedir: in: Is a directory" ] || { fail "a directory"; cat err; }
run 2 btmakemetafile --preset
has err 'option --preset needs a value'
run 2 btmakemetafile --preset '' http://t/a a
has err '--preset: must not be empty'
# What the command line says instead is not the file's fault.
BTCORE_CONFIG=bad
printf '[x]\nnodes = a:1\n' >bad
run 2 btmakemetafile --preset x --nodes y http://t/a a
has err "btmakemetafile: --nodes: 'y' is not HOST:PORT"
# A wrong value is an error even where the command line has a right one.
BTCORE_CONFIG=bad
printf '[x]\nthreads = many\n' >bad
run 2 btmakemetafile --preset x --threads 1 http://t/a a
has err 'bad:2: threads'
run 2 btmakemetafile --announce http://t/a
has err 'too few arguments'
run 2 btmakemetafile http://t/a
has err 'too few arguments'

finish
