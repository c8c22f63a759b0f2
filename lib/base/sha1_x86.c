/* SPDX-License-Identifier: ISC */
#include "base/hash_x86.h"

#ifdef HASH_X86

#include <immintrin.h>

#define TARGET __attribute__((target("sha,ssse3,sse4.1")))

/* Four rounds, the i-th of twenty such: w[l] holds the last sixteen words of the schedule. */
#define ROUNDS(i) \
	EACH_LANE( \
		__m128i e; \
		if ((i) < 4) \
			w[l][(i) & 3] = _mm_shuffle_epi8(_mm_loadu_si128( \
			    (const __m128i *)(const void *)(ptr[l] + 16 * (i))), big_endian); \
		else \
			w[l][(i) & 3] = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32( \
			    w[l][(i) & 3], w[l][((i) + 1) & 3]), w[l][((i) + 2) & 3]), \
			    w[l][((i) + 3) & 3]); \
		e = (i) == 0 ? _mm_add_epi32(e0[l], w[l][0]) : \
		    _mm_sha1nexte_epu32(before[l], w[l][(i) & 3]); \
		before[l] = abcd[l]; \
		abcd[l] = _mm_sha1rnds4_epu32(abcd[l], e, (i) / 5); \
		IN_TURN(abcd[l]))

TARGET static inline __attribute__((always_inline)) void
take_blocks(struct hash_run *const runs[], const unsigned lanes, size_t blocks)
{
	const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
	__m128i abcd[NARROW_LANES], e0[NARROW_LANES], before[NARROW_LANES], w[NARROW_LANES][4];
	const uint8_t *ptr[NARROW_LANES];

	EACH_LANE(
		abcd[l] = _mm_shuffle_epi32(_mm_loadu_si128((void *)runs[l]->h), 0x1b);
		e0[l] = _mm_set_epi32((int)runs[l]->h[4], 0, 0, 0);
		ptr[l] = runs[l]->ptr);
	for (; blocks > 0; blocks--) {
		__m128i abcd_then[NARROW_LANES];

		EACH_LANE(abcd_then[l] = abcd[l]);
		ROUNDS(0); ROUNDS(1); ROUNDS(2); ROUNDS(3); ROUNDS(4);
		ROUNDS(5); ROUNDS(6); ROUNDS(7); ROUNDS(8); ROUNDS(9);
		ROUNDS(10); ROUNDS(11); ROUNDS(12); ROUNDS(13); ROUNDS(14);
		ROUNDS(15); ROUNDS(16); ROUNDS(17); ROUNDS(18); ROUNDS(19);
		EACH_LANE(
			e0[l] = _mm_sha1nexte_epu32(before[l], e0[l]);
			abcd[l] = _mm_add_epi32(abcd[l], abcd_then[l]);
			ptr[l] += HASH_BLOCK);
	}
	EACH_LANE(
		_mm_storeu_si128((void *)runs[l]->h, _mm_shuffle_epi32(abcd[l], 0x1b));
		runs[l]->h[4] = (uint32_t)_mm_extract_epi32(e0[l], 3);
		runs[l]->ptr = ptr[l]);
}

KERNEL_OF_LANES(sha1_x86);

#endif
