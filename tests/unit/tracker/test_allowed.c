/* SPDX-License-Identifier: ISC */
/* Which torrents may be tracked, from a list or a directory, and what a loop sees of it. */
#include "tracker/rules/policy.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "helper.h"
#include "tracker_test.h"

#define ONE "0102030405060708090a0b0c0d0e0f1011121314"

static const uint8_t one[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20 };

struct place {
	char folder[32], path[128];
	struct bt_tracker_settings settings;
	struct policy policy;
	struct gate gate;
};

static const char *
path_of(struct place *p, const char *name)
{
	(void)snprintf(p->path, sizeof(p->path), "%s/%s", p->folder, name);
	return p->path;
}

static void
put_file(struct place *p, const char *name, const char *text)
{
	ck_assert_int_eq(file_replace(path_of(p, name), slice_str(text), NULL), BT_OK);
}

/* A torrent whose name is all that tells it from others. */
static void
put_torrent(struct place *p, const char *path, const char *name)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "d4:infod6:lengthi1e4:name%zu:%s12:piece lengthi16384e"
	    "6:pieces20:aaaaaaaaaaaaaaaaaaaaee", strlen(name), name);
	put_file(p, path, text);
}

static void
set(struct place *p, const char *name, const char *text)
{
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &p->settings, name, text, NULL),
	    BT_OK);
}

static void
place_init(struct place *p)
{
	memset(p, 0, sizeof(*p));
	(void)snprintf(p->folder, sizeof(p->folder), "/tmp/test_allowed.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->folder));
	ck_assert_int_eq(bt_options_init(bt_tracker_options(), &p->settings), BT_OK);
}

static void
place_open(struct place *p)
{
	struct bt_error err;

	ck_assert_msg(policy_open(&p->policy, &p->settings, NULL, &err) == BT_OK, "%s", err.text);
	p->gate = policy_gate(&p->policy);
}

static void
place_fini(struct place *p)
{
	char command[64];

	gate_fini(&p->gate);
	policy_close(&p->policy);
	bt_options_fini(bt_tracker_options(), &p->settings);
	(void)snprintf(command, sizeof(command), "rm -r %s", p->folder);
	ck_assert_int_eq(system(command), 0);
}

static bool
tracked(struct place *p, const uint8_t hash[20])
{
	struct bt_slice warning = SLICE_NONE;

	return gate_refusal(&p->gate, hash, true, &warning).len == 0;
}

static enum bt_code
read_again(struct place *p)
{
	struct bt_error err;

	return lists_read(&p->policy.lists, &p->policy.notes, &err);
}

START_TEST(lists_of_hashes)
{
	static const struct { const char *text; size_t count; } cases[] = {
		{ "", 0 }, { "# nothing\n\n", 0 }, { ONE, 1 }, { ONE "\r\n" ONE " name\n", 2 },
		{ "  " ONE "\t", 1 }, { ONE "aaaaaaaaaaaaaaaaaaaaaaaa", 1 }, { ONE "a", SIZE_MAX },
		{ ONE "\nx", SIZE_MAX }, { "0g" ONE, SIZE_MAX }, { ONE ONE, SIZE_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct allowed *a = allowed_new();
		struct bt_error err;
		enum bt_code code = allowed_add_list(a, slice_str(cases[i].text), &err);

		ck_assert_int_eq(code, cases[i].count == SIZE_MAX ? BT_EFORMAT : BT_OK);
		if (code == BT_OK)
			ck_assert_uint_eq(a->items.len, cases[i].count);
		allowed_seal(a);
		ck_assert_int_eq(allowed_find(a, one) != NULL, a->items.len > 0);
		snapshot_drop(&a->snapshot);
	}
}
END_TEST

START_TEST(without_lists_all_is_tracked)
{
	struct gate none = { .limit = NULL };
	struct bt_slice warning = SLICE_NONE;
	struct place p;

	ck_assert_uint_eq(gate_refusal(&none, one, true, &warning).len, 0);
	place_init(&p);
	place_open(&p);
	ck_assert(tracked(&p, one));
	ck_assert_ptr_null(gate_torrent(&p.gate, one));
	place_fini(&p);
}
END_TEST

START_TEST(a_bad_list_leaves_the_old_one)
{
	static const uint8_t other[20];
	struct place p;

	place_init(&p);
	put_file(&p, "list", ONE);
	set(&p, "allowed_list", path_of(&p, "list"));
	place_open(&p);
	ck_assert(tracked(&p, one) && !tracked(&p, other));
	put_file(&p, "list", "rubbish");
	ck_assert_int_eq(read_again(&p), BT_EFORMAT);
	ck_assert(tracked(&p, one) && !tracked(&p, other));
	ck_assert_int_eq(read_again(&p), BT_OK);	/* said once */
	ck_assert_int_eq(unlink(path_of(&p, "list")), 0);
	ck_assert_int_eq(read_again(&p), BT_ENOENT);
	ck_assert(tracked(&p, one));
	put_file(&p, "list", "");
	ck_assert_int_eq(read_again(&p), BT_OK);
	ck_assert(!tracked(&p, one));
	place_fini(&p);
}
END_TEST

static size_t
torrents_allowed(struct place *p)
{
	return p->policy.lists.parts.torrents->items.len;
}

START_TEST(a_directory_is_followed)
{
	const struct allowed_torrent *t, *again;
	const struct allowed_item *item;
	uint8_t hash[20];
	struct place p;

	place_init(&p);
	set(&p, "allowed_dir", p.folder);
	place_open(&p);
	ck_assert_uint_eq(torrents_allowed(&p), 0);
	ck_assert(!tracked(&p, one));
	ck_assert_int_eq(mkdir(path_of(&p, "sub"), 0777), 0);
	put_torrent(&p, "sub/a.torrent", "a");
	put_torrent(&p, "sub/b.torrent", "bee");
	put_torrent(&p, "sub/copy.torrent", "bee");
	put_file(&p, "sub/c.torrent", "rubbish");
	put_torrent(&p, "sub/.hidden.torrent", "hidden");
	put_torrent(&p, "sub/d.other", "d");
	ck_assert_int_eq(read_again(&p), BT_OK);
	ck_assert_uint_eq(torrents_allowed(&p), 2);
	item = vec_at(&p.policy.lists.parts.torrents->items, 0);
	memcpy(hash, item->hash, 20);
	t = gate_torrent(&p.gate, hash);
	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->size, 1);
	ck_assert(slice_eq_str(t->name, "a") || slice_eq_str(t->name, "bee"));

	/* What did not change is not read again. */
	put_torrent(&p, "sub/e.torrent", "e");
	ck_assert_int_eq(read_again(&p), BT_OK);
	ck_assert_uint_eq(torrents_allowed(&p), 3);
	again = gate_torrent(&p.gate, hash);
	ck_assert_ptr_eq(again, t);
	ck_assert_int_eq(read_again(&p), BT_OK);

	/* Torrents hide what is below them. */
	put_torrent(&p, "top.torrent", "top");
	ck_assert_int_eq(read_again(&p), BT_OK);
	ck_assert_uint_eq(torrents_allowed(&p), 1);
	ck_assert(!tracked(&p, hash));
	ck_assert_int_eq(unlink(path_of(&p, "top.torrent")), 0);
	ck_assert_int_eq(read_again(&p), BT_OK);
	ck_assert_uint_eq(torrents_allowed(&p), 3);
	place_fini(&p);
}
END_TEST

static void *
judge(void *arg)
{
	struct place *p = arg;
	struct gate gate = policy_gate(&p->policy);
	struct bt_slice warning;

	for (int i = 0; i < 200000; i++)
		(void)gate_refusal(&gate, one, true, &warning);
	gate_fini(&gate);
	return NULL;
}

START_TEST(loops_read_while_a_worker_writes)
{
	pthread_t threads[2];
	struct place p;

	place_init(&p);
	put_file(&p, "list", ONE);
	set(&p, "allowed_list", path_of(&p, "list"));
	place_open(&p);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, judge, &p), 0);
	for (int i = 0; i < 50; i++) {
		put_file(&p, "list", i % 2 == 0 ? "#\n" ONE : ONE);
		ck_assert_int_eq(read_again(&p), BT_OK);
	}
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	place_fini(&p);
}
END_TEST

Suite *
allowed_suite(void)
{
	Suite *s = suite_create("tracker/allowed");
	TCase *t = tcase_create("allowed");

	tcase_add_test(t, lists_of_hashes);
	tcase_add_test(t, without_lists_all_is_tracked);
	tcase_add_test(t, a_bad_list_leaves_the_old_one);
	tcase_add_test(t, a_directory_is_followed);
	tcase_add_test(t, loops_read_while_a_worker_writes);
	suite_add_tcase(s, t);
	return s;
}
