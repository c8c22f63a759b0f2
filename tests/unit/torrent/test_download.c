/* SPDX-License-Identifier: ISC */
/* What is asked of whom, and what becomes of the answers. */
#include "rig.h"

Suite *download_suite(void);

static struct partner *
giver(int i, bool fast)
{
	struct partner *p = come(i, fast);

	if (fast)
		say_type(p, WIRE_HAVE_ALL);
	else
		say(p, &(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xff", 1) });
	(void)heard(p);
	return p;
}

static unsigned
asked(struct partner *p)
{
	return count_of(heard(p), "request");
}

/* A block that is asked of it, or -1. */
static int
asked_block(struct partner *p)
{
	const char *at = strstr(heard(p), "request");
	unsigned piece, block;

	if (at == NULL || sscanf(at, "request%u.%u", &piece, &block) != 2)
		return -1;
	return (int)(piece * BLOCKS + block);
}

static void
send_piece(struct partner *p, uint32_t piece)
{
	for (uint32_t b = 0; b < BLOCKS; b++)
		send_content(p, piece, b);
}

START_TEST(asks_who_unchokes)
{
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	ck_assert_uint_eq(asked(p), 0);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_ge(asked(p), r.opts.request_backlog);
	rig_end();
}
END_TEST

START_TEST(asks_no_more_than_the_peer_takes)
{
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	say_ext_handshake(p, "d4:reqqi3ee");
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(p), 3);
	rig_wait(SECOND);
	ck_assert_uint_eq(asked(p), 0);
	rig_end();
}
END_TEST

START_TEST(a_whole_piece_is_told)
{
	struct partner *p, *q;
	int first;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	q = come(1, true);
	(void)heard(q);
	say_type(p, WIRE_UNCHOKE);
	first = asked_block(p);
	ck_assert_int_eq(first / (int)BLOCKS, PIECES - 1);
	r.did[0] = '\0';
	send_piece(p, PIECES - 1);
	expect_did("finish7 ");
	ck_assert_str_eq(heard(q), "");
	rig_answer_tracker(NULL);
	piece_done(PIECES - 1, BT_OK);
	expect_did("piece7! seeding content-complete announce(completed) complete! ");
	ck_assert_str_eq(heard(q), "have7 ");
	rig_end();
}
END_TEST

START_TEST(a_reject_is_asked_again_later)
{
	struct partner *p;
	int block;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	block = asked_block(p);
	say_block(p, WIRE_REJECT, (uint32_t)block / BLOCKS, (uint32_t)block % BLOCKS);
	ck_assert_uint_eq(asked(p), 0);
	rig_wait(100 * MSEC);
	ck_assert_uint_eq(asked(p), 1);
	/* What nobody asked for cannot be rejected. */
	say_block(p, WIRE_REJECT, 0, 0);
	rig_wait(100 * MSEC);
	ck_assert_uint_eq(asked(p), 0);
	rig_end();
}
END_TEST

START_TEST(a_choke_without_fast_gives_all_back)
{
	struct partner *p, *q;

	rig_begin(PIECES - 1);
	p = giver(0, false);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(p), BLOCKS);
	q = giver(1, false);
	ck_assert_uint_eq(conn_of(p)->peer->expect, BLOCKS);
	say_type(p, WIRE_CHOKE);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), 0);
	ck_assert_uint_eq(conn_of(p)->peer->expect, 0);
	say_type(q, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(q), BLOCKS);
	/* With it, each is rejected by name, or still comes. */
	rig_end();
	rig_begin(PIECES - 1);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	q = giver(1, true);
	say_type(p, WIRE_CHOKE);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), BLOCKS);
	for (uint32_t b = 0; b < BLOCKS; b++)
		say_block(p, WIRE_REJECT, PIECES - 1, b);
	ck_assert_uint_eq(conn_of(p)->peer->expect, 0);
	rig_end();
}
END_TEST

START_TEST(asks_allowed_pieces_while_choked)
{
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	say(p, &(struct msg){ .type = WIRE_ALLOWED_FAST, .index = 5 });
	rig_wait(SECOND);
	rig_wait(SECOND);
	ck_assert_str_eq(heard(p), "request5.0 request5.1 request5.2 request5.3 ");
	/* It changed its mind: not again of it while it chokes. */
	for (uint32_t b = 0; b < BLOCKS; b++)
		say_block(p, WIRE_REJECT, 5, b);
	rig_wait(SECOND);
	rig_wait(SECOND);
	ck_assert_uint_eq(asked(p), 0);
	rig_end();
}
END_TEST

START_TEST(a_liar_alone_is_banned)
{
	struct partner *p, *again;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	send_piece(p, PIECES - 1);
	r.did[0] = '\0';
	piece_done(PIECES - 1, BT_EHASH);
	expect_did("banned(11.0.0.1) ");
	ck_assert(!is_here(p));
	ck_assert_uint_eq(r.t->wasted, PIECE - 5);
	again = meet(1, true);
	again->stream.base.remote = address_of(0);
	ck_assert_str_eq(come_as(1), "banned");
	rig_end();
}
END_TEST

/* The last piece that is missing comes from two. */
static void
send_half_each(struct partner **p, struct partner **q)
{
	rig_begin(PIECES - 1);
	*p = giver(0, true);
	*q = giver(1, true);
	say_type(*p, WIRE_UNCHOKE);
	say_type(*q, WIRE_UNCHOKE);
	send_content(*p, PIECES - 1, 0);
	send_content(*p, PIECES - 1, 1);
	send_content(*q, PIECES - 1, 2);
	send_content(*q, PIECES - 1, 3);
}

START_TEST(of_several_one_lied)
{
	struct partner *p, *q;

	send_half_each(&p, &q);
	piece_done(PIECES - 1, BT_EHASH);
	ck_assert(is_here(p) && is_here(q));
	ck_assert_ptr_null(strstr(r.did, "banned"));
	(void)heard(p);
	(void)heard(q);
	/* From now on one alone is asked for it. */
	rig_wait(SECOND);
	rig_wait(SECOND);
	ck_assert((asked(p) == 0) != (asked(q) == 0));
	rig_end();
}
END_TEST

START_TEST(who_was_in_many_bad_pieces_goes)
{
	struct partner *p, *q;
	struct source *s;

	send_half_each(&p, &q);
	s = TAILQ_FIRST(&r.t->sources);
	s->bad_pieces = 6;
	s->good_pieces = 2;
	TAILQ_NEXT(s, link)->bad_pieces = 5;
	TAILQ_NEXT(s, link)->good_pieces = 2;
	piece_done(PIECES - 1, BT_EHASH);
	ck_assert(!is_here(p) && is_here(q));
	rig_end();
	/* One that has left since is the first suspect. */
	send_half_each(&p, &q);
	TAILQ_NEXT(TAILQ_FIRST(&r.t->sources), link)->bad_pieces = 5;
	p->stream.ended = true;
	p->stream.base.user->readable(p->stream.base.arg, r.now);
	piece_done(PIECES - 1, BT_EHASH);
	ck_assert(is_here(q));
	ck_assert_uint_eq(TAILQ_FIRST(&r.t->sources)->bad_pieces, 5);
	rig_end();
	/* A good one is to the credit of both. */
	send_half_each(&p, &q);
	s = TAILQ_FIRST(&r.t->sources);
	piece_done(PIECES - 1, BT_OK);
	ck_assert_uint_eq(s->good_pieces, 1);
	ck_assert(s->gave);
	rig_end();
}
END_TEST

START_TEST(the_end_is_asked_of_several)
{
	struct partner *p, *q;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	q = giver(1, true);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(p), BLOCKS);
	say_type(q, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(q), BLOCKS);
	send_content(q, PIECES - 1, 2);
	ck_assert_str_eq(heard(p), "cancel7.2 ");
	/* What was cancelled may be on its way. */
	send_content(p, PIECES - 1, 2);
	ck_assert_uint_eq(r.t->wasted, BLOCK_SIZE);
	rig_end();
}
END_TEST

START_TEST(who_does_not_send_is_not_waited_for)
{
	struct partner *p, *q;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(p), BLOCKS);
	for (int i = 0; i < 29; i++)
		rig_wait(SECOND);
	ck_assert(!TAILQ_FIRST(&r.t->sources)->snubbed);
	rig_wait(2 * SECOND);
	ck_assert(TAILQ_FIRST(&r.t->sources)->snubbed);
	q = giver(1, true);
	say_type(q, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(q), BLOCKS);
	/* What still comes is welcome, and others need not send it. */
	send_content(p, PIECES - 1, 0);
	ck_assert_str_eq(heard(q), "cancel7.0 ");
	ck_assert(!TAILQ_FIRST(&r.t->sources)->snubbed);
	rig_end();
}
END_TEST

START_TEST(a_busy_disk_is_asked_for_nothing)
{
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_ge(asked(p), r.opts.request_backlog);
	ck_assert(p->stream.reading);
	r.busy = true;
	send_content(p, 0, 0);
	ck_assert(!p->stream.reading);
	ck_assert_uint_eq(asked(p), 0);
	r.busy = false;
	torrent_eased(r.t, r.now);
	ck_assert(p->stream.reading);
	rig_end();
}
END_TEST

START_TEST(what_was_not_asked_is_dropped)
{
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	send_content(p, 1, 1);
	ck_assert_uint_eq(r.t->wasted, BLOCK_SIZE);
	ck_assert_uint_eq(r.t->down.total, BLOCK_SIZE);
	expect_did("");
	rig_end();
}
END_TEST

/* What one turn asks for has a limit, whatever the peer takes. */
START_TEST(asks_for_so_many_blocks_in_one_go)
{
	struct partner *p;

	rig_new_of(MANY);
	r.opts.request_backlog = MANY * BLOCKS;
	rig_attach(0);
	torrent_start(r.t, r.now);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	say_ext_handshake(p, "d4:reqqi1000ee");
	/* Once for the message, once when all was read. */
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), 2 * 256);
	ck_assert_uint_eq(conn_of(p)->peer->expect, 2 * 256);
	rig_end();
}
END_TEST

START_TEST(a_larger_backlog_is_soon_used)
{
	struct torrent_opts more;
	struct partner *p;

	rig_begin(0);
	p = giver(0, true);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_lt(asked(p), 28);
	more = r.opts;
	more.request_backlog = 28;
	torrent_obey(r.t, &more, r.now);
	rig_wait(2 * SECOND);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), 28);
	rig_end();
}
END_TEST

START_TEST(the_end_is_cancelled_without_fast)
{
	struct partner *p, *q;

	rig_begin(PIECES - 1);
	p = giver(0, false);
	q = giver(1, false);
	say_type(p, WIRE_UNCHOKE);
	say_type(q, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(p), BLOCKS);
	ck_assert_uint_eq(asked(q), BLOCKS);
	send_content(q, PIECES - 1, 2);
	ck_assert_str_eq(heard(p), "cancel7.2 ");
	ck_assert_str_eq(heard(q), "");
	/* Nothing more is to come for it. */
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), BLOCKS - 1);
	for (uint32_t b = 0; b < BLOCKS; b++) {
		if (b != 2)
			send_content(p, PIECES - 1, b);
	}
	ck_assert_ptr_nonnull(strstr(r.did, "finish7 "));
	ck_assert_uint_eq(requests_count(&conn_of(q)->src.requests), 0);
	ck_assert_uint_eq(r.t->wasted, 0);
	rig_end();
}
END_TEST

/* What is its alone is not to wait for one that sends now and then. */
START_TEST(who_sips_holds_nothing_up)
{
	struct partner *p, *q, *alone, *other;

	send_half_each(&p, &q);
	for (uint32_t b = 0; b < BLOCKS; b++)
		say_block(b < 2 ? q : p, WIRE_REJECT, PIECES - 1, b);
	piece_done(PIECES - 1, BT_EHASH);
	rig_wait(SECOND);
	alone = requests_count(&conn_of(p)->src.requests) > 0 ? p : q;
	other = alone == p ? q : p;
	ck_assert_uint_eq(requests_count(&conn_of(alone)->src.requests), BLOCKS);
	ck_assert_uint_eq(requests_count(&conn_of(other)->src.requests), 0);
	(void)heard(other);
	for (uint32_t b = BLOCKS - 1; b >= 2; b--) {
		rig_wait(14 * SECOND);
		send_content(alone, PIECES - 1, b);
		ck_assert_uint_eq(asked(other), 0);
	}
	rig_wait(3 * SECOND);
	ck_assert(!conn_of(alone)->src.snubbed);
	ck_assert_uint_gt(asked(other), 0);
	rig_end();
}
END_TEST

START_TEST(a_liar_goes_with_all_its_connections)
{
	struct partner *p, *q, *honest;

	rig_begin(PIECES - 1);
	p = giver(0, true);
	q = meet(1, true);
	q->stream.base.remote = address_of(0);
	q->stream.base.remote.port = 7000;
	ck_assert_ptr_null(come_as(1));
	honest = come(2, true);
	say_type(p, WIRE_UNCHOKE);
	send_piece(p, PIECES - 1);
	piece_done(PIECES - 1, BT_EHASH);
	ck_assert(!is_here(p) && !is_here(q) && is_here(honest));
	rig_end();
}
END_TEST

/* One has been asked for half of everything; another has but a piece of that. */
static void
ask_one_before_another(struct partner **p, struct partner **q)
{
	uint32_t piece = PIECES;

	rig_begin(0);
	*p = giver(0, false);
	*q = come(1, false);
	(void)heard(*q);
	say_type(*p, WIRE_UNCHOKE);
	for (uint32_t i = 0; i < PIECES; i++) {
		if (requests_has(&conn_of(*p)->src.requests, i, 0) &&
		    requests_has(&conn_of(*p)->src.requests, i, (BLOCKS - 1) * BLOCK_SIZE))
			piece = i;
	}
	ck_assert_uint_lt(piece, PIECES);
	say_have(*q, piece);
	say_type(*q, WIRE_UNCHOKE);
	ck_assert_uint_eq(asked(*q), 0);
}

START_TEST(what_comes_free_is_soon_asked_of_others)
{
	struct partner *p, *q;

	ask_one_before_another(&p, &q);
	rig_wait(1500 * MSEC);
	ck_assert_uint_eq(asked(q), 0);
	say_type(p, WIRE_CHOKE);
	rig_wait(100 * MSEC);
	ck_assert_uint_eq(asked(q), BLOCKS);
	rig_end();
	/* So it is when one does not send. */
	ask_one_before_another(&p, &q);
	rig_wait(29 * SECOND);
	ck_assert_uint_eq(asked(q), 0);
	rig_wait(3 * SECOND);
	ck_assert_uint_eq(asked(q), BLOCKS);
	rig_end();
}
END_TEST

Suite *
download_suite(void)
{
	Suite *s = suite_create("torrent/download");
	TCase *c = tcase_create("download");

	tcase_add_test(c, asks_who_unchokes);
	tcase_add_test(c, asks_no_more_than_the_peer_takes);
	tcase_add_test(c, a_whole_piece_is_told);
	tcase_add_test(c, a_reject_is_asked_again_later);
	tcase_add_test(c, a_choke_without_fast_gives_all_back);
	tcase_add_test(c, asks_allowed_pieces_while_choked);
	tcase_add_test(c, a_liar_alone_is_banned);
	tcase_add_test(c, of_several_one_lied);
	tcase_add_test(c, who_was_in_many_bad_pieces_goes);
	tcase_add_test(c, the_end_is_asked_of_several);
	tcase_add_test(c, who_does_not_send_is_not_waited_for);
	tcase_add_test(c, a_busy_disk_is_asked_for_nothing);
	tcase_add_test(c, what_was_not_asked_is_dropped);
	tcase_add_test(c, asks_for_so_many_blocks_in_one_go);
	tcase_add_test(c, a_larger_backlog_is_soon_used);
	tcase_add_test(c, the_end_is_cancelled_without_fast);
	tcase_add_test(c, who_sips_holds_nothing_up);
	tcase_add_test(c, a_liar_goes_with_all_its_connections);
	tcase_add_test(c, what_comes_free_is_soon_asked_of_others);
	suite_add_tcase(s, c);
	return s;
}
