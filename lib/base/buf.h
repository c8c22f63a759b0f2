/* SPDX-License-Identifier: ISC */
/*
 * Owned, growing bytes, born with their maximum. Writing is sticky: the first failure (no memory,
 * or over the maximum) is remembered, later writes do nothing, and one asks buf_failed() once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>

#include "base/cdefs.h"
#include "base/slice.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max;	/* len never exceeds it */
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Empty again, failure forgotten, memory kept. */
void buf_clear(struct buf *b);

static inline struct bt_slice
buf_slice(const struct buf *b)
{
	return slice_of(b->ptr, b->len);
}

static inline bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

/* Before the first bytes: room for the n that will come, as far as they may; false: no memory. */
bool buf_expect(struct buf *b, size_t n) MUST_USE;

/* n bytes at the end to be filled by the caller; NULL on failure. */
uint8_t *buf_add_space(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_slice(struct buf *b, struct bt_slice s);

static inline void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));	/* known to the compiler, as a rule */
}

void buf_add_u8(struct buf *b, uint8_t v);
void buf_add_be16(struct buf *b, uint16_t v);
void buf_add_be32(struct buf *b, uint32_t v);
void buf_add_be64(struct buf *b, uint64_t v);
/* As text: what every bencoded value has. */
void buf_add_unsigned(struct buf *b, uint64_t v);
void buf_add_decimal(struct buf *b, int64_t v);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Removes n bytes at the front; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* Adds a NUL behind the end (not counted in len) and gives the text; "" on failure. */
const char *buf_cstr(struct buf *b);

#endif
