/* SPDX-License-Identifier: ISC */
#include "tracker/swarm.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

static uint16_t
tick_of(const struct swarms *s, usec now)
{
	return (uint16_t)((uint64_t)now / (uint64_t)s->unit);
}


struct place {
	const struct peers_kind *own_kind, *other_kind;
	struct peers *own, *other;
	uint32_t self;		/* number in own, or PEERS_NONE */
	uint32_t twin;		/* number in other, if it announced by that family too */
};

/* Seeds are given no seeds: they have the front of the table to choose from. */
static uint32_t
range(const struct peers *p, const struct announce_req *req)
{
	return req->left == 0 ? p->leeches : p->count;
}

static uint32_t
available(uint32_t n, uint32_t self)
{
	return self < n ? n - 1 : n;
}

/* The asker's own family first; up to a quarter is left for the other one. */
static void
answer_peers(const struct swarm_ask *ask, const struct place *at, struct rng *rng,
    struct swarm_answer *out)
{
	bool v4 = ask->addr.family == ADDR_V4;
	uint32_t want = ask->want < SWARM_WANT_MAX ? ask->want : SWARM_WANT_MAX;
	uint32_t range_own = range(at->own, ask->req);
	uint32_t range_other = ask->both ? range(at->other, ask->req) : 0;
	uint32_t owns = available(range_own, at->self);
	uint32_t others = available(range_other, at->twin);
	uint32_t kept = others < want / 4 ? others : want / 4;
	uint32_t want_own = owns < want - kept ? owns : want - kept;

	peers_choose(at->own_kind, at->own, range_own, want_own, at->self, rng,
	    v4 ? &out->v4 : &out->v6);
	peers_choose(at->other_kind, at->other, range_other, want - want_own, at->twin, rng,
	    v4 ? &out->v6 : &out->v4);
}

/* -- torrents -- */

void
swarms_init(struct swarms *s, const struct swarm_limits *limits, const uint64_t seed[2])
{
	*s = (struct swarms){ .limits = *limits, .kind4 = peers_kind(ADDR_V4, seed),
	    .kind6 = peers_kind(ADDR_V6, seed) };
	map_init(&s->map, 20, seed);
	/* A thousandth of the timeout is exact enough, and far from coming round in 2^16. */
	s->unit = limits->timeout / 1000 > SECOND / 4 ? limits->timeout / 1000 : SECOND / 4;
}

static void
swarm_free(struct swarm *w)
{
	peers_fini(&w->v4);
	peers_fini(&w->v6);
	mem_free(w);
}

void
swarms_fini(struct swarms *s)
{
	struct swarm *w;
	size_t pos = 0;

	while ((w = map_next(&s->map, &pos)) != NULL)
		swarm_free(w);
	map_fini(&s->map);
	*s = (struct swarms){ 0 };
}

static enum bt_code
swarm_make(struct swarms *s, const uint8_t *info_hash, struct swarm **out)
{
	struct swarm *w = map_find(&s->map, info_hash);

	*out = w;
	if (w != NULL)
		return BT_OK;
	if (s->limits.max_torrents != 0 && s->map.count >= s->limits.max_torrents)
		return BT_ELIMIT;
	w = mem_zero(sizeof(*w));
	if (w == NULL)
		return BT_ENOMEM;
	memcpy(w->info_hash, info_hash, 20);
	if (!map_set(&s->map, info_hash, w)) {
		mem_free(w);
		return BT_ENOMEM;
	}
	*out = w;
	return BT_OK;
}

struct swarm_counts
swarm_counts(const struct swarm *w)
{
	uint32_t leeches = w->v4.leeches + w->v6.leeches;

	return (struct swarm_counts){ w->v4.count + w->v6.count - leeches, leeches,
	    w->downloaded };
}

/* The totals are kept by taking a swarm out before it changes and adding it again after. */
static void
tally(struct swarms *s, const struct swarm *w, int sign)
{
	s->peers4 += (uint64_t)(sign * (int64_t)w->v4.count);
	s->peers6 += (uint64_t)(sign * (int64_t)w->v6.count);
	s->seeds += (uint64_t)(sign * (int64_t)swarm_counts(w).complete);
}

static struct peers_entry
asker(const struct swarm_ask *ask)
{
	const struct announce_req *req = ask->req;

	return (struct peers_entry){ ask->addr, req->peer_id, announce_key(req), req->left == 0,
	    (uint8_t)((req->supportcrypto ? PEERS_CRYPTO : 0) |
	    (req->requirecrypto ? PEERS_CRYPTO_ONLY : 0)) };
}

/* From another address only the key tells that it is the same peer, and no stranger. */
static bool
believed(const struct place *at, const struct swarm_ask *ask)
{
	struct peers_entry known = peers_at(at->own_kind, at->own, at->self);

	return addr_same_ip(&known.addr, &ask->addr) ||
	    (known.key != 0 && known.key == announce_key(ask->req));
}

static void
refresh(struct swarm *w, struct place *at, const struct swarm_ask *ask, uint16_t tick)
{
	struct peers_entry e = asker(ask);

	if (e.seed && at->self < at->own->leeches && ask->req->event == ANNOUNCE_COMPLETED)
		w->downloaded++;
	peers_update(at->own_kind, at->own, at->self, &e, tick);
	at->self = peers_find(at->own_kind, at->own, ask->req->peer_id);
}

/* A torrent that is full still serves those who ask. */
static enum bt_code
enter(const struct swarms *s, struct place *at, const struct swarm_ask *ask, uint16_t tick)
{
	struct peers_entry e = asker(ask);

	if (s->limits.max_peers != 0 && at->own->count >= s->limits.max_peers)
		return BT_OK;
	if (!peers_add(at->own_kind, at->own, &e, tick))
		return BT_ENOMEM;
	at->self = peers_find(at->own_kind, at->own, ask->req->peer_id);
	return BT_OK;
}

static void
leave(struct place *at)
{
	peers_remove(at->own_kind, at->own, at->self);
	peers_shrink(at->own_kind, at->own);
	at->self = PEERS_NONE;
}

/* What the announce means for the asker's own entry. */
static enum bt_code
enter_or_leave(struct swarms *s, struct swarm *w, struct place *at, const struct swarm_ask *ask,
    usec now)
{
	enum announce_event event = ask->req->event;

	if (event == ANNOUNCE_SNOOPED || (at->self != PEERS_NONE && !believed(at, ask)))
		return BT_OK;
	if (event == ANNOUNCE_STOPPED) {
		if (at->self != PEERS_NONE)
			leave(at);
		return BT_OK;
	}
	if (!addr_usable(&ask->addr))
		return BT_OK;
	if (at->self == PEERS_NONE)
		return enter(s, at, ask, tick_of(s, now));
	refresh(w, at, ask, tick_of(s, now));
	return BT_OK;
}

/* True: it is gone. */
static bool
drop_if_dead(struct swarms *s, struct swarm *w)
{
	size_t max = s->limits.max_torrents;

	if (w->v4.count > 0 || w->v6.count > 0)
		return false;
	/* What was ever completed is worth remembering, as long as there is plenty of room. */
	if (s->limits.keep_dead || (w->downloaded > 0 && (max == 0 || s->map.count <= max / 2)))
		return false;
	(void)map_remove(&s->map, w->info_hash);
	swarm_free(w);
	return true;
}

static struct place
find_place(const struct swarms *s, struct swarm *w, const struct swarm_ask *ask)
{
	const uint8_t *id = ask->req->peer_id;
	struct place at = { &s->kind4, &s->kind6, &w->v4, &w->v6, PEERS_NONE, PEERS_NONE };

	if (ask->addr.family == ADDR_V6)
		at = (struct place){ &s->kind6, &s->kind4, &w->v6, &w->v4, PEERS_NONE, PEERS_NONE };
	at.self = peers_find(at.own_kind, at.own, id);
	if (ask->both)
		at.twin = peers_find(at.other_kind, at.other, id);
	return at;
}

enum bt_code
swarms_announce(struct swarms *s, const struct swarm_ask *ask, usec now, struct rng *rng,
    struct swarm_answer *out)
{
	enum announce_event event = ask->req->event;
	struct swarm *w = map_find(&s->map, ask->req->info_hash);
	enum bt_code code = BT_OK;
	struct place at;

	out->v4.got = out->v6.got = 0;
	out->counts = (struct swarm_counts){ 0 };
	/* Who only looks or leaves makes no torrent known. */
	if (w == NULL && (event == ANNOUNCE_STOPPED || event == ANNOUNCE_SNOOPED ||
	    !addr_usable(&ask->addr)))
		return BT_OK;
	if (w == NULL && (code = swarm_make(s, ask->req->info_hash, &w)) != BT_OK)
		return code;
	at = find_place(s, w, ask);
	tally(s, w, -1);
	code = enter_or_leave(s, w, &at, ask, now);
	tally(s, w, 1);
	if (event != ANNOUNCE_STOPPED)
		answer_peers(ask, &at, rng, out);
	out->counts = swarm_counts(w);
	(void)drop_if_dead(s, w);
	return code;
}

enum bt_code
swarms_restore(struct swarms *s, const uint8_t info_hash[20], const struct peers_entry *peer,
    usec now)
{
	const struct peers_kind *k;
	struct peers *p;
	struct swarm *w;
	enum bt_code code;

	if (!addr_usable(&peer->addr))
		return BT_EARG;
	code = swarm_make(s, info_hash, &w);
	if (code != BT_OK)
		return code;
	k = peer->addr.family == ADDR_V4 ? &s->kind4 : &s->kind6;
	p = peer->addr.family == ADDR_V4 ? &w->v4 : &w->v6;
	if (peers_find(k, p, peer->id) != PEERS_NONE)
		return BT_EEXIST;
	tally(s, w, -1);
	if (s->limits.max_peers != 0 && p->count >= s->limits.max_peers)
		code = BT_ELIMIT;
	else if (!peers_add(k, p, peer, tick_of(s, now)))
		code = BT_ENOMEM;
	tally(s, w, 1);
	(void)drop_if_dead(s, w);
	return code;
}

enum bt_code
swarms_restore_count(struct swarms *s, const uint8_t info_hash[20], uint32_t downloaded)
{
	struct swarm *w;
	enum bt_code code = swarm_make(s, info_hash, &w);

	if (code == BT_OK)
		w->downloaded = downloaded;
	return code;
}

const struct swarm *
swarms_find(const struct swarms *s, const uint8_t info_hash[20])
{
	return map_find(&s->map, info_hash);
}

const struct swarm *
swarms_next(const struct swarms *s, size_t *pos)
{
	return map_next(&s->map, pos);
}

bool
swarms_sweep(struct swarms *s, usec now, size_t n)
{
	uint16_t tick = tick_of(s, now);
	/* The tick in which a peer was heard is not over yet when it is counted: one more. */
	uint16_t silent = (uint16_t)(s->limits.timeout / s->unit + 1);

	for (size_t looked = 0; looked < n;) {
		struct swarm *w = map_next(&s->map, &s->sweep_pos);

		if (w == NULL) {
			s->sweep_pos = 0;
			return true;
		}
		looked += 1 + w->v4.count + w->v6.count;
		tally(s, w, -1);
		peers_expire(&s->kind4, &w->v4, tick, silent);
		peers_expire(&s->kind6, &w->v6, tick, silent);
		tally(s, w, 1);
		/* The map may have moved another torrent to its place. */
		if (drop_if_dead(s, w))
			s->sweep_pos--;
	}
	return false;
}

bool
swarm_visible(const struct swarms *s, const struct swarm *w)
{
	return s->limits.keep_dead || w->v4.count > 0 || w->v6.count > 0;
}

struct peers_entry
swarm_peer_at(const struct swarms *s, const struct swarm *w, enum addr_family family, uint32_t i)
{
	bool v4 = family == ADDR_V4;

	return peers_at(v4 ? &s->kind4 : &s->kind6, v4 ? &w->v4 : &w->v6, i);
}

void
swarms_check(const struct swarms *s)
{
	uint64_t peers4 = 0, peers6 = 0, seeds = 0;
	const struct swarm *w;

	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		peers_check(&s->kind4, &w->v4);
		peers_check(&s->kind6, &w->v6);
		peers4 += w->v4.count;
		peers6 += w->v6.count;
		seeds += swarm_counts(w).complete;
	}
	assert(peers4 == s->peers4 && peers6 == s->peers6 && seeds == s->seeds);
}
