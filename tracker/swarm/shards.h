/* SPDX-License-Identifier: ISC */
/*
 * 256 stores behind 256 locks, divided by the first byte of the info-hash: loops and the saver
 * meet in one of them only, and hold it for one look-up. A lock is taken and released in the same
 * function, here and nowhere else.
 */
#ifndef TRACKER_SHARDS_H
#define TRACKER_SHARDS_H

#include "tracker/swarm/swarm.h"

#define SHARD_COUNT 256u

struct shards;

struct shards_totals {
	uint64_t torrents;
	uint64_t peers4, peers6;
	uint64_t seeds;
	uint64_t evicted;	/* torrents that made room for others */
};

/* max_torrents and max_peers_total are for all shards together, and exact; one shard alone cannot
 * have all torrents. */
struct shards *shards_new(const struct swarm_limits *limits) MUST_USE;
void shards_free(struct shards *s);

/* As of swarms_. */
enum bt_code shards_announce(struct shards *s, const struct swarm_ask *ask, usec now,
    struct rng *rng, struct swarm_answer *out);
bool shards_tried(struct shards *s, const uint8_t info_hash[20], const struct addr *at,
    bool reached);
enum bt_code shards_restore(struct shards *s, const uint8_t info_hash[20],
    const struct peers_entry *peer, usec now);
enum bt_code shards_restore_count(struct shards *s, const uint8_t info_hash[20],
    uint32_t downloaded);

/* Begins to fetch from memory what announces or scrapes of these info-hashes will read. */
void shards_prefetch(struct shards *s, const uint8_t *const *hashes, size_t n);

/* False: no such torrent, or none that is shown. */
bool shards_scrape(struct shards *s, const uint8_t info_hash[20], struct swarm_counts *out);

/* Drops what is silent for too long in one shard, and the next time in the next. False: there is
 * more to be done in this one first. */
bool shards_sweep(struct shards *s, usec now);

/* As of swarms_bar, for all torrents and in small steps: nobody waits for long. */
void shards_bar(struct shards *s, swarms_may_fn may, void *arg);

/* fn sees shard i (0 ... SHARD_COUNT - 1) while nobody can change it. */
typedef void (*shards_fn)(void *arg, const struct swarms *s);
void shards_visit(struct shards *s, unsigned i, shards_fn fn, void *arg);

struct shards_totals shards_totals(struct shards *s);

#endif
