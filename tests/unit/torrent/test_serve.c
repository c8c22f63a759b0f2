/* SPDX-License-Identifier: ISC */
/* Who is served, with what, and who is not. */
#include "rig.h"

Suite *serve_suite(void);

/* The disk has read the oldest block that it was asked for. */
static void
answer_read_with(enum bt_code code)
{
	const struct bt_error err = { .code = code, .text = "a test says so" };
	bool well = code == BT_OK;
	struct content_read what;

	ck_assert_uint_gt(r.read_count, 0);
	what = r.reads[0];
	memmove(r.reads, r.reads + 1, --r.read_count * sizeof(r.reads[0]));
	torrent_block_read(r.t, &what, well ? block_new(&r.blocks) : NULL, &err, r.now);
	torrent_check(r.t);
}

static void
answer_read(bool well)
{
	answer_read_with(well ? BT_OK : BT_EIO);
}

static struct partner *
taker(int i, bool fast)
{
	struct partner *p = come(i, fast);

	say_type(p, WIRE_INTERESTED);
	return p;
}

START_TEST(serves_who_is_unchoked)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	ck_assert_ptr_nonnull(strstr(heard(p), "unchoke "));
	say_block(p, WIRE_REQUEST, 3, 1);
	ck_assert_uint_eq(r.read_count, 1);
	ck_assert_uint_eq(r.reads[0].piece, 3);
	ck_assert_uint_eq(r.reads[0].begin, BLOCK_SIZE);
	answer_read(true);
	/* Queued is not uploaded. */
	ck_assert_uint_eq(r.t->up.total, 0);
	ck_assert_str_eq(heard(p), "piece3.1 ");
	ck_assert_uint_eq(r.t->up.total, BLOCK_SIZE);
	say_block(p, WIRE_REQUEST, 3, 2);
	answer_read(false);
	ck_assert_str_eq(heard(p), "reject3.2 ");
	rig_end();
}
END_TEST

/* A file that is gone is noticed when it is served: it is found out what is there, and the rest is
 * fetched again. */
START_TEST(what_is_gone_is_checked_and_fetched)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	(void)heard(p);
	r.did[0] = '\0';
	say_block(p, WIRE_REQUEST, 3, 1);
	answer_read_with(BT_ENOENT);
	ck_assert_ptr_nonnull(strstr(r.did, "check "));
	ck_assert_int_eq(r.t->state, BT_TORRENT_CHECKING);
	ck_assert_uint_eq(r.t->conn_count, 0);
	for (uint32_t i = 0; i < PIECES; i++)
		torrent_checked(r.t, i, i != 3);
	torrent_check_done(r.t, &(struct bt_error){ .code = BT_OK }, r.now);
	ck_assert_int_eq(r.t->state, BT_TORRENT_DOWNLOADING);
	ck_assert(!bits_has(torrent_have(r.t), 3));
	/* A folder that is gone may come back. */
	rig_end();
	rig_begin(PIECES);
	p = taker(0, true);
	say_block(p, WIRE_REQUEST, 3, 1);
	answer_read_with(BT_EGONE);
	ck_assert_int_eq(r.t->state, BT_TORRENT_WAITING);
	rig_end();
}
END_TEST

START_TEST(serves_nobody_else)
{
	struct partner *p;

	rig_begin(PIECES - 1);
	p = come(0, true);
	(void)heard(p);
	say_block(p, WIRE_REQUEST, 3, 1);
	ck_assert_str_eq(heard(p), "reject3.1 ");
	say_type(p, WIRE_INTERESTED);
	(void)heard(p);
	say_block(p, WIRE_REQUEST, PIECES - 1, 1);
	ck_assert_str_eq(heard(p), "reject7.1 ");
	ck_assert_uint_eq(r.read_count, 0);
	p = come(1, false);
	(void)heard(p);
	say_block(p, WIRE_REQUEST, 3, 1);
	ck_assert_str_eq(heard(p), "");
	ck_assert_uint_eq(r.read_count, 0);
	rig_end();
}
END_TEST

START_TEST(a_cancel_is_answered)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	(void)heard(p);
	for (uint32_t i = 0; i < 20; i++)
		say_block(p, WIRE_REQUEST, i / BLOCKS, i % BLOCKS);
	/* Sixteen are being read, the others wait. */
	ck_assert_uint_eq(r.read_count, 16);
	say_block(p, WIRE_CANCEL, 4, 3);
	ck_assert_str_eq(heard(p), "reject4.3 ");
	say_block(p, WIRE_CANCEL, 4, 3);
	say_block(p, WIRE_CANCEL, 0, 0);
	ck_assert_str_eq(heard(p), "");
	/* As one is read another may be. */
	answer_read(true);
	ck_assert_uint_eq(r.read_count, 16);
	ck_assert_str_eq(heard(p), "piece0.0 ");
	/* When much waits in the stream nothing more is read until it was sent. */
	while (r.read_count > 0)
		answer_read(true);
	ck_assert_str_eq(heard(p), "piece0.1 piece0.2 piece0.3 piece1.0 piece1.1 piece1.2 "
	    "piece1.3 piece2.0 piece2.1 piece2.2 piece2.3 piece3.0 piece3.1 piece3.2 piece3.3 "
	    "piece4.0 piece4.1 ");
	ck_assert_uint_eq(r.read_count, 1);
	ck_assert_uint_eq(r.reads[0].begin, 2 * BLOCK_SIZE);
	rig_end();
}
END_TEST

START_TEST(has_so_many_slots)
{
	struct partner *p, *q, *third;

	rig_begin(PIECES);
	p = taker(0, true);
	q = taker(1, true);
	third = taker(2, true);
	ck_assert_ptr_nonnull(strstr(heard(p), "unchoke"));
	ck_assert_ptr_nonnull(strstr(heard(q), "unchoke"));
	ck_assert_ptr_null(strstr(heard(third), "unchoke"));
	/* A slot is free when a peer wants nothing more. */
	say_type(q, WIRE_NOT_INTERESTED);
	for (int i = 0; i < 11; i++)
		rig_wait(SECOND);
	ck_assert_ptr_nonnull(strstr(heard(third), "unchoke"));
	rig_end();
}
END_TEST

static uint32_t
allowed_piece(const char *text)
{
	unsigned piece = UINT32_MAX;
	const char *at = strstr(text, "allowed");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "allowed%u", &piece), 1);
	return piece;
}

/* Two choked peers are served their allowed pieces at once, whoever else is there; not three. */
START_TEST(favours_two_who_are_choked)
{
	struct partner *p[5];
	uint32_t piece[5];

	rig_begin(PIECES);
	for (int i = 0; i < 2; i++)
		(void)taker(i, true);
	for (int i = 2; i < 7; i++) {
		const char *text;

		p[i - 2] = taker(i, true);
		text = heard(p[i - 2]);
		ck_assert_uint_eq(count_of(text, "allowed"), 5);
		piece[i - 2] = allowed_piece(text);
	}
	/* The last two are idle. */
	for (int i = 0; i < 2; i++) {
		say_block(p[i], WIRE_REQUEST, piece[i], 0);
		ck_assert_str_eq(heard(p[i]), "");
	}
	ck_assert_uint_eq(r.read_count, 2);
	say_block(p[2], WIRE_REQUEST, piece[2], 0);
	ck_assert_uint_eq(count_of(heard(p[2]), "reject"), 1);
	ck_assert_uint_eq(r.read_count, 2);
	/* Nothing else is served to those. */
	for (uint32_t i = 0; i < PIECES; i++)
		say_block(p[0], WIRE_REQUEST, i, 1);
	ck_assert_uint_eq(count_of(heard(p[0]), "reject"), PIECES - 5);
	rig_end();
}
END_TEST

START_TEST(one_that_has_much_is_allowed_nothing)
{
	struct partner *p;

	rig_begin(PIECES);
	p = come(0, true);
	for (uint32_t i = 0; i < 5; i++)
		say_have(p, i);
	say_type(p, WIRE_INTERESTED);
	ck_assert_ptr_null(strstr(heard(p), "allowed"));
	p = come(1, true);
	for (uint32_t i = 0; i < 4; i++)
		say_have(p, i);
	say_type(p, WIRE_INTERESTED);
	ck_assert_uint_eq(count_of(heard(p), "allowed"), 5);
	say_type(p, WIRE_NOT_INTERESTED);
	say_type(p, WIRE_INTERESTED);
	ck_assert_ptr_null(strstr(heard(p), "allowed"));
	rig_end();
}
END_TEST

START_TEST(too_many_requests_are_rejected)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	(void)heard(p);
	for (uint32_t i = 0; i < REQQ_IN + 16; i++)
		say_block(p, WIRE_REQUEST, 1, 1);
	ck_assert_str_eq(heard(p), "");
	say_block(p, WIRE_REQUEST, 1, 2);
	ck_assert_str_eq(heard(p), "reject1.2 ");
	rig_end();
}
END_TEST

/* A late answer of the disk is for somebody who has left. */
START_TEST(who_has_left_gets_nothing)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	say_block(p, WIRE_REQUEST, 1, 1);
	p->stream.ended = true;
	p->stream.base.user->readable(p->stream.base.arg, r.now);
	ck_assert(!is_here(p));
	rig_wait(SECOND);
	answer_read(true);
	ck_assert_uint_eq(r.blocks.in_use, 0);
	rig_end();
}
END_TEST

static void
serve_one(struct partner *p)
{
	say_block(p, WIRE_REQUEST, 1, 1);
	answer_read(true);
	ck_assert_str_eq(heard(p), "piece1.1 ");
}

/* As much as it takes in half a second. */
START_TEST(the_queue_fits_the_peer)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	(void)heard(p);
	serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 64 << 10);
	r.now += 100 * MSEC;
	serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 64 << 10);
	r.now += 100 * MSEC - 1;
	serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 128 << 10);
	for (int i = 0; i < 5; i++)
		serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 512 << 10);
	r.now += 500 * MSEC;
	serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 512 << 10);
	r.now += 500 * MSEC + 1;
	serve_one(p);
	ck_assert_uint_eq(conn_of(p)->queue, 256 << 10);
	for (int i = 0; i < 5; i++) {
		r.now += SECOND;
		serve_one(p);
	}
	ck_assert_uint_eq(conn_of(p)->queue, 64 << 10);
	rig_end();
}
END_TEST

/* While more than half of it waits nothing more is read. */
START_TEST(the_queue_is_refilled_when_half_is_gone)
{
	struct partner *p;

	rig_begin(PIECES);
	p = taker(0, true);
	(void)heard(p);
	for (uint32_t i = 0; i < 3; i++)
		say_block(p, WIRE_REQUEST, 1, i);
	while (r.read_count > 0)
		answer_read(true);
	ck_assert_uint_gt(stream_pending(&p->stream.base), 32 << 10);
	say_block(p, WIRE_REQUEST, 2, 0);
	ck_assert_uint_eq(r.read_count, 0);
	(void)memory_send(&p->stream, BLOCK_SIZE + 100, r.now);
	ck_assert_uint_eq(r.read_count, 1);
	ck_assert_uint_eq(r.reads[0].piece, 2);
	rig_end();
}
END_TEST

static bool
is_served(const struct partner *p)
{
	return !conn_of(p)->peer->am_choking;
}

/* Of two slots one is for luck, which stays for thirty seconds, whatever gifts there are. */
START_TEST(luck_stays_for_thirty_seconds)
{
	struct partner *p[4];
	int lucky = -1, changes = 0;

	rig_begin(PIECES - 1);
	for (int i = 0; i < 4; i++)
		p[i] = taker(i, true);
	for (int round = 0; round < 12; round++) {
		int now_lucky = -1, served = 0;

		meter_add(&conn_of(p[0])->peer->down, BLOCK_SIZE);
		rig_wait(CHOKER_ROUND);
		for (int i = 0; i < 4; i++) {
			served += is_served(p[i]);
			if (is_served(p[i]) && conn_of(p[i])->choke.lucky)
				now_lucky = i;
		}
		ck_assert_int_eq(served, 2);
		ck_assert(is_served(p[0]));
		ck_assert_int_gt(now_lucky, 0);
		changes += now_lucky != lucky;
		lucky = now_lucky;
	}
	ck_assert_int_ge(changes, 4);
	ck_assert_int_le(changes, 5);
	rig_end();
}
END_TEST

/* Whoever gave most since the last round; what was before is past. */
START_TEST(gifts_count_for_one_round)
{
	struct partner *p, *q;

	rig_begin(PIECES - 1);
	r.opts.max_uploads = 1;
	p = taker(0, true);
	q = taker(1, true);
	rig_wait(CHOKER_ROUND);
	ck_assert(is_served(p) && !is_served(q));
	meter_add(&conn_of(q)->peer->down, 5 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(!is_served(p) && is_served(q));
	meter_add(&conn_of(p)->peer->down, 1 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(is_served(p) && !is_served(q));
	/* A seed gets nothing, whatever it says. */
	say_type(p, WIRE_HAVE_ALL);
	meter_add(&conn_of(p)->peer->down, 1 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(!is_served(p) && is_served(q));
	rig_end();
}
END_TEST

/* A seed serves others once a peer has had its share: a minute and 20 MiB since it was unchoked. */
START_TEST(a_turn_ends)
{
	struct partner *p, *q;

	rig_begin(PIECES);
	r.opts.max_uploads = 1;
	r.opts.peer_timeout = 60 * MINUTE;
	p = taker(0, true);
	q = taker(1, true);
	rig_wait(2 * MINUTE);
	ck_assert(is_served(p) && !is_served(q));
	meter_add(&conn_of(p)->peer->up, 20 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(!is_served(p) && is_served(q));
	rig_wait(2 * MINUTE);
	meter_add(&conn_of(q)->peer->up, 20 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(is_served(p) && !is_served(q));
	/* What it got in its turn before does not count. */
	rig_wait(2 * MINUTE);
	ck_assert(is_served(p) && !is_served(q));
	/* Nor a share that came quickly. */
	meter_add(&conn_of(p)->peer->up, 20 << 20);
	rig_wait(CHOKER_ROUND);
	ck_assert(is_served(q));
	meter_add(&conn_of(q)->peer->up, 30 << 20);
	rig_wait(40 * SECOND);
	ck_assert(is_served(q));
	rig_wait(20 * SECOND);
	ck_assert(is_served(p));
	rig_end();
}
END_TEST

Suite *
serve_suite(void)
{
	Suite *s = suite_create("torrent/serve");
	TCase *c = tcase_create("serve");

	tcase_add_test(c, serves_who_is_unchoked);
	tcase_add_test(c, what_is_gone_is_checked_and_fetched);
	tcase_add_test(c, serves_nobody_else);
	tcase_add_test(c, a_cancel_is_answered);
	tcase_add_test(c, has_so_many_slots);
	tcase_add_test(c, favours_two_who_are_choked);
	tcase_add_test(c, one_that_has_much_is_allowed_nothing);
	tcase_add_test(c, too_many_requests_are_rejected);
	tcase_add_test(c, who_has_left_gets_nothing);
	tcase_add_test(c, the_queue_fits_the_peer);
	tcase_add_test(c, the_queue_is_refilled_when_half_is_gone);
	tcase_add_test(c, luck_stays_for_thirty_seconds);
	tcase_add_test(c, gifts_count_for_one_round);
	tcase_add_test(c, a_turn_ends);
	suite_add_tcase(s, c);
	return s;
}
