/* SPDX-License-Identifier: ISC */
#include "torrent/partial.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

void
partials_init(struct partials *ps, struct rng *rng)
{
	const uint64_t seed[2] = { rng_u64(rng), rng_u64(rng) };

	*ps = (struct partials){ 0 };
	vec_init(&ps->list, sizeof(struct partial *));
	map_init(&ps->by_piece, sizeof(uint32_t), seed);
}

void
partials_fini(struct partials *ps)
{
	for (uint32_t i = 0; i < ps->list.len; i++)
		mem_free(partial_at(ps, i));
	vec_fini(&ps->list);
	map_fini(&ps->by_piece);
}

struct partial *
partial_find(const struct partials *ps, uint32_t piece)
{
	return map_find(&ps->by_piece, &piece);
}

/* -- the list: what can be asked for stands first -- */

static void
put(struct partials *ps, uint32_t place, struct partial *q)
{
	*(struct partial **)vec_at(&ps->list, place) = q;
	q->place = place;
}

static void
swap(struct partials *ps, struct partial *q, uint32_t place)
{
	struct partial *other = partial_at(ps, place);

	put(ps, q->place, other);
	put(ps, place, q);
}

static bool
is_open(const struct partials *ps, const struct partial *q)
{
	return q->place < ps->open;
}

static void
settle(struct partials *ps, struct partial *q)
{
	bool open = q->wanted && q->free > 0;

	if (open == is_open(ps, q))
		return;
	if (open)
		swap(ps, q, ps->open++);
	else
		swap(ps, q, --ps->open);
}

static void
set_only(struct partials *ps, struct partial *q, uint32_t peer)
{
	ps->sole -= q->only != 0;
	q->only = peer;
	ps->sole += q->only != 0;
}

struct partial *
partial_begin(struct partials *ps, uint32_t piece, uint32_t size)
{
	uint32_t count = (uint32_t)div_up_u64(size, BLOCK_SIZE);
	struct partial *q = mem_zero(sizeof(*q) + count * sizeof(q->blocks[0]));

	if (q == NULL || !map_set(&ps->by_piece, &piece, q)) {
		mem_free(q);
		return NULL;
	}
	if (vec_add(&ps->list, &q) == NULL) {
		(void)map_remove(&ps->by_piece, &piece);
		mem_free(q);
		return NULL;
	}
	q->piece = piece;
	q->size = size;
	q->count = q->free = count;
	q->wanted = true;
	q->place = (uint32_t)ps->list.len - 1;
	settle(ps, q);
	return q;
}

static uint64_t
bytes_here(const struct partial *q)
{
	uint64_t n = 0;

	for (uint32_t b = 0; q->here > 0 && b < q->count; b++) {
		if (q->blocks[b].state == BLOCK_HERE)
			n += partial_block_len(q, b);
	}
	return n;
}

void
partial_end(struct partials *ps, struct partial *q)
{
	set_only(ps, q, 0);
	ps->bytes -= bytes_here(q);
	ps->unwanted -= !q->wanted;
	q->free = 0;
	settle(ps, q);
	swap(ps, q, (uint32_t)ps->list.len - 1);
	ps->list.len--;
	(void)map_remove(&ps->by_piece, &q->piece);
	mem_free(q);
}

void
partial_set_pad(struct partials *ps, struct partial *q, uint32_t first, uint32_t last)
{
	for (uint32_t b = first; b < last; b++) {
		q->blocks[b] = (struct partial_block){ .state = BLOCK_HERE, .pad = true };
		ps->bytes += partial_block_len(q, b);
	}
	q->pads += last - first;
	q->here += last - first;
	q->free -= last - first;
	settle(ps, q);
}

bool
partial_is_blank(const struct partial *q)
{
	return q->free + q->pads == q->count && !q->failed_once;
}

void
partial_set_wanted(struct partials *ps, struct partial *q, bool wanted)
{
	ps->unwanted -= !q->wanted;
	q->wanted = wanted;
	ps->unwanted += !q->wanted;
	settle(ps, q);
}

void
partial_set_failed(struct partials *ps, struct partial *q)
{
	ps->bytes -= bytes_here(q);
	for (uint32_t b = 0; b < q->count; b++) {
		if (!q->blocks[b].pad)
			q->blocks[b] = (struct partial_block){ .state = BLOCK_FREE };
	}
	q->here = q->pads;
	q->free = q->count - q->pads;
	q->first_free = 0;
	ps->bytes += bytes_here(q);
	q->failed_once = true;
	set_only(ps, q, 0);
	settle(ps, q);
	ps->changes++;
}

/* -- blocks -- */

uint32_t
partial_block_len(const struct partial *q, uint32_t block)
{
	return (uint32_t)min_u64(BLOCK_SIZE, q->size - block * BLOCK_SIZE);
}

static uint32_t
first_free(struct partial *q)
{
	while (q->first_free < q->count && q->blocks[q->first_free].state != BLOCK_FREE)
		q->first_free++;
	return q->first_free;
}

bool
partial_is_own(struct partial *q, uint32_t peer)
{
	uint32_t first = first_free(q);
	const struct partial_block *b;

	if (first == 0 || first == q->count)
		return false;
	b = &q->blocks[first - 1];
	return b->peers[b->state == BLOCK_HERE ? 0 : b->asked - 1] == peer;
}

static uint32_t
asker(const struct partial_block *b, uint32_t peer)
{
	uint32_t i = 0;

	while (i < b->asked && b->peers[i] != peer)
		i++;
	return i;
}

bool
partial_asks(const struct partial *q, uint32_t block, uint32_t peer)
{
	const struct partial_block *b = &q->blocks[block];

	return asker(b, peer) < b->asked;
}

static bool
may_ask(const struct partial *q, uint32_t peer)
{
	return q->wanted && (q->only == 0 || q->only == peer);
}

static struct picker_block
ask(struct partial *q, uint32_t block, uint32_t peer)
{
	struct partial_block *b = &q->blocks[block];

	b->state = BLOCK_ASKED;
	b->peers[b->asked++] = peer;
	return (struct picker_block){ q->piece, block * BLOCK_SIZE, partial_block_len(q, block) };
}

unsigned
partial_take_free(struct partials *ps, struct partial *q, uint32_t peer, unsigned n,
    struct picker_block *out)
{
	unsigned got = 0;

	if (!may_ask(q, peer))
		return 0;
	for (uint32_t b = first_free(q); b < q->count && got < n; b++) {
		if (q->blocks[b].state != BLOCK_FREE)
			continue;
		out[got++] = ask(q, b, peer);
		q->free--;
	}
	if (got > 0 && q->failed_once)
		set_only(ps, q, peer);
	settle(ps, q);
	return got;
}

unsigned
partial_take_asked(struct partial *q, uint32_t peer, unsigned n, struct picker_block *out)
{
	unsigned got = 0;

	if (!may_ask(q, peer))
		return 0;
	for (uint32_t b = 0; b < q->count && got < n; b++) {
		const struct partial_block *block = &q->blocks[b];

		if (block->state != BLOCK_ASKED || block->asked == END_GAME_COPIES ||
		    partial_asks(q, b, peer))
			continue;
		out[got++] = ask(q, b, peer);
	}
	return got;
}

bool
partial_release(struct partials *ps, struct partial *q, uint32_t block, uint32_t peer)
{
	struct partial_block *b = &q->blocks[block];
	uint32_t i = asker(b, peer);

	if (i == b->asked)
		return false;
	ps->changes++;
	/* It will not send all of it: the piece is not to wait. */
	if (q->only == peer)
		set_only(ps, q, 0);
	b->asked--;
	memmove(b->peers + i, b->peers + i + 1, (b->asked - i) * sizeof(b->peers[0]));
	if (b->asked > 0)
		return true;
	b->state = BLOCK_FREE;
	q->free++;
	if (block < q->first_free)
		q->first_free = block;
	settle(ps, q);
	return true;
}

bool
partial_receive(struct partials *ps, struct partial *q, uint32_t block, uint32_t peer)
{
	struct partial_block *b = &q->blocks[block];

	if (b->state == BLOCK_HERE)
		return false;
	/* Of a piece that is one peer's alone only what was asked of others before it was. */
	if (q->only != 0 && q->only != peer && !partial_asks(q, block, peer))
		return false;
	q->free -= b->state == BLOCK_FREE;
	*b = (struct partial_block){ .peers = { peer }, .state = BLOCK_HERE };
	q->here++;
	ps->bytes += partial_block_len(q, block);
	settle(ps, q);
	return true;
}

bool
partials_let_go(struct partials *ps, uint32_t peer)
{
	uint32_t before = ps->sole;

	for (uint32_t i = 0; i < ps->list.len && ps->sole > 0; i++) {
		struct partial *q = partial_at(ps, i);

		if (q->only == peer)
			set_only(ps, q, 0);
	}
	ps->changes += ps->sole < before;
	return ps->sole < before;
}

/* -- facts -- */

static void
check(const struct partials *ps, const struct partial *q)
{
	uint32_t counts[3] = { 0 }, pads = 0;

	assert(partial_find(ps, q->piece) == q && is_open(ps, q) == (q->wanted && q->free > 0));
	for (uint32_t b = 0; b < q->count; b++) {
		const struct partial_block *block = &q->blocks[b];

		counts[block->state]++;
		pads += block->pad;
		assert(!block->pad || block->state == BLOCK_HERE);
		assert((block->state == BLOCK_ASKED) == (block->asked > 0));
		for (uint32_t i = 0; i < block->asked; i++)
			assert(asker(block, block->peers[i]) == i);
		assert(b >= q->first_free || block->state != BLOCK_FREE);
	}
	assert(q->free == counts[BLOCK_FREE] && q->here == counts[BLOCK_HERE]);
	assert(q->pads == pads && pads < q->count);
}

void
partials_check(const struct partials *ps)
{
	uint32_t sole = 0, unwanted = 0;
	uint64_t here = 0;

	assert(ps->by_piece.count == ps->list.len);
	for (uint32_t i = 0; i < ps->list.len; i++) {
		const struct partial *q = partial_at(ps, i);

		assert(q->place == i);
		check(ps, q);
		here += bytes_here(q);
		sole += q->only != 0;
		unwanted += !q->wanted;
	}
	assert(here == ps->bytes && sole == ps->sole && unwanted == ps->unwanted);
}
