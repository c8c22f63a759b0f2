/* SPDX-License-Identifier: ISC */
/* How peers come to a torrent: whom to dial, who may stay. */
#include <string.h>

#include "torrent/model.h"

/* Connections begun at once by one torrent. */
#define DIALLING_MAX 8

/* Of the connections one party (see addr_same_party) has this part, and no fewer than these. */
#define PARTY_SHARE 8
#define PARTY_LEAST 4

/* Whoever has one address cannot take all the places. */
static bool
has_its_share(const struct torrent *t, const struct addr *a)
{
	unsigned share = t->opts.max_peers / PARTY_SHARE, count = 0;
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link)
		count += addr_same_party(&c->addr, a);
	return count >= (share < PARTY_LEAST ? PARTY_LEAST : share);
}

static bool
wants_peer(const struct torrent *t, const struct addr *a)
{
	return torrent_is_in_swarm(t) && t->conn_count < t->opts.max_peers &&
	    !known_is_banned(&t->known, a) && !has_its_share(t, a);
}

static bool
join(struct torrent *t, struct peer *p, const struct addr *a, bool dialled, usec now)
{
	const uint8_t *hash = dialled ? t->hashes.v[0] : p->theirs.info_hash;
	struct handshake ours = { 0 };
	struct conn *c;

	memcpy(ours.info_hash, hash, 20);
	memcpy(ours.peer_id, t->peer_id, 20);
	handshake_set(&ours, HANDSHAKE_EXTENSIONS);
	handshake_set(&ours, HANDSHAKE_FAST);
	c = conn_new(t, p, a, dialled);
	if (c == NULL)
		return false;
	peer_join(p, &ours, &conn_calls, c, now);
	stream_set_rates(p->stream, &t->in_rate, &t->out_rate);
	/* If it cannot learn it is closed, and goes like others that are. */
	if (t->meta != NULL)
		(void)peer_learn(p, t->meta, now);
	torrent_wake(t);
	return true;
}

bool
torrent_add_incoming(struct torrent *t, struct peer *p, usec now)
{
	torrent_wants_tick(t, now);
	return wants_peer(t, &p->stream->remote) && join(t, p, &p->stream->remote, false, now);
}

void
torrent_add_outgoing(struct torrent *t, struct stream *s, const struct addr *to, usec now)
{
	struct peer *p;

	t->dialling--;
	known_dialled(&t->known, to);
	torrent_wants_tick(t, now);
	if (!wants_peer(t, to)) {
		stream_free(s);
		known_lost(&t->known, to, false, now);
		return;
	}
	p = peer_new(s, t->opts.blocks, &conn_calls, NULL, now);
	if (p == NULL || !join(t, p, to, true, now)) {
		peer_free(p);
		known_lost(&t->known, to, false, now);
	} else if (p->state != PEER_CLOSED) {
		peer_start(p, false);
	}
}

void
torrent_dial_failed(struct torrent *t, const struct addr *to, usec now)
{
	t->dialling--;
	known_dial_failed(&t->known, to, now);
	torrent_wants_tick(t, now);
}

bool
join_add_address(struct torrent *t, const struct addr *a, enum known_source source)
{
	unsigned family = a->family == ADDR_V6 ? ANNOUNCE_V6 : ANNOUNCE_V4;

	return (t->opts.dial_families == 0 || (t->opts.dial_families & family) != 0) &&
	    known_add(&t->known, a, source, 0);
}

void
torrent_add_address(struct torrent *t, const struct addr *a, enum known_source source, usec now)
{
	(void)join_add_address(t, a, source);
	torrent_wants_tick(t, now);
}

bool
join_may_dial(const struct torrent *t)
{
	return torrent_is_in_swarm(t) && t->dialling < DIALLING_MAX &&
	    t->conn_count + t->dialling < t->opts.max_initiate;
}

void
join_dial(struct torrent *t, usec now)
{
	struct addr to;

	while (join_may_dial(t) && known_next(&t->known, now, &to)) {
		t->dialling++;
		t->ops->dial(t->arg, t, &to);
	}
}
