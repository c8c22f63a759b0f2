/* SPDX-License-Identifier: ISC */
#include "announce/announce.h"
#include "base/mem.h"
#include "owner.h"

Suite *announce_suite(void);

START_TEST(a_life)
{
	begin(1, 0);
	add(0, A);
	ck_assert(announce_is_idle(o.a));
	ck_assert_int_eq(announce_due(o.a), NEVER);
	announce_start(o.a, o.now);
	ck_assert(!announce_is_idle(o.a));
	expect(1, A, ANNOUNCE_STARTED);
	ck_assert_int_eq(last()->family, ADDR_NONE);
	ck_assert_int_eq(last()->req.numwant, 80);
	ck_assert_int_eq(last()->req.compact, 1);
	ck_assert_uint_eq(last()->req.key.len, 8);
	ck_assert_int_eq(announce_due(o.a), NEVER);
	ck_assert_int_eq(tracker(0)->state, ANNOUNCE_ASKING);
	ok(last());
	sleep_within(1800, 1913);
	expect(2, A, ANNOUNCE_NONE);
	announce_completed(o.a, o.now);
	expect(2, A, ANNOUNCE_NONE);
	o.left = 0;
	ok(last());
	expect(3, A, ANNOUNCE_COMPLETED);
	ok(last());
	sleep_within(1800, 1913);
	expect(4, A, ANNOUNCE_NONE);
	ok(last());
	announce_stop(o.a, o.now);
	expect(5, A, ANNOUNCE_STOPPED);
	ck_assert_int_eq(last()->req.numwant, 0);
	ck_assert(!announce_is_idle(o.a));
	ok(last());
	ck_assert(announce_is_idle(o.a));
	ck_assert_int_eq(announce_due(o.a), NEVER);
	/* A second run begins anew and has nothing to complete. */
	announce_start(o.a, o.now);
	expect(6, A, ANNOUNCE_STARTED);
	ok(last());
	ck_assert_uint_eq(o.count, 6);
	finish();
}
END_TEST

/* `completed` is repeated until a tracker has taken it. */
START_TEST(completed_until_heard)
{
	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	announce_completed(o.a, o.now);
	ok(last());
	expect(2, A, ANNOUNCE_COMPLETED);
	refuse(last());
	sleep_within(5, 6);
	expect(3, A, ANNOUNCE_COMPLETED);
	ok(last());
	sleep_within(1800, 1913);
	expect(4, A, ANNOUNCE_NONE);
	finish();
}
END_TEST

START_TEST(stop_while_starting)
{
	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	announce_stop(o.a, o.now);
	ck_assert_uint_eq(o.count, 1);
	ck_assert(!announce_is_idle(o.a));
	ok(last());
	expect(2, A, ANNOUNCE_STOPPED);
	/* No answer: given up after three seconds. */
	sleep_within(3, 3);
	ck_assert(announce_is_idle(o.a));
	ck_assert(!last()->open);
	/* A tracker that never heard `started` is told nothing. */
	announce_start(o.a, o.now);
	expect(3, A, ANNOUNCE_STARTED);
	announce_stop(o.a, o.now);
	refuse(last());
	ck_assert(announce_is_idle(o.a));
	ck_assert_uint_eq(o.count, 3);
	finish();
}
END_TEST

/* What did not answer for a while is not waited for as long as others. */
START_TEST(stop_without_hope)
{
	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	o.now += 10 * SECOND;
	announce_stop(o.a, o.now);
	sleep_within(1, 1);
	ck_assert(announce_is_idle(o.a));
	/* It failed since it heard `started`. */
	announce_start(o.a, o.now);
	ok(last());
	sleep_within(1800, 1913);
	refuse(last());
	announce_stop(o.a, o.now);
	expect(4, A, ANNOUNCE_STOPPED);
	sleep_within(1, 1);
	ck_assert(announce_is_idle(o.a));
	/* It answers, if slowly. */
	announce_start(o.a, o.now);
	sleep_within(2, 6);
	ok(last());
	announce_stop(o.a, o.now);
	sleep_within(3, 3);
	ck_assert(announce_is_idle(o.a));
	finish();
}
END_TEST

START_TEST(stop_with_completed)
{
	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	ok(last());
	sleep_within(1800, 1913);
	expect(2, A, ANNOUNCE_NONE);
	announce_completed(o.a, o.now);
	/* The plain announce is dropped; completed is not swallowed. */
	announce_stop(o.a, o.now);
	ck_assert(!o.sent[1].open);
	expect(3, A, ANNOUNCE_COMPLETED);
	ok(last());
	expect(4, A, ANNOUNCE_STOPPED);
	ok(last());
	ck_assert(announce_is_idle(o.a));
	/* Started again while it is still stopping. */
	announce_start(o.a, o.now);
	ok(last());
	announce_stop(o.a, o.now);
	announce_start(o.a, o.now);
	expect(7, A, ANNOUNCE_STARTED);
	ok(last());
	finish();
}
END_TEST

START_TEST(stopped_to_those_that_know)
{
	begin(1, 0);
	add(0, A);
	add(1, B);
	add(2, C);
	announce_start(o.a, o.now);
	expect(1, A, ANNOUNCE_STARTED);
	ok(last());
	sleep_within(1800, 1913);
	expect(2, A, ANNOUNCE_NONE);
	refuse(last());
	expect(3, B, ANNOUNCE_STARTED);
	ok(last());
	announce_stop(o.a, o.now);
	ck_assert_uint_eq(o.count, 5);
	ck_assert_str_eq(o.sent[3].url, A);
	ck_assert_str_eq(o.sent[4].url, B);
	ck_assert_int_eq(o.sent[3].req.event, ANNOUNCE_STOPPED);
	refuse(&o.sent[3]);
	ck_assert(!announce_is_idle(o.a));
	ok(&o.sent[4]);
	ck_assert(announce_is_idle(o.a));
	finish();
}
END_TEST

START_TEST(tiers)
{
	unsigned first[2] = { 0, 0 };

	for (uint64_t seed = 0; seed < 200; seed++) {
		begin(seed, 0);
		add(0, A);
		add(0, B);
		add(1, C);
		announce_start(o.a, o.now);
		first[strcmp(last()->url, A) == 0]++;
		refuse(last());
		ck_assert_str_ne(o.sent[0].url, o.sent[1].url);
		ck_assert_str_ne(o.sent[1].url, C);
		refuse(last());
		expect(3, C, ANNOUNCE_STARTED);
		ok(last());
		ck_assert_str_eq(tracker(2)->url, C);
		finish();
	}
	ck_assert_uint_gt(first[0], 60);
	ck_assert_uint_gt(first[1], 60);
}
END_TEST

START_TEST(promotion)
{
	char second[128];

	begin(1, 0);
	add(0, A);
	add(0, B);
	add(0, C);
	announce_start(o.a, o.now);
	refuse(last());
	(void)snprintf(second, sizeof(second), "%s", last()->url);
	ok(last());
	sleep_within(1800, 1913);
	expect(3, second, ANNOUNCE_NONE);
	ok(last());
	/* Within its tier only: a fallback does not overtake the first tier. */
	finish();
	begin(1, 0);
	add(0, A);
	add(1, B);
	announce_start(o.a, o.now);
	refuse(last());
	expect(2, B, ANNOUNCE_STARTED);
	ok(last());
	sleep_within(1800, 1913);
	expect(3, A, ANNOUNCE_STARTED);
	ok(last());
	finish();
}
END_TEST

START_TEST(tracker_ids)
{
	struct announce_reply r;

	begin(1, 0);
	add(0, A);
	add(1, B);
	announce_start(o.a, o.now);
	ck_assert_uint_eq(last()->req.trackerid.len, 0);
	announce_reply_init(&r);
	r.interval = 100;
	r.tracker_id = slice_str("id of a");
	reply_with(last(), &r);
	sleep_within(100, 107);
	ck_assert(slice_eq_str(announce_text_slice(&last()->req.trackerid), "id of a"));
	refuse(last());
	expect(3, B, ANNOUNCE_STARTED);
	ck_assert_uint_eq(last()->req.trackerid.len, 0);
	ok(last());
	sleep_within(1800, 1913);
	expect(4, A, ANNOUNCE_NONE);
	ck_assert(slice_eq_str(announce_text_slice(&last()->req.trackerid), "id of a"));
	ok(last());
	finish();
}
END_TEST

START_TEST(both_families)
{
	begin(1, ANNOUNCE_V4 | ANNOUNCE_V6);
	add(0, A);
	announce_start(o.a, o.now);
	ck_assert_uint_eq(o.count, 2);
	ck_assert_int_eq(o.sent[0].family, ADDR_V4);
	ck_assert_int_eq(o.sent[1].family, ADDR_V6);
	ck_assert(slice_eq(announce_text_slice(&o.sent[0].req.key),
	    announce_text_slice(&o.sent[1].req.key)));
	ok_with_peers(&o.sent[0], 3, 7);
	ck_assert_uint_eq(o.peers, 3);
	ck_assert_int_eq(announce_due(o.a), NEVER);
	refuse(&o.sent[1]);
	/* One is enough; the other hears `started` when it is there. */
	ck_assert_int_eq(tracker(0)->state, ANNOUNCE_WORKS);
	sleep_within(1800, 1913);
	ck_assert_uint_eq(o.count, 4);
	ck_assert_int_eq(o.sent[2].req.event, ANNOUNCE_NONE);
	ck_assert_int_eq(o.sent[3].req.event, ANNOUNCE_STARTED);
	refuse(&o.sent[2]);
	ok_with_peers(&o.sent[3], 2, 1);
	ck_assert_int_eq(o.status.state, ANNOUNCE_WORKS);
	ck_assert_uint_eq(o.status.peers, 2);
	ck_assert_int_eq(o.status.complete, 1);
	ck_assert_str_eq(o.status.text, "");
	announce_stop(o.a, o.now);
	ck_assert_uint_eq(o.count, 6);
	ok(&o.sent[4]);
	ok(&o.sent[5]);
	ck_assert(announce_is_idle(o.a));
	finish();
	begin(1, ANNOUNCE_V4 | ANNOUNCE_V6);
	add(0, "http://10.99.0.1:6969/announce");
	add(1, "udp://[fd99::1]:6969");
	announce_start(o.a, o.now);
	ck_assert_uint_eq(o.count, 1);
	ck_assert_int_eq(last()->family, ADDR_V4);
	refuse(last());
	ck_assert_uint_eq(o.count, 2);
	ck_assert_int_eq(last()->family, ADDR_V6);
	ok(last());
	finish();
	begin(1, ANNOUNCE_V6);
	add(0, A);
	announce_start(o.a, o.now);
	ck_assert_int_eq(last()->family, ADDR_V6);
	finish();
}
END_TEST

/* A hybrid torrent: each hash and family is a matter of its own. */
START_TEST(both_hashes)
{
	begin_hashes(1, ANNOUNCE_V4 | ANNOUNCE_V6, 2);
	add(0, A);
	announce_start(o.a, o.now);
	ck_assert_uint_eq(o.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(o.sent[i].req.info_hash[0], i / 2);
		ck_assert_int_eq(o.sent[i].family, i % 2 ? ADDR_V6 : ADDR_V4);
		ck_assert_int_eq(o.sent[i].req.event, ANNOUNCE_STARTED);
	}
	ok_with_peers(&o.sent[0], 2, 5);
	refuse(&o.sent[1]);
	fail_with(&o.sent[2], "no v2 here", -1, RETRY_NEVER);
	fail_with(&o.sent[3], "come in an hour", -1, 60);
	ck_assert_int_eq(tracker(0)->state, ANNOUNCE_WORKS);
	ck_assert_uint_eq(o.peers, 2);
	/* One that said never and one that is to wait are left alone, the others are not. */
	sleep_within(1800, 1913);
	ck_assert_uint_eq(o.count, 6);
	ck_assert_int_eq(o.sent[4].req.event, ANNOUNCE_NONE);
	ck_assert_int_eq(o.sent[5].req.event, ANNOUNCE_STARTED);
	ok(&o.sent[4]);
	ok(&o.sent[5]);
	sleep_within(1800, 1913);
	ck_assert_uint_le(o.count, 9);
	for (size_t i = 6; i < o.count; i++)
		ok(&o.sent[i]);
	if (o.count == 8) {
		sleep_within(1800, 1913);
		ck_assert_uint_eq(o.count, 11);
	}
	ck_assert_uint_eq(last()->req.info_hash[0], 1);
	ck_assert_int_eq(last()->family, ADDR_V6);
	ck_assert_int_eq(last()->req.event, ANNOUNCE_STARTED);
	finish();
}
END_TEST

/* Only one hash is known there, and by it the tracker is gone: the other one is asked in time. */
START_TEST(never_for_one_hash)
{
	begin_hashes(1, 0, 2);
	add(0, A);
	announce_start(o.a, o.now);
	ck_assert_uint_eq(o.count, 2);
	fail_with(&o.sent[0], "never", -1, RETRY_NEVER);
	fail_with(&o.sent[1], "in ten minutes", -1, 10);
	sleep_within(600, 638);
	ck_assert_uint_eq(o.count, 3);
	ck_assert_uint_eq(last()->req.info_hash[0], 1);
	fail_with(last(), "never", -1, RETRY_NEVER);
	ck_assert_int_eq(tracker(0)->state, ANNOUNCE_GIVEN_UP);
	ck_assert_int_eq(announce_due(o.a), NEVER);
	finish();
}
END_TEST

START_TEST(status_without_secrets)
{
	const char *url = "http://u:hunter22@t.example/0123456789abcdef0123456789abcdef/announce"
	    "?auth=s3cr3t";
	struct announce_tracker_info s;

	begin(1, 0);
	add(0, url);
	announce_start(o.a, o.now);
	ck_assert_str_eq(last()->url, url);
	fail_with(last(), "no user 0123456789abcdef0123456789abcdef here\n"
	    "\x1b[31m(s3cr3t) announce", -1, -1);
	announce_tracker_at(o.a, 0, &s);
	ck_assert_ptr_null(strstr(s.url, "0123456789abcdef"));
	ck_assert_ptr_null(strstr(s.url, "hunter22"));
	ck_assert_ptr_null(strstr(s.url, "s3cr3t"));
	ck_assert_str_eq(s.text, "no user *** here\\x0a\\x1b[31m(***) announce");
	ck_assert(s.failed);
	finish();
}
END_TEST

/* A URL is held once, however many have it, and for as long as anybody has. */
START_TEST(urls)
{
	struct announce_urls u;
	struct announce_url *a, *b, *c;

	announce_urls_init(&u);
	a = announce_urls_take(&u, slice_str(A));
	b = announce_urls_take(&u, slice_str(A));
	c = announce_urls_take(&u, slice_str("udp://[2001:db8::1]:80"));
	ck_assert_ptr_eq(a, b);
	ck_assert_str_eq(a->text, A);
	ck_assert_ptr_null(a->trouble);
	ck_assert_int_eq(a->literal, ADDR_NONE);
	ck_assert_int_eq(c->literal, ADDR_V6);
	announce_urls_drop(&u, a);
	ck_assert_ptr_eq(announce_urls_take(&u, slice_str(A)), b);
	ck_assert_uint_eq(u.by_key.count, 2);
	announce_urls_drop(&u, b);
	announce_urls_drop(&u, b);
	announce_urls_drop(&u, c);
	ck_assert_uint_eq(u.by_key.count, 0);
	c = announce_urls_take(&u, SLICE_NONE);
	ck_assert_ptr_nonnull(c->trouble);
	announce_urls_drop(&u, c);
	announce_urls_drop(&u, NULL);
	announce_urls_fini(&u);
}
END_TEST

START_TEST(nobody_to_ask)
{
	begin(1, 0);
	add(0, "wss://tracker.example");
	add(0, "");
	announce_start(o.a, o.now);
	ck_assert_uint_eq(o.count, 0);
	ck_assert_int_eq(announce_due(o.a), NEVER);
	ck_assert_int_eq(tracker(0)->state, ANNOUNCE_GIVEN_UP);
	ck_assert_str_ne(tracker(0)->text, "");
	announce_now(o.a, o.now);
	announce_completed(o.a, o.now);
	announce_stop(o.a, o.now);
	ck_assert(announce_is_idle(o.a));
	finish();
	begin(1, 0);
	announce_start(o.a, o.now);
	announce_stop(o.a, o.now);
	ck_assert(announce_is_idle(o.a));
	announce_on_error(o.a, 1, BT_EIO, "", o.now);
	announce_on_error(o.a, 0, BT_EIO, "", o.now);
	finish();
	announce_free(NULL);
}
END_TEST

START_TEST(no_memory)
{
	enum bt_code code = BT_ENOMEM;

	memset(&o, 0, sizeof(o));
	rng_seed(&o.rng, 1);
	mem_fail_at(1);
	ck_assert_ptr_null(new_announce(0, 1));
	begin(1, 0);
	for (size_t n = 1; code != BT_OK; n++) {
		mem_fail_at(n);
		code = announce_add(o.a, 0, slice_str(A));
		mem_fail_at(0);
		ck_assert_uint_eq(announce_tracker_count(o.a), code == BT_OK);
	}
	finish();
}
END_TEST

/* Nothing can be sent: that is a failure of each tracker, and the end waits for nobody. */
START_TEST(no_memory_to_send)
{
	begin(1, ANNOUNCE_V4 | ANNOUNCE_V6);
	add(0, A);
	add(1, B);
	o.no_memory = true;
	announce_start(o.a, o.now);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(tracker(i)->state, ANNOUNCE_FAILED);
		ck_assert_str_ne(tracker(i)->text, "");
		ck_assert_uint_eq(tracker(i)->fails, 1);
	}
	sleep_within(5, 6);
	sleep_within(0, 6);
	ck_assert_uint_eq(o.count, 0);
	o.no_memory = false;
	sleep_within(9, 11);
	ck_assert_uint_eq(o.count, 2);
	ok(&o.sent[0]);
	ok(&o.sent[1]);
	o.no_memory = true;
	announce_stop(o.a, o.now);
	ck_assert(announce_is_idle(o.a));
	ck_assert_uint_eq(o.count, 2);
	finish();
}
END_TEST

/* What holds for every history: who has heard what, and nothing stands still. */
struct heard {
	bool started;
};

static struct heard *
heard_of(struct heard heard[3][4], const struct sent *s)
{
	unsigned t = strcmp(s->url, A) == 0 ? 0 : strcmp(s->url, B) == 0 ? 1 : 2;

	return &heard[t][2 * s->req.info_hash[0] + (s->family == ADDR_V6)];
}

static void
check_new(struct heard heard[3][4], size_t from, bool completed)
{
	for (size_t i = from; i < o.count; i++) {
		struct sent *s = &o.sent[i];
		struct heard *h = heard_of(heard, s);

		switch (s->req.event) {
		case ANNOUNCE_STARTED:
			ck_assert(!h->started);
			break;
		case ANNOUNCE_COMPLETED:
			ck_assert(h->started && completed);
			break;
		case ANNOUNCE_STOPPED:
			ck_assert(h->started);
			h->started = false;
			break;
		default:
			ck_assert(h->started);
		}
	}
}

static void
answer_one(struct heard heard[3][4], struct rng *rng, bool *completed)
{
	size_t open[64], n = 0;
	struct sent *s;

	for (size_t i = 0; i < o.count; i++) {
		if (o.sent[i].open && n < COUNT_OF(open))
			open[n++] = i;
	}
	if (n == 0)
		return;
	s = &o.sent[open[rng_below(rng, (uint32_t)n)]];
	switch (rng_below(rng, 4)) {
	case 0:
		refuse(s);
		break;
	case 1:
		fail_with(s, "no", rng_below(rng, 3) == 0 ? 50 : -1,
		    rng_below(rng, 5) == 0 ? 7 : -1);
		break;
	default:
		if (s->req.event == ANNOUNCE_STARTED)
			heard_of(heard, s)->started = true;
		if (s->req.event == ANNOUNCE_COMPLETED)
			*completed = false;
		ok(s);
	}
}

static bool
anything_open(void)
{
	for (size_t i = 0; i < o.count; i++) {
		if (o.sent[i].open)
			return true;
	}
	return false;
}

START_TEST(any_history)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct heard heard[3][4] = { 0 };
		bool completed = false, running = false;
		struct rng rng;

		begin_hashes(seed, seed % 4, 1 + seed / 4 % 2);
		rng_seed(&rng, seed + 1000);
		add(0, A);
		add(0, B);
		add(1, C);
		for (unsigned step = 0; step < 300; step++) {
			size_t from = o.count;

			switch (rng_below(&rng, 20)) {
			case 0:
				if (!running)
					memset(heard, 0, sizeof(heard));
				completed = completed && running;
				running = true;
				announce_start(o.a, o.now);
				break;
			case 1:
				announce_stop(o.a, o.now);
				running = false;
				break;
			case 2:
				completed = completed || running;
				announce_completed(o.a, o.now);
				break;
			case 3:
				announce_now(o.a, o.now);
				break;
			case 4:
				announce_want_peers(o.a, o.now);
				break;
			case 5: case 6: case 7:
				if (announce_due(o.a) != NEVER && announce_due(o.a) > o.now)
					o.now = announce_due(o.a);
				announce_tick(o.a, o.now);
				break;
			case 8:
				o.now += rng_below(&rng, 100) * SECOND;
				announce_tick(o.a, o.now);
				break;
			default:
				answer_one(heard, &rng, &completed);
			}
			check_new(heard, from, completed);
			ck_assert(!running || anything_open() || announce_due(o.a) != NEVER);
			ck_assert(running || announce_is_idle(o.a) || anything_open());
			ck_assert(!announce_is_idle(o.a) || !anything_open());
		}
		finish();
	}
}
END_TEST

Suite *
announce_suite(void)
{
	Suite *s = suite_create("announce/announce");
	TCase *c = tcase_create("announce/announce");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_life);
	tcase_add_test(c, completed_until_heard);
	tcase_add_test(c, stop_while_starting);
	tcase_add_test(c, stop_without_hope);
	tcase_add_test(c, stop_with_completed);
	tcase_add_test(c, stopped_to_those_that_know);
	tcase_add_test(c, tiers);
	tcase_add_test(c, promotion);
	tcase_add_test(c, tracker_ids);
	tcase_add_test(c, both_families);
	tcase_add_test(c, both_hashes);
	tcase_add_test(c, never_for_one_hash);
	tcase_add_test(c, status_without_secrets);
	tcase_add_test(c, urls);
	tcase_add_test(c, nobody_to_ask);
	tcase_add_test(c, no_memory);
	tcase_add_test(c, no_memory_to_send);
	tcase_add_test(c, any_history);
	suite_add_tcase(s, c);
	return s;
}
