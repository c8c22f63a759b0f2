#!/bin/sh
# SPDX-License-Identifier: ISC
# btshowmetainfo: magnets, trees, fields; with libtorrent, what it makes of our magnets.
. "${srcdir:-.}/tests/cli/common.sh"

export SOURCE_DATE_EPOCH=1700000000
mkdir -p d/sub/deep d/sub-x
head -c 100000 /dev/zero >d/big
printf 'hello\n' >d/one.txt
printf 'x\n' >d/sub/two.txt
printf 'yy\n' >d/sub/deep/three
: >d/sub-x/empty
head -c 100000 /dev/zero >a.bin
run 0 btmakemetafile http://t/a d --announce_list 'http://t/a,udp://b:1|http://c/?k=1&x' \
	--comment 'one' --piece_size_pow2 15
run 0 btmakemetafile http://t/announce a.bin --private

# Trees.
run 0 btshowmetainfo --tree d.torrent a.bin.torrent
same out <<'END'
d (100011)
|-- big (100000)
|-- one.txt (6)
|-- sub (5)
|   |-- deep (3)
|   |   `-- three (3)
|   `-- two.txt (2)
`-- sub-x (0)
    `-- empty (0)

3 directories, 5 files
a.bin (100000)
END
if locale -a 2>/dev/null | grep -qix 'c\.utf-*8'; then
	LC_ALL=C.UTF-8 run 0 btshowmetainfo --tree d.torrent
	has out '│   └── two.txt (2)'
fi

# Magnets.
run 0 btshowmetainfo --magnet d.torrent a.bin.torrent
same out <<'END'
magnet:?xt=urn:btih:6c5fec867fbb7a27fc52b38b7a275e3b51f7e7e8&dn=d&tr=http%3A%2F%2Ft%2Fa&tr=udp%3A%2F%2Fb%3A1&tr=http%3A%2F%2Fc%2F%3Fk%3D1%26x
magnet:?xt=urn:btih:2ad4ac8686d3d5c2e4bc574e6faf46d64aa7ec15&dn=a.bin&tr=http%3A%2F%2Ft%2Fannounce
END

# One value a line.
run 0 btshowmetainfo --field name d.torrent a.bin.torrent
same out <<'END'
d
a.bin
END
run 0 btshowmetainfo --field files d.torrent
same out <<'END'
big
one.txt
sub/deep/three
sub/two.txt
sub-x/empty
END
run 0 btshowmetainfo --field=announce-list d.torrent
same out <<'END'
http://t/a
udp://b:1
http://c/?k=1&x
END
for pair in total_size:100011 piece_length:32768 piece_count:4 private:0 comment:one source: \
    creation_date:1700000000 version:1 single_file:0 file_count:5 announce:http://t/a \
    info_hash_v2: metainfo_file:d.torrent; do
	run 0 btshowmetainfo --field "${pair%%:*}" d.torrent
	[ "$(cat out)" = "${pair#*:}" ] && [ "$(wc -l <out)" -eq 1 ] || fail "$pair: $(cat out)"
done
run 1 btshowmetainfo --field info_hash none.torrent d.torrent
same out <<'END'
6c5fec867fbb7a27fc52b38b7a275e3b51f7e7e8
END
[ "$(btshowmetainfo --field name - <d.torrent)" = d ] || fail "standard input"
# A name with a newline stays one line; every other byte arrives as it is.
printf 'd4:infod6:lengthi0e4:name7:a\nb\\\377\033c12:piece lengthi16384e6:pieces0:ee' >odd.torrent
run 0 btshowmetainfo --field name odd.torrent
printf 'a\\x0ab\\\377\033c\n' | cmp -s - out || fail "a name with a newline: $(od -c out)"
run 2 btshowmetainfo --field '' d.torrent
run 2 btshowmetainfo --field nothing d.torrent
has err '--field nothing: there are announce, '
run 2 btshowmetainfo --tree --magnet d.torrent
has err '--magnet and --tree: just one of them'
run 2 btshowmetainfo --json --field name d.torrent
has err '--field and --json: just one of them'

# What libtorrent reads in our magnets, of all kinds.
python=
for p in python3 /usr/bin/python3; do
	$p -c 'import libtorrent' 2>/dev/null && python=$p
done
if [ -n "$python" ]; then
	for kind in v1_only v2_only none; do
		$python - $kind >theirs <<'END' || fail "libtorrent, $kind"
import libtorrent as lt, sys
fs = lt.file_storage()
lt.add_files(fs, "d")
ct = lt.create_torrent(fs, 16384, getattr(lt.create_torrent, sys.argv[1], 0))
ct.add_tracker("http://t/a?x=1&y")
ct.add_url_seed("http://w/")
lt.set_piece_hashes(ct, ".")
open("theirs.torrent", "wb").write(lt.bencode(ct.generate()))
ti = lt.torrent_info("theirs.torrent")
h = ti.info_hashes()
fs = ti.files()
print(h.v1 if h.has_v1() else "", h.v2 if h.has_v2() else "", ti.name())
for i in range(ti.num_files()):
    if h.has_v2() and not fs.file_flags(i) & 1 and fs.file_size(i) > 0:
        print(fs.root(i))
END
		run 0 btshowmetainfo --magnet theirs.torrent
		$python - "$(cat out)" <<'END' || fail "our magnet, $kind: $(cat out)"
import libtorrent as lt, sys
p = lt.parse_magnet_uri(sys.argv[1])
h = p.info_hashes
line = open("theirs").readline().rstrip("\n")
got = "%s %s %s" % (h.v1 if h.has_v1() else "", h.v2 if h.has_v2() else "", p.name)
if (got, p.trackers, p.url_seeds) != (line, ["http://t/a?x=1&y"], ["http://w/"]):
    sys.exit("%r %r %r, theirs %r" % (got, p.trackers, p.url_seeds, line))
END
		run 0 btshowmetainfo --json theirs.torrent
		sed 1d theirs | while read -r root; do
			grep -q "\"pieces_root\":\"$root\"" out || echo "$root"
		done >missing
		[ -s missing ] && fail "pieces roots, $kind: $(cat missing)"
	done
else
	echo "SKIP: libtorrent for Python is not installed"
fi

# Directories, only when told.
mkdir -p below/sub/.hid
cp d.torrent below/2.torrent
cp d.torrent below/sub/1.torrent
cp d.torrent below/sub/.hid/3.torrent
cp d.torrent below/no
run 1 btshowmetainfo below
has err 'below: Is a directory'
run 0 btshowmetainfo --recursive --field metainfo_file below d.torrent
same out <<'END'
below/2.torrent
below/sub/1.torrent
d.torrent
END
run 1 btshowmetainfo --recursive --verify nowhere below
has err 'btshowmetainfo: 0 complete, 0 not complete, 2 failed'
run 1 btshowmetainfo --recursive --field name missing below
has err 'btshowmetainfo: 2 shown, 1 failed'

finish
