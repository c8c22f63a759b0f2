/* SPDX-License-Identifier: ISC */
/* What one does with borrowed bytes. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <btcore/slice.h>

#include <stdbool.h>
#include <string.h>

#define SLICE_NONE ((struct bt_slice){ NULL, 0 })

static inline struct bt_slice
slice_of(const void *ptr, size_t len)
{
	return (struct bt_slice){ ptr, len };
}

static inline struct bt_slice
slice_str(const char *s)
{
	return slice_of(s, strlen(s));
}

static inline bool
slice_eq(struct bt_slice a, struct bt_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
slice_eq_str(struct bt_slice a, const char *s)
{
	size_t n = strlen(s);

	return a.len == n && (n == 0 || memcmp(a.ptr, s, n) == 0);
}

/* Byte order, the shorter first: the order of bencode keys. */
int slice_cmp(struct bt_slice a, struct bt_slice b);

static inline bool
slice_starts(struct bt_slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

/* Equal without regard to ASCII case (HTTP header names). */
bool slice_eq_nocase(struct bt_slice a, const char *s);

/* Index of the first c, or s.len. */
size_t slice_index(struct bt_slice s, uint8_t c);

/* s without its first n bytes; n <= s.len. */
struct bt_slice slice_skip(struct bt_slice s, size_t n);

/* Takes what stands before the first c, and c, off the front; all if there is no c. */
struct bt_slice slice_take_until(struct bt_slice *s, uint8_t c);

/* Without blanks and tabs at both ends. */
struct bt_slice slice_trim(struct bt_slice s);

/* Whole s as a decimal number: no sign, no blanks, fits. */
bool slice_u64(struct bt_slice s, uint64_t *out);

/* A NUL-terminated copy on the heap; NULL if there is no memory. Caller frees with mem_free. */
char *slice_dup(struct bt_slice s);

#endif
