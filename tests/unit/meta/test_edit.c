/* SPDX-License-Identifier: ISC */
#include <btcore/edit.h>

#include <dirent.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cdefs.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "bencode/dict.h"
#include "helper.h"

Suite *edit_suite(void);

#define INFO "4:infod6:lengthi1e4:name1:n12:piece lengthi1e6:pieces20:aaaaaaaaaaaaaaaaaaaae"
#define A "10:http://a/x"
#define B "10:http://b/x"
#define C "10:http://c/x"

static struct bt_edit *
parse(const char *bytes)
{
	struct bt_edit *e;
	struct bt_error err;

	ck_assert_msg(bt_edit_parse(slice_str(bytes), &e, &err) == BT_OK, "%s", err.text);
	return e;
}

static void
check_bytes(struct bt_edit *e, const char *want)
{
	struct bt_slice bytes;
	char *text;

	ck_assert_int_eq(bt_edit_bytes(e, &bytes, NULL), BT_OK);
	text = slice_dup(bytes);
	ck_assert_str_eq(text, want);
	mem_free(text);
}

/* One change, from outer keys to outer keys. */
enum op { SET, LIST, ADD, REMOVE, REPLACE };

struct change {
	enum op op;
	const char *a, *b;
	const char *before, *after;	/* NULL: not changed */
	enum bt_code code;
};

#define LIST_OF(urls) "13:announce-listl" urls "e"

static const struct change changes[] = {
	{ SET, "http://b/x", NULL, "8:announce" A, "8:announce" B, BT_OK },
	{ SET, "http://a/x", NULL, "", "8:announce" A, BT_OK },
	{ SET, "http://a/x", NULL, "8:announce" A, NULL, BT_OK },
	{ SET, NULL, NULL, "8:announce" A, "", BT_OK },
	{ SET, "http://a/x", NULL, "8:announcei5e", "8:announce" A, BT_OK },
	{ SET, "", NULL, "8:announce" A, NULL, BT_EARG },
	{ SET, "a.torrent", NULL, "8:announce" A, NULL, BT_EARG },
	{ SET, "http://a/ x", NULL, "8:announce" A, NULL, BT_EARG },

	{ LIST, "http://b/x", "http://c/x", "8:announce" A,
	    "8:announce" A LIST_OF("l" B "el" C "e"), BT_OK },
	{ LIST, NULL, NULL, "8:announce" A LIST_OF("l" B "e"), "8:announce" A, BT_OK },
	{ LIST, "http://b/x", "c", "8:announce" A, NULL, BT_EARG },

	/* What is first becomes announce, an announce alone becomes the first tier. */
	{ ADD, "http://a/x", NULL, "", "8:announce" A, BT_OK },
	{ ADD, "http://a/x", "http://b/x", "", "8:announce" A LIST_OF("l" A "el" B "e"), BT_OK },
	{ ADD, "http://b/x", NULL, "8:announce" A,
	    "8:announce" A LIST_OF("l" A "el" B "e"), BT_OK },
	{ ADD, "http://a/x", NULL, "8:announce" A, NULL, BT_OK },
	{ ADD, "http://c/x", "http://b/x", "8:announce" A LIST_OF("l" A B "e"),
	    "8:announce" A LIST_OF("l" A B "el" C "e"), BT_OK },
	{ ADD, "http://b/x", NULL, LIST_OF("l" A "e"),
	    "8:announce" A LIST_OF("l" A "el" B "e"), BT_OK },
	{ ADD, "b", NULL, "8:announce" A, NULL, BT_EARG },

	{ REMOVE, "http://a/x", NULL, "8:announce" A, "", BT_OK },
	{ REMOVE, "http://a", NULL, "8:announce" A, NULL, BT_OK },
	{ REMOVE, "http://a*", NULL, "8:announce" A, "", BT_OK },
	{ REMOVE, "*", NULL, "8:announce" A LIST_OF("l" A "el" B "e"), "", BT_OK },
	{ REMOVE, "http://a/x", NULL, "8:announce" A LIST_OF("l" A "el" B C "e"),
	    "8:announce" B LIST_OF("l" B C "e"), BT_OK },
	{ REMOVE, "*b*", NULL, "8:announce" A LIST_OF("l" A "el" B "e"),
	    "8:announce" A LIST_OF("l" A "e"), BT_OK },
	{ REMOVE, "http://*/y", NULL, "8:announce" A LIST_OF("l" A "el" B "e"), NULL, BT_OK },
	/* Written oddly: it stays so unless something of it is removed. */
	{ REMOVE, "http://c/x", NULL, "8:announce" A LIST_OF(A "lei5e" B), NULL, BT_OK },
	{ REMOVE, "http://b/x", NULL, "8:announce" A LIST_OF(A "lei5e" B),
	    "8:announce" A LIST_OF("l" A "e"), BT_OK },
	{ REMOVE, "http://b/x", NULL, "8:announcei5e" LIST_OF("l" A B "e"),
	    "8:announcei5e" LIST_OF("l" A "e"), BT_OK },

	{ REPLACE, "a/", "b/", "8:announce" A LIST_OF("l" A "el" C "e"),
	    "8:announce" B LIST_OF("l" B "el" C "e"), BT_OK },
	{ REPLACE, "t", "T", "8:announce" A, "8:announce10:hTTp://a/x", BT_OK },
	{ REPLACE, "http", "https", "8:announce" A, "8:announce11:https://a/x", BT_OK },
	{ REPLACE, "p:", "p:", "8:announce" A, NULL, BT_OK },
	{ REPLACE, "/x", "", "8:announce" A, "8:announce8:http://a", BT_OK },
	{ REPLACE, "no", "yes", "8:announce" A LIST_OF(A), NULL, BT_OK },
	{ REPLACE, "http://*", "udp://z", "8:announce" A LIST_OF("l" A "el" B "el5:udp:/e"),
	    "8:announce7:udp://z" LIST_OF("l7:udp://zel5:udp:/e"), BT_OK },
	{ REPLACE, "/a/", "/b/", "8:announce" A LIST_OF("l" A B "el" C "e"),
	    "8:announce" B LIST_OF("l" B "el" C "e"), BT_OK },
	{ REPLACE, "http", "", "8:announce" A, NULL, BT_EFORMAT },
	{ REPLACE, "", "x", "8:announce" A, NULL, BT_EARG },
};

static enum bt_code
apply(struct bt_edit *e, const struct change *c, struct bt_error *err)
{
	const struct bt_create_tracker list[] = { { c->a, 0 }, { c->b, 1 } };
	size_t count = (c->a != NULL) + (c->b != NULL);

	switch (c->op) {
	case SET: return bt_edit_set_announce(e, c->a, err);
	case LIST: return bt_edit_set_trackers(e, list, count, err);
	case ADD: return bt_edit_add_trackers(e, list, count, err);
	case REMOVE: return bt_edit_remove_trackers(e, c->a, err);
	case REPLACE: return bt_edit_replace_trackers(e, c->a, c->b, err);
	}
	return BT_EARG;
}

START_TEST(trackers_change)
{
	const struct change *c = &changes[_i];
	char before[500], after[500];
	struct bt_error err;
	struct bt_edit *e;

	(void)snprintf(before, sizeof(before), "d%s" INFO "e", c->before);
	(void)snprintf(after, sizeof(after), "d%s" INFO "e",
	    c->after == NULL ? c->before : c->after);
	e = parse(before);
	ck_assert_int_eq(apply(e, c, &err), c->code);
	if (c->code != BT_OK)
		ck_assert_int_eq(err.code, c->code);
	check_bytes(e, after);
	ck_assert(bt_edit_changed(e, NULL) == (c->after != NULL));
	ck_assert(!bt_edit_changed(e, "info"));
	bt_edit_free(e);
}
END_TEST

START_TEST(changes_add_up)
{
	struct bt_create_tracker add = { "http://c/x", 0 };
	struct bt_edit *e = parse("d8:announce" A INFO "e"), *other = parse("d" INFO "3:zzzlee");
	struct bt_edit_url urls[3];

	ck_assert_int_eq(bt_edit_replace_trackers(e, "a", "b", NULL), BT_OK);
	ck_assert_int_eq(bt_edit_add_trackers(e, &add, 1, NULL), BT_OK);
	ck_assert_int_eq(bt_edit_replace_trackers(e, "/x", "/yy", NULL), BT_OK);
	ck_assert_int_eq(bt_edit_remove_trackers(e, "http://b*", NULL), BT_OK);
	check_bytes(e, "d8:announce11:http://c/yy" LIST_OF("l11:http://c/yye") INFO "e");
	ck_assert_uint_eq(bt_edit_trackers(e, BT_EDIT_BEFORE, urls, 3), 0);
	ck_assert_uint_eq(bt_edit_trackers(e, BT_EDIT_NOW, urls, 3), 1);
	ck_assert(slice_eq_str(urls[0].url, "http://c/yy"));
	ck_assert(slice_eq_str(bt_edit_announce(e, BT_EDIT_BEFORE), "http://a/x"));
	ck_assert_int_eq(bt_edit_copy_trackers(other, e, NULL), BT_OK);
	check_bytes(other, "d8:announce11:http://c/yy" LIST_OF("l11:http://c/yye") INFO "3:zzzlee");
	bt_edit_free(e);
	e = parse("d" INFO "e");
	ck_assert_int_eq(bt_edit_copy_trackers(other, e, NULL), BT_OK);
	ck_assert(!bt_edit_changed(other, NULL));
	bt_edit_free(e);
	bt_edit_free(other);
}
END_TEST

START_TEST(seeds_change)
{
	const char *const urls[] = { "http://h/1", "http://h/2" }, *const bad[] = { "x" };
	struct bt_edit *e = parse("d" INFO "e");
	struct bt_edit_url got[2];

	ck_assert_int_eq(bt_edit_set_http_seeds(e, urls, 2, NULL), BT_OK);
	check_bytes(e, "d9:httpseedsl10:http://h/110:http://h/2e" INFO "e");
	ck_assert_uint_eq(bt_edit_http_seeds(e, BT_EDIT_NOW, got, 1), 2);
	ck_assert(slice_eq_str(got[0].url, "http://h/1"));
	ck_assert_int_eq(bt_edit_set_http_seeds(e, bad, 1, NULL), BT_EARG);
	ck_assert_int_eq(bt_edit_set_http_seeds(e, NULL, 0, NULL), BT_OK);
	ck_assert(!bt_edit_changed(e, NULL));
	bt_edit_free(e);
}
END_TEST

START_TEST(a_name_changes_the_hash)
{
	struct bt_edit *e = parse("d" INFO "e");
	uint8_t before[20], now[20], want[20];

	ck_assert_int_eq(bt_edit_set_name(e, "other", NULL), BT_OK);
	check_bytes(e, "d4:infod6:lengthi1e4:name5:other12:piece lengthi1e"
	    "6:pieces20:aaaaaaaaaaaaaaaaaaaaee");
	ck_assert(slice_eq_str(bt_edit_name(e, BT_EDIT_BEFORE), "n"));
	ck_assert(slice_eq_str(bt_edit_name(e, BT_EDIT_NOW), "other"));
	ck_assert(bt_edit_info_hash(e, BT_EDIT_BEFORE, before));
	ck_assert(bt_edit_info_hash(e, BT_EDIT_NOW, now));
	ck_assert(!bt_edit_info_hash_v2(e, BT_EDIT_NOW, (uint8_t[32]){ 0 }));
	ck_assert_mem_ne(before, now, 20);
	hash_sha1(slice_str("d6:lengthi1e4:name5:other12:piece lengthi1e"
	    "6:pieces20:aaaaaaaaaaaaaaaaaaaae"), want);
	ck_assert_mem_eq(now, want, 20);
	ck_assert_int_eq(bt_edit_set_source(e, "tag", NULL), BT_OK);
	ck_assert(slice_eq_str(bt_edit_source(e, BT_EDIT_NOW), "tag"));
	ck_assert_int_eq(bt_edit_set_source(e, NULL, NULL), BT_OK);
	ck_assert_int_eq(bt_edit_set_name(e, "n", NULL), BT_OK);
	ck_assert(!bt_edit_changed(e, NULL));
	ck_assert_int_eq(bt_edit_set_name(e, "", NULL), BT_EARG);
	ck_assert_int_eq(bt_edit_set_name(e, "..", NULL), BT_EARG);
	ck_assert_int_eq(bt_edit_set_name(e, "a/b", NULL), BT_EARG);
	bt_edit_free(e);
}
END_TEST

START_TEST(all_spellings_of_a_name_change)
{
	struct bt_edit *e = parse("d4:infod9:file treed1:nd0:d6:lengthi0eeee12:meta versioni2e"
	    "4:name1:n10:name.utf-81:N12:piece lengthi16384eee");

	ck_assert_int_eq(bt_edit_set_name(e, "new", NULL), BT_OK);
	check_bytes(e, "d4:infod9:file treed3:newd0:d6:lengthi0eeee12:meta versioni2e"
	    "4:name3:new10:name.utf-83:new12:piece lengthi16384eee");
	ck_assert(bt_edit_info_hash_v2(e, BT_EDIT_NOW, (uint8_t[32]){ 0 }));
	ck_assert(!bt_edit_info_hash(e, BT_EDIT_NOW, (uint8_t[20]){ 0 }));
	bt_edit_free(e);
	e = parse("d4:infodee");
	ck_assert_int_eq(bt_edit_set_name(e, "new", NULL), BT_OK);
	check_bytes(e, "d4:infod4:name3:newee");
	bt_edit_free(e);
	/* A directory's files keep their names. */
	e = parse("d4:infod9:file treed1:nd1:xd0:d6:lengthi0eeeee12:meta versioni2e4:name1:nee");
	ck_assert_int_eq(bt_edit_set_name(e, "new", NULL), BT_OK);
	check_bytes(e, "d4:infod9:file treed1:nd1:xd0:d6:lengthi0eeeee12:meta versioni2e"
	    "4:name3:newee");
	bt_edit_free(e);
}
END_TEST

START_TEST(what_is_no_torrent_is_refused)
{
	static const char *const bad[] = { "", "de", "le", "d4:infolee", "d4:infod", "x" };
	struct bt_edit *e;
	struct bt_error err;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_int_eq(bt_edit_parse(slice_str(bad[i]), &e, &err), BT_EFORMAT);
		ck_assert_ptr_null(e);
	}
	ck_assert_int_eq(bt_edit_open("/nonexistent", &e, &err), BT_ENOENT);
	ck_assert_ptr_null(e);
}
END_TEST

START_TEST(hostile_lists_are_refused)
{
	struct bt_create_tracker add = { "http://c/x", 0 };
	struct bt_error err;
	struct bt_edit *e;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_str(&b, "d8:announce" A "13:announce-listl");
	for (unsigned i = 0; i < 20000; i++)
		buf_add_str(&b, "l1:xe");
	buf_add_str(&b, "e" INFO "e");
	e = parse(buf_cstr(&b));
	ck_assert_int_eq(bt_edit_add_trackers(e, &add, 1, &err), BT_ELIMIT);
	ck_assert_int_eq(bt_edit_remove_trackers(e, "*", &err), BT_ELIMIT);
	ck_assert(!bt_edit_changed(e, NULL));
	ck_assert_int_eq(bt_edit_set_trackers(e, &add, 1, &err), BT_OK);
	bt_edit_free(e);
	buf_fini(&b);
}
END_TEST

/* -- real torrents -- */

/* All that is there before is there afterwards, in the same order, byte for byte. */
static void
check_rest(struct bt_slice before, struct bt_slice after)
{
	struct dict a, b;
	size_t at = 0;

	ck_assert_int_eq(dict_parse(&a, before, NULL), BT_OK);
	ck_assert_int_eq(dict_parse(&b, after, NULL), BT_OK);
	for (size_t i = 0; i < a.entries.len; i++) {
		const struct dict_entry *x = vec_at(&a.entries, i), *y;

		if (slice_starts(x->key, "announce"))
			continue;
		do {
			ck_assert_uint_lt(at, b.entries.len);
			y = vec_at(&b.entries, at++);
		} while (slice_starts(y->key, "announce"));
		ck_assert(slice_eq(x->whole, y->whole));
	}
	ck_assert(slice_eq(a.rest, b.rest));
	dict_fini(&a);
	dict_fini(&b);
}

static bool
reannounce(struct bt_slice bytes)
{
	const struct bt_create_tracker list[] = { { "http://x/1", 0 }, { "http://x/2", 1 } };
	struct bt_edit *e, *again;
	struct bt_slice out;

	if (bt_edit_parse(bytes, &e, NULL) != BT_OK)
		return false;
	ck_assert_int_eq(bt_edit_bytes(e, &out, NULL), BT_OK);
	ck_assert(slice_eq(out, bytes));
	ck_assert_int_eq(bt_edit_set_announce(e, "http://x/1", NULL), BT_OK);
	ck_assert_int_eq(bt_edit_set_trackers(e, list, 2, NULL), BT_OK);
	ck_assert_int_eq(bt_edit_bytes(e, &out, NULL), BT_OK);
	check_rest(bytes, out);
	ck_assert_int_eq(bt_edit_parse(out, &again, NULL), BT_OK);
	ck_assert(slice_eq_str(bt_edit_announce(again, BT_EDIT_NOW), "http://x/1"));
	ck_assert_uint_eq(bt_edit_trackers(again, BT_EDIT_NOW, NULL, 0), 2);
	bt_edit_free(again);
	bt_edit_free(e);
	return true;
}

/* How many of a folder's files are torrents; 0 if there is no such folder. */
static unsigned
reannounce_folder(const char *folder)
{
	const struct dirent *entry;
	DIR *d = opendir(folder);
	unsigned count = 0;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		char path[4096];
		struct buf b;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		buf_init(&b, 64 << 20);
		if (file_read(path, &b, NULL) == BT_OK)
			count += reannounce(buf_slice(&b));
		buf_fini(&b);
	}
	if (d != NULL)
		(void)closedir(d);
	return count;
}

START_TEST(real_torrents_keep_all_but_their_trackers)
{
	ck_assert_uint_ge(reannounce_folder(TEST_DATA "/../fuzz/seeds/metainfo"), 20);
	if (access(VECTORS "/torrents", R_OK) == 0)
		ck_assert_uint_ge(reannounce_folder(VECTORS "/torrents"), 10);
	else
		(void)fprintf(stderr, "SKIP: no " VECTORS "/torrents: real torrents not tried\n");
}
END_TEST

START_TEST(no_memory_is_an_error)
{
	static const char torrent[] = "d8:announce" A LIST_OF("l" A "el" B "e") INFO "e";
	const struct bt_create_tracker add = { "http://c/x", 0 };
	const char *const seed = "http://h/1";
	bool done = false;

	for (size_t n = 1; !done; n++) {
		struct bt_error err = { .code = BT_OK };
		struct bt_edit *e = NULL;
		struct bt_slice out;

		mem_fail_at(n);
		done = bt_edit_parse(slice_str(torrent), &e, &err) == BT_OK &&
		    bt_edit_replace_trackers(e, "/x", "/y", &err) == BT_OK &&
		    bt_edit_add_trackers(e, &add, 1, &err) == BT_OK &&
		    bt_edit_remove_trackers(e, "http://b*", &err) == BT_OK &&
		    bt_edit_set_http_seeds(e, &seed, 1, &err) == BT_OK &&
		    bt_edit_set_name(e, "new", &err) == BT_OK &&
		    bt_edit_bytes(e, &out, &err) == BT_OK;
		mem_fail_at(0);
		if (!done)
			ck_assert(err.code == BT_ENOMEM || err.code == BT_ELIMIT);
		bt_edit_free(e);
	}
}
END_TEST

Suite *
edit_suite(void)
{
	Suite *s = suite_create("meta/edit");
	TCase *c = tcase_create("edit");

	tcase_add_loop_test(c, trackers_change, 0, (int)COUNT_OF(changes));
	tcase_add_test(c, changes_add_up);
	tcase_add_test(c, seeds_change);
	tcase_add_test(c, a_name_changes_the_hash);
	tcase_add_test(c, all_spellings_of_a_name_change);
	tcase_add_test(c, what_is_no_torrent_is_refused);
	tcase_add_test(c, hostile_lists_are_refused);
	tcase_add_test(c, real_torrents_keep_all_but_their_trackers);
	tcase_add_test(c, no_memory_is_an_error);
	suite_add_tcase(s, c);
	return s;
}
