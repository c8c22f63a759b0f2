/* SPDX-License-Identifier: ISC */
/* However the bytes are cut, and whatever content is expected, the same comes out of them. The
 * first two bytes say how many pieces there are and how much is expected. */
#include "fuzz.h"

#include "frame_transcript.h"

static void
compare(struct bt_slice in, const struct buf *want, uint32_t pieces, unsigned expect, size_t most)
{
	uint64_t chance = in.len;
	struct buf got;

	buf_init(&got, TRANSCRIPT_MAX);
	transcript_of_frame(&got, in, pieces, expect, most, &chance);
	MUST(slice_eq(buf_slice(&got), buf_slice(want)));
	buf_fini(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in;
	struct buf want;
	uint32_t pieces;
	unsigned expect;

	if (size < 2)
		return 0;
	pieces = data[0] * 8u;
	expect = data[1] % 20;
	in = slice_of(data + 2, size - 2);
	buf_init(&want, TRANSCRIPT_MAX);
	transcript_of_bytes(&want, in, pieces);
	MUST(!buf_failed(&want));
	compare(in, &want, pieces, expect, 0);
	compare(in, &want, pieces, expect, 1);
	compare(in, &want, pieces, expect, 40);
	compare(in, &want, pieces, 0, 0);
	buf_fini(&want);
	return 0;
}
