/* SPDX-License-Identifier: ISC */
#include "meta/pieces.h"

#include "base/num.h"

/* Pieces that advance together, each with its part of the buffer. */
struct group {
	const struct pieces_source *from;
	size_t chunk;		/* bytes of a part */
	unsigned count;		/* pieces that have not ended */
	struct piece_sum *piece[PIECES_AT_ONCE];
	struct hash_stream stream[PIECES_AT_ONCE];
	struct iovec iov[PIECES_AT_ONCE];
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
		hash_many(HASH_SHA1, g->stream, g->count);
		for (unsigned i = g->count; i-- > 0;)
			end_chunk(g, i);
	}
}

void
pieces_sum(const struct pieces_source *from, struct piece_sum *pieces, uint32_t count)
{
	struct group g = { .from = from };

	while (count > 0) {
		uint64_t fit = from->size / max_u64(pieces->len, 1);
		unsigned wanted = (unsigned)min_u64(max_u64(fit, HASH_LANES), PIECES_AT_ONCE);

		g.count = (unsigned)min_u64(wanted, count);
		g.chunk = from->size / g.count & ~(size_t)63;
		for (unsigned i = 0; i < g.count; i++) {
			pieces[i].read = false;
			g.piece[i] = &pieces[i];
			g.stream[i] = (struct hash_stream){ .iov_count = 0 };
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

	return (uint32_t)min_u64(max_u64(job_bytes / piece_length, HASH_LANES), share);
}
