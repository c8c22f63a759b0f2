/* SPDX-License-Identifier: ISC */
/* The same input as a reply, as a query and as an announce URL. */
#include "fuzz.h"

#include "proto/limits.h"
#include "proto/scrape.h"
#include "proto/url.h"

static void
check_reply(struct bt_slice in)
{
	struct scrape_reply r, again;
	struct buf b, first;

	buf_init(&b, 16u << 20);
	buf_init(&first, 16u << 20);
	if (scrape_reply_parse(in, &r, NULL) == BT_OK) {
		MUST(r.entries.len <= SCRAPE_REPLY_MAX);
		scrape_reply_write(&first, r.entries.items, r.entries.len);
		MUST(scrape_reply_parse(buf_slice(&first), &again, NULL) == BT_OK);
		MUST(again.entries.len == r.entries.len);
		scrape_reply_write(&b, again.entries.items, again.entries.len);
		MUST(slice_eq(buf_slice(&b), buf_slice(&first)));
		scrape_reply_fini(&again);
	}
	scrape_reply_fini(&r);
	buf_fini(&b);
	buf_fini(&first);
}

static void
check_query(struct bt_slice in)
{
	static const char url[] = "http://h/scrape?";
	uint8_t hashes[SCRAPE_HASHES_MAX][20], again[SCRAPE_HASHES_MAX][20];
	size_t n = scrape_query_parse(in, hashes, SCRAPE_HASHES_MAX);
	struct buf b;

	MUST(n <= SCRAPE_HASHES_MAX);
	buf_init(&b, HTTP_REQUEST_MAX);
	scrape_query_write(&b, slice_str(url), (const uint8_t (*)[20])hashes, n);
	MUST(!buf_failed(&b));
	MUST(scrape_query_parse(slice_skip(buf_slice(&b), strlen(url)), again,
	    SCRAPE_HASHES_MAX) == n);
	MUST(n == 0 || memcmp(hashes, again, n * 20) == 0);
	buf_fini(&b);
}

static void
check_url(struct bt_slice in)
{
	struct url from, to;
	struct buf b;

	buf_init(&b, URL_MAX);
	if (scrape_url(in, &b)) {
		MUST(url_parse(in, &from) && url_parse(buf_slice(&b), &to));
		MUST(slice_eq(from.host, to.host) && slice_eq(from.query, to.query));
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);

	check_reply(in);
	check_query(in);
	check_url(in);
	return 0;
}
