/* SPDX-License-Identifier: ISC */
#include "torrent/picker.h"

#include <assert.h>
#include <string.h>

#include "base/block.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"
#include "torrent/rarity.h"

/* Until so many pieces are here they are taken at random: the rarest would come slowly. */
#define RANDOM_FIRST 4

/* A block is asked of so many peers at once at most. */
#define END_GAME_COPIES 3

enum block_state { BLOCK_FREE, BLOCK_ASKED, BLOCK_HERE };

struct partial_block {
	uint32_t peers[END_GAME_COPIES];	/* who was asked, in this order; or who sent it */
	uint8_t asked;		/* how many were */
	uint8_t state;		/* enum block_state */
};

struct partial {
	uint32_t piece;
	uint32_t count;		/* blocks */
	uint32_t free;
	uint32_t here;
	uint32_t only;		/* the one peer that may be asked; 0: anyone */
	bool failed_once;	/* the next to be asked becomes `only` */
	struct partial_block blocks[];
};

struct picker {
	const struct bt_metainfo *meta;
	struct rng *rng;
	struct bits have;
	struct rarity rarity;	/* of the pieces that nobody was asked for yet */
	struct vec partials;	/* struct partial * */
	struct partial **of_piece;	/* NULL: not begun */
	uint32_t free_blocks;	/* in partials */
	uint64_t partial_bytes;
	uint32_t sole;		/* partials with an `only` */
};

struct picker *
picker_new(const struct bt_metainfo *meta, struct rng *rng)
{
	struct picker *p = mem_zero(sizeof(*p));
	uint32_t pieces = bt_metainfo_piece_count(meta);

	if (p == NULL)
		return NULL;
	p->meta = meta;
	p->rng = rng;
	vec_init(&p->partials, sizeof(struct partial *));
	p->of_piece = mem_array(pieces, sizeof(struct partial *));
	if (p->of_piece == NULL || !bits_init(&p->have, pieces) ||
	    !rarity_init(&p->rarity, pieces, rng)) {
		picker_free(p);
		return NULL;
	}
	return p;
}

static struct partial *
partial_at(const struct picker *p, size_t i)
{
	return *(struct partial **)vec_at(&p->partials, i);
}

void
picker_free(struct picker *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->partials.len; i++)
		mem_free(partial_at(p, i));
	vec_fini(&p->partials);
	mem_free(p->of_piece);
	bits_fini(&p->have);
	rarity_fini(&p->rarity);
	mem_free(p);
}

/* -- what is in the swarm -- */

void
picker_add_have(struct picker *p, uint32_t piece)
{
	rarity_change(&p->rarity, piece, +1);
}

static void
change_all(struct picker *p, const struct bits *have, int by)
{
	for (uint32_t i = 0; i < have->len; i++) {
		if (bits_has(have, i))
			rarity_change(&p->rarity, i, by);
	}
}

void
picker_add_peer(struct picker *p, const struct bits *have)
{
	change_all(p, have, +1);
}

void
picker_remove_peer(struct picker *p, const struct bits *have)
{
	change_all(p, have, -1);
}

void
picker_add_seed(struct picker *p)
{
	p->rarity.seeds++;
}

void
picker_remove_seed(struct picker *p)
{
	p->rarity.seeds--;
}

/* -- pieces begun -- */

static uint32_t
block_len(const struct picker *p, const struct partial *q, uint32_t block)
{
	uint32_t size = bt_metainfo_piece_size(p->meta, q->piece);

	return (uint32_t)min_u64(BLOCK_SIZE, size - block * BLOCK_SIZE);
}

static struct partial *
partial_begin(struct picker *p, uint32_t piece)
{
	uint32_t count = (uint32_t)div_up_u64(bt_metainfo_piece_size(p->meta, piece), BLOCK_SIZE);
	struct partial *q = mem_zero(sizeof(*q) + count * sizeof(q->blocks[0]));

	if (q == NULL || vec_add(&p->partials, &q) == NULL) {
		mem_free(q);
		return NULL;
	}
	q->piece = piece;
	q->count = q->free = count;
	p->free_blocks += count;
	p->of_piece[piece] = q;
	rarity_remove(&p->rarity, piece);
	return q;
}

static void
set_only(struct picker *p, struct partial *q, uint32_t peer)
{
	p->sole -= q->only != 0;
	q->only = peer;
	p->sole += q->only != 0;
}

static void
partial_end(struct picker *p, struct partial *q)
{
	size_t i = 0;

	while (partial_at(p, i) != q)
		i++;
	vec_remove_swap(&p->partials, i);
	p->of_piece[q->piece] = NULL;
	set_only(p, q, 0);
	p->free_blocks -= q->free;
	for (uint32_t b = 0; b < q->count; b++) {
		if (q->blocks[b].state == BLOCK_HERE)
			p->partial_bytes -= block_len(p, q, b);
	}
	mem_free(q);
}

const struct bits *
picker_have(const struct picker *p)
{
	return &p->have;
}

void
picker_set_have(struct picker *p, uint32_t piece)
{
	if (!bits_set(&p->have, piece))
		return;
	if (p->of_piece[piece] != NULL)
		partial_end(p, p->of_piece[piece]);
	else
		rarity_remove(&p->rarity, piece);
}

void
picker_set_failed(struct picker *p, uint32_t piece)
{
	struct partial *q = p->of_piece[piece];

	if (q == NULL)
		return;
	for (uint32_t b = 0; b < q->count; b++) {
		if (q->blocks[b].state == BLOCK_HERE)
			p->partial_bytes -= block_len(p, q, b);
		q->blocks[b] = (struct partial_block){ .state = BLOCK_FREE };
	}
	p->free_blocks += q->count - q->free;
	q->free = q->count;
	q->here = 0;
	q->failed_once = true;
	set_only(p, q, 0);
}

/* -- asking -- */

static void
give(struct picker *p, struct partial *q, uint32_t block, uint32_t peer, struct picker_block *out)
{
	struct partial_block *b = &q->blocks[block];

	if (b->state == BLOCK_FREE) {
		q->free--;
		p->free_blocks--;
	}
	b->state = BLOCK_ASKED;
	b->peers[b->asked++] = peer;
	*out = (struct picker_block){ q->piece, block * BLOCK_SIZE, block_len(p, q, block) };
}

static unsigned
take_free(struct picker *p, struct partial *q, uint32_t peer, unsigned n, struct picker_block *out)
{
	unsigned got = 0;

	if (q->free == 0 || (q->only != 0 && q->only != peer))
		return 0;
	for (uint32_t b = 0; b < q->count && got < n; b++) {
		if (q->blocks[b].state == BLOCK_FREE)
			give(p, q, b, peer, &out[got++]);
	}
	if (got > 0 && q->failed_once)
		set_only(p, q, peer);
	return got;
}

/* The peer sent the block, or was the last to be asked for it. */
static bool
is_of(const struct partial_block *b, uint32_t peer)
{
	return b->peers[b->state == BLOCK_HERE ? 0 : b->asked - 1] == peer;
}

/* The block before the first free one is of that peer: a piece from one hand is a run of
 * neighbouring blocks on its disk and ours. */
static bool
is_own(const struct partial *q, uint32_t peer)
{
	for (uint32_t b = 0; b < q->count; b++) {
		if (q->blocks[b].state == BLOCK_FREE)
			return b > 0 && is_of(&q->blocks[b - 1], peer);
	}
	return false;
}

static unsigned
pick_partial(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out)
{
	unsigned got = 0;

	if (p->free_blocks == 0)
		return 0;
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < p->partials.len && got < n; i++) {
			struct partial *q = partial_at(p, i);

			if (q->free > 0 && bits_has(peer->have, q->piece) &&
			    (!own || is_own(q, peer->id)))
				got += take_free(p, q, peer->id, n - got, out + got);
		}
	}
	return got;
}

static unsigned
pick_new(struct picker *p, const struct picker_peer *peer, unsigned n, struct picker_block *out)
{
	unsigned got = 0;

	while (got < n) {
		bool random = p->have.count + p->partials.len < RANDOM_FIRST;
		uint32_t piece = random ? rarity_random(&p->rarity, peer->have)
		    : rarity_first(&p->rarity, peer->have);
		struct partial *q = piece == RARITY_NONE ? NULL : partial_begin(p, piece);

		if (q == NULL)
			break;
		got += take_free(p, q, peer->id, n - got, out + got);
	}
	return got;
}

bool
picker_in_end_game(const struct picker *p)
{
	return p->free_blocks == 0 && p->rarity.count == 0 && p->partials.len > 0;
}

/* Where the peer stands among those who were asked; b->asked: nowhere. */
static uint8_t
asker(const struct partial_block *b, uint32_t peer)
{
	uint8_t i = 0;

	while (i < b->asked && b->peers[i] != peer)
		i++;
	return i;
}

static unsigned
take_asked(struct picker *p, struct partial *q, uint32_t peer, unsigned n,
    struct picker_block *out)
{
	unsigned got = 0;

	if (q->only != 0 && q->only != peer)
		return 0;
	for (uint32_t b = 0; b < q->count && got < n; b++) {
		const struct partial_block *block = &q->blocks[b];

		if (block->state == BLOCK_ASKED && block->asked < END_GAME_COPIES &&
		    asker(block, peer) == block->asked)
			give(p, q, b, peer, &out[got++]);
	}
	return got;
}

/* From a place by chance, so that several peers do not all get the same blocks again. */
static unsigned
pick_end_game(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out)
{
	size_t count = p->partials.len;
	uint32_t first = rng_below(p->rng, (uint32_t)count);
	unsigned got = 0;

	for (size_t i = 0; i < count && got < n; i++) {
		struct partial *q = partial_at(p, (first + i) % count);

		if (bits_has(peer->have, q->piece))
			got += take_asked(p, q, peer->id, n - got, out + got);
	}
	return got;
}

unsigned
picker_pick(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out)
{
	unsigned got = pick_partial(p, peer, n, out);

	if (got < n)
		got += pick_new(p, peer, n - got, out + got);
	if (got == 0 && n > 0 && picker_in_end_game(p))
		got = pick_end_game(p, peer, n, out);
	return got;
}

unsigned
picker_pick_piece(struct picker *p, const struct picker_peer *peer, uint32_t piece, unsigned n,
    struct picker_block *out)
{
	struct partial *q = p->of_piece[piece];

	if (bits_has(&p->have, piece) || !bits_has(peer->have, piece))
		return 0;
	if (q == NULL)
		q = partial_begin(p, piece);
	return q == NULL ? 0 : take_free(p, q, peer->id, n, out);
}

static struct partial_block *
find_block(const struct picker *p, uint32_t piece, uint32_t begin)
{
	struct partial *q = p->of_piece[piece];

	return q == NULL ? NULL : &q->blocks[begin / BLOCK_SIZE];
}

bool
picker_release(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id)
{
	struct partial *q = p->of_piece[piece];
	struct partial_block *b = find_block(p, piece, begin);
	uint8_t i = b == NULL ? 0 : asker(b, peer_id);

	if (b == NULL || i == b->asked)
		return false;
	/* It will not send all of it: the piece is not to wait. */
	if (q->only == peer_id)
		set_only(p, q, 0);
	b->asked--;
	memmove(b->peers + i, b->peers + i + 1, (size_t)(b->asked - i) * sizeof(b->peers[0]));
	if (b->asked > 0)
		return true;
	b->state = BLOCK_FREE;
	q->free++;
	p->free_blocks++;
	return true;
}

enum picker_result
picker_receive(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id)
{
	struct partial *q = p->of_piece[piece];
	struct partial_block *b = find_block(p, piece, begin);

	if (b == NULL || b->state == BLOCK_HERE)
		return PICKER_UNWANTED;
	/* Of a piece that is one peer's alone only what was asked of others before it was. */
	if (q->only != 0 && q->only != peer_id && asker(b, peer_id) == b->asked)
		return PICKER_UNWANTED;
	if (b->state == BLOCK_FREE) {
		q->free--;
		p->free_blocks--;
	}
	*b = (struct partial_block){ .peers = { peer_id }, .state = BLOCK_HERE };
	q->here++;
	p->partial_bytes += block_len(p, q, begin / BLOCK_SIZE);
	return q->here == q->count ? PICKER_COMPLETE : PICKER_TAKEN;
}

bool
picker_let_go(struct picker *p, uint32_t peer_id)
{
	uint32_t before = p->sole;

	for (size_t i = 0; i < p->partials.len && p->sole > 0; i++) {
		struct partial *q = partial_at(p, i);

		if (q->only == peer_id)
			set_only(p, q, 0);
	}
	return p->sole < before;
}

unsigned
picker_senders(const struct picker *p, uint32_t piece, uint32_t *ids, unsigned n)
{
	const struct partial *q = p->of_piece[piece];
	unsigned found = 0;

	for (uint32_t b = 0; q != NULL && b < q->count; b++) {
		unsigned i = 0;

		if (q->blocks[b].state != BLOCK_HERE)
			continue;
		while (i < found && i < n && ids[i] != q->blocks[b].peers[0])
			i++;
		if (i < found)
			continue;
		if (found < n)
			ids[found] = q->blocks[b].peers[0];
		found++;
	}
	return found;
}

bool
picker_shared(const struct picker *p, uint32_t piece, uint32_t begin)
{
	const struct partial_block *b = find_block(p, piece, begin);

	return b != NULL && b->state == BLOCK_ASKED && b->asked > 1;
}

uint64_t
picker_partial_bytes(const struct picker *p)
{
	return p->partial_bytes;
}

double
picker_distributed_copies(const struct picker *p)
{
	return rarity_distributed_copies(&p->rarity);
}

uint32_t
picker_check_asked(const struct picker *p, uint32_t peer_id,
    bool (*asked)(const void *arg, uint32_t piece, uint32_t begin), const void *arg)
{
	uint32_t count = 0;

	for (size_t i = 0; i < p->partials.len; i++) {
		const struct partial *q = partial_at(p, i);

		for (uint32_t b = 0; b < q->count; b++) {
			if (asker(&q->blocks[b], peer_id) == q->blocks[b].asked)
				continue;
			assert(asked(arg, q->piece, b * BLOCK_SIZE));
			count++;
		}
	}
	return count;
}

void
picker_check(const struct picker *p)
{
	uint32_t free_blocks = 0, sole = 0;
	uint64_t here = 0;

	rarity_check(&p->rarity);
	for (size_t i = 0; i < p->partials.len; i++) {
		const struct partial *q = partial_at(p, i);
		uint32_t counts[3] = { 0 };

		assert(p->of_piece[q->piece] == q && !bits_has(&p->have, q->piece));
		for (uint32_t b = 0; b < q->count; b++) {
			counts[q->blocks[b].state]++;
			assert((q->blocks[b].state == BLOCK_ASKED) == (q->blocks[b].asked > 0));
			if (q->blocks[b].state == BLOCK_HERE)
				here += block_len(p, q, b);
		}
		assert(q->free == counts[BLOCK_FREE] && q->here == counts[BLOCK_HERE]);
		free_blocks += q->free;
		sole += q->only != 0;
	}
	assert(free_blocks == p->free_blocks && here == p->partial_bytes && sole == p->sole);
	assert(p->have.count + p->partials.len + p->rarity.count == p->have.len);
}
