/* SPDX-License-Identifier: ISC */
#include "../../fuzz/frame_transcript.h"
#include "base/rng.h"
#include "proto_test.h"

#define PIECES 100

static struct rng rng;

static void
begin(struct buf *b)
{
	uint8_t handshake[HANDSHAKE_LEN];

	rng_seed(&rng, 11);
	buf_init(b, 8u << 20);
	rng_bytes(&rng, handshake, sizeof(handshake));
	memcpy(handshake, "\x13" "BitTorrent protocol", 20);
	buf_add(b, handshake, sizeof(handshake));
}

static void
add_content(struct buf *b, uint32_t len)
{
	msg_write_piece_head(b, rng_below(&rng, PIECES), rng_below(&rng, 1000), len);
	rng_bytes(&rng, buf_add_space(b, len), len);
}

static void
add_something(struct buf *b)
{
	uint8_t bits[(PIECES + 7) / 8] = { 0x5a };
	static const uint32_t lens[] = { 1, 100, 4096, BLOCK_SIZE - 1, BLOCK_SIZE };

	switch (rng_below(&rng, 8)) {
	case 0: msg_write_bare(b, WIRE_UNCHOKE); break;
	case 1: msg_write_have(b, rng_below(&rng, PIECES)); break;
	case 2: msg_write_bitfield(b, slice_of(bits, sizeof(bits))); break;
	case 3: msg_write_bare(b, WIRE_KEEPALIVE); break;
	case 4: msg_write_extended(b, 0, slice_of("d1:v3:abce", 10)); break;
	case 5: msg_write_request(b, 1, 2, 3); break;
	default: add_content(b, lens[rng_below(&rng, 5)]); break;
	}
}

static void
check_all_cuts(struct buf *b)
{
	static const size_t cuts[] = { 0, 1, 7, 20, 5000, BLOCK_SIZE + 13, 100000 };
	uint64_t chance = 1;
	struct buf want;

	buf_init(&want, TRANSCRIPT_MAX);
	transcript_of_bytes(&want, buf_slice(b), PIECES);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		for (unsigned expect = 0; expect < 30; expect += i == 1 ? 29 : 1 + expect * 2) {
			struct buf got;

			buf_init(&got, TRANSCRIPT_MAX);
			transcript_of_frame(&got, buf_slice(b), PIECES, expect, cuts[i], &chance);
			ck_assert(slice_eq(buf_slice(&got), buf_slice(&want)));
			buf_fini(&got);
		}
	}
	buf_fini(&want);
}

START_TEST(however_it_is_cut)
{
	struct buf b;

	begin(&b);
	for (int i = 0; i < 60; i++)
		add_something(&b);
	check_all_cuts(&b);
	buf_fini(&b);
}
END_TEST

START_TEST(content_only)
{
	struct buf b;

	begin(&b);
	for (int i = 0; i < 40; i++)
		add_content(&b, BLOCK_SIZE);
	check_all_cuts(&b);
	buf_fini(&b);
}
END_TEST

static void
refuses(const char *bytes, size_t len)
{
	struct buf b;

	begin(&b);
	buf_add(&b, bytes, len);
	check_all_cuts(&b);
	buf_fini(&b);
}

START_TEST(bad_lengths)
{
	uint64_t chance = 1;
	struct buf b, said;

	refuses("\0\0\0\2\0\0", 6);			/* choke of two bytes */
	refuses("\xff\xff\xff\xff\7", 5);		/* content without end */
	refuses("\0\0\100\12\7", 5);			/* one byte more than a block */
	refuses("\0\0\0\1\300", 5);			/* no such message */
	refuses("\0\0\0\17\5", 5);			/* bitfield of another torrent */
	refuses("\0\0\0\11\7\0\0\0\0\0\0\0\0", 13);	/* content of no bytes is a message */
	begin(&b);
	buf_add(&b, "\0\0\0\2\0\0", 6);
	buf_init(&said, 1000);
	transcript_of_frame(&said, buf_slice(&b), PIECES, 3, 0, &chance);
	ck_assert(said.len > 3 && memcmp(said.ptr + said.len - 3, "bad", 3) == 0);
	buf_fini(&said);
	buf_fini(&b);
}
END_TEST

/* While content comes as it is expected, each block is where the socket put it. */
START_TEST(nothing_is_copied)
{
	struct block_store blocks = { 0 };
	unsigned in_place = 0, given = 0;
	struct bt_slice in;
	struct frame f;
	struct buf b;

	begin(&b);
	for (int i = 0; i < 200; i++)
		add_content(&b, BLOCK_SIZE);
	frame_init(&f, &blocks);
	in = buf_slice(&b);
	while (in.len > 0) {
		struct iovec iov[FRAME_IOV_MAX];
		int n = frame_space(&f, 32, iov);
		struct frame_event e;
		size_t filled = 0;

		for (int i = 0; i < n && filled < in.len; i++) {
			size_t part = in.len - filled < iov[i].iov_len ? in.len - filled :
			    iov[i].iov_len;

			memcpy(iov[i].iov_base, in.ptr + filled, part);
			filled += part;
		}
		in = slice_skip(in, filled);
		frame_filled(&f, filled);
		while (frame_next(&f, &e) == STEP_DONE) {
			if (e.kind != FRAME_CONTENT)
				continue;
			for (int i = 0; i < n; i++)
				in_place += iov[i].iov_base == e.block->data;
			given++;
			block_free(&blocks, e.block);
		}
	}
	ck_assert_uint_eq(given, 200);
	ck_assert_uint_ge(in_place, 170);
	frame_fini(&f);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
	buf_fini(&b);
}
END_TEST

Suite *
frame_suite(void)
{
	Suite *s = suite_create("proto/frame");
	TCase *c = tcase_create("frame");

	tcase_add_test(c, however_it_is_cut);
	tcase_add_test(c, content_only);
	tcase_add_test(c, bad_lengths);
	tcase_add_test(c, nothing_is_copied);
	suite_add_tcase(s, c);
	return s;
}
