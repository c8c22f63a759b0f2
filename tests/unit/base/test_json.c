/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <math.h>

#include "base/cdefs.h"
#include "helper.h"

Suite *json_suite(void);

static struct buf out;

static void
setup(void)
{
	buf_init(&out, 1 << 20);
}

static void
teardown(void)
{
	buf_fini(&out);
}

START_TEST(values_of_all_kinds)
{
	struct bt_json j;

	json_into(&j, &out);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "a", "text");
	bt_json_array(&j, "b");
	bt_json_int(&j, NULL, INT64_MIN);
	bt_json_int(&j, NULL, 0);
	bt_json_uint(&j, NULL, UINT64_MAX);
	bt_json_object(&j, NULL);
	bt_json_end(&j);
	bt_json_array(&j, NULL);
	bt_json_end(&j);
	bt_json_end(&j);
	bt_json_hex(&j, "c", (const uint8_t *)"\x00\xfa", 2);
	bt_json_hex(&j, "d", NULL, 20);
	bt_json_double(&j, "e", 0.5);
	bt_json_double(&j, "f", INFINITY);
	bt_json_bool(&j, "g", true);
	bt_json_bool(&j, "h", false);
	bt_json_known(&j, "i", -1);
	bt_json_known(&j, "j", 7);
	bt_json_slice(&j, "k", SLICE_NONE);
	ck_assert_uint_eq(out.len, 0);
	bt_json_end(&j);
	ck_assert_str_eq(buf_cstr(&out), "{\"a\":\"text\",\"b\":[-9223372036854775808,0,"
	    "18446744073709551615,{},[]],\"c\":\"00fa\",\"d\":null,\"e\":0.5,\"f\":null,"
	    "\"g\":true,\"h\":false,\"i\":null,\"j\":7,\"k\":\"\"}\n");
	/* The next line, and one that is no object. */
	buf_clear(&out);
	bt_json_array(&j, NULL);
	bt_json_end(&j);
	ck_assert_str_eq(buf_cstr(&out), "[]\n");
}
END_TEST

START_TEST(nothing_breaks_out)
{
	static const struct { const char *text, *json; } rows[] = {
		{ "", "" }, { "plain <b>", "plain <b>" }, { "a\"b\\", "a\\\"b\\\\" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		/* Broken, overlong, cut, and what moves the cursor or turns the text. */
		{ "\xff", "\\ufffd" }, { "\xc0\xbc", "\\ufffd\\ufffd" },
		{ "x\xe2\x82", "x\\ufffd\\ufffd" }, { "a\nb\t\x1b[c", "a\\nb\\t\\u001b[c" },
		{ "\x7f", "\\u007f" }, { "\xe2\x80\xae", "\\u202e" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char want[128];
		struct bt_json j;

		json_into(&j, &out);
		bt_json_array(&j, NULL);
		bt_json_string(&j, NULL, rows[i].text);
		bt_json_end(&j);
		(void)snprintf(want, sizeof(want), "[\"%s\"]\n", rows[i].json);
		ck_assert_str_eq(buf_cstr(&out), want);
		buf_clear(&out);
	}
}
END_TEST

/* Wherever the end of a part falls. */
START_TEST(parts_make_a_whole)
{
	static const char piece[] = "0123456789";
	struct bt_json j;

	for (unsigned lead = 0; lead < 3; lead++) {
		json_into(&j, &out);
		bt_json_array(&j, NULL);
		bt_json_slice(&j, NULL, slice_of((const uint8_t *)piece, lead));
		for (unsigned i = 0; i < 2000; i++)
			bt_json_string(&j, NULL, piece);
		ck_assert_uint_gt(out.len, 0);
		bt_json_end(&j);
		ck_assert_uint_eq(out.len, 2000 * 13 + lead + 5);
		for (unsigned i = 0; i < 2000; i++)
			ck_assert_mem_eq(out.ptr + lead + 3 + 13 * i, ",\"0123456789\"", 13);
		buf_clear(&out);
	}
}
END_TEST

START_TEST(long_texts_pass_through)
{
	const size_t len = 100000;
	char *text = malloc(len);
	struct bt_json j;

	memset(text, 'x', len);
	json_into(&j, &out);
	bt_json_array(&j, NULL);
	bt_json_slice(&j, NULL, slice_of((const uint8_t *)text, len));
	bt_json_end(&j);
	ck_assert_uint_eq(out.len, len + 5);
	ck_assert_mem_eq(out.ptr, "[\"", 2);
	ck_assert_mem_eq(out.ptr + 2, text, len);
	ck_assert_mem_eq(out.ptr + 2 + len, "\"]\n", 3);
	free(text);
}
END_TEST

Suite *
json_suite(void)
{
	Suite *s = suite_create("base/json");
	TCase *c = tcase_create("json");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, values_of_all_kinds);
	tcase_add_test(c, nothing_breaks_out);
	tcase_add_test(c, parts_make_a_whole);
	tcase_add_test(c, long_texts_pass_through);
	suite_add_tcase(s, c);
	return s;
}
