/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/shards.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

#define SWEEP_WORK 40000u	/* a lock is not held for longer: some 100 us */
#define BAR_TORRENTS 8u		/* the same, with some us for each: all of it is far in memory */
#define SHARDS_ASKED 4u		/* to find a torrent that can go */

struct shard {
	pthread_mutex_t lock;
	struct swarms swarms;
} __attribute__((aligned(64)));

struct shards {
	unsigned sweep_next;	/* shard to be swept; one thread does that */
	struct swarm_room room __attribute__((aligned(64)));
	struct swarm_room peer_room __attribute__((aligned(64)));
	struct shard shard[SHARD_COUNT];
};

struct shards *
shards_new(const struct swarm_limits *limits)
{
	struct shards *s = NULL;
	struct swarm_limits each = *limits;
	uint64_t seed[2];

	if (posix_memalign((void **)&s, 64, sizeof(*s)) != 0)
		return NULL;
	memset(s, 0, sizeof(*s));
	/* Info-hashes are spread evenly; strangers who crowd one shard get less of the whole. */
	if (limits->max_torrents != 0) {
		s->room.max = limits->max_torrents;
		each.room = &s->room;
		each.max_torrents = limits->max_torrents / SHARD_COUNT * 5 / 4 + 16;
	}
	if (limits->max_peers_total != 0) {
		s->peer_room.max = limits->max_peers_total;
		each.peer_room = &s->peer_room;
	}
	rng_secret(seed, sizeof(seed));
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		(void)pthread_mutex_init(&s->shard[i].lock, NULL);
		swarms_init(&s->shard[i].swarms, &each, seed);
	}
	return s;
}

void
shards_free(struct shards *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		swarms_fini(&s->shard[i].swarms);
		(void)pthread_mutex_destroy(&s->shard[i].lock);
	}
	free(s);
}

static enum bt_code
announce(struct shard *at, const struct swarm_ask *ask, usec now, struct rng *rng,
    struct swarm_answer *out)
{
	enum bt_code code;

	(void)pthread_mutex_lock(&at->lock);
	code = swarms_announce(&at->swarms, ask, now, rng, out);
	(void)pthread_mutex_unlock(&at->lock);
	return code;
}

/* In any shard, if a few that are not empty have something to spare. */
static bool
make_room(struct shards *s, struct rng *rng)
{
	unsigned start = rng_below(rng, SHARD_COUNT), asked = 0;
	bool made = false;

	for (unsigned i = 0; !made && i < SHARD_COUNT && asked < SHARDS_ASKED; i++) {
		struct shard *at = &s->shard[(start + i) % SHARD_COUNT];

		(void)pthread_mutex_lock(&at->lock);
		asked += at->swarms.table.count > 0;
		made = swarms_make_room(&at->swarms, rng);
		(void)pthread_mutex_unlock(&at->lock);
	}
	return made;
}

enum bt_code
shards_announce(struct shards *s, const struct swarm_ask *ask, usec now, struct rng *rng,
    struct swarm_answer *out)
{
	struct shard *at = &s->shard[ask->req->info_hash[0]];
	enum bt_code code = announce(at, ask, now, rng, out);

	if (code == BT_ELIMIT && make_room(s, rng))
		code = announce(at, ask, now, rng, out);
	return code;
}

void
shards_prefetch(struct shards *s, const uint8_t *const *hashes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(&s->shard[hashes[i][0]], 1);
		__builtin_prefetch(&s->shard[hashes[i][0]].swarms);
	}
	for (unsigned step = SWARMS_PREFETCH_PLACE; step <= SWARMS_PREFETCH_PEERS; step++) {
		for (size_t i = 0; i < n; i++) {
			struct shard *at = &s->shard[hashes[i][0]];

			(void)pthread_mutex_lock(&at->lock);
			swarms_prefetch(&at->swarms, hashes[i], (enum swarms_prefetch)step);
			(void)pthread_mutex_unlock(&at->lock);
		}
	}
}

bool
shards_tried(struct shards *s, const uint8_t info_hash[20], const struct addr *at, bool reached)
{
	struct shard *in = &s->shard[info_hash[0]];
	bool there;

	(void)pthread_mutex_lock(&in->lock);
	there = swarms_tried(&in->swarms, info_hash, at, reached);
	(void)pthread_mutex_unlock(&in->lock);
	return there;
}

enum bt_code
shards_restore(struct shards *s, const uint8_t info_hash[20], const struct peers_entry *peer,
    usec now)
{
	struct shard *at = &s->shard[info_hash[0]];
	enum bt_code code;

	(void)pthread_mutex_lock(&at->lock);
	code = swarms_restore(&at->swarms, info_hash, peer, now);
	(void)pthread_mutex_unlock(&at->lock);
	return code;
}

enum bt_code
shards_restore_count(struct shards *s, const uint8_t info_hash[20], uint32_t downloaded)
{
	struct shard *at = &s->shard[info_hash[0]];
	enum bt_code code;

	(void)pthread_mutex_lock(&at->lock);
	code = swarms_restore_count(&at->swarms, info_hash, downloaded);
	(void)pthread_mutex_unlock(&at->lock);
	return code;
}

bool
shards_scrape(struct shards *s, const uint8_t info_hash[20], struct swarm_counts *out)
{
	struct shard *at = &s->shard[info_hash[0]];
	const struct swarm *w;
	bool found;

	*out = (struct swarm_counts){ 0 };
	(void)pthread_mutex_lock(&at->lock);
	w = swarms_find(&at->swarms, info_hash);
	found = w != NULL && (swarm_visible(&at->swarms, w) || w->downloaded > 0);
	if (found)
		*out = swarm_counts(w);
	(void)pthread_mutex_unlock(&at->lock);
	return found;
}

bool
shards_sweep(struct shards *s, usec now)
{
	struct shard *at = &s->shard[s->sweep_next];
	bool done;

	(void)pthread_mutex_lock(&at->lock);
	done = swarms_sweep(&at->swarms, now, SWEEP_WORK);
	(void)pthread_mutex_unlock(&at->lock);
	if (done)
		s->sweep_next = (s->sweep_next + 1) % SHARD_COUNT;
	return done;
}

static bool
bar_some(struct shard *at, size_t *pos, swarms_may_fn may, void *arg)
{
	bool more;

	(void)pthread_mutex_lock(&at->lock);
	more = swarms_bar(&at->swarms, pos, BAR_TORRENTS, may, arg);
	(void)pthread_mutex_unlock(&at->lock);
	return more;
}

/* All shards in turn: who waits for one gets it between two steps. */
void
shards_bar(struct shards *s, swarms_may_fn may, void *arg)
{
	size_t pos[SHARD_COUNT] = { 0 };
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < SHARD_COUNT; i++)
			more |= bar_some(&s->shard[i], &pos[i], may, arg);
	}
}

void
shards_visit(struct shards *s, unsigned i, shards_fn fn, void *arg)
{
	(void)pthread_mutex_lock(&s->shard[i].lock);
	fn(arg, &s->shard[i].swarms);
	(void)pthread_mutex_unlock(&s->shard[i].lock);
}

struct shards_totals
shards_totals(struct shards *s)
{
	struct shards_totals t = { 0 };

	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		struct shard *at = &s->shard[i];

		(void)pthread_mutex_lock(&at->lock);
		t.torrents += at->swarms.table.count;
		t.peers4 += at->swarms.peers4;
		t.peers6 += at->swarms.peers6;
		t.seeds += at->swarms.seeds;
		t.evicted += at->swarms.evicted;
		(void)pthread_mutex_unlock(&at->lock);
	}
	return t;
}
