#!/bin/sh
# SPDX-License-Identifier: ISC
# Defaults in files: those that BitTornado has left, and ours; its old options.
. "${srcdir:-.}/tests/cli/common.sh"

export HOME="$work/home" XDG_CONFIG_HOME="$work/config"
mkdir -p home/.BitTornado
echo content >film
run 0 btmakemetafile http://127.0.0.1:1/announce film
seed()
{
	run "$1" timeout 20 btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --state '' \
	    "$2" "$3"
}

# What the original has left counts, unless the command line says otherwise.
cat >home/.BitTornado/config.downloadheadless.ini <<'END'
# written by BitTornado
minport = 1x
seed_time = 0
nonsense = 1
spew = 0
END
seed 0 --verbose 0
has err 'home/.BitTornado/config.downloadheadless.ini:2: passed over: '
has err "config.downloadheadless.ini:4: passed over: there is no option 'nonsense'"
grep -q 'ini:[15]:' err && fail "what is fine is told"
printf 'seed_time = 0\n' >home/.BitTornado/config.downloadheadless.ini
run 124 timeout 1 btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --state '' \
    --seed_time -1

# Ours goes before it; it has all that is no matter of one torrent.
rm home/.BitTornado/config.downloadheadless.ini
run 0 timeout 20 btdownloadheadless film.torrent --saveas film --bind 127.0.0.1 --state '' \
    --seed_time 0 --max_uploads 3 --save_options 1
has config/btcore/downloadheadless.ini 'max_uploads = 3'
has config/btcore/downloadheadless.ini 'seed_time = 0'
grep -qE '^(saveas|priority|save_options|metafile|peer) ' config/btcore/downloadheadless.ini &&
    fail "what is of one run was kept: $(cat config/btcore/downloadheadless.ini)"
[ "$(stat -c %a config/btcore/downloadheadless.ini)" = 600 ] || fail "others can read it"
printf 'max_uploads = 9\nseed_time = -1\n' >home/.BitTornado/config.downloadheadless.ini
seed 0 --save_options 1
has config/btcore/downloadheadless.ini 'max_uploads = 3'
grep -q 'ini:' err && fail "it complains: $(cat err)"

# A preset goes before files, the command line before both.
mkdir -p home/presets
export BTCORE_CONFIG="$work/home/presets/file"
printf '[fast]\nmax_uploads = 5\n' >"$BTCORE_CONFIG"
run 0 timeout 20 btdownloadheadless film.torrent --saveas film --state '' --preset fast \
    --bind 127.0.0.1 --save_options 1
has config/btcore/downloadheadless.ini 'max_uploads = 5'

# Each old option is taken, once with a reason.
seed 0 --spew 1
has err 'warning: --spew has no effect: '
seed 0 --rarest_first_cutoff 2
seed 2 --rarest_first_cut 2
run 0 btlaunchmany --help
finish
