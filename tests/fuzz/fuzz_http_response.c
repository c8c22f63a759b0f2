/* SPDX-License-Identifier: ISC */
/* As for requests; and a head of ours made from what was read is read as what it says. */
#include "fuzz.h"

#include "proto/http.h"
#include "proto/limits.h"

static void
check_ours(const struct http_response *theirs)
{
	const struct http_reply reply = {
		.status = theirs->status,
		.content_length = theirs->head.content_length < 0 ? 0 :
		    (uint64_t)theirs->head.content_length,
		.keep_alive = theirs->head.keep_alive,
	};
	struct http_response res;
	struct buf b;
	size_t used;

	buf_init(&b, HTTP_RESPONSE_MAX);
	http_reply_write(&b, &reply);
	MUST(http_response_parse(buf_slice(&b), &res, &used) == STEP_DONE);
	MUST(used == b.len && res.status == reply.status);
	MUST((uint64_t)res.head.content_length == reply.content_length);
	MUST(res.head.keep_alive == reply.keep_alive && !res.head.chunked);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_response res, part;
	struct bt_slice lines, name, value;
	size_t used, part_used, i;

	if (http_response_parse(slice_of(data, size), &res, &used) != STEP_DONE)
		return 0;
	MUST(used <= size && used <= HTTP_RESPONSE_MAX);
	for (i = 0; i < used; i += 1 + i / 8)
		MUST(http_response_parse(slice_of(data, i), &part, &part_used) == STEP_MORE);
	lines = res.head.lines;
	while (http_header_next(&lines, &name, &value))
		MUST(value.len == 0 || value.ptr + value.len <= data + used);
	check_ours(&res);
	return 0;
}
