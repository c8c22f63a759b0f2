/* SPDX-License-Identifier: ISC */
/* Peers that came in, until they name a torrent of ours. */
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_tcp.h"
#include "session/model.h"

/* Strangers that have said nothing yet; each may take its time. */
#define GUESTS_MAX 256
#define GUESTS_OF_ONE_PARTY 32

/* How often it is looked who has waited for too long. */
#define GUESTS_TICK (100 * MSEC)

static void
leave(struct guest *g, struct guest_list *to)
{
	struct bt_session *s = g->session;

	TAILQ_REMOVE(&s->guests, g, link);
	s->guest_count--;
	if (to != NULL)
		TAILQ_INSERT_TAIL(to, g, link);
}

static bool
on_info_hash(void *arg, struct peer *p, const uint8_t info_hash[20], usec now)
{
	struct guest *g = arg;
	struct bt_session *s = g->session;
	struct entry *e = map_find(&s->by_hash, info_hash);

	if (e == NULL || !torrent_add_incoming(e->torrent, p, now))
		return false;
	/* The peer is the torrent's now, and tells us nothing more. */
	leave(g, NULL);
	mem_free(g);
	return true;
}

static void
on_closed(void *arg, struct peer *p, const char *why, usec now)
{
	struct guest *g = arg;
	char text[ADDR_TEXT_MAX];

	(void)now;
	log_write(&g->session->log, BT_LOG_DEBUG, "session", "peer %s: closed: %s",
	    addr_text(&p->stream->remote, text), why);
	leave(g, &g->session->gone_guests);
}

static const struct peer_ops guest_calls = {
	.on_info_hash = on_info_hash,
	.on_closed = on_closed,
};

static bool
is_welcome(const struct bt_session *s, const struct addr *from)
{
	const struct guest *g;
	unsigned count = 0;

	TAILQ_FOREACH(g, &s->guests, link)
		count += addr_same_party(&g->peer->stream->remote, from);
	return s->guest_count < GUESTS_MAX && count < GUESTS_OF_ONE_PARTY;
}

void
guest_arrived(void *session, int fd, const struct addr *from)
{
	struct bt_session *s = session;
	struct guest *g;
	struct stream *stream;

	if (!is_welcome(s, from)) {
		(void)close(fd);
		return;
	}
	g = mem_zero(sizeof(*g));
	stream = stream_tcp_new(s->loop, fd, from, &s->blocks);
	if (g == NULL || stream == NULL) {
		mem_free(g);
		stream_free(stream);
		return;
	}
	g->session = s;
	g->peer = peer_new(stream, &s->blocks, &guest_calls, g, loop_now(s->loop));
	if (g->peer == NULL) {
		mem_free(g);
		return;
	}
	TAILQ_INSERT_TAIL(&s->guests, g, link);
	if (s->guest_count++ == 0)
		loop_timer_set(&s->guests_timer, GUESTS_TICK);
	peer_start(g->peer, true);
}

static void
free_gone(struct bt_session *s)
{
	struct guest *g;

	while ((g = TAILQ_FIRST(&s->gone_guests)) != NULL) {
		TAILQ_REMOVE(&s->gone_guests, g, link);
		peer_free(g->peer);
		mem_free(g);
	}
}

void
guests_tick(void *session, usec now)
{
	struct bt_session *s = session;
	struct guest *g, *next;

	free_gone(s);
	TAILQ_FOREACH_SAFE(g, &s->guests, link, next)
		peer_tick(g->peer, now, NEVER);
	if (s->guest_count > 0 || !TAILQ_EMPTY(&s->gone_guests))
		loop_timer_set(&s->guests_timer, GUESTS_TICK);
}

void
guests_free(struct bt_session *s)
{
	struct guest *g, *next;

	TAILQ_FOREACH_SAFE(g, &s->guests, link, next)
		peer_close(g->peer, "session ends", loop_now(s->loop));
	free_gone(s);
}
