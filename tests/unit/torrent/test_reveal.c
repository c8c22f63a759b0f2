/* SPDX-License-Identifier: ISC */
/* What a super-seed shows to whom (BEP 16). */
#include "rig.h"

Suite *reveal_suite(void);

static void
begin(void)
{
	rig_new();
	r.opts.super_seeder = true;
	rig_attach(PIECES);
	torrent_start(r.t, r.now);
	r.did[0] = '\0';
}

/* The pieces that it is told of now, a bit each. */
static unsigned
shown_to(struct partner *p)
{
	const char *text = heard(p);
	unsigned pieces = 0, piece;

	ck_assert_ptr_null(strstr(text, "all"));
	for (const char *at = text; (at = strstr(at, "have")) != NULL; at++) {
		ck_assert_int_eq(sscanf(at, "have%u", &piece), 1);
		ck_assert_uint_eq(pieces & 1u << piece, 0);
		pieces |= 1u << piece;
	}
	return pieces;
}

START_TEST(each_is_shown_other_pieces)
{
	struct partner *p, *q;
	unsigned to_p, to_q, first;

	begin();
	p = come(0, true);
	q = come(1, true);
	to_p = shown_to(p);
	to_q = shown_to(q);
	ck_assert_int_eq(__builtin_popcount(to_p), REVEAL_AT_ONCE);
	ck_assert_int_eq(__builtin_popcount(to_q), REVEAL_AT_ONCE);
	ck_assert_uint_eq(to_p & to_q, 0);
	/* Nothing else is given to it. */
	say_type(p, WIRE_INTERESTED);
	(void)heard(p);
	for (uint32_t i = 0; i < PIECES; i++)
		say_block(p, WIRE_REQUEST, i, 0);
	ck_assert_uint_eq(r.read_count, REVEAL_AT_ONCE);
	ck_assert_uint_eq(count_of(heard(p), "reject"), PIECES - REVEAL_AT_ONCE);
	/* It has it: that is no news. Another has it: it was passed on, and the next is shown. */
	first = (unsigned)__builtin_ctz(to_p);
	say_have(p, first);
	ck_assert_uint_eq(shown_to(p), 0);
	say_have(q, first);
	ck_assert_int_eq(__builtin_popcount(shown_to(p)), 1);
	ck_assert_uint_eq(shown_to(q), 0);
	rig_end();
}
END_TEST

START_TEST(who_is_alone_is_shown_all)
{
	unsigned all = 0, now;
	struct partner *p;

	begin();
	p = come(0, true);
	while ((now = shown_to(p)) != 0) {
		ck_assert_uint_eq(all & now, 0);
		all |= now;
		for (uint32_t i = 0; i < PIECES; i++) {
			if ((now & 1u << i) != 0 && is_here(p))
				say_have(p, i);
		}
		if (!is_here(p))
			break;
	}
	ck_assert_uint_eq(all, (1u << PIECES) - 1);
	rig_end();
}
END_TEST

/* Who passes nothing on is shown more after a while. */
START_TEST(patience_ends)
{
	struct partner *p;
	unsigned to_p;

	begin();
	p = come(0, true);
	(void)come(1, true);
	to_p = shown_to(p);
	say_have(p, (uint32_t)__builtin_ctz(to_p));
	rig_wait(20 * SECOND);
	ck_assert_uint_eq(shown_to(p), 0);
	rig_wait(21 * SECOND);
	ck_assert_uint_ne(shown_to(p), 0);
	rig_end();
}
END_TEST

Suite *
reveal_suite(void)
{
	Suite *s = suite_create("torrent/reveal");
	TCase *c = tcase_create("reveal");

	tcase_add_test(c, each_is_shown_other_pieces);
	tcase_add_test(c, who_is_alone_is_shown_all);
	tcase_add_test(c, patience_ends);
	suite_add_tcase(s, c);
	return s;
}
