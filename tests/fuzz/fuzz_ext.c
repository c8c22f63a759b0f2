/* SPDX-License-Identifier: ISC */
/* What was read, written and read again is the same. */
#include "fuzz.h"

#include "proto/ext.h"
#include "proto/limits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ext_handshake h, again;
	struct buf b;

	ext_handshake_init(&h);
	if (ext_handshake_parse(slice_of(data, size), &h) != STEP_DONE)
		return 0;
	MUST(h.v.len <= EXT_CLIENT_MAX);
	MUST(h.metadata_size == -1 || (h.metadata_size > 0 && h.metadata_size <= METADATA_MAX));
	buf_init(&b, MSG_EXTENDED_MAX);
	ext_handshake_write(&b, &h);
	MUST(!buf_failed(&b));
	ext_handshake_init(&again);
	MUST(ext_handshake_parse(buf_slice(&b), &again) == STEP_DONE);
	MUST(memcmp(h.ids, again.ids, sizeof(h.ids)) == 0);
	MUST(slice_eq(h.v, again.v));
	MUST(h.p == again.p && h.reqq == again.reqq && h.metadata_size == again.metadata_size);
	MUST(h.upload_only == again.upload_only);
	MUST(addr_eq(&h.yourip, &again.yourip));
	buf_fini(&b);
	return 0;
}
