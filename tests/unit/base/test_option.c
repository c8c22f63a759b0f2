/* SPDX-License-Identifier: ISC */
#include <btcore/option.h>

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
	tcase_add_test(c, refuses_and_names_the_option);
	suite_add_tcase(s, c);
	return s;
}
