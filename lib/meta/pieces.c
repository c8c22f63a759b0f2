/* SPDX-License-Identifier: ISC */
#include "meta/pieces.h"

#include "base/num.h"
#include "meta/layout.h"
#include "meta/model.h"

#define LEAVES_AT_ONCE 32u	/* what PIECES_BUFFER holds */

/* Pieces that advance together, each with its part of the buffer. */
struct group {
	const struct pieces_source *from;
	size_t chunk;		/* bytes of a part */
	unsigned count;		/* pieces that have not ended */
	struct piece_sum *piece[PIECES_AT_ONCE];
	struct hash_stream stream[PIECES_AT_ONCE];
	size_t given[PIECES_AT_ONCE];	/* bytes of this chunk */
	struct iovec iov[PIECES_AT_ONCE][PIECES_PARTS];
	struct merkle tree[PIECES_AT_ONCE];	/* of a piece's blocks, if roots are wanted */
};

/* The next chunk of the i-th piece; false if it cannot be read. */
static bool
read_chunk(struct group *g, unsigned i)
{
	struct piece_sum *p = g->piece[i];
	struct hash_stream *s = &g->stream[i];
	size_t len = (size_t)min_u64(g->chunk, p->len - s->before);
	uint64_t offset = p->offset + s->before;
	unsigned parts = 1;

	if (g->from->view != NULL) {
		parts = g->from->view(g->from->arg, offset, len, g->iov[i]);
	} else {
		uint8_t *to = g->from->buffer + i * g->chunk;

		if (!g->from->read(g->from->arg, offset, to, len))
			return false;
		g->iov[i][0] = (struct iovec){ to, len };
	}
	s->iov = g->iov[i];
	s->iov_count = (int)parts;
	s->more = s->before + len < p->len;
	g->given[i] = len;
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

static void
add_leaf(struct leaves *l, struct merkle *tree, uint8_t *block, size_t len)
{
	if (l->count == LEAVES_AT_ONCE)
		flush_leaves(l);
	l->iov[l->count] = (struct iovec){ block, len };
	l->stream[l->count] = (struct hash_stream){ .iov = &l->iov[l->count], .iov_count = 1 };
	l->tree[l->count++] = tree;
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

		for (int k = 0; k < s->iov_count; k++) {
			size_t len = (size_t)min_u64(s->iov[k].iov_len, left);

			left -= len;
			for (size_t at = 0; at < len; at += MERKLE_BLOCK)
				add_leaf(&l, &g->tree[i], (uint8_t *)s->iov[k].iov_base + at,
				    (size_t)min_u64(MERKLE_BLOCK, len - at));
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
		s->before += g->given[i];
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

/* How many advance together, and by how much: chunks of whole blocks, of SHA-1 or of the tree. */
static void
size_group(struct group *g, uint32_t first_len, uint32_t count)
{
	const struct pieces_source *from = g->from;
	size_t block = from->kind == PIECES_V1 ? 64 : MERKLE_BLOCK;
	uint64_t fit = from->size / max_u64(first_len, 1);
	uint64_t wanted = min_u64(max_u64(fit, hash_many_lanes()), PIECES_AT_ONCE);

	if (from->view != NULL) {
		g->count = (unsigned)min_u64(PIECES_AT_ONCE, count);
		g->chunk = PIECES_PARTS * MERKLE_BLOCK;
		return;
	}
	g->count = (unsigned)min_u64(min_u64(wanted, from->size / block), count);
	g->chunk = from->size / g->count & ~(block - 1);
}

void
pieces_sum(const struct pieces_source *from, struct piece_sum *pieces, uint32_t count)
{
	struct group g;

	g.from = from;
	while (count > 0) {
		size_group(&g, pieces->len, count);
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

/* -- pieces of a torrent -- */

enum pieces_kind
pieces_kind_of(const struct bt_metainfo *m)
{
	return !m->v2 ? PIECES_V1 : m->v1 ? PIECES_HYBRID : PIECES_V2;
}

void
pieces_plan(const struct bt_metainfo *m, uint32_t piece, struct piece_sum *out)
{
	const struct meta_file *f;

	out->offset = layout_piece_offset(m, piece);
	out->len = bt_metainfo_piece_size(m, piece);
	if (!m->v2)
		return;
	f = meta_file_at(m, layout_file_of(m, out->offset));
	out->file_len = (uint32_t)min_u64(m->piece_length, f->offset + f->size - out->offset);
	out->height = f->size > m->piece_length ? merkle_piece_height(m->piece_length) : 0;
}

enum pieces_verdict
pieces_judge(const struct bt_metainfo *m, uint32_t piece, const struct piece_sum *p)
{
	const uint8_t *root;

	if (m->v1 && memcmp(p->sha1, bt_metainfo_piece_hash(m, piece), SHA1_LEN) != 0)
		return PIECES_BAD;
	if (!m->v2)
		return PIECES_GOOD;
	root = meta_piece_root(m, piece);
	if (root == NULL)
		return m->v1 ? PIECES_GOOD : PIECES_UNTOLD;
	return memcmp(p->root, root, SHA256_LEN) == 0 ? PIECES_GOOD : PIECES_BAD;
}

uint32_t
pieces_a_job(uint32_t piece_length, uint32_t job_bytes, uint32_t left, unsigned workers)
{
	uint64_t share = div_up_u64(left, workers);

	return (uint32_t)min_u64(max_u64(job_bytes / piece_length, hash_many_lanes()), share);
}
