/* SPDX-License-Identifier: ISC */
/* What a session knows again of torrents that an earlier one had. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "state/journal.h"
#include "state/resume.h"

#include "rig.h"
#include "session/model.h"

Suite *state_suite(void);

static struct bt_session *session;
static char state[128];

static struct bt_session *
open_with_state(void)
{
	struct bt_settings *set = bt_settings_new();
	struct bt_session *s = NULL;
	struct bt_error err;

	(void)snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert_int_eq(bt_settings_set(set, "bind", "127.0.0.1", NULL), BT_OK);
	ck_assert_int_eq(bt_settings_set(set, "state", state, NULL), BT_OK);
	ck_assert_msg(bt_session_new(set, NULL, NULL, &s, &err) == BT_OK, "%s", err.text);
	bt_settings_free(set);
	return s;
}

static void
begin(void)
{
	write_content();
	session = open_with_state();
}

static void
again(void)
{
	bt_session_free(session);
	session = open_with_state();
}

static void
end(void)
{
	bt_session_free(session);
	remove_content();
}

static uint32_t
add_checked(const struct bt_metainfo *meta, const char *path, const char *check)
{
	struct bt_add_params *p = bt_add_params_new();
	struct bt_error err;
	uint32_t id;

	bt_add_params_set_metainfo(p, meta);
	ck_assert_int_eq(bt_add_params_set(p, "save_as", path, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "check", check, &err), BT_OK);
	ck_assert_msg(bt_session_add(session, p, &id, &err) == BT_OK, "%s", err.text);
	bt_add_params_free(p);
	return id;
}

/* Adds content i of the seed and waits; how it stands then. */
static struct bt_torrent_status
seed(int i, const char *check)
{
	struct bt_metainfo *meta = meta_of(i);
	struct bt_torrent_status st;
	char path[128];
	uint32_t id;

	path_of(path, "seed", i);
	id = add_checked(meta, path, check);
	bt_metainfo_free(meta);
	wait_for_state(session, id, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_status(session, id, &st, sizeof(st)), BT_OK);
	ck_assert_uint_eq(st.done, SIZE);
	return st;
}

static void
touch_file(const char *path)
{
	const struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(what_is_as_it_was_is_not_read)
{
	struct bt_torrent_status st;
	char path[128];

	begin();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	again();
	st = seed(0, "fast");
	ck_assert_uint_eq(st.pieces_checked, 0);
	ck_assert_uint_eq(st.pieces_done, 46);
	again();
	ck_assert_uint_eq(seed(0, "full").pieces_checked, 46);
	path_of(path, "seed", 0);
	touch_file(path);
	again();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	/* It is known by its new time. */
	again();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 0);
	end();
}
END_TEST

/* What was removed is forgotten; what comes again at once is not, nor what was there at the end. */
START_TEST(what_is_removed_is_forgotten)
{
	struct bt_metainfo *meta;
	char path[128];
	uint32_t id, still;

	begin();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	ck_assert_uint_eq(seed(1, "fast").pieces_checked, 46);
	again();
	for (int i = 0; i < 2; i++) {
		meta = meta_of(i);
		path_of(path, "seed", i);
		id = add_checked(meta, path, "fast");
		wait_for_state(session, id, BT_TORRENT_SEEDING);
		ck_assert_int_eq(bt_session_remove(session, id), BT_OK);
		if (i == 1) {
			still = add_checked(meta, path, "fast");
			wait_for_state(session, still, BT_TORRENT_SEEDING);
		}
		bt_metainfo_free(meta);
	}
	again();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	ck_assert_uint_eq(seed(1, "fast").pieces_checked, 0);
	end();
}
END_TEST

/* What was not looked at is not known to be missing. */
START_TEST(a_check_that_was_cut_short_is_not_believed)
{
	struct bt_metainfo *meta;
	char path[128];
	uint32_t id;

	begin();
	meta = meta_of(0);
	path_of(path, "seed", 0);
	id = add_checked(meta, path, "fast");
	ck_assert_int_eq(bt_session_stop(session, id), BT_OK);
	wait_for_state(session, id, BT_TORRENT_STOPPED);
	(void)usleep(100000);
	again();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	bt_metainfo_free(meta);
	end();
}
END_TEST

/* Jobs that take a while each, more than the end of a session waits for; and for how long after
 * its beginning the torrent was still there. */
static struct job lazy[200];
static uint32_t lazy_id;
static usec lazy_began, lazy_kept;

static void
take_a_while(struct job *j)
{
	(void)j;
	(void)usleep(30000);
}

static void
took_a_while(struct job *j)
{
	(void)j;
	if (entry_find(session, lazy_id) != NULL)
		lazy_kept = loop_clock() - lazy_began;
}

static void
send_lazy(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < COUNT_OF(lazy); i++) {
		lazy[i] = (struct job){ .work = take_a_while, .done = took_a_while };
		pool_send(session->pool, &lazy[i]);
	}
	lazy_began = loop_clock();
}

START_TEST(the_end_waits_for_disks_but_not_long)
{
	struct bt_metainfo *meta;
	char path[128];

	begin();
	meta = meta_of(0);
	path_of(path, "seed", 0);
	lazy_id = add_checked(meta, path, "fast");
	wait_for_state(session, lazy_id, BT_TORRENT_SEEDING);
	ck_assert(mailbox_call(session->mailbox, send_lazy, NULL));
	bt_session_free(session);
	ck_assert_int_gt(lazy_kept, SECOND);
	ck_assert_int_lt(lazy_kept, 2500 * MSEC);
	bt_metainfo_free(meta);
	remove_content();
}
END_TEST

/* A folder of three files of ten pieces each. */
static struct bt_metainfo *
make_files(char path[128])
{
	const struct bt_create_options o = { .piece_length = 65536, .workers = 1 };
	static uint8_t bytes[655360];
	struct bt_metainfo *meta;
	struct bt_error err;
	struct rng rng;

	path_of(path, "files", 0);
	ck_assert_int_eq(file_make_dirs(path, NULL), BT_OK);
	rng_seed(&rng, 9);
	for (int i = 0; i < 3; i++) {
		char name[200];

		(void)snprintf(name, sizeof(name), "%s/%d", path, i);
		rng_bytes(&rng, bytes, sizeof(bytes));
		ck_assert_int_eq(file_replace(name, slice_of(bytes, sizeof(bytes)), NULL), BT_OK);
	}
	ck_assert_msg(bt_create(path, &o, &meta, &err) == BT_OK, "%s", err.text);
	return meta;
}

static struct bt_torrent_status
status_in(uint32_t id, enum bt_torrent_state wanted)
{
	struct bt_torrent_status st;

	wait_for_state(session, id, wanted);
	ck_assert_int_eq(bt_session_status(session, id, &st, sizeof(st)), BT_OK);
	return st;
}

START_TEST(only_changed_files_are_read)
{
	struct bt_torrent_status st;
	struct bt_metainfo *meta;
	char path[128], name[200];

	begin();
	meta = make_files(path);
	(void)status_in(add_checked(meta, path, "fast"), BT_TORRENT_SEEDING);
	again();
	/* One is another one now, one is gone, one is as it was. */
	(void)snprintf(name, sizeof(name), "%s/1", path);
	ck_assert_int_eq(file_replace(name, slice_of(name, sizeof(name)), NULL), BT_OK);
	(void)snprintf(name, sizeof(name), "%s/2", path);
	ck_assert_int_eq(unlink(name), 0);
	st = status_in(add_checked(meta, path, "fast"), BT_TORRENT_DOWNLOADING);
	ck_assert_uint_eq(st.pieces_done, 10);
	ck_assert_uint_eq(st.pieces_checked, 30);
	again();
	/* That, too, is known now: nothing is read again. */
	st = status_in(add_checked(meta, path, "fast"), BT_TORRENT_DOWNLOADING);
	ck_assert_uint_eq(st.pieces_done, 10);
	ck_assert_uint_eq(st.pieces_checked, 0);
	bt_metainfo_free(meta);
	end();
}
END_TEST

START_TEST(a_download_goes_on)
{
	struct bt_session *other;
	struct bt_torrent_status st;
	struct bt_error err;
	uint32_t id, source, done;
	char command[300];

	begin();
	other = must_open();
	source = add(other, "seed", 0);
	wait_for_state(other, source, BT_TORRENT_SEEDING);
	id = add(session, "leech", 0);
	ck_assert_int_eq(bt_session_set_limit(session, id, "download_rate", 400000, &err), BT_OK);
	ck_assert_int_eq(bt_session_add_peer(session, id, "127.0.0.1", bt_session_port(other),
	    &err), BT_OK);
	do {
		(void)usleep(50000);
		ck_assert_int_eq(bt_session_status(session, id, &st, sizeof(st)), BT_OK);
	} while (st.pieces_done < 10);
	again();
	id = add(session, "leech", 0);
	st = status_in(id, BT_TORRENT_DOWNLOADING);
	done = st.pieces_done;
	ck_assert_uint_ge(done, 10);
	ck_assert_uint_lt(done, 46);
	ck_assert_uint_eq(st.pieces_checked, 0);
	ck_assert_uint_ge(st.all_downloaded, (uint64_t)(done - 1) * 65536);
	ck_assert_uint_eq(st.downloaded, 0);
	ck_assert_int_eq(st.completed_time, 0);
	ck_assert_int_eq(bt_session_add_peer(session, id, "127.0.0.1", bt_session_port(other),
	    &err), BT_OK);
	st = status_in(id, BT_TORRENT_SEEDING);
	ck_assert_int_ge(st.completed_time, st.added_time);
	ck_assert_uint_ge(st.all_downloaded, SIZE);
	ck_assert_uint_le(st.downloaded, SIZE - (uint64_t)(done - 1) * 65536);
	(void)snprintf(command, sizeof(command), "cmp '%s/seed0' '%s/leech0'", folder, folder);
	ck_assert_int_eq(system(command), 0);
	bt_session_free(other);
	end();
}
END_TEST

/* The record of content i, as the next session will find it. */
static void
change_record(int i, void (*change)(struct resume *r))
{
	struct bt_metainfo *meta = meta_of(i);
	struct journal_record record;
	struct resume r;
	struct journal *j;
	struct buf old, new;

	buf_init(&old, SIZE_MAX);
	buf_init(&new, SIZE_MAX);
	memcpy(record.key, bt_metainfo_info_hash(meta), sizeof(record.key));
	bt_metainfo_free(meta);
	ck_assert_int_eq(journal_open(state, NULL, &j, NULL), BT_OK);
	ck_assert_int_eq(journal_get(j, record.key, &old, NULL), BT_OK);
	ck_assert_int_eq(resume_parse(buf_slice(&old), &r, NULL), BT_OK);
	change(&r);
	resume_write(&r, &new);
	record.body = buf_slice(&new);
	ck_assert_int_eq(journal_put(j, &record, 1, NULL), BT_OK);
	journal_close(j);
	buf_fini(&old);
	buf_fini(&new);
}

static void
other_boot(struct resume *r)
{
	r->boot[0] ^= 1;
	r->synced = false;
}

static void
other_boot_synced(struct resume *r)
{
	r->boot[0] ^= 1;
	r->synced = true;
}

static void
other_pieces(struct resume *r)
{
	r->pieces--;
}

/* After a power cut what was not synced may be anything, whatever size and time say. */
START_TEST(after_a_boot_only_what_was_synced_counts)
{
	begin();
	(void)seed(0, "fast");
	bt_session_free(session);
	change_record(0, other_boot);
	session = open_with_state();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	bt_session_free(session);
	change_record(0, other_boot_synced);
	session = open_with_state();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 0);
	bt_session_free(session);
	change_record(0, other_pieces);
	session = open_with_state();
	ck_assert_uint_eq(seed(0, "fast").pieces_checked, 46);
	end();
}
END_TEST

START_TEST(a_state_is_one_sessions)
{
	struct bt_settings *set = bt_settings_new();
	struct bt_session *other;
	struct bt_error err;

	begin();
	ck_assert_int_eq(bt_settings_set(set, "state", state, NULL), BT_OK);
	ck_assert_int_eq(bt_session_new(set, NULL, NULL, &other, &err), BT_EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "another program"));
	bt_settings_free(set);
	end();
}
END_TEST

/* Removed, paused, stopped and ended while its files are looked at. */
START_TEST(may_change_its_mind)
{
	struct bt_metainfo *meta;
	char path[128];

	begin();
	(void)seed(0, "fast");
	meta = meta_of(0);
	path_of(path, "seed", 0);
	for (int i = 0; i < 40; i++) {
		uint32_t id;

		again();
		id = add_checked(meta, path, "fast");
		if (i % 4 == 1)
			ck_assert_int_eq(bt_session_remove(session, id), BT_OK);
		if (i % 4 == 2) {
			ck_assert_int_eq(bt_session_pause(session, id, true), BT_OK);
			wait_for_state(session, id, BT_TORRENT_PAUSED);
			ck_assert_int_eq(bt_session_pause(session, id, false), BT_OK);
			wait_for_state(session, id, BT_TORRENT_SEEDING);
		}
		if (i % 4 == 3) {
			ck_assert_int_eq(bt_session_stop(session, id), BT_OK);
			ck_assert_int_eq(bt_session_start(session, id), BT_OK);
			ck_assert_uint_eq(status_in(id, BT_TORRENT_SEEDING).pieces_checked, 0);
		}
	}
	bt_metainfo_free(meta);
	end();
}
END_TEST

Suite *
state_suite(void)
{
	Suite *s = suite_create("session/state");
	TCase *tc = tcase_create("state");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_as_it_was_is_not_read);
	tcase_add_test(tc, what_is_removed_is_forgotten);
	tcase_add_test(tc, a_check_that_was_cut_short_is_not_believed);
	tcase_add_test(tc, the_end_waits_for_disks_but_not_long);
	tcase_add_test(tc, only_changed_files_are_read);
	tcase_add_test(tc, a_download_goes_on);
	tcase_add_test(tc, after_a_boot_only_what_was_synced_counts);
	tcase_add_test(tc, a_state_is_one_sessions);
	tcase_add_test(tc, may_change_its_mind);
	suite_add_tcase(s, tc);
	return s;
}
