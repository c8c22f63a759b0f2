/* SPDX-License-Identifier: ISC */
/* Whole swarms: what picker, choker, requests and addresses make of one another. */
#include "sim.h"

#include "base/mem.h"
#include "helper.h"

#define PIECE (64 * KIB)

static double
seconds(usec t)
{
	return (double)t / SECOND;
}

static int
by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

/* How long the leeches number `from` to `to` took, at the given share of them (0.5: median). */
static double
taken(const struct sim *s, size_t from, size_t to, double share)
{
	double times[1024];
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct node *node = sim_node(s, i);

		if (!node->opts.seed && node->done != NEVER)
			times[n++] = seconds(node->done - node->joined);
	}
	if (n == 0)
		return 0;
	qsort(times, n, sizeof(times[0]), by_value);
	return times[(size_t)(share * (double)(n - 1))];
}

static void
report(const char *name, const struct sim *s)
{
	size_t n = s->nodes.len;

	(void)printf("%-14s %4zu nodes, best possible %5.1f s: quickest %5.1f, median %5.1f, "
	    "last %5.1f; at %.1f s, %llu events\n", name, n, sim_optimum(s), taken(s, 0, n, 0),
	    taken(s, 0, n, 0.5), taken(s, 0, n, 1), seconds(s->clock.now),
	    (unsigned long long)s->clock.seq);
}

static struct node *
add_seed(struct sim *s, uint32_t up)
{
	return sim_add(s, (struct node_opts){ .up_KiBps = up, .down_KiBps = 4000, .seed = true });
}

/* All in the first ten seconds. */
static void
add_leeches(struct sim *s, unsigned n, uint32_t up_least, uint32_t up_most)
{
	for (unsigned i = 0; i < n; i++)
		(void)sim_add(s, (struct node_opts){
		    .up_KiBps = up_least + rng_below(&s->rng, up_most - up_least + 1),
		    .down_KiBps = 4000, .join = rng_below(&s->rng, 10 * SECOND) });
}

START_TEST(two_hundred)
{
	struct sim *s = sim_new(1, 256, PIECE);
	const struct node *seed = add_seed(s, 500);
	double copies;

	add_leeches(s, 199, 100, 500);
	ck_assert(sim_run(s, 1000 * SECOND));
	copies = (double)node_uploaded(seed) / (double)sim_size(s);
	report("200 peers", s);
	(void)printf("%-14s the seed sent %.1f copies\n", "", copies);
	ck_assert(taken(s, 0, 200, 1) <= 2.5 * sim_optimum(s));
	ck_assert(copies < 5);
	sim_free(s);
}
END_TEST

/* -- misconduct -- */

START_TEST(liar_is_banned)
{
	struct sim *s = sim_new(2, 128, PIECE);
	const struct node *liar;
	unsigned banned = 0, fooled = 0;

	(void)add_seed(s, 300);
	liar = sim_add(s, (struct node_opts){ .up_KiBps = 500, .down_KiBps = 4000, .seed = true,
	    .conduct = LIAR });
	add_leeches(s, 40, 100, 300);
	ck_assert(sim_run(s, 1000 * SECOND));
	for (size_t i = 0; i < s->nodes.len; i++) {
		const struct node *n = sim_node(s, i);

		banned += bits_has(n->bans, liar->index);
		fooled += n->pieces_failed > 0;
		/* Nobody suffers for another's lie. */
		ck_assert_uint_eq(n->bans->count, bits_has(n->bans, liar->index));
	}
	report("a liar", s);
	(void)printf("%-14s bad pieces came to %u, it was banned by %u\n", "", fooled, banned);
	ck_assert_uint_ge(fooled, 20);
	ck_assert_uint_eq(banned, fooled);
	ck_assert(taken(s, 0, s->nodes.len, 1) <= 3 * sim_optimum(s));
	sim_free(s);
}
END_TEST

/* They take requests and send nothing, so what was asked of them must be asked of others. */
START_TEST(mute_stops_nobody)
{
	struct sim *s = sim_new(3, 128, PIECE);

	(void)add_seed(s, 300);
	for (int i = 0; i < 5; i++)
		(void)sim_add(s, (struct node_opts){ .up_KiBps = 500, .down_KiBps = 4000,
		    .seed = true, .conduct = MUTE });
	add_leeches(s, 40, 100, 300);
	ck_assert(sim_run(s, 1000 * SECOND));
	report("five mutes", s);
	ck_assert(taken(s, 0, s->nodes.len, 1) <= 3 * sim_optimum(s));
	sim_free(s);
}
END_TEST

/* The seed is quick, so that it is not its new pieces that everybody waits for. */
START_TEST(sharers_before_free_riders)
{
	struct sim *s = sim_new(4, 256, PIECE);
	double sharers, riders;

	(void)add_seed(s, 1000);
	add_leeches(s, 40, 200, 200);
	for (int i = 0; i < 15; i++)
		(void)sim_add(s, (struct node_opts){ .up_KiBps = 200, .down_KiBps = 4000,
		    .conduct = FREE_RIDER, .join = rng_below(&s->rng, 10 * SECOND) });
	ck_assert(sim_run(s, 2000 * SECOND));
	sharers = taken(s, 1, 41, 0.5);
	riders = taken(s, 41, 56, 0.5);
	report("free riders", s);
	(void)printf("%-14s median of sharers %.1f s, of free riders %.1f s\n", "", sharers,
	    riders);
	ck_assert(riders > 1.15 * sharers);
	sim_free(s);
}
END_TEST

/* Who gives more gets more. */
START_TEST(givers_before_takers)
{
	struct sim *s = sim_new(5, 256, PIECE);
	double slow, fast;

	(void)add_seed(s, 1000);
	add_leeches(s, 30, 60, 60);
	add_leeches(s, 30, 400, 400);
	ck_assert(sim_run(s, 2000 * SECOND));
	slow = taken(s, 1, 31, 0.5);
	fast = taken(s, 31, 61, 0.5);
	report("tit for tat", s);
	(void)printf("%-14s median at 60 KiB/s up %.1f s, at 400 KiB/s %.1f s\n", "", slow, fast);
	ck_assert(slow > 1.2 * fast);
	sim_free(s);
}
END_TEST

/* -- limits -- */

/* Of what the seed allows itself all have the same: none is done long before the others, and no
 * second of the line is wasted. */
START_TEST(a_limit_is_shared)
{
	struct sim *s = sim_new(11, 64, PIECE);
	double best = 5 * 4.0 * MIB / KIB / 100;

	(void)sim_add(s, (struct node_opts){ .up_KiBps = 4000, .down_KiBps = 4000, .seed = true,
	    .max_up_KiBps = 100 });
	for (int i = 0; i < 5; i++)
		(void)sim_add(s, (struct node_opts){ .up_KiBps = 4000, .down_KiBps = 4000,
		    .conduct = FREE_RIDER });
	ck_assert(sim_run(s, 1000 * SECOND));
	report("a limit", s);
	ck_assert(taken(s, 0, 6, 0) > 0.9 * best && taken(s, 0, 6, 1) < 1.1 * best);
	sim_free(s);
}
END_TEST

/* One that lets little out still asks for as much as it can take, of a seed that has no limit and
 * from others of whom it takes part of what it allows itself. */
START_TEST(limits_of_a_leech)
{
	struct sim *s = sim_new(12, 64, PIECE);
	const struct node *slow, *quick;

	(void)add_seed(s, 2000);
	slow = sim_add(s, (struct node_opts){ .up_KiBps = 4000, .down_KiBps = 4000,
	    .max_down_KiBps = 50, .max_up_KiBps = 5 });
	quick = sim_add(s, (struct node_opts){ .up_KiBps = 4000, .down_KiBps = 4000,
	    .max_down_KiBps = 400, .max_up_KiBps = 5 });
	ck_assert(sim_run(s, 1000 * SECOND));
	report("two limits", s);
	ck_assert(seconds(slow->done - slow->joined) < 1.1 * 4 * MIB / KIB / 50);
	ck_assert(seconds(slow->done - slow->joined) > 0.97 * 4 * MIB / KIB / 50);
	ck_assert(seconds(quick->done - quick->joined) < 1.3 * 4 * MIB / KIB / 400);
	sim_free(s);
}
END_TEST

/* -- comings and goings -- */

START_TEST(churn)
{
	struct sim *s = sim_new(6, 128, PIECE);
	unsigned moves = 0;

	(void)add_seed(s, 300);
	add_leeches(s, 60, 100, 300);
	while (s->waiting > 0 && s->clock.now < 1000 * SECOND) {
		struct node *n = sim_node(s, 1 + rng_below(&s->rng, 60));

		sim_run_for(s, 2 * SECOND);
		/* Two that go for one that comes back with nothing, until only ten are there. */
		if (node_is_here(n) && moves < 50) {
			node_leave(n);
			moves++;
		} else if (!node_is_here(n) && s->clock.now > 30 * SECOND &&
		    rng_below(&s->rng, 2) == 0) {
			node_join(n);
		}
	}
	report("churn", s);
	(void)printf("%-14s %u left\n", "", moves);
	ck_assert_uint_eq(s->waiting, 0);
	sim_free(s);
}
END_TEST

/* A seed that nobody asks lets go of what it can load again, and serves the next who comes. */
START_TEST(seed_sleeps)
{
	struct sim *s = sim_new(12, 64, PIECE);
	const struct node *seed = add_seed(s, 300), *late;

	while (seed->slept == 0 && clock_step(&s->clock))
		continue;
	ck_assert_uint_eq(seed->slept, 1);
	ck_assert(s->clock.now >= 60 * SECOND && s->clock.now < 70 * SECOND);
	ck_assert(seed->content == NULL);
	late = sim_add(s, (struct node_opts){ .up_KiBps = 100, .down_KiBps = 4000 });
	ck_assert(sim_run(s, 1000 * SECOND));
	report("seed sleeps", s);
	ck_assert(late->done != NEVER);
	/* It was awake all the while that it served. */
	ck_assert_uint_eq(seed->slept, 1);
	ck_assert(seed->content != NULL);
	sim_free(s);
}
END_TEST

START_TEST(seed_leaves)
{
	struct sim *s = sim_new(9, 256, PIECE);
	struct node *seed = sim_add(s, (struct node_opts){ .up_KiBps = 500, .down_KiBps = 4000,
	    .seed = true });
	double copies;

	add_leeches(s, 50, 100, 300);
	/* It goes as soon as every piece is with somebody else. */
	while (node_is_here(seed) && s->clock.now < 1000 * SECOND) {
		struct bits all;

		sim_run_for(s, SECOND);
		ck_assert(bits_init(&all, bt_metainfo_piece_count(s->meta)));
		for (size_t i = 1; i < s->nodes.len; i++)
			sim_add_pieces(sim_node(s, i), &all);
		if (bits_full(&all))
			node_leave(seed);
		bits_fini(&all);
	}
	ck_assert(!node_is_here(seed));
	ck_assert(sim_run(s, 1000 * SECOND));
	report("seed leaves", s);
	copies = (double)seed->sent / (double)sim_size(s);
	(void)printf("%-14s after %.2f copies\n", "", copies);
	ck_assert(copies < 3.5);
	sim_free(s);
}
END_TEST

/* -- the end -- */

/* A block of the last piece is with the slowest; the others have it too. */
START_TEST(end_game)
{
	struct sim *s = sim_new(10, 64, PIECE);
	const struct node *leech;

	(void)add_seed(s, 300);
	(void)add_seed(s, 300);
	for (int i = 0; i < 4; i++)
		(void)add_seed(s, 2);
	leech = sim_add(s, (struct node_opts){ .up_KiBps = 100, .down_KiBps = 4000 });
	ck_assert(sim_run(s, 1000 * SECOND));
	report("end game", s);
	/* A block takes the slow ones eight seconds, and they were asked for several. */
	ck_assert(seconds(leech->done) < 15);
	sim_free(s);
}
END_TEST

/* A line that is ten times as fast as the disk: what waits for it stays within what was asked for
 * when it was found to be slow, and the disk never idles. */
START_TEST(slow_disk)
{
	struct sim *s = sim_new(11, 64, PIECE);
	const struct node *leech;

	for (int i = 0; i < 4; i++)
		(void)add_seed(s, 1000);
	leech = sim_add(s, (struct node_opts){ .up_KiBps = 100, .down_KiBps = 4000,
		.disk_KiBps = 200 });
	ck_assert(sim_run(s, 1000 * SECOND));
	report("slow disk", s);
	(void)printf("%-14s %llu KiB waited at most, eased %u times\n", "",
	    (unsigned long long)leech->unwritten_most / KIB, leech->eased);
	ck_assert_uint_ge(leech->eased, 5);
	ck_assert_uint_lt(leech->unwritten_most, 2 << 20);
	ck_assert(seconds(leech->done) < 64 * 64 / 200 * 1.2);
	sim_free(s);
}
END_TEST

/* -- the simulator itself -- */

static uint64_t
trace_of(uint64_t seed)
{
	struct sim *s = sim_new(seed, 64, PIECE);
	uint64_t trace;

	(void)add_seed(s, 300);
	add_leeches(s, 29, 100, 300);
	ck_assert(sim_run(s, 1000 * SECOND));
	trace = s->clock.trace;
	sim_free(s);
	return trace;
}

/* Peers that have nothing for one another make room for one that has. */
START_TEST(idle_peers_make_room)
{
	struct sim *s = sim_new(13, 32, PIECE);
	unsigned full = 0;

	for (int i = 0; i < 6; i++)
		(void)sim_add(s, (struct node_opts){ .up_KiBps = 100, .down_KiBps = 4000,
			.max_connections = 3 });
	sim_run_for(s, 60 * SECOND);
	/* When the others have all theirs one may be left with fewer. */
	for (size_t i = 0; i < 6; i++)
		full += sim_node(s, i)->greet.connections == 3;
	ck_assert_uint_ge(full, 4);
	(void)add_seed(s, 300);
	ck_assert(sim_run(s, 400 * SECOND));
	report("make room", s);
	for (size_t i = 0; i < 6; i++)
		ck_assert_uint_le(sim_node(s, i)->greet.connections, 3);
	sim_free(s);
}
END_TEST

/* BEP 16: the first leeches get little more than one copy out of the seed, and are not slower for
 * it; a slow peer and one that leaves hold up nobody. */
START_TEST(a_super_seed_sends_one_copy)
{
	struct sim *s = sim_new(15, 256, PIECE);
	struct node *seed = sim_add(s, (struct node_opts){ .up_KiBps = 500, .down_KiBps = 4000,
		.seed = true, .super_seeder = true });
	double copies;

	add_leeches(s, 20, 100, 500);
	ck_assert(sim_run(s, 1000 * SECOND));
	copies = (double)node_uploaded(seed) / (double)sim_size(s);
	report("super-seed", s);
	(void)printf("%-14s the seed sent %.2f copies\n", "", copies);
	ck_assert(copies <= 1.1);
	ck_assert(taken(s, 0, s->nodes.len, 1) < 1.6 * sim_optimum(s));
	sim_free(s);
}
END_TEST

/* One alone gets all of it. */
START_TEST(a_super_seed_serves_one)
{
	struct sim *s = sim_new(16, 64, PIECE);

	(void)sim_add(s, (struct node_opts){ .up_KiBps = 500, .down_KiBps = 4000, .seed = true,
		.super_seeder = true });
	add_leeches(s, 1, 100, 500);
	ck_assert(sim_run(s, 100 * SECOND));
	report("super, one", s);
	sim_free(s);
}
END_TEST

/* Without descriptors a torrent waits for some, and is no failure. */
START_TEST(waits_for_descriptors)
{
	const struct bt_error none = { .code = BT_EMFILE, .text = "no descriptor" };
	struct sim *s = sim_new(14, 64, PIECE);
	struct bt_torrent_status status;
	struct node *leech;

	(void)add_seed(s, 300);
	leech = sim_add(s, (struct node_opts){ .up_KiBps = 100, .down_KiBps = 4000 });
	sim_run_for(s, 5 * SECOND);
	torrent_fail(leech->torrent, &none, s->clock.now);
	torrent_fail(leech->torrent, &none, s->clock.now);
	torrent_status(leech->torrent, &status);
	ck_assert(status.state == BT_TORRENT_WAITING && status.error == BT_EMFILE);
	ck_assert_uint_eq(leech->greet.connections, 0);
	sim_run_for(s, 9 * SECOND);
	torrent_status(leech->torrent, &status);
	ck_assert_int_eq(status.state, BT_TORRENT_WAITING);
	ck_assert(sim_run(s, 100 * SECOND));
	report("no descriptors", s);
	sim_free(s);
}
END_TEST

START_TEST(same_seed_same_run)
{
	uint64_t once = trace_of(7);

	ck_assert(once == trace_of(7));
	ck_assert(once != trace_of(8));
}
END_TEST

/* -- want of memory -- */

/* Whatever allocation fails: nobody crashes, and one failure harms one torrent at most. */
START_TEST(without_memory)
{
	unsigned runs = 0, whole = 0;

	for (size_t n = 1; n < 6000; n += 1 + n / 40, runs++) {
		struct sim *s = sim_new(n, 6, PIECE);
		unsigned unfinished = 0;

		(void)add_seed(s, 1000);
		add_leeches(s, 3, 500, 1000);
		mem_fail_at(n);
		(void)sim_run(s, 120 * SECOND);
		mem_fail_at(0);
		for (size_t i = 1; i < s->nodes.len; i++)
			unfinished += sim_node(s, i)->done == NEVER;
		whole += unfinished == 0;
		ck_assert_msg(unfinished <= 1 || !node_is_here(sim_node(s, 0)) ||
		    torrent_state(sim_node(s, 0)->torrent) == BT_TORRENT_FAILED,
		    "allocation %zu: %u unfinished", n, unfinished);
		sim_free(s);
	}
	(void)printf("%-14s %u runs, %u of them complete\n", "want of memory", runs, whole);
}
END_TEST

static Suite *
swarm_suite(void)
{
	Suite *s = suite_create("sim/swarm");
	TCase *c = tcase_create("swarm");

	tcase_set_timeout(c, 600);
	tcase_add_test(c, two_hundred);
	tcase_add_test(c, liar_is_banned);
	tcase_add_test(c, mute_stops_nobody);
	tcase_add_test(c, sharers_before_free_riders);
	tcase_add_test(c, givers_before_takers);
	tcase_add_test(c, a_limit_is_shared);
	tcase_add_test(c, limits_of_a_leech);
	tcase_add_test(c, churn);
	tcase_add_test(c, seed_leaves);
	tcase_add_test(c, seed_sleeps);
	tcase_add_test(c, end_game);
	tcase_add_test(c, slow_disk);
	tcase_add_test(c, idle_peers_make_room);
	tcase_add_test(c, a_super_seed_sends_one_copy);
	tcase_add_test(c, a_super_seed_serves_one);
	tcase_add_test(c, waits_for_descriptors);
	tcase_add_test(c, without_memory);
	tcase_add_test(c, same_seed_same_run);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	static Suite *(*const make[])(void) = { swarm_suite };

	return run_suites(make, 1);
}
