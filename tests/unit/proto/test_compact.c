/* SPDX-License-Identifier: ISC */
#include "proto/compact.h"

#include "proto_test.h"

START_TEST(test_both_ways)
{
	const struct addr v4 = ip_port("192.0.2.1", 6881);
	const struct addr v6 = ip_port("2001:db8::1", 51413);
	struct bt_slice rest;
	struct addr got;
	struct buf b;

	buf_init(&b, 100);
	compact_add(&b, &v4);
	ck_assert_uint_eq(b.len, 6);
	ck_assert_mem_eq(b.ptr, "\xc0\0\2\1\x1a\xe1", 6);
	rest = buf_slice(&b);
	ck_assert(compact_next(&rest, ADDR_V4, &got));
	ck_assert(addr_eq(&got, &v4));
	ck_assert(!compact_next(&rest, ADDR_V4, &got));
	buf_clear(&b);
	compact_add(&b, &v6);
	ck_assert_uint_eq(b.len, 18);
	rest = buf_slice(&b);
	ck_assert(compact_next(&rest, ADDR_V6, &got));
	ck_assert(addr_eq(&got, &v6));
	buf_fini(&b);
}
END_TEST

START_TEST(test_ragged)
{
	struct bt_slice rest = slice_of("abcdefghijk", 11);
	struct addr got;

	ck_assert(compact_next(&rest, ADDR_V4, &got));
	ck_assert(!compact_next(&rest, ADDR_V4, &got));
	rest = slice_of("abcdefghijk", 11);
	ck_assert(!compact_next(&rest, ADDR_V6, &got));
	ck_assert(!compact_next(&rest, ADDR_NONE, &got));
	rest = SLICE_NONE;
	ck_assert(!compact_next(&rest, ADDR_V4, &got));
}
END_TEST

START_TEST(test_no_address)
{
	const struct addr none = { .family = ADDR_NONE };
	uint8_t out[COMPACT_V6_LEN];

	ck_assert_uint_eq(compact_write(out, &none), 0);
}
END_TEST

START_TEST(test_mapped)
{
	static const uint8_t in[18] = { [10] = 0xff, 0xff, 192, 0, 2, 9, 0, 80 };
	const struct addr v4 = ip_port("192.0.2.9", 80);
	struct addr got = compact_read(in, ADDR_V6);

	ck_assert(addr_eq(&got, &v4));
}
END_TEST

Suite *
compact_suite(void)
{
	const TTest *const tests[] = { test_both_ways, test_ragged, test_no_address, test_mapped,
	    NULL };

	return proto_suite("proto/compact", tests);
}
