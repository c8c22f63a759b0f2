/* SPDX-License-Identifier: ISC */
#include "base/hash_x86.h"

#ifdef HASH_X86

#include <immintrin.h>

#define TARGET __attribute__((target("sha,ssse3,sse4.1")))

const uint32_t sha256_k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Four rounds, the i-th of sixteen such: w[l] holds the last sixteen words of the schedule. */
#define ROUNDS(i) \
	EACH_LANE( \
		__m128i sum; \
		if ((i) < 4) \
			w[l][(i) & 3] = _mm_shuffle_epi8(_mm_loadu_si128( \
			    (const __m128i *)(const void *)(ptr[l] + 16 * (i))), big_endian); \
		else \
			w[l][(i) & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32( \
			    w[l][(i) & 3], w[l][((i) + 1) & 3]), _mm_alignr_epi8( \
			    w[l][((i) + 3) & 3], w[l][((i) + 2) & 3], 4)), w[l][((i) + 3) & 3]); \
		sum = _mm_add_epi32(w[l][(i) & 3], _mm_load_si128( \
		    (const __m128i *)(const void *)&sha256_k[4 * (i)])); \
		cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], sum); \
		abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], _mm_shuffle_epi32(sum, 0x0e)); \
		IN_TURN(abef[l]))

TARGET static inline __attribute__((always_inline)) void
take_blocks(struct hash_run *const runs[], const unsigned lanes, size_t blocks)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abef[NARROW_LANES], cdgh[NARROW_LANES], w[NARROW_LANES][4];
	const uint8_t *ptr[NARROW_LANES];

	EACH_LANE(
		__m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((void *)&runs[l]->h[0]), 0xb1);
		__m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((void *)&runs[l]->h[4]), 0x1b);
		abef[l] = _mm_alignr_epi8(cdab, efgh, 8);
		cdgh[l] = _mm_blend_epi16(efgh, cdab, 0xf0);
		ptr[l] = runs[l]->ptr);
	for (; blocks > 0; blocks--) {
		__m128i abef_then[NARROW_LANES], cdgh_then[NARROW_LANES];

		EACH_LANE(abef_then[l] = abef[l]; cdgh_then[l] = cdgh[l]);
		ROUNDS(0); ROUNDS(1); ROUNDS(2); ROUNDS(3);
		ROUNDS(4); ROUNDS(5); ROUNDS(6); ROUNDS(7);
		ROUNDS(8); ROUNDS(9); ROUNDS(10); ROUNDS(11);
		ROUNDS(12); ROUNDS(13); ROUNDS(14); ROUNDS(15);
		EACH_LANE(
			abef[l] = _mm_add_epi32(abef[l], abef_then[l]);
			cdgh[l] = _mm_add_epi32(cdgh[l], cdgh_then[l]);
			ptr[l] += HASH_BLOCK);
	}
	EACH_LANE(
		__m128i feba = _mm_shuffle_epi32(abef[l], 0x1b);
		__m128i dchg = _mm_shuffle_epi32(cdgh[l], 0xb1);
		_mm_storeu_si128((void *)&runs[l]->h[0], _mm_blend_epi16(feba, dchg, 0xf0));
		_mm_storeu_si128((void *)&runs[l]->h[4], _mm_alignr_epi8(dchg, feba, 8));
		runs[l]->ptr = ptr[l]);
}

KERNEL_OF_LANES(sha256_x86);

#endif
