#!/bin/sh
# SPDX-License-Identifier: ISC
# Every program: --help, the manual and the completion tell of the same options, and tell it well.
. "${srcdir:-.}/tests/cli/common.sh"

tools=$(cd "$top/completions" && ls bt*)
[ "$(echo "$tools" | wc -l)" -ge 9 ] || fail "not all programs are here: $tools"

for tool in $tools; do
	page=$top/doc/$tool.1
	run 0 "$tool" --help
	cp out help
	sed -n 's/^  \(-., \)*--\([a-z_0-9-]*\).*/\2/p' help | sort >in.help
	sed '/^\.Ss Options without effect/,/^\.Sh/d' "$page" |
		sed -n 's/^\.It .*Fl Fl \([a-z_0-9-]*\).*/\1/p' | sort >in.page
	sed -n '/for word in --/,/; do/p' "$top/completions/$tool" | tr -s ' \t;\\' '\n\n\n\n' |
		sed -n 's/^--//p' | sort >in.completion
	cmp -s in.help in.page || { fail "$tool: --help and the manual differ:"; diff in.help in.page; }
	cmp -s in.help in.completion ||
		{ fail "$tool: --help and the completion differ:"; diff in.help in.completion; }
	[ -z "$(uniq -d in.help)" ] || fail "$tool: an option is there twice"

	# The same words whatever the width, and nothing beyond it.
	tr -s ' \n' '\n\n' <help >words
	for wide in 40 41 57 80 132 200; do
		COLUMNS=$wide "$tool" --help >out
		tr -s ' \n' '\n\n' <out | cmp -s - words || fail "$tool: other words at $wide columns"
		long=$(awk -v wide="$wide" 'length($0) > wide && $0 !~ /^ *[^ ]+$/' out)
		[ -z "$long" ] || fail "$tool: more than $wide columns: $long"
		grep -n ' $' out && fail "$tool: blanks at the end of a line at $wide columns"
	done
	! grep -n '@' "$page" || fail "$tool: something was left in the page"
done

if have mandoc; then
	for tool in $tools; do
		mandoc -Tlint -W warning "$top/doc/$tool.1" >out 2>&1 ||
			{ fail "$tool.1 is no good mdoc:"; cat out; }
	done
fi

# A page that says more of an option which is not there is noticed when it is built.
printf '@OPTIONS@\n@json@\nMore.\n@nonsense@\nMore.\n@END@\n' >page
btrename --help-mdoc >mdoc
run 1 awk -f "$srcdir/doc/options.awk" page mdoc
has err "there is no option 'nonsense'"
printf 'none here\n' >page
run 1 awk -f "$srcdir/doc/options.awk" page mdoc

finish
