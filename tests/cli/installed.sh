#!/bin/sh
# SPDX-License-Identifier: ISC
# Run by `make installcheck`: a stranger compiles doc/example.c against what was installed, and it
# works together with the installed programs. Wants CC, bindir, libdir, includedir, mandir, datadir.
. "${srcdir:-.}/tests/cli/common.sh"

export PKG_CONFIG_PATH="$libdir/pkgconfig" LD_LIBRARY_PATH="$libdir" PATH="$bindir:$PATH"
for program in btmakemetafile btshowmetainfo btdownloadheadless bttrack; do
	[ -x "$bindir/$program" ] || fail "$program is not installed"
done
for program in "$bindir"/bt*; do
	program=$(basename "$program")
	[ -s "$mandir/man1/$program.1" ] || fail "$program has no manual"
	[ -s "$datadir/bash-completion/completions/$program" ] || fail "$program is not completed"
	run 0 "$program" --version
	has out "$(pkg-config --modversion btcore)"
done
[ -s "$mandir/man3/btcore.3" ] || fail "the library has no manual"

for header in "$includedir"/btcore/*.h; do
	printf '#include <btcore/%s>\n' "$(basename "$header")" >one.c
	# shellcheck disable=SC2046
	run 0 $CC -std=c99 -pedantic-errors -fsyntax-only $(pkg-config --cflags btcore) one.c
done
# shellcheck disable=SC2046
run 0 $CC "$srcdir/doc/example.c" -o stranger $(pkg-config --cflags --libs btcore)
[ "$failures" -eq 0 ] || finish
cd "$top" && EXAMPLE=$work/stranger srcdir=$srcdir sh "$srcdir/tests/cli/example.sh" ||
    fail "the example does not work"
finish
