#!/bin/sh
# SPDX-License-Identifier: ISC
# The house's rules that a machine can check. Each complaint says where, what, and why.
# usage: style.sh [SOURCE-FOLDER [LIBRARY.so]]      CC: the compiler for headers
set -u
srcdir=${1:-${srcdir:-$(dirname "$0")/..}}
library=${2:-$(pwd)/.libs/libbtcore.so}
case $library in /*) ;; *) library=$(pwd)/$library ;; esac
export LC_ALL=C
cd "$srcdir" || exit 99
complaints=$(mktemp) || exit 99
trap 'rm -f "$complaints"' EXIT

sources=$(find lib tools tracker tests doc -name '*.[ch]' 2>/dev/null | sort)
if [ -z "$sources" ]; then
	echo "style.sh: $srcdir: no source in it: nothing was checked"
	exit 99
fi
scripts=$(find bootstrap .ci tests -type f \( -name '*.sh' -o -name '*.py' -o ! -name '*.*' \) \
    ! -path '*/seeds/*' 2>/dev/null | xargs grep -lE '^#!|SPDX' 2>/dev/null | sort)
build_files=$(find . -name include.am -o -name Makefile.am -o -name configure.ac | sort)

# -- what stands in the lines of C --
# shellcheck disable=SC2086
awk '
function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text }
function reach(folder) {
	if (FILENAME ~ /^lib\/include\//)
		complain("\"" $2 "\": public headers include only <btcore/...>, for they are all that is installed")
	else if (FILENAME ~ /^lib\// && !(folder in rank))
		complain($2 ": the library stands below " (folder == "" ? "nothing without a folder" : folder "/"))
	else if (FILENAME ~ /^lib\// && rank[folder] > rank[mine])
		complain($2 ": " folder " is above " mine ", and a floor stands only on those below it")
	else if (FILENAME ~ /^lib\// && rank[folder] == rank[mine] && folder != mine)
		complain($2 ": " folder " is on the same floor as " mine ", and these are strangers")
	else if (FILENAME ~ /^(tools\/|tracker\/bttrack\.c|doc\/)/ && folder != "tools")
		complain($2 ": programs see <btcore/...> only, as everybody else does")
	else if (FILENAME ~ /^tracker\// && FILENAME !~ /bttrack\.c$/ && folder != "tracker" &&
	    (!(folder in rank) || rank[folder] > rank["net"]))
		complain($2 ": the tracker stands on the floors up to net only")
	else if (FILENAME ~ /^tracker\// && folder == "tracker" && door[room(path)] > door[room(FILENAME)])
		complain($2 ": in tracker/, swarm/ knows nobody, rules/ the swarm, pages/ both, and what serves knows all")
}
# The room of the tracker that a file is in; "": above them.
function room(file) {
	return file ~ /^tracker\/[a-z]+\// ? substr(file, 9, index(substr(file, 9), "/") - 1) : ""
}
BEGIN {
	n = split("base bencode meta proto=make=verify=state utp=dht net peer=announce=disk torrent session", floor, " ")
	for (i = 1; i <= n; i++) {
		m = split(floor[i], same, "=")
		for (j = 1; j <= m; j++)
			rank[same[j]] = i
	}
	door["swarm"] = 1
	door["rules"] = 2
	door["pages"] = 3
	door[""] = 4
	words = "strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof" \
	    "|alloca|gettimeofday|rand|srand|random|srandom|drand48|tmpnam|tempnam|mktemp" \
	    "|ctime|asctime|localtime|gmtime"
	banned = "(^|[^A-Za-z0-9_])(" words ")[ \t]*\\("
}
FNR == 1 {
	mine = FILENAME
	sub(/^lib\//, "", mine)
	sub(/\/.*/, "", mine)
	if ($0 != "/* SPDX-License-Identifier: ISC */")
		complain("the first line is not the SPDX line, so nobody knows what may be done with the file")
}
FNR == 901 { complain("over 900 lines: it is two modules, divide it") }
/^#[ \t]*if[ \t]+0/ { complain("#if 0: dead code lies; the history keeps it") }
/^#[ \t]*include[ \t]*"/ {
	path = $0
	sub(/^[^"]*"/, "", path)
	sub(/".*/, "", path)
	folder = path ~ /\// ? path : ""
	sub(/\/.*/, "", folder)
	reach(folder)
}
/^#[ \t]*include[ \t]*<(event2|curl)\// && FILENAME ~ /^(lib|tracker)\// && FILENAME !~ /^lib\/net\// {
	complain($2 ": only lib/net knows the outside world")
}
/(^|[^A-Za-z0-9_])(socket|sock_(open|listen|udp|bound|join|connect))[ \t]*\(/ && FILENAME ~ /^lib\// &&
    FILENAME !~ /^lib\/net\/(sock|way)\.[ch]$/ && !/^[ \t]*(\/?\*)/ {
	complain("a socket outside of lib/net/way.c: it may leave by an address that the user did not choose")
}
$0 ~ banned && !/^[ \t]*(\/?\*)/ {
	complain("a banned call: it has no bound, no error, hidden state, or reads the clock; see doc/style.md")
}
/^typedef struct/ && !/\(/ { complain("typedef of a struct hides what is a struct; say struct x") }
/[ \t]$/ { complain("white space at the end of the line") }
/^ *\t/ && /^ / { complain("a space before a tab: indent with tabs of 8 columns") }
/^        / { complain("eight spaces: indent with tabs of 8 columns") }
{
	width = 0
	for (i = 1; i <= length($0); i++)
		width += substr($0, i, 1) == "\t" ? 8 - width % 8 : 1
	if (width > 100)
		complain(width " columns: more than 100 do not fit beside another window")
}' $sources /dev/null >>"$complaints"

for f in $scripts; do
	[ "$(wc -l <"$f")" -le 900 ] || echo "$f: over 900 lines: it is two, divide it"
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: ISC' ||
	    echo "$f: no SPDX line in the first three, so nobody knows what may be done with the file"
done >>"$complaints"

for f in $sources $scripts $build_files; do
	[ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at its end: it is not a text file"
done >>"$complaints"

# -- headers --
export CC="${CC:-cc}"
printf '%s\n' "$sources" | grep '\.h$' | xargs -P 2 -I{} sh -c '
	$CC -std=gnu11 -D_GNU_SOURCE -I. -Ilib -Ilib/include -Itests/unit -DTEST_DATA=\"\" \
	    -fsyntax-only -x c {} 2>/dev/null ||
	    echo "{}: does not compile alone: it must include what it needs"' >>"$complaints"

# -- what the library shows to the world --
if [ -f "$library" ]; then
	nm -D --defined-only "$library" | awk '$3 !~ /^(bt_|_init$|_fini$|_edata$|_end$|__bss_start$)/ {
		print "libbtcore.so: " $3 " is exported: only bt_... is promised to others" }' >>"$complaints"
else
	echo "style.sh: no $library: its symbols are not checked" >&2
fi

sort -t: -k1,1 -k2,2n "$complaints"
[ ! -s "$complaints" ]
