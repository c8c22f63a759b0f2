# SPDX-License-Identifier: ISC
# Puts a program's options, as it prints them itself, into its page:
# PROGRAM --help-mdoc | awk -f options.awk PAGE.1.in - >PAGE.1
# They come where the page says @OPTIONS@. From there to @END@ it has more to say of some: what
# stands behind @NAME@ follows what the program says of NAME.
function complain(text) {
	printf "options.awk: %s\n", text >"/dev/stderr"
	failed = 1
	exit 1
}
function tell() {
	printf "%s", more[name]
	delete more[name]
	name = ""
}
BEGIN { part = "head" }
FNR == NR && /^@OPTIONS@$/ { part = "more"; next }
FNR == NR && /^@END@$/ { part = "tail"; next }
FNR == NR && part == "head" { print; next }
FNR == NR && part == "tail" { tail = tail $0 "\n"; next }
FNR == NR && /^@.*@$/ { name = substr($0, 2, length($0) - 2); next }
FNR == NR { more[name] = more[name] $0 "\n"; next }
FNR == 1 { name = "" }
/^\.(It|El)/ { tell() }
/^\.It/ {
	name = $0
	sub(/.*Fl Fl /, "", name)
	sub(/ .*/, "", name)
}
{ print }
END {
	if (failed)
		exit 1
	if (part != "tail")
		complain("no @OPTIONS@ and @END@ in " ARGV[1])
	for (name in more) {
		if (more[name] != "")
			complain(ARGV[1] ": there is no option '" name "'")
	}
	printf "%s", tail
}
