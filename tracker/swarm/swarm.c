/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/swarm.h"

#include <assert.h>
#include <string.h>

#include "proto/compact.h"

#define TIMEOUT_TICKS 128u	/* less than half of SWARM_TICKS: old and young stay apart */
#define EMPTY_LIST SWARM_TICKS
#define TORRENT_WORK 64u	/* looks at peers that take as long as one at a torrent */
#define EVICT_TRIES 16u		/* torrents looked at to find one that can go */

static uint64_t
tick_of(const struct swarms *s, usec now)
{
	return (uint64_t)now / (uint64_t)s->unit;
}

/* The tick in which a peer was heard is not over yet when it is counted: one more. */
static uint8_t
silence(const struct swarms *s)
{
	return (uint8_t)(s->limits.timeout / s->unit + 1);
}

struct place {
	const struct peers_kind *own_kind, *other_kind;
	struct peers **own, **other;
	uint32_t self;		/* number in own, or PEERS_NONE */
	uint32_t twin;		/* number in other, if the client told its address there */
};

/* A peer that has all it wants is given nobody like it: it has the front of the table to choose
 * from. */
static uint32_t
range(const struct peers *p, const struct announce_req *req)
{
	return req->left == 0 || req->event == ANNOUNCE_PAUSED ? peers_shown_leeches(p) :
	    peers_shown(p);
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
	uint32_t range_own = range(*at->own, ask->req);
	uint32_t range_other = ask->both ? range(*at->other, ask->req) : 0;
	uint32_t owns = available(range_own, at->self);
	uint32_t others = available(range_other, at->twin);
	uint32_t kept = others < want / 4 ? others : want / 4;
	uint32_t want_own = owns < want - kept ? owns : want - kept;

	peers_choose(at->own_kind, *at->own, range_own, want_own, at->self, rng,
	    v4 ? &out->v4 : &out->v6);
	peers_choose(at->other_kind, *at->other, range_other, want - want_own, at->twin, rng,
	    v4 ? &out->v6 : &out->v4);
}

/* -- torrents -- */

void
swarms_init(struct swarms *s, const struct swarm_limits *limits, const uint64_t seed[2])
{
	usec unit = limits->timeout / TIMEOUT_TICKS;

	*s = (struct swarms){ .limits = *limits,
	    .unit = unit > SECOND / 4 ? unit : SECOND / 4,
	    .kind4 = peers_kind(ADDR_V4, limits->keep_ids, seed),
	    .kind6 = peers_kind(ADDR_V6, limits->keep_ids, seed) };
	table_init(&s->table, seed);
	memset(s->lists, 0xff, sizeof(s->lists));
	s->begun = TABLE_NONE;
}

void
swarms_fini(struct swarms *s)
{
	struct swarm *w;

	for (size_t pos = 0; (w = table_next(&s->table, &pos)) != NULL;) {
		peers_free(w->v4);
		peers_free(w->v6);
	}
	table_fini(&s->table);
	*s = (struct swarms){ 0 };
}

struct swarm_counts
swarm_counts(const struct swarm *w)
{
	uint32_t seeds = peers_seeds(w->v4) + peers_seeds(w->v6);
	uint32_t incomplete = peers_count(w->v4) + peers_count(w->v6) - seeds;

	return (struct swarm_counts){ seeds, incomplete, w->downloaded,
	    incomplete - peers_paused(w->v4) - peers_paused(w->v6) };
}

/* The totals are kept by taking a swarm out before it changes and adding it again after. */
static void
tally(struct swarms *s, const struct swarm *w, int sign)
{
	s->peers4 += (uint64_t)(sign * (int64_t)peers_count(w->v4));
	s->peers6 += (uint64_t)(sign * (int64_t)peers_count(w->v6));
	s->seeds += (uint64_t)(sign * (int64_t)(peers_seeds(w->v4) + peers_seeds(w->v6)));
}

/* Exact, whoever takes from it at the same time. */
static bool
take_room(struct swarm_room *room)
{
	size_t used;

	if (room == NULL)
		return true;
	used = atomic_load_explicit(&room->used, memory_order_relaxed);
	do {
		if (used >= room->max)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&room->used, &used, used + 1,
	    memory_order_relaxed, memory_order_relaxed));
	return true;
}

static void
give_room(struct swarm_room *room, size_t n)
{
	if (room != NULL && n > 0)
		atomic_fetch_sub_explicit(&room->used, n, memory_order_relaxed);
}

static bool
may_have_another(struct swarms *s)
{
	size_t max = s->limits.max_torrents;

	return (max == 0 || s->table.count < max) && take_room(s->limits.room);
}

static bool
has_plenty_of_room(const struct swarms *s)
{
	const struct swarm_room *room = s->limits.room;

	if (room != NULL)
		return atomic_load_explicit(&room->used, memory_order_relaxed) <= room->max / 2;
	return s->limits.max_torrents == 0 || s->table.count <= s->limits.max_torrents / 2;
}

static void
free_peers(struct swarms *s, struct swarm *w)
{
	tally(s, w, -1);
	give_room(s->limits.peer_room, (size_t)peers_count(w->v4) + peers_count(w->v6));
	peers_free(w->v4);
	peers_free(w->v6);
	w->v4 = w->v6 = NULL;
}

static void
drop(struct swarms *s, struct swarm *w)
{
	free_peers(s, w);
	table_enlist(&s->table, w, s->lists, TABLE_NONE);
	table_remove(&s->table, w);
	give_room(s->limits.room, 1);
}

/* What nobody is in goes first. Then one of those that only one peer is in: who makes up torrents
 * makes such, and mostly meets his own. */
bool
swarms_make_room(struct swarms *s, struct rng *rng)
{
	struct swarm *w = NULL;

	if (s->lists[EMPTY_LIST] != TABLE_NONE)
		w = table_at(&s->table, s->lists[EMPTY_LIST]);
	for (unsigned i = 0; w == NULL && i < EVICT_TRIES && s->table.used > 0; i++) {
		w = table_at(&s->table, rng_below(rng, s->table.used));
		if (w != NULL && peers_count(w->v4) + peers_count(w->v6) > 1)
			w = NULL;
	}
	if (w == NULL)
		return false;
	drop(s, w);
	s->evicted++;
	return true;
}

/* rng NULL: nothing makes room. */
static enum bt_code
swarm_make(struct swarms *s, const uint8_t *info_hash, struct rng *rng, struct swarm **out)
{
	*out = table_find(&s->table, info_hash);
	if (*out != NULL)
		return BT_OK;
	if (!may_have_another(s) &&
	    (rng == NULL || !swarms_make_room(s, rng) || !may_have_another(s)))
		return BT_ELIMIT;
	*out = table_add(&s->table, info_hash);
	if (*out == NULL) {
		give_room(s->limits.room, 1);
		return BT_ENOMEM;
	}
	table_enlist(&s->table, *out, s->lists, EMPTY_LIST);
	return BT_OK;
}

/* After a change: looked at again when its oldest peer, silent for this long, may be gone. */
static void
enlist(struct swarms *s, struct swarm *w, uint64_t tick, uint8_t oldest)
{
	table_enlist(&s->table, w, s->lists, (uint8_t)(tick + silence(s) - oldest));
}

/* True: it is gone. */
static bool
settle(struct swarms *s, struct swarm *w)
{
	if (w->v4 != NULL || w->v6 != NULL)
		return false;
	/* What was ever completed is worth remembering, as long as there is plenty of room. */
	if ((s->limits.keep_dead && !w->barred) || (w->downloaded > 0 && has_plenty_of_room(s))) {
		if (w->list != EMPTY_LIST)
			table_enlist(&s->table, w, s->lists, EMPTY_LIST);
		return false;
	}
	drop(s, w);
	return true;
}

/* -- announces -- */

static struct peers_entry
asker(const struct swarms *s, const struct swarm_ask *ask)
{
	const struct announce_req *req = ask->req;
	unsigned flags = (req->supportcrypto ? PEERS_CRYPTO : 0u) |
	    (req->requirecrypto ? PEERS_CRYPTO_ONLY : 0u) | ask->flags;

	if (req->left != 0 && req->event == ANNOUNCE_PAUSED)
		flags |= PEERS_PAUSED;
	return (struct peers_entry){ ask->addr, req->peer_id, req->left == 0, (uint8_t)flags,
	    s->limits.keep_ids ? announce_key(req) : 0 };
}

static void
refresh(const struct swarms *s, struct swarm *w, struct place *at, const struct swarm_ask *ask,
    const struct peers_entry *known, uint64_t tick)
{
	struct peers_entry e = asker(s, ask);

	if (e.seed && !known->seed && ask->req->event == ANNOUNCE_COMPLETED)
		w->downloaded++;
	/* Reached once is enough. */
	e.flags &= (uint8_t)(known->flags | ~PEERS_UNREACHED);
	at->self = peers_update(at->own_kind, *at->own, at->self, &e, (uint8_t)tick);
}

/* Ids are told to everybody, so one alone proves nothing: who comes from another address must have
 * the key as well, and so must who only claims to be where the other one was seen. */
static bool
is_same_client(const struct peers_entry *known, const struct peers_entry *now)
{
	if (known->key != 0 && known->key == now->key)
		return true;
	return addr_same_ip(&known->addr, &now->addr) &&
	    (now->flags & ~known->flags & PEERS_CLAIMED) == 0;
}

/* The client was entered at another address or port before, where nobody is any more. */
static void
remove_ghost(struct swarms *s, struct swarm *w, struct place *at, const struct swarm_ask *ask,
    const uint8_t *packed)
{
	struct peers_entry e = asker(s, ask), ghost;
	uint32_t i = peers_find_id(at->own_kind, *at->own, e.id);

	if (i == PEERS_NONE || i == at->self)
		return;
	ghost = peers_at(at->own_kind, *at->own, i);
	if (!is_same_client(&ghost, &e))
		return;
	if (e.seed && !ghost.seed && ask->req->event == ANNOUNCE_COMPLETED)
		w->downloaded++;
	peers_remove(at->own_kind, at->own, i);
	give_room(s->limits.peer_room, 1);
	at->self = peers_find(at->own_kind, *at->own, packed);
}

static enum bt_code
add(struct swarms *s, struct swarm *w, const struct peers_kind *k, const struct peers_entry *e,
    uint64_t tick)
{
	struct peers **p = k == &s->kind4 ? &w->v4 : &w->v6;
	uint32_t max = s->limits.max_party;

	if (s->limits.max_peers != 0 && peers_count(*p) >= s->limits.max_peers)
		return BT_ELIMIT;
	if (max != 0 && peers_kin(k, *p, &e->addr, max) >= max)
		return BT_ELIMIT;
	if (!take_room(s->limits.peer_room))
		return BT_ELIMIT;
	if (!peers_add(k, p, e, (uint8_t)tick)) {
		give_room(s->limits.peer_room, 1);
		return BT_ENOMEM;
	}
	if (w->list == EMPTY_LIST)
		enlist(s, w, tick, 0);
	return BT_OK;
}

/* A torrent that is full still serves those who ask. */
static enum bt_code
enter(struct swarms *s, struct swarm *w, struct place *at, const struct swarm_ask *ask,
    const uint8_t *packed, uint64_t tick)
{
	struct peers_entry e = asker(s, ask);
	enum bt_code code = add(s, w, at->own_kind, &e, tick);

	if (code == BT_OK)
		at->self = peers_find(at->own_kind, *at->own, packed);
	return code == BT_ELIMIT ? BT_OK : code;
}

/* What the announce means for the asker's own entry. */
static enum bt_code
enter_or_leave(struct swarms *s, struct swarm *w, struct place *at, const struct swarm_ask *ask,
    const uint8_t *packed, usec now)
{
	enum announce_event event = ask->req->event;
	struct peers_entry known;

	if (event == ANNOUNCE_SNOOPED)
		return BT_OK;
	if (s->limits.keep_ids && addr_usable(&ask->addr))
		remove_ghost(s, w, at, ask, packed);
	if (at->self == PEERS_NONE) {
		if (event == ANNOUNCE_STOPPED || !addr_usable(&ask->addr))
			return BT_OK;
		return enter(s, w, at, ask, packed, tick_of(s, now));
	}
	known = peers_at(at->own_kind, *at->own, at->self);
	if ((ask->flags & ~known.flags & PEERS_CLAIMED) != 0)
		return BT_OK;
	if (event == ANNOUNCE_STOPPED) {
		peers_remove(at->own_kind, at->own, at->self);
		give_room(s->limits.peer_room, 1);
		at->self = PEERS_NONE;
	} else {
		refresh(s, w, at, ask, &known, tick_of(s, now));
	}
	return BT_OK;
}

/* Where the client says it is by the other family (BEP 7): it need not be told of itself. */
static uint32_t
find_twin(const struct place *at, const struct swarm_ask *ask)
{
	const struct announce_req *req = ask->req;
	struct addr a = at->other_kind->family == ADDR_V4 ? req->ipv4 : req->ipv6;
	uint8_t packed[PEERS_ADDR_MAX];

	if (a.family != at->other_kind->family)
		return PEERS_NONE;
	if (a.port == 0)
		a.port = ask->addr.port;
	(void)compact_write(packed, &a);
	return peers_find(at->other_kind, *at->other, packed);
}

static struct place
find_place(const struct swarms *s, struct swarm *w, const struct swarm_ask *ask,
    const uint8_t *packed)
{
	struct place at = { &s->kind4, &s->kind6, &w->v4, &w->v6, PEERS_NONE, PEERS_NONE };

	if (ask->addr.family == ADDR_V6)
		at = (struct place){ &s->kind6, &s->kind4, &w->v6, &w->v4, PEERS_NONE, PEERS_NONE };
	at.self = peers_find(at.own_kind, *at.own, packed);
	if (ask->both && *at.other != NULL)
		at.twin = find_twin(&at, ask);
	return at;
}

enum bt_code
swarms_announce(struct swarms *s, const struct swarm_ask *ask, usec now, struct rng *rng,
    struct swarm_answer *out)
{
	enum announce_event event = ask->req->event;
	struct swarm *w = table_find(&s->table, ask->req->info_hash);
	uint8_t packed[PEERS_ADDR_MAX];
	enum bt_code code = BT_OK;
	struct place at;

	out->v4.got = out->v6.got = 0;
	out->counts = (struct swarm_counts){ 0 };
	/* An announce that only looks or leaves makes no torrent known. */
	if (w == NULL && (event == ANNOUNCE_STOPPED || event == ANNOUNCE_SNOOPED ||
	    !addr_usable(&ask->addr)))
		return BT_OK;
	if (w == NULL && (code = swarm_make(s, ask->req->info_hash, rng, &w)) != BT_OK)
		return code;
	(void)compact_write(packed, &ask->addr);
	at = find_place(s, w, ask, packed);
	tally(s, w, -1);
	code = enter_or_leave(s, w, &at, ask, packed, now);
	tally(s, w, 1);
	if (event != ANNOUNCE_STOPPED)
		answer_peers(ask, &at, rng, out);
	out->counts = swarm_counts(w);
	(void)settle(s, w);
	return code;
}

bool
swarms_tried(struct swarms *s, const uint8_t info_hash[20], const struct addr *at, bool reached)
{
	const struct peers_kind *k = at->family == ADDR_V4 ? &s->kind4 : &s->kind6;
	struct swarm *w = table_find(&s->table, info_hash);
	struct peers *p = w == NULL ? NULL : k == &s->kind4 ? w->v4 : w->v6;
	uint8_t packed[PEERS_ADDR_MAX];
	uint32_t i;

	(void)compact_write(packed, at);
	i = peers_find(k, p, packed);
	if (i != PEERS_NONE && reached)
		peers_reach(k, p, i);
	return i != PEERS_NONE;
}

enum bt_code
swarms_restore(struct swarms *s, const uint8_t info_hash[20], const struct peers_entry *peer,
    usec now)
{
	const struct peers_kind *k = peer->addr.family == ADDR_V4 ? &s->kind4 : &s->kind6;
	uint8_t packed[PEERS_ADDR_MAX];
	enum bt_code code;
	struct swarm *w;

	if (!addr_usable(&peer->addr))
		return BT_EARG;
	code = swarm_make(s, info_hash, NULL, &w);
	if (code != BT_OK)
		return code;
	(void)compact_write(packed, &peer->addr);
	if (peers_find(k, k == &s->kind4 ? w->v4 : w->v6, packed) != PEERS_NONE)
		return BT_EEXIST;
	tally(s, w, -1);
	code = add(s, w, k, peer, tick_of(s, now));
	tally(s, w, 1);
	(void)settle(s, w);
	return code;
}

enum bt_code
swarms_restore_count(struct swarms *s, const uint8_t info_hash[20], uint32_t downloaded)
{
	struct swarm *w;
	enum bt_code code = swarm_make(s, info_hash, NULL, &w);

	if (code == BT_OK) {
		w->downloaded = downloaded;
		(void)settle(s, w);
	}
	return code;
}

/* -- what may be tracked no more -- */

static void
empty(struct swarms *s, struct swarm *w)
{
	free_peers(s, w);
	(void)settle(s, w);
}

bool
swarms_bar(struct swarms *s, size_t *pos, size_t n, swarms_may_fn may, void *arg)
{
	struct swarm *w;

	for (size_t i = 0; i < n; i++) {
		w = table_next(&s->table, pos);
		if (w == NULL)
			return false;
		w->barred = !may(arg, w->info_hash);
		if (w->barred)
			empty(s, w);
	}
	return true;
}

/* -- look-ups -- */

void
swarms_prefetch(const struct swarms *s, const uint8_t info_hash[20], enum swarms_prefetch step)
{
	const struct swarm *w;

	switch (step) {
	case SWARMS_PREFETCH_PLACE: table_prefetch_place(&s->table, info_hash); break;
	case SWARMS_PREFETCH_TORRENT: table_prefetch(&s->table, info_hash); break;
	case SWARMS_PREFETCH_PEERS:
		w = table_find(&s->table, info_hash);
		if (w != NULL) {
			peers_prefetch(w->v4);
			peers_prefetch(w->v6);
		}
		break;
	}
}

const struct swarm *
swarms_find(const struct swarms *s, const uint8_t info_hash[20])
{
	return table_find(&s->table, info_hash);
}

const struct swarm *
swarms_next(const struct swarms *s, size_t *pos)
{
	return table_next(&s->table, pos);
}

/* -- expiry -- */

/* After a change of its peers that left those of this silence. */
static void
settle_until(struct swarms *s, struct swarm *w, uint64_t tick, uint8_t oldest)
{
	uint8_t was = (uint8_t)w->list;

	if (settle(s, w) || w->list == EMPTY_LIST)
		return;
	enlist(s, w, tick, oldest);
	/* After a very long pause it may not have been due: not the same list again, or there were
	 * no end. */
	if (w->list == was)
		table_enlist(&s->table, w, s->lists, (uint8_t)(was + 1));
}

/* One that is too large for the work that may be done stays where it is for the next time. */
static void
expire(struct swarms *s, struct swarm *w, uint64_t tick, uint32_t *work)
{
	uint8_t age = silence(s);
	struct peers_expiry x = { .tick = (uint8_t)tick, .age = age };
	bool at_once = s->begun != w->number;

	if (at_once) {
		s->begun = w->number;
		s->left4 = s->left6 = UINT32_MAX;
	}
	x.work = *work;
	tally(s, w, -1);
	peers_expire(&s->kind4, &w->v4, &x, &s->left4);
	peers_expire(&s->kind6, &w->v6, &x, &s->left6);
	tally(s, w, 1);
	give_room(s->limits.peer_room, x.removed);
	*work = x.work < TORRENT_WORK ? 0 : x.work - TORRENT_WORK;
	if (s->left4 > 0 || s->left6 > 0)
		return;
	s->begun = TABLE_NONE;
	/* A peer that came or went between two steps may have hidden a peer: it is found a tick
	 * later. */
	settle_until(s, w, tick, at_once ? x.oldest : (uint8_t)(age - 1));
}

bool
swarms_sweep(struct swarms *s, usec now, uint32_t work)
{
	uint64_t tick = tick_of(s, now);

	if (s->swept + SWARM_TICKS < tick)
		s->swept = tick - SWARM_TICKS;
	for (; s->swept < tick; s->swept++) {
		uint32_t *list = &s->lists[(uint8_t)(s->swept + 1)];

		while (*list != TABLE_NONE) {
			if (work == 0)
				return false;
			expire(s, table_at(&s->table, *list), tick, &work);
		}
	}
	return true;
}

bool
swarm_visible(const struct swarms *s, const struct swarm *w)
{
	return (s->limits.keep_dead && !w->barred) || w->v4 != NULL || w->v6 != NULL;
}

void
swarms_check(const struct swarms *s)
{
	uint64_t peers4 = 0, peers6 = 0, seeds = 0;
	const struct swarm *w;

	table_check(&s->table);
	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		peers_check(&s->kind4, w->v4);
		peers_check(&s->kind6, w->v6);
		peers4 += peers_count(w->v4);
		peers6 += peers_count(w->v6);
		seeds += swarm_counts(w).complete;
		assert((w->list == EMPTY_LIST) == (w->v4 == NULL && w->v6 == NULL));
	}
	assert(peers4 == s->peers4 && peers6 == s->peers6 && seeds == s->seeds);
}
