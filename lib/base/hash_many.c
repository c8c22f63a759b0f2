/* SPDX-License-Identifier: ISC */
/* SHA_CTX, unlike EVP, needs no allocation and lets a digest be laid aside as plain words. */
#define OPENSSL_API_COMPAT 0x10101000L

#include "base/hash_many.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/hash_x86.h"

static unsigned
words_of(enum hash_kind kind)
{
	return kind == HASH_SHA1 ? 5 : 8;
}

/* -- one after the other -- */

static void
sha1_portable(struct hash_stream *s)
{
	uint64_t bits = s->before * 8;
	uint32_t *h[5];
	SHA_CTX c;

	(void)SHA1_Init(&c);
	h[0] = &c.h0, h[1] = &c.h1, h[2] = &c.h2, h[3] = &c.h3, h[4] = &c.h4;
	c.Nl = (uint32_t)bits;
	c.Nh = (uint32_t)(bits >> 32);
	for (unsigned i = 0; s->before > 0 && i < 5; i++)
		*h[i] = get_be32(s->out + 4 * i);
	for (int i = 0; i < s->iov_count; i++)
		(void)SHA1_Update(&c, s->iov[i].iov_base, s->iov[i].iov_len);
	assert(!s->more || c.num == 0);
	for (unsigned i = 0; s->more && i < 5; i++)
		put_be32(s->out + 4 * i, *h[i]);
	if (!s->more)
		(void)SHA1_Final(s->out, &c);
}

static void
sha256_portable(struct hash_stream *s)
{
	uint64_t bits = s->before * 8;
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	c.Nl = (uint32_t)bits;
	c.Nh = (uint32_t)(bits >> 32);
	for (unsigned i = 0; s->before > 0 && i < 8; i++)
		c.h[i] = get_be32(s->out + 4 * i);
	for (int i = 0; i < s->iov_count; i++)
		(void)SHA256_Update(&c, s->iov[i].iov_base, s->iov[i].iov_len);
	assert(!s->more || c.num == 0);
	for (unsigned i = 0; s->more && i < 8; i++)
		put_be32(s->out + 4 * i, c.h[i]);
	if (!s->more)
		(void)SHA256_Final(s->out, &c);
}

void
hash_many_portable(enum hash_kind kind, struct hash_stream *streams, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (kind == HASH_SHA1)
			sha1_portable(&streams[i]);
		else
			sha256_portable(&streams[i]);
	}
}

static void
both_portable(struct bt_slice s, uint8_t sha1[SHA1_LEN], uint8_t sha256[SHA256_LEN])
{
	hash_sha1(s, sha1);
	hash_sha256(s, sha256);
}

#ifdef HASH_X86

#include <cpuid.h>

/* -- side by side -- */

/* A stream under way: where it is in its input. */
struct lane {
	struct hash_run run;
	size_t blocks;		/* whole ones at run.ptr */
	struct hash_stream *stream;
	const struct iovec *iov;	/* the one that is being taken */
	int iov_left;		/* with it */
	size_t used;		/* bytes of it */
	uint64_t len;		/* bytes of the message so far */
	bool padded;
	uint8_t tail[2 * HASH_BLOCK];	/* a block across iovs; the padded end */
};

/* The input ran out with n bytes in the tail: the end of the message after them. */
static void
pad(struct lane *lane, size_t n)
{
	size_t end = n < HASH_BLOCK - 8 ? HASH_BLOCK : 2 * HASH_BLOCK;

	lane->tail[n] = 0x80;
	memset(lane->tail + n + 1, 0, end - 8 - (n + 1));
	put_be64(lane->tail + end - 8, lane->len * 8);
	lane->run.ptr = lane->tail;
	lane->blocks = end / HASH_BLOCK;
	lane->padded = true;
}

/* Finds the next whole blocks; false at the end of the stream. */
static bool
next_blocks(struct lane *lane)
{
	size_t n = 0;		/* in the tail */

	if (lane->padded)
		return false;
	while (lane->iov_left > 0) {
		const uint8_t *ptr = (const uint8_t *)lane->iov->iov_base + lane->used;
		size_t left = lane->iov->iov_len - lane->used;
		size_t part = left < HASH_BLOCK - n ? left : HASH_BLOCK - n;

		if (left == 0) {
			lane->iov++;
			lane->iov_left--;
			lane->used = 0;
			continue;
		}
		if (n == 0 && left >= HASH_BLOCK)
			part = left - left % HASH_BLOCK;
		else
			memcpy(lane->tail + n, ptr, part);
		lane->used += part;
		lane->len += part;
		lane->run.ptr = part < HASH_BLOCK ? lane->tail : ptr;
		lane->blocks = (n + part) / HASH_BLOCK;
		if (lane->blocks > 0)
			return true;
		n += part;
	}
	assert(!lane->stream->more || n == 0);
	if (lane->stream->more)
		return false;
	pad(lane, n);
	return true;
}

static void
begin(struct lane *lane, enum hash_kind kind, struct hash_stream *s)
{
	static const uint32_t first[2][8] = {
		[HASH_SHA1] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },
		[HASH_SHA256] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		    0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
	};

	memcpy(lane->run.h, first[kind], sizeof(lane->run.h));
	for (unsigned i = 0; s->before > 0 && i < words_of(kind); i++)
		lane->run.h[i] = get_be32(s->out + 4 * i);
	lane->stream = s;
	lane->iov = s->iov;
	lane->iov_left = s->iov_count;
	lane->used = 0;
	lane->len = s->before;
	lane->padded = false;
}

static void
end(const struct lane *lane, enum hash_kind kind)
{
	for (unsigned i = 0; i < words_of(kind); i++)
		put_be32(lane->stream->out + 4 * i, lane->run.h[i]);
}

struct queue {
	enum hash_kind kind;
	struct hash_stream *next;
	unsigned left;		/* with it */
};

/* Brings blocks to the lane, from the streams that wait when its own has ended; false: none. */
static bool
refill(struct lane *lane, struct queue *q)
{
	while (lane->stream == NULL || !next_blocks(lane)) {
		if (lane->stream != NULL)
			end(lane, q->kind);
		lane->stream = NULL;
		if (q->left == 0)
			return false;
		q->left--;
		begin(lane, q->kind, q->next++);
	}
	return true;
}

/* Fewer digests than these are faster four by four. */
#define WORTH_WIDE 9u

struct kernels {
	hash_kernel *narrow, *wide;	/* or NULL: the processor cannot */
};

static void
advance(const struct kernels *k, struct hash_run *const runs[], unsigned count, size_t blocks)
{
	if (k->wide != NULL && (k->narrow == NULL || count >= WORTH_WIDE)) {
		k->wide(runs, count, blocks);
		return;
	}
	for (unsigned i = 0; i < count; i += NARROW_LANES) {
		unsigned left = count - i;

		k->narrow(runs + i, left < NARROW_LANES ? left : NARROW_LANES, blocks);
	}
}

static void
hash_side_by_side(const struct kernels *k, struct queue *q)
{
	unsigned most = k->wide != NULL ? WIDE_LANES : NARROW_LANES, count = 0;
	struct lane lanes[WIDE_LANES];
	struct hash_run *runs[WIDE_LANES];
	struct lane *busy[WIDE_LANES];

	for (unsigned i = 0; i < most; i++) {
		lanes[i].stream = NULL;
		busy[count] = &lanes[i];
		runs[count] = &lanes[i].run;
		if (refill(&lanes[i], q))
			count++;
	}
	while (count > 0) {
		size_t blocks = busy[0]->blocks;

		for (unsigned i = 1; i < count; i++)
			blocks = busy[i]->blocks < blocks ? busy[i]->blocks : blocks;
		advance(k, runs, count, blocks);
		for (unsigned i = count; i-- > 0;) {
			busy[i]->blocks -= blocks;
			if (busy[i]->blocks > 0 || refill(busy[i], q))
				continue;
			busy[i] = busy[--count];
			runs[i] = &busy[i]->run;
		}
	}
}

static bool
has_sha(void)
{
	const unsigned ssse3_sse41 = 1u << 9 | 1u << 19;
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & ssse3_sse41) != ssse3_sse41)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29) != 0;
}

enum { ASKED = 1, HAS_SHA = 2, HAS_AVX512 = 4 };

/* In a virtual machine the question costs more than a short message, so it is put once. */
static unsigned
abilities(void)
{
	static unsigned answer;
	unsigned known = __atomic_load_n(&answer, __ATOMIC_RELAXED);

	if (known == 0) {
		known = ASKED | (has_sha() ? HAS_SHA : 0);
		/* This asks the system, too, whether it saves the registers. */
		if (__builtin_cpu_supports("avx512bw"))
			known |= HAS_AVX512;
		__atomic_store_n(&answer, known, __ATOMIC_RELAXED);
	}
	return known;
}

unsigned
hash_many_lanes(void)
{
	unsigned has = abilities();

	return (has & HAS_AVX512) != 0 ? WIDE_LANES : (has & HAS_SHA) != 0 ? NARROW_LANES : 1;
}

void
hash_many(enum hash_kind kind, struct hash_stream *streams, unsigned count)
{
	struct queue q = { kind, streams, count };
	unsigned has = abilities();
	const struct kernels k = {
		(has & HAS_SHA) == 0 ? NULL : kind == HASH_SHA1 ? sha1_x86 : sha256_x86,
		(has & HAS_AVX512) == 0 ? NULL : kind == HASH_SHA1 ? sha1_avx512 : sha256_avx512,
	};

	if (k.narrow != NULL || (k.wide != NULL && count >= WORTH_WIDE))
		hash_side_by_side(&k, &q);
	else
		hash_many_portable(kind, streams, count);
}

/* A block for this one, a block for that: neither waits for the other. */
void
hash_both(struct bt_slice s, uint8_t sha1[SHA1_LEN], uint8_t sha256[SHA256_LEN])
{
	struct iovec iov = { (uint8_t *)s.ptr, s.len };
	struct hash_stream streams[2] = { { .iov = &iov, .iov_count = 1 } };
	struct lane lanes[2];
	struct hash_run *runs[2] = { &lanes[0].run, &lanes[1].run };

	if ((abilities() & HAS_SHA) == 0) {
		both_portable(s, sha1, sha256);
		return;
	}
	streams[1] = streams[0];
	begin(&lanes[0], HASH_SHA1, &streams[0]);
	begin(&lanes[1], HASH_SHA256, &streams[1]);
	while (next_blocks(&lanes[0]) && next_blocks(&lanes[1])) {
		for (size_t i = 0; i < lanes[0].blocks; i++) {
			sha1_x86(&runs[0], 1, 1);
			sha256_x86(&runs[1], 1, 1);
		}
	}
	end(&lanes[0], HASH_SHA1);
	end(&lanes[1], HASH_SHA256);
	memcpy(sha1, streams[0].out, SHA1_LEN);
	memcpy(sha256, streams[1].out, SHA256_LEN);
}

#else

unsigned
hash_many_lanes(void)
{
	return 1;
}

void
hash_many(enum hash_kind kind, struct hash_stream *streams, unsigned count)
{
	hash_many_portable(kind, streams, count);
}

void
hash_both(struct bt_slice s, uint8_t sha1[SHA1_LEN], uint8_t sha256[SHA256_LEN])
{
	both_portable(s, sha1, sha256);
}

#endif
