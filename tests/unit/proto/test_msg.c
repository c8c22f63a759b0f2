/* SPDX-License-Identifier: ISC */
#include "proto/msg.h"

#include "base/bytes.h"
#include "base/cdefs.h"
#include "proto/limits.h"
#include "proto_test.h"

/* Parses what stands in b as one framed message. */
static enum step
parse_framed(const struct buf *b, struct msg *out)
{
	ck_assert(!buf_failed(b));
	ck_assert_uint_eq(get_be32(b->ptr), b->len - 4);
	return msg_parse(slice_skip(buf_slice(b), 4), out);
}

static void
check_same(const struct msg *a, const struct msg *b)
{
	ck_assert_int_eq(a->type, b->type);
	ck_assert_uint_eq(a->index, b->index);
	ck_assert_uint_eq(a->begin, b->begin);
	ck_assert_uint_eq(a->length, b->length);
	ck_assert_uint_eq(a->port, b->port);
	ck_assert_uint_eq(a->ext_id, b->ext_id);
	ck_assert_uint_eq(a->base_layer, b->base_layer);
	ck_assert_uint_eq(a->proof_layers, b->proof_layers);
	ck_assert(slice_eq(a->data, b->data));
	ck_assert_int_eq(a->root == NULL, b->root == NULL);
	if (a->root != NULL)
		ck_assert_mem_eq(a->root, b->root, 32);
}

static const uint8_t hashes[64] = { 1, 2, 3 };

static const struct msg each[] = {
	{ .type = WIRE_KEEPALIVE },
	{ .type = WIRE_CHOKE },
	{ .type = WIRE_UNCHOKE },
	{ .type = WIRE_INTERESTED },
	{ .type = WIRE_NOT_INTERESTED },
	{ .type = WIRE_HAVE, .index = 0xdeadbeef },
	{ .type = WIRE_BITFIELD, .data = { (const uint8_t *)"\xff\x80", 2 } },
	{ .type = WIRE_REQUEST, .index = 1, .begin = 2, .length = 16384 },
	{ .type = WIRE_PIECE, .index = 1, .begin = 2, .data = { (const uint8_t *)"content", 7 } },
	{ .type = WIRE_CANCEL, .index = 1, .begin = 2, .length = UINT32_MAX },
	{ .type = WIRE_PORT, .port = 6881 },
	{ .type = WIRE_SUGGEST, .index = 3 },
	{ .type = WIRE_HAVE_ALL },
	{ .type = WIRE_HAVE_NONE },
	{ .type = WIRE_REJECT, .index = 1, .begin = 2, .length = 3 },
	{ .type = WIRE_ALLOWED_FAST, .index = 4 },
	{ .type = WIRE_EXTENDED, .ext_id = 3, .data = { (const uint8_t *)"de", 2 } },
	{ .type = WIRE_EXTENDED, .ext_id = 3, .data = { NULL, 0 } },
	{ .type = WIRE_HASH_REQUEST, .root = hashes, .base_layer = 1, .index = 512, .length = 512,
	    .proof_layers = 4 },
	{ .type = WIRE_HASHES, .root = hashes, .base_layer = 1, .index = 2, .length = 2,
	    .proof_layers = 0, .data = { hashes, 64 } },
	{ .type = WIRE_HASH_REJECT, .root = hashes, .length = 2 },
};

START_TEST(test_each)
{
	const struct msg *m = &each[_i];
	struct msg got;
	struct buf b;

	buf_init(&b, 4096);
	msg_write(&b, m);
	ck_assert_int_eq(parse_framed(&b, &got), STEP_DONE);
	check_same(m, &got);
	ck_assert_str_ne(wire_type_name(m->type), "unknown");
	/* One byte more or less is another message, or none. */
	buf_add_u8(&b, 0);
	if (msg_parse(slice_of(b.ptr + 4, b.len - 4), &got) == STEP_DONE)
		ck_assert(got.data.len > 0 || m->type == WIRE_KEEPALIVE);
	if (b.len > 5 && msg_parse(slice_of(b.ptr + 4, b.len - 6), &got) == STEP_DONE)
		ck_assert(m->data.len > 0 || b.len == 6);
	buf_fini(&b);
}
END_TEST

START_TEST(test_bytes)
{
	struct buf b;

	buf_init(&b, 4096);
	msg_write_bare(&b, WIRE_KEEPALIVE);
	msg_write_bare(&b, WIRE_INTERESTED);
	msg_write_have(&b, 0x01020304);
	msg_write_request(&b, 1, 2, 3);
	msg_write_port(&b, 0x1ae1);
	msg_write_extended(&b, 0, slice_str("de"));
	ck_assert(slice_eq(buf_slice(&b), slice_of(
	    "\0\0\0\0" "\0\0\0\1\2" "\0\0\0\5\4\1\2\3\4" "\0\0\0\15\6\0\0\0\1\0\0\0\2\0\0\0\3"
	    "\0\0\0\3\11\x1a\xe1" "\0\0\0\4\24\0de", 50)));
	buf_clear(&b);
	msg_write_piece_head(&b, 5, 6, BLOCK_LEN);
	ck_assert(slice_eq(buf_slice(&b), slice_of("\0\0\x40\x09\7\0\0\0\5\0\0\0\6",
	    MSG_PIECE_HEAD_LEN)));
	buf_clear(&b);
	msg_write_suggest(&b, 1);
	msg_write_allowed_fast(&b, 2);
	msg_write_cancel(&b, 1, 2, 3);
	msg_write_reject(&b, 1, 2, 3);
	msg_write_bitfield(&b, slice_of("\xf0", 1));
	ck_assert(slice_eq(buf_slice(&b), slice_of(
	    "\0\0\0\5\15\0\0\0\1" "\0\0\0\5\21\0\0\0\2" "\0\0\0\15\10\0\0\0\1\0\0\0\2\0\0\0\3"
	    "\0\0\0\15\20\0\0\0\1\0\0\0\2\0\0\0\3" "\0\0\0\2\5\xf0", 58)));
	buf_fini(&b);
}
END_TEST

START_TEST(test_lengths)
{
	unsigned id;

	for (id = 0; id <= WIRE_NOT_INTERESTED; id++) {
		ck_assert(msg_length_ok(1, (uint8_t)id, 8));
		ck_assert(!msg_length_ok(2, (uint8_t)id, 8));
	}
	ck_assert(msg_length_ok(5, WIRE_HAVE, 8));
	ck_assert(!msg_length_ok(4, WIRE_HAVE, 8));
	ck_assert(!msg_length_ok(6, WIRE_HAVE, 8));
	ck_assert(msg_length_ok(13, WIRE_REQUEST, 8));
	ck_assert(!msg_length_ok(12, WIRE_REQUEST, 8));
	ck_assert(msg_length_ok(10, WIRE_PIECE, 8));
	ck_assert(!msg_length_ok(9, WIRE_PIECE, 8));
	ck_assert(msg_length_ok(9 + BLOCK_LEN, WIRE_PIECE, 8));
	ck_assert(!msg_length_ok(10 + BLOCK_LEN, WIRE_PIECE, 8));
	ck_assert(msg_length_ok(2, WIRE_BITFIELD, 8));
	ck_assert(!msg_length_ok(3, WIRE_BITFIELD, 8));
	ck_assert(msg_length_ok(3, WIRE_BITFIELD, 9));
	ck_assert(!msg_length_ok(1, WIRE_BITFIELD, 9));
	ck_assert(!msg_length_ok(1, WIRE_BITFIELD, 0));
	ck_assert(msg_length_ok(100000, WIRE_BITFIELD, 0));
	ck_assert(!msg_length_ok(MSG_LEN_MAX + 1, WIRE_BITFIELD, 0));
	ck_assert(!msg_length_ok(1, WIRE_EXTENDED, 8));
	ck_assert(msg_length_ok(2, WIRE_EXTENDED, 8));
	ck_assert(!msg_length_ok(MSG_EXTENDED_MAX + 2, WIRE_EXTENDED, 8));
	ck_assert(msg_length_ok(49 + 64, WIRE_HASHES, 8));
	ck_assert(!msg_length_ok(50 + 64, WIRE_HASHES, 8));
	ck_assert(!msg_length_ok(0, WIRE_CHOKE, 8));
	ck_assert(!msg_length_ok(UINT32_MAX, WIRE_CHOKE, 8));
	/* Ids that nobody uses. */
	ck_assert(!msg_length_ok(1, 10, 8));
	ck_assert(!msg_length_ok(1, 18, 8));
	ck_assert(!msg_length_ok(1, 24, 8));
	ck_assert(!msg_length_ok(1, 255, 8));
}
END_TEST

START_TEST(test_bad)
{
	struct msg got;

	ck_assert_int_eq(msg_parse(slice_of("\0\0", 2), &got), STEP_BAD);
	ck_assert_int_eq(msg_parse(slice_of("\4\0\0\0", 4), &got), STEP_BAD);
	ck_assert_int_eq(msg_parse(slice_of("\5", 1), &got), STEP_BAD);
	ck_assert_int_eq(msg_parse(slice_of("\24", 1), &got), STEP_BAD);
	ck_assert_int_eq(msg_parse(slice_of("\377", 1), &got), STEP_BAD);
	ck_assert_int_eq(msg_parse(SLICE_NONE, &got), STEP_DONE);
	ck_assert_str_eq(wire_type_name(WIRE_KEEPALIVE), "keepalive");
	ck_assert_str_eq(wire_type_name((enum wire_type)10), "unknown");
	ck_assert_str_eq(wire_type_name((enum wire_type)300), "unknown");
}
END_TEST

Suite *
msg_suite(void)
{
	Suite *s = suite_create("proto/msg");
	TCase *c = tcase_create("msg");

	tcase_add_loop_test(c, test_each, 0, COUNT_OF(each));
	tcase_add_test(c, test_bytes);
	tcase_add_test(c, test_lengths);
	tcase_add_test(c, test_bad);
	suite_add_tcase(s, c);
	return s;
}
