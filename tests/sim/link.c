/* SPDX-License-Identifier: ISC */
/*
 * Two streams back to back. What one writes leaves through its node's uplink a block at a time,
 * streams taking turns, and comes out of the other node's downlink after the way's delay. No more
 * than a window is under way or unread, so who does not read is not sent to.
 */
#include "sim.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define WINDOW (256 * KIB)

/* What a turn of the uplink takes: control messages, then at most one block. */
struct chunk {
	TAILQ_ENTRY(chunk) link;	/* in end.arrived */
	struct end *to;
	size_t sent_len;		/* of all it had */
	struct block *block;
	size_t block_len, block_at;
	size_t len, at;			/* of bytes */
	uint8_t bytes[];
};

struct end {
	struct stream base;
	struct node *node;
	struct end *other;
	TAILQ_ENTRY(end) link;		/* in node.sending while queued */
	TAILQ_HEAD(, chunk) arrived;
	bool alive, reading, queued, read_due, ended;
	size_t unread;			/* sent by this end, not read by the other yet */
	usec last_arrival;		/* at the other end: what follows comes later */
};

struct link {
	struct end ends[2];
};

static struct clock *
clock_of(const struct end *e)
{
	return &e->node->sim->clock;
}

static struct end *
end_of(struct stream *s)
{
	return CONTAINER_OF(s, struct end, base);
}

/* -- receiving -- */

static void
chunk_free(struct chunk *c)
{
	block_free(&c->to->node->sim->blocks, c->block);
	free(c);
}

static bool
has_input(const struct end *e)
{
	return !TAILQ_EMPTY(&e->arrived) || e->ended;
}

static void
read_now(void *arg, uint64_t n)
{
	struct end *e = arg;

	(void)n;
	e->read_due = false;
	if (!e->alive || !e->reading || !has_input(e) || e->base.user == NULL)
		return;
	e->base.user->readable(e->base.arg, clock_of(e)->now);
	if (e->alive && e->reading && has_input(e)) {
		e->read_due = true;
		clock_at(clock_of(e), clock_of(e)->now, read_now, e, 0);
	}
}

static void
read_soon(struct end *e)
{
	if (e->read_due || !e->reading || !has_input(e))
		return;
	e->read_due = true;
	clock_at(clock_of(e), clock_of(e)->now, read_now, e, 0);
}

static void
arrive(void *arg, uint64_t n)
{
	struct chunk *c = arg;
	struct end *e = c->to;

	(void)n;
	clock_note(clock_of(e), (uint64_t)e->node->index << 32 | c->sent_len);
	if (!e->alive) {
		chunk_free(c);
		return;
	}
	TAILQ_INSERT_TAIL(&e->arrived, c, link);
	if (!e->read_due)
		read_now(e, 0);
}

static void
arrive_end(void *arg, uint64_t n)
{
	struct end *e = arg;

	(void)n;
	e->ended = true;
	if (e->alive)
		read_soon(e);
}

/* Bytes of the first chunk into room; the chunk goes when it is empty. */
static size_t
take(struct end *e, uint8_t *to, size_t room)
{
	struct chunk *c = TAILQ_FIRST(&e->arrived);
	size_t part = c->len - c->at;

	if (part > 0) {
		part = part < room ? part : room;
		memcpy(to, c->bytes + c->at, part);
		c->at += part;
	} else {
		part = c->block_len - c->block_at < room ? c->block_len - c->block_at : room;
		memcpy(to, c->block->data + c->block_at, part);
		c->block_at += part;
	}
	if (c->at == c->len && c->block_at == c->block_len) {
		TAILQ_REMOVE(&e->arrived, c, link);
		chunk_free(c);
	}
	return part;
}

/* -- sending -- */

static void send_next(void *node, uint64_t n);

static void
queue(struct end *e)
{
	struct node *n = e->node;

	if (e->queued || !e->alive || e->base.out.pending == 0 || e->unread >= WINDOW)
		return;
	e->queued = true;
	TAILQ_INSERT_TAIL(&n->sending, e, link);
	if (!n->up_busy) {
		n->up_busy = true;
		clock_at(clock_of(e), clock_of(e)->now, send_next, n, 0);
	}
}

static struct chunk *
make_chunk(struct end *e)
{
	struct sendq *q = &e->base.out;
	struct sendq_item *item = sendq_first(q);
	size_t bytes = item->kind == SENDQ_BYTES ? item->len : 0;
	struct chunk *c;
	struct iovec iov;
	bool more;

	if (bytes > BLOCK_SIZE)
		bytes = BLOCK_SIZE;
	c = calloc(1, sizeof(*c) + bytes);
	if (c == NULL)
		abort();
	c->to = e->other;
	c->len = bytes;
	if (bytes > 0) {
		(void)sendq_memory(q, &iov, 1, bytes, &more);
		memcpy(c->bytes, iov.iov_base, bytes);
		sendq_sent(q, bytes);
		item = sendq_first(q);
	}
	if (item != NULL && item->kind == SENDQ_BLOCK) {
		/* The block itself moves: the queue has none to free. */
		c->block = item->block;
		c->block_len = item->len;
		item->block = NULL;
		sendq_sent(q, c->block_len);
	}
	c->sent_len = c->len + c->block_len;
	return c;
}

static usec
time_for(size_t bytes, uint32_t KiBps)
{
	return (usec)(bytes * (uint64_t)SECOND / ((uint64_t)KiBps * KIB)) + 1;
}

static void
sent(void *arg, uint64_t n)
{
	struct chunk *c = arg;
	struct end *to = c->to, *from = to->other;
	struct clock *clock = clock_of(to);
	usec start = clock->now + from->node->delay + to->node->delay;
	size_t len = c->sent_len;

	(void)n;
	if (start < to->node->down_free)
		start = to->node->down_free;
	to->node->down_free = start + time_for(len, to->node->opts.down_KiBps);
	from->last_arrival = to->node->down_free;
	clock_at(clock, to->node->down_free, arrive, c, 0);
	if (from->alive) {
		queue(from);
		if (from->base.user != NULL)
			from->base.user->sent(from->base.arg, clock->now, len);
	}
	send_next(from->node, 0);
}

static void
send_next(void *node, uint64_t unused)
{
	struct node *n = node;
	struct end *e = TAILQ_FIRST(&n->sending);
	struct chunk *c;

	(void)unused;
	n->up_busy = e != NULL;
	if (e == NULL)
		return;
	TAILQ_REMOVE(&n->sending, e, link);
	e->queued = false;
	c = make_chunk(e);
	e->unread += c->sent_len;
	n->sent += c->sent_len;
	clock_at(clock_of(e), clock_of(e)->now + time_for(c->sent_len, n->opts.up_KiBps), sent, c,
	    0);
}

/* -- the stream -- */

static ssize_t
sim_readv(struct stream *s, const struct iovec *iov, int n)
{
	struct end *e = end_of(s);
	size_t got = 0;

	for (int i = 0; i < n; i++) {
		size_t at = 0;

		while (at < iov[i].iov_len && !TAILQ_EMPTY(&e->arrived))
			at += take(e, (uint8_t *)iov[i].iov_base + at, iov[i].iov_len - at);
		got += at;
	}
	e->other->unread -= got;
	queue(e->other);
	return got > 0 ? (ssize_t)got : e->ended ? 0 : -1;
}

static void
sim_set_reading(struct stream *s, bool on)
{
	end_of(s)->reading = on;
	read_soon(end_of(s));
}

static void
sim_flush(struct stream *s)
{
	queue(end_of(s));
}

static void
sim_resume(struct stream *s, usec now)
{
	(void)s;
	(void)now;
}

static void
sim_stream_free(struct stream *s)
{
	struct end *e = end_of(s);
	struct clock *clock = clock_of(e);
	usec ends = clock->now + e->node->delay + e->other->node->delay;
	struct chunk *c;

	while ((c = TAILQ_FIRST(&e->arrived)) != NULL) {
		TAILQ_REMOVE(&e->arrived, c, link);
		chunk_free(c);
	}
	if (e->queued)
		TAILQ_REMOVE(&e->node->sending, e, link);
	e->queued = e->alive = e->reading = false;
	memset(&e->base, 0, sizeof(e->base));
	/* One turn of the uplink may still be on its way. */
	if (ends < e->last_arrival)
		ends = e->last_arrival;
	clock_at(clock, ends + SECOND / 10, arrive_end, e->other, 0);
}

static const struct stream_ops sim_stream_ops = {
	.readv = sim_readv,
	.set_reading = sim_set_reading,
	.flush = sim_flush,
	.resume = sim_resume,
	.free = sim_stream_free,
};

static void
end_init(struct end *e, struct node *n, struct end *other, const struct addr *remote)
{
	e->node = n;
	e->other = other;
	e->alive = true;
	TAILQ_INIT(&e->arrived);
	stream_init(&e->base, &sim_stream_ops, remote, &n->sim->blocks);
}

void
link_new(struct node *a, struct node *b, struct stream **of_a, struct stream **of_b)
{
	struct link *l = calloc(1, sizeof(*l));
	struct addr from = a->addr;

	if (l == NULL || vec_add(&a->sim->links, &l) == NULL)
		abort();
	from.port = (uint16_t)(20000 + a->sim->links.len % 40000);
	end_init(&l->ends[0], a, &l->ends[1], &b->addr);
	end_init(&l->ends[1], b, &l->ends[0], &from);
	*of_a = &l->ends[0].base;
	*of_b = &l->ends[1].base;
}

/* Chunks that are on their way belong to the clock: its events are run to the end before. */
void
links_free(struct sim *s)
{
	for (size_t i = 0; i < s->links.len; i++)
		free(*(struct link **)vec_at(&s->links, i));
	vec_fini(&s->links);
}
