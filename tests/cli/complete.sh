#!/bin/bash
# SPDX-License-Identifier: ISC
# What bash offers on the Tab key.
. "${srcdir:-.}/tests/cli/common.sh"

for script in "$top"/completions/bt*; do
	# shellcheck disable=SC1090
	. "$script" || fail "$script"
	complete -p "$(basename "$script")" >/dev/null || fail "$script completes nothing"
done

# offered WORD...: the answers for the last word, in one line; bash breaks words at '='.
offered()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	"_$1" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ' | sed 's/ *$//'
}

# is WANTED WORD...
is()
{
	local wanted=$1 got
	shift
	got=$(offered "$@" 2>../err)
	[ "$got" = "$wanted" ] || fail "$*: '$got', not '$wanted'"
	[ -s ../err ] && { fail "$*: complaints"; cat ../err; }
}

mkdir here
cd here || exit 99
mkdir -p music 'a dir' dir.torrent
: >one.torrent
: >'two words.torrent'
: >film.mkv

# Names of options, with either of '-' and '_'.
is '--piece_length --piece_size_pow2 --pieces_max' btmakemetafile --pie
is '--piece_size_pow2' btmakemetafile http://t --piece-s
is '--announce --announce-list' btmakemetafile --ann
is '--announce-list' btmakemetafile --announce_
[ "$(offered bttrack -)" = "$(bttrack --help | sed -n 's/^  --\([^ ]*\).*/--\1/p' | sort |
	tr '\n' ' ' | sed 's/ *$//')" ] || fail "not all options of bttrack"

# Values.
is '1 2 hybrid' btmakemetafile --meta_version ''
is 'hybrid' btmakemetafile --meta-version h
is 'hybrid' btmakemetafile --meta_version = h
is '1 2 hybrid' btmakemetafile --meta_version =
is 'none now' btmakemetafile --creation_date ''
is 'full none specific' bttrack --scrape_allowed ''
is '0 1' btmakemetafile --private =
is '1' btmakemetafile --private 1
is '' btmakemetafile --comment ''
is '' btmakemetafile --comment f
is '' btmakemetafile --comment = f

# Files, directories, torrents.
is 'film.mkv' btmakemetafile http://t film
is 'film.mkv' btmakemetafile --target film
is 'film.mkv' btmakemetafile --target = film
is '0 1 a dir dir.torrent film.mkv music one.torrent two words.torrent' \
	btmakemetafile --private ''
is 'music' btcompletedir http://t m
is '' btcompletedir http://t film
is 'a dir dir.torrent music one.torrent two words.torrent' btshowmetainfo ''
is 'film.mkv' btshowmetainfo --verify film
is '' btshowmetainfo film
is 'two words.torrent' btreannounce http://t one.torrent 'two\ w'
is 'two words.torrent' btreannounce http://t one.torrent '"two w'
is 'one.torrent' btdownloadheadless --metafile o
is 'a dir' bttrack --allowed_dir a

# A flag with a letter has no word as its value; after "--" there are no options.
is 'one.torrent' btrename -v o
is '0 1' btrename --verbose =
is '' btcopyannounce -v 0
is '' btcopyannounce --recursive -- --
is 'one.torrent' btcopyannounce -- o

# Presets by name; what stands in their file is not run.
cat >presets <<'END'
# [no]
[films]
 [ music ]
[$(touch run)]
a = [b]
END
export BTCORE_CONFIG=$work/here/presets
is 'films' btmakemetafile --preset f
is 'music' btmakemetafile --preset m
is '' btmakemetafile --preset n
[ -e run ] && fail "a preset was run"
BTCORE_CONFIG=$work/none is '' btmakemetafile --preset ''

finish
