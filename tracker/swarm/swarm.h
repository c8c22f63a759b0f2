/* SPDX-License-Identifier: ISC */
/*
 * The store: who is in which torrent. One struct swarms is one shard; it knows neither threads nor
 * clocks. IPv4 and IPv6 peers are kept apart, so that a reply is a few copies (see peers.h).
 */
#ifndef TRACKER_SWARM_H
#define TRACKER_SWARM_H

#include <stdatomic.h>

#include "base/rng.h"
#include "base/time.h"
#include "proto/announce.h"
#include "tracker/swarm/peers.h"
#include "tracker/swarm/table.h"

#define SWARM_WANT_MAX 1000u	/* peers in one answer, at most */
#define SWARM_TICKS 256u	/* of time, then it comes round */

/* Torrents, or peers, that several stores may have together. */
struct swarm_room {
	size_t max;
	atomic_size_t used;
};

struct swarm_limits {
	usec timeout;			/* a peer not heard of for this long is gone */
	size_t max_torrents;		/* 0: no limit */
	struct swarm_room *room;	/* shared with others; NULL: max_torrents is all */
	size_t max_peers_total;		/* for shards_new, which makes of it: */
	struct swarm_room *peer_room;	/* NULL: no limit */
	uint32_t max_peers;		/* of one family in one torrent; 0: no limit */
	uint32_t max_party;		/* of these, at one address; 0: no limit */
	bool keep_dead;			/* torrents without peers stay */
	bool keep_ids;			/* of peers */
};

/* A torrent with peers is in the list of the tick when the oldest of them may be gone; one without
 * is in the last list. */
struct swarms {
	struct table table;
	struct swarm_limits limits;
	usec unit;			/* a tick */
	struct peers_kind kind4, kind6;
	uint32_t lists[SWARM_TICKS + 1];
	uint64_t swept;			/* the tick up to which swarms_sweep is done */
	uint32_t begun;			/* the torrent that it is at, or TABLE_NONE */
	uint32_t left4, left6;		/* of its peers, to be looked at */
	uint64_t peers4, peers6, seeds;	/* totals */
	uint64_t evicted;		/* torrents that made room for others */
};

struct swarm_counts {
	uint32_t complete;
	uint32_t incomplete;
	uint32_t downloaded;
	uint32_t downloaders;		/* of the incomplete: not paused (BEP 21) */
};

struct swarm_ask {
	const struct announce_req *req;
	struct addr addr;		/* where others will reach the peer */
	uint32_t want;			/* peers */
	bool both;			/* of both families, not only addr's */
	uint8_t flags;			/* PEERS_CLAIMED, PEERS_UNREACHED */
};

/* The caller gives room for SWARM_WANT_MAX peers of each family. */
struct swarm_answer {
	struct peers_room v4, v6;
	struct swarm_counts counts;
};

void swarms_init(struct swarms *s, const struct swarm_limits *limits, const uint64_t seed[2]);
void swarms_fini(struct swarms *s);

/*
 * Enters, refreshes or removes the peer and chooses others for it; seeds are given no seeds. A peer
 * is its address; who was seen there is not changed by who only claims to be. Where ids are kept, a
 * client that comes from another port, or with its key from another address, is moved there. If
 * there are too many torrents, one that is empty or has a single peer makes room. BT_ELIMIT: none
 * was found; BT_ENOMEM: the peer was not entered. *out is valid in any case.
 */
enum bt_code swarms_announce(struct swarms *s, const struct swarm_ask *ask, usec now,
    struct rng *rng, struct swarm_answer *out);

/* The peer that announced itself at this address was connected to: one that was reached is handed
 * out from now on. False: it is not there any more. */
bool swarms_tried(struct swarms *s, const uint8_t info_hash[20], const struct addr *at,
    bool reached);

/* Drops a torrent that is empty or has a single peer, if one is found. */
bool swarms_make_room(struct swarms *s, struct rng *rng);

/* As it was saved. */
enum bt_code swarms_restore(struct swarms *s, const uint8_t info_hash[20],
    const struct peers_entry *peer, usec now);
enum bt_code swarms_restore_count(struct swarms *s, const uint8_t info_hash[20],
    uint32_t downloaded);

/* Looks at n torrents from *pos on, which begins at 0; false: that was the end. Those that may be
 * tracked no more lose their peers and are not shown, even with keep_dead; how often one was
 * completed is remembered as of any torrent without peers. */
typedef bool (*swarms_may_fn)(void *arg, const uint8_t info_hash[20]);
bool swarms_bar(struct swarms *s, size_t *pos, size_t n, swarms_may_fn may, void *arg);

/* Begins to fetch from memory what swarms_announce will read; step by step, for each needs what the
 * one before has brought. */
enum swarms_prefetch { SWARMS_PREFETCH_PLACE, SWARMS_PREFETCH_TORRENT, SWARMS_PREFETCH_PEERS };
void swarms_prefetch(const struct swarms *s, const uint8_t info_hash[20],
    enum swarms_prefetch step);

/* NULL: no such torrent. */
const struct swarm *swarms_find(const struct swarms *s, const uint8_t info_hash[20]);

/* Walks all torrents: *pos begins at 0; NULL at the end. */
const struct swarm *swarms_next(const struct swarms *s, size_t *pos);

/* Drops peers that were silent for too long and torrents without peers, as much at a time as takes
 * about as long as a look at work peers of one torrent. True: all is done until now. */
bool swarms_sweep(struct swarms *s, usec now, uint32_t work);

struct swarm_counts swarm_counts(const struct swarm *w);

/* Has peers, or is kept without and not barred. What scrape and pages show. */
bool swarm_visible(const struct swarms *s, const struct swarm *w);

/* Asserts every invariant. */
void swarms_check(const struct swarms *s);

#endif
