/* SPDX-License-Identifier: ISC */
#include "meta/safe_name.h"

#include "base/cdefs.h"
#include "helper.h"

Suite *safe_name_suite(void);

static const char *const safe[] = { "a", "...", ".a", "a.", " ", "a\\b", "con", "caf\xc3\xa9",
	"\xe6\xbc\xa2\xe5\xad\x97", "12345678", "1234567890123456~" };

START_TEST(keeps_what_is_safe)
{
	for (size_t i = 0; i < COUNT_OF(safe); i++) {
		struct bt_slice s = slice_str(safe[i]);
		char out[SAFE_NAME_MAX];

		ck_assert_msg(safe_name_is(s), "%s", safe[i]);
		ck_assert(slice_eq(s, slice_of(out, safe_name(s, out))));
	}
}
END_TEST

static const struct {
	const char *name;
	const char *want;
} others[] = { { "", "_" }, { ".", "_" }, { "..", "_" }, { "/", "_" }, { "./.", "_" },
	{ "a/b", "ab" }, { "/1234567", "1234567" }, { "12345678/", "12345678" },
	{ "../../etc/passwd", "....etcpasswd" },
	{ "a\x1f", "a_" }, { "1234567\x7f" "9", "1234567_9" }, { "\n", "_" },
	{ "caf\xe9", "caf_" }, { "\xff\xfe" "a", "__a" },
	{ "\xed\xa0\x80", "___" }, { "\xc0\xaf", "__" }, { "\xf4\x90\x80\x80", "____" } };

START_TEST(spells_what_is_not)
{
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		char out[SAFE_NAME_MAX + 1];
		struct bt_slice s = slice_str(others[i].name);

		ck_assert_msg(!safe_name_is(s), "%s", others[i].name);
		out[safe_name(s, out)] = '\0';
		ck_assert_str_eq(out, others[i].want);
	}
}
END_TEST

/* Each byte at each place, so that no place of a word is forgotten. */
START_TEST(looks_at_each_byte)
{
	for (unsigned c = 0; c < 256; c++) {
		bool fine = c >= ' ' && c < 0x7f && c != '/';

		for (size_t at = 0; at < 20; at++) {
			uint8_t name[20];

			memset(name, 'a', sizeof(name));
			name[at] = (uint8_t)c;
			for (size_t len = at + 1; len <= sizeof(name); len++) {
				bool dot = len == 1 && c == '.';

				ck_assert_msg(safe_name_is(slice_of(name, len)) == (fine && !dot),
				    "%02x at %zu of %zu", c, at, len);
			}
		}
	}
}
END_TEST

/* The name of unit, as often as asked, and tail; how long its spelling is, and its end. */
static void
check_long(const char *unit, size_t times, const char *tail, size_t want, const char *end)
{
	char name[2000] = "", out[SAFE_NAME_MAX];
	size_t len;

	for (size_t i = 0; i < times; i++)
		memcpy(name + i * strlen(unit), unit, strlen(unit) + 1);
	memcpy(name + strlen(name), tail, strlen(tail) + 1);
	len = safe_name(slice_str(name), out);
	ck_assert_uint_eq(len, want);
	ck_assert_mem_eq(out + len - strlen(end), end, strlen(end));
	ck_assert_int_eq(safe_name_is(slice_str(name)), strlen(name) == want);
	ck_assert(safe_name_is(slice_of(out, len)));
}

START_TEST(shortens_the_middle)
{
	check_long("x", 255, "", 255, "xxx");
	check_long("x", 251, ".txt", 255, "x.txt");
	check_long("x", 256, "", 240, "xxx");
	check_long("x", 300, ".txt", 244, "xx.txt");
	check_long("x", 300, ".12345678", 249, "x.12345678");
	check_long("x", 300, ".123456789", 240, "xxx");
	check_long("\xc3\xa9", 200, ".mp3", 244, "\xc3\xa9.mp3");
	check_long("\xe6\xbc\xa2", 100, ".mp3", 244, "\xe6\xbc\xa2.mp3");
	check_long("x\xe6\xbc\xa2", 100, "", 240, "x\xe6\xbc\xa2");
	check_long("xx\xf0\x9f\x98\x80", 50, "", 240, "xx\xf0\x9f\x98\x80");
	check_long("\xe6\xbc\xa2\xe6\xbc\xa2x", 50, "", 238, "\xe6\xbc\xa2x");
	check_long("/", 400, ".t", 2, ".t");
}
END_TEST

static void
check_number(const char *name, uint64_t number, const char *want)
{
	char out[SAFE_NAME_MAX + 1];

	out[safe_name_numbered(slice_str(name), number, out)] = '\0';
	ck_assert_str_eq(out, want);
}

START_TEST(numbers)
{
	char name[SAFE_NAME_MAX + 1], want[SAFE_NAME_MAX + 1];

	check_number("a", 1, "a.1");
	check_number("a.txt", 12, "a.12.txt");
	check_number("a.tar.gz", 1, "a.tar.1.gz");
	check_number(".h", 1, ".1.h");
	check_number("a.", 1, "a.1.");
	check_number("a", UINT64_MAX, "a.18446744073709551615");
	memset(name, 'x', SAFE_NAME_MAX);
	memcpy(name + SAFE_NAME_MAX - 4, ".txt", 5);
	memset(want, 'x', SAFE_NAME_MAX);
	memcpy(want + SAFE_NAME_MAX - 7, ".12.txt", 8);
	check_number(name, 12, want);
}
END_TEST

Suite *
safe_name_suite(void)
{
	Suite *s = suite_create("meta/safe_name");
	TCase *c = tcase_create("safe_name");

	tcase_add_test(c, keeps_what_is_safe);
	tcase_add_test(c, spells_what_is_not);
	tcase_add_test(c, looks_at_each_byte);
	tcase_add_test(c, shortens_the_middle);
	tcase_add_test(c, numbers);
	suite_add_tcase(s, c);
	return s;
}
