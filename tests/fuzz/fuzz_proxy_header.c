/* SPDX-License-Identifier: ISC */
/* What is a header is one whatever follows, and none of its prefixes is whole or bad. */
#include "fuzz.h"

#include "proto/limits.h"
#include "proto/proxy_header.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr from, again;
	size_t used, none;
	enum step step = proxy_header_parse(slice_of(data, size), &from, &used);

	MUST(step == STEP_DONE || used == 0);
	MUST(used <= size && used <= PROXY_HEADER_MAX);
	MUST(from.family == ADDR_NONE || used > 0);
	if (step == STEP_MORE)
		MUST(size < PROXY_HEADER_MAX);
	if (used == 0)
		return 0;
	for (size_t i = 0; i < used; i++)
		MUST(proxy_header_parse(slice_of(data, i), &again, &none) == STEP_MORE);
	MUST(proxy_header_parse(slice_of(data, used), &again, &used) == STEP_DONE);
	MUST(addr_eq(&from, &again));
	return 0;
}
