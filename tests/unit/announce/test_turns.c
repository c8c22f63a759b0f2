/* SPDX-License-Identifier: ISC */
/* Whose turn it is, in virtual time: trackers that answer after a while, or never. */
#include "announce/turns.h"
#include "helper.h"

Suite *turns_suite(void);

#define TIMEOUT (30 * SECOND)
#define HOSTS 300
#define MANY 20000	/* 10,000 torrents, each by two families */

struct item {
	struct turn turn;
	unsigned host;
	usec answer;		/* when it will be answered; 0: not under way */
	bool over;
};

struct world {
	struct turns turns;
	usec now;
	usec delay[HOSTS];	/* of a host's answer; NEVER */
	struct item items[2 * MANY];
	size_t count, under_way, late, answered;
	usec last_left[HOSTS];
	unsigned left[HOSTS], most[HOSTS];	/* how many have left; and at once */
	unsigned at_once[HOSTS];
};

static struct world w;

static void
go(void *arg, struct turn *t, usec now)
{
	struct world *world = arg;
	struct item *i = (struct item *)t;

	ck_assert(!i->over && i->answer == 0);
	ck_assert_int_gt(t->deadline, now);
	i->answer = world->delay[i->host] == NEVER ? NEVER : now + world->delay[i->host];
	world->under_way++;
	world->left[i->host]++;
	world->last_left[i->host] = now;
	if (++world->at_once[i->host] > world->most[i->host])
		world->most[i->host] = world->at_once[i->host];
}

static void
late(void *arg, struct turn *t, usec now)
{
	struct item *i = (struct item *)t;

	(void)arg;
	ck_assert_int_ge(now, t->deadline);
	ck_assert_int_eq(i->answer, 0);
	i->over = true;
	w.late++;
}

static const struct turns_ops ops = { go, late };

static void
begin(void)
{
	static const uint64_t seed[2] = { 1, 2 };

	memset(&w, 0, sizeof(w));
	w.now = 1000 * SECOND;
	turns_init(&w.turns, seed, &ops, &w);
}

static void
finish(void)
{
	for (size_t i = 0; i < w.count; i++)
		turns_end(&w.turns, &w.items[i].turn, TURN_DROPPED, w.now);
	turns_check(&w.turns);
	turns_fini(&w.turns);
}

static struct item *
add(enum turn_kind kind, unsigned host, bool first)
{
	struct item *i = &w.items[w.count++];
	char name[32];

	ck_assert_uint_le(w.count, COUNT_OF(w.items));
	*i = (struct item){ .host = host, .turn.first = first,
		.turn.timeout = first ? 3 * SECOND : TIMEOUT };
	(void)snprintf(name, sizeof(name), "host%u.example", host);
	ck_assert(turns_add(&w.turns, &i->turn, kind, ADDR_V4, slice_str(name), 80, w.now));
	return i;
}

static void
end(struct item *i, enum turn_end how)
{
	turns_end(&w.turns, &i->turn, how, w.now);
	i->over = true;
	w.under_way--;
	w.at_once[i->host]--;
	w.answered += how == TURN_ANSWERED;
}

/* In steps of 10 ms. */
static void
run(usec until)
{
	for (; w.now < until; w.now += 10 * MSEC) {
		size_t open = w.under_way;

		for (size_t i = 0; open > 0 && i < w.count; i++) {
			struct item *it = &w.items[i];

			if (it->answer == 0 || it->over)
				continue;
			open--;
			if (it->answer <= w.now)
				end(it, TURN_ANSWERED);
			else if (it->turn.deadline <= w.now)
				end(it, TURN_SILENT);
		}
		do
			turns_go(&w.turns, w.now);
		while (turns_due(&w.turns) <= w.now);
	}
	turns_check(&w.turns);
}

START_TEST(one_leaves_at_once)
{
	for (enum turn_kind kind = 0; kind < TURN_KINDS; kind++) {
		begin();
		(void)add(kind, 0, false);
		(void)add(kind, 0, false);
		(void)add(kind, 0, false);
		(void)add(kind, 1, false);
		turns_go(&w.turns, w.now);
		ck_assert_uint_eq(w.left[0], 2);
		ck_assert_uint_eq(w.left[1], 1);
		end(&w.items[0], TURN_ANSWERED);
		turns_go(&w.turns, w.now);
		ck_assert_uint_eq(w.left[0], 3);
		finish();
	}
}
END_TEST

/* Ten thousand torrents at a dead host, some at healthy ones: those leave within seconds. */
START_TEST(a_dead_host_holds_up_nobody)
{
	for (enum turn_kind kind = 0; kind < TURN_KINDS; kind++) {
		usec begun;

		begin();
		begun = w.now;
		w.delay[0] = NEVER;
		for (unsigned i = 0; i < MANY; i++)
			(void)add(kind, 0, false);
		for (unsigned i = 0; i < 1000; i++) {
			w.delay[1 + i % 10] = 50 * MSEC;
			(void)add(kind, 1 + i % 10, false);
		}
		run(begun + 2 * SECOND);
		for (unsigned i = 1; i <= 10; i++)
			ck_assert_uint_eq(w.left[i], 100);
		ck_assert_uint_eq(w.answered, 1000);
		ck_assert_uint_le(w.left[0], 2);
		/* Who waited for the dead one is told in time as well. */
		run(begun + TIMEOUT + SECOND);
		ck_assert_uint_ge(w.late, MANY - 2);
		ck_assert_uint_le(w.left[0], 3);
		/* It is back: one asks, then ever more. */
		w.delay[0] = 20 * MSEC;
		for (unsigned i = 0; i < 500; i++)
			(void)add(kind, 0, false);
		run(w.now + 2 * SECOND);
		ck_assert_uint_eq(w.answered, 1500);
		finish();
	}
}
END_TEST

/* Many dead hosts: half of all places are for others. */
START_TEST(many_dead_hosts)
{
	usec begun;

	begin();
	begun = w.now;
	w.delay[0] = 50 * MSEC;
	(void)add(TURN_HTTP, 0, false);
	run(w.now + SECOND);
	for (unsigned i = 1; i < HOSTS; i++) {
		w.delay[i] = NEVER;
		for (unsigned k = 0; k < 5; k++)
			(void)add(TURN_HTTP, i, false);
	}
	run(w.now + SECOND);
	ck_assert_uint_eq(w.under_way, TURNS_HTTP_ALL / 2);
	for (unsigned i = 0; i < 100; i++)
		(void)add(TURN_HTTP, 0, false);
	run(w.now + 2 * SECOND);
	ck_assert_uint_eq(w.left[0], 101);
	/* All of the dead get an answer, though most were never asked. */
	run(begun + TIMEOUT + 3 * SECOND);
	ck_assert_uint_eq(w.under_way, 0);
	ck_assert_uint_le(w.late, 5 * (HOSTS - 1));
	finish();
}
END_TEST

/* A healthy host with a long queue: nobody is given up, and its limits are kept. */
START_TEST(patience_with_one_that_answers)
{
	static const unsigned most[] = { [TURN_HTTP] = TURNS_HTTP_HOST,
		[TURN_UDP] = TURNS_UDP_HOST };

	for (enum turn_kind kind = 0; kind < TURN_KINDS; kind++) {
		usec begun;

		begin();
		begun = w.now;
		w.delay[0] = 100 * MSEC;
		for (unsigned i = 0; i < 5000; i++)
			(void)add(kind, 0, false);
		run(begun + 80 * SECOND);
		ck_assert_uint_eq(w.late, 0);
		ck_assert_uint_eq(w.answered, 5000);
		ck_assert_uint_eq(w.most[0], most[kind]);
		/* UDP: beyond the burst they are spread over time. */
		ck_assert_int_ge(w.last_left[0] - begun,
		    (5000 - TURNS_BURST) * (SECOND / TURNS_PER_SECOND) - SECOND);
		if (kind == TURN_UDP)
			ck_assert_int_le(w.last_left[0] - begun, 15 * SECOND);
		finish();
	}
}
END_TEST

/* It answered once and then died: those that wait are not patient for ever. */
START_TEST(it_dies_meanwhile)
{
	usec begun;

	begin();
	begun = w.now;
	w.delay[0] = 100 * MSEC;
	for (unsigned i = 0; i < 1000; i++)
		(void)add(TURN_HTTP, 0, false);
	run(begun + SECOND);
	w.delay[0] = NEVER;
	run(begun + 2 * TIMEOUT + SECOND);
	ck_assert_uint_eq(w.answered + w.late, 1000 - TURNS_HTTP_HOST);
	ck_assert_uint_gt(w.answered, 20);
	ck_assert_uint_eq(w.under_way, 0);
	finish();
}
END_TEST

/* The end: `stopped` of many overtakes all that waits, and leaves within its three seconds. */
START_TEST(stopped_first)
{
	usec begun;

	begin();
	w.delay[0] = 50 * MSEC;
	for (unsigned i = 0; i < 100; i++)
		(void)add(TURN_UDP, 0, false);
	run(w.now + 10 * SECOND);
	begun = w.now;
	for (unsigned i = 0; i < 5000; i++)
		(void)add(TURN_UDP, 0, false);
	for (unsigned i = 0; i < 2000; i++)
		(void)add(TURN_UDP, 0, true);
	run(begun + 3 * SECOND);
	for (unsigned i = 5100; i < 7100; i++)
		ck_assert(w.items[i].answer != 0);
	ck_assert_uint_le(w.most[0], 2 * TURNS_UDP_HOST);
	ck_assert_uint_eq(w.late, 0);
	/* Of a host that does not answer nobody is waited for. */
	w.delay[1] = NEVER;
	for (unsigned i = 0; i < 100; i++)
		(void)add(TURN_UDP, 1, true);
	run(w.now + 3 * SECOND + 100 * MSEC);
	ck_assert_uint_eq(w.left[1], 2);
	ck_assert_uint_eq(w.late, 98);
	/* And once that is known, still less. */
	for (unsigned i = 0; i < 100; i++)
		(void)add(TURN_UDP, 1, true);
	run(w.now + SECOND + 100 * MSEC);
	ck_assert_uint_eq(w.left[1], 3);
	ck_assert_uint_eq(w.late, 98 + 99);
	ck_assert_uint_eq(w.at_once[1], 0);
	finish();
}
END_TEST

/* Names differ by case only in how they are written; ports, kinds and families make hosts. */
START_TEST(hosts)
{
	static const struct {
		enum turn_kind kind;
		enum addr_family family;
		const char *name;
		uint16_t port;
		bool same;
	} cases[] = {
		{ TURN_UDP, ADDR_V4, "tracker.example", 80, true },
		{ TURN_UDP, ADDR_V4, "TRACKER.example", 80, true },
		{ TURN_UDP, ADDR_V6, "tracker.example", 80, false },
		{ TURN_UDP, ADDR_V4, "tracker.example", 81, false },
		{ TURN_HTTP, ADDR_V4, "tracker.example", 80, false },
		{ TURN_UDP, ADDR_V4, "tracker.examplf", 80, false },
	};

	begin();
	for (unsigned i = 0; i < COUNT_OF(cases); i++) {
		struct turn *t = &w.items[w.count++].turn;

		t->timeout = TIMEOUT;
		ck_assert(turns_add(&w.turns, t, cases[i].kind, cases[i].family,
		    slice_str(cases[i].name), cases[i].port, w.now));
		ck_assert(cases[i].same == (t->host == w.items[0].turn.host));
	}
	finish();
}
END_TEST

/* What nobody asks any more is forgotten. */
START_TEST(hosts_are_swept)
{
	begin();
	for (unsigned round = 0; round < 100; round++) {
		w.count = 0;
		for (unsigned i = 0; i < 50; i++) {
			struct turn *t = &w.items[w.count++].turn;
			char name[32];

			*t = (struct turn){ .timeout = TIMEOUT };
			(void)snprintf(name, sizeof(name), "host%u-%u", round, i);
			ck_assert(turns_add(&w.turns, t, TURN_UDP, ADDR_V4, slice_str(name), 80,
			    w.now));
			turns_end(&w.turns, t, TURN_DROPPED, w.now);
		}
		w.now += 11 * MINUTE;
	}
	ck_assert_uint_lt(w.turns.by_key.count, 500);
	finish();
}
END_TEST

Suite *
turns_suite(void)
{
	Suite *s = suite_create("announce/turns");
	TCase *c = tcase_create("announce/turns");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, one_leaves_at_once);
	tcase_add_test(c, a_dead_host_holds_up_nobody);
	tcase_add_test(c, many_dead_hosts);
	tcase_add_test(c, patience_with_one_that_answers);
	tcase_add_test(c, it_dies_meanwhile);
	tcase_add_test(c, stopped_first);
	tcase_add_test(c, hosts);
	tcase_add_test(c, hosts_are_swept);
	suite_add_tcase(s, c);
	return s;
}
