/* SPDX-License-Identifier: ISC */
/*
 * How many peers, and which: one announce from a known address becomes one reply, by the tracker's
 * settings. One struct replier for each loop; what it fills a reply with is good until the next.
 */
#ifndef TRACKER_REPLY_H
#define TRACKER_REPLY_H

#include <btcore/tracker.h>

#include "proto/announce.h"
#include "proto/compact.h"
#include "proto/scrape.h"
#include "tracker/rules/gate.h"
#include "tracker/nat_check.h"
#include "tracker/swarm/shards.h"
#include "tracker/pages/stats.h"

struct replier {
	const struct bt_tracker_settings *settings;
	struct shards *shards;
	struct stat_counters *counters;	/* of its loop: every announce, whichever way it came */
	struct gate gate;		/* zeroed: everything may be tracked */
	struct nat_check *nat;		/* NULL: peers are handed out unseen */
	struct rng rng;
	uint8_t addr4[SWARM_WANT_MAX * COMPACT_V4_LEN];
	uint8_t addr6[SWARM_WANT_MAX * COMPACT_V6_LEN];
	uint8_t id4[SWARM_WANT_MAX * 20];
	uint8_t id6[SWARM_WANT_MAX * 20];
	uint8_t flags4[SWARM_WANT_MAX];
};

void replier_init(struct replier *r, const struct bt_tracker_settings *settings,
    struct shards *shards, struct stat_counters *counters);

/* Of the peers in a reply; one is that of from. */
enum reply_families { REPLY_ONE_FAMILY, REPLY_BOTH_FAMILIES };

/* *out is initialised by the call and always to be fini'd. */
void reply_announce(struct replier *r, const struct announce_req *req, const struct addr *from,
    enum reply_families families, usec now, struct announce_reply *out);

/* The same for an announce that cannot be read; why is borrowed. */
void reply_unreadable(struct replier *r, struct bt_slice why, struct announce_reply *out);

/* The counts of a torrent, zeroes if there is none. */
struct scrape_entry reply_scrape(struct replier *r, const uint8_t info_hash[20]);

/* Adds the names that may be shown; good until the next call of anything else. */
void reply_scrape_names(const struct replier *r, struct scrape_entry *entries, size_t n);

#endif
