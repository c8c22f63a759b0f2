/* SPDX-License-Identifier: ISC */
#include "meta/merkle.h"

#include <assert.h>
#include <pthread.h>

#include "base/hash_many.h"

static void
join(const uint8_t left[SHA256_LEN], const uint8_t right[SHA256_LEN], uint8_t out[SHA256_LEN])
{
	uint8_t both[2 * SHA256_LEN];
	struct iovec iov = { both, sizeof(both) };
	/* For so few bytes OpenSSL's preparations would be most of the work. */
	struct hash_stream s = { .iov = &iov, .iov_count = 1 };

	memcpy(both, left, SHA256_LEN);
	memcpy(both + SHA256_LEN, right, SHA256_LEN);
	hash_many(HASH_SHA256, &s, 1);
	memcpy(out, s.out, SHA256_LEN);
}

static uint8_t pads[MERKLE_LEVELS][SHA256_LEN];

static void
make_pads(void)
{
	for (unsigned i = 1; i < MERKLE_LEVELS; i++)
		join(pads[i - 1], pads[i - 1], pads[i]);
}

/* Made once: a torrent of many files asks for them for each. */
static const uint8_t *
pad_at(unsigned height)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	assert(height < MERKLE_LEVELS);
	(void)pthread_once(&once, make_pads);
	return pads[height];
}

void
merkle_init(struct merkle *m, unsigned height)
{
	m->height = height;
	m->count = 0;
}

void
merkle_add(struct merkle *m, const uint8_t hash[SHA256_LEN])
{
	uint8_t up[SHA256_LEN];
	unsigned level = 0;

	memcpy(up, hash, SHA256_LEN);
	for (; m->count >> level & 1; level++)
		join(m->node[level], up, up);
	assert(level < MERKLE_LEVELS);
	memcpy(m->node[level], up, SHA256_LEN);
	m->count++;
}

/* Fills the right side with padding up to `levels` above the given layer. */
static void
fill_to(struct merkle *m, unsigned levels, uint8_t out[SHA256_LEN])
{
	uint8_t up[SHA256_LEN];
	bool open = false;	/* up holds a node of this level */

	assert(m->count > 0);
	for (unsigned level = 0; level < levels; level++) {
		bool waiting = m->count >> level & 1;
		const uint8_t *pad = pad_at(m->height + level);

		if (open)
			join(waiting ? m->node[level] : up, waiting ? up : pad, up);
		else if (waiting)
			join(m->node[level], pad, up);
		open = open || waiting;
	}
	memcpy(out, open ? up : m->node[levels], SHA256_LEN);
}

void
merkle_root(struct merkle *m, uint8_t out[SHA256_LEN])
{
	unsigned levels = 0;

	while ((uint64_t)1 << levels < m->count)
		levels++;
	fill_to(m, levels, out);
}

void
merkle_root_at(struct merkle *m, unsigned height, uint8_t out[SHA256_LEN])
{
	assert(height >= m->height && m->count <= (uint64_t)1 << (height - m->height));
	fill_to(m, height - m->height, out);
}

void
merkle_pad(unsigned height, uint8_t out[SHA256_LEN])
{
	memcpy(out, pad_at(height), SHA256_LEN);
}

void
merkle_prove(const uint8_t node[SHA256_LEN], uint64_t index, const uint8_t *uncles,
    size_t uncle_count, uint8_t out[SHA256_LEN])
{
	memcpy(out, node, SHA256_LEN);
	for (size_t i = 0; i < uncle_count; i++, index >>= 1) {
		const uint8_t *uncle = uncles + i * SHA256_LEN;

		join(index & 1 ? uncle : out, index & 1 ? out : uncle, out);
	}
}

unsigned
merkle_piece_height(uint32_t piece_length)
{
	assert(piece_length >= MERKLE_BLOCK);
	return (unsigned)__builtin_ctz(piece_length / MERKLE_BLOCK);
}
