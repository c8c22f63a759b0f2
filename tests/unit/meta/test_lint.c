/* SPDX-License-Identifier: ISC */
#include <btcore/lint.h>

#include <stdio.h>

#include "base/buf.h"
#include "base/cdefs.h"
#include "content.h"

Suite *lint_suite(void);

#define H20 "aaaaaaaaaaaaaaaaaaaa"
#define H32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PIECES "12:piece lengthi16384e6:pieces20:" H20
#define INFO "4:infod6:lengthi1e4:name1:a" PIECES "e"
#define FILES(files) "d4:infod5:filesl" files "e4:name1:a" PIECES "ee"
#define TREE(tree) "d4:infod9:file treed" tree "e12:meta versioni2e4:name1:a" \
	"12:piece lengthi16384ee12:piece layersdee"

static void
note(void *arg, unsigned bep, const char *text)
{
	buf_addf(arg, "%u %s\n", bep, text);
}

static size_t
lint(struct bt_slice bytes, struct buf *out)
{
	struct bt_error err;
	size_t count;

	ck_assert_msg(bt_lint(bytes, note, out, &count, &err) == BT_OK, "%s", err.text);
	return count;
}

/* A torrent, and what is wrong with it: "BEP text", a line each. */
static const struct {
	const char *torrent;
	const char *want;
} cases[] = {
	{ "d" INFO "e", "" },
	{ "d8:announce8:http://a13:announce-listll8:http://aee"
	  "9:httpseedsl8:http://he" INFO "5:nodesll1:hi1eee8:url-list9:http://w/e", "" },
	{ TREE("1:ad0:d6:lengthi1e11:pieces root32:" H32 "ee"), "" },

	/* bencode */
	{ "", "3 malformed: empty at byte 0\n" },
	{ "<html>", "3 malformed: no value at byte 0\n" },
	{ "d4:infod6:lengthi01eee", "3 malformed: leading zero at byte 17\n" },
	{ "i1e", "3 not a torrent: no dictionary 'info'\n" },
	{ "d1:z0:" INFO "exx",
	  "3 keys are not sorted: 'info' at byte 6\n3 2 bytes behind the dictionary\n" },
	{ "d" INFO "1:xld1:b0:1:b0:1:c0:1:a0:eee",
	  "3 duplicate key: 'b' at byte 92\n3 keys are not sorted: 'a' at byte 102\n" },

	/* outside of info */
	{ "d8:announcei1e" INFO "e", "3 'announce' is a number\n" },
	{ "d8:announce3:a b" INFO "e", "3 'announce': 'a b' is no URL\n" },
	{ "d13:announce-listl8:http://ali1ee0:le" "e" INFO "e",
	  "12 'announce-list': tier 1 is not a list\n"
	  "12 'announce-list' has what is no string\n"
	  "12 'announce-list': tier 3 is not a list\n"
	  "12 'announce-list': tier 4 is empty\n"
	  "12 'announce-list' without 'announce'\n" },
	{ "d8:announce8:http://a13:announce-listle" INFO "e", "12 'announce-list' is empty\n" },
	{ "d7:comment2:\xff" "x" INFO "e", "3 'comment' is not UTF-8: '\\xffx'\n" },
	{ "d9:httpseeds8:http://h" INFO "e", "17 'httpseeds' is a string\n" },
	{ "d" INFO "5:nodesll1:hi0eel1:he1:hee",
	  "5 'nodes': node 1 has a port of 0\n"
	  "5 'nodes': node 2 is not a list of host and port\n"
	  "5 'nodes': node 3 is not a list of host and port\n" },
	{ "d" INFO "7:privatei1ee", "27 'private' is in the wrong dictionary\n" },
	{ "d" INFO "8:url-listl0:i1eee",
	  "19 'url-list': '' is no URL\n19 'url-list' has what is no string\n" },
	{ "d" INFO "8:url-listdee", "19 'url-list' is a dictionary\n" },
	{ "d" INFO "12:piece layersdee", "52 what is of v2 without a 'meta version' of 2\n" },

	/* v1 */
	{ "d4:infodee", "3 info: no 'name'\n3 info: no 'piece length'\n"
	  "3 info: neither 'length' nor 'files'\n3 info: no 'pieces'\n" },
	{ "d4:infod6:lengthi1e4:name2:..12:piece lengthi16384e6:pieces19:aaaaaaaaaaaaaaaaaaaee",
	  "3 info: 'name': unsafe name in a path: '..'\n"
	  "3 info: 'pieces' is no multiple of 20 bytes\n" },
	{ "d4:infod6:lengthi16385e4:name1:\xff" PIECES "ee",
	  "3 info: 'name' is not UTF-8: '\\xff'\n3 info: 1 piece hashes for 2 pieces\n" },
	{ "d4:infod5:filesle6:lengthi1e4:name1:a" PIECES "7:privatei2eee",
	  "27 info: 'private' is 2, neither 0 nor 1\n"
	  "3 info: both 'length' and 'files'\n" },
	{ "d4:infod6:length1:14:name1:a12:piece lengthi0e6:piecesi1eee",
	  "3 info: 'length' is a string\n3 info: 'pieces' is a number\n"
	  "3 info: a piece length of 0\n" },
	{ FILES(""), "3 info: 'files' is empty\n3 info: 1 piece hashes for 0 pieces\n" },
	{ FILES("d6:lengthi1e4:pathleed6:lengthi-1e4:pathl0:i1e2:..1:\xff" "eedei1e"),
	  "3 file 1: 'path' is empty\n"
	  "3 file 2: 'path': empty name in a path\n"
	  "3 file 2: 'path' has what is no string\n"
	  "3 file 2: 'path': unsafe name in a path: '..'\n"
	  "3 file 2: 'path' is not UTF-8: '\\xff'\n"
	  "3 file 2: a length of -1\n"
	  "3 file 3: no 'path'\n3 file 3: no 'length'\n"
	  "3 file 4: not a dictionary\n" },
	{ FILES("d6:lengthi1e4:pathl1:aeed6:lengthi1e4:pathl1:aee"),
	  "3 file 2: one of several of that name, 'a' is saved as 'a.1'\n" },
	{ FILES("d6:lengthi1e4:pathl2:..3:a\x01" "bee"),
	  "3 file 1: 'path': unsafe name in a path: '..'\n"
	  "3 file 1: 'path': unsafe name in a path: 'a\\x01b'\n"
	  "3 file 1: '../a\\x01b' is saved as '_/a_b'\n" },
	{ TREE("2:.." "d0:d6:lengthi1e11:pieces root32:" H32 "ee"),
	  "52 file tree: unsafe name in a path: '..'\n"
	  "52 file 1: '..' is saved as '_'\n" },

	/* padding, links, hashes */
	{ FILES("d6:lengthi1e4:pathl1:aeed4:attr1:p6:lengthi16382e4:pathl4:.pad1:0eed6:lengthi1e"
	  "4:pathl1:bee"), "47 file 3: the padding before it does not end with a piece\n" },
	{ FILES("d6:lengthi1e4:pathl1:aeed4:attr1:p6:lengthi5ee"), "" },
	{ FILES("d6:lengthi1e4:pathl1:aeed4:attr1:l6:lengthi2e4:pathl1:be4:sha12:abe"
	  "d4:attr1:l4:pathl1:ce12:symlink pathl2:..ee"),
	  "47 file 2: 'sha1' has not 20 bytes\n"
	  "47 file 2: a symbolic link without 'symlink path'\n"
	  "47 file 2: a symbolic link with a length\n"
	  "47 file 3: 'symlink path': unsafe name in a path: '..'\n" },

	/* v2 */
	{ "d4:infod12:meta versioni3e4:name1:a" PIECES "ee",
	  "52 info: a meta version of 3\n3 info: neither 'length' nor 'files'\n" },
	{ "d4:infod12:meta versioni2e4:name1:a12:piece lengthi20000eee",
	  "52 info: a piece length of 20000, which is no power of two from 16384 on\n"
	  "52 info: no 'file tree'\n52 no 'piece layers'\n" },
	{ TREE(""), "52 info: 'file tree' is empty\n" },
	{ TREE("0:d6:lengthi0ee" "2:..d0:d6:lengthi0eee" "1:bde1:ci1e"),
	  "52 file tree: a file without a name\n"
	  "52 file tree: unsafe name in a path: '..'\n"
	  "52 file tree: 'b': neither a file nor a directory\n"
	  "52 file tree: 'c': not a dictionary\n" },
	{ TREE("1:ad0:d6:lengthi0ee1:bd0:d4:attr1:p6:lengthi-1eeee"
	  "1:cd0:d6:lengthi1eee1:dd0:d6:lengthi1e11:pieces root1:aee1:ed0:dee"),
	  "52 file tree: 'b': a length of -1\n"
	  "52 file tree: 'b': padding, which is for 'files' only\n"
	  "52 file tree: 'a': both a file and a directory\n"
	  "52 file tree: 'c': no 'pieces root'\n"
	  "52 file tree: 'd': 'pieces root' has not 32 bytes\n"
	  "52 file tree: 'e': no 'length'\n" },
	{ "d4:infod9:file treed1:ad0:d6:lengthi16385e11:pieces root32:" H32 "eee"
	  "12:meta versioni2e4:name1:a12:piece lengthi16384ee12:piece layersd"
	  "32:" H32 "64:" H32 H32 "ee",
	  "52 piece layers: the hashes of file 1 do not give its root\n" },
	{ "d4:infod9:file treed1:ad0:d6:lengthi1e11:pieces root32:" H32 "eee"
	  "12:meta versioni2e4:name1:a12:piece lengthi16384ee12:piece layersd1:a0:ee",
	  "52 'piece layers': not all are roots and hashes of 32 bytes\n" },
	{ "d4:infod9:file treed1:ad0:d6:lengthi16385e11:pieces root32:" H32 "eee"
	  "12:meta versioni2e4:name1:a12:piece lengthi16384ee12:piece layersdee",
	  "52 piece layers: none for file 1\n" },
	{ "d4:infod9:file treed1:bd0:d6:lengthi1e11:pieces root32:" H32 "eee6:lengthi1e"
	  "12:meta versioni2e4:name1:a" PIECES "e12:piece layersdee",
	  "52 file tree: 'b' is not where the v1 part has it\n" },
	{ "d4:infod9:file treed1:ad0:d6:lengthi1e11:pieces root32:" H32 "eee6:lengthi1e"
	  "4:name1:a12:piece layersde" PIECES "ee",
	  "52 info: 'piece layers' is in the wrong dictionary\n"
	  "52 what is of v2 without a 'meta version' of 2\n" },
};

START_TEST(findings)
{
	struct buf got;
	size_t count, lines = 0;

	buf_init(&got, 1u << 20);
	count = lint(slice_str(cases[_i].torrent), &got);
	ck_assert_str_eq(buf_cstr(&got), cases[_i].want);
	for (const char *p = cases[_i].want; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_uint_eq(count, lines);
	buf_fini(&got);
}
END_TEST

/* A stranger cannot make us print a book. */
START_TEST(many)
{
	struct buf torrent, got;
	size_t lines = 0;

	buf_init(&torrent, 1u << 20);
	buf_init(&got, 1u << 20);
	buf_add_str(&torrent, "d13:announce-listl");
	for (int i = 0; i < 5000; i++)
		buf_add_str(&torrent, "le");
	buf_add_str(&torrent, "e" INFO "e");
	ck_assert_uint_eq(lint(buf_slice(&torrent), &got), 5001);
	for (size_t i = 0; i < got.len; i++)
		lines += got.ptr[i] == '\n';
	ck_assert_uint_eq(lines, BT_LINT_TOLD);
	buf_fini(&torrent);
	buf_fini(&got);
}
END_TEST

Suite *
lint_suite(void)
{
	Suite *s = suite_create("lint");
	TCase *t = tcase_create("lint");

	tcase_add_loop_test(t, findings, 0, COUNT_OF(cases));
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return s;
}
