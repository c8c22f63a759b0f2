/* SPDX-License-Identifier: ISC */
/* What parses is written as the same bytes, and its length is one that a framer lets pass. */
#include "fuzz.h"

#include "base/bytes.h"
#include "proto/limits.h"
#include "proto/msg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);
	struct msg m;
	struct buf b;

	if (msg_parse(in, &m) != STEP_DONE) {
		MUST(size > 0);
		return 0;
	}
	MUST(size == 0 || msg_length_ok((uint32_t)size, data[0], 0));
	MUST(m.data.len == 0 || m.data.ptr + m.data.len == data + size);
	buf_init(&b, MSG_LEN_MAX + 4);
	msg_write(&b, &m);
	MUST(!buf_failed(&b));
	MUST(get_be32(b.ptr) == size);
	MUST(slice_eq(slice_skip(buf_slice(&b), 4), in));
	buf_fini(&b);
	return 0;
}
