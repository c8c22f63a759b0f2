/* SPDX-License-Identifier: ISC */
/*
 * Two streams back to back. What one writes leaves through its node's uplink a block at a time,
 * streams taking turns, and comes out of the other node's downlink after the way's delay. No more
 * than a window is under way or unread, so who does not read is not sent to. What the node's rates
 * hold back does not come to the uplink.
 */
#include "sim.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define WINDOW (256 * KIB)

/* What a turn of the uplink takes: short messages, and at most one of content. */
struct chunk {
	TAILQ_ENTRY(chunk) link;	/* in end.arrived */
	struct end *to;
	size_t content;
	size_t len, at;
	uint8_t bytes[];
};

struct end {
	struct stream base;
	struct node *node;
	struct end *other;
	TAILQ_ENTRY(end) link;		/* in node.sending while queued */
	TAILQ_HEAD(, chunk) arrived;
	bool alive, reading, queued, read_due, ended;
	size_t allowed;			/* bytes that the rates let pass, not sent yet */
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

static bool
may_read(const struct end *e)
{
	return e->reading && !e->base.reader.waits && (!TAILQ_EMPTY(&e->arrived) || e->ended);
}

static void
read_now(void *arg, uint64_t n)
{
	struct end *e = arg;

	(void)n;
	e->read_due = false;
	if (!e->alive || !may_read(e) || e->base.user == NULL)
		return;
	e->base.user->readable(e->base.arg, clock_of(e)->now);
	if (e->alive && may_read(e)) {
		e->read_due = true;
		clock_at(clock_of(e), clock_of(e)->now, read_now, e, 0);
	}
}

static void
read_soon(struct end *e)
{
	if (e->read_due || !may_read(e))
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
	clock_note(clock_of(e), (uint64_t)e->node->index << 32 | c->len);
	if (!e->alive) {
		free(c);
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
	size_t part = c->len - c->at < room ? c->len - c->at : room;

	memcpy(to, c->bytes + c->at, part);
	c->at += part;
	if (c->at == c->len) {
		TAILQ_REMOVE(&e->arrived, c, link);
		free(c);
	}
	return part;
}

/* -- sending -- */

static void send_next(void *node, uint64_t n);

/* Who may not send more to its partner does not wait for a turn. */
static void
admit(struct end *e)
{
	struct stream *s = &e->base;
	size_t more;

	if (e->allowed > s->out.pending)
		e->allowed = s->out.pending;	/* some was taken back */
	more = s->out.pending - e->allowed;
	if (more == 0 || e->unread >= WINDOW)
		rate_leave(&s->sender);
	else if (more = stream_may_send(s, more, clock_of(e)->now), more > 0) {
		rate_spend(&s->sender, more);
		e->allowed += more;
	}
}

static void
queue(struct end *e)
{
	struct node *n = e->node;

	if (!e->alive)
		return;
	admit(e);
	if (e->queued || e->allowed == 0 || e->unread >= WINDOW)
		return;
	e->queued = true;
	TAILQ_INSERT_TAIL(&n->sending, e, link);
	if (!n->up_busy) {
		n->up_busy = true;
		clock_at(clock_of(e), clock_of(e)->now, send_next, n, 0);
	}
}

/* Up to the end of the first content. */
static size_t
turn_len(const struct end *e)
{
	const struct sendq *q = &e->base.out;
	const struct sendq_item *item = TAILQ_FIRST(&q->items);
	size_t len = q->bytes.len - q->bytes_at;

	if (item != NULL)
		len += item->head_len - item->head_at + item->len;
	return len < e->allowed ? len : e->allowed;
}

static struct chunk *
make_chunk(struct end *e)
{
	struct sendq *q = &e->base.out;
	size_t len = turn_len(e);
	struct chunk *c = malloc(sizeof(*c) + len);
	struct iovec iov[8];
	bool more;
	int n;

	if (c == NULL)
		abort();
	*c = (struct chunk){ .to = e->other };
	while (c->len < len && (n = sendq_memory(q, iov, 8, len - c->len, &more)) > 0) {
		size_t before = c->len;

		for (int i = 0; i < n; i++) {
			memcpy(c->bytes + c->len, iov[i].iov_base, iov[i].iov_len);
			c->len += iov[i].iov_len;
		}
		c->content += sendq_sent(q, c->len - before);
	}
	e->allowed -= len;
	e->unread += len;
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
	size_t len = c->len, content = c->content;

	(void)n;
	if (start < to->node->down_free)
		start = to->node->down_free;
	to->node->down_free = start + time_for(len, to->node->opts.down_KiBps);
	from->last_arrival = to->node->down_free;
	clock_at(clock, to->node->down_free, arrive, c, 0);
	if (from->alive) {
		queue(from);
		if (from->base.user != NULL)
			from->base.user->sent(from->base.arg, clock->now, content);
	}
	send_next(from->node, 0);
}

static void
send_next(void *node, uint64_t unused)
{
	struct node *n = node;
	struct end *e;
	struct chunk *c;

	(void)unused;
	n->up_busy = false;
	do {
		e = TAILQ_FIRST(&n->sending);
		if (e == NULL)
			return;
		TAILQ_REMOVE(&n->sending, e, link);
		e->queued = false;
	} while (turn_len(e) == 0);
	n->up_busy = true;
	c = make_chunk(e);
	n->sent += c->len;
	clock_at(clock_of(e), clock_of(e)->now + time_for(c->len, n->opts.up_KiBps), sent, c, 0);
}

/* -- the stream -- */

static size_t
read_some(struct end *e, const struct iovec *iov, int n, size_t most)
{
	size_t got = 0;

	for (int i = 0; i < n; i++) {
		size_t room = iov[i].iov_len < most - got ? iov[i].iov_len : most - got, at = 0;

		while (at < room && !TAILQ_EMPTY(&e->arrived))
			at += take(e, (uint8_t *)iov[i].iov_base + at, room - at);
		got += at;
	}
	return got;
}

static ssize_t
sim_readv(struct stream *s, const struct iovec *iov, int n)
{
	struct end *e = end_of(s);
	size_t want = 0, allowed, got;

	for (int i = 0; i < n; i++)
		want += iov[i].iov_len;
	allowed = rate_ask(&s->reader, want, clock_of(e)->now);
	got = read_some(e, iov, n, allowed);
	rate_spend(&s->reader, got);
	if (allowed > 0 && got < allowed)
		rate_leave(&s->reader);
	e->other->unread -= got;
	queue(e->other);
	return got > 0 ? (ssize_t)got : e->ended && allowed > 0 ? 0 : -1;
}

static void
sim_set_reading(struct stream *s, bool on)
{
	end_of(s)->reading = on;
	if (!on)
		rate_leave(&s->reader);
	read_soon(end_of(s));
}

static void
sim_flush(struct stream *s)
{
	queue(end_of(s));
}

static void
sim_read_turn(struct stream *s, usec now)
{
	struct end *e = end_of(s);

	if (may_read(e) && s->user != NULL)
		s->user->readable(s->arg, now);
	read_soon(e);
}

static void
sim_send_turn(struct stream *s, usec now)
{
	(void)now;
	queue(end_of(s));
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
		free(c);
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
	.read_turn = sim_read_turn,
	.send_turn = sim_send_turn,
	.free = sim_stream_free,
};

/* -- rates -- */

static void wake(void *arg);

static void
deal(void *arg, uint64_t due)
{
	struct sim_rate *r = arg;

	if (r->due != (usec)due)
		return;
	r->due = NEVER;
	rate_deal(&r->tree, r->clock->now);
	wake(r);
}

static void
wake(void *arg)
{
	struct sim_rate *r = arg;
	usec due = rate_due(&r->tree);

	if (due >= r->due)
		return;
	r->due = due < r->clock->now ? r->clock->now : due;
	clock_at(r->clock, r->due, deal, r, (uint64_t)r->due);
}

void
sim_rate_init(struct sim_rate *r, struct clock *c, uint32_t limit_KiBps)
{
	rate_tree_init(&r->tree, (uint64_t)limit_KiBps * KIB, wake, r);
	r->clock = c;
	r->due = NEVER;
}

/* -- a link -- */

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
