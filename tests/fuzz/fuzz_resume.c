/* SPDX-License-Identifier: ISC */
/* What is read of a record lies inside it and fits together; written again it is read the same. */
#include "fuzz.h"

#include <string.h>

#include "base/bits.h"
#include "state/resume.h"

static void
check_inside(struct bt_slice part, struct bt_slice whole)
{
	MUST(part.len == 0 || (part.ptr >= whole.ptr &&
	    part.ptr + part.len <= whole.ptr + whole.len));
}

static void
check_stamps(const struct resume *r)
{
	struct buf again;

	buf_init(&again, SIZE_MAX);
	for (uint32_t i = 0; i < resume_stamp_count(r); i++) {
		const struct resume_stamp stamp = resume_stamp_at(r, i);

		resume_add_stamp(&again, &stamp);
	}
	MUST(!buf_failed(&again) && slice_eq(buf_slice(&again), r->stamps));
	buf_fini(&again);
}

static void
check_same(const struct resume *a, const struct resume *b)
{
	MUST(memcmp(&a->totals, &b->totals, sizeof(a->totals)) == 0);
	MUST(memcmp(a->boot, b->boot, RESUME_BOOT) == 0);
	MUST(slice_eq(a->path, b->path) && slice_eq(a->stamps, b->stamps));
	MUST(a->complete == b->complete && slice_eq(a->have, b->have));
	MUST(a->pieces == b->pieces && a->synced == b->synced);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);
	struct resume r, again;
	struct bt_error err;
	struct buf out;

	if (resume_parse(in, &r, &err) != BT_OK) {
		MUST(err.code == BT_EFORMAT && err.text[0] != '\0');
		return 0;
	}
	check_inside(r.path, in);
	check_inside(r.have, in);
	check_inside(r.stamps, in);
	MUST(r.complete || r.have.len == bits_bytes(r.pieces));
	check_stamps(&r);
	buf_init(&out, SIZE_MAX);
	resume_write(&r, &out);
	MUST(!buf_failed(&out) && resume_parse(buf_slice(&out), &again, &err) == BT_OK);
	check_same(&r, &again);
	buf_fini(&out);
	return 0;
}
