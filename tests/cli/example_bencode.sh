#!/bin/sh
# SPDX-License-Identifier: ISC
# doc/example_bencode.c shows a torrent's keys and writes bencode.
. "${srcdir:-.}/tests/cli/common.sh"

printf 'content\n' >content
run 0 btmakemetafile http://t.example/announce content --target it.torrent
run 0 "$top/example_bencode" it.torrent
has out 'announce: string, 28 bytes'
has out 'info: dictionary, '
has out 'piece length: number, '
has out 'd8:announce25:http://t.example/announcee'
printf 'd1:bi1e1:ai1ee' >unsorted
run 1 "$top/example_bencode" unsorted
has err 'example_bencode: bencode: unsorted keys at byte 7'
run 2 "$top/example_bencode"
finish
