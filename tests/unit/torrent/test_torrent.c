/* SPDX-License-Identifier: ISC */
/* What a torrent goes through: its states, its parts, its trackers. */
#include "base/mem.h"
#include "rig.h"

Suite *torrent_suite(void);

START_TEST(is_born_stopped_and_checks)
{
	struct bt_torrent_status st;

	rig_new();
	ck_assert_int_eq(state(), BT_TORRENT_STOPPED);
	rig_attach(-1);
	expect_did("");
	torrent_start(r.t, r.now);
	expect_did("checking check ");
	/* It knows nothing that it could tell or serve. */
	(void)meet(0, true);
	ck_assert_str_eq(come_as(0), "asks for a torrent that is not running");
	checked(3, BT_OK);
	expect_did("downloading announce(started) empty-files ");
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.pieces_checked, PIECES);
	ck_assert_uint_eq(st.pieces_done, 3);
	ck_assert_uint_eq(st.done, 3 * PIECE);
	ck_assert_uint_eq(r.req.left, st.size - st.done);
	rig_end();
	rig_new();
	rig_attach(-1);
	torrent_start(r.t, r.now);
	checked(PIECES, BT_OK);
	expect_did("checking check seeding announce(started) complete! ");
	ck_assert_uint_eq(r.req.left, 0);
	rig_end();
	rig_new();
	rig_attach(-1);
	torrent_start(r.t, r.now);
	checked(0, BT_EIO);
	expect_did("checking check failed error! ");
	rig_end();
}
END_TEST

START_TEST(believes_what_it_is_told)
{
	struct bt_torrent_status st;

	rig_begin(PIECES);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	rig_end();
	rig_begin(2);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.done, 2 * PIECE);
	rig_end();
}
END_TEST

START_TEST(a_check_that_is_left_begins_anew)
{
	rig_new();
	rig_attach(-1);
	torrent_start(r.t, r.now);
	torrent_checked(r.t, 0, true);
	torrent_stop(r.t, r.now);
	expect_did("checking check cancel-check stopping ");
	rig_wait(0);
	expect_did("stopped ");
	torrent_start(r.t, r.now);
	expect_did("checking check ");
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	expect_did("cancel-check paused ");
	torrent_hold(r.t, TORRENT_PAUSED, false, "a test", r.now);
	expect_did("checking check ");
	/* What was found before is not counted twice. */
	checked(4, BT_OK);
	ck_assert_uint_eq(r.t->done, 4 * PIECE);
	ck_assert_uint_eq(r.t->pieces_checked, PIECES);
	rig_end();
}
END_TEST

/* Somebody else wrote to its files between the two. */
START_TEST(what_a_second_check_finds_counts)
{
	struct partner *p;

	rig_new();
	rig_attach(-1);
	torrent_start(r.t, r.now);
	torrent_checked(r.t, 0, true);
	torrent_checked(r.t, 1, true);
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	torrent_hold(r.t, TORRENT_PAUSED, false, "a test", r.now);
	torrent_checked(r.t, 0, false);
	torrent_checked(r.t, 1, true);
	torrent_check_done(r.t, &(struct bt_error){ .code = BT_OK }, r.now);
	torrent_check(r.t);
	ck_assert_uint_eq(r.t->done, PIECE);
	ck_assert_uint_eq(r.req.left, r.t->size - PIECE);
	p = come(0, true);
	say_have(p, 0);
	ck_assert(strstr(heard(p), "interested") != NULL);
	rig_end();
}
END_TEST

START_TEST(wishes_hold_it_up)
{
	struct partner *p;

	rig_begin(PIECES);
	p = come(0, true);
	rig_answer_tracker(NULL);
	torrent_hold(r.t, TORRENT_QUEUED, true, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_QUEUED);
	ck_assert(!is_here(p));
	torrent_hold(r.t, TORRENT_WAITING, true, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_WAITING);
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_PAUSED);
	expect_did("queued announce(stopped) waiting paused ");
	rig_wait(SECOND);
	/* The first reason that is left is shown. */
	torrent_hold(r.t, TORRENT_WAITING | TORRENT_PAUSED, false, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_QUEUED);
	torrent_hold(r.t, TORRENT_QUEUED, false, "a test", r.now);
	expect_did("queued seeding announce(started) ");
	/* Stopped is stopped, whatever it waits for. */
	torrent_stop(r.t, r.now);
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_STOPPING);
	rig_end();
}
END_TEST

START_TEST(says_goodbye_and_comes_back)
{
	rig_begin(2);
	rig_answer_tracker(NULL);
	torrent_stop(r.t, r.now);
	expect_did("stopping announce(stopped) ");
	rig_wait(SECOND);
	ck_assert_int_eq(state(), BT_TORRENT_STOPPING);
	/* A tracker that does not answer is not waited for. */
	rig_wait(3 * SECOND);
	expect_did("stopped ");
	torrent_start(r.t, r.now);
	expect_did("downloading announce(started) empty-files ");
	rig_answer_tracker(NULL);
	torrent_stop(r.t, r.now);
	rig_answer_tracker(NULL);
	rig_wait(0);
	expect_did("stopping announce(stopped) stopped ");
	rig_end();
}
END_TEST

START_TEST(a_disk_that_fails_ends_it_and_is_no_end)
{
	struct bt_error err;
	struct partner *p;

	rig_begin(0);
	p = come(0, true);
	piece_done(3, BT_EIO);
	ck_assert_int_eq(state(), BT_TORRENT_FAILED);
	ck_assert(!is_here(p));
	torrent_error(r.t, &err);
	ck_assert_int_eq(err.code, BT_EIO);
	ck_assert_str_eq(err.text, "a test says so");
	/* Others may fail as well while it ends. */
	piece_done(4, BT_ENOSPC);
	torrent_error(r.t, &err);
	ck_assert_int_eq(err.code, BT_EIO);
	torrent_start(r.t, r.now);
	torrent_error(r.t, &err);
	ck_assert_int_eq(err.code, BT_OK);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	/* Want of descriptors passes. */
	piece_done(4, BT_EMFILE);
	ck_assert_int_eq(state(), BT_TORRENT_WAITING);
	rig_wait(9 * SECOND);
	ck_assert_int_eq(state(), BT_TORRENT_WAITING);
	rig_wait(SECOND);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	rig_end();
}
END_TEST

static void
probed(enum bt_code code)
{
	const struct bt_error err = { .code = code, .text = "a test says so" };

	torrent_probed(r.t, &err, r.now);
}

/* It looks, ever more seldom, and goes on by itself. */
START_TEST(a_full_disk_is_waited_for)
{
	struct bt_torrent_status st;
	struct bt_error err;

	rig_begin(4);
	rig_answer_tracker(NULL);
	expect_did("");
	piece_done(4, BT_ENOSPC);
	expect_did("waiting announce(stopped) ");
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.error, BT_ENOSPC);
	torrent_error(r.t, &err);
	ck_assert_str_eq(err.text, "a test says so");
	rig_wait(2 * SECOND);
	expect_did("probe ");
	/* One answer at a time. */
	rig_wait(60 * SECOND);
	expect_did("");
	probed(BT_ENOSPC);
	rig_wait(3 * SECOND);
	expect_did("");
	rig_wait(2 * SECOND);
	expect_did("probe ");
	probed(BT_OK);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	torrent_error(r.t, &err);
	ck_assert_int_eq(err.code, BT_OK);
	/* Who starts it again does not wait, and an answer that is late is none. */
	piece_done(4, BT_EGONE);
	ck_assert_int_eq(state(), BT_TORRENT_WAITING);
	torrent_start(r.t, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	probed(BT_EGONE);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	rig_end();
}
END_TEST

START_TEST(a_seed_sleeps_and_wakes)
{
	struct partner *p, *q;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	p = come(0, true);
	rig_wait(61 * SECOND);
	ck_assert(r.has_content);
	p->stream.ended = true;
	p->stream.base.user->readable(p->stream.base.arg, r.now);
	rig_wait(59 * SECOND);
	expect_did("");
	rig_wait(2 * SECOND);
	expect_did("slept ");
	ck_assert(!r.has_content && r.t->meta == NULL && r.t->picker == NULL);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	/* Two come at once: it is woken once, and both learn what it has. */
	p = come(1, true);
	q = come(2, false);
	expect_did("wake ");
	say_type(q, WIRE_INTERESTED);
	ck_assert_str_eq(heard(p), "");
	ck_assert_str_eq(heard(q), "");
	/* Loading may take long: nothing is said before what it has (BEP 3). */
	rig_wait(CHOKER_ROUND);
	ck_assert_str_eq(heard(q), "");
	say_have(p, 3);
	rig_attach(PIECES);
	ck_assert_str_eq(heard(p), "all ");
	ck_assert_str_eq(heard(q), "bitfield unchoke ");
	say_have(p, 4);
	ck_assert_uint_eq(TAILQ_FIRST(&r.t->conns)->peer->have.count, 2);
	expect_did("");
	rig_end();
}
END_TEST

START_TEST(a_seed_that_cannot_wake_fails)
{
	const struct bt_error err = { .code = BT_ENOENT, .text = "it is gone" };
	const struct bt_error full = { .code = BT_EMFILE, .text = "no descriptor" };
	struct partner *p;

	rig_new();
	torrent_rest(r.t, r.meta, r.now);
	torrent_start(r.t, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	p = come(0, true);
	expect_did("slept seeding announce(started) complete! wake ");
	torrent_fail(r.t, &err, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_FAILED);
	ck_assert(!is_here(p));
	/* Started again, it may try again. */
	torrent_start(r.t, r.now);
	r.did[0] = '\0';
	(void)come(1, true);
	expect_did("wake ");
	/* Descriptors come back, and so does the next peer. */
	torrent_fail(r.t, &full, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_WAITING);
	rig_wait(10 * SECOND);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	r.did[0] = '\0';
	(void)come(2, true);
	expect_did("wake ");
	/* Nobody is told of a failure that comes while it is paused: the next peer tries again. */
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	torrent_fail(r.t, &err, r.now);
	torrent_hold(r.t, TORRENT_PAUSED, false, "a test", r.now);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	r.did[0] = '\0';
	(void)come(3, true);
	expect_did("wake ");
	rig_end();
}
END_TEST

START_TEST(metadata_may_come_late)
{
	struct partner *p;

	rig_new();
	torrent_start(r.t, r.now);
	expect_did("metadata announce(started) ");
	ck_assert_uint_eq(r.req.left, 16384);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_str_eq(heard(p), "");
	/* The check keeps the peer that it came from. */
	rig_attach(-1);
	expect_did("checking check ");
	ck_assert(is_here(p));
	checked(1, BT_OK);
	expect_did("downloading empty-files ");
	rig_wait(SECOND);
	(void)heard(p);
	ck_assert_uint_eq(TAILQ_FIRST(&r.t->conns)->src.missing, PIECES - 1);
	ck_assert(TAILQ_FIRST(&r.t->conns)->peer->am_interested);
	ck_assert_uint_gt(requests_count(&TAILQ_FIRST(&r.t->conns)->src.requests), 0);
	rig_end();
}
END_TEST

START_TEST(a_hybrid_goes_by_the_name_it_was_called)
{
	uint8_t bytes[HANDSHAKE_LEN];
	struct bt_slice out;

	rig_new();
	memset(r.hashes.v[1], 'z', 20);
	r.hashes.count = 2;
	torrent_free(r.t);
	r.t = torrent_new(&r.opts, &r.hashes, our_peer_id, &owner_ops, NULL);
	ck_assert_ptr_nonnull(r.t);
	rig_attach(PIECES);
	torrent_start(r.t, r.now);
	(void)meet(0, true);
	greeting(0, bytes);
	memset(bytes + 28, 'z', 20);
	ck_assert_ptr_null(torrent_add_incoming(r.t, &r.partner[0].stream.base,
	    slice_of(bytes, sizeof(bytes)), r.now));
	out = memory_send(&r.partner[0].stream, SIZE_MAX, r.now);
	ck_assert_mem_eq(out.ptr + 28, r.hashes.v[1], 20);
	(void)come(1, true);
	out = memory_send(&r.partner[1].stream, SIZE_MAX, r.now);
	ck_assert_mem_eq(out.ptr + 28, r.hashes.v[0], 20);
	rig_end();
}
END_TEST

START_TEST(dials_whom_trackers_name)
{
	const struct addr to = address_of(5);

	rig_begin(0);
	rig_answer_tracker("11.5.0.1");
	rig_wait(0);
	expect_did("dial5 ");
	ck_assert_uint_eq(r.t->dialling, 1);
	rig_wait(SECOND);
	expect_did("");
	torrent_dial_failed(r.t, &to, r.now);
	ck_assert_uint_eq(r.t->dialling, 0);
	rig_wait(4 * SECOND);
	expect_did("");
	rig_wait(60 * SECOND);
	expect_did("dial5 ");
	(void)meet(5, true);
	torrent_add_outgoing(r.t, &r.partner[5].stream.base, &to, r.now);
	ck_assert(is_here(&r.partner[5]));
	ck_assert_uint_eq(memory_send(&r.partner[5].stream, SIZE_MAX, r.now).len, HANDSHAKE_LEN);
	/* A torrent that is no more in the swarm wants nobody. */
	torrent_stop(r.t, r.now);
	r.did[0] = '\0';
	torrent_add_address(r.t, &(struct addr){ .family = ADDR_V4, .ip = { 11, 6, 0, 1 },
	    .port = 6881 }, KNOWN_USER, r.now);
	rig_wait(0);
	ck_assert_ptr_null(strstr(r.did, "dial"));
	rig_end();
}
END_TEST

START_TEST(dials_few_at_once)
{
	rig_begin(0);
	for (uint8_t i = 1; i <= 12; i++)
		torrent_add_address(r.t, &(struct addr){ .family = ADDR_V4,
		    .ip = { 11, i, 0, 1 }, .port = 6881 }, KNOWN_USER, r.now);
	rig_wait(0);
	ck_assert_uint_eq(r.t->dialling, 8);
	rig_end();
	/* And none beyond the connections that it may begin. */
	rig_begin(0);
	r.opts.max_initiate = 3;
	for (uint8_t i = 1; i <= 12; i++)
		torrent_add_address(r.t, &(struct addr){ .family = ADDR_V4,
		    .ip = { 11, i, 0, 1 }, .port = 6881 }, KNOWN_USER, r.now);
	rig_wait(0);
	ck_assert_uint_eq(r.t->dialling, 3);
	rig_end();
}
END_TEST

START_TEST(who_is_short_of_peers_asks_earlier)
{
	rig_begin(0);
	r.opts.peer_timeout = 60 * MINUTE;
	r.opts.min_peers = 1;
	(void)come(0, true);
	rig_answer_tracker(NULL);
	rig_wait(25 * MINUTE);
	expect_did("");
	r.opts.min_peers = 2;
	rig_wait(2 * SECOND);
	expect_did("announce() ");
	rig_end();
	/* Ten minutes after an answer that named nobody. */
	rig_begin(0);
	r.opts.peer_timeout = 60 * MINUTE;
	r.opts.min_peers = 2;
	(void)come(0, true);
	rig_answer_tracker(NULL);
	rig_wait(599 * SECOND);
	expect_did("");
	rig_wait(2 * SECOND);
	expect_did("announce() ");
	rig_end();
	/* A seed wants none. */
	rig_begin(PIECES);
	r.opts.peer_timeout = 60 * MINUTE;
	r.opts.min_peers = 2;
	(void)come(0, true);
	rig_answer_tracker(NULL);
	rig_wait(25 * MINUTE);
	expect_did("");
	rig_end();
}
END_TEST

START_TEST(whom_it_dials_wakes_it)
{
	struct partner *p;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	rig_wait(61 * SECOND);
	expect_did("slept ");
	p = reach(0, true);
	expect_did("dial0 wake ");
	rig_attach(PIECES);
	ck_assert_str_eq(heard(p), "all ");
	rig_end();
}
END_TEST

static struct conn *
spare(void)
{
	struct torrent_spare best = { 0 };

	torrent_find_spare(r.t, &best, r.now);
	return best.conn;
}

START_TEST(spares_who_is_of_least_use)
{
	struct torrent_spare best = { 0 };
	struct partner *p, *q, *wanted, *wants;
	usec began;

	rig_begin(0);
	began = r.now;
	wanted = come(2, true);
	say_have(wanted, 1);
	wants = come(3, true);
	say_type(wants, WIRE_INTERESTED);
	rig_wait(SECOND);
	p = come(0, true);
	rig_wait(SECOND);
	q = come(1, true);
	rig_wait(29 * SECOND - 1);
	ck_assert_ptr_null(spare());
	rig_wait(1);
	ck_assert_ptr_eq(spare(), conn_of(p));
	rig_wait(MINUTE);
	ck_assert_ptr_eq(spare(), conn_of(p));
	/* Content that went is use. */
	send_content(p, 0, 0);
	ck_assert_ptr_eq(spare(), conn_of(q));
	/* Another torrent's may be of less use. */
	best = (struct torrent_spare){ conn_of(wants), began + 2 * SECOND };
	torrent_find_spare(r.t, &best, r.now);
	ck_assert_ptr_eq(best.conn, conn_of(wants));
	best.since++;
	torrent_find_spare(r.t, &best, r.now);
	ck_assert_ptr_eq(best.conn, conn_of(q));
	ck_assert_int_eq(best.since, began + 2 * SECOND);
	torrent_part_with(&best, r.now);
	ck_assert(!is_here(q) && is_here(p));
	rig_end();
}
END_TEST

/* Whom it dialled and cannot take is dialled again later. */
START_TEST(a_connection_without_a_place_is_tried_again)
{
	const struct addr to = address_of(0);

	for (size_t fail = 0; fail <= 3; fail++) {
		rig_begin(0);
		rig_answer_tracker(NULL);
		name_address(0);
		rig_wait(0);
		expect_did("dial0 ");
		(void)meet(0, true);
		/* There is no place, or no memory for the peer, its connection, its number. */
		r.opts.max_peers = fail == 0 ? 0 : 32;
		mem_fail_at(fail);
		torrent_add_outgoing(r.t, &r.partner[0].stream.base, &to, r.now);
		mem_fail_at(0);
		rig_check();
		ck_assert(!is_here(&r.partner[0]) && r.partner[0].stream.freed);
		ck_assert_uint_eq(r.t->dialling, 0);
		rig_wait(5 * SECOND - 1);
		expect_did("");
		rig_wait(SECOND + 1);
		expect_did("dial0 ");
		rig_end();
	}
}
END_TEST

/* It is visited when something is due, and not before. */
START_TEST(says_when_it_is_due)
{
	struct partner *p;
	usec began;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	began = r.now;
	rig_wait(SECOND);
	ck_assert_int_eq(r.due, began + 60 * SECOND);
	rig_wait(59 * SECOND - 1);
	expect_did("");
	rig_wait(1);
	expect_did("slept ");
	/* A sleeper waits for its tracker alone. */
	ck_assert_int_gt(r.due, r.now + 25 * MINUTE);
	rig_end();
	rig_begin(0);
	rig_answer_tracker(NULL);
	rig_wait(SECOND);
	ck_assert_int_gt(r.due, r.now + 25 * MINUTE);
	/* Who comes, who goes, whom it may dial: at once. */
	p = come(0, true);
	ck_assert_int_le(r.due, r.now);
	rig_wait(0);
	rig_wait(200 * MSEC);
	ck_assert_int_eq(r.due, r.now + 800 * MSEC);
	leave(p);
	ck_assert_int_le(r.due, r.now);
	rig_wait(2 * SECOND);
	ck_assert_int_gt(r.due, r.now + 20 * MINUTE);
	name_address(1);
	ck_assert_int_le(r.due, r.now);
	rig_wait(0);
	expect_did("dial1 ");
	torrent_dial_failed(r.t, &(struct addr){ .family = ADDR_V4, .ip = { 11, 1, 0, 1 },
	    .port = 6881 }, r.now);
	ck_assert_int_le(r.due, r.now);
	rig_wait(0);
	ck_assert_int_ge(r.due, r.now + 5 * SECOND);
	ck_assert_int_le(r.due, r.now + 6 * SECOND);
	/* Rates still fall when nobody is there. */
	meter_add(&r.t->down, 1 << 20);
	rig_wait(7 * SECOND);
	rig_end();
}
END_TEST

/* A seed sent others away, and wants them again when something of it is gone. */
START_TEST(seeds_are_wanted_again)
{
	struct partner *p;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	p = reach(0, true);
	(void)heard(p);
	say_type(p, WIRE_INTERESTED);
	say_block(p, WIRE_REQUEST, 1, 1);
	torrent_block_read(r.t, &r.reads[0], block_new(&r.blocks), NULL, r.now);
	(void)heard(p);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(!is_here(p));
	rig_wait(10 * SECOND);
	torrent_look_again(r.t, "a test", r.now);
	checked(3, BT_OK);
	ck_assert_int_eq(state(), BT_TORRENT_DOWNLOADING);
	r.did[0] = '\0';
	rig_wait(0);
	expect_did("dial0 ");
	rig_end();
}
END_TEST

/* Also those to whom it was no use, for they had all. */
START_TEST(seeds_that_took_nothing_are_wanted_again)
{
	struct partner *p;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	p = reach(0, true);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(!is_here(p));
	rig_wait(10 * SECOND);
	torrent_look_again(r.t, "a test", r.now);
	checked(3, BT_OK);
	r.did[0] = '\0';
	rig_wait(0);
	expect_did("dial0 ");
	rig_end();
}
END_TEST

/* With nothing but empty files all is there when they are. */
START_TEST(makes_files_that_are_all_empty)
{
	rig_new_of(0);
	rig_attach(-1);
	torrent_start(r.t, r.now);
	expect_did("checking check ");
	torrent_check_done(r.t, &(struct bt_error){ .code = BT_OK }, r.now);
	rig_check();
	expect_did("seeding announce(started) complete! empty-files ");
	torrent_files_made(r.t, &(struct bt_error){ .code = BT_EIO, .text = "no" }, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_FAILED);
	rig_end();
	rig_begin(PIECES);
	torrent_files_made(r.t, &(struct bt_error){ .code = BT_OK }, r.now);
	ck_assert_int_eq(state(), BT_TORRENT_SEEDING);
	rig_end();
}
END_TEST

/* Four are said to be here, of which two are to be looked at. */
START_TEST(checks_what_is_unsure_alone)
{
	struct torrent_parts parts = { .content = &r.content };
	struct bt_torrent_status st;
	struct bits have, unsure;
	size_t fails = 0;

	rig_new();
	torrent_start(r.t, r.now);
	torrent_await(r.t, r.meta, r.now);
	expect_did("metadata announce(started) checking ");
	ck_assert(bits_init(&have, PIECES) && bits_init(&unsure, PIECES));
	for (uint32_t i = 0; i < 4; i++)
		(void)bits_set(&have, i);
	(void)bits_set(&unsure, 2);
	(void)bits_set(&unsure, 3);
	parts.meta = r.meta;
	parts.have = &have;
	parts.unsure = &unsure;
	r.content.ops = &fake_ops;
	r.has_content = true;
	/* Without memory nothing has changed. */
	do {
		mem_fail_at(++fails);
		ck_assert_uint_lt(fails, 100);
	} while (!torrent_attach(r.t, &parts, r.now));
	mem_fail_at(0);
	rig_check();
	ck_assert_uint_gt(fails, 3);
	expect_did("check-2 ");
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.state, BT_TORRENT_CHECKING);
	ck_assert_uint_eq(st.pieces_checked, PIECES - 2);
	ck_assert_uint_eq(st.done, 4 * PIECE);
	torrent_checked(r.t, 2, true);
	torrent_checked(r.t, 3, false);
	torrent_check_done(r.t, &(struct bt_error){ .code = BT_OK }, r.now);
	rig_check();
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.state, BT_TORRENT_DOWNLOADING);
	ck_assert_uint_eq(st.pieces_checked, PIECES);
	ck_assert_uint_eq(st.done, 3 * PIECE);
	/* The next check is one of all. */
	r.did[0] = '\0';
	torrent_look_again(r.t, "a test", r.now);
	expect_did("checking check ");
	bits_fini(&have);
	bits_fini(&unsure);
	rig_end();
}
END_TEST

START_TEST(what_is_wanted_may_change)
{
	uint8_t none = 0;
	const struct choice nothing = { .files = &none, .count = 1 }, all = { .count = 0 };
	struct bt_torrent_status st;
	struct partner *p;

	rig_begin(2);
	rig_answer_tracker(NULL);
	p = come(0, true);
	say_have(p, 5);
	ck_assert_ptr_nonnull(strstr(heard(p), "interested"));
	ck_assert(torrent_choose(r.t, &nothing, r.now));
	rig_check();
	/* Of who wants no more it is the end, but no completion. */
	expect_did("choose-0 seeding content-complete complete! ");
	ck_assert_str_eq(heard(p), "uninterested ");
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.wanted, 0);
	ck_assert_uint_eq(st.wanted_done, 0);
	ck_assert_uint_eq(st.done, 2 * PIECE);
	ck_assert(torrent_choose(r.t, &all, r.now));
	rig_check();
	expect_did("choose-1 downloading empty-files ");
	ck_assert_str_eq(heard(p), "interested ");
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.wanted, (uint64_t)PIECES * PIECE - 5);
	ck_assert_uint_eq(st.wanted_done, 2 * PIECE);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(count_of(heard(p), "request5."), BLOCKS);
	rig_end();
}
END_TEST

Suite *
torrent_suite(void)
{
	Suite *s = suite_create("torrent/torrent");
	TCase *c = tcase_create("torrent");

	tcase_add_test(c, a_full_disk_is_waited_for);
	tcase_add_test(c, is_born_stopped_and_checks);
	tcase_add_test(c, believes_what_it_is_told);
	tcase_add_test(c, a_check_that_is_left_begins_anew);
	tcase_add_test(c, what_a_second_check_finds_counts);
	tcase_add_test(c, wishes_hold_it_up);
	tcase_add_test(c, says_goodbye_and_comes_back);
	tcase_add_test(c, a_disk_that_fails_ends_it_and_is_no_end);
	tcase_add_test(c, a_seed_sleeps_and_wakes);
	tcase_add_test(c, a_seed_that_cannot_wake_fails);
	tcase_add_test(c, metadata_may_come_late);
	tcase_add_test(c, a_hybrid_goes_by_the_name_it_was_called);
	tcase_add_test(c, dials_whom_trackers_name);
	tcase_add_test(c, dials_few_at_once);
	tcase_add_test(c, who_is_short_of_peers_asks_earlier);
	tcase_add_test(c, whom_it_dials_wakes_it);
	tcase_add_test(c, spares_who_is_of_least_use);
	tcase_add_test(c, a_connection_without_a_place_is_tried_again);
	tcase_add_test(c, says_when_it_is_due);
	tcase_add_test(c, seeds_are_wanted_again);
	tcase_add_test(c, seeds_that_took_nothing_are_wanted_again);
	tcase_add_test(c, makes_files_that_are_all_empty);
	tcase_add_test(c, checks_what_is_unsure_alone);
	tcase_add_test(c, what_is_wanted_may_change);
	suite_add_tcase(s, c);
	return s;
}
