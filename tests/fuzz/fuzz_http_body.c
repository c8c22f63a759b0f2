/* SPDX-License-Identifier: ISC */
/* The first byte says how it is framed and cut, the rest is a body: however it is cut, the same
 * comes out. */
#include "fuzz.h"

#include "proto/http_body.h"

#define BODY_MAX 4096

static enum step
feed(const struct http_head *head, struct bt_slice in, size_t part, struct buf *out, size_t *left)
{
	struct http_body b;
	enum step step = STEP_MORE;
	struct bt_slice rest = in;

	buf_init(out, BODY_MAX);
	http_body_init(&b, head);
	while (step == STEP_MORE && rest.len > 0) {
		struct bt_slice now = slice_of(rest.ptr, part < rest.len ? part : rest.len);
		size_t before = now.len;

		step = http_body_feed(&b, &now, out);
		MUST(step != STEP_MORE || now.len == 0);
		rest = slice_skip(rest, before - now.len);
	}
	*left = rest.len;
	return step;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, parts;
	struct http_head head = { 0 };
	struct bt_slice in;
	size_t left, left2;
	enum step step;

	if (size < 2)
		return 0;
	in = slice_of(data + 1, size - 1);
	head.chunked = data[0] & 1;
	head.content_length = head.chunked ? -1 : 1 + (data[0] >> 1);
	step = feed(&head, in, SIZE_MAX, &whole, &left);
	MUST(step == feed(&head, in, 1 + (data[0] >> 4), &parts, &left2));
	MUST(buf_failed(&whole) == buf_failed(&parts));
	if (!buf_failed(&whole)) {
		MUST(left == left2);
		MUST(slice_eq(buf_slice(&whole), buf_slice(&parts)));
		MUST(whole.len <= in.len - left);
	}
	if (step == STEP_DONE && !head.chunked)
		MUST(whole.len == (size_t)head.content_length);
	buf_fini(&whole);
	buf_fini(&parts);
	return 0;
}
