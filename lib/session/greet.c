/* SPDX-License-Identifier: ISC */
#include "session/greet.h"

#include "base/mem.h"

struct guest {
	TAILQ_ENTRY(guest) link;	/* in guests, or gone once closed */
	struct greet *greet;
	struct stream *stream;
	usec due;
	uint8_t first[HANDSHAKE_HEAD_LEN];
	size_t len;
};

/* A wish, from the moment it is made until it is answered. */
struct dialled {
	TAILQ_ENTRY(dialled) link;	/* in waiting, or begun */
	uint32_t id, owner;
	struct dial_wish wish;
	usec due;			/* once it is begun */
};

/* -- when -- */

static void
want_tick(struct greet *g, usec when)
{
	if (when >= g->told)
		return;
	g->told = when;
	g->ops->due(g->arg, when);
}

static usec
sooner(usec a, usec b)
{
	return a < b ? a : b;
}

static usec
next_due(const struct greet *g)
{
	usec due = NEVER;

	if (!TAILQ_EMPTY(&g->gone))
		return 0;
	if (!TAILQ_EMPTY(&g->guests))
		due = sooner(due, TAILQ_FIRST(&g->guests)->due);
	if (!TAILQ_EMPTY(&g->begun))
		due = sooner(due, TAILQ_FIRST(&g->begun)->due);
	if (!TAILQ_EMPTY(&g->waiting) && g->begun_count < GREET_DIALS_MAX)
		due = sooner(due, g->again);
	return due;
}

/* -- places -- */

static bool
has_room(struct greet *g, usec now)
{
	if (g->connections_max == 0 || g->connections + g->begun_count < g->connections_max)
		return true;
	return g->connections > 0 && g->ops->make_room(g->arg, now);
}

/* -- guests -- */

/* It is freed later, for it may be its stream that calls. */
static void
send_away(struct guest *v, const char *why, usec now)
{
	struct greet *g = v->greet;
	char text[ADDR_TEXT_MAX];

	log_write(g->log, BT_LOG_DEBUG, "session", "peer %s: closed: %s",
	    addr_text(&v->stream->remote, text), why);
	stream_set_reading(v->stream, false);
	stream_set_user(v->stream, NULL, NULL);
	TAILQ_REMOVE(&g->guests, v, link);
	TAILQ_INSERT_TAIL(&g->gone, v, link);
	g->guest_count--;
	want_tick(g, now);
}

/* The torrent's peer reads on where we stopped. */
static void
show_in(struct guest *v, usec now)
{
	struct greet *g = v->greet;
	const char *why = !has_room(g, now) ? "all connections are taken" :
	    g->ops->named(g->arg, v->stream, slice_of(v->first, v->len), now);

	if (why != NULL) {
		send_away(v, why, now);
	} else {
		TAILQ_REMOVE(&g->guests, v, link);
		g->guest_count--;
		mem_free(v);
	}
}

static void
readable(void *arg, usec now)
{
	struct guest *v = arg;
	struct iovec iov = { v->first + v->len, sizeof(v->first) - v->len };
	ssize_t got = stream_readv(v->stream, &iov, 1);
	struct handshake theirs;
	enum step step;

	if (got == 0)
		send_away(v, "closed by the peer", now);
	if (got <= 0)
		return;
	v->len += (size_t)got;
	step = handshake_parse_head(slice_of(v->first, v->len), &theirs);
	if (step == STEP_BAD)
		send_away(v, "not a BitTorrent handshake", now);
	else if (step == STEP_DONE)
		show_in(v, now);
}

static void
sent(void *arg, usec now, size_t content)
{
	(void)arg;
	(void)now;
	(void)content;
}

static void
broken(void *arg, usec now, const char *why)
{
	send_away(arg, why, now);
}

static const struct stream_user guest_calls = {
	.readable = readable,
	.sent = sent,
	.broken = broken,
};

static bool
is_welcome(const struct greet *g, const struct addr *from)
{
	const struct guest *v;
	unsigned count = 0;

	TAILQ_FOREACH(v, &g->guests, link)
		count += addr_same_party(&v->stream->remote, from);
	return g->guest_count < g->guests_max && count < GREET_OF_ONE_PARTY;
}

void
greet_guest(struct greet *g, struct stream *s, usec now)
{
	struct guest *v = is_welcome(g, &s->remote) ? mem_zero(sizeof(*v)) : NULL;

	if (v == NULL) {
		stream_free(s);
		return;
	}
	v->greet = g;
	v->stream = s;
	v->due = now + GREET_PATIENCE;
	TAILQ_INSERT_TAIL(&g->guests, v, link);
	g->guest_count++;
	stream_set_user(s, &guest_calls, v);
	stream_set_reading(s, true);
	want_tick(g, v->due);
}

static void
free_gone(struct greet *g)
{
	struct guest *v;

	while ((v = TAILQ_FIRST(&g->gone)) != NULL) {
		TAILQ_REMOVE(&g->gone, v, link);
		stream_free(v->stream);
		mem_free(v);
	}
}

/* -- who is dialled -- */

static void
answer(struct greet *g, struct dialled *d, struct stream *s, usec now)
{
	struct dialled copy = *d;

	mem_free(d);
	g->ops->dialled(g->arg, copy.owner, &copy.wish, s, now);
}

static void
end_begun(struct greet *g, struct dialled *d)
{
	TAILQ_REMOVE(&g->begun, d, link);
	g->begun_count--;
	if (!TAILQ_EMPTY(&g->waiting))
		want_tick(g, g->again);
}

bool
greet_dial(struct greet *g, uint32_t owner, const struct dial_wish *wish, usec now)
{
	struct dialled *d = mem_zero(sizeof(*d));

	if (d == NULL)
		return false;
	d->id = ++g->last_id;
	d->owner = owner;
	d->wish = *wish;
	TAILQ_INSERT_TAIL(&g->waiting, d, link);
	if (g->begun_count < GREET_DIALS_MAX)
		want_tick(g, g->again > now ? g->again : now);
	return true;
}

void
greet_forget(struct greet *g, uint32_t owner)
{
	struct dialled *d, *next;

	TAILQ_FOREACH_SAFE(d, &g->waiting, link, next) {
		if (d->owner != owner)
			continue;
		TAILQ_REMOVE(&g->waiting, d, link);
		mem_free(d);
	}
	TAILQ_FOREACH_SAFE(d, &g->begun, link, next) {
		if (d->owner != owner)
			continue;
		g->ops->abandon(g->arg, d->id);
		end_begun(g, d);
		mem_free(d);
	}
}

void
greet_connected(struct greet *g, uint32_t id, struct stream *s, usec now)
{
	struct dialled *d;

	TAILQ_FOREACH(d, &g->begun, link) {
		if (d->id == id)
			break;
	}
	if (d == NULL) {
		stream_free(s);
		return;
	}
	end_begun(g, d);
	answer(g, d, s, now);
}

/* False: it must wait. */
static bool
begin(struct greet *g, struct dialled *d, usec now)
{
	enum greet_begun begun = has_room(g, now) ? g->ops->connect(g->arg, d->id, &d->wish) :
	    GREET_LATER;

	if (begun == GREET_LATER) {
		g->again = now + GREET_AGAIN;
		return false;
	}
	TAILQ_REMOVE(&g->waiting, d, link);
	if (begun == GREET_FAILED) {
		answer(g, d, NULL, now);
		return true;
	}
	d->due = now + GREET_DIAL_PATIENCE;
	TAILQ_INSERT_TAIL(&g->begun, d, link);
	g->begun_count++;
	return true;
}

/* -- the whole -- */

void
greet_tick(struct greet *g, usec now)
{
	struct dialled *d;
	struct guest *v;

	g->told = 0;
	free_gone(g);
	while ((v = TAILQ_FIRST(&g->guests)) != NULL && v->due <= now)
		send_away(v, "no handshake in time", now);
	while ((d = TAILQ_FIRST(&g->begun)) != NULL && d->due <= now) {
		g->ops->abandon(g->arg, d->id);
		end_begun(g, d);
		answer(g, d, NULL, now);
	}
	while (now >= g->again && g->begun_count < GREET_DIALS_MAX &&
	    (d = TAILQ_FIRST(&g->waiting)) != NULL && begin(g, d, now))
		continue;
	g->told = next_due(g);
	g->ops->due(g->arg, g->told);
}

void
greet_init(struct greet *g, const struct greet_ops *ops, void *arg, const struct log *log)
{
	*g = (struct greet){ .ops = ops, .arg = arg, .log = log, .told = NEVER,
		.guests_max = GREET_GUESTS_MAX };
	TAILQ_INIT(&g->guests);
	TAILQ_INIT(&g->gone);
	TAILQ_INIT(&g->waiting);
	TAILQ_INIT(&g->begun);
}

void
greet_fini(struct greet *g)
{
	struct dialled *d;
	struct guest *v;

	g->told = 0;		/* nobody is called any more */
	while ((v = TAILQ_FIRST(&g->guests)) != NULL)
		send_away(v, "the session ends", 0);
	free_gone(g);
	while ((d = TAILQ_FIRST(&g->waiting)) != NULL) {
		TAILQ_REMOVE(&g->waiting, d, link);
		mem_free(d);
	}
	while ((d = TAILQ_FIRST(&g->begun)) != NULL) {
		g->ops->abandon(g->arg, d->id);
		end_begun(g, d);
		mem_free(d);
	}
}
