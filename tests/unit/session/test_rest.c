/* SPDX-License-Identifier: ISC */
/* Torrents that rest: complete and asleep until somebody comes, paused, stopped and started. */
#include <poll.h>

#include "rig.h"
#include "session/model.h"
#include "torrent/model.h"

Suite *rest_suite(void);

static struct bt_session *seed, *leech;
static char torrent_file[128];

static void
write_torrent(int i)
{
	struct bt_metainfo *meta = meta_of(i);
	struct bt_error err;

	(void)snprintf(torrent_file, sizeof(torrent_file), "%s/a.torrent", folder);
	ck_assert_msg(bt_metainfo_save(meta, torrent_file, &err) == BT_OK, "%s", err.text);
	bt_metainfo_free(meta);
}

static uint32_t
add_with(struct bt_session *s, const char *who, int i, const char *file, const char *paused)
{
	struct bt_add_params *p = bt_add_params_new();
	struct bt_metainfo *meta = meta_of(i);
	struct bt_error err;
	char path[128];
	uint32_t id;

	path_of(path, who, i);
	bt_add_params_set_metainfo(p, meta);
	ck_assert_int_eq(bt_add_params_set(p, "save_as", path, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "torrent_file", file, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "paused", paused, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "check_hashes", "0", &err), BT_OK);
	ck_assert_msg(bt_session_add(s, p, &id, &err) == BT_OK, "%s", err.text);
	bt_add_params_free(p);
	bt_metainfo_free(meta);
	return id;
}

static void
fetch(int i)
{
	uint32_t id = add(leech, "leech", i);
	struct bt_error err;
	char command[300];

	ck_assert_int_eq(bt_session_add_peer(leech, id, "127.0.0.1", bt_session_port(seed), &err),
	    BT_OK);
	wait_for_state(leech, id, BT_TORRENT_SEEDING);
	(void)snprintf(command, sizeof(command), "cmp '%s/seed%d' '%s/leech%d'", folder, i,
	    folder, i);
	ck_assert_int_eq(system(command), 0);
}

static void
begin(void)
{
	write_content();
	write_torrent(0);
	seed = must_open();
	leech = must_open();
}

static void
end(void)
{
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}

START_TEST(wakes_for_who_comes)
{
	struct bt_torrent_status st;
	struct bt_list *files;
	struct bt_error err;
	uint32_t id;

	begin();
	id = add_with(seed, "seed", 0, torrent_file, "0");
	/* It was not checked, and nothing of it was loaded. */
	ck_assert_int_eq(bt_session_status(seed, id, &st, sizeof(st)), BT_OK);
	ck_assert_int_eq(st.state, BT_TORRENT_SEEDING);
	ck_assert_uint_eq(st.pieces_checked, 0);
	ck_assert_uint_eq(st.done, SIZE);
	ck_assert_uint_eq(st.pieces_done, st.piece_count);
	ck_assert_msg(bt_session_files(seed, id, &files, &err) == BT_OK, "%s", err.text);
	ck_assert_uint_eq(((const struct bt_file_progress *)bt_list_at(files, 0))->done, SIZE);
	bt_list_free(files);
	fetch(0);
	end();
}
END_TEST

START_TEST(wakes_without_a_torrent_file)
{
	begin();
	(void)add_with(seed, "seed", 1, "", "0");
	fetch(1);
	end();
}
END_TEST

/* What it would be woken from is another torrent by now, or is gone. */
START_TEST(fails_if_it_cannot_wake)
{
	struct bt_error err;
	uint32_t id, other;

	begin();
	id = add_with(seed, "seed", 0, torrent_file, "0");
	write_torrent(1);
	other = add(leech, "leech", 0);
	ck_assert_int_eq(bt_session_add_peer(leech, other, "127.0.0.1", bt_session_port(seed),
	    &err), BT_OK);
	wait_for_state(seed, id, BT_TORRENT_FAILED);
	ck_assert_int_eq(bt_session_error(seed, id, &err), BT_OK);
	ck_assert_msg(strstr(err.text, "another torrent") != NULL, "%s", err.text);
	end();
}
END_TEST

/* On the session's thread: somebody comes, it is started while its parts are being loaded, and
 * somebody else comes just before they are here. */
static void
wake_twice(void *arg)
{
	struct entry *e = entry_find(seed, *(const uint32_t *)arg);
	struct pollfd pfd = { .fd = pool_fd(seed->pool), .events = POLLIN };
	usec now = loop_now(seed->loop);

	ck_assert(e->torrent->asleep);
	torrent_wake(e->torrent);
	entries_due(seed, now);
	ck_assert(e->loading);
	ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
	torrent_start(e->torrent, now);
	torrent_wake(e->torrent);
	pool_deliver(seed->pool);
	ck_assert(!e->torrent->asleep);
	entries_due(seed, now + SECOND);
	torrent_check(e->torrent);
}

START_TEST(is_given_its_parts_once)
{
	uint32_t id;

	begin();
	id = add_with(seed, "seed", 0, torrent_file, "0");
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	ck_assert(mailbox_call(seed->mailbox, wake_twice, &id));
	fetch(0);
	end();
}
END_TEST

/* How many files it has is known while it sleeps as well. */
START_TEST(sleeps_and_is_told_what_is_wanted)
{
	const int wanted[3] = { BT_PRIORITY_HIGHEST, BT_PRIORITY_NORMAL, BT_PRIORITY_NORMAL };
	struct bt_error err;
	uint32_t id;

	begin();
	id = add_with(seed, "seed", 0, torrent_file, "0");
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_set_priorities(seed, id, wanted, 0, &err), BT_EARG);
	ck_assert_int_eq(bt_session_set_priorities(seed, id, wanted, 3, &err), BT_EARG);
	ck_assert_int_eq(bt_session_set_priorities(seed, id, wanted, 1, &err), BT_OK);
	fetch(0);
	end();
}
END_TEST

START_TEST(a_pause_lets_go_and_comes_back)
{
	struct bt_torrent_status st;
	struct bt_error err;
	uint32_t id, other;

	begin();
	id = add_with(seed, "seed", 0, torrent_file, "1");
	wait_for_state(seed, id, BT_TORRENT_PAUSED);
	other = add(leech, "leech", 0);
	ck_assert_int_eq(bt_session_add_peer(leech, other, "127.0.0.1", bt_session_port(seed),
	    &err), BT_OK);
	wait_for_state(leech, other, BT_TORRENT_DOWNLOADING);
	(void)poll(NULL, 0, 300);
	ck_assert_int_eq(bt_session_status(leech, other, &st, sizeof(st)), BT_OK);
	ck_assert_uint_eq(st.done, 0);
	ck_assert_int_eq(bt_session_pause(seed, id, false), BT_OK);
	/* The leech comes again some seconds after it was refused. */
	wait_for_state(leech, other, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_pause(leech, other, true), BT_OK);
	wait_for_state(leech, other, BT_TORRENT_PAUSED);
	ck_assert_int_eq(bt_session_pause(leech, other, false), BT_OK);
	wait_for_state(leech, other, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_pause(leech, 999, true), BT_ENOENT);
	end();
}
END_TEST

START_TEST(what_stopped_starts_again)
{
	uint32_t id;

	begin();
	id = add(seed, "seed", 0);
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_stop(seed, id), BT_OK);
	wait_for_state(seed, id, BT_TORRENT_STOPPED);
	ck_assert_int_eq(bt_session_start(seed, id), BT_OK);
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	fetch(0);
	ck_assert_int_eq(bt_session_start(seed, 999), BT_ENOENT);
	end();
}
END_TEST

Suite *
rest_suite(void)
{
	Suite *s = suite_create("session/rest");
	TCase *c = tcase_create("rest");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, wakes_for_who_comes);
	tcase_add_test(c, wakes_without_a_torrent_file);
	tcase_add_test(c, fails_if_it_cannot_wake);
	tcase_add_test(c, is_given_its_parts_once);
	tcase_add_test(c, sleeps_and_is_told_what_is_wanted);
	tcase_add_test(c, a_pause_lets_go_and_comes_back);
	tcase_add_test(c, what_stopped_starts_again);
	suite_add_tcase(s, c);
	return s;
}
