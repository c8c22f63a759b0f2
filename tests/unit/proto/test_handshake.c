/* SPDX-License-Identifier: ISC */
#include "proto/handshake.h"

#include "proto_test.h"

static struct handshake
example(void)
{
	struct handshake h = { .reserved = { 0 } };

	memcpy(h.info_hash, "IIIIIIIIIIIIIIIIIIII", 20);
	memcpy(h.peer_id, "-BC0100-PPPPPPPPPPPP", 20);
	handshake_set(&h, HANDSHAKE_EXTENSIONS);
	handshake_set(&h, HANDSHAKE_FAST);
	return h;
}

START_TEST(test_bytes)
{
	const struct handshake h = example();
	uint8_t out[HANDSHAKE_LEN];

	handshake_write(out, &h);
	ck_assert_mem_eq(out, "\x13" "BitTorrent protocol" "\0\0\0\0\0\x10\0\x04"
	    "IIIIIIIIIIIIIIIIIIII-BC0100-PPPPPPPPPPPP", HANDSHAKE_LEN);
}
END_TEST

START_TEST(test_parts)
{
	const struct handshake h = example();
	struct handshake got = { .reserved = { 0 } };
	uint8_t out[HANDSHAKE_LEN];
	size_t n;

	handshake_write(out, &h);
	for (n = 0; n <= HANDSHAKE_LEN; n++) {
		struct bt_slice in = slice_of(out, n);

		ck_assert_int_eq(handshake_parse_head(in, &got),
		    n < HANDSHAKE_HEAD_LEN ? STEP_MORE : STEP_DONE);
		ck_assert_int_eq(handshake_parse(in, &got),
		    n < HANDSHAKE_LEN ? STEP_MORE : STEP_DONE);
	}
	ck_assert_mem_eq(&got, &h, sizeof(h));
}
END_TEST

START_TEST(test_bits)
{
	const struct handshake h = example();

	ck_assert(handshake_has(&h, HANDSHAKE_EXTENSIONS));
	ck_assert(handshake_has(&h, HANDSHAKE_FAST));
	ck_assert(!handshake_has(&h, HANDSHAKE_DHT));
	ck_assert(!handshake_has(&h, HANDSHAKE_V2));
}
END_TEST

START_TEST(test_other_protocol)
{
	struct handshake got;
	uint8_t out[HANDSHAKE_LEN];
	const struct handshake h = example();
	size_t i;

	ck_assert_int_eq(handshake_parse_head(slice_str("G"), &got), STEP_BAD);
	ck_assert_int_eq(handshake_parse(slice_str("GET / HTTP/1.1\r\n"), &got), STEP_BAD);
	for (i = 0; i < 20; i++) {
		handshake_write(out, &h);
		out[i] ^= 1;
		ck_assert_int_eq(handshake_parse_head(slice_of(out, i + 1), &got), STEP_BAD);
		ck_assert_int_eq(handshake_parse(slice_of(out, 68), &got), STEP_BAD);
	}
}
END_TEST

Suite *
handshake_suite(void)
{
	const TTest *const tests[] = { test_bytes, test_parts, test_bits, test_other_protocol,
	    NULL };

	return proto_suite("proto/handshake", tests);
}
