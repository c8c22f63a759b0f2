/* SPDX-License-Identifier: ISC */
#include "base/hash_x86.h"

#ifdef HASH_X86

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))
#define INLINE TARGET static inline __attribute__((always_inline))

/* Truth tables of vpternlog. */
enum { CHOICE = 0xca, MAJORITY = 0xe8, PARITY = 0x96 };

/* The words of all lanes that have one place in a block, or in the chaining value. */
typedef __m512i words;

#define ADD(a, b) _mm512_add_epi32((a), (b))
#define ROL(a, n) _mm512_rol_epi32((a), (n))
#define ROR(a, n) _mm512_ror_epi32((a), (n))
#define PICK(a, b, c, table) _mm512_ternarylogic_epi32((a), (b), (c), (table))

/* The sum so far stands before the next summand, which takes longer. Compilers would choose. */
#define SO_FAR(sum) __asm__ ("" : "+v"(sum))

/* Rows to columns: m[i] holds the 16 words of lane i before, word i of the 16 lanes afterwards. */
INLINE void
transpose(words m[WIDE_LANES])
{
	words t[WIDE_LANES];

	_Pragma("GCC unroll 16")
	for (unsigned i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(m[i], m[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(m[i], m[i + 1]);
	}
	_Pragma("GCC unroll 16")
	for (unsigned i = 0; i < 16; i += 4) {
		m[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		m[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		m[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		m[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	_Pragma("GCC unroll 16")
	for (unsigned i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_i32x4(m[i], m[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_i32x4(m[i], m[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_i32x4(m[i + 8], m[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_i32x4(m[i + 8], m[i + 12], 0xdd);
	}
	_Pragma("GCC unroll 16")
	for (unsigned i = 0; i < 8; i++) {
		m[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		m[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
	}
}

INLINE void
load_blocks(words w[WIDE_LANES], const uint8_t *ptr[WIDE_LANES])
{
	const words big_endian = _mm512_broadcast_i32x4(
	    _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));

	_Pragma("GCC unroll 16")
	for (unsigned l = 0; l < WIDE_LANES; l++) {
		w[l] = _mm512_shuffle_epi8(_mm512_loadu_si512(ptr[l]), big_endian);
		ptr[l] += HASH_BLOCK;
	}
	transpose(w);
}

/* The chaining values, eight words a lane as they lie in struct hash_run. Lanes without a run do
 * again what the first does. */
INLINE void
load_state(words h[8], const uint8_t *ptr[WIDE_LANES], struct hash_run *const runs[],
    unsigned count)
{
	words m[WIDE_LANES];

	_Pragma("GCC unroll 16")
	for (unsigned l = 0; l < WIDE_LANES; l++) {
		const struct hash_run *r = runs[l < count ? l : 0];

		m[l] = _mm512_zextsi256_si512(_mm256_loadu_si256((const void *)r->h));
		ptr[l] = r->ptr;
	}
	transpose(m);
	memcpy(h, m, 8 * sizeof(m[0]));
}

INLINE void
store_state(const words h[8], const uint8_t *const ptr[WIDE_LANES], struct hash_run *const runs[],
    unsigned count)
{
	words m[WIDE_LANES] = { h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7] };

	transpose(m);
	_Pragma("GCC unroll 16")
	for (unsigned l = 0; l < count; l++) {
		_mm256_storeu_si256((void *)runs[l]->h, _mm512_castsi512_si256(m[l]));
		runs[l]->ptr = ptr[l];
	}
}

/* Word i of the schedule, i >= 16, takes the place of the one sixteen before it. */
#define SHA1_WORD(i) \
	(w[(i) & 15] = ROL(_mm512_xor_si512(w[(i) & 15], PICK(w[((i) + 13) & 15], \
	    w[((i) + 8) & 15], w[((i) + 2) & 15], PARITY)), 1))

#define SHA1_ROUND(a, b, c, d, e, i, table, k) \
	do { \
		if ((i) >= 16) \
			SHA1_WORD(i); \
		e = ADD(ADD(e, ADD(w[(i) & 15], _mm512_set1_epi32((int)(k)))), \
		    PICK(b, c, d, table)); \
		SO_FAR(e); \
		e = ADD(e, ROL(a, 5)); \
		b = ROL(b, 30); \
	} while (0)

#define SHA1_FIVE(i, table, k) \
	SHA1_ROUND(a, b, c, d, e, (i), table, k); \
	SHA1_ROUND(e, a, b, c, d, (i) + 1, table, k); \
	SHA1_ROUND(d, e, a, b, c, (i) + 2, table, k); \
	SHA1_ROUND(c, d, e, a, b, (i) + 3, table, k); \
	SHA1_ROUND(b, c, d, e, a, (i) + 4, table, k)

#define SHA1_TWENTY(i, table, k) \
	SHA1_FIVE((i), table, k); \
	SHA1_FIVE((i) + 5, table, k); \
	SHA1_FIVE((i) + 10, table, k); \
	SHA1_FIVE((i) + 15, table, k)

TARGET void
sha1_avx512(struct hash_run *const runs[], unsigned count, size_t blocks)
{
	const uint8_t *ptr[WIDE_LANES];
	words h[8], w[WIDE_LANES];

	load_state(h, ptr, runs, count);
	for (; blocks > 0; blocks--) {
		words a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

		load_blocks(w, ptr);
		SHA1_TWENTY(0, CHOICE, 0x5a827999);
		SHA1_TWENTY(20, PARITY, 0x6ed9eba1);
		SHA1_TWENTY(40, MAJORITY, 0x8f1bbcdc);
		SHA1_TWENTY(60, PARITY, 0xca62c1d6);
		h[0] = ADD(h[0], a), h[1] = ADD(h[1], b), h[2] = ADD(h[2], c);
		h[3] = ADD(h[3], d), h[4] = ADD(h[4], e);
	}
	store_state(h, ptr, runs, count);
}

#define SHA256_WORD(i) \
	(w[(i) & 15] = ADD( \
	    ADD(w[(i) & 15], w[((i) + 9) & 15]), \
	    ADD(PICK(ROR(w[((i) + 1) & 15], 7), ROR(w[((i) + 1) & 15], 18), \
	    _mm512_srli_epi32(w[((i) + 1) & 15], 3), PARITY), \
	    PICK(ROR(w[((i) + 14) & 15], 17), ROR(w[((i) + 14) & 15], 19), \
	    _mm512_srli_epi32(w[((i) + 14) & 15], 10), PARITY))))

#define SHA256_ROUND(a, b, c, d, e, f, g, h, i) \
	do { \
		words t; \
		if ((i) >= 16) \
			SHA256_WORD(i); \
		t = ADD(h, ADD(w[(i) & 15], _mm512_set1_epi32((int)sha256_k[i]))); \
		SO_FAR(t); \
		t = ADD(t, PICK(e, f, g, CHOICE)); \
		SO_FAR(t); \
		t = ADD(t, PICK(ROR(e, 6), ROR(e, 11), ROR(e, 25), PARITY)); \
		SO_FAR(t); \
		d = ADD(d, t); \
		h = ADD(t, ADD(PICK(ROR(a, 2), ROR(a, 13), ROR(a, 22), PARITY), \
		    PICK(a, b, c, MAJORITY))); \
	} while (0)

#define SHA256_EIGHT(i) \
	SHA256_ROUND(a, b, c, d, e, f, g, h, (i)); \
	SHA256_ROUND(h, a, b, c, d, e, f, g, (i) + 1); \
	SHA256_ROUND(g, h, a, b, c, d, e, f, (i) + 2); \
	SHA256_ROUND(f, g, h, a, b, c, d, e, (i) + 3); \
	SHA256_ROUND(e, f, g, h, a, b, c, d, (i) + 4); \
	SHA256_ROUND(d, e, f, g, h, a, b, c, (i) + 5); \
	SHA256_ROUND(c, d, e, f, g, h, a, b, (i) + 6); \
	SHA256_ROUND(b, c, d, e, f, g, h, a, (i) + 7)

TARGET void
sha256_avx512(struct hash_run *const runs[], unsigned count, size_t blocks)
{
	const uint8_t *ptr[WIDE_LANES];
	words s[8], w[WIDE_LANES];

	load_state(s, ptr, runs, count);
	for (; blocks > 0; blocks--) {
		words a = s[0], b = s[1], c = s[2], d = s[3];
		words e = s[4], f = s[5], g = s[6], h = s[7];

		load_blocks(w, ptr);
		SHA256_EIGHT(0); SHA256_EIGHT(8); SHA256_EIGHT(16); SHA256_EIGHT(24);
		SHA256_EIGHT(32); SHA256_EIGHT(40); SHA256_EIGHT(48); SHA256_EIGHT(56);
		s[0] = ADD(s[0], a), s[1] = ADD(s[1], b), s[2] = ADD(s[2], c), s[3] = ADD(s[3], d);
		s[4] = ADD(s[4], e), s[5] = ADD(s[5], f), s[6] = ADD(s[6], g), s[7] = ADD(s[7], h);
	}
	store_state(s, ptr, runs, count);
}

#endif
