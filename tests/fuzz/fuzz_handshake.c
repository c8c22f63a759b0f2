/* SPDX-License-Identifier: ISC */
/* What parses is written as the same 68 bytes; the head is seen no later than the whole. */
#include "fuzz.h"

#include "proto/handshake.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);
	struct handshake head = { .reserved = { 0 } }, whole = { .reserved = { 0 } };
	enum step head_step = handshake_parse_head(in, &head);
	enum step step = handshake_parse(in, &whole);
	uint8_t out[HANDSHAKE_LEN];

	MUST((head_step == STEP_BAD) == (step == STEP_BAD));
	MUST(head_step != STEP_DONE || size >= HANDSHAKE_HEAD_LEN);
	if (step == STEP_DONE) {
		MUST(head_step == STEP_DONE);
		MUST(memcmp(head.info_hash, whole.info_hash, 20) == 0);
		handshake_write(out, &whole);
		MUST(memcmp(out, data, sizeof(out)) == 0);
	}
	return 0;
}
