/* SPDX-License-Identifier: ISC */
#include "torrent/picker.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "meta/layout.h"
#include "torrent/partial.h"
#include "torrent/rarity.h"

/* Until this many pieces are here they are taken at random: the rarest would come slowly. */
#define RANDOM_FIRST 4

struct picker {
	const struct bt_metainfo *meta;
	struct rng *rng;
	struct bits have;
	uint32_t want;		/* pieces that are wanted and not here */
	uint8_t *priority;	/* of each piece; NULL: all PICKER_NORMAL */
	struct bits wanted;	/* those above 0; without bytes if priority is NULL */
	bool sequential;
	uint32_t next_word;	/* sequential: no piece before this word of 64 is fresh */
	struct rarity rarity;	/* its order has what is wanted, not here and not begun */
	struct partials partials;
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
	p->want = pieces;
	rarity_init(&p->rarity, pieces, rng);
	partials_init(&p->partials, rng);
	if (!bits_init(&p->have, pieces)) {
		picker_free(p);
		return NULL;
	}
	return p;
}

void
picker_free(struct picker *p)
{
	if (p == NULL)
		return;
	partials_fini(&p->partials);
	rarity_fini(&p->rarity);
	bits_fini(&p->have);
	bits_fini(&p->wanted);
	mem_free(p->priority);
	mem_free(p);
}

/* -- what is in the swarm -- */

void
picker_add_peer(struct picker *p, const struct bits *have)
{
	rarity_add_peer(&p->rarity, have);
}

void
picker_remove_peer(struct picker *p, const struct bits *have)
{
	rarity_remove_peer(&p->rarity, have);
}

void
picker_add_seed(struct picker *p)
{
	rarity_add_seed(&p->rarity);
}

void
picker_remove_seed(struct picker *p)
{
	rarity_remove_seed(&p->rarity);
}

void
picker_change_peer(struct picker *p, const struct bits *before, const struct bits *after)
{
	rarity_change_peer(&p->rarity, before, after);
}

void
picker_add_have(struct picker *p, uint32_t piece)
{
	rarity_change(&p->rarity, piece, +1);
}

void
picker_lost_have(struct picker *p, uint32_t piece)
{
	rarity_change(&p->rarity, piece, -1);
}

/* -- what we want -- */

static bool
is_wanted(const struct picker *p, uint32_t piece)
{
	return p->priority == NULL || p->priority[piece] > 0;
}

/* 64 pieces of which those are set that are wanted and not here. */
static uint64_t
wanted_word(const struct picker *p, uint32_t w)
{
	uint32_t spare = p->have.len - w * 64 < 64 ? 64 - (p->have.len - w * 64) : 0;
	uint64_t all = UINT64_MAX << spare;

	return (p->priority == NULL ? all : bits_word(&p->wanted, w)) & ~bits_word(&p->have, w);
}

unsigned
picker_priority(const struct picker *p, uint32_t piece)
{
	return p->priority == NULL ? PICKER_NORMAL : p->priority[piece];
}

bool
picker_wants(const struct picker *p, uint32_t piece)
{
	return !bits_has(&p->have, piece) && is_wanted(p, piece);
}

uint32_t
picker_want_count(const struct picker *p)
{
	return p->want;
}

uint32_t
picker_missing(const struct picker *p, const struct bits *have)
{
	uint32_t n = 0;

	for (uint32_t w = 0; p->want > 0 && w < bits_words(have); w++)
		n += (uint32_t)__builtin_popcountll(bits_word(have, w) & wanted_word(p, w));
	return n;
}

bool
picker_is_done(const struct picker *p)
{
	return p->want == 0;
}

static bool
need_priorities(struct picker *p)
{
	if (p->priority != NULL)
		return true;
	if (!bits_init(&p->wanted, p->have.len))
		return false;
	p->priority = mem_array(p->have.len, 1);
	if (p->priority == NULL) {
		bits_fini(&p->wanted);
		return false;
	}
	memset(p->priority, PICKER_NORMAL, p->have.len);
	bits_set_all(&p->wanted);
	/* Its order knows of one priority only. */
	rarity_drop(&p->rarity);
	return true;
}

void
picker_set_sequential(struct picker *p, bool sequential)
{
	p->sequential = sequential;
	p->next_word = 0;
}

/* It can be begun (again). */
static void
make_fresh(struct picker *p, uint32_t piece)
{
	rarity_add(&p->rarity, piece);
	if (piece / 64 < p->next_word)
		p->next_word = piece / 64;
}

static void
set_one(struct picker *p, uint32_t piece, unsigned priority)
{
	struct partial *q = partial_find(&p->partials, piece);
	bool was = is_wanted(p, piece), is = priority > 0, here = bits_has(&p->have, piece);

	rarity_remove(&p->rarity, piece);
	p->priority[piece] = (uint8_t)priority;
	if (is)
		(void)bits_set(&p->wanted, piece);
	else
		(void)bits_clear(&p->wanted, piece);
	if (here)
		return;
	p->want = p->want - was + is;
	p->partials.changes += is && !was;
	if (q != NULL)
		partial_set_wanted(&p->partials, q, is);
	else if (is)
		make_fresh(p, piece);
}

static void
drop_order_if_done(struct picker *p)
{
	if (p->want == 0)
		rarity_drop(&p->rarity);
}

bool
picker_set_priority(struct picker *p, uint32_t first, uint32_t count, unsigned priority)
{
	assert(priority <= PICKER_HIGHEST && count <= p->have.len &&
	    first <= p->have.len - count);
	if (p->priority == NULL && priority == PICKER_NORMAL)
		return true;
	if (!need_priorities(p))
		return false;
	/* To sort anew later costs less than to move so many one by one. */
	if (count > p->have.len / 64)
		rarity_drop(&p->rarity);
	for (uint32_t i = 0; i < count; i++)
		set_one(p, first + i, priority);
	drop_order_if_done(p);
	return true;
}

/* -- what we have -- */

const struct bits *
picker_have(const struct picker *p)
{
	return &p->have;
}

void
picker_set_have(struct picker *p, uint32_t piece)
{
	struct partial *q = partial_find(&p->partials, piece);

	if (!bits_set(&p->have, piece))
		return;
	p->want -= is_wanted(p, piece);
	if (q != NULL)
		partial_end(&p->partials, q);
	else
		rarity_remove(&p->rarity, piece);
	drop_order_if_done(p);
}

void
picker_set_lost(struct picker *p, uint32_t piece)
{
	if (!bits_clear(&p->have, piece) || !is_wanted(p, piece))
		return;
	p->want++;
	make_fresh(p, piece);
}

void
picker_set_have_all(struct picker *p, const struct bits *pieces)
{
	rarity_drop(&p->rarity);
	for (uint32_t w = 0; w < bits_words(pieces); w++) {
		for (uint64_t x = bits_word(pieces, w); x != 0;)
			picker_set_have(p, w * 64 + bits_take(&x));
	}
}

void
picker_set_failed(struct picker *p, uint32_t piece)
{
	struct partial *q = partial_find(&p->partials, piece);

	if (q != NULL)
		partial_set_failed(&p->partials, q);
}

/* -- asking -- */

/* Pieces that are wanted, not here and not begun. */
static uint32_t
fresh(const struct picker *p)
{
	return p->want - ((uint32_t)p->partials.list.len - p->partials.unwanted);
}

static bool
need_order(struct picker *p)
{
	struct bits of;
	bool built;

	if (rarity_is_built(&p->rarity))
		return true;
	if (!bits_init(&of, p->have.len))
		return false;
	for (uint32_t w = 0; w < bits_words(&of); w++) {
		for (uint64_t x = wanted_word(p, w); x != 0;)
			(void)bits_set(&of, w * 64 + bits_take(&x));
	}
	for (uint32_t i = 0; i < p->partials.list.len; i++)
		(void)bits_clear(&of, partial_at(&p->partials, i)->piece);
	built = rarity_build(&p->rarity, &of, p->priority);
	p->next_word = 0;
	bits_fini(&of);
	return built;
}

/* From a place in the piece to another there is only padding. A piece that is nothing else is
 * asked for like any other: somebody has to end it. */
static void
mark_padding(struct picker *p, struct partial *q, uint64_t from, uint64_t to)
{
	uint32_t first = (uint32_t)div_up_u64(from, BLOCK_SIZE);
	uint32_t last = to == q->size ? q->count : (uint32_t)(to / BLOCK_SIZE);

	if (first < last && last - first < q->count)
		partial_set_pad(&p->partials, q, first, last);
}

static void
find_padding(struct picker *p, struct partial *q)
{
	struct layout_iter it;
	struct layout_span span;
	uint64_t at = 0, content_end = 0;

	layout_start(&it, p->meta, layout_piece_offset(p->meta, q->piece), q->size);
	while (layout_next(&it, &span)) {
		if (!span.pad) {
			mark_padding(p, q, content_end, at);
			content_end = at + span.len;
		}
		at += span.len;
	}
	mark_padding(p, q, content_end, at);
}

static struct partial *
begin(struct picker *p, uint32_t piece)
{
	uint32_t size = bt_metainfo_piece_size(p->meta, piece);
	struct partial *q = partial_begin(&p->partials, piece, size);

	if (q == NULL)
		return NULL;
	find_padding(p, q);
	rarity_remove(&p->rarity, piece);
	return q;
}

/* One walk: what is the peer's own is taken at once, the rest is remembered for afterwards. */
static unsigned
pick_partial(struct picker *p, const struct picker_peer *peer, unsigned priority, unsigned n,
    struct picker_block *out)
{
	struct partials *ps = &p->partials;
	struct partial *others = NULL, **end = &others;
	unsigned got = 0;

	for (uint32_t i = 0; i < ps->open && got < n;) {
		struct partial *q = partial_at(ps, i);

		if (bits_has(peer->have, q->piece) && picker_priority(p, q->piece) == priority) {
			if (partial_is_own(q, peer->id)) {
				got += partial_take_free(ps, q, peer->id, n - got, out + got);
			} else {
				*end = q;
				end = &q->next;
			}
		}
		/* One that is used up gives its place to another. */
		i += q->place == i;
	}
	*end = NULL;
	for (; others != NULL && got < n; others = others->next)
		got += partial_take_free(ps, others, peer->id, n - got, out + got);
	return got;
}

/* The first fresh piece of that priority which the peer has. */
static uint32_t
first_in_order(struct picker *p, const struct bits *have, unsigned priority)
{
	bool passed = false;	/* a word with something fresh */

	for (uint32_t w = p->next_word; w < bits_words(&p->rarity.in); w++) {
		uint64_t in = bits_word(&p->rarity.in, w);

		if (in == 0 && !passed)
			p->next_word = w + 1;
		passed = passed || in != 0;
		for (uint64_t x = in & bits_word(have, w); x != 0;) {
			uint32_t piece = w * 64 + bits_take(&x);

			if (picker_priority(p, piece) == priority)
				return piece;
		}
	}
	return RARITY_NONE;
}

static uint32_t
choose(struct picker *p, const struct bits *have, unsigned priority)
{
	if (p->sequential)
		return first_in_order(p, have, priority);
	return p->have.count + p->partials.list.len < RANDOM_FIRST ?
	    rarity_random(&p->rarity, have, priority) : rarity_first(&p->rarity, have, priority);
}

static unsigned
pick_new(struct picker *p, const struct picker_peer *peer, unsigned priority, unsigned n,
    struct picker_block *out)
{
	unsigned got = 0;

	while (got < n && fresh(p) > 0 && need_order(p)) {
		uint32_t piece = choose(p, peer->have, priority);
		struct partial *q = piece == RARITY_NONE ? NULL : begin(p, piece);

		if (q == NULL)
			break;
		got += partial_take_free(&p->partials, q, peer->id, n - got, out + got);
	}
	return got;
}

bool
picker_in_end_game(const struct picker *p)
{
	return p->partials.open == 0 && fresh(p) == 0 && p->want > 0;
}

/* From a place by chance, so that several peers do not all get the same blocks again. */
static unsigned
pick_end_game(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out)
{
	uint32_t count = (uint32_t)p->partials.list.len;
	uint32_t first = rng_below(p->rng, count);
	unsigned got = 0;

	for (uint32_t i = 0; i < count && got < n; i++) {
		struct partial *q = partial_at(&p->partials, (first + i) % count);

		if (bits_has(peer->have, q->piece))
			got += partial_take_asked(q, peer->id, n - got, out + got);
	}
	return got;
}

unsigned
picker_pick(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out)
{
	unsigned least = p->priority == NULL ? PICKER_NORMAL : 1, got = 0;

	for (unsigned i = p->priority == NULL ? PICKER_NORMAL : PICKER_HIGHEST; i >= least; i--) {
		got += pick_partial(p, peer, i, n - got, out + got);
		got += pick_new(p, peer, i, n - got, out + got);
	}
	if (got == 0 && n > 0 && picker_in_end_game(p))
		got = pick_end_game(p, peer, n, out);
	return got;
}

unsigned
picker_pick_piece(struct picker *p, const struct picker_peer *peer, uint32_t piece, unsigned n,
    struct picker_block *out)
{
	struct partial *q = partial_find(&p->partials, piece);

	if (!picker_wants(p, piece) || !bits_has(peer->have, piece))
		return 0;
	if (q == NULL)
		q = begin(p, piece);
	return q == NULL ? 0 : partial_take_free(&p->partials, q, peer->id, n, out);
}

uint64_t
picker_generation(const struct picker *p)
{
	return 2 * p->partials.changes + 2 + picker_in_end_game(p);
}

bool
picker_release(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id)
{
	struct partial *q = partial_find(&p->partials, piece);

	if (q == NULL || !partial_release(&p->partials, q, begin / BLOCK_SIZE, peer_id))
		return false;
	/* Whoever rejects everything does not leave us with a list of all there is. */
	if (partial_is_blank(q)) {
		partial_end(&p->partials, q);
		if (is_wanted(p, piece))
			make_fresh(p, piece);
	}
	return true;
}

enum picker_result
picker_receive(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id)
{
	struct partial *q = partial_find(&p->partials, piece);

	if (q == NULL || !partial_receive(&p->partials, q, begin / BLOCK_SIZE, peer_id))
		return PICKER_UNWANTED;
	return q->here == q->count ? PICKER_COMPLETE : PICKER_TAKEN;
}

bool
picker_let_go(struct picker *p, uint32_t peer_id)
{
	return partials_let_go(&p->partials, peer_id);
}

unsigned
picker_senders(const struct picker *p, uint32_t piece, uint32_t *ids, unsigned n)
{
	const struct partial *q = partial_find(&p->partials, piece);
	unsigned found = 0;

	for (uint32_t b = 0; q != NULL && b < q->count; b++) {
		uint32_t sender = q->blocks[b].peers[0];
		unsigned i = 0;

		if (q->blocks[b].state != BLOCK_HERE || q->blocks[b].pad)
			continue;
		while (i < found && i < n && ids[i] != sender)
			i++;
		if (i < found)
			continue;
		if (found < n)
			ids[found] = sender;
		found++;
	}
	return found;
}

bool
picker_shared(const struct picker *p, uint32_t piece, uint32_t begin)
{
	const struct partial *q = partial_find(&p->partials, piece);

	return q != NULL && q->blocks[begin / BLOCK_SIZE].asked > 1;
}

/* -- what outlives a picker -- */

static void
blocks_here(const struct partial *q, struct bits *out)
{
	for (uint32_t b = 0; b < q->count; b++) {
		if (q->blocks[b].state == BLOCK_HERE && !q->blocks[b].pad)
			(void)bits_set(out, b);
	}
}

bool
picker_export_partials(const struct picker *p,
    bool (*take)(void *arg, uint32_t piece, const struct bits *blocks), void *arg)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < p->partials.list.len; i++) {
		const struct partial *q = partial_at(&p->partials, i);
		struct bits blocks;

		if (q->here == q->pads)
			continue;
		if (!bits_init(&blocks, q->count))
			return false;
		blocks_here(q, &blocks);
		ok = take(arg, q->piece, &blocks);
		bits_fini(&blocks);
	}
	return ok;
}

enum picker_result
picker_import_partial(struct picker *p, uint32_t piece, const struct bits *blocks)
{
	struct partial *q;

	if (piece >= p->have.len || !picker_wants(p, piece) || blocks->count == 0 ||
	    partial_find(&p->partials, piece) != NULL ||
	    blocks->len != div_up_u64(bt_metainfo_piece_size(p->meta, piece), BLOCK_SIZE))
		return PICKER_UNWANTED;
	q = begin(p, piece);
	if (q == NULL)
		return PICKER_UNWANTED;
	for (uint32_t b = 0; b < q->count; b++) {
		if (bits_has(blocks, b))
			(void)partial_receive(&p->partials, q, b, PARTIAL_UNKNOWN);
	}
	return q->here == q->count ? PICKER_COMPLETE : PICKER_TAKEN;
}

/* -- facts -- */

uint64_t
picker_partial_bytes(const struct picker *p)
{
	return p->partials.bytes;
}

uint32_t
picker_copies(const struct picker *p, uint32_t piece)
{
	return rarity_copies(&p->rarity, piece);
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

	for (uint32_t i = 0; i < p->partials.list.len; i++) {
		const struct partial *q = partial_at(&p->partials, i);

		for (uint32_t b = 0; b < q->count; b++) {
			if (!partial_asks(q, b, peer_id))
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
	uint32_t want = 0, wanted = 0;

	rarity_check(&p->rarity);
	partials_check(&p->partials);
	for (uint32_t i = 0; i < p->have.len; i++) {
		const struct partial *q = partial_find(&p->partials, i);

		want += picker_wants(p, i);
		wanted += is_wanted(p, i);
		assert(p->priority == NULL ||
		    bits_has(&p->wanted, i) == (p->priority[i] > 0));
		assert(q == NULL || (!bits_has(&p->have, i) && q->wanted == is_wanted(p, i)));
		assert(!rarity_is_built(&p->rarity) ||
		    bits_has(&p->rarity.in, i) == (picker_wants(p, i) && q == NULL));
	}
	assert(want == p->want && (p->priority == NULL || wanted == p->wanted.count));
	assert(p->want > 0 || !rarity_is_built(&p->rarity));
}
