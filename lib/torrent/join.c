/* SPDX-License-Identifier: ISC */
/* How peers come to a torrent: whom to dial, who may stay. */
#include <string.h>

#include "torrent/model.h"

/* Connections begun at once by one torrent. */
#define DIALLING_MAX 8

/* Of the connections one party (see addr_same_party) has this part, and no fewer than these. */
#define PARTY_SHARE 8
#define PARTY_LEAST 4

/* Who has just come may still be of use. */
#define SPARE_AFTER (30 * SECOND)

/* One address cannot take all the places. */
static bool
has_its_share(const struct torrent *t, const struct addr *a)
{
	unsigned share = t->opts->max_peers / PARTY_SHARE, count = 0;
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link)
		count += addr_same_party(&c->addr, a);
	return count >= (share < PARTY_LEAST ? PARTY_LEAST : share);
}

/* Why a peer from there is not wanted; NULL: it is, and there is a swarm for it. */
static const char *
refusal(struct torrent *t, const struct addr *a)
{
	if (!torrent_is_in_swarm(t))
		return "asks for a torrent that is not running";
	if (!torrent_meet(t))
		return "out of memory";
	if (known_is_banned(&t->swarm->known, a))
		return "banned";
	if (t->conn_count >= t->opts->max_peers)
		return "the torrent has all its peers";
	return has_its_share(t, a) ? "too many connections from this address" : NULL;
}

/* Takes the stream. hash: what the torrent is called on it. */
static bool
join(struct torrent *t, struct stream *s, const struct addr *dialled, const uint8_t hash[20],
    struct bt_slice first, usec now)
{
	struct peer *p = peer_new(s, t->opts->blocks, &conn_calls, NULL, now);
	struct conn *c = p == NULL ? NULL :
	    conn_new(t, p, dialled != NULL ? dialled : &s->remote, dialled != NULL);
	struct handshake ours = { 0 };

	if (c == NULL) {
		peer_free(p);
		return false;
	}
	memcpy(ours.info_hash, hash, 20);
	memcpy(ours.peer_id, t->peer_id, 20);
	handshake_set(&ours, HANDSHAKE_EXTENSIONS);
	handshake_set(&ours, HANDSHAKE_FAST);
	peer_join(p, &ours, &conn_calls, c, now);
	stream_set_rates(s, &t->swarm->in_rate, &t->swarm->out_rate);
	torrent_wake(t);
	/* If it cannot learn it is closed, and goes like others that are. */
	if (!torrent_is_known(t) || peer_learn(p, t->meta, now))
		peer_start(p, first, now);
	return true;
}

const char *
torrent_add_incoming(struct torrent *t, struct stream *s, struct bt_slice first, usec now)
{
	const char *why = refusal(t, &s->remote);
	struct handshake theirs;

	torrent_wants_tick(t, now);
	if (why != NULL)
		return why;
	if (handshake_parse_head(first, &theirs) != STEP_DONE)
		return "not a BitTorrent handshake";
	(void)join(t, s, NULL, theirs.info_hash, first, now);
	return NULL;
}

void
torrent_add_outgoing(struct torrent *t, struct stream *s, const struct addr *to, usec now)
{
	t->dialling--;
	known_dialled(&t->swarm->known, to);
	torrent_wants_tick(t, now);
	if (refusal(t, to) != NULL)
		stream_free(s);
	else if (join(t, s, to, t->hashes.v[0], SLICE_NONE, now))
		return;
	known_lost(&t->swarm->known, to, false, now);
}

void
torrent_dial_failed(struct torrent *t, const struct addr *to, usec now)
{
	t->dialling--;
	known_dial_failed(&t->swarm->known, to, now);
	torrent_wants_tick(t, now);
}

bool
join_add_address(struct torrent *t, const struct addr *a, enum known_source source)
{
	unsigned family = a->family == ADDR_V6 ? ANNOUNCE_V6 : ANNOUNCE_V4;

	return (t->opts->dial_families == 0 || (t->opts->dial_families & family) != 0) &&
	    torrent_meet(t) && known_add(&t->swarm->known, a, source, 0);
}

void
torrent_add_address(struct torrent *t, const struct addr *a, enum known_source source, usec now)
{
	(void)join_add_address(t, a, source);
	torrent_wants_tick(t, now);
}

void
torrent_find_spare(const struct torrent *t, struct torrent_spare *best, usec now)
{
	struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		usec since = c->moved > c->peer->opened ? c->moved : c->peer->opened;

		if (!c->open || c->peer->am_interested || c->peer->peer_interested ||
		    now - since < SPARE_AFTER || (best->conn != NULL && since >= best->since))
			continue;
		*best = (struct torrent_spare){ c, since };
	}
}

void
torrent_part_with(const struct torrent_spare *spare, usec now)
{
	peer_close(spare->conn->peer, "its place is needed", now);
}

bool
join_may_dial(const struct torrent *t)
{
	return torrent_is_in_swarm(t) && t->swarm != NULL && t->dialling < DIALLING_MAX &&
	    t->conn_count + t->dialling < t->opts->max_initiate;
}

void
join_dial(struct torrent *t, usec now)
{
	struct dial_wish wish;

	while (join_may_dial(t) && known_next(&t->swarm->known, now, &wish.to)) {
		t->dialling++;
		t->ops->dial(t->arg, t, &wish, now);
	}
}
