/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "base/mem.h"
#include "helper.h"
#include "torrent/canonical.h"
#include "torrent/known.h"

Suite *known_suite(void);

static struct rng rng;
static struct known known;

static void
begin(size_t max)
{
	rng_seed(&rng, 6);
	known_init(&known, &rng, max);
}

static struct addr
address(uint32_t ip, uint16_t port)
{
	uint8_t bytes[4];

	put_be32(bytes, ip);
	return addr_v4(bytes, port);
}

static void
add(const struct addr *a, enum known_source source)
{
	size_t before = known_count(&known);
	bool is_new = known_add(&known, a, source, 0);

	/* Another may have made room for it. */
	ck_assert(is_new ? known_count(&known) - before <= 1 : known_count(&known) == before);
	known_check(&known);
}

START_TEST(each_is_dialled_once)
{
	struct addr a = address(0x0b000001, 80), b = address(0x0b000002, 80), one, two, out;

	begin(10);
	ck_assert(!known_next(&known, 0, &out));
	ck_assert_int_eq(known_due(&known), NEVER);
	add(&a, KNOWN_TRACKER);
	add(&a, KNOWN_USER);
	add(&b, KNOWN_TRACKER);
	ck_assert_uint_eq(known_count(&known), 2);
	ck_assert_int_eq(known_due(&known), 0);
	ck_assert(known_next(&known, SECOND, &one) && known_next(&known, SECOND, &two));
	/* What a user says goes first. */
	ck_assert(addr_eq(&one, &a) && addr_eq(&two, &b));
	ck_assert(!known_next(&known, SECOND, &out));
	known_dialled(&known, &a);
	ck_assert(!known_next(&known, MINUTE, &out));
	ck_assert_int_eq(known_due(&known), NEVER);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(waits_longer_after_each_failure)
{
	struct addr a = address(0x0b000001, 80), out;
	usec now = SECOND, last = 0;

	begin(10);
	add(&a, KNOWN_TRACKER);
	for (int i = 0; i < 8; i++) {
		usec wait;

		ck_assert(known_next(&known, now, &out));
		known_dial_failed(&known, &a, now);
		wait = known_due(&known) - now;
		ck_assert(wait >= 5 * SECOND && wait < 3602 * SECOND);
		ck_assert(i > 6 || wait > last);
		ck_assert(!known_next(&known, known_due(&known) - 1, &out));
		last = wait;
		now = known_due(&known);
	}
	/* One good connection, and it begins anew. */
	ck_assert(known_next(&known, now, &out));
	known_dialled(&known, &a);
	known_lost(&known, &a, true, now);
	ck_assert(known_due(&known) - now < 7 * SECOND);
	known_check(&known);
	known_fini(&known);
}
END_TEST

/* It came to us while we dialled it: when the one ends, the other still stands. */
START_TEST(dialling_and_connected_are_two_things)
{
	struct addr a = address(0x0b000001, 80), out;

	begin(10);
	add(&a, KNOWN_TRACKER);
	ck_assert(known_next(&known, SECOND, &out));
	known_connected(&known, &a);
	known_dial_failed(&known, &a, SECOND);
	ck_assert_int_eq(known_due(&known), NEVER);
	known_lost(&known, &a, true, SECOND);
	ck_assert(known_next(&known, 10 * SECOND, &out));
	known_connected(&known, &a);
	known_lost(&known, &a, true, 10 * SECOND);
	ck_assert_int_eq(known_due(&known), NEVER);
	known_dialled(&known, &a);
	/* Two that say the same port are two connections. */
	known_connected(&known, &a);
	known_lost(&known, &a, true, 10 * SECOND);
	ck_assert_int_eq(known_due(&known), NEVER);
	known_lost(&known, &a, true, 10 * SECOND);
	ck_assert_int_ne(known_due(&known), NEVER);
	/* Of one that became known only later nothing is counted. */
	known_lost(&known, &a, true, 10 * SECOND);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(a_ban_is_for_the_host)
{
	struct addr a = address(0x0b000001, 80), same_host = address(0x0b000001, 81);
	struct addr b = address(0x0b000002, 80), ourselves = address(0x0b000002, 81), out;

	begin(10);
	add(&a, KNOWN_TRACKER);
	add(&b, KNOWN_TRACKER);
	add(&ourselves, KNOWN_TRACKER);
	known_ban(&known, &a);
	known_ban_port(&known, &ourselves);
	ck_assert(known_is_banned(&known, &same_host) && !known_is_banned(&known, &b));
	add(&same_host, KNOWN_USER);
	ck_assert_uint_eq(known_count(&known), 2);
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &b));
	ck_assert(!known_next(&known, MINUTE, &out));
	/* Being lost or connected does not lift it. */
	known_connected(&known, &ourselves);
	known_lost(&known, &ourselves, true, MINUTE);
	known_ban(&known, &b);
	known_dialled(&known, &b);
	known_lost(&known, &b, true, MINUTE);
	ck_assert_uint_eq(known_count(&known), 1);
	ck_assert(!known_next(&known, 60 * MINUTE, &out));
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(a_ban_is_for_a_network_of_ipv6)
{
	struct addr a, neighbour, other;

	begin(10);
	ck_assert(addr_parse("2001:db8:0:1::1", 80, &a));
	ck_assert(addr_parse("2001:db8:0:1:ffff::2", 81, &neighbour));
	ck_assert(addr_parse("2001:db8:0:2::1", 80, &other));
	add(&neighbour, KNOWN_TRACKER);
	add(&other, KNOWN_TRACKER);
	known_ban(&known, &a);
	ck_assert(known_is_banned(&known, &neighbour) && !known_is_banned(&known, &other));
	ck_assert_uint_eq(known_count(&known), 1);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(the_oldest_ban_goes)
{
	struct addr a;

	begin(10);
	for (uint32_t i = 0; i < KNOWN_BANNED_MAX + 3; i++) {
		a = address(0x0b000000 + i, 80);
		known_ban(&known, &a);
		known_ban(&known, &a);
		known_check(&known);
	}
	for (uint32_t i = 0; i < KNOWN_BANNED_MAX + 3; i++) {
		a = address(0x0b000000 + i, 80);
		ck_assert(known_is_banned(&known, &a) == (i >= 3));
	}
	known_fini(&known);
}
END_TEST

/* A liar's list does not drive out what others say, and makes room for it. */
START_TEST(room_is_made_by_the_less_trusted)
{
	struct addr a, out;

	begin(50);
	for (uint32_t i = 0; i < 60; i++) {
		a = address(0x0b000001 + i, 80);
		add(&a, i < 10 ? KNOWN_TRACKER : i < 15 ? KNOWN_INCOMING : KNOWN_PEX);
	}
	ck_assert_uint_eq(known_count(&known), 50);
	/* Another of the same list has no better claim. */
	a = address(0x0c000001, 80);
	add(&a, KNOWN_PEX);
	ck_assert_uint_eq(known.idle_count[KNOWN_PEX], 35);
	for (uint32_t i = 0; i < 35; i++) {
		a = address(0x0d000001 + i, 80);
		add(&a, KNOWN_TRACKER);
	}
	ck_assert_uint_eq(known_count(&known), 50);
	ck_assert_uint_eq(known.idle_count[KNOWN_TRACKER], 45);
	ck_assert_uint_eq(known.idle_count[KNOWN_PEX] + known.idle_count[KNOWN_INCOMING], 5);
	/* The larger group went first: each has some left. */
	ck_assert_uint_gt(known.idle_count[KNOWN_PEX], 0);
	ck_assert_uint_gt(known.idle_count[KNOWN_INCOMING], 0);
	/* One of its own that could not be reached gives way. */
	ck_assert(known_next(&known, SECOND, &out));
	known_dial_failed(&known, &out, SECOND);
	for (uint32_t i = 0; i < 7; i++) {
		a = address(0x0e000001 + i, 80);
		add(&a, KNOWN_TRACKER);
	}
	ck_assert_uint_eq(known.idle_count[KNOWN_TRACKER], 50);
	a = address(0x0f000001, 80);
	add(&a, KNOWN_TRACKER);
	ck_assert_uint_eq(known_count(&known), 50);
	known_fini(&known);
}
END_TEST

START_TEST(one_in_use_does_not_make_room)
{
	struct addr a = address(0x0b000001, 80), b = address(0x0b000002, 80);
	struct addr c = address(0x0b000003, 80), out;

	begin(2);
	add(&a, KNOWN_PEX);
	add(&b, KNOWN_PEX);
	known_connected(&known, &a);
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &b));
	add(&c, KNOWN_USER);
	ck_assert(!known_next(&known, SECOND, &out));
	known_dial_failed(&known, &b, SECOND);
	add(&c, KNOWN_USER);
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &c));
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(which_one_first)
{
	struct addr us = address(0x0a000001, 6881), a, out;
	uint32_t last = UINT32_MAX;

	begin(100);
	a = address(0x0b000001, 80);
	add(&a, KNOWN_USER);
	ck_assert(known_next(&known, SECOND, &out));
	known_dial_failed(&known, &a, SECOND);
	for (uint32_t i = 0; i < 20; i++) {
		a = address(0x0c000001 + i * 7919, 80);
		add(&a, i < 10 ? KNOWN_TRACKER : KNOWN_PEX);
	}
	/* Some are sorted before we know who we are. */
	ck_assert(known_next(&known, MINUTE, &out));
	known_dialled(&known, &out);
	known_set_self(&known, &us);
	known_check(&known);
	for (int i = 0; i < 19; i++) {
		uint32_t priority;

		ck_assert(known_next(&known, MINUTE, &out));
		priority = canonical_priority(&us, &out);
		ck_assert_uint_eq((get_be32(out.ip) - 0x0c000001) / 7919 >= 10, i >= 9);
		ck_assert(i == 9 || priority <= last);
		last = priority;
	}
	/* One that failed is tried after all others, whoever named it. */
	ck_assert(known_next(&known, MINUTE, &out));
	ck_assert_uint_eq(get_be32(out.ip), 0x0b000001);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(what_is_said_of_one)
{
	struct addr a = address(0x0b000001, 80);

	begin(10);
	ck_assert_uint_eq(known_flags(&known, &a), 0);
	(void)known_add(&known, &a, KNOWN_PEX, KNOWN_SEED);
	(void)known_add(&known, &a, KNOWN_TRACKER, 0);
	(void)known_add(&known, &a, KNOWN_PEX, KNOWN_UTP);
	ck_assert_uint_eq(known_flags(&known, &a), KNOWN_SEED | KNOWN_UTP);
	ck_assert_uint_eq(known.idle_count[KNOWN_TRACKER], 1);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(canonical_priorities)
{
	FILE *f = open_data("peer_priority.tsv");
	char *line = NULL, *field[MAX_FIELDS];
	unsigned seen = 0;

	while (next_line(f, &line, field)) {
		struct addr a, b;
		uint32_t priority;

		if (line[0] == '#')
			continue;
		ck_assert(addr_parse(field[0], (uint16_t)strtoul(field[1], NULL, 10), &a));
		ck_assert(addr_parse(field[2], (uint16_t)strtoul(field[3], NULL, 10), &b));
		priority = (uint32_t)strtoul(field[4], NULL, 16);
		ck_assert_msg(canonical_priority(&a, &b) == priority, "%s %s", field[0], field[2]);
		ck_assert_uint_eq(canonical_priority(&b, &a), priority);
		seen++;
	}
	ck_assert_uint_eq(seen, 17);
	free(line);
	(void)fclose(f);
}
END_TEST

START_TEST(without_memory_nothing_is_known)
{
	struct addr a = address(0x0b000001, 80), out;

	begin(10);
	for (size_t n = 1; n <= 3; n++) {
		mem_fail_at(n);
		add(&a, KNOWN_TRACKER);
		ck_assert_uint_eq(known_count(&known), 0);
	}
	for (size_t n = 1; n <= 2; n++) {
		mem_fail_at(n);
		known_ban(&known, &a);
		ck_assert(!known_is_banned(&known, &a));
		known_check(&known);
	}
	mem_fail_at(0);
	add(&a, KNOWN_TRACKER);
	ck_assert(known_next(&known, SECOND, &out));
	known_fini(&known);
}
END_TEST

START_TEST(no_longer_than_its_maximum)
{
	struct addr a;

	begin(50);
	for (uint32_t i = 0; i < 100; i++) {
		a = address(0x0b000001 + i, 80);
		known_add(&known, &a, KNOWN_TRACKER, 0);
	}
	a = address(0, 80);
	(void)known_add(&known, &a, KNOWN_TRACKER, 0);
	a = address(0x0c000001, 0);
	(void)known_add(&known, &a, KNOWN_TRACKER, 0);
	ck_assert_uint_eq(known_count(&known), 50);
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(one_that_is_postponed_waits)
{
	struct addr a = address(0x0b000001, 80), got;

	begin(50);
	(void)known_add(&known, &a, KNOWN_TRACKER, 0);
	known_postpone(&known, &a, 100 * SECOND);
	ck_assert(!known_next(&known, 99 * SECOND, &got));
	ck_assert_int_eq(known_due(&known), 100 * SECOND);
	ck_assert(known_next(&known, 100 * SECOND, &got));
	ck_assert(addr_eq(&got, &a));
	known_check(&known);
	known_fini(&known);
}
END_TEST

START_TEST(a_barred_port_is_not_dialled)
{
	struct addr a = address(0x0b000001, 1000), out;

	begin(10);
	add(&a, KNOWN_TRACKER);
	known_ban_port(&known, &a);
	known_check(&known);
	/* Nor is it new, or what nobody can have. */
	ck_assert(!known_add(&known, &a, KNOWN_TRACKER, 0));
	out = address(0x0b000002, 0);
	ck_assert(!known_add(&known, &out, KNOWN_TRACKER, 0));
	ck_assert_uint_eq(known_count(&known), 1);
	ck_assert_int_eq(known_due(&known), NEVER);
	ck_assert(!known_next(&known, SECOND, &out));
	/* The host may be there at another. */
	a.port++;
	add(&a, KNOWN_TRACKER);
	ck_assert(known_next(&known, SECOND, &out));
	known_fini(&known);
}
END_TEST

Suite *
known_suite(void)
{
	Suite *s = suite_create("torrent/known");
	TCase *c = tcase_create("known");

	tcase_add_test(c, each_is_dialled_once);
	tcase_add_test(c, waits_longer_after_each_failure);
	tcase_add_test(c, dialling_and_connected_are_two_things);
	tcase_add_test(c, a_ban_is_for_the_host);
	tcase_add_test(c, a_ban_is_for_a_network_of_ipv6);
	tcase_add_test(c, the_oldest_ban_goes);
	tcase_add_test(c, room_is_made_by_the_less_trusted);
	tcase_add_test(c, one_in_use_does_not_make_room);
	tcase_add_test(c, which_one_first);
	tcase_add_test(c, what_is_said_of_one);
	tcase_add_test(c, canonical_priorities);
	tcase_add_test(c, without_memory_nothing_is_known);
	tcase_add_test(c, no_longer_than_its_maximum);
	tcase_add_test(c, one_that_is_postponed_waits);
	tcase_add_test(c, a_barred_port_is_not_dialled);
	suite_add_tcase(s, c);
	return s;
}
