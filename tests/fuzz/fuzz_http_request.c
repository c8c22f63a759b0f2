/* SPDX-License-Identifier: ISC */
/* A good head is good whatever follows, and none of its prefixes is whole or bad. */
#include "fuzz.h"

#include "proto/http.h"
#include "proto/limits.h"

static void
check_prefix(const uint8_t *data, size_t size)
{
	struct http_request req;
	unsigned status;
	size_t used;

	MUST(http_request_parse(slice_of(data, size), &req, &used, &status) == STEP_MORE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request req, again;
	struct bt_slice lines, name, value, found;
	unsigned status;
	size_t used, i;
	enum step step = http_request_parse(slice_of(data, size), &req, &used, &status);

	MUST((step == STEP_BAD) == (status != 0));
	if (step == STEP_MORE)
		MUST(size < HTTP_REQUEST_MAX);
	if (step != STEP_DONE)
		return 0;
	MUST(used <= size && used <= HTTP_REQUEST_MAX);
	for (i = 1; i < used; i += 1 + i / 8)
		check_prefix(data, i);
	check_prefix(data, used - 1);
	MUST(http_request_parse(slice_of(data, used), &again, &used, &status) == STEP_DONE);
	MUST(slice_eq(req.path, again.path) && slice_eq(req.query, again.query));
	MUST(req.head.keep_alive == again.head.keep_alive);
	MUST(!(req.head.chunked && req.head.content_length >= 0));
	lines = req.head.lines;
	while (http_header_next(&lines, &name, &value)) {
		MUST(name.len > 0);
		MUST(value.len == 0 || value.ptr + value.len <= data + used);
	}
	(void)http_header_find(req.head.lines, "host", &found);
	return 0;
}
