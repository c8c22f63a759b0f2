/* SPDX-License-Identifier: ISC */
/*
 * The inner loops of hash_many on x86 processors, for hash_many.c alone. An instruction of the SHA
 * extensions waits for the one before it in the same digest; several digests side by side fill the
 * waiting. AVX-512 has room for sixteen digests, a word of each in one register.
 */
#ifndef BASE_HASH_X86_H
#define BASE_HASH_X86_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define HASH_X86 1
#endif

#define HASH_BLOCK 64u

/* Whole blocks of one digest that lie together. */
struct hash_run {
	uint32_t h[8];		/* the chaining value; SHA-1 has five words */
	const uint8_t *ptr;
};

#define NARROW_LANES 4u
#define WIDE_LANES 16u

/* Takes this many blocks of each of the runs, at least one, and moves their ptr on. Up to
 * NARROW_LANES of them, or up to WIDE_LANES; the latter costs the same however few they are. */
typedef void hash_kernel(struct hash_run *const runs[], unsigned count, size_t blocks);

hash_kernel sha1_x86, sha256_x86, sha1_avx512, sha256_avx512;

extern const uint32_t sha256_k[64];	/* aligned to 16 */

/* Inlined into one function a number of lanes: `lanes` is a constant there, arrays indexed by l
 * become registers, and the statement of one lane stands beside that of the next. */
#define EACH_LANE(...) \
	do { \
		{ const unsigned l = 0; __VA_ARGS__; } \
		if (lanes > 1) { const unsigned l = 1; __VA_ARGS__; } \
		if (lanes > 2) { const unsigned l = 2; __VA_ARGS__; } \
		if (lanes > 3) { const unsigned l = 3; __VA_ARGS__; } \
	} while (0)

/* The kernel `name`, from an inlined take_blocks(runs, lanes, blocks). */
#define KERNEL_OF_LANES(name) \
	TARGET static void \
	take_one(struct hash_run *const runs[], size_t blocks) \
	{ \
		take_blocks(runs, 1, blocks); \
	} \
	TARGET static void \
	take_two(struct hash_run *const runs[], size_t blocks) \
	{ \
		take_blocks(runs, 2, blocks); \
	} \
	TARGET static void \
	take_three(struct hash_run *const runs[], size_t blocks) \
	{ \
		take_blocks(runs, 3, blocks); \
	} \
	TARGET static void \
	take_four(struct hash_run *const runs[], size_t blocks) \
	{ \
		take_blocks(runs, 4, blocks); \
	} \
	void \
	name(struct hash_run *const runs[], unsigned count, size_t blocks) \
	{ \
		static void (*const take[])(struct hash_run *const runs[], size_t blocks) = { \
			take_one, take_two, take_three, take_four, \
		}; \
		\
		take[count - 1](runs, blocks); \
	} \
	struct hash_run	/* takes the semicolon */

/* Keeps the steps of the lanes in the order in which they are written. Compilers would otherwise
 * move them about for want of registers, to no good. */
#define IN_TURN(vector) __asm__ volatile("" : "+x"(vector))

#endif
