/* SPDX-License-Identifier: ISC */
#include "base/block.h"
#include "base/mem.h"
#include "small_meta.h"
#include "torrent/picker.h"

Suite *picker_suite(void);

#define BLOCKS 4	/* of a piece */
#define PIECE (BLOCKS * BLOCK_SIZE)

static struct bt_metainfo *meta;
static struct picker *p;
static struct rng rng;
static struct bits all, one;

static void
begin(uint32_t pieces)
{
	rng_seed(&rng, 4);
	meta = small_meta((uint64_t)pieces * PIECE - 100, PIECE);
	p = picker_new(meta, &rng);
	ck_assert(p != NULL && bits_init(&all, pieces) && bits_init(&one, pieces));
	bits_set_all(&all);
}

static void
end(void)
{
	picker_check(p);
	picker_free(p);
	bt_metainfo_free(meta);
	bits_fini(&all);
	bits_fini(&one);
}

static unsigned
pick(uint32_t id, const struct bits *have, unsigned n, struct picker_block *out)
{
	const struct picker_peer who = { id, have };
	unsigned got = picker_pick(p, &who, n, out);

	picker_check(p);
	return got;
}

START_TEST(what_was_begun_is_ended_first)
{
	struct picker_block a[3], b[BLOCKS];

	begin(20);
	ck_assert_uint_eq(pick(1, &all, 3, a), 3);
	ck_assert(a[0].piece == a[1].piece && a[1].piece == a[2].piece);
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, a[0].piece);
	ck_assert_uint_ne(b[0].begin, a[0].begin);
	ck_assert_uint_ne(b[1].piece, a[0].piece);
	/* Who has not this piece begins another. */
	(void)bits_set(&one, (b[1].piece + 1) % 20 == a[0].piece ? (b[1].piece + 2) % 20 :
	    (b[1].piece + 1) % 20);
	ck_assert_uint_eq(pick(3, &one, 1, a), 1);
	ck_assert(bits_has(&one, a[0].piece));
	end();
}
END_TEST

START_TEST(the_rarest_once_some_are_here)
{
	struct picker_block b;

	begin(20);
	for (uint32_t i = 0; i < 4; i++)
		picker_set_have(p, i);
	picker_add_peer(p, &all);
	picker_add_peer(p, &all);
	picker_remove_peer(p, &all);
	for (uint32_t i = 0; i < 20; i++) {
		if (i != 13)
			picker_add_have(p, i);
	}
	ck_assert_uint_eq(pick(1, &all, 1, &b), 1);
	ck_assert_uint_eq(b.piece, 13);
	end();
}
END_TEST

/* The first pieces are any, however rare others are. */
START_TEST(the_first_by_chance)
{
	unsigned rarest = 0;

	for (int i = 0; i < 40; i++) {
		struct picker_block b;

		begin(20);
		rng_seed(&rng, 100 + (uint64_t)i);
		for (uint32_t k = 1; k < 20; k++)
			picker_add_have(p, k);
		ck_assert_uint_eq(pick(1, &all, 1, &b), 1);
		rarest += b.piece == 0;
		end();
	}
	ck_assert(rarest < 15);
}
END_TEST

START_TEST(last_piece_is_short)
{
	struct picker_block b[BLOCKS + 1];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, BLOCKS + 1, b), BLOCKS);
	ck_assert_uint_eq(b[BLOCKS - 1].len, BLOCK_SIZE - 100);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_TAKEN);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_UNWANTED);
	ck_assert_uint_eq(picker_partial_bytes(p), BLOCK_SIZE);
	ck_assert_uint_eq(picker_receive(p, 0, 1 * BLOCK_SIZE, 1), PICKER_TAKEN);
	ck_assert_uint_eq(picker_receive(p, 0, 3 * BLOCK_SIZE, 1), PICKER_TAKEN);
	ck_assert_uint_eq(picker_receive(p, 0, 2 * BLOCK_SIZE, 1), PICKER_COMPLETE);
	ck_assert_uint_eq(picker_partial_bytes(p), PIECE - 100);
	picker_set_have(p, 0);
	ck_assert_uint_eq(picker_partial_bytes(p), 0);
	ck_assert(bits_full(picker_have(p)) && !picker_in_end_game(p));
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_UNWANTED);
	end();
}
END_TEST

START_TEST(end_game_asks_others_too)
{
	struct picker_block b[BLOCKS];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, BLOCKS - 1, b), BLOCKS - 1);
	ck_assert(!picker_in_end_game(p));
	/* One is free: nothing is asked twice before that one is given. */
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), 1);
	ck_assert(picker_in_end_game(p));
	ck_assert(!picker_shared(p, 0, 0));
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), BLOCKS);
	ck_assert(picker_shared(p, 0, 0));
	ck_assert_uint_eq(pick(4, &all, BLOCKS, b), BLOCKS);
	/* Three at most. */
	ck_assert_uint_eq(pick(5, &all, BLOCKS, b), 0);
	ck_assert(picker_release(p, 0, 0, 1));
	/* Nobody has it twice. */
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), 0);
	ck_assert_uint_eq(pick(5, &all, BLOCKS, b), 1);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 4), PICKER_TAKEN);
	ck_assert(!picker_shared(p, 0, 0));
	ck_assert(!picker_release(p, 0, 0, 3));
	end();
}
END_TEST

static void
receive_all(uint32_t piece, uint32_t from, uint32_t and_from)
{
	for (uint32_t i = 0; i < BLOCKS; i++)
		(void)picker_receive(p, piece, i * BLOCK_SIZE, i % 2 ? from : and_from);
}

START_TEST(a_failed_piece_is_taken_of_one_peer)
{
	struct picker_block b[2 * BLOCKS];
	uint32_t ids[4];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, 2, b), 2);
	ck_assert_uint_eq(pick(2, &all, 2, b), 2);
	receive_all(0, 1, 2);
	ck_assert_uint_eq(picker_senders(p, 0, ids, 4), 2);
	ck_assert_uint_eq(picker_senders(p, 0, ids, 1), 2);
	picker_set_failed(p, 0);
	picker_check(p);
	ck_assert_uint_eq(picker_partial_bytes(p), 0);
	ck_assert_uint_eq(pick(3, &all, 2, b), 2);
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), 0);
	/* What another still sends is not mixed in. */
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_UNWANTED);
	ck_assert_uint_eq(pick(3, &all, 2, b), 2);
	receive_all(0, 3, 3);
	ck_assert_uint_eq(picker_senders(p, 0, ids, 4), 1);
	ck_assert_uint_eq(ids[0], 3);
	end();
}
END_TEST

static void
fail_one_piece(void)
{
	struct picker_block b[BLOCKS];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	receive_all(0, 1, 1);
	picker_set_failed(p, 0);
}

/* A piece that is one peer's alone does not wait for a peer who will not send all of it. */
START_TEST(the_one_peer_rejects_a_block)
{
	struct picker_block b[BLOCKS];

	fail_one_piece();
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), 0);
	ck_assert(picker_release(p, 0, 0, 2));
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), 1);
	ck_assert_uint_eq(b[0].begin, 0);
	/* It is the third's now; of what the second was asked for, all is welcome still. */
	ck_assert_uint_eq(pick(4, &all, BLOCKS, b), 0);
	ck_assert_uint_eq(picker_receive(p, 0, BLOCK_SIZE, 4), PICKER_UNWANTED);
	for (uint32_t i = 1; i < BLOCKS; i++)
		ck_assert_uint_eq(picker_receive(p, 0, i * BLOCK_SIZE, 2), PICKER_TAKEN);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 3), PICKER_COMPLETE);
	end();
}
END_TEST

START_TEST(the_one_peer_is_let_go)
{
	struct picker_block b[BLOCKS];

	fail_one_piece();
	ck_assert_uint_eq(pick(2, &all, 2, b), 2);
	ck_assert(!picker_let_go(p, 3));
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), 0);
	ck_assert(picker_let_go(p, 2));
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), 2);
	ck_assert(picker_let_go(p, 3));
	/* What the second keeps to itself is asked of others in the end game. */
	ck_assert_uint_eq(pick(4, &all, BLOCKS, b), BLOCKS);
	end();
}
END_TEST

/* Who was asked is known for each block: a late reject of one does not free what another has. */
START_TEST(a_late_reject_is_the_rejecters_own)
{
	struct picker_block b[BLOCKS];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(pick(2, &all, 1, b), 1);
	receive_all(0, 1, 1);
	picker_set_failed(p, 0);
	ck_assert_uint_eq(pick(3, &all, BLOCKS, b), BLOCKS);
	ck_assert(!picker_release(p, 0, 0, 2));
	ck_assert_uint_eq(pick(4, &all, BLOCKS, b), 0);
	end();
}
END_TEST

static bool
all_but_the_last(const void *arg, uint32_t piece, uint32_t block)
{
	(void)arg;
	return piece == 0 && block < (BLOCKS - 1) * BLOCK_SIZE;
}

START_TEST(says_what_is_asked_of_whom)
{
	struct picker_block b[BLOCKS];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, BLOCKS - 1, b), BLOCKS - 1);
	ck_assert_uint_eq(picker_check_asked(p, 1, all_but_the_last, NULL), BLOCKS - 1);
	ck_assert_uint_eq(picker_check_asked(p, 2, all_but_the_last, NULL), 0);
	(void)picker_receive(p, 0, 0, 1);
	ck_assert_uint_eq(picker_check_asked(p, 1, all_but_the_last, NULL), BLOCKS - 2);
	end();
}
END_TEST

START_TEST(out_of_one_piece)
{
	const struct picker_peer who = { 1, &all };
	struct picker_block b[2 * BLOCKS];

	begin(4);
	ck_assert_uint_eq(picker_pick_piece(p, &who, 2, 2 * BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 2);
	ck_assert_uint_eq(picker_pick_piece(p, &who, 2, 2 * BLOCKS, b), 0);
	picker_set_have(p, 3);
	ck_assert_uint_eq(picker_pick_piece(p, &who, 3, 2 * BLOCKS, b), 0);
	end();
}
END_TEST

/* A whole download with peers that come, go, lie and drop requests. */
START_TEST(always_ends)
{
	struct picker_block b[6];

	begin(30);
	for (int i = 0; !bits_full(picker_have(p)); i++) {
		uint32_t id = 1 + rng_below(&rng, 5);
		unsigned n = pick(id, &all, 1 + rng_below(&rng, 6), b);

		ck_assert_int_lt(i, 20000);
		for (unsigned k = 0; k < n; k++) {
			if (rng_below(&rng, 5) == 0) {
				(void)picker_release(p, b[k].piece, b[k].begin, id);
			} else if (picker_receive(p, b[k].piece, b[k].begin, id) ==
			    PICKER_COMPLETE) {
				if (rng_below(&rng, 4) == 0)
					picker_set_failed(p, b[k].piece);
				else
					picker_set_have(p, b[k].piece);
			}
			picker_check(p);
		}
	}
	end();
}
END_TEST

/* -- what we want -- */

START_TEST(done_is_what_is_wanted)
{
	begin(130);
	ck_assert_uint_eq(picker_want_count(p), 130);
	ck_assert_uint_eq(picker_missing(p, &all), 130);
	(void)bits_set(&one, 5);
	(void)bits_set(&one, 129);
	ck_assert_uint_eq(picker_missing(p, &one), 2);
	ck_assert(picker_set_priority(p, 2, 128, 0));
	picker_check(p);
	ck_assert_uint_eq(picker_want_count(p), 2);
	ck_assert_uint_eq(picker_missing(p, &one), 0);
	ck_assert(picker_wants(p, 1) && !picker_wants(p, 2));
	picker_set_have(p, 0);
	ck_assert(!picker_is_done(p));
	picker_set_have(p, 1);
	ck_assert(picker_is_done(p) && !picker_wants(p, 1));
	/* One that came unwanted changes nothing; wanted again, it is here. */
	picker_set_have(p, 5);
	ck_assert(picker_is_done(p));
	ck_assert(picker_set_priority(p, 5, 1, PICKER_NORMAL));
	ck_assert(picker_is_done(p));
	ck_assert(picker_set_priority(p, 129, 1, PICKER_HIGHEST));
	ck_assert(!picker_is_done(p));
	ck_assert_uint_eq(picker_missing(p, &one), 1);
	ck_assert_uint_eq(picker_priority(p, 129), PICKER_HIGHEST);
	end();
}
END_TEST

START_TEST(higher_priority_goes_first)
{
	struct picker_block b[BLOCKS];

	begin(200);
	picker_add_peer(p, &all);
	for (uint32_t i = 0; i < 8; i++)
		picker_set_have(p, i);
	ck_assert_uint_eq(pick(1, &all, 1, b), 1);
	ck_assert(picker_set_priority(p, 100, 1, 6));
	picker_check(p);
	/* Before what was begun, too. */
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 100);
	ck_assert(picker_set_priority(p, 120, 1, 5));
	ck_assert(picker_set_priority(p, 121, 1, PICKER_HIGHEST));
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 121);
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 120);
	picker_remove_peer(p, &all);
	end();
}
END_TEST

/* What was begun and is not wanted any more is not asked for, but what comes of it is kept. */
/* Of 300 pieces, so that there are several words of them. */
START_TEST(in_their_order)
{
	struct picker_block b[BLOCKS];

	begin(300);
	picker_set_sequential(p, true);
	for (uint32_t i = 0; i < 200; i++) {
		ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
		ck_assert_uint_eq(b[0].piece, i);
		picker_set_have(p, i);
	}
	/* One that has but a late one gets that; higher priority goes first, then the order. */
	(void)bits_set(&one, 250);
	ck_assert_uint_eq(pick(2, &one, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 250);
	ck_assert(picker_set_priority(p, 290, 1, PICKER_HIGHEST));
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 290);
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 200);
	/* What is rejected before anything of it came is the first again. */
	for (uint32_t i = 0; i < BLOCKS; i++)
		ck_assert(picker_release(p, 200, i * BLOCK_SIZE, 1));
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	ck_assert_uint_eq(b[0].piece, 200);
	end();
}
END_TEST

START_TEST(a_begun_piece_is_unwanted_and_wanted_again)
{
	struct picker_block b[BLOCKS];

	begin(1);
	ck_assert_uint_eq(pick(1, &all, 2, b), 2);
	ck_assert(picker_set_priority(p, 0, 1, 0));
	ck_assert(picker_is_done(p) && !picker_in_end_game(p));
	ck_assert_uint_eq(pick(1, &all, 2, b), 0);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_TAKEN);
	ck_assert(picker_release(p, 0, BLOCK_SIZE, 1));
	picker_check(p);
	ck_assert(picker_set_priority(p, 0, 1, 3));
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS - 1);
	ck_assert(picker_in_end_game(p));
	end();
}
END_TEST

START_TEST(many_are_had_at_once)
{
	struct picker_block b[BLOCKS];

	begin(100);
	ck_assert_uint_eq(pick(1, &all, 2, b), 2);
	for (uint32_t i = 0; i < 100; i += 3)
		(void)bits_set(&one, i);
	(void)bits_set(&one, b[0].piece);
	picker_set_have_all(p, &one);
	picker_check(p);
	ck_assert_uint_eq(picker_want_count(p), 100 - one.count);
	ck_assert_uint_eq(picker_partial_bytes(p), 0);
	ck_assert_uint_eq(pick(1, &one, BLOCKS, b), 0);
	picker_set_have_all(p, &all);
	ck_assert(picker_is_done(p));
	end();
}
END_TEST

/* One that has nothing for us is found out once, until there is something for it. */
START_TEST(a_generation_lasts_while_nothing_changes)
{
	struct picker_block b[2 * BLOCKS];
	uint64_t idle;

	begin(2);
	(void)bits_set(&one, 1);
	idle = picker_generation(p);
	ck_assert_uint_eq(pick(1, &one, BLOCKS + 1, b), BLOCKS);
	ck_assert_uint_eq(pick(1, &one, 1, b), 0);
	ck_assert_uint_eq(picker_generation(p), idle);
	/* What others are asked for is none of its own; but the end game is, also for the one whose
	 * request began it. */
	ck_assert_uint_eq(pick(2, &all, 1, b), 1);
	ck_assert_uint_eq(picker_generation(p), idle);
	ck_assert_uint_eq(pick(2, &all, BLOCKS, b), BLOCKS - 1);
	ck_assert_uint_ne(picker_generation(p), idle);
	idle = picker_generation(p);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 2), PICKER_TAKEN);
	ck_assert_uint_eq(picker_generation(p), idle);
	ck_assert(picker_release(p, 1, 0, 1));
	ck_assert_uint_ne(picker_generation(p), idle);
	ck_assert(picker_set_priority(p, 1, 1, 0));
	idle = picker_generation(p);
	ck_assert(picker_set_priority(p, 1, 1, 1));
	ck_assert_uint_ne(picker_generation(p), idle);
	end();
}
END_TEST

/* A peer that rejects everything leaves no trace of the pieces that it was asked for. */
START_TEST(a_piece_with_nothing_in_it_is_not_begun)
{
	struct picker_block b[3 * BLOCKS];

	begin(3);
	ck_assert_uint_eq(pick(1, &all, 3 * BLOCKS, b), 3 * BLOCKS);
	ck_assert(picker_in_end_game(p));
	for (unsigned i = 0; i < 3 * BLOCKS; i++) {
		ck_assert(picker_release(p, b[i].piece, b[i].begin, 1));
		picker_check(p);
	}
	ck_assert(!picker_in_end_game(p));
	for (uint32_t i = 0; i < 3; i++)
		ck_assert(!picker_release(p, i, 0, 1));
	ck_assert_uint_eq(pick(2, &all, 3 * BLOCKS, b), 3 * BLOCKS);
	end();
}
END_TEST

/* Two pieces: content, padding from the middle of block 1 to the end of the first; padding alone in
 * the second but for its last byte. */
static void
begin_padded(void)
{
	static const char text[] = "d4:infod5:filesl"
	    "d6:lengthi20000e4:pathl1:aee"
	    "d4:attr1:p6:lengthi111071e4:pathl4:.pad1:xee"
	    "d6:lengthi1e4:pathl1:bee"
	    "e4:name1:n12:piece lengthi65536e6:pieces40:"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxee";
	struct bt_error err;

	rng_seed(&rng, 4);
	ck_assert_msg(bt_metainfo_parse(slice_str(text), &meta, &err) == BT_OK, "%s", err.text);
	p = picker_new(meta, &rng);
	ck_assert(p != NULL && bits_init(&all, 2) && bits_init(&one, 2));
	bits_set_all(&all);
}

START_TEST(padding_is_not_asked_for)
{
	struct picker_block b[2 * BLOCKS];
	uint32_t ids[2];

	begin_padded();
	(void)bits_set(&one, 0);
	ck_assert_uint_eq(pick(1, &one, 2 * BLOCKS, b), 2);
	ck_assert(b[0].begin == 0 && b[1].begin == BLOCK_SIZE && b[1].len == BLOCK_SIZE);
	ck_assert_uint_eq(pick(2, &all, 2 * BLOCKS, b), 1);
	ck_assert(b[0].piece == 1 && b[0].begin == 3 * BLOCK_SIZE);
	ck_assert_uint_eq(picker_receive(p, 0, 2 * BLOCK_SIZE, 1), PICKER_UNWANTED);
	ck_assert_uint_eq(picker_receive(p, 0, 0, 1), PICKER_TAKEN);
	ck_assert_uint_eq(picker_receive(p, 0, BLOCK_SIZE, 1), PICKER_COMPLETE);
	/* Nobody sent the padding. */
	ck_assert_uint_eq(picker_senders(p, 0, ids, 2), 1);
	ck_assert_uint_eq(ids[0], 1);
	picker_set_failed(p, 0);
	ck_assert_uint_eq(pick(1, &one, 2 * BLOCKS, b), 2);
	ck_assert(picker_release(p, 1, 3 * BLOCK_SIZE, 2));
	ck_assert_uint_eq(pick(3, &all, 2 * BLOCKS, b), 1);
	picker_set_have(p, 0);
	picker_set_have(p, 1);
	ck_assert_uint_eq(picker_partial_bytes(p), 0);
	end();
}
END_TEST

/* -- what outlives a picker -- */

static struct bits exported[4];
static uint32_t exported_piece[4], exported_count;

static bool
take(void *arg, uint32_t piece, const struct bits *blocks)
{
	struct bits *b = &exported[exported_count];

	(void)arg;
	if (exported_count == 4 || !bits_init(b, blocks->len))
		return false;
	ck_assert(bits_load(b, bits_slice(blocks)));
	exported_piece[exported_count++] = piece;
	return true;
}

static void
forget_exported(void)
{
	while (exported_count > 0)
		bits_fini(&exported[--exported_count]);
}

START_TEST(begun_pieces_are_exported_and_imported)
{
	struct picker_block b[3 * BLOCKS];
	uint32_t ids[2];

	begin(3);
	ck_assert_uint_eq(pick(1, &all, 3 * BLOCKS, b), 3 * BLOCKS);
	(void)picker_receive(p, 2, BLOCK_SIZE, 1);
	receive_all(0, 1, 1);
	mem_fail_at(1);
	ck_assert(!picker_export_partials(p, take, NULL));
	ck_assert(picker_export_partials(p, take, NULL));
	/* The one of which nothing is here is none. */
	ck_assert_uint_eq(exported_count, 2);
	picker_free(p);
	p = picker_new(meta, &rng);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(picker_import_partial(p, exported_piece[i], &exported[i]),
		    exported_piece[i] == 0 ? PICKER_COMPLETE : PICKER_TAKEN);
		ck_assert_uint_eq(picker_import_partial(p, exported_piece[i], &exported[i]),
		    PICKER_UNWANTED);
	}
	picker_check(p);
	ck_assert_uint_eq(picker_partial_bytes(p), PIECE + BLOCK_SIZE);
	ck_assert_uint_eq(pick(1, &all, 3 * BLOCKS, b), 2 * BLOCKS - 1);
	/* What was here was sent by somebody else. */
	receive_all(2, 1, 1);
	ck_assert_uint_eq(picker_senders(p, 2, ids, 2), 2);
	forget_exported();
	end();
}
END_TEST

START_TEST(what_does_not_fit_is_not_imported)
{
	struct bits blocks;

	begin(3);
	ck_assert(bits_init(&blocks, BLOCKS));
	ck_assert_uint_eq(picker_import_partial(p, 1, &blocks), PICKER_UNWANTED);
	bits_set_all(&blocks);
	ck_assert_uint_eq(picker_import_partial(p, 3, &blocks), PICKER_UNWANTED);
	ck_assert_uint_eq(picker_import_partial(p, 1, &all), PICKER_UNWANTED);
	mem_fail_at(1);
	ck_assert_uint_eq(picker_import_partial(p, 1, &blocks), PICKER_UNWANTED);
	picker_set_have(p, 1);
	ck_assert_uint_eq(picker_import_partial(p, 1, &blocks), PICKER_UNWANTED);
	ck_assert(picker_set_priority(p, 2, 1, 0));
	ck_assert_uint_eq(picker_import_partial(p, 2, &blocks), PICKER_UNWANTED);
	bits_fini(&blocks);
	end();
}
END_TEST

/* Whatever fails for want of memory, the picker stays whole, and goes on when there is some. */
START_TEST(without_memory)
{
	struct picker_block b[BLOCKS];

	begin(100);
	for (size_t n = 1; n <= 2; n++) {
		mem_fail_at(n);
		ck_assert_ptr_null(picker_new(meta, &rng));
	}
	for (size_t n = 1; n <= 6; n++) {
		mem_fail_at(n);
		ck_assert_uint_eq(pick(1, &all, BLOCKS, b), 0);
	}
	/* The order is there now; what was begun is not. */
	for (size_t n = 1; n <= 2; n++) {
		mem_fail_at(n);
		ck_assert_uint_eq(pick(1, &all, BLOCKS, b), 0);
	}
	for (size_t n = 1; n <= 2; n++) {
		mem_fail_at(n);
		ck_assert(!picker_set_priority(p, 0, 9, 0));
		ck_assert_uint_eq(picker_want_count(p), 100);
	}
	mem_fail_at(0);
	ck_assert_uint_eq(pick(1, &all, BLOCKS, b), BLOCKS);
	end();
}
END_TEST

/* Somebody has to end it. */
START_TEST(a_piece_of_padding_alone_is_asked_for)
{
	static const char text[] = "d4:infod5:filesl"
	    "d6:lengthi65536e4:pathl1:aee"
	    "d4:attr1:p6:lengthi65536e4:pathl4:.pad1:xee"
	    "d6:lengthi1e4:pathl1:bee"
	    "e4:name1:n12:piece lengthi65536e6:pieces60:"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxee";
	struct picker_block b[2 * BLOCKS];
	struct bt_error err;

	rng_seed(&rng, 4);
	ck_assert_msg(bt_metainfo_parse(slice_str(text), &meta, &err) == BT_OK, "%s", err.text);
	p = picker_new(meta, &rng);
	ck_assert(p != NULL && bits_init(&all, 3) && bits_init(&one, 3));
	(void)bits_set(&one, 1);
	ck_assert_uint_eq(pick(1, &one, 2 * BLOCKS, b), BLOCKS);
	for (uint32_t i = 0; i < BLOCKS; i++)
		ck_assert_uint_eq(picker_receive(p, 1, i * BLOCK_SIZE, 1),
		    i < BLOCKS - 1 ? PICKER_TAKEN : PICKER_COMPLETE);
	end();
}
END_TEST

Suite *
picker_suite(void)
{
	Suite *s = suite_create("torrent/picker");
	TCase *c = tcase_create("picker");

	tcase_add_test(c, what_was_begun_is_ended_first);
	tcase_add_test(c, the_rarest_once_some_are_here);
	tcase_add_test(c, the_first_by_chance);
	tcase_add_test(c, last_piece_is_short);
	tcase_add_test(c, end_game_asks_others_too);
	tcase_add_test(c, a_failed_piece_is_taken_of_one_peer);
	tcase_add_test(c, the_one_peer_rejects_a_block);
	tcase_add_test(c, the_one_peer_is_let_go);
	tcase_add_test(c, a_late_reject_is_the_rejecters_own);
	tcase_add_test(c, says_what_is_asked_of_whom);
	tcase_add_test(c, out_of_one_piece);
	tcase_add_test(c, always_ends);
	tcase_add_test(c, done_is_what_is_wanted);
	tcase_add_test(c, higher_priority_goes_first);
	tcase_add_test(c, in_their_order);
	tcase_add_test(c, a_begun_piece_is_unwanted_and_wanted_again);
	tcase_add_test(c, many_are_had_at_once);
	tcase_add_test(c, a_generation_lasts_while_nothing_changes);
	tcase_add_test(c, a_piece_with_nothing_in_it_is_not_begun);
	tcase_add_test(c, padding_is_not_asked_for);
	tcase_add_test(c, begun_pieces_are_exported_and_imported);
	tcase_add_test(c, what_does_not_fit_is_not_imported);
	tcase_add_test(c, without_memory);
	tcase_add_test(c, a_piece_of_padding_alone_is_asked_for);
	suite_add_tcase(s, c);
	return s;
}
