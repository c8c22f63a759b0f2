/* SPDX-License-Identifier: ISC */
#include "make/walk.h"

#include "base/cdefs.h"
#include "folder.h"

Suite *walk_suite(void);

START_TEST(walks_in_order_of_elements)
{
	static const char *const want[] = { "a/z", "a-b", "b/c/d", "b.c", "empty" };
	const struct bt_create_options o = { .hidden = false };
	struct walk w;

	make_folder();
	put_file("r/b.c", "x", 1);
	put_file("r/a-b", "x", 1);
	put_file("r/a/z", "x", 1);
	put_file("r/a/.hidden", "x", 1);
	put_file("r/.dir/x", "x", 1);
	put_file("r/b/c/d", "x", 1);
	put_file("r/empty", "", 0);
	ck_assert_int_eq(mkdir("r/nothing", 0777), 0);
	ck_assert_int_eq(walk_open(&w, "r//", &o, NULL), BT_OK);
	ck_assert_str_eq(w.name, "r");
	ck_assert(w.is_directory);
	ck_assert_uint_eq(w.total, 4);
	ck_assert_uint_eq(w.files.len, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(walk_path(&w, walk_at(&w, i)), want[i]);
	walk_close(&w);
	ck_assert_int_eq(chdir("r/b"), 0);
	ck_assert_int_eq(walk_open(&w, ".", &o, NULL), BT_OK);
	ck_assert_str_eq(w.name, "b");
	walk_close(&w);
	drop_folder();
}
END_TEST

/* Closes it. want: the paths, joined by blanks. */
static void
check_paths(struct walk *w, const char *want)
{
	char got[300] = "";
	size_t len = 0;

	for (size_t i = 0; i < w->files.len; i++) {
		const char *link = walk_link(w, walk_at(w, i));

		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s%s%s",
		    i == 0 ? "" : " ", walk_path(w, walk_at(w, i)), link == NULL ? "" : ">",
		    link == NULL ? "" : link);
	}
	ck_assert_str_eq(got, want);
	walk_close(w);
}

/* want: the paths, links with ">" and where they lead to; NULL: an error. */
static void
check_walk(const struct bt_create_options *o, const char *want)
{
	struct bt_error err;
	struct walk w;
	enum bt_code code = walk_open(&w, "r", o, &err);

	ck_assert_msg((code == BT_OK) == (want != NULL), "%s", err.text);
	if (code == BT_OK)
		check_paths(&w, want);
}

/* All words are in the error. */
static void
check_refused(const struct bt_create_options *o, const char *one, const char *other)
{
	struct bt_error err;
	struct walk w;

	ck_assert_int_ne(walk_open(&w, "r", o, &err), BT_OK);
	ck_assert_msg(strstr(err.text, one) != NULL && strstr(err.text, other) != NULL, "%s",
	    err.text);
}

START_TEST(takes_what_is_wanted)
{
	static const struct {
		struct bt_create_pattern pattern[3];
		size_t count;
		const char *want;
	} row[] = {
		{ { { "", false } }, 0, "a.mkv b/c.mkv b/d.nfo e/b/f g.nfo" },
		{ { { "*.nfo", false } }, 1, "a.mkv b/c.mkv e/b/f" },
		{ { { "*.mkv", true } }, 1, "a.mkv b/c.mkv" },
		{ { { "b", true } }, 1, "b/c.mkv b/d.nfo e/b/f" },
		{ { { "b", false } }, 1, "a.mkv g.nfo" },
		{ { { "b/*", false } }, 1, "a.mkv e/b/f g.nfo" },
		{ { { "*/b", false } }, 1, "a.mkv b/c.mkv b/d.nfo g.nfo" },
		{ { { "*.mkv", true }, { "b", false } }, 2, "a.mkv" },
		{ { { "b", false }, { "*.nfo", true } }, 2, "a.mkv b/d.nfo g.nfo" },
		{ { { "*", false }, { "g*", true }, { "x", false } }, 3, "g.nfo" },
		{ { { "*", false } }, 1, NULL },
	};

	make_folder();
	put_file("r/a.mkv", "x", 1);
	put_file("r/b/c.mkv", "x", 1);
	put_file("r/b/d.nfo", "x", 1);
	put_file("r/e/b/f", "x", 1);
	put_file("r/g.nfo", "x", 1);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct bt_create_options o = { .patterns = row[i].pattern,
			.pattern_count = row[i].count };

		check_walk(&o, row[i].want);
	}
	drop_folder();
}
END_TEST

START_TEST(takes_hidden_files_and_refuses_links)
{
	static const struct bt_create_pattern out = { "l*", false };
	struct bt_create_options o = { .hidden = true };

	make_folder();
	put_file("r/.a/.b", "x", 1);
	put_file("r/c", "x", 1);
	check_walk(&o, ".a/.b c");
	ck_assert_int_eq(symlink("c", "r/l"), 0);
	check_walk(&o, ".a/.b c l");
	o.links = BT_LINKS_REFUSE;
	check_walk(&o, NULL);
	ck_assert_int_eq(symlink("nowhere", "r/l2"), 0);
	o.patterns = &out;
	o.pattern_count = 1;
	check_walk(&o, ".a/.b c");
	ck_assert_int_eq(rename("r", "s"), 0);
	ck_assert_int_eq(symlink("s", "r"), 0);
	check_walk(&o, NULL);
	drop_folder();
}
END_TEST

static void
put_link(const char *target, const char *path)
{
	ck_assert_int_eq(symlink(target, path), 0);
}

START_TEST(stores_links_as_they_lead)
{
	struct bt_create_options o = { .links = BT_LINKS_STORE };
	char cwd[200], absolute[300];

	make_folder();
	put_file("r/a/b/f", "x", 1);
	put_file("r/lib.so.1.2", "x", 1);
	put_link("lib.so.1.2", "r/lib.so.1");	/* a chain stays one */
	put_link("lib.so.1", "r/lib.so");
	put_link("../../lib.so", "r/a/b/up");
	put_link("a/b", "r/dir");		/* of a directory, which is not entered */
	put_link("dir/f", "r/through");		/* leads through a link */
	put_link("a/b/..", "r/dots");
	put_link("./a//b/", "r/slashes");
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(absolute, sizeof(absolute), "%s/r/a", cwd);
	put_link(absolute, "r/absolute");
	check_walk(&o, "a/b/f a/b/up>lib.so absolute>a dir>a/b dots>a lib.so>lib.so.1 "
	    "lib.so.1>lib.so.1.2 lib.so.1.2 slashes>a/b through>a/b/f");
	ck_assert_int_eq(rename("r", "s"), 0);
	put_link("s", "r");
	ck_assert_int_eq(unlink("r/absolute"), 0);
	check_walk(&o, "a/b/f a/b/up>lib.so dir>a/b dots>a lib.so>lib.so.1 "
	    "lib.so.1>lib.so.1.2 lib.so.1.2 slashes>a/b through>a/b/f");
	drop_folder();
}
END_TEST

START_TEST(stores_no_link_to_elsewhere)
{
	static const char *const targets[] = { "../x", "/etc/passwd", "..", ".", "s/../../x",
		"../r2/x", "nowhere", "no/where", "link", ".hidden", "/", "../r" };
	struct bt_create_options o = { .links = BT_LINKS_STORE };

	make_folder();
	put_file("r/s/f", "x", 1);
	put_file("r/.hidden", "x", 1);
	put_file("x", "x", 1);
	put_file("r2/x", "x", 1);
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		put_link(targets[i], "r/link");
		if (strcmp(targets[i], "link") == 0)
			check_walk(&o, "link>link s/f");	/* silly, but within */
		else
			check_refused(&o, "r/link: a symbolic link to '", targets[i][0] == '/' ||
			    targets[i][0] == '.' || targets[i][0] == 's' ? targets[i] : "no");
		ck_assert_int_eq(unlink("r/link"), 0);
	}
	put_link("nowhere", "r/link");
	o.patterns = &(const struct bt_create_pattern){ "link", false };
	o.pattern_count = 1;
	check_walk(&o, "s/f");
	drop_folder();
}
END_TEST

START_TEST(orders_as_asked)
{
	struct bt_create_options o = { .order = BT_ORDER_PATH };

	make_folder();
	put_file("r/e10/a", "xx", 2);
	put_file("r/e2/b", "x", 1);
	put_file("r/e2/a", "xxxx", 4);
	put_file("r/e02/c", "", 0);
	put_file("r/e2.txt", "xxx", 3);
	put_file("r/e", "xxx", 3);
	check_walk(&o, "e e02/c e10/a e2/a e2/b e2.txt");
	o.order = BT_ORDER_NATURAL;
	check_walk(&o, "e e2/a e2/b e02/c e2.txt e10/a");
	o.order = BT_ORDER_SIZE;
	check_walk(&o, "e02/c e2/b e10/a e e2.txt e2/a");
	drop_folder();
}
END_TEST

/* want: NULL is an error. */
static void
check_join(const char *const *paths, size_t count, const char *want)
{
	const struct bt_create_options o = { .name = "all", .links = BT_LINKS_STORE };
	struct bt_error err;
	struct walk w;
	enum bt_code code = walk_join(&w, paths, count, &o, &err);

	ck_assert_msg((code == BT_OK) == (want != NULL), "%s", err.text);
	if (code == BT_OK)
		check_paths(&w, want);
	else
		ck_assert_msg(strstr(err.text, "meet") != NULL, "%s", err.text);
}

START_TEST(joins_several_roots)
{
	make_folder();
	put_file("a/x", "x", 1);
	put_file("a/d/y", "x", 1);
	put_link("d/y", "a/l");
	put_file("b/x", "x", 1);
	put_file("b/d/z", "x", 1);
	put_link("d", "b/m");
	put_file("c", "x", 1);
	check_join((const char *const[]){ "b/", "a", "c" }, 3,
	    "a/d/y a/l>a/d/y a/x b/d/z b/m>b/d b/x c");
	check_join((const char *const[]){ "a/.", "b", "a/d//" }, 3, NULL);
	check_join((const char *const[]){ "a/.", "b" }, 2, "b/d/z b/m>b/d b/x d/y l>d/y x");
	check_join((const char *const[]){ "a/./", "b/." }, 2, NULL);
	check_join((const char *const[]){ "a/d/.", "b/." }, 2, "d/z m>d x y");
	check_join((const char *const[]){ "c", "c" }, 2, NULL);
	put_file("e/c/f", "x", 1);
	check_join((const char *const[]){ "c", "e/." }, 2, NULL);
	ck_assert_int_eq(chdir("a/d"), 0);
	check_join((const char *const[]){ ".", "../../c" }, 2, "c y");
	check_join((const char *const[]){ "..", "../../c" }, 2, "a/d/y a/l>a/d/y a/x c");
	drop_folder();
}
END_TEST

Suite *
walk_suite(void)
{
	Suite *s = suite_create("make/walk");
	TCase *c = tcase_create("walk");

	tcase_add_test(c, walks_in_order_of_elements);
	tcase_add_test(c, takes_what_is_wanted);
	tcase_add_test(c, takes_hidden_files_and_refuses_links);
	tcase_add_test(c, stores_links_as_they_lead);
	tcase_add_test(c, stores_no_link_to_elsewhere);
	tcase_add_test(c, orders_as_asked);
	tcase_add_test(c, joins_several_roots);
	suite_add_tcase(s, c);
	return s;
}
