#!/bin/sh
# SPDX-License-Identifier: ISC
# Every rule of tests/style.sh can fail, and a tree without faults passes.
. "${srcdir:-.}/tests/cli/common.sh"

spdx='/* SPDX-License-Identifier: ISC */'
cc=${CC:-cc}

# tree: a house with nothing wrong in it.
tree()
{
	rm -rf t
	mkdir -p t/lib/base t/lib/net t/lib/peer t/lib/disk t/lib/include/btcore t/tools t/tracker/swarm \
	    t/tracker/rules t/tests
	for h in lib/base/a lib/net/n lib/peer/p lib/disk/d lib/include/btcore/x tools/t tracker/r \
	    tracker/rules/u; do
		printf '%s\nint %s(void);\n' "$spdx" "$(basename $h)" >t/$h.h
	done
	printf '%s\n#include "net/n.h"\n\n#include "base/a.h"\n' "$spdx" >t/lib/net/n.c
}

# complains WHAT LIBRARY: of exactly this.
complains()
{
	run 1 sh "$srcdir/tests/style.sh" t "$2"
	has out "$1"
	[ "$(wc -l <out)" -eq 1 ] || { fail "more than one complaint:"; cat out; }
}

# wrong FILE LINE COMPLAINT: this line more in this file is found.
wrong()
{
	tree
	[ -e "t/$1" ] || printf '%s\n' "$spdx" >"t/$1"
	printf "$2\n" >>"t/$1"
	complains "$3" good.so
}

printf 'int bt_fine(void) { return 0; }\n' >good.c
printf 'int bt_fine(void) { return 0; }\nint leak(void) { return 1; }\n' >bad.c
for lib in good bad; do
	$cc -shared -fPIC -o $lib.so $lib.c || exit 99
done

tree
run 0 sh "$srcdir/tests/style.sh" t good.so
complains 'leak is exported' bad.so

wrong lib/base/a.c '#include "net/n.h"' 'net is above base'
wrong lib/peer/p.c '#include "disk/d.h"' 'same floor'
wrong lib/net/m.c '#include "tracker/r.h"' 'the library stands below tracker/'
wrong lib/include/btcore/y.h '#include "base/a.h"' 'public headers include only'
wrong tools/t.c '#include "base/a.h"' 'programs see <btcore/...> only'
wrong tracker/r.c '#include "peer/p.h"' 'floors up to net only'
wrong tracker/swarm/w.c '#include "tracker/rules/u.h"' 'swarm/ knows nobody'
wrong tracker/rules/u.c '#include "tracker/r.h"' 'swarm/ knows nobody'
wrong lib/peer/p.c '#include <event2/event.h>' 'only lib/net'
for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'strtok(a, b)' 'atoi(a)' 'alloca(9)' \
    'gettimeofday(a, b)' 'rand()' 'localtime (a)'; do
	wrong lib/base/a.c "	x = $call;" 'a banned call'
done
for call in 'socket(AF_INET, SOCK_STREAM, 0)' 'sock_connect(to, NULL, "")' 'sock_udp(at, err)'; do
	wrong lib/net/n.c "	x = $call;" 'a socket outside of lib/net/way.c'
done
wrong lib/base/a.c '#if 0\n#endif' '#if 0'
wrong lib/base/a.c 'typedef struct x y;' 'typedef of a struct'
wrong lib/base/a.c 'int x; ' 'white space at the end'
wrong lib/base/a.c '        int x;' 'eight spaces'
wrong lib/base/a.c '  \tint x;' 'a space before a tab'
wrong lib/base/a.c "\t/* $(printf '%095d' 0) */" 'columns'
wrong lib/base/a.h 'size_t no(void);' 'does not compile alone'

tree
printf '%s\n' 'int x;' >t/lib/base/b.c
complains 'not the SPDX line' good.so
tree
printf '%s\nint x;' "$spdx" >t/lib/base/b.c
complains 'no newline' good.so
tree
{ echo "$spdx"; seq 1 900 | sed 's,.*,/* & */,'; } >t/lib/base/b.c
complains 'over 900 lines' good.so
tree
printf '#!/bin/sh\ntrue\n' >t/tests/x.sh
complains 'no SPDX line' good.so

# By hand, from wherever one stands, it finds the tree that it lies in; a place without sources
# has passed nothing.
tree
cp "$srcdir/tests/style.sh" t/tests
printf '%s\nint x; \n' "$spdx" >t/lib/base/b.c
mkdir empty
for at in . t t/lib empty; do
	run 1 sh -c "cd $at && unset srcdir && sh '$work/t/tests/style.sh' '' '$work/good.so'"
	has out 'lib/base/b.c:2: white space at the end'
done
run 99 sh "$srcdir/tests/style.sh" empty good.so
has out 'nothing was checked'
finish
