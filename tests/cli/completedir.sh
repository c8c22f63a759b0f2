#!/bin/sh
# SPDX-License-Identifier: ISC
# btcompletedir: what gets a torrent, where, and what does not.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
mkdir -p in/dir in/CVS in/.hidden in/void
for f in in/dir/x in/a in/b in/core in/.dot in/CVS/y in/.hidden/z; do
	printf '%s\n' "$f" >$f
done

# One bad entry does not stop the rest; an empty one is not worth a word.
ln -s nowhere in/Broken
run 1 btcompletedir http://t/a in
has err 'btcompletedir: in/Broken: No such file'
has err 'btcompletedir: 3 made, 1 failed'
grep -q void err && fail "in/void: $(cat err)"
rm in/Broken
(cd in && ls -A) >have
same have <<'END'
.dot
.hidden
CVS
a
a.torrent
b
b.torrent
core
dir
dir.torrent
void
END
run 0 btcompletedir http://t/a in
[ -s out ] || [ -s err ] && fail "not silent: $(cat out err)"
mkdir wanted wanted/a wanted/b
echo >wanted/a/x.txt
echo >wanted/b/x.jpg
run 0 btcompletedir http://t/a wanted --include '*.txt'
[ -f wanted/a.torrent ] && [ ! -e wanted/b.torrent ] || fail "$(ls wanted)"
[ -s err ] && fail "not silent: $(cat err)"
rmdir in/void
run 0 btmakemetafile http://t/a in/dir --target made.torrent
cmp -s in/dir.torrent made.torrent || fail "not as btmakemetafile makes it"

# What has a torrent is left alone, whatever that is.
echo mine >in/b.torrent
rm in/a.torrent
run 0 btcompletedir http://t/a in/ --comment new
[ "$(cat in/b.torrent)" = mine ] || fail "b.torrent was replaced"
btshowmetainfo --json in/a.torrent | grep -q '"comment":"new"' || fail "a.torrent was not made"

# Results elsewhere, even among the entries; made once.
rm in/*.torrent
mkdir in/results
run 0 btcompletedir --target in/results http://t/a in
(cd in/results && ls) >have
same have <<'END'
a.torrent
b.torrent
dir.torrent
END
before=$(stat -c %i in/results/*)
run 0 btcompletedir http://t/a in --target=in/results
[ "$(stat -c %i in/results/*)" = "$before" ] || fail "made again"
[ -z "$(ls in/*.torrent 2>/dev/null)" ] || fail "torrents beside the files"

# Several folders, one of them missing.
mkdir in2
echo >in2/c
run 1 btcompletedir http://t/a none in2
has err 'btcompletedir: none: No such file'
[ -s in2/c.torrent ] || fail "the rest was stopped"

# Command lines.
run 2 btcompletedir
has out 'usage: btcompletedir URL DIR...'
run 0 btcompletedir --help
for option in announce-list comment target piece_size_pow2; do
	has out "--$option"
done
run 0 btcompletedir --version
run 2 btcompletedir http://t/a
run 2 btcompletedir http://t/a in --target in/a
has err 'must be a directory'
finish
