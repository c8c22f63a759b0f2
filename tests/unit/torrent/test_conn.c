/* SPDX-License-Identifier: ISC */
/* Who may be connected, and what a connection makes of what its peer has. */
#include "rig.h"

Suite *conn_suite(void);

START_TEST(tells_what_it_has)
{
	rig_begin(0);
	ck_assert_str_eq(heard(come(0, true)), "none ");
	ck_assert_str_eq(heard(come(1, false)), "");
	rig_end();
	rig_begin(3);
	ck_assert_str_eq(heard(come(0, true)), "bitfield ");
	ck_assert_str_eq(heard(come(1, false)), "bitfield ");
	rig_end();
	rig_begin(PIECES);
	ck_assert_str_eq(heard(come(0, true)), "all ");
	ck_assert_str_eq(heard(come(1, false)), "bitfield ");
	rig_end();
}
END_TEST

START_TEST(is_interested_in_what_it_lacks)
{
	struct partner *p;

	rig_begin(2);
	p = come(0, true);
	(void)heard(p);
	say_have(p, 1);
	ck_assert_str_eq(heard(p), "");
	say_have(p, 2);
	ck_assert_str_eq(heard(p), "interested ");
	say_have(p, 2);
	say_have(p, 3);
	ck_assert_str_eq(heard(p), "");
	ck_assert_uint_eq(conn_of(p)->src.missing, 2);
	say_type(p, WIRE_HAVE_NONE);
	ck_assert_str_eq(heard(p), "uninterested ");
	say(p, &(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xf0", 1) });
	ck_assert_str_eq(heard(p), "interested ");
	ck_assert_uint_eq(conn_of(p)->src.missing, 2);
	rig_end();
}
END_TEST

static void
say_lost(struct partner *p, uint8_t piece)
{
	const uint8_t index[4] = { 0, 0, 0, piece };

	say(p, &(struct msg){ .type = WIRE_EXTENDED, .ext_id = EXT_DONTHAVE + 1,
	    .data = slice_of(index, 4) });
}

START_TEST(a_peer_may_lose_a_piece)
{
	struct partner *p;

	rig_begin(6);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(conn_of(p)->as_seed);
	ck_assert_str_eq(heard(p), "bitfield interested ");
	say_lost(p, 1);
	ck_assert(!conn_of(p)->as_seed);
	ck_assert_uint_eq(conn_of(p)->src.missing, 2);
	say_lost(p, 7);
	ck_assert_str_eq(heard(p), "");
	say_lost(p, 6);
	ck_assert_str_eq(heard(p), "uninterested ");
	say_have(p, 6);
	ck_assert_str_eq(heard(p), "interested ");
	rig_end();
	/* Without the fast extension nobody rejects what was asked of it. */
	rig_begin(6);
	p = come(0, false);
	say_have(p, 6);
	say_have(p, 7);
	say_type(p, WIRE_UNCHOKE);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), 2 * BLOCKS);
	say_lost(p, 6);
	ck_assert_uint_eq(requests_count(&conn_of(p)->src.requests), BLOCKS);
	rig_end();
}
END_TEST

START_TEST(seeds_part)
{
	struct partner *p, *q;

	rig_begin(PIECES);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(!is_here(p));
	/* One that becomes a seed goes as well. */
	q = come(1, true);
	for (uint32_t i = 0; i < PIECES - 1; i++)
		say_have(q, i);
	ck_assert(is_here(q));
	say_have(q, PIECES - 1);
	ck_assert(!is_here(q));
	rig_end();
	rig_begin(PIECES - 1);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(is_here(p));
	piece_done(PIECES - 1, BT_OK);
	ck_assert(!is_here(p));
	rig_end();
}
END_TEST

START_TEST(knows_itself)
{
	rig_begin(0);
	(void)meet(0, true);
	memcpy(r.partner[0].id, r.t->peer_id, 20);
	ck_assert_ptr_null(come_as(0));
	ck_assert(!is_here(&r.partner[0]));
	rig_end();
}
END_TEST

/* Both sides keep the connection that the greater id dialled; ours begins with '-'. */
START_TEST(keeps_one_of_two_connections)
{
	rig_begin(0);
	(void)come(0, true);
	(void)meet(1, true);
	memcpy(r.partner[1].id, r.partner[0].id, 20);
	r.partner[1].stream.base.remote = address_of(0);
	ck_assert_ptr_null(come_as(1));
	ck_assert_uint_eq(r.t->conn_count, 1);
	ck_assert(is_here(&r.partner[0]));
	/* From elsewhere it may have stolen the id. */
	(void)meet(2, true);
	memcpy(r.partner[2].id, r.partner[0].id, 20);
	ck_assert_ptr_null(come_as(2));
	ck_assert_uint_eq(r.t->conn_count, 2);
	rig_end();
}
END_TEST

START_TEST(keeps_the_one_that_the_greater_dialled)
{
	const struct addr to = address_of(0);
	uint8_t bytes[HANDSHAKE_LEN];

	rig_begin(0);
	(void)meet(1, true);
	r.partner[1].stream.base.remote = to;
	torrent_add_address(r.t, &to, KNOWN_USER, r.now);
	rig_wait(0);
	torrent_add_outgoing(r.t, &r.partner[1].stream.base, &to, r.now);
	greeting(1, bytes);
	memory_feed(&r.partner[1].stream, slice_of(bytes, sizeof(bytes)), r.now);
	(void)meet(0, true);
	memcpy(r.partner[0].id, r.partner[1].id, 20);
	/* Its id is greater, so the one that it dialled stays. */
	ck_assert_ptr_null(come_as(0));
	ck_assert(is_here(&r.partner[0]) && !is_here(&r.partner[1]));
	rig_end();
}
END_TEST

START_TEST(nobody_takes_all_places)
{
	rig_begin(0);
	/* A party has an eighth, and four at least. */
	for (int i = 0; i < 4; i++) {
		(void)meet(i, true);
		r.partner[i].stream.base.remote = address_of(0);
		r.partner[i].stream.base.remote.port = (uint16_t)(1000 + i);
		ck_assert_ptr_null(come_as(i));
	}
	(void)meet(4, true);
	r.partner[4].stream.base.remote = address_of(0);
	ck_assert_str_eq(come_as(4), "too many connections from this address");
	(void)come(5, true);
	r.opts.max_peers = 5;
	(void)meet(6, true);
	ck_assert_str_eq(come_as(6), "the torrent has all its peers");
	r.opts.max_peers = 6;
	(void)come(7, true);
	rig_end();
}
END_TEST

START_TEST(silence_ends_it)
{
	struct partner *p;

	rig_begin(0);
	p = come(0, true);
	for (int i = 0; i < 299; i++)
		rig_wait(SECOND);
	ck_assert(is_here(p));
	rig_wait(2 * SECOND);
	ck_assert(!is_here(p));
	rig_end();
}
END_TEST

static void
say_upload_only(struct partner *p, const char *text)
{
	say(p, &(struct msg){ .type = WIRE_EXTENDED, .ext_id = 0,
	    .data = slice_of(text, strlen(text)) });
}

/* BEP 21: one that wants nothing is of no use to a seed, whatever it has. */
START_TEST(who_only_uploads_is_not_kept_by_a_seed)
{
	struct partner *p, *q;

	rig_begin(PIECES);
	p = come(0, true);
	say_upload_only(p, "d11:upload_onlyi0ee");
	ck_assert(is_here(p));
	say_upload_only(p, "d11:upload_onlyi1ee");
	ck_assert(!is_here(p));
	rig_end();
	rig_begin(3);
	q = come(0, true);
	say_upload_only(q, "d11:upload_onlyi1ee");
	ck_assert(is_here(q));
	rig_end();
}
END_TEST

/* And we say so when we are one, of all or of a part. */
START_TEST(says_that_it_only_uploads)
{
	uint8_t files[1] = { 0 };
	const struct choice nothing = { .files = files, .count = 1 };
	struct partner *p;

	rig_begin(3);
	p = come(0, true);
	ck_assert_ptr_nonnull(strstr(heard_ext(p), "upload_onlyi0e"));
	ck_assert(torrent_choose(r.t, &nothing, r.now));
	ck_assert_int_eq(r.t->state, BT_TORRENT_SEEDING);
	ck_assert_ptr_nonnull(strstr(heard_ext(p), "upload_onlyi1e"));
	rig_end();
}
END_TEST

START_TEST(limits_may_change)
{
	struct torrent_opts limits;
	struct partner *p;

	rig_begin(0);
	p = come(0, true);
	limits = r.opts;
	limits.max_peers = 1;
	limits.request_backlog = 3;
	limits.max_uploads = 1;
	limits.peer_timeout = 60 * SECOND;
	torrent_obey(r.t, &limits, r.now);
	ck_assert_uint_eq(conn_of(p)->src.requests.floor, 3);
	ck_assert_uint_eq(r.t->swarm->choker.slots, 1);
	(void)meet(1, true);
	ck_assert_ptr_nonnull(come_as(1));
	rig_wait(61 * SECOND);
	ck_assert(!is_here(p));
	rig_end();
}
END_TEST

/* It was dialled in vain once, so that the next time shows whether it is thought better of. */
static struct partner *
reach_at_second_try(int i)
{
	const struct addr to = address_of(i);

	name_address(i);
	rig_wait(0);
	torrent_dial_failed(r.t, &to, r.now);
	r.did[0] = '\0';
	rig_wait(4 * SECOND);
	ck_assert_ptr_null(strstr(r.did, "dial"));
	rig_wait(2 * SECOND);
	ck_assert_ptr_nonnull(strstr(r.did, "dial"));
	return reach(i, true);
}

/* It left just now: is it dialled after five seconds, or after ten? */
static void
expect_dial_after(usec time)
{
	r.did[0] = '\0';
	rig_wait(time - 1);
	ck_assert_ptr_null(strstr(r.did, "dial"));
	rig_wait(SECOND + 1);
	ck_assert_ptr_nonnull(strstr(r.did, "dial"));
}

START_TEST(who_was_of_use_is_dialled_sooner)
{
	struct partner *p;

	rig_begin(PIECES - 1);
	leave(reach_at_second_try(0));
	expect_dial_after(10 * SECOND);
	rig_end();
	/* It gave something. */
	rig_begin(PIECES - 2);
	p = reach_at_second_try(0);
	say_have(p, PIECES - 2);
	say_type(p, WIRE_UNCHOKE);
	for (uint32_t b = 0; b < BLOCKS; b++)
		send_content(p, PIECES - 2, b);
	piece_done(PIECES - 2, BT_OK);
	leave(p);
	expect_dial_after(5 * SECOND);
	rig_end();
	/* It took something. */
	rig_begin(PIECES - 1);
	p = reach_at_second_try(0);
	say_type(p, WIRE_INTERESTED);
	say_block(p, WIRE_REQUEST, 1, 1);
	ck_assert_uint_eq(r.read_count, 1);
	torrent_block_read(r.t, &r.reads[0], block_new(&r.blocks), NULL, r.now);
	ck_assert_uint_eq(count_of(heard(p), "piece1.1"), 1);
	leave(p);
	expect_dial_after(5 * SECOND);
	rig_end();
}
END_TEST

START_TEST(a_seed_is_no_use_to_a_seed_for_an_hour)
{
	struct partner *p;

	rig_begin(PIECES);
	rig_answer_tracker(NULL);
	p = reach(0, true);
	say_type(p, WIRE_HAVE_ALL);
	ck_assert(!is_here(p));
	r.did[0] = '\0';
	rig_wait(59 * MINUTE);
	ck_assert_ptr_null(strstr(r.did, "dial"));
	rig_wait(2 * MINUTE);
	ck_assert_ptr_nonnull(strstr(r.did, "dial0"));
	rig_end();
}
END_TEST

START_TEST(who_comes_tells_where_it_listens)
{
	struct partner *p;

	rig_begin(0);
	p = come(0, true);
	say_ext_handshake(p, "d1:pi0ee");
	ck_assert_uint_eq(known_count(&r.t->swarm->known), 0);
	say_ext_handshake(p, "d1:pi7000ee");
	ck_assert_uint_eq(known_count(&r.t->swarm->known), 1);
	/* It does not move about. */
	say_ext_handshake(p, "d1:pi7001ee");
	ck_assert_uint_eq(known_count(&r.t->swarm->known), 1);
	rig_wait(MINUTE);
	ck_assert_ptr_null(strstr(r.did, "dial"));
	leave(p);
	expect_dial_after(5 * SECOND);
	rig_end();
}
END_TEST

START_TEST(does_not_dial_itself_again)
{
	rig_begin(0);
	/* Who comes with our name says nothing of the port that it came from. */
	(void)meet(0, true);
	memcpy(r.partner[0].id, r.t->peer_id, 20);
	name_address(0);
	ck_assert_ptr_null(come_as(0));
	rig_wait(0);
	expect_did("dial0 ");
	rig_end();
	rig_begin(0);
	rig_answer_tracker(NULL);
	(void)meet(0, true);
	memcpy(r.partner[0].id, r.t->peer_id, 20);
	reach_as(0);
	ck_assert(!is_here(&r.partner[0]));
	expect_did("dial0 ");
	rig_wait(20 * MINUTE);
	expect_did("");
	/* Others are there as well. */
	(void)come(1, true);
	rig_end();
}
END_TEST

START_TEST(what_is_said_before_metadata_counts_after_it)
{
	struct partner *p, *q;

	rig_new();
	torrent_start(r.t, r.now);
	p = come(0, true);
	q = come(1, true);
	say(p, &(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xf0", 1) });
	say_type(q, WIRE_INTERESTED);
	ck_assert_str_eq(heard(p), "");
	ck_assert_str_eq(heard(q), "");
	rig_attach(3);
	ck_assert_str_eq(heard(p), "bitfield interested ");
	ck_assert_uint_eq(conn_of(p)->src.missing, 1);
	ck_assert_uint_eq(count_of(heard(q), "allowed"), 5);
	ck_assert(!conn_of(q)->peer->am_choking);
	rig_end();
	/* One that has all, and has nothing to do with one that has all. */
	rig_new();
	torrent_start(r.t, r.now);
	p = come(0, true);
	say(p, &(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xff", 1) });
	q = come(1, true);
	rig_attach(PIECES);
	ck_assert(!is_here(p) && is_here(q));
	rig_end();
}
END_TEST

Suite *
conn_suite(void)
{
	Suite *s = suite_create("torrent/conn");
	TCase *c = tcase_create("conn");

	tcase_add_test(c, tells_what_it_has);
	tcase_add_test(c, is_interested_in_what_it_lacks);
	tcase_add_test(c, a_peer_may_lose_a_piece);
	tcase_add_test(c, seeds_part);
	tcase_add_test(c, knows_itself);
	tcase_add_test(c, keeps_one_of_two_connections);
	tcase_add_test(c, keeps_the_one_that_the_greater_dialled);
	tcase_add_test(c, nobody_takes_all_places);
	tcase_add_test(c, silence_ends_it);
	tcase_add_test(c, who_only_uploads_is_not_kept_by_a_seed);
	tcase_add_test(c, says_that_it_only_uploads);
	tcase_add_test(c, limits_may_change);
	tcase_add_test(c, who_was_of_use_is_dialled_sooner);
	tcase_add_test(c, a_seed_is_no_use_to_a_seed_for_an_hour);
	tcase_add_test(c, who_comes_tells_where_it_listens);
	tcase_add_test(c, does_not_dial_itself_again);
	tcase_add_test(c, what_is_said_before_metadata_counts_after_it);
	suite_add_tcase(s, c);
	return s;
}
