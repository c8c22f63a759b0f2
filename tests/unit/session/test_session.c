/* SPDX-License-Identifier: ISC */
/* Two sessions over loopback, used from several threads at once. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "rig.h"

Suite *session_suite(void);

static struct bt_session *seed, *leech;
static uint32_t seed_id[TORRENTS], leech_id[TORRENTS];
static atomic_bool over;

static bool
is_complete(uint32_t id)
{
	struct bt_torrent_status st;

	return bt_session_status(leech, id, &st) == BT_OK && st.state == BT_TORRENT_SEEDING &&
	    st.done == SIZE;
}

static bool
all_complete(void)
{
	for (int i = 0; i < TORRENTS; i++) {
		if (!is_complete(leech_id[i]))
			return false;
	}
	return true;
}

/* Asks for everything all the time, as a screen would. */
static void *
look_on(void *arg)
{
	struct bt_torrent_status st;
	struct bt_error err;
	unsigned n = 0;

	while (!over) {
		for (uint32_t id = 0; id < 12; id++) {
			(void)bt_session_status(leech, id, &st);
			(void)bt_session_status(seed, id, &st);
			(void)bt_session_add_peer(leech, id, "127.0.0.1", 1, &err);
		}
		n++;
	}
	return n > 0 ? arg : NULL;
}

START_TEST(used_from_two_threads)
{
	struct bt_event e;
	struct bt_error err;
	pthread_t looker;
	unsigned whole = 0;

	write_content();
	seed = must_open();
	leech = must_open();
	over = false;
	ck_assert_int_eq(pthread_create(&looker, NULL, look_on, folder), 0);
	for (int i = 0; i < TORRENTS; i++) {
		seed_id[i] = add(seed, "seed", i);
		leech_id[i] = add(leech, "leech", i);
		ck_assert_int_eq(bt_session_add_peer(leech, leech_id[i], "127.0.0.1",
		    bt_session_port(seed), &err), BT_OK);
	}
	/* Removed in the middle, and added anew. */
	ck_assert_int_eq(bt_session_remove(leech, leech_id[1]), BT_OK);
	ck_assert_int_eq(bt_session_remove(leech, leech_id[1]), BT_ENOENT);
	leech_id[1] = add(leech, "leech", 1);
	ck_assert_int_eq(bt_session_add_peer(leech, leech_id[1], "127.0.0.1",
	    bt_session_port(seed), &err), BT_OK);
	for (int i = 0; i < 600 && !all_complete(); i++) {
		struct pollfd p = { .fd = bt_session_fd(leech), .events = POLLIN };

		(void)poll(&p, 1, 100);
		while (bt_session_next_event(leech, &e))
			whole += e.type == BT_EVENT_COMPLETE;
	}
	over = true;
	(void)pthread_join(looker, NULL);
	ck_assert(all_complete());
	while (bt_session_next_event(leech, &e))
		whole += e.type == BT_EVENT_COMPLETE;
	ck_assert_uint_ge(whole, TORRENTS);
	for (int i = 0; i < TORRENTS; i++) {
		char command[300];

		(void)snprintf(command, sizeof(command), "cmp '%s/seed%d' '%s/leech%d'", folder, i,
		    folder, i);
		ck_assert_int_eq(system(command), 0);
	}
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}
END_TEST

START_TEST(freed_while_transferring)
{
	struct bt_error err;

	write_content();
	for (int round = 0; round < 4; round++) {
		seed = must_open();
		leech = must_open();
		for (int i = 0; i < TORRENTS; i++) {
			(void)add(seed, "seed", i);
			leech_id[i] = add(leech, "x", i);
			ck_assert_int_eq(bt_session_add_peer(leech, leech_id[i], "127.0.0.1",
			    bt_session_port(seed), &err), BT_OK);
		}
		(void)usleep((useconds_t)round * 30000);
		bt_session_free(round % 2 ? seed : leech);
		bt_session_free(round % 2 ? leech : seed);
	}
	remove_content();
}
END_TEST

START_TEST(says_what_is_wrong)
{
	struct bt_torrent_status st;
	struct bt_session *other = NULL;
	struct bt_error err = { 0 };
	char port[16], path[128];
	uint32_t id;

	write_content();
	seed = must_open();
	id = add(seed, "seed", 0);
	path_of(path, "seed", 0);
	ck_assert_int_eq(bt_session_add(seed, meta_of(0), path, &id, &err), BT_EEXIST);
	ck_assert_int_eq(bt_session_status(seed, 999, &st), BT_ENOENT);
	ck_assert_int_eq(bt_session_stop(seed, 999), BT_ENOENT);
	ck_assert_int_eq(bt_session_add_peer(seed, 999, "1.2.3.4", 5, &err), BT_ENOENT);
	ck_assert_int_eq(bt_session_add_peer(seed, id, "example.org", 5, &err), BT_EARG);
	(void)snprintf(port, sizeof(port), "%u", bt_session_port(seed));
	ck_assert_int_eq(new_session(port, &other, &err), BT_EIO);
	ck_assert(err.text[0] != '\0');
	ck_assert_int_eq(bt_session_stop(seed, id), BT_OK);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(bt_session_status(seed, id, &st), BT_OK);
		if (st.state == BT_TORRENT_STOPPED)
			break;
		(void)usleep(50000);
	}
	ck_assert_int_eq(st.state, BT_TORRENT_STOPPED);
	bt_session_free(seed);
	bt_session_free(NULL);
	remove_content();
}
END_TEST

/* -- calls from inside the log -- */

struct teller {
	struct bt_session *session;	/* NULL: asks for nothing */
	uint32_t id;
	atomic_uint lines;
	atomic_bool removed;
	enum bt_code late;		/* what a call got at the end */
};

/* Does to the torrent all that may be done, in the very lines that tell of it. */
static void
meddle(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	struct teller *t = arg;
	struct bt_torrent_status st;
	struct bt_error err;
	uint32_t id;

	(void)level;
	atomic_fetch_add(&t->lines, 1);
	ck_assert(topic[0] != '\0' && text[0] != '\0');
	if (t->session == NULL)
		return;
	if (atomic_load(&t->removed)) {
		t->late = bt_session_status(t->session, t->id, &st);
		return;
	}
	ck_assert_int_eq(bt_session_status(t->session, t->id, &st), BT_OK);
	ck_assert_int_eq(bt_session_add_peer(t->session, t->id, "127.0.0.1", 1, &err), BT_OK);
	ck_assert_int_eq(bt_session_stop(t->session, t->id), BT_OK);
	ck_assert_int_eq(bt_session_remove(t->session, t->id), BT_OK);
	id = add(t->session, "seed", 1);
	ck_assert_int_eq(bt_session_stop(t->session, id), BT_OK);
	atomic_store(&t->removed, true);
}

START_TEST(called_from_its_log)
{
	struct teller t = { .session = NULL };
	struct bt_error err;

	write_content();
	ck_assert_int_eq(new_logging("0", meddle, &t, &seed, &err), BT_OK);
	t.id = add(seed, "seed", 0);
	t.session = seed;
	for (int i = 0; i < 600 && !atomic_load(&t.removed); i++)
		(void)usleep(20000);
	ck_assert(atomic_load(&t.removed));
	/* The last lines are told when there is no session to ask any more. */
	(void)add(seed, "seed", 2);
	bt_session_free(seed);
	ck_assert_uint_ge(atomic_load(&t.lines), 2);
	ck_assert_int_ne(t.late, BT_OK);
	remove_content();
}
END_TEST

#ifndef __SANITIZE_THREAD__
/* The counter of the saboteur is shared by the session's threads, which a race does no harm to. */
START_TEST(begins_without_memory)
{
	unsigned refused = 0, opened = 0;

	for (size_t n = 1; n < 120; n++) {
		struct bt_session *s = NULL;
		struct bt_error err;

		mem_fail_at(n);
		if (bt_session_new(NULL, NULL, NULL, &s, &err) == BT_OK)
			opened++;
		else
			refused++;
		mem_fail_at(0);
		bt_session_free(s);
	}
	ck_assert_uint_gt(refused, 5);
	ck_assert_uint_gt(opened, 5);
}
END_TEST

START_TEST(adds_without_memory)
{
	write_content();
	seed = must_open();
	for (size_t n = 1; n < 150; n++) {
		struct bt_metainfo *meta = meta_of(0);
		struct bt_error err = { 0 };
		uint32_t id;
		char path[128];

		path_of(path, "seed", 0);
		mem_fail_at(n);
		if (bt_session_add(seed, meta, path, &id, &err) == BT_OK)
			ck_assert_int_eq(bt_session_remove(seed, id), BT_OK);
		else
			ck_assert_int_eq(err.code, BT_ENOMEM);
		mem_fail_at(0);
	}
	bt_session_free(seed);
	remove_content();
}
END_TEST
#endif

Suite *
session_suite(void)
{
	Suite *s = suite_create("session/session");
	TCase *c = tcase_create("session");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, used_from_two_threads);
	tcase_add_test(c, freed_while_transferring);
	tcase_add_test(c, says_what_is_wrong);
	tcase_add_test(c, called_from_its_log);
#ifndef __SANITIZE_THREAD__
	tcase_add_test(c, begins_without_memory);
	tcase_add_test(c, adds_without_memory);
#endif
	suite_add_tcase(s, c);
	return s;
}
