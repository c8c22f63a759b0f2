/* SPDX-License-Identifier: ISC */
#include "meta/pieces.h"

#include "base/num.h"

#define LEAVES_AT_ONCE 32u	/* what PIECES_BUFFER holds */

/* Pieces that advance together, each with its part of the buffer. */
struct group {
	const struct pieces_source *from;
	size_t chunk;		/* bytes of a part */
	unsigned count;		/* pieces that have not ended */
	struct piece_sum *piece[PIECES_AT_ONCE];
	struct hash_stream stream[PIECES_AT_ONCE];
	struct iovec iov[PIECES_AT_ONCE];
	struct merkle tree[PIECES_AT_ONCE];	/* of a piece's blocks, if roots are wanted */
};

/* The next chunk of the i-th piece; false if it cannot be read. */
static bool
read_chunk(struct group *g, unsigned i)
{
	struct piece_sum *p = g->piece[i];
	struct hash_stream *s = &g->stream[i];
	size_t len = (size_t)min_u64(g->chunk, p->len - s->before);
	uint8_t *to = g->from->buffer + i * g->chunk;

	if (!g->from->read(g->from->arg, p->offset + s->before, to, len))
		return false;
	g->iov[i] = (struct iovec){ to, len };
	s->iov = &g->iov[i];
	s->iov_count = 1;
	s->more = s->before + len < p->len;
	return true;
}

/* The last takes the place of the i-th. It has no bytes in its own part of the buffer then: either
 * it waits for its turn to read, or what it read is hashed. */
static void
drop(struct group *g, unsigned i)
{
	g->count--;
	g->piece[i] = g->piece[g->count];
	g->stream[i] = g->stream[g->count];
	if (g->from->kind != PIECES_V1)
		g->tree[i] = g->tree[g->count];
}

/* Blocks that are hashed together, and the trees that want them. */
struct leaves {
	unsigned count;
	struct hash_stream stream[LEAVES_AT_ONCE];
	struct iovec iov[LEAVES_AT_ONCE];
	struct merkle *tree[LEAVES_AT_ONCE];
};

static void
flush_leaves(struct leaves *l)
{
	hash_many(HASH_SHA256, l->stream, l->count);
	for (unsigned i = 0; i < l->count; i++)
		merkle_add(l->tree[i], l->stream[i].out);
	l->count = 0;
}

/* The blocks of the chunks. The last block of a file is as short as it is; what pads the piece
 * behind it has no leaves (BEP 52). */
static void
grow_trees(struct group *g)
{
	struct leaves l;

	l.count = 0;
	for (unsigned i = 0; i < g->count; i++) {
		const struct hash_stream *s = &g->stream[i];
		uint64_t left = g->piece[i]->file_len - min_u64(g->piece[i]->file_len, s->before);
		size_t len = (size_t)min_u64(s->iov->iov_len, left);

		for (size_t at = 0; at < len; at += MERKLE_BLOCK) {
			if (l.count == LEAVES_AT_ONCE)
				flush_leaves(&l);
			l.iov[l.count] = (struct iovec){ (uint8_t *)s->iov->iov_base + at,
				(size_t)min_u64(MERKLE_BLOCK, len - at) };
			l.stream[l.count] = (struct hash_stream){
				.iov = &l.iov[l.count], .iov_count = 1 };
			l.tree[l.count++] = &g->tree[i];
		}
	}
	flush_leaves(&l);
}

static void
finish_tree(struct merkle *tree, struct piece_sum *p)
{
	if (p->height == 0)
		merkle_root(tree, p->root);
	else
		merkle_root_at(tree, p->height, p->root);
}

static void
end_chunk(struct group *g, unsigned i)
{
	struct hash_stream *s = &g->stream[i];

	if (s->more) {
		s->before += s->iov->iov_len;
		return;
	}
	memcpy(g->piece[i]->sha1, s->out, SHA1_LEN);
	if (g->from->kind != PIECES_V1)
		finish_tree(&g->tree[i], g->piece[i]);
	g->piece[i]->read = true;
	drop(g, i);
}

static void
sum_group(struct group *g)
{
	while (g->count > 0) {
		for (unsigned i = 0; i < g->count;) {
			if (read_chunk(g, i))
				i++;
			else
				drop(g, i);
		}
		/* Roots first: what was given to a stream is counted with its hash. */
		if (g->from->kind != PIECES_V1)
			grow_trees(g);
		if (g->from->kind != PIECES_V2)
			hash_many(HASH_SHA1, g->stream, g->count);
		for (unsigned i = g->count; i-- > 0;)
			end_chunk(g, i);
	}
}

void
pieces_sum(const struct pieces_source *from, struct piece_sum *pieces, uint32_t count)
{
	/* Chunks of whole blocks, of SHA-1 or of the tree. */
	size_t block = from->kind == PIECES_V1 ? 64 : MERKLE_BLOCK;
	struct group g;

	g.from = from;
	while (count > 0) {
		uint64_t fit = from->size / max_u64(pieces->len, 1);
		uint64_t wanted = min_u64(max_u64(fit, hash_many_lanes()), PIECES_AT_ONCE);

		g.count = (unsigned)min_u64(min_u64(wanted, from->size / block), count);
		g.chunk = from->size / g.count & ~(block - 1);
		for (unsigned i = 0; i < g.count; i++) {
			pieces[i].read = false;
			g.piece[i] = &pieces[i];
			g.stream[i] = (struct hash_stream){ .iov_count = 0 };
			merkle_init(&g.tree[i], 0);
		}
		pieces += g.count;
		count -= g.count;
		sum_group(&g);
	}
}

uint32_t
pieces_a_job(uint32_t piece_length, uint32_t job_bytes, uint32_t left, unsigned workers)
{
	uint64_t share = div_up_u64(left, workers);

	return (uint32_t)min_u64(max_u64(job_bytes / piece_length, hash_many_lanes()), share);
}
