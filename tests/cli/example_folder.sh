#!/bin/sh
# SPDX-License-Identifier: ISC
# doc/example_folder.c keeps a folder seeded.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

mkdir share
head -c 300001 /dev/urandom >share/film
start_tracker
run 0 btmakemetafile http://127.0.0.1:$port/announce share/film --target film.torrent
"$top/example_folder" share >example.log 2>&1 &
pids="$pids $!"
cp film.torrent share
until_has example.log 'added share/film.torrent'
until_has example.log 'torrent 1 is complete'
run 0 timeout 30 btdownloadheadless film.torrent --saveas copy --bind 127.0.0.1 --seed_time 0
cmp share/film copy || fail "what was downloaded is different"
rm share/film.torrent
until_has example.log 'dropped share/film.torrent'
[ "$(grep -vc '^ *$' "$srcdir/doc/example_folder.c")" -lt 80 ] || fail "it has grown"
finish
