/* SPDX-License-Identifier: ISC */
/* Content that is kept nowhere: a good block says at both of its ends which one it is. */
#include "sim.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define TAG_LEN 8

/* Of a slow disk; as in disk/store, but smaller. */
#define BUSY_ABOVE (256 * KIB)
#define EASED_BELOW (128 * KIB)

struct gathered {
	uint32_t here;		/* blocks */
	bool bad;
	uint8_t *has;		/* a byte a block */
};

struct pattern {
	struct content base;
	struct node *node;
	struct gathered *pieces;
	bool checking;
	bool busy;
	uint64_t unwritten;	/* bytes that wait for a slow disk */
	usec disk_free;
};

/* A disk read on its way: found again by number, since its reader may be gone. */
struct reading {
	struct content_read what;
	struct node *node;
};

static struct pattern *
pattern_of(struct content *c)
{
	return CONTAINER_OF(c, struct pattern, base);
}

static uint32_t
piece_size(const struct pattern *p, uint32_t piece)
{
	return bt_metainfo_piece_size(p->node->sim->meta, piece);
}

static uint64_t
tag(uint32_t piece, uint32_t begin)
{
	return ((uint64_t)piece << 32 | begin) * 0x9e3779b97f4a7c15u + 1;
}

static void
stamp(struct block *b, const struct content_read *what, uint64_t value)
{
	put_be64(b->data, value);
	put_be64(b->data + what->len - TAG_LEN, value);
}

static void
pattern_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len)
{
	struct pattern *p = pattern_of(c);
	struct gathered *g = &p->pieces[piece];
	uint32_t size = piece_size(p, piece);

	assert(begin % BLOCK_SIZE == 0 && begin < size);
	assert(len == (size - begin < BLOCK_SIZE ? size - begin : BLOCK_SIZE));
	if (g->has == NULL)
		g->has = calloc(size / BLOCK_SIZE + 1, 1);
	assert(g->has != NULL && !g->has[begin / BLOCK_SIZE]);
	g->has[begin / BLOCK_SIZE] = 1;
	g->here++;
	if (get_be64(b->data) != tag(piece, begin) ||
	    get_be64(b->data + len - TAG_LEN) != tag(piece, begin))
		g->bad = true;
	block_free(&p->node->sim->blocks, b);
}

static bool
is_current(const struct node *n, uint64_t life)
{
	return node_is_here(n) && n->life == life;
}

/* How long the disk takes, which keeps one piece after the other. */
static usec
keep_piece(struct pattern *p, uint32_t size)
{
	struct node *n = p->node;
	usec now = n->sim->clock.now;

	if (n->opts.disk_KiBps == 0)
		return 0;
	p->unwritten += size;
	p->busy = p->busy || p->unwritten > BUSY_ABOVE;
	if (p->unwritten > n->unwritten_most)
		n->unwritten_most = p->unwritten;
	if (p->disk_free < now)
		p->disk_free = now;
	p->disk_free += (usec)size * SECOND / (n->opts.disk_KiBps * KIB);
	return p->disk_free - now;
}

static void
kept_piece(struct pattern *p, uint32_t size)
{
	if (p->node->opts.disk_KiBps == 0)
		return;
	p->unwritten -= size;
	if (!p->busy || p->unwritten >= EASED_BELOW)
		return;
	p->busy = false;
	p->node->eased++;
	p->base.user->eased(p->base.arg);
}

/* n: life << 32 | piece << 1 | bad */
static void
hashed(void *arg, uint64_t n)
{
	struct node *node = arg;
	const struct bt_error err = { .code = n & 1 ? BT_EHASH : BT_OK };

	if (!is_current(node, n >> 32))
		return;
	node->pieces_failed += n & 1;
	kept_piece(pattern_of(node->content), piece_size(pattern_of(node->content),
	    (uint32_t)n >> 1));
	node->content->user->piece_done(node->content->arg, (uint32_t)n >> 1, &err);
}

static void
pattern_finish(struct content *c, uint32_t piece)
{
	struct pattern *p = pattern_of(c);
	struct gathered *g = &p->pieces[piece];
	struct clock *clock = &p->node->sim->clock;

	assert(g->here == (piece_size(p, piece) + BLOCK_SIZE - 1) / BLOCK_SIZE);
	free(g->has);
	clock_at(clock, clock->now + keep_piece(p, piece_size(p, piece)) + 2 * MSEC +
	    rng_below(&p->node->sim->rng, 5 * MSEC), hashed, p->node,
	    (uint64_t)p->node->life << 32 | piece << 1 | g->bad);
	*g = (struct gathered){ 0 };
}

static void
read_done(void *arg, uint64_t life)
{
	struct reading *r = arg;
	struct node *n = r->node;
	struct bt_error err = { 0 };
	struct block *b;

	if (is_current(n, life)) {
		b = block_new(&n->sim->blocks);
		if (b == NULL)
			(void)fail(&err, BT_ENOMEM, "out of memory");
		else
			stamp(b, &r->what, tag(r->what.piece, r->what.begin) +
			    (n->opts.conduct == LIAR));
		n->content->user->block_read(n->content->arg, &r->what, b, &err);
	}
	free(r);
}

static bool
pattern_read(struct content *c, const struct content_read *what, struct sendq_file *out)
{
	struct pattern *p = pattern_of(c);
	struct clock *clock = &p->node->sim->clock;
	struct reading *r;

	(void)out;
	assert(what->len >= TAG_LEN && what->begin + what->len <= piece_size(p, what->piece));
	if (p->node->opts.conduct == MUTE)
		return false;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	*r = (struct reading){ *what, p->node };
	clock_at(clock, clock->now + MSEC, read_done, r, p->node->life);
	return false;
}

static void
checked(void *arg, uint64_t life)
{
	struct node *n = arg;
	const struct bt_error ok = { 0 };

	if (!is_current(n, life) || !pattern_of(n->content)->checking)
		return;
	pattern_of(n->content)->checking = false;
	for (uint32_t i = 0; i < bt_metainfo_piece_count(n->sim->meta); i++)
		n->content->user->checked(n->content->arg, i, n->opts.seed);
	n->content->user->check_done(n->content->arg, &ok);
}

static void
pattern_check(struct content *c, const struct bits *which)
{
	struct node *n = pattern_of(c)->node;

	(void)which;
	pattern_of(c)->checking = true;
	clock_at(&n->sim->clock, n->sim->clock.now + MSEC, checked, n, n->life);
}

static void
pattern_cancel_check(struct content *c)
{
	pattern_of(c)->checking = false;
}

static void
files_made(void *arg, uint64_t life)
{
	struct node *n = arg;
	const struct bt_error ok = { 0 };

	if (is_current(n, life))
		n->content->user->files_made(n->content->arg, &ok);
}

static void
pattern_prepare(struct content *c, const struct bits *have)
{
	struct node *n = pattern_of(c)->node;

	(void)have;
	clock_at(&n->sim->clock, n->sim->clock.now + MSEC, files_made, n, n->life);
}

static void
pattern_choose(struct content *c, const struct bits *wanted)
{
	(void)c;
	(void)wanted;
}

static void
pattern_probe(struct content *c)
{
	(void)c;
}

static void
pattern_complete(struct content *c)
{
	(void)c;
}

static bool
pattern_busy(const struct content *c)
{
	return CONTAINER_OF(c, struct pattern, base)->busy;
}

static void
pattern_free(struct content *c)
{
	struct pattern *p = pattern_of(c);

	for (uint32_t i = 0; i < bt_metainfo_piece_count(p->node->sim->meta); i++)
		free(p->pieces[i].has);
	free(p->pieces);
	free(p);
}

static const struct content_ops pattern_ops = {
	.put = pattern_put,
	.finish = pattern_finish,
	.read = pattern_read,
	.check = pattern_check,
	.cancel_check = pattern_cancel_check,
	.prepare = pattern_prepare,
	.choose = pattern_choose,
	.probe = pattern_probe,
	.complete = pattern_complete,
	.busy = pattern_busy,
	.free = pattern_free,
};

struct content *
pattern_new(struct node *n, const struct content_user *user, void *arg)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->base = (struct content){ &pattern_ops, user, arg };
	p->node = n;
	p->pieces = calloc(bt_metainfo_piece_count(n->sim->meta), sizeof(*p->pieces));
	if (p->pieces == NULL)
		abort();
	return &p->base;
}
