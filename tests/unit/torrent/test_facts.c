/* SPDX-License-Identifier: ISC */
/* What a torrent tells of itself, to its host and its trackers. */
#include "rig.h"

Suite *facts_suite(void);

START_TEST(tells_how_it_stands)
{
	struct bt_torrent_status st;
	struct torrent_stats sum = { 0 };
	struct partner *p;

	rig_begin(2);
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.peers + st.seeds + st.known_peers + st.partial, 0);
	ck_assert_double_eq(st.distributed_copies, 0);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.peers, 1);
	ck_assert_uint_eq(st.seeds, 1);
	ck_assert_double_ge(st.distributed_copies, 1);
	(void)come(1, true);
	name_address(2);
	say_type(p, WIRE_UNCHOKE);
	send_content(p, requests_at(&conn_of(p)->src.requests, 0)->piece, 0);
	torrent_status(r.t, &st);
	ck_assert_uint_eq(st.peers, 2);
	ck_assert_uint_eq(st.seeds, 1);
	ck_assert_uint_eq(st.known_peers, 1);
	ck_assert_uint_eq(st.partial, BLOCK_SIZE);
	ck_assert_uint_eq(st.downloaded, BLOCK_SIZE);
	ck_assert_uint_eq(st.wanted, (uint64_t)PIECES * PIECE - 5);
	ck_assert_uint_eq(st.wanted_done, 2 * PIECE);
	torrent_add_stats(r.t, &sum);
	torrent_add_stats(r.t, &sum);
	ck_assert_uint_eq(sum.downloaded, 2 * BLOCK_SIZE);
	ck_assert_uint_eq(sum.connections, 4);
	ck_assert_uint_eq(sum.seeds, 2);
	ck_assert_uint_eq(sum.known, 2);
	rig_end();
}
END_TEST

START_TEST(tells_what_others_want_of_it)
{
	struct partner *p;

	rig_new();
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_NO_SLOT);
	torrent_start(r.t, r.now);
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_DOWNLOADS);
	rig_attach(-1);
	/* For the queue of downloads or that of seeds, its check will say. */
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_NO_SLOT);
	ck_assert(!torrent_is_complete(r.t) && !torrent_is_checked(r.t));
	checked(PIECES, BT_OK);
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_SEEDS);
	ck_assert(torrent_is_complete(r.t) && torrent_is_checked(r.t));
	torrent_hold(r.t, TORRENT_QUEUED, true, "a test", r.now);
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_SEEDS);
	torrent_hold(r.t, TORRENT_PAUSED, true, "a test", r.now);
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_NO_SLOT);
	torrent_hold(r.t, TORRENT_PAUSED | TORRENT_QUEUED, false, "a test", r.now);
	ck_assert_uint_eq(torrent_demand(r.t), 0);
	rig_answer_tracker(NULL);
	ck_assert_uint_eq(torrent_demand(r.t), 1);
	ck_assert(!torrent_has_peers(r.t));
	p = come(0, true);
	ck_assert_uint_eq(torrent_demand(r.t), 1);
	say_type(p, WIRE_INTERESTED);
	ck_assert_uint_eq(torrent_demand(r.t), 2);
	ck_assert(torrent_has_peers(r.t));
	rig_end();
	rig_begin(2);
	ck_assert_int_eq(torrent_slot(r.t), TORRENT_DOWNLOADS);
	rig_end();
}
END_TEST

START_TEST(trackers_are_told_what_went)
{
	struct bt_torrent_status st;
	struct partner *p;

	rig_begin(PIECES - 1);
	ck_assert_uint_eq(r.req.port, 6881);
	ck_assert_int_eq(r.req.numwant, 80);
	ck_assert_mem_eq(r.req.info_hash, r.hashes.v[0], 20);
	ck_assert_mem_eq(r.req.peer_id, r.t->peer_id, 20);
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.tracker_seeds, -1);
	rig_answer_tracker(NULL);
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.tracker_seeds, 5);
	ck_assert_int_eq(st.tracker_leeches, 7);
	p = come(0, true);
	say_type(p, WIRE_HAVE_ALL);
	say_type(p, WIRE_UNCHOKE);
	send_content(p, 0, 0);
	for (uint32_t b = 0; b < BLOCKS; b++)
		send_content(p, PIECES - 1, b);
	meter_add(&r.t->up, 77);
	piece_done(PIECES - 1, BT_OK);
	/* What was wasted does not count. */
	ck_assert_int_eq(r.req.event, ANNOUNCE_COMPLETED);
	ck_assert_uint_eq(r.t->wasted, BLOCK_SIZE);
	ck_assert_uint_eq(r.req.downloaded, PIECE - 5);
	ck_assert_uint_eq(r.req.uploaded, 77);
	/* A failure tells no numbers. */
	torrent_announce_reply(r.t, r.announce_id, NULL, BT_EIO, "a test says so", r.now);
	torrent_status(r.t, &st);
	ck_assert_int_eq(st.tracker_seeds, 5);
	ck_assert_int_eq(st.tracker_leeches, 7);
	rig_end();
}
END_TEST

Suite *
facts_suite(void)
{
	Suite *s = suite_create("torrent/facts");
	TCase *c = tcase_create("facts");

	tcase_add_test(c, tells_how_it_stands);
	tcase_add_test(c, tells_what_others_want_of_it);
	tcase_add_test(c, trackers_are_told_what_went);
	suite_add_tcase(s, c);
	return s;
}
