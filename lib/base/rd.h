/* SPDX-License-Identifier: ISC */
/*
 * Sticky reader of a slice: a read past the end yields 0 and marks the reader bad, so that ten
 * fields are read in ten plain lines and asked about once.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/slice.h"

struct rd {
	struct bt_slice rest;
	bool bad;
};

static inline struct rd
rd_of(struct bt_slice s)
{
	return (struct rd){ s, false };
}

static inline struct bt_slice
rd_take(struct rd *r, size_t n)
{
	struct bt_slice s = SLICE_NONE;

	if (r->bad || n > r->rest.len) {
		r->bad = true;
		return s;
	}
	s = slice_of(r->rest.ptr, n);
	r->rest = slice_skip(r->rest, n);
	return s;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	struct bt_slice s = rd_take(r, 1);

	return r->bad ? 0 : s.ptr[0];
}

static inline uint16_t
rd_be16(struct rd *r)
{
	struct bt_slice s = rd_take(r, 2);

	return r->bad ? 0 : get_be16(s.ptr);
}

static inline uint32_t
rd_be32(struct rd *r)
{
	struct bt_slice s = rd_take(r, 4);

	return r->bad ? 0 : get_be32(s.ptr);
}

static inline uint64_t
rd_be64(struct rd *r)
{
	struct bt_slice s = rd_take(r, 8);

	return r->bad ? 0 : get_be64(s.ptr);
}

static inline void
rd_copy(struct rd *r, void *out, size_t n)
{
	struct bt_slice s = rd_take(r, n);

	if (!r->bad && n > 0)
		memcpy(out, s.ptr, n);
}

/* Everything was read and nothing was missing. */
static inline bool
rd_done(const struct rd *r)
{
	return !r->bad && r->rest.len == 0;
}

#endif
