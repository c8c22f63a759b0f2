/* SPDX-License-Identifier: ISC */
/* Sums and products with a foreign operand: false means that the result does not fit. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cdefs.h"

static inline bool MUST_USE
add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool MUST_USE
mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline bool MUST_USE
add_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool MUST_USE
mul_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline bool
fits_u32(uint64_t v)
{
	return v <= UINT32_MAX;
}

static inline uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* n / d rounded up; d is never 0, and the sum cannot overflow. */
static inline uint64_t
div_up_u64(uint64_t n, uint64_t d)
{
	return n / d + (n % d != 0);
}

#endif
