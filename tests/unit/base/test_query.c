/* SPDX-License-Identifier: ISC */
#include "base/query.h"

#include "base/hex.h"
#include "helper.h"

Suite *query_suite(void);

static void
assert_text(struct bt_slice s, const char *text)
{
	ck_assert_msg(slice_eq_str(s, text), "\"%.*s\" is not \"%s\"", (int)s.len,
	    s.len == 0 ? "" : (const char *)s.ptr, text);
}

START_TEST(escapes)
{
	uint8_t all[256], back[256];
	struct buf b;
	unsigned i;

	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	buf_init(&b, 4096);
	query_escape(&b, slice_str("az AZ09-._~/?&+%\xff"));
	assert_text(buf_slice(&b), "az%20AZ09-._~%2F%3F%26%2B%25%FF");
	buf_clear(&b);
	query_escape(&b, slice_of(all, 256));
	ck_assert_uint_eq(query_unescape(buf_slice(&b), QUERY_PLUS_IS_SPACE, back, 256), 256);
	ck_assert_mem_eq(all, back, 256);
	buf_fini(&b);
}
END_TEST

START_TEST(undoes_escapes)
{
	uint8_t out[8];
	size_t n;

	n = query_unescape(slice_str("a+b%2b%2B"), QUERY_PLUS_IS_SPACE, out, sizeof(out));
	assert_text(slice_of(out, n), "a b++");
	n = query_unescape(slice_str("a+b"), QUERY_PLUS_STAYS, out, sizeof(out));
	assert_text(slice_of(out, n), "a+b");
	n = query_unescape(slice_str("%%4%zz%"), QUERY_PLUS_STAYS, out, sizeof(out));
	assert_text(slice_of(out, n), "%%4%zz%");
	/* Too long: the true length is told, nothing is written behind the end. */
	memset(out, '!', sizeof(out));
	ck_assert_uint_eq(query_unescape(slice_str("abcdef"), QUERY_PLUS_STAYS, out, 3), 6);
	ck_assert_mem_eq(out, "abc!!!!!", 8);

	ck_assert(query_unescape_exactly(slice_str("a+%25%4a"), out, 4));
	assert_text(slice_of(out, 4), "a+%J");
	ck_assert(!query_unescape_exactly(slice_str("a+%"), out, 3));
	ck_assert(!query_unescape_exactly(slice_str("a%2g"), out, 4));
	ck_assert(!query_unescape_exactly(slice_str("%25%2"), out, 3));
	ck_assert(!query_unescape_exactly(slice_str("abc"), out, 4));
}
END_TEST

START_TEST(reads_and_writes_hex)
{
	static const uint8_t want[3] = { 0x0a, 0xff, 0x10 };
	uint8_t got[3];
	struct buf b;

	ck_assert(hex_decode(slice_str("0aFf10"), got, sizeof(got)));
	ck_assert_mem_eq(got, want, sizeof(want));
	ck_assert(!hex_decode(slice_str("0aff1"), got, sizeof(got)));
	ck_assert(!hex_decode(slice_str("0aff1g"), got, sizeof(got)));
	ck_assert(!hex_decode(slice_str("0aff1011"), got, sizeof(got)));
	buf_init(&b, 10);
	hex_add(&b, want, sizeof(want));
	assert_text(buf_slice(&b), "0aff10");
	hex_add(&b, want, sizeof(want));
	ck_assert(buf_failed(&b));
	buf_fini(&b);
}
END_TEST

START_TEST(takes_parameters)
{
	struct bt_slice q = slice_str("&a=1&&b&c=&=d&a=2&e=f=g&");
	struct bt_slice name, value;

	ck_assert(query_next(&q, &name, &value));
	assert_text(name, "a");
	assert_text(value, "1");
	ck_assert(query_next(&q, &name, &value));
	assert_text(name, "b");
	assert_text(value, "");
	ck_assert(query_next(&q, &name, &value));
	assert_text(name, "c");
	ck_assert(query_next(&q, &name, &value));
	assert_text(name, "");
	assert_text(value, "d");
	ck_assert(query_next(&q, &name, &value));
	assert_text(value, "2");
	ck_assert(query_next(&q, &name, &value));
	assert_text(value, "f=g");
	ck_assert(!query_next(&q, &name, &value));
	ck_assert(query_find(slice_str("x=1&a=1&a=2"), "a", &value));
	assert_text(value, "1");
	ck_assert(!query_find(slice_str("aa=1"), "a", &value));
	ck_assert(!query_find(SLICE_NONE, "a", &value));
}
END_TEST

Suite *
query_suite(void)
{
	Suite *s = suite_create("base/query");
	TCase *c = tcase_create("query");

	tcase_add_test(c, escapes);
	tcase_add_test(c, reads_and_writes_hex);
	tcase_add_test(c, undoes_escapes);
	tcase_add_test(c, takes_parameters);
	suite_add_tcase(s, c);
	return s;
}
