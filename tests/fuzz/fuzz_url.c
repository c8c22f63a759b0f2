/* SPDX-License-Identifier: ISC */
/* Parts lie inside the text, what is escaped comes back, what is masked fits. */
#include "fuzz.h"

#include "base/query.h"
#include "proto/limits.h"
#include "proto/url.h"

static void
check_inside(struct bt_slice part, struct bt_slice whole)
{
	MUST(part.len == 0 || (part.ptr >= whole.ptr &&
	    part.ptr + part.len <= whole.ptr + whole.len));
}

static void
check_escape(struct bt_slice in)
{
	uint8_t *back = malloc(in.len + 1);
	struct buf b;

	buf_init(&b, 3 * in.len);
	query_escape(&b, in);
	MUST(!buf_failed(&b) && back != NULL);
	MUST(query_unescape(buf_slice(&b), QUERY_PLUS_IS_SPACE, back, in.len) == in.len);
	MUST(in.len == 0 || memcmp(back, in.ptr, in.len) == 0);
	MUST(query_unescape(in, QUERY_PLUS_STAYS, back, in.len) <= in.len);
	free(back);
	buf_fini(&b);
}

static void
check_query(struct bt_slice query)
{
	struct bt_slice rest = query, name, value;

	while (query_next(&rest, &name, &value)) {
		check_inside(name, query);
		check_inside(value, query);
	}
	MUST(rest.len == 0);
}

static void
check_masked(struct bt_slice in)
{
	char out[64];
	size_t i;

	MUST(url_masked(in, out, sizeof(out)) == out);
	for (i = 0; out[i] != '\0'; i++)
		MUST(out[i] >= ' ' && out[i] < 0x7f);
	MUST(i < sizeof(out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);
	struct url u, again;
	struct buf b;

	check_escape(in);
	check_query(in);
	check_masked(in);
	if (!url_parse(in, &u))
		return 0;
	MUST(u.scheme.len > 0 && u.host.len > 0);
	check_inside(u.user_info, in);
	check_inside(u.host, in);
	check_inside(u.path_query, in);
	MUST(u.path.len + (u.query.len > 0) + u.query.len <= u.path_query.len);
	buf_init(&b, in.len + 2);
	url_begin_query(&b, in);
	MUST(!buf_failed(&b));
	if (b.len <= URL_MAX) {
		MUST(url_parse(buf_slice(&b), &again));
		MUST(slice_eq(u.host, again.host) && slice_eq(u.path, again.path));
		MUST(u.port == again.port);
	}
	buf_fini(&b);
	return 0;
}
