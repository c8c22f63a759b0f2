/* SPDX-License-Identifier: ISC */
#include "tracker/pages/markup.h"

#include "base/cdefs.h"
#include "helper.h"
#include "tracker_test.h"

#define BAD "\xef\xbf\xbd"	/* U+FFFD */
#define THIN "\xe2\x80\xaf"	/* U+202F */

START_TEST(nothing_breaks_out)
{
	static const struct { const char *text, *html; } cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "<b a=\"x\" b='y'>&", "&#60;b a=&#34;x&#34; b=&#39;y&#39;&#62;&#38;" },
		{ "a\\b", "a\\b" },
		{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
		/* Broken, overlong, cut, and what moves the cursor or turns the text. */
		{ "\xff", BAD },
		{ "\xc0\xbc", BAD BAD },
		{ "\xe2\x82", BAD BAD },
		{ "a\nb\x1b[c", "a" BAD "b" BAD "[c" },
		{ "\xe2\x80\xae", BAD },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf html;

		buf_init(&html, 1000);
		html_text(&html, slice_str(cases[i].text));
		ck_assert_str_eq(buf_cstr(&html), cases[i].html);
		buf_fini(&html);
	}
}
END_TEST

static void
check_number(struct buf *b, const char *want)
{
	ck_assert_str_eq(buf_cstr(b), want);
	buf_clear(b);
}

START_TEST(numbers_for_people)
{
	struct buf b;

	buf_init(&b, 1000);
	add_grouped(&b, 0);
	check_number(&b, "0");
	add_grouped(&b, 999);
	check_number(&b, "999");
	add_grouped(&b, 1000);
	check_number(&b, "1" THIN "000");
	add_grouped(&b, 1020003);
	check_number(&b, "1" THIN "020" THIN "003");
	add_grouped(&b, 18000000000000000001u);
	check_number(&b, "18" THIN "000" THIN "000" THIN "000" THIN "000" THIN "000" THIN "001");
	add_size(&b, 0);
	check_number(&b, "0 B");
	add_size(&b, 1023);
	check_number(&b, "1023 B");
	add_size(&b, 1536);
	check_number(&b, "1.5 KiB");
	add_size(&b, 1023 << 20);
	check_number(&b, "1023 MiB");
	add_size(&b, UINT64_MAX);
	check_number(&b, "16.0 EiB");
	add_duration(&b, -1);
	check_number(&b, "0 s");
	add_duration(&b, 59.9);
	check_number(&b, "59 s");
	add_duration(&b, 60);
	check_number(&b, "1 min");
	add_duration(&b, 3600 * 4 + 60 * 12);
	check_number(&b, "4 h 12 min");
	add_duration(&b, 86400 * 3 + 3600 * 4 + 59);
	check_number(&b, "3 d 4 h");
	add_rate(&b, 0);
	check_number(&b, "0");
	add_rate(&b, 0.25);
	check_number(&b, "0.25");
	add_rate(&b, 3.44);
	check_number(&b, "3.4");
	add_rate(&b, 1234.5);
	check_number(&b, "1" THIN "235");
	buf_fini(&b);
}
END_TEST

Suite *
markup_suite(void)
{
	Suite *s = suite_create("tracker/markup");
	TCase *t = tcase_create("markup");

	tcase_add_test(t, nothing_breaks_out);
	tcase_add_test(t, numbers_for_people);
	suite_add_tcase(s, t);
	return s;
}
