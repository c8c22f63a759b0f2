#!/bin/sh
# SPDX-License-Identifier: ISC
# Torrents are given up, end when they have seeded as asked, and programs are run for them.
. "${srcdir:-.}/tests/cli/common.sh"

pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT

head -c 300000 /dev/urandom >film
run 0 btmakemetafile http://127.0.0.1:1/announce film
cat >hook <<'END'
#!/bin/sh
printf '%s|%s|%s|%s|%s|%s\n' "$BT_EVENT" "$BT_NAME" "$BT_PATH" "$BT_TORRENT" "$BT_SIZE" \
    "$BT_ERROR" >>hooked
printf '%s\n' "$BT_INFO_HASH" >hash
exit $(cat status 2>/dev/null || echo 0)
END
chmod +x hook

# Nobody has it.
run 3 timeout 20 btdownloadheadless film.torrent --saveas none --no_peers_time 0.4 \
    --bind 127.0.0.1 --on_error ./hook
has err 'film.torrent: given up: no peer for too long'
has hooked "error|film|$work/none|film.torrent|300000|no peer for too long"
run 3 timeout 20 btdownloadheadless film.torrent --saveas none --no_progress_time 0.4 \
    --bind 127.0.0.1
has err 'nothing received for too long'
run 3 timeout 20 btdownloadheadless film.torrent --saveas none --deadline 0.4 --bind 127.0.0.1
has err 'not complete in time'

# What is complete is never given up, and found complete is not downloaded.
rm hooked
run 0 timeout 20 btdownloadheadless film.torrent --saveas film --deadline 0.3 --no_peers_time 0.3 \
    --seed_time 1 --bind 127.0.0.1 --on_complete ./hook
[ ! -e hooked ] || fail "a seed was taken for a download: $(cat hooked)"

port=$(python3 "$srcdir/tests/cli/free_port.py")
btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --minport $port --maxport $port \
    --json 1 >seed.log 2>&1 &
pids="$pids $!"
until_has seed.log '"state":"seeding"'
run 0 timeout 20 btdownloadheadless film.torrent --saveas copy --bind 127.0.0.1 --state '' \
    --peer 127.0.0.1:$port --stop_when_done 1 --on_complete ./hook
has hooked "complete|film|$work/copy|film.torrent|300000|"
btshowmetainfo film.torrent | grep -q "$(cat hash)" || fail "another info-hash: $(cat hash)"
echo 7 >status
run 0 timeout 20 btdownloadheadless film.torrent --saveas copy2 --bind 127.0.0.1 --state '' \
    --peer 127.0.0.1:$port --stop_when_done 1 --on_complete ./hook
has err './hook: ended with 7'
run 0 timeout 20 btdownloadheadless film.torrent --saveas copy3 --bind 127.0.0.1 --state '' \
    --peer 127.0.0.1:$port --stop_when_done 1 --on_complete ./nothing
has err './nothing: No such file or directory'

# The worst of several counts; the others are not held up.
head -c 1000 /dev/urandom >other
run 0 btmakemetafile http://127.0.0.1:1/announce other
run 3 timeout 20 btdownloadheadless film.torrent other.torrent --saveas several --bind 127.0.0.1 \
    --state '' --peer 127.0.0.1:$port --stop_when_done 1 --no_progress_time 2
cmp film several/film || fail "it was not downloaded beside one that was given up"
finish
