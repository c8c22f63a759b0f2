#!/bin/sh
# SPDX-License-Identifier: ISC
# Our torrents are understood by others, and theirs by us: info-hashes agree.
. "${srcdir:-.}/tests/cli/common.sh"

# The system's Python has the system's libtorrent, whatever comes first in PATH.
python=
for p in python3 /usr/bin/python3; do
	$p -c 'import libtorrent' 2>/dev/null && python=$p
done

mkdir -p d/sub
head -c 300001 /dev/urandom >d/big
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

run 0 btmakemetafile http://127.0.0.1:1/announce d single
for name in d single; do
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
