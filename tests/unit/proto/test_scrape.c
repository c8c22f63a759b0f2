/* SPDX-License-Identifier: ISC */
#include "proto/scrape.h"

#include "base/cdefs.h"
#include "proto/limits.h"
#include "proto_test.h"

START_TEST(test_url)
{
	static const char *const each[][2] = {
		{ "http://h/announce", "http://h/scrape" },
		{ "http://h/x/announce", "http://h/x/scrape" },
		{ "http://h/announce.php", "http://h/scrape.php" },
		{ "http://h/announce?x2%0644", "http://h/scrape?x2%0644" },
		{ "http://h/announce?x=2/4", "http://h/scrape?x=2/4" },
		{ "http://announce/announce#f", "http://announce/scrape" },
		{ "udp://h:80/x", "udp://h:80/x" },
		{ "udp://h:80", "udp://h:80" },
	};
	static const char *const none[] = { "http://h/a", "http://h/", "http://h",
		"http://h/x%064announce", "http://h/announce/x", "http://announce", "announce" };
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	for (i = 0; i < COUNT_OF(each); i++) {
		buf_clear(&b);
		ck_assert(scrape_url(slice_str(each[i][0]), &b));
		assert_text(buf_slice(&b), each[i][1]);
	}
	for (i = 0; i < COUNT_OF(none); i++)
		ck_assert_msg(!scrape_url(slice_str(none[i]), &b), "%s", none[i]);
	buf_fini(&b);
}
END_TEST

static const uint8_t hashes[2][20] = { "bbbbb+bbbbbbbbbbbbbb", { 0, 1, '&', '%' } };

START_TEST(test_query)
{
	uint8_t got[4][20];
	struct bt_slice text;
	struct buf b;

	buf_init(&b, 4096);
	scrape_query_write(&b, slice_str("http://h/scrape?k=v"), hashes, 2);
	text = buf_slice(&b);
	ck_assert_uint_eq(scrape_query_parse(slice_skip(text, slice_index(text, '?') + 1), got, 4),
	    2);
	ck_assert_mem_eq(got, hashes, sizeof(hashes));
	ck_assert_uint_eq(scrape_query_parse(slice_skip(text, slice_index(text, '?') + 1), got, 1),
	    1);
	buf_clear(&b);
	scrape_query_write(&b, slice_str("http://h/scrape#x"), hashes, 0);
	assert_text(buf_slice(&b), "http://h/scrape");
	ck_assert_uint_eq(scrape_query_parse(slice_str("info_hash=abc&x=bbbbbbbbbbbbbbbbbbbb"), got,
	    4), 0);
	/* A raw plus stays a plus. */
	ck_assert_uint_eq(scrape_query_parse(slice_str("info_hash=bbbbb+bbbbbbbbbbbbbb"), got, 4),
	    1);
	ck_assert_mem_eq(got[0], hashes[0], 20);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reply)
{
	struct scrape_entry e[3] = {
		{ .complete = 1, .incomplete = 2, .downloaded = 3, .downloaders = 1,
		    .name = slice_str("file") },
		{ .complete = 0, .incomplete = 0, .downloaded = -1 },
		{ .complete = 9, .incomplete = 9, .downloaded = 9 },
	};
	const struct scrape_entry *one;
	struct scrape_reply got;
	struct buf b;

	memset(e[0].info_hash, 'b', 20);
	memset(e[1].info_hash, 'a', 20);
	memset(e[2].info_hash, 'a', 20);
	buf_init(&b, 4096);
	scrape_reply_write(&b, e, 1);
	assert_text(buf_slice(&b), "d5:filesd20:bbbbbbbbbbbbbbbbbbbb"
	    "d8:completei1e10:downloadedi3e11:downloadersi1e10:incompletei2e4:name4:fileeee");
	buf_clear(&b);
	scrape_reply_write(&b, e, 3);
	ck_assert_int_eq(scrape_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	ck_assert_uint_eq(got.entries.len, 2);
	one = scrape_reply_find(&got, (const uint8_t *)"bbbbbbbbbbbbbbbbbbbb");
	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(one->complete, 1);
	ck_assert_int_eq(one->incomplete, 2);
	ck_assert_int_eq(one->downloaded, 3);
	assert_text(one->name, "file");
	ck_assert_ptr_null(scrape_reply_find(&got, hashes[0]));
	scrape_reply_fini(&got);
	buf_clear(&b);
	scrape_reply_write(&b, NULL, 0);
	assert_text(buf_slice(&b), "d5:filesdee");
	buf_clear(&b);
	scrape_failure_write(&b, slice_str("no"));
	ck_assert_int_eq(scrape_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	ck_assert(got.failed);
	assert_text(got.failure, "no");
	scrape_reply_fini(&got);
	buf_fini(&b);
}
END_TEST

START_TEST(test_lenient)
{
	struct scrape_reply got;

	ck_assert_int_eq(scrape_reply_parse(slice_str("d5:flagsd20:min_request_intervali300ee"
	    "5:filesd3:abcde20:bbbbbbbbbbbbbbbbbbbbi5e20:aaaaaaaaaaaaaaaaaaaad8:complete1:x"
	    "10:incompletei-1e10:downloadedi99999999999eeeex"), &got, NULL), BT_OK);
	ck_assert_int_eq(got.min_request_interval, 300);
	ck_assert_uint_eq(got.entries.len, 1);
	ck_assert_int_eq(((struct scrape_entry *)vec_at(&got.entries, 0))->complete, -1);
	ck_assert_int_eq(((struct scrape_entry *)vec_at(&got.entries, 0))->incomplete, -1);
	ck_assert_int_eq(((struct scrape_entry *)vec_at(&got.entries, 0))->downloaded,
	    TRACKER_NUMBER_MAX);
	scrape_reply_fini(&got);
	ck_assert_int_eq(scrape_reply_parse(slice_str("nonsense"), &got, NULL), BT_EFORMAT);
	scrape_reply_fini(&got);
	ck_assert_int_eq(scrape_reply_parse(slice_str("d5:filesi1ee"), &got, NULL), BT_OK);
	scrape_reply_fini(&got);
}
END_TEST

START_TEST(test_bounds)
{
	struct scrape_reply got;
	struct buf b;
	unsigned i;

	buf_init(&b, TRACKER_REPLY_MAX);
	buf_add_str(&b, "d5:filesd");
	for (i = 0; i < SCRAPE_REPLY_MAX + 10; i++)
		buf_addf(&b, "20:%020ud8:completei1ee", i);
	buf_add_str(&b, "ee");
	ck_assert_int_eq(scrape_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	ck_assert_uint_eq(got.entries.len, SCRAPE_REPLY_MAX);
	scrape_reply_fini(&got);
	buf_fini(&b);
}
END_TEST

Suite *
scrape_suite(void)
{
	const TTest *const tests[] = { test_url, test_query, test_reply, test_lenient, test_bounds,
		NULL };

	return proto_suite("proto/scrape", tests);
}
