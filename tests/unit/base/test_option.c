/* SPDX-License-Identifier: ISC */
#include <btcore/option.h>

#include <math.h>

#include "base/cdefs.h"
#include "base/mem.h"
#include "helper.h"

Suite *option_suite(void);

struct values {
	int64_t flag, number, size, any;
	double rate;
	char *text, *needed, *choice, *open, *full;
};

#define AT(member) offsetof(struct values, member)

static const struct bt_option rows[] = {
	{ "flag", BT_OPT_FLAG, AT(flag), "1", 0, 0, "0|1", NULL, "A flag." },
	{ "number", BT_OPT_INT, AT(number), "5", -1, 10, "N", NULL, "A number." },
	{ "size", BT_OPT_SIZE, AT(size), "1K", 0, 1 << 30, "BYTES", NULL, "A size." },
	{ "any", BT_OPT_INT, AT(any), "0", 0, 0, "N", NULL, "Any number." },
	{ "rate_limit", BT_OPT_FLOAT, AT(rate), "0.5", 0, 1, "R", NULL, "A rate." },
	{ "some-text", BT_OPT_TEXT, AT(text), "", 0, 0, "T", NULL, "A text." },
	{ "needed", BT_OPT_TEXT, AT(needed), NULL, 0, 0, "T", NULL, "A needed text." },
	{ "choice", BT_OPT_TEXT, AT(choice), "", 0, 0, "one|two", NULL, "A choice." },
	{ "open", BT_OPT_TEXT, AT(open), "none", 0, 0, "none|NAME", NULL, "Any text." },
	{ "full", BT_OPT_TEXT, AT(full), "", 1, 0, "T", NULL, "A text, but not an empty one." },
	{ "old", BT_OPT_IGNORED, 0, "", 0, 0, "X", NULL, "Not used any more." },
};

static const struct bt_option_table table = { rows, COUNT_OF(rows) };

START_TEST(sets_values_of_every_kind)
{
	struct bt_error err;
	struct values v;

	ck_assert_int_eq(bt_options_init(&table, &v), BT_OK);
	ck_assert_int_eq(v.flag, 1);
	ck_assert_int_eq(v.number, 5);
	ck_assert_int_eq(v.size, 1024);
	ck_assert(v.rate == 0.5);
	ck_assert_str_eq(v.text, "");
	ck_assert_str_eq(v.needed, "");
	ck_assert_int_eq(bt_options_set(&table, &v, "flag", "0", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "number", "-1", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "size", "3m", &err), BT_OK);
	ck_assert_int_eq(v.size, 3 << 20);
	ck_assert_int_eq(bt_options_set(&table, &v, "size", "1G", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "any", "-9223372036854775808", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "rate-limit", "1", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "some_text", "a", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "some_text", "b", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "old", "whatever", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "choice", "two", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "choice", "one", &err), BT_OK);
	ck_assert_str_eq(v.choice, "one");
	ck_assert_int_eq(bt_options_set(&table, &v, "choice", "", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "open", "some", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "full", "x", &err), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "full", "", &err), BT_EARG);
	ck_assert_str_eq(v.full, "x");
	ck_assert_int_eq(v.flag, 0);
	ck_assert_int_eq(v.number, -1);
	ck_assert_int_eq(v.size, 1 << 30);
	ck_assert_int_eq(v.any, INT64_MIN);
	ck_assert(v.rate == 1);
	ck_assert_str_eq(v.text, "b");
	bt_options_fini(&table, &v);
}
END_TEST

START_TEST(copies_with_texts_of_its_own)
{
	struct values v, copy;

	ck_assert_int_eq(bt_options_init(&table, &v), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "number", "7", NULL), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "rate_limit", "0.25", NULL), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "flag", "0", NULL), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "some_text", "a", NULL), BT_OK);
	for (size_t n = 1; n <= 5; n++) {
		mem_fail_at(n);
		ck_assert_int_eq(bt_options_copy(&table, &copy, &v), BT_ENOMEM);
		mem_fail_at(0);
		ck_assert_ptr_null(copy.text);
	}
	ck_assert_int_eq(bt_options_copy(&table, &copy, &v), BT_OK);
	ck_assert_int_eq(bt_options_set(&table, &v, "some_text", "b", NULL), BT_OK);
	bt_options_fini(&table, &v);
	ck_assert_int_eq(copy.number, 7);
	ck_assert_int_eq(copy.size, 1024);
	ck_assert_int_eq(copy.flag, 0);
	ck_assert(copy.rate == 0.25);
	ck_assert_str_eq(copy.text, "a");
	ck_assert_str_eq(copy.open, "none");
	bt_options_fini(&table, &copy);
}
END_TEST

START_TEST(numbers_in_and_out)
{
	static const struct { const char *name; int64_t value; enum bt_code code; } whole[] = {
		{ "flag", 0, BT_OK }, { "flag", 2, BT_EARG }, { "number", 11, BT_EARG },
		{ "number", -1, BT_OK }, { "size", -1, BT_EARG }, { "size", 5, BT_OK },
		{ "any", INT64_MIN, BT_OK }, { "rate-limit", 1, BT_OK },
		{ "rate_limit", 2, BT_EARG }, { "some_text", 1, BT_EARG }, { "old", 1, BT_EARG },
		{ "none", 1, BT_ENOENT },
	};
	struct bt_error err;
	struct values v;
	int64_t n = 99;
	double f = 99;

	ck_assert_int_eq(bt_options_init(&table, &v), BT_OK);
	for (size_t i = 0; i < COUNT_OF(whole); i++) {
		ck_assert_msg(bt_options_set_int(&table, &v, whole[i].name, whole[i].value,
		    &err) == whole[i].code, "%s", whole[i].name);
		if (whole[i].code != BT_OK)
			continue;
		ck_assert_int_eq(bt_options_get_float(&table, &v, whole[i].name, &f, &err), BT_OK);
		ck_assert(f == (double)whole[i].value);
	}
	ck_assert_int_eq(bt_options_get_int(&table, &v, "number", &n, &err), BT_OK);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(bt_options_get_int(&table, &v, "rate_limit", &n, &err), BT_EARG);
	ck_assert_int_eq(bt_options_get_int(&table, &v, "open", &n, &err), BT_EARG);
	ck_assert_int_eq(bt_options_get_int(&table, &v, "none", &n, &err), BT_ENOENT);
	ck_assert_int_eq(bt_options_get_float(&table, &v, "old", &f, &err), BT_EARG);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(bt_options_set_float(&table, &v, "rate_limit", 0.25, &err), BT_OK);
	ck_assert(v.rate == 0.25);
	ck_assert_int_eq(bt_options_set_float(&table, &v, "rate_limit", NAN, &err), BT_EARG);
	ck_assert_int_eq(bt_options_set_float(&table, &v, "rate_limit", -1, &err), BT_EARG);
	ck_assert_int_eq(bt_options_set_float(&table, &v, "number", 3, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "number"));
	ck_assert_str_eq(bt_options_get_text(&table, &v, "open"), "none");
	ck_assert_ptr_null(bt_options_get_text(&table, &v, "number"));
	ck_assert_ptr_null(bt_options_get_text(&table, &v, "none"));
	bt_options_fini(&table, &v);
}
END_TEST

START_TEST(tells_what_is_the_same)
{
	struct values a, b;

	ck_assert_int_eq(bt_options_init(&table, &a), BT_OK);
	ck_assert_int_eq(bt_options_init(&table, &b), BT_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ck_assert(bt_options_same(&rows[i], &a, &b));
	b.flag = 0;
	b.number = b.size = b.any = 7;
	b.rate = 0.75;
	for (size_t i = 5; i < 10; i++)
		ck_assert_int_eq(bt_options_set(&table, &b, rows[i].name, "two", NULL), BT_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ck_assert(bt_options_same(&rows[i], &a, &b) == (i == 10));
	bt_options_fini(&table, &a);
	bt_options_fini(&table, &b);
}
END_TEST

START_TEST(refuses_and_names_the_option)
{
	static const char *const bad[][2] = {
		{ "flag", "2" }, { "flag", "yes" }, { "flag", "" }, { "number", "11" },
		{ "flag", "01" }, { "size", "2G" }, { "size", "1KB" }, { "size", "" },
		{ "size", "-1K" }, { "size", "9223372036854775807K" },
		{ "number", "-2" }, { "number", "1x" }, { "number", "1.5" },
		{ "any", "9223372036854775808" }, { "rate_limit", "nan" },
		{ "rate_limit", "1.01" }, { "rate_limit", "" }, { "choice", "on" },
		{ "choice", "one|two" }, { "choice", "three" },
	};
	struct bt_error err;
	struct values v;

	ck_assert_int_eq(bt_options_init(&table, &v), BT_OK);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_msg(bt_options_set(&table, &v, bad[i][0], bad[i][1], &err) == BT_EARG,
		    "%s %s", bad[i][0], bad[i][1]);
		ck_assert_ptr_nonnull(strstr(err.text, bad[i][0]));
	}
	ck_assert_int_eq(bt_options_set(&table, &v, "none", "1", &err), BT_ENOENT);
	ck_assert_ptr_null(bt_options_find(&table, "fla"));
	ck_assert_int_eq(v.number, 5);
	bt_options_fini(&table, &v);
}
END_TEST

Suite *
option_suite(void)
{
	Suite *s = suite_create("base/option");
	TCase *c = tcase_create("option");

	tcase_add_test(c, sets_values_of_every_kind);
	tcase_add_test(c, copies_with_texts_of_its_own);
	tcase_add_test(c, numbers_in_and_out);
	tcase_add_test(c, tells_what_is_the_same);
	tcase_add_test(c, refuses_and_names_the_option);
	suite_add_tcase(s, c);
	return s;
}
