#!/bin/sh
# SPDX-License-Identifier: ISC
# Stored links, orders and hints as others have and read them: info-hashes agree.
. "${srcdir:-.}/tests/cli/common.sh"

python=
for p in python3 /usr/bin/python3; do
	$p -c 'import libtorrent' 2>/dev/null && python="env LC_ALL=C.UTF-8 $p"
done

mkdir -p d/a/b d/z
head -c 40000 /dev/urandom >d/a/b/f
printf hello >d/m
: >d/empty
ln -s b/f d/a/down
ln -s ../m d/a/up
ln -s a/b d/dir
ln -s k d/chain
ln -s m d/k
ln -s ../a/b/f d/z/far
printf 1 >d/n10
printf 22 >d/n9

agree()
{
	[ -n "$2" ] && [ "$2" = "$3" ] || fail "$1: '$2', ours '$3'"
}

hashes()
{
	echo "$(btshowmetainfo --field info_hash "$1") $(btshowmetainfo --field info_hash_v2 "$1")"
}

# by_libtorrent KIND ORDER: links say where they lead to from the top (BEP 47).
by_libtorrent()
{
	$python - "$@" <<'END'
import libtorrent as lt, os, re, sys
kind, order = sys.argv[1:]
fs, found = lt.file_storage(), []
for folder, folders, files in os.walk("d"):
    found += [os.path.join(folder, f) for f in files]
    found += [f for f in (os.path.join(folder, f) for f in folders) if os.path.islink(f)]
found.sort(key=lambda f: os.fsencode(f).split(b"/"))
if order == "natural":
    found.sort(key=lambda f: [[int(p) if p.isdigit() else p for p in re.split(r"(\d+)", e)]
                              for e in f.split("/")])
if order == "size":
    found.sort(key=lambda f: 0 if os.path.islink(f) else os.path.getsize(f))
for f in found:
    if os.path.islink(f):
        to = os.path.join(os.path.dirname(f), os.readlink(f))
        fs.add_file(f, 0, lt.file_storage.flag_symlink, 0,
                    os.path.relpath(os.path.normpath(to), "d"))
    else:
        fs.add_file(f, os.path.getsize(f))
flag = {"1": "v1_only", "2": "v2_only", "hybrid": "canonical_files_no_tail_padding"}[kind]
flag = getattr(lt.create_torrent, flag, None) or getattr(lt.create_torrent_flags_t, flag)
ct = lt.create_torrent(fs, 16384, flag | lt.create_torrent.symlinks)
ct.add_collection("one")
ct.add_collection("two")
ct.add_similar_torrent(lt.sha1_hash(b"a" * 20))
ct.set_priv(True)
lt.set_piece_hashes(ct, ".")
h = lt.torrent_info(ct.generate()).info_hashes()
print(h.v1 if h.has_v1() else "", h.v2 if h.has_v2() else "")
END
}

# What it reads of ours: where links lead to, and the nodes.
read_by_libtorrent()
{
	$python - "$1" <<'END'
import libtorrent as lt, sys
t = lt.torrent_info(sys.argv[1])
f = t.files()
print(" ".join(f.file_path(i) + ">" + f.symlink(i) for i in range(f.num_files())
               if f.file_flags(i) & lt.file_storage.flag_symlink))
print(t.nodes())
END
}

[ -n "$python" ] || echo "SKIP: libtorrent for Python is not installed"
for what in "1 path" "2 path" "hybrid path" "1 natural" "1 size"; do
	set -- $what
	run 0 btmakemetafile http://127.0.0.1:1/a d --symlinks store --meta_version $1 --order $2 \
		--piece_length 16384 --collections 'one,two' --similar \
		6161616161616161616161616161616161616161 --nodes 'router.example:6881,[::1]:9' \
		--private --target ours.torrent
	run 0 btshowmetainfo --verify d ours.torrent
	has out 'complete (40008 of 40008 bytes)'
	if [ -n "$python" ]; then
		agree "v$what" "$(by_libtorrent $what)" "$(hashes ours.torrent)"
		read_by_libtorrent ours.torrent >read
		has read 'd/a/down>d/a/b/f'
		has read 'd/a/up>d/m'
		has read 'd/chain>d/k'
		has read 'd/dir>d/a/b'
		has read 'd/z/far>d/a/b/f'
		has read "[('router.example', 6881), ('::1', 9)]"
	fi
	[ "$1" = 1 ] || continue
	if have transmission-show; then
		agree "transmission-show $what" \
		    "$(transmission-show ours.torrent | sed -n 's/^ *Hash: \([0-9a-f]*\).*/\1/p')" \
		    "$(btshowmetainfo --field info_hash ours.torrent)"
	fi
	if have aria2c; then
		agree "aria2c -S $what" \
		    "$(aria2c -S ours.torrent | sed -n 's/^Info Hash: \([0-9a-f]*\).*/\1/p')" \
		    "$(btshowmetainfo --field info_hash ours.torrent)"
	fi
done
finish
