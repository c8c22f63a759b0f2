/* SPDX-License-Identifier: ISC */
#include "proto/ext.h"

#include "proto/limits.h"
#include "proto_test.h"

static enum step
parse(const char *text, struct ext_handshake *out)
{
	ext_handshake_init(out);
	return ext_handshake_parse(slice_str(text), out);
}

START_TEST(test_both_ways)
{
	struct ext_handshake h, got;
	struct buf b;

	ext_handshake_init(&h);
	h.ids[EXT_PEX] = 1;
	h.ids[EXT_METADATA] = 2;
	h.ids[EXT_UPLOAD_ONLY] = 3;
	h.ids[EXT_DONTHAVE] = 7;
	h.v = slice_str("btcore 0.1");
	h.p = 6881;
	h.reqq = 2000;
	h.yourip = ip_port("192.0.2.1", 0);
	h.metadata_size = 12345;
	h.upload_only = 0;
	buf_init(&b, 4096);
	ext_handshake_write(&b, &h);
	ck_assert(slice_eq(buf_slice(&b), slice_of("d1:md11:lt_donthavei7e11:upload_onlyi3e"
	    "11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei12345e1:pi6881e4:reqqi2000e"
	    "11:upload_onlyi0e1:v10:btcore 0.16:yourip4:\xc0\0\2\1e", 160)));
	ext_handshake_init(&got);
	ck_assert_int_eq(ext_handshake_parse(buf_slice(&b), &got), STEP_DONE);
	ck_assert_mem_eq(got.ids, h.ids, sizeof(h.ids));
	ck_assert(slice_eq(got.v, h.v));
	ck_assert_uint_eq(got.p, 6881);
	ck_assert_int_eq(got.reqq, 2000);
	ck_assert(addr_eq(&got.yourip, &h.yourip));
	ck_assert_int_eq(got.metadata_size, 12345);
	ck_assert_int_eq(got.upload_only, 0);
	buf_fini(&b);
}
END_TEST

START_TEST(test_canonical)
{
	struct ext_handshake h;
	struct buf b;

	ext_handshake_init(&h);
	buf_init(&b, 4096);
	ext_handshake_write(&b, &h);
	assert_text(buf_slice(&b), "d1:mdee");
	buf_clear(&b);
	h.ids[EXT_PEX] = 1;
	h.ids[EXT_METADATA] = 3;
	h.v = slice_str("x");
	h.p = 1;
	h.upload_only = 1;
	ext_handshake_write(&b, &h);
	assert_text(buf_slice(&b),
	    "d1:md11:ut_metadatai3e6:ut_pexi1ee1:pi1e11:upload_onlyi1e1:v1:xe");
	buf_fini(&b);
}
END_TEST

START_TEST(test_again)
{
	struct ext_handshake h;

	ck_assert_int_eq(parse("d1:md11:ut_metadatai3e6:ut_pexi1ee1:pi5e1:v1:xe", &h), STEP_DONE);
	/* A later one switches pex off and names nothing else. */
	ck_assert_int_eq(ext_handshake_parse(slice_str("d1:md6:ut_pexi0eee"), &h), STEP_DONE);
	ck_assert_uint_eq(h.ids[EXT_PEX], 0);
	ck_assert_uint_eq(h.ids[EXT_METADATA], 3);
	ck_assert_uint_eq(h.p, 5);
	ck_assert_uint_eq(h.v.len, 0);
	/* What cannot be read changes nothing. */
	ck_assert_int_eq(ext_handshake_parse(slice_str("d1:pi6e1:m"), &h), STEP_BAD);
	ck_assert_uint_eq(h.p, 5);
}
END_TEST

START_TEST(test_lenient)
{
	struct ext_handshake h;

	ck_assert_int_eq(parse("d1:vi5e1:mi4e1:p3:abc4:reqq1:x6:yourip5:abcde"
	    "13:metadata_sizei-4e11:upload_only1:1e", &h), STEP_DONE);
	ck_assert_uint_eq(h.v.len, 0);
	ck_assert_uint_eq(h.p, 0);
	ck_assert_int_eq(h.reqq, -1);
	ck_assert_int_eq(h.metadata_size, -1);
	ck_assert_int_eq(h.upload_only, -1);
	ck_assert_int_eq(h.yourip.family, ADDR_NONE);
	/* Ids and numbers out of range, unsorted and unknown keys, bytes behind the end. */
	ck_assert_int_eq(parse("d1:md6:ut_pexi256e11:ut_metadatai-1e3:fooi9ee1:pi65536e1:eli1ee"
	    "1:ai0e4:reqqi0ee!", &h), STEP_DONE);
	ck_assert_uint_eq(h.ids[EXT_PEX], 0);
	ck_assert_uint_eq(h.ids[EXT_METADATA], 0);
	ck_assert_uint_eq(h.p, 0);
	ck_assert_int_eq(h.reqq, -1);
	ck_assert_int_eq(parse("d13:metadata_sizei99999999999e6:yourip16:"
	    "abcdefghijklmnope", &h), STEP_DONE);
	ck_assert_int_eq(h.metadata_size, -1);
	ck_assert_int_eq(h.yourip.family, ADDR_V6);
	ck_assert_int_eq(parse("d1:v70:0123456789012345678901234567890123456789"
	    "012345678901234567890123456789e", &h), STEP_DONE);
	ck_assert_uint_eq(h.v.len, EXT_CLIENT_MAX);
}
END_TEST

START_TEST(test_bad)
{
	struct ext_handshake h;

	ck_assert_int_eq(parse("", &h), STEP_BAD);
	ck_assert_int_eq(parse("le", &h), STEP_BAD);
	ck_assert_int_eq(parse("d1:m", &h), STEP_BAD);
	ck_assert_int_eq(parse("<html>", &h), STEP_BAD);
	ck_assert_str_eq(ext_name_text(EXT_PEX), "ut_pex");
}
END_TEST

Suite *
ext_suite(void)
{
	const TTest *const tests[] = { test_both_ways, test_canonical, test_again, test_lenient,
		test_bad, NULL };

	return proto_suite("proto/ext", tests);
}
