#!/bin/sh
# SPDX-License-Identifier: ISC
# btshowmetainfo --lint: findings, statuses, and that what we and others make has none.
. "${srcdir:-.}/tests/cli/common.sh"

mkdir -p d/sub
head -c 100000 /dev/zero >d/a
printf 'x\n' >d/sub/b
: >d/e
for kind in 1 2 hybrid; do
	run 0 btmakemetafile http://t/a d --meta_version $kind --target $kind.torrent --nodes h:1 \
		--announce-list 'http://t/a|udp://u:1' --httpseeds http://h/ --webseed http://w/ --private \
		--collections c --comment 'c' --source s
done
run 0 btshowmetainfo --lint 1.torrent 2.torrent hybrid.torrent
[ -s out ] || [ -s err ] && fail "not silent: $(cat out err)"
run 0 btshowmetainfo --lint --json 1.torrent
same out <<'END'
{"metainfo_file":"1.torrent","findings":[],"finding_count":0}
END

printf 'd8:announce1:x8:url-listi1e4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces0:ee' \
	>bad.torrent
run 1 btshowmetainfo --lint bad.torrent 1.torrent none.torrent
same out <<'END'
bad.torrent: keys are not sorted: 'info' at byte 27 (BEP 3)
bad.torrent: 'announce': 'x' is no URL (BEP 3)
bad.torrent: 'url-list' is a number (BEP 19)
bad.torrent: info: 0 piece hashes for 1 pieces (BEP 3)
END
has err 'btshowmetainfo: none.torrent: No such file'
has err 'btshowmetainfo: 1 well, 1 faulty, 1 failed'
run 1 btshowmetainfo --lint --json bad.torrent none.torrent
same out <<'END'
{"metainfo_file":"bad.torrent","findings":[{"bep":3,"text":"keys are not sorted: 'info' at byte 27"},{"bep":3,"text":"'announce': 'x' is no URL"},{"bep":19,"text":"'url-list' is a number"},{"bep":3,"text":"info: 0 piece hashes for 1 pieces"}],"finding_count":4}
{"metainfo_file":"none.torrent","findings":[],"finding_count":0,"error":"none.torrent: No such file or directory"}
END
run 1 btshowmetainfo --lint - <bad.torrent
printf '<html>' >page
run 1 btshowmetainfo --lint page
same out <<'END'
page: malformed: no value at byte 0 (BEP 3)
END
mkdir in
cp bad.torrent in/x.torrent
run 1 btshowmetainfo --lint --recursive in
has out "in/x.torrent: 'announce'"
run 2 btshowmetainfo --lint --tree bad.torrent
run 2 btshowmetainfo --lint --verify . bad.torrent

# Names that cannot be on disk as they are: the torrent is read, and all are told of it.
tail='e4:name2:..12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee'
printf "d4:infod5:filesld6:lengthi1e4:pathl1:aeed6:lengthi1e4:pathl2:..1:bee\
d6:lengthi1e4:pathl1:aee$tail" >names.torrent
run 1 btshowmetainfo --lint names.torrent
same out <<'END'
names.torrent: info: 'name': unsafe name in a path: '..' (BEP 3)
names.torrent: file 2: 'path': unsafe name in a path: '..' (BEP 3)
names.torrent: file 2: '../b' is saved as '_/b' (BEP 3)
names.torrent: file 3: one of several of that name, 'a' is saved as 'a.1' (BEP 3)
END
run 0 btshowmetainfo names.torrent
has out 'let pass......: unsafe names'
run 0 btshowmetainfo --field tolerated names.torrent
same out <<'END'
unsafe names
END
printf 'd4:infod5:filesld6:lengthi0e4:pathl2:..1:beee4:name1:x12:piece lengthi16384e6:pieces0:ee' >no.torrent
run 0 timeout 20 btdownloadheadless no.torrent --saveas down --seed_time 0 --bind 127.0.0.1
has err 'no.torrent: not as it should be, but let pass: unsafe names'
[ -f down/_/b ] || fail "not spelled as told: $(find down)"

# A stranger's torrent does not fill the screen.
{ printf 'd13:announce-listl'; yes le | head -n 3000 | tr -d '\n'; printf 'ee'; } >many
run 1 btshowmetainfo --lint many
[ "$(wc -l <out)" -eq 1001 ] || fail "$(wc -l <out) lines"
has out 'many: 2002 more findings'

# What others make.
if have mktorrent; then
	mktorrent -a http://t/a -w http://w/ -p -o mk.torrent d >/dev/null
	run 0 btshowmetainfo --lint mk.torrent
fi
if have transmission-create; then
	transmission-create -p -t http://t/a -o tr.torrent d >/dev/null
	run 0 btshowmetainfo --lint tr.torrent
fi

finish
