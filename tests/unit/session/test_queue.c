/* SPDX-License-Identifier: ISC */
/* When only some torrents may be active. */
#include "rig.h"

Suite *queue_suite(void);

static struct bt_session *session;
static uint32_t ids[TORRENTS];

static void
allow(const char *downloads, const char *seeds)
{
	struct bt_settings *set = bt_session_settings(session);

	ck_assert_int_eq(bt_settings_set(set, "active_downloads", downloads, NULL), BT_OK);
	ck_assert_int_eq(bt_settings_set(set, "active_seeds", seeds, NULL), BT_OK);
	ck_assert_int_eq(bt_session_apply(session, set, NULL), BT_OK);
	bt_settings_free(set);
}

static void
add_all(const char *who)
{
	for (int i = 0; i < TORRENTS; i++)
		ids[i] = add(session, who, i);
}

/* One letter for each torrent: (d)ownloading, (s)eeding, (q)ueued, (p)aused, ... */
static void
states(char out[TORRENTS + 1])
{
	for (int i = 0; i < TORRENTS; i++) {
		struct bt_torrent_status st;

		ck_assert_int_eq(bt_session_status(session, ids[i], &st, sizeof(st)), BT_OK);
		out[i] = bt_torrent_state_name(st.state)[0];
	}
	out[TORRENTS] = '\0';
}

static void
wait_for(const char *wanted)
{
	char got[TORRENTS + 1] = "";

	for (int i = 0; i < 500 && strcmp(got, wanted) != 0; i++) {
		(void)usleep(10000);
		states(got);
	}
	ck_assert_str_eq(got, wanted);
}

static void
begin(void)
{
	write_content();
	session = must_open();
}

static void
end(void)
{
	bt_session_free(session);
	remove_content();
}

START_TEST(downloads_in_the_order_of_coming)
{
	begin();
	allow("2", "0");
	add_all("leech");
	wait_for("ddqq");
	ck_assert_int_eq(bt_session_pause(session, ids[0], true), BT_OK);
	wait_for("pddq");
	ck_assert_int_eq(bt_session_pause(session, ids[0], false), BT_OK);
	/* It came first, and has its turn again. */
	wait_for("ddqq");
	ck_assert_int_eq(bt_session_stop(session, ids[1]), BT_OK);
	ck_assert_int_eq(bt_session_stop(session, ids[2]), BT_OK);
	wait_for("dssd");
	allow("1", "0");
	wait_for("dssq");
	allow("0", "0");
	wait_for("dssd");
	end();
}
END_TEST

START_TEST(seeds_are_another_queue)
{
	begin();
	allow("1", "1");
	add_all("seed");
	/* All were checked, though only one may seed. */
	wait_for("sqqq");
	allow("1", "3");
	wait_for("sssq");
	end();
}
END_TEST

START_TEST(a_seed_that_is_wanted_goes_first)
{
	struct bt_session *other;
	struct bt_error err;
	uint32_t id;

	begin();
	add_all("seed");
	wait_for("ssss");
	other = must_open();
	id = add(other, "leech", 2);
	ck_assert_int_eq(bt_session_set_limit(other, id, "download_rate", 20000, &err), BT_OK);
	ck_assert_int_eq(bt_session_add_peer(other, id, "127.0.0.1", bt_session_port(session),
	    &err), BT_OK);
	for (int i = 0; i < 500; i++) {
		struct bt_torrent_status st;

		ck_assert_int_eq(bt_session_status(session, ids[2], &st, sizeof(st)), BT_OK);
		if (st.uploaded > 0)
			break;
		(void)usleep(10000);
	}
	allow("0", "1");
	wait_for("qqsq");
	bt_session_free(other);
	end();
}
END_TEST

Suite *
queue_suite(void)
{
	Suite *s = suite_create("session/queue");
	TCase *tc = tcase_create("queue");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, downloads_in_the_order_of_coming);
	tcase_add_test(tc, seeds_are_another_queue);
	tcase_add_test(tc, a_seed_that_is_wanted_goes_first);
	suite_add_tcase(s, tc);
	return s;
}
