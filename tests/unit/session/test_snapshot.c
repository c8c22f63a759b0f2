/* SPDX-License-Identifier: ISC */
/* How torrents are added, and how all of them are looked at. */
#include <sys/stat.h>

#include "base/cdefs.h"
#include "base/mem.h"
#include "session/changes.h"
#include "rig.h"

Suite *snapshot_suite(void);

#define MANY 300

/* -- adding -- */

static enum bt_torrent_state
state_when_checked(struct bt_session *s, uint32_t id)
{
	struct bt_torrent_status st = { .state = BT_TORRENT_CHECKING };

	for (int i = 0; i < 1500 && st.state == BT_TORRENT_CHECKING; i++) {
		ck_assert_int_eq(bt_session_status(s, id, &st, sizeof(st)), BT_OK);
		(void)usleep(10000);
	}
	return st.state;
}

/* Adds torrent 0 with these two, and tells what was found there. */
static enum bt_torrent_state
found_at(const char *save_path, const char *save_as)
{
	struct bt_add_params *p = bt_add_params_new();
	struct bt_metainfo *meta = meta_of(0);
	struct bt_session *s = must_open();
	enum bt_torrent_state state;
	struct bt_error err;
	uint32_t id;

	bt_add_params_set_metainfo(p, meta);
	bt_metainfo_free(meta);
	ck_assert_int_eq(bt_add_params_set(p, "save_path", save_path, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "save_as", save_as, &err), BT_OK);
	ck_assert_msg(bt_session_add(s, p, &id, &err) == BT_OK, "%s", err.text);
	bt_add_params_free(p);
	state = state_when_checked(s, id);
	bt_session_free(s);
	return state;
}

START_TEST(where_it_is_saved)
{
	char whole[128];

	write_content();
	path_of(whole, "seed", 0);
	ck_assert_int_eq(found_at(folder, ""), BT_TORRENT_SEEDING);
	ck_assert_int_eq(found_at(folder, "seed0"), BT_TORRENT_SEEDING);
	ck_assert_int_eq(found_at("/nowhere", whole), BT_TORRENT_SEEDING);
	ck_assert_int_eq(found_at("", whole), BT_TORRENT_SEEDING);
	ck_assert_int_eq(found_at(folder, "seed1"), BT_TORRENT_DOWNLOADING);
	remove_content();
}
END_TEST

START_TEST(links_are_followed_when_named)
{
	struct bt_metainfo *meta;
	struct bt_session *s;
	struct bt_error err;
	char elsewhere[160], link[192];

	write_content();
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
	(void)snprintf(link, sizeof(link), "%s/seed0", elsewhere);
	ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
	ck_assert_int_eq(symlink("../seed0", link), 0);
	s = must_open();
	meta = meta_of(0);
	ck_assert_int_eq(bt_session_add_metainfo(s, meta, elsewhere, NULL, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "symbolic link"));
	ck_assert_int_eq(bt_session_add_metainfo(s, meta, folder, NULL, &err), BT_OK);
	bt_metainfo_free(meta);
	bt_session_free(s);
	remove_content();
}
END_TEST

START_TEST(what_comes_with_it)
{
	struct bt_add_params *p = bt_add_params_new();
	struct bt_session *seed, *leech;
	struct bt_metainfo *meta, *shared;
	struct bt_torrent_status st;
	struct bt_error err;
	uint32_t id, ids[4] = { 0 };
	int64_t n;

	write_content();
	seed = must_open();
	leech = must_open();
	ck_assert_int_eq(bt_session_add(leech, p, &id, &err), BT_EARG);
	ck_assert_uint_eq(bt_session_torrents(leech, ids, 4), 0);
	(void)add(seed, "seed", 0);
	meta = meta_of(0);
	bt_add_params_set_metainfo(p, meta);
	bt_add_params_set_metainfo(p, meta);
	ck_assert_int_eq(bt_add_params_set(p, "save_path", folder, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "save-as", "leech0", &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set(p, "max_uploads", "3", &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set_int(p, "upload_rate", 99999, &err), BT_OK);
	ck_assert_int_eq(bt_add_params_set_int(p, "upload_rate", -1, &err), BT_EARG);
	ck_assert_int_eq(bt_add_params_set_int(p, "save_path", 1, &err), BT_EARG);
	ck_assert_int_eq(bt_add_params_set(p, "no_such", "", &err), BT_ENOENT);
	ck_assert_int_eq(bt_add_params_add_peer(p, "localhost", 1, &err), BT_EARG);
	ck_assert_int_eq(bt_add_params_add_peer(p, "127.0.0.1", bt_session_port(seed), &err),
	    BT_OK);
	ck_assert_int_eq(bt_session_add(leech, p, &id, &err), BT_OK);
	ck_assert_int_eq(bt_session_get_limit(leech, id, "max_uploads", &n, &err), BT_OK);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(bt_session_get_limit(leech, id, "upload_rate", &n, &err), BT_OK);
	ck_assert_int_eq(n, 99999);
	bt_add_params_free(p);
	bt_add_params_free(NULL);
	/* One metainfo, with several owners. */
	shared = bt_session_metainfo(leech, id);
	ck_assert_ptr_eq(shared, meta);
	ck_assert_ptr_null(bt_session_metainfo(leech, 999));
	bt_metainfo_free(meta);
	ck_assert_uint_eq(bt_session_torrents(leech, ids, 4), 1);
	ck_assert_uint_eq(ids[0], id);
	ck_assert_uint_eq(bt_session_torrents(leech, NULL, 0), 1);
	/* The peer that came with it has it all. */
	for (int i = 0; i < 1500; i++) {
		ck_assert_int_eq(bt_session_status(leech, id, &st, sizeof(st)), BT_OK);
		if (st.done == SIZE)
			break;
		(void)usleep(10000);
	}
	ck_assert_uint_eq(st.done, SIZE);
	ck_assert_int_eq(bt_session_remove(leech, id), BT_OK);
	bt_session_free(leech);
	bt_session_free(seed);
	ck_assert_uint_eq(bt_metainfo_total_size(shared), SIZE);
	bt_metainfo_free(shared);
	remove_content();
}
END_TEST

/* -- looking at all -- */

static uint32_t
add_small(struct bt_session *s, unsigned n)
{
	struct bt_metainfo *meta;
	struct bt_error err;
	char text[160];
	uint32_t id;

	(void)snprintf(text, sizeof(text), "d4:infod6:lengthi1e4:name5:n%04u12:piece lengthi16384e"
	    "6:pieces20:aaaaaaaaaaaaaaaaaaaaee", n);
	ck_assert_msg(bt_metainfo_parse(slice_str(text), &meta, &err) == BT_OK, "%s", err.text);
	ck_assert_msg(bt_session_add_metainfo(s, meta, folder, &id, &err) == BT_OK, "%s",
	    err.text);
	bt_metainfo_free(meta);
	return id;
}

static struct bt_snapshot *
look(struct bt_session *s, uint64_t since)
{
	struct bt_snapshot *snap = NULL;
	struct bt_error err;

	ck_assert_msg(bt_session_snapshot(s, since, &snap, &err) == BT_OK, "%s", err.text);
	ck_assert_ptr_null(bt_snapshot_at(snap, bt_snapshot_count(snap)));
	ck_assert_uint_eq(bt_snapshot_removed(snap, bt_snapshot_removed_count(snap)), 0);
	return snap;
}

/* Looks until nothing changes any more; the last look's generation. */
static uint64_t
look_until_quiet(struct bt_session *s, uint64_t since)
{
	size_t count = 1;

	for (int i = 0; i < 1000 && count > 0; i++) {
		struct bt_snapshot *snap = look(s, since);

		ck_assert(!bt_snapshot_is_whole(snap));
		count = bt_snapshot_count(snap);
		since = bt_snapshot_generation(snap);
		bt_snapshot_free(snap);
		(void)usleep(20000);
	}
	ck_assert_uint_eq(count, 0);
	return since;
}

START_TEST(looks_at_what_changed)
{
	struct bt_session *s;
	struct bt_snapshot *snap;
	const struct bt_torrent_status *st;
	uint32_t id[MANY];
	bool seen[MANY] = { false };
	uint64_t since;

	write_content();
	s = must_open();
	for (unsigned i = 0; i < MANY; i++)
		id[i] = add_small(s, i);
	snap = look(s, 0);
	ck_assert(bt_snapshot_is_whole(snap));
	ck_assert_uint_eq(bt_snapshot_count(snap), MANY);
	for (size_t i = 0; i < MANY; i++) {
		st = bt_snapshot_at(snap, i);
		ck_assert(st->torrent >= id[0] && st->torrent < id[0] + MANY);
		ck_assert(!seen[st->torrent - id[0]]);
		seen[st->torrent - id[0]] = true;
		ck_assert_uint_eq(st->piece_count, 1);
	}
	for (unsigned i = 0; i < MANY; i++)
		wait_for_state(s, id[i], BT_TORRENT_DOWNLOADING);
	since = look_until_quiet(s, bt_snapshot_generation(snap));
	bt_snapshot_free(snap);
	/* One that changes is seen alone. */
	ck_assert_int_eq(bt_session_stop(s, id[7]), BT_OK);
	snap = look(s, since);
	ck_assert_uint_eq(bt_snapshot_count(snap), 1);
	st = bt_snapshot_at(snap, 0);
	ck_assert_uint_eq(st->torrent, id[7]);
	ck_assert(st->state == BT_TORRENT_STOPPING || st->state == BT_TORRENT_STOPPED);
	bt_snapshot_free(snap);
	since = look_until_quiet(s, since);
	/* Those that go are named, whoever looks; a new one is seen. */
	for (unsigned i = 10; i < 13; i++)
		ck_assert_int_eq(bt_session_remove(s, id[i]), BT_OK);
	id[10] = add_small(s, 10);
	for (unsigned again = 0; again < 2; again++) {
		snap = look(s, since);
		ck_assert_uint_eq(bt_snapshot_removed_count(snap), 3);
		for (size_t i = 0; i < 3; i++)
			ck_assert(bt_snapshot_removed(snap, i) >= id[0] + 10 &&
			    bt_snapshot_removed(snap, i) < id[0] + 13);
		ck_assert_uint_eq(bt_snapshot_count(snap), 1);
		ck_assert_uint_eq(bt_snapshot_at(snap, 0)->torrent, id[10]);
		if (again == 0)
			bt_snapshot_free(snap);
	}
	since = bt_snapshot_generation(snap);
	bt_snapshot_free(snap);
	/* A generation that there was not yet. */
	snap = look(s, since + 1000);
	ck_assert(bt_snapshot_is_whole(snap));
	ck_assert_uint_eq(bt_snapshot_count(snap), MANY - 2);
	ck_assert_uint_eq(bt_snapshot_removed_count(snap), 0);
	bt_snapshot_free(snap);
	bt_snapshot_free(NULL);
#ifndef __SANITIZE_THREAD__
	mem_fail_at(1);
	ck_assert_int_eq(bt_session_snapshot(s, 0, &snap, NULL), BT_ENOMEM);
	mem_fail_at(0);
#endif
	bt_session_free(s);
	remove_content();
}
END_TEST

START_TEST(old_removals_are_forgotten)
{
	struct change x = { .id = 1 };
	struct changes c;
	uint64_t first;

	changes_init(&c);
	ck_assert(!changes_know_since(&c, 0) && !changes_know_since(&c, 1));
	changes_remove(&c, &x);
	ck_assert_uint_eq(c.removed.len, 0);
	first = changes_next(&c);
	for (x.id = 1; x.id <= 20000; x.id++) {
		changes_touch(&c, &x);
		changes_touch(&c, &x);
		changes_remove(&c, &x);
		(void)changes_next(&c);
	}
	/* Too many for who looked at the beginning, not for who did a little ago. */
	ck_assert_uint_lt(c.removed.len, 10000);
	ck_assert(!changes_know_since(&c, first));
	ck_assert(changes_know_since(&c, c.now - 100));
	ck_assert(!changes_know_since(&c, c.now));
	/* One that cannot be remembered makes all look anew. */
	changes_touch(&c, &x);
	changes_fini(&c);
	vec_init(&c.removed, sizeof(struct removal));
	first = changes_next(&c);
	changes_touch(&c, &x);
	mem_fail_at(1);
	changes_remove(&c, &x);
	mem_fail_at(0);
	(void)changes_next(&c);
	ck_assert(!changes_know_since(&c, first));
	ck_assert(changes_know_since(&c, first + 1));
	changes_fini(&c);
}
END_TEST

static uint64_t
counted(struct bt_session *s, const char *name)
{
	uint64_t values[100];
	size_t n = bt_session_counters(s, values, COUNT_OF(values)), i = bt_counter_find(name);

	ck_assert_uint_eq(n, bt_counter_count());
	ck_assert_msg(i < n && n <= COUNT_OF(values), "%s", name);
	return values[i];
}

START_TEST(counters_by_name)
{
	const uint64_t pieces = (SIZE + 65535) / 65536;
	struct bt_session *seed, *leech;
	struct bt_torrent_status st = { 0 };
	struct bt_error err;
	uint64_t few[2] = { 0, 99 };
	uint32_t id;

	write_content();
	seed = must_open();
	leech = must_open();
	(void)add(seed, "seed", 0);
	id = add(leech, "leech", 0);
	ck_assert_int_eq(bt_session_add_peer(leech, id, "127.0.0.1", bt_session_port(seed), &err),
	    BT_OK);
	for (int i = 0; i < 1500 && st.state != BT_TORRENT_SEEDING; i++) {
		ck_assert_int_eq(bt_session_status(leech, id, &st, sizeof(st)), BT_OK);
		(void)usleep(10000);
	}
	ck_assert_uint_eq(counted(leech, "disk.pieces_good"), pieces);
	ck_assert_uint_eq(counted(leech, "disk.pieces_bad"), 0);
	ck_assert_uint_ge(counted(leech, "content.downloaded"), SIZE);
	ck_assert_uint_gt(counted(leech, "net.tcp_in"), SIZE);
	ck_assert_uint_gt(counted(leech, "net.tcp_out"), 0);
	ck_assert_uint_gt(counted(seed, "net.tcp_out"), SIZE);
	ck_assert_uint_ge(counted(seed, "disk.reads_at_once") +
	    counted(seed, "disk.reads_waited"), (SIZE + 16383) / 16384);
	ck_assert_uint_ge(counted(seed, "content.uploaded"), SIZE);
	ck_assert_uint_gt(counted(leech, "net.turns"), 0);
	ck_assert_uint_eq(counted(leech, "torrents.now"), 1);
	ck_assert_uint_ge(counted(leech, "events.waiting"), pieces + 1);
	ck_assert_uint_eq(counted(leech, "events.lost"), 0);
	/* What a torrent has moved stays counted when it is gone. */
	ck_assert_int_eq(bt_session_remove(leech, id), BT_OK);
	ck_assert_uint_ge(counted(leech, "content.downloaded"), SIZE);
	ck_assert_uint_eq(counted(leech, "torrents.added"), 1);
	ck_assert_uint_eq(counted(leech, "torrents.removed"), 1);
	ck_assert_uint_eq(counted(leech, "torrents.now"), 0);
	ck_assert_uint_eq(counted(leech, "peers.connections"), 0);
	ck_assert_uint_gt(bt_session_counters(leech, few, 1), 2);
	ck_assert_uint_eq(few[1], 99);
	ck_assert_uint_eq(bt_counter_find("no.such"), bt_counter_count());
	for (size_t i = 0; i < bt_counter_count(); i++) {
		ck_assert_uint_eq(bt_counter_find(bt_counter_name(i)), i);
		ck_assert_ptr_nonnull(strchr(bt_counter_help(i), '.'));
	}
	ck_assert(bt_counter_is_gauge(bt_counter_find("disk.open_files")));
	ck_assert(!bt_counter_is_gauge(bt_counter_find("net.tcp_in")));
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}
END_TEST

Suite *
snapshot_suite(void)
{
	Suite *s = suite_create("session/add, changes, snapshot");
	TCase *c = tcase_create("snapshot");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, where_it_is_saved);
	tcase_add_test(c, links_are_followed_when_named);
	tcase_add_test(c, what_comes_with_it);
	tcase_add_test(c, looks_at_what_changed);
	tcase_add_test(c, old_removals_are_forgotten);
	tcase_add_test(c, counters_by_name);
	suite_add_tcase(s, c);
	return s;
}
