#!/bin/sh
# SPDX-License-Identifier: ISC
# btshowmetainfo --verify: what it says of content that is whole, spoilt, short, or not there.
. "${srcdir:-.}/tests/cli/common.sh"

# flip FILE OFFSET: the byte there becomes an 'x', or back again.
flip()
{
	if [ -f "$1.was" ]; then
		cat "$1.was" >"$1"
		rm "$1.was"
	else
		cp "$1" "$1.was"
		printf x | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
	fi
}

mkdir -p in/d/sub
head -c 50000 /dev/zero >in/d/a
printf 'hello\n' >in/d/b
head -c 70000 /dev/zero >in/d/sub/c
: >in/d/sub/empty
head -c 100000 /dev/zero >in/single
for kind in 1 2 hybrid; do
	run 0 btmakemetafile http://t/a in/d in/single --piece_size_pow2 14 --meta_version $kind
	mv in/d.torrent d-$kind.torrent
	mv in/single.torrent single-$kind.torrent
done

# Whole; in its directory, and by itself.
run 0 btshowmetainfo --verify in d-1.torrent single-1.torrent
same out <<'END'
metainfo file.: d-1.torrent
content.......: in/d
   complete   a (50000)
   complete   b (6)
   complete   sub/c (70000)
   complete   sub/empty (0)
result........: complete (120006 of 120006 bytes)
metainfo file.: single-1.torrent
content.......: in/single
   complete   single (100000)
result........: complete (100000 of 100000 bytes)
END
[ -s err ] && fail "progress without a terminal"
run 0 btshowmetainfo --verify in *.torrent
[ "$(grep -c '^result........: complete' out)" -eq 6 ] || fail "six torrents: $(cat out)"
run 0 btshowmetainfo --verify in/d d-1.torrent d-2.torrent d-hybrid.torrent
run 0 btshowmetainfo --verify in/single single-2.torrent
mv in/d in/renamed
run 0 btshowmetainfo --verify=in/renamed d-1.torrent
run 1 btshowmetainfo --verify in d-1.torrent
has out 'result........: 0 of 4 files complete, 4 missing (0 of 120006 bytes)'
mv in/renamed in/d

# Spoilt where a file is alone, and where three files share a piece.
flip in/d/a 20000
run 1 btshowmetainfo --verify in d-1.torrent d-2.torrent d-hybrid.torrent
[ "$(grep -c '   wrong      a (50000); bad: piece 1$' out)" -eq 3 ] || fail "a: $(cat out)"
[ "$(grep -c 'result........: 3 of 4 files complete, 1 wrong' out)" -eq 3 ] || fail "3 of 4"
flip in/d/a
flip in/d/b 2
run 1 btshowmetainfo --verify in d-1.torrent
same out <<'END'
metainfo file.: d-1.torrent
content.......: in/d
   doubtful   a (50000); piece 3 is bad, shared with sub/c and 1 more
   doubtful   b (6); piece 3 is bad, shared with a and 1 more
   doubtful   sub/c (70000); piece 3 is bad, shared with a and 1 more
   complete   sub/empty (0)
result........: 1 of 4 files complete, 3 doubtful (103622 of 120006 bytes)
END
run 1 btshowmetainfo --verify in d-2.torrent
has out '   wrong      b (6); bad: piece 4'
has out 'result........: 3 of 4 files complete, 1 wrong'
flip in/d/b

# Short, long, missing, and no file at all.
truncate -s 60000 in/d/sub/c
rm in/d/b
mkdir in/d/b
printf y >in/d/sub/empty
run 1 btshowmetainfo --verify in d-1.torrent
same out <<'END'
metainfo file.: d-1.torrent
content.......: in/d
   doubtful   a (50000); piece 3 cannot be tried without b
   unreadable b (6); Is a directory
   wrong      sub/c (70000); 60000 bytes on disk; not there: piece 6-7; piece 3 cannot be tried without b
   wrong      sub/empty (0); 1 bytes on disk
result........: 0 of 4 files complete, 2 wrong, 1 unreadable, 1 doubtful (81920 of 120006 bytes)
END
run 1 btshowmetainfo --verify in --json d-1.torrent
has out '"files":[{"path":"a","length":50000,"state":"doubtful","length_on_disk":50000,"good":49152,"bad":0,"absent":0,"doubtful":848,"pieces":[{"first":3,"last":3,"reason":"untried","neighbours":2,"neighbour":"b"}],"more_pieces":false},'
has out '{"path":"b","length":6,"state":"unreadable","length_on_disk":0,"error":"Is a directory",'
has out '"complete":false,"total_size":120006,"good":81920,"file_count":4,"files_complete":0,"files_missing":0,"files_wrong":2,"files_unreadable":1,"files_doubtful":1}'
[ "$(wc -l <out)" -eq 1 ] || fail "more than a line of JSON"

# One bad torrent, or one without content, does not stop the rest.
run 1 btshowmetainfo --verify in/single none.torrent d-1.torrent single-hybrid.torrent
has err 'btshowmetainfo: 1 complete, 0 not complete, 2 failed'
has err 'btshowmetainfo: none.torrent: No such file'
has err 'btshowmetainfo: d-1.torrent: in/single: the torrent is of a directory'
has out 'result........: complete (100000 of 100000 bytes)'
run 1 btshowmetainfo --verify nowhere d-1.torrent
has err 'btshowmetainfo: d-1.torrent: nowhere: No such file'
run 2 btshowmetainfo --verify '' d-1.torrent
has err '--verify: must not be empty'
run 2 btshowmetainfo --verify in --tree d-1.torrent

# A path that would lead outside is no torrent at all; a pipe is not waited for.
rm in/single
mkfifo in/single
run 1 btshowmetainfo --verify in single-1.torrent
has out '   unreadable single (100000); Invalid argument'

# Without piece layers the root of the whole file is all there is to go by.
b=bbbbbbbbbbbbbbbb
printf 'd4:infod9:file treed1:ad0:d6:lengthi20000e11:pieces root32:%seee' $b$b >bare.torrent
printf '12:meta versioni2e4:name1:a12:piece lengthi16384eee' >>bare.torrent
head -c 16384 /dev/zero >a
run 1 btshowmetainfo --verify a bare.torrent
has out 'cannot tell of 16384 bytes, whose hashes are not in the torrent'
head -c 20000 /dev/zero >a
run 1 btshowmetainfo --verify a bare.torrent
has out 'bad: piece 0-1'
run 0 btshowmetainfo bare.torrent
has out 'let pass......: missing piece layers'
run 1 btdownloadheadless bare.torrent --saveas down
has err 'torrents of version 2 alone are not supported yet'

finish
