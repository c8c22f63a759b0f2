#!/bin/sh
# SPDX-License-Identifier: ISC
# Our torrents are understood by others, and theirs by us: info-hashes agree.
. "${srcdir:-.}/tests/cli/common.sh"

# The system's Python has the system's libtorrent, whatever comes first in PATH.
# libtorrent takes file names for text of the locale.
python=
for p in python3 /usr/bin/python3; do
	$p -c 'import libtorrent' 2>/dev/null && python="env LC_ALL=C.UTF-8 $p"
done

mkdir -p d/sub
head -c 300001 /dev/urandom >d/big
cp d/big d/sub/same
printf x >"d/sub/$(printf '\303\251')"
: >d/empty
head -c 70000 /dev/urandom >single

ours()
{
	btshowmetainfo --json 1 "$1" | sed 's/.*"info_hash":"\([0-9a-f]*\)".*/\1/'
}

agree()
{
	[ -n "$2" ] && [ "$2" = "$3" ] || fail "$1: '$2', ours '$3'"
}

# Made anew by libtorrent, its files in the order of ours, which v1 alone leaves to the maker.
hashes_by_libtorrent()
{
	$python - "$1" "$2" <<'END'
import libtorrent as lt, sys
name, kind = sys.argv[1:]
found, fs = lt.file_storage(), lt.file_storage()
lt.add_files(found, name)
files = [(found.file_path(i), found.file_size(i)) for i in range(found.num_files())]
for path, size in sorted(files, key=lambda f: f[0].encode().split(b"/")):
    fs.add_file(path, size)
flag = {"1": "v1_only", "2": "v2_only", "hybrid": "canonical_files_no_tail_padding"}[kind]
ct = lt.create_torrent(fs, 32768, getattr(lt.create_torrent, flag, None) or
                       getattr(lt.create_torrent_flags_t, flag))
lt.set_piece_hashes(ct, ".")
h = lt.torrent_info(ct.generate()).info_hashes()
print(h.v1 if h.has_v1() else "null", h.v2 if h.has_v2() else "null")
END
}

mkdir -p lone tree/a/b
printf x >lone/file
: >tree/a/b/empty
printf y >tree/a.b
head -c 32768 /dev/urandom >tree/a/c
: >tree/z
run 0 btmakemetafile http://127.0.0.1:1/announce d single lone tree
for name in d single lone tree; do
	t=$name.torrent
	if have transmission-show; then
		agree "transmission-show $t" \
		    "$(transmission-show $t | sed -n 's/^ *Hash: \([0-9a-f]*\).*/\1/p')" "$(ours $t)"
	fi
	if have aria2c; then
		agree "aria2c -S $t" \
		    "$(aria2c -S $t | sed -n 's/^Info Hash: \([0-9a-f]*\).*/\1/p')" "$(ours $t)"
	fi
	if [ -n "$python" ]; then
		agree "libtorrent $t" "$($python -c '
import libtorrent, sys
print(libtorrent.torrent_info(sys.argv[1]).info_hash())' $t)" "$(ours $t)"
		for kind in v1_only v2_only canonical_files_no_tail_padding; do
			$python - $name $kind >theirs <<'END'
import libtorrent as lt, sys
fs = lt.file_storage()
lt.add_files(fs, sys.argv[1])
ct = lt.create_torrent(fs, 16384, getattr(lt.create_torrent, sys.argv[2], None) or getattr(lt.create_torrent_flags_t, sys.argv[2]))
lt.set_piece_hashes(ct, ".")
data = lt.bencode(ct.generate())
open("theirs.torrent", "wb").write(data)
h = lt.torrent_info("theirs.torrent").info_hashes()
print(h.v1 if h.has_v1() else "null", h.v2 if h.has_v2() else "null")
END
			agree "$name made by libtorrent ($kind)" "$(cat theirs)" "$(btshowmetainfo --json 1 theirs.torrent |
			    sed 's/.*"info_hash":"*\([0-9a-z]*\)"*,"info_hash_v2":"*\([0-9a-z]*\)"*,.*/\1 \2/')"
		done
	else
		echo "SKIP: libtorrent for Python is not installed"
	fi
	for kind in 1 2 hybrid; do
		[ -n "$python" ] || continue
		run 0 btmakemetafile http://127.0.0.1:1/a $name --meta_version $kind \
			--piece_size_pow2 15 --target ours.torrent
		agree "$name of v$kind" "$(hashes_by_libtorrent $name $kind)" \
			"$(btshowmetainfo --json 1 ours.torrent |
			sed 's/.*"info_hash":"*\([0-9a-z]*\)"*,"info_hash_v2":"*\([0-9a-z]*\)"*,.*/\1 \2/')"
		agree "$name of v$kind, read by libtorrent" "$($python -c '
import libtorrent, sys
h = libtorrent.torrent_info(sys.argv[1]).info_hashes()
print(h.v1 if h.has_v1() else "null", h.v2 if h.has_v2() else "null")' ours.torrent)" \
			"$(hashes_by_libtorrent $name $kind)"
	done
	for maker in transmission-create mktorrent; do
		have $maker || continue
		rm -f theirs.torrent
		case $maker in
		transmission-create) transmission-create -o theirs.torrent -t http://127.0.0.1:1/a $name ;;
		mktorrent) mktorrent -a http://127.0.0.1:1/a -o theirs.torrent $name ;;
		esac >/dev/null 2>&1
		run 0 btshowmetainfo theirs.torrent
		if have transmission-show; then
			agree "$maker $name" "$(transmission-show theirs.torrent |
			    sed -n 's/^ *Hash: \([0-9a-f]*\).*/\1/p')" "$(ours theirs.torrent)"
		fi
	done
done
finish
