/* SPDX-License-Identifier: ISC */
/* Settings by their names, and what changes in a session that runs. */
#include "base/cdefs.h"
#include "base/mem.h"
#include "rig.h"

Suite *apply_suite(void);

START_TEST(settings_by_name)
{
	struct bt_settings *s = bt_settings_new(), *copy;
	struct bt_error err;
	int64_t n = 0;
	double f = 0;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(bt_settings_get_int(s, "max_uploads", &n, &err), BT_OK);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(bt_settings_set_int(s, "max-uploads", 9, &err), BT_OK);
	ck_assert_int_eq(bt_settings_set(s, "bind", "127.0.0.1", &err), BT_OK);
	ck_assert_int_eq(bt_settings_set(s, "interface", "lo", &err), BT_OK);
	ck_assert_int_eq(bt_settings_set_float(s, "timeout", 99.5, &err), BT_OK);
	/* A copy has texts of its own, all of them. */
	copy = bt_settings_copy(s);
	ck_assert_int_eq(bt_settings_set(s, "bind", "", &err), BT_OK);
	bt_settings_free(s);
	ck_assert_str_eq(bt_settings_get_text(copy, "bind"), "127.0.0.1");
	ck_assert_str_eq(bt_settings_get_text(copy, "interface"), "lo");
	ck_assert_int_eq(bt_settings_get_int(copy, "max_uploads", &n, &err), BT_OK);
	ck_assert_int_eq(n, 9);
	ck_assert_int_eq(bt_settings_get_float(copy, "timeout", &f, &err), BT_OK);
	ck_assert(f == 99.5);
	ck_assert_int_eq(bt_settings_set(copy, "no_such", "1", &err), BT_ENOENT);
	ck_assert_int_eq(bt_settings_set_int(copy, "max_uploads", 0, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "max_uploads"));
	ck_assert_ptr_null(bt_settings_get_text(copy, "max_uploads"));
	bt_settings_free(copy);
	bt_settings_free(NULL);
}
END_TEST

START_TEST(settings_without_memory)
{
	struct bt_settings *from = bt_settings_new(), *s;
	unsigned made = 0;

	for (size_t n = 1; n < 12; n++) {
		mem_fail_at(n);
		s = bt_settings_new();
		mem_fail_at(0);
		made += s != NULL;
		bt_settings_free(s);
		mem_fail_at(n);
		s = bt_settings_copy(from);
		mem_fail_at(0);
		made += s != NULL;
		bt_settings_free(s);
	}
	ck_assert_uint_gt(made, 2);
	ck_assert_uint_lt(made, 20);
	bt_settings_free(from);
}
END_TEST

static uint64_t
done_by(struct bt_session *s, uint32_t id)
{
	struct bt_torrent_status st;

	ck_assert_int_eq(bt_session_status(s, id, &st, sizeof(st)), BT_OK);
	return st.done;
}

/* Until the torrent has that much, or half a minute is over. */
static uint64_t
wait_for(struct bt_session *s, uint32_t id, uint64_t want)
{
	for (int i = 0; i < 1500 && done_by(s, id) < want; i++)
		(void)usleep(20000);
	return done_by(s, id);
}

static void
change(struct bt_session *s, const char *name, int64_t value)
{
	struct bt_settings *set = bt_session_settings(s);
	struct bt_error err;

	ck_assert_ptr_nonnull(set);
	ck_assert_int_eq(bt_settings_set_int(set, name, value, &err), BT_OK);
	ck_assert_msg(bt_session_apply(s, set, &err) == BT_OK, "%s", err.text);
	bt_settings_free(set);
}

/* A limit of one torrent and one of the session, each set and lifted while content flows. */
START_TEST(limits_change_while_it_runs)
{
	struct bt_session *seed, *leech;
	struct bt_error err;
	uint32_t id[2];
	int64_t n;

	write_content();
	seed = must_open();
	leech = must_open();
	change(leech, "max_download_rate", 20);
	for (int i = 0; i < 2; i++) {
		(void)add(seed, "seed", i);
		id[i] = add(leech, "leech", i);
	}
	ck_assert_int_eq(bt_session_set_limit(leech, id[1], "download_rate", 1000, &err), BT_OK);
	ck_assert_int_eq(bt_session_get_limit(leech, id[1], "download_rate", &n, &err), BT_OK);
	ck_assert_int_eq(n, 1000);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(bt_session_add_peer(leech, id[i], "127.0.0.1",
		    bt_session_port(seed), &err), BT_OK);
	(void)usleep(500000);
	ck_assert_uint_lt(done_by(leech, id[0]), SIZE / 10);
	change(leech, "max_download_rate", 0);
	ck_assert_uint_eq(wait_for(leech, id[0], SIZE), SIZE);
	/* At 1000 bytes a second it has not a single piece. */
	ck_assert_uint_eq(done_by(leech, id[1]), 0);
	ck_assert_int_eq(bt_session_set_limit(leech, id[1], "download_rate", 0, &err), BT_OK);
	ck_assert_uint_eq(wait_for(leech, id[1], SIZE), SIZE);
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}
END_TEST

static size_t
peers_of(struct bt_session *s, uint32_t id)
{
	struct bt_list *list;
	struct bt_error err;
	size_t n;

	ck_assert_msg(bt_session_peers(s, id, &list, &err) == BT_OK, "%s", err.text);
	n = bt_list_count(list);
	bt_list_free(list);
	return n;
}

/* Another session that downloads torrent 0, slowly, from this one. */
static struct bt_session *
come(struct bt_session *seed, const char *who)
{
	struct bt_session *s = must_open();
	struct bt_error err;
	uint32_t id;

	change(s, "max_download_rate", 20);
	id = add(s, who, 0);
	ck_assert_int_eq(bt_session_add_peer(s, id, "127.0.0.1", bt_session_port(seed), &err),
	    BT_OK);
	return s;
}

START_TEST(connections_change_while_it_runs)
{
	struct bt_session *seed, *first, *second, *third;
	size_t most = 0;
	uint32_t id;

	write_content();
	seed = must_open();
	id = add(seed, "seed", 0);
	change(seed, "max_connections", 1);
	first = come(seed, "first");
	for (int i = 0; i < 1000 && peers_of(seed, id) == 0; i++)
		(void)usleep(10000);
	ck_assert_uint_eq(peers_of(seed, id), 1);
	second = come(seed, "second");
	for (int i = 0; i < 50; i++) {
		most = peers_of(seed, id) > most ? peers_of(seed, id) : most;
		(void)usleep(10000);
	}
	ck_assert_uint_eq(most, 1);
	change(seed, "max_connections", 0);
	third = come(seed, "third");
	for (int i = 0; i < 1000 && peers_of(seed, id) < 2; i++)
		(void)usleep(10000);
	ck_assert_uint_ge(peers_of(seed, id), 2);
	bt_session_free(third);
	bt_session_free(second);
	bt_session_free(first);
	bt_session_free(seed);
	remove_content();
}
END_TEST

START_TEST(what_cannot_change_is_named)
{
	static const struct { const char *name, *value; } fixed[] = {
		{ "minport", "1" }, { "maxport", "50000" }, { "random_port", "0" },
		{ "bind", "127.0.0.2" }, { "ipv6_enabled", "0" }, { "interface", "lo" },
	};
	struct bt_session *s = must_open();
	struct bt_settings *set;
	struct bt_error err;
	int64_t n = 0;

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		set = bt_session_settings(s);
		ck_assert_int_eq(bt_settings_set_int(set, "max_uploads", 3, &err), BT_OK);
		ck_assert_int_eq(bt_settings_set(set, fixed[i].name, fixed[i].value, &err), BT_OK);
		ck_assert_int_eq(bt_session_apply(s, set, &err), BT_EUNSUP);
		ck_assert_ptr_nonnull(strstr(err.text, fixed[i].name));
		bt_settings_free(set);
	}
	/* Nothing of it was done. */
	set = bt_session_settings(s);
	ck_assert_int_eq(bt_settings_get_int(set, "max_uploads", &n, &err), BT_OK);
	ck_assert_int_eq(n, 7);
	ck_assert_str_eq(bt_settings_get_text(set, "bind"), "127.0.0.1");
	bt_settings_free(set);
	ck_assert_int_eq(bt_session_set_limit(s, 7, "upload_rate", 1, &err), BT_ENOENT);
	ck_assert_int_eq(bt_session_get_limit(s, 7, "upload_rate", &n, &err), BT_ENOENT);
	bt_session_free(s);
}
END_TEST

START_TEST(limits_have_names_and_ranges)
{
	struct bt_session *s;
	struct bt_error err;
	uint32_t id;
	int64_t n;

	write_content();
	s = must_open();
	id = add(s, "seed", 0);
	for (size_t i = 0; i < bt_limits_table()->count; i++) {
		const struct bt_option *row = &bt_limits_table()->rows[i];
		const char *name = row->name;
		int64_t value = row->max < 5 ? (int64_t)row->max : 5;

		ck_assert_int_eq(bt_session_get_limit(s, id, name, &n, &err), BT_OK);
		ck_assert_int_eq(n, 0);
		ck_assert_int_eq(bt_session_set_limit(s, id, name, value, &err), BT_OK);
		ck_assert_int_eq(bt_session_set_limit(s, id, name, -1, &err), BT_EARG);
		ck_assert_ptr_nonnull(strstr(err.text, name));
		ck_assert_int_eq(bt_session_get_limit(s, id, name, &n, &err), BT_OK);
		ck_assert_int_eq(n, value);
	}
	ck_assert_int_eq(bt_session_set_limit(s, id, "patience", 5, &err), BT_ENOENT);
	bt_session_free(s);
	remove_content();
}
END_TEST

Suite *
apply_suite(void)
{
	Suite *s = suite_create("session/settings, apply");
	TCase *c = tcase_create("apply");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, settings_by_name);
	tcase_add_test(c, settings_without_memory);
	tcase_add_test(c, limits_change_while_it_runs);
	tcase_add_test(c, connections_change_while_it_runs);
	tcase_add_test(c, what_cannot_change_is_named);
	tcase_add_test(c, limits_have_names_and_ranges);
	suite_add_tcase(s, c);
	return s;
}
