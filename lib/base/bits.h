/* SPDX-License-Identifier: ISC */
/* A bitfield in wire order (bit 0 is the highest bit of byte 0, BEP 3) that knows its count. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/cdefs.h"
#include "base/slice.h"

struct bits {
	uint8_t *bytes;
	uint32_t len;		/* bits */
	uint32_t count;		/* how many are set */
};

bool bits_init(struct bits *b, uint32_t len) MUST_USE;
void bits_fini(struct bits *b);

static inline size_t
bits_bytes(uint32_t len)
{
	return ((size_t)len + 7) / 8;
}

static inline bool
bits_has(const struct bits *b, uint32_t i)
{
	return (b->bytes[i / 8] >> (7 - i % 8)) & 1;
}

/* Bits in words of 64, so that sets can be joined and walked without looking at each bit: bit 0
 * of a word's part is its highest. */
static inline uint32_t
bits_words(const struct bits *b)
{
	return b->len / 64 + (b->len % 64 != 0);
}

static inline uint64_t
bits_word(const struct bits *b, uint32_t word)
{
	size_t at = (size_t)word * 8, left = bits_bytes(b->len) - at;
	uint8_t last[8] = { 0 };

	if (left >= 8)
		return get_be64(b->bytes + at);
	memcpy(last, b->bytes + at, left);
	return get_be64(last);
}

/* Takes the first bit out of a word that is not 0: its index in it. */
static inline uint32_t
bits_take(uint64_t *word)
{
	uint32_t i = (uint32_t)__builtin_clzll(*word);

	*word &= ~(UINT64_C(1) << (63 - i));
	return i;
}

static inline bool
bits_full(const struct bits *b)
{
	return b->count == b->len;
}

static inline struct bt_slice
bits_slice(const struct bits *b)
{
	return slice_of(b->bytes, bits_bytes(b->len));
}

/* True if the bit changed. */
bool bits_set(struct bits *b, uint32_t i);
bool bits_clear(struct bits *b, uint32_t i);

void bits_set_all(struct bits *b);
void bits_clear_all(struct bits *b);

/* Takes the bits of a wire bitfield; false if it has not just the right length.
 * Spare bits are masked. */
bool bits_load(struct bits *b, struct bt_slice wire);

#endif
