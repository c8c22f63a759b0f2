#!/bin/sh
# SPDX-License-Identifier: ISC
# What we edit is as transmission-edit edits it, and is read by others with the same info-hash.
. "${srcdir:-.}/tests/cli/common.sh"

mkdir -p d/sub
head -c 300001 /dev/urandom >d/big
echo two >d/sub/two
head -c 70000 /dev/urandom >single
run 0 btmakemetafile http://a/announce d single

# theirs FILE: what transmission-show says, but for what depends on the file's name
theirs()
{
	transmission-show "$1" | grep -v -e '^File: '
}

# both NAME FILE THEIR-OPTIONS -- OUR-OPTIONS: edits a copy each; the trackers and all else agree
both()
{
	name=$1 file=$2
	shift 2
	cp "$file" theirs.torrent
	cp "$file" ours.torrent
	their=
	while [ "$1" != -- ]; do
		their="$their $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	run 0 transmission-edit $their theirs.torrent
	run 0 btreannounce "$@" ours.torrent
	theirs theirs.torrent >want
	theirs ours.torrent >have
	cmp -s want have || { fail "$name: not as transmission-edit has it:"; diff want have; }
}

if have transmission-edit && have transmission-show; then
	for t in d single; do
		both "add to one" $t.torrent --add http://b/announce -- --add http://b/announce
		cp ours.torrent two.torrent
		both "add to two" two.torrent --add udp://c:1/x -- --add udp://c:1/x
		cp ours.torrent three.torrent
		both "replace" three.torrent --replace announce x -- --replace announce --with x
		both "delete the second" three.torrent --delete http://b/announce -- \
		    --remove http://b/announce
		both "add what is there" three.torrent --add http://b/announce -- \
		    --add http://b/announce
	done
	run 0 btmakemetafile http://a/announce single
	hash=$(transmission-show single.torrent | sed -n 's/^ *Hash: *//p')
	run 0 btreannounce http://x/y -a 'http://x/y,http://x/z|udp://z:1' single.torrent
	[ "$(transmission-show single.torrent | sed -n 's/^ *Hash: *//p')" = "$hash" ] ||
	    fail "the info-hash changed"
fi

# The system's Python has the system's libtorrent, whatever comes first in PATH.
python=
for p in python3 /usr/bin/python3; do
	$p -c 'import libtorrent' 2>/dev/null && python=$p
done
if [ -n "$python" ]; then
	for kind in v1_only v2_only canonical_files_no_tail_padding; do
		for content in single d; do
			$python - $content $kind <<'END'
import libtorrent as lt, sys
fs = lt.file_storage()
lt.add_files(fs, sys.argv[1])
flag = getattr(lt.create_torrent, sys.argv[2], None)
ct = lt.create_torrent(fs, 16384, flag or getattr(lt.create_torrent_flags_t, sys.argv[2]))
lt.set_piece_hashes(ct, ".")
open("it.torrent", "wb").write(lt.bencode(ct.generate()))
END
			run 0 btreannounce http://x/y -a 'http://x/y|http://x/z' it.torrent
			run 0 btrename --json it.torrent new
			new=$(sed 's/.*"new":{.*"info_hash":"*\([0-9a-z]*\)"*,"info_hash_v2":"*\([0-9a-z]*\)"*}.*/\1 \2/' out)
			$python - $content >read <<'END'
import libtorrent as lt, sys
t = lt.torrent_info("it.torrent")
h = t.info_hashes()
print(h.v1 if h.has_v1() else "null", h.v2 if h.has_v2() else "null")
print(t.name(), [x.url for x in t.trackers()])
print(min(t.files().file_path(i) for i in range(t.files().num_files())
    if "/.pad/" not in t.files().file_path(i)))
END
			first=new
			[ $content = d ] && first=new/big
			same read <<END
$new
new ['http://x/y', 'http://x/z']
$first
END
		done
	done
else
	echo "SKIP: libtorrent for Python is not installed"
fi
finish
