/* SPDX-License-Identifier: ISC */
/*
 * The trackers of one torrent: whom to ask, when, with which event (BEP 3, 12, 31). Pure: time
 * comes in, requests go out through ops. After each call the owner looks at announce_due.
 *
 *     idle --start--> running --stop--> stopping --all answered, or 3 s--> idle
 *     (1 s if none of those that are asked has answered lately)
 *
 * One tracker is used: the first that works, in the order of the tiers (BEP 12). Each tier is
 * shuffled once; a tracker that works comes to the front of its tier; when one fails the next is
 * tried at once. With both families in use each announce goes out twice, once over IPv4 and once
 * over IPv6, since a tracker answers with peers of the family that it was asked by; one success is
 * enough. A hybrid torrent goes out by both its hashes. For each hash and family a tracker has
 * heard `started` or not, and may have said when to come again, or never.
 *
 * A tracker that failed is left alone for 5, 10, 20 ... 300 s while it has been failing for less
 * than 10 minutes, from then on for its interval (30 minutes if it never told one), which is the
 * longest wait at any time; longer if it says so ("retry in", interval of a failure), for ever if
 * it says "never". A tracker that works is asked again after its interval; who is short of peers
 * asks after 300 s or its min interval, whichever is longer, twice as long after each answer that
 * brought nobody new, never longer than the interval. All waits but these are stretched by up to a
 * sixteenth, at random, so that many torrents do not come back together.
 *
 * `started` is the first thing that each tracker hears. `completed` is sent once, if the download
 * ended while running. `stopped` goes to those that have heard `started`.
 */
#ifndef ANNOUNCE_ANNOUNCE_H
#define ANNOUNCE_ANNOUNCE_H

#include "announce/urls.h"
#include "base/rng.h"
#include "base/time.h"
#include "proto/announce.h"

struct announce;

#define ANNOUNCE_V4 1u
#define ANNOUNCE_V6 2u

#define ANNOUNCE_STOP_WAIT (3 * SECOND)

enum announce_state {
	ANNOUNCE_UNUSED,	/* not asked yet */
	ANNOUNCE_ASKING,	/* a request is under way */
	ANNOUNCE_WORKS,
	ANNOUNCE_FAILED,	/* see text and next */
	ANNOUNCE_GIVEN_UP	/* said never, or no tracker that we can speak to */
};

/* How one tracker stands; a plain value, but for text, which is good until the announce is next
 * called. */
struct announce_tracker_info {
	char url[512];		/* masked, for screens */
	size_t tier;
	enum announce_state state;
	const char *text;	/* its last failure or warning, or our trouble with it; else "" */
	bool failed;		/* the last announce failed: text says why; else it is a warning */
	enum bt_code code;	/* of the failure; BT_OK */
	uint32_t fails;		/* failures in a row */
	int64_t complete;	/* seeds, as told; -1 unknown, as below */
	int64_t incomplete;
	int64_t downloaded;
	uint32_t peers;		/* in its last answer */
	usec last;		/* of the last answer or failure; 0: none yet */
	usec next;		/* when it will be asked; NEVER if another one is in use */
};

/* What the owner does for it. arg is the owner's. None may free the announce. */
struct announce_ops {
	/* Fills in info_hash (hash 0, or 1 of two), peer_id, port, uploaded, downloaded, left,
	 * numwant, crypto wishes, addresses. Event, key, trackerid, compact, and numwant 0 for
	 * stopped, are not its business. */
	void (*fill)(void *arg, unsigned hash, struct announce_req *req);

	/* Sends it; answers with announce_on_reply or announce_on_error of this id, never before
	 * returning, at the latest after its own timeout. ADDR_NONE: any family. False: there is
	 * no memory for it, and no answer will come. */
	bool (*send)(void *arg, uint64_t id, const char *url, enum addr_family family,
	    const struct announce_req *req);

	/* The answer is no longer wanted. */
	void (*cancel)(void *arg, uint64_t id);

	/* Somebody to connect to. Our own address may be among them. Returns how many were not
	 * known before. */
	size_t (*peers)(void *arg, const struct announce_peer *peers, size_t count);

	/* A tracker answered, failed or warned. May be NULL. */
	void (*status)(void *arg, const struct announce_tracker_info *s);
};

struct announce_opts {
	struct rng *rng;	/* these two outlive it */
	struct announce_urls *urls;
	unsigned families;	/* ANNOUNCE_V4 and _V6 as far as in use; 0: as the system likes */
	unsigned hashes;	/* 1, or 2 of a hybrid torrent */
};

/* ops stay the caller's and outlive it. key: see announce_set_key. */
struct announce *announce_new(const struct announce_opts *opts, const struct announce_ops *ops,
    void *arg) MUST_USE;

/* Cancels what is under way and tells no tracker. */
void announce_free(struct announce *a);

/* Adds a tracker (before announce_start) to a tier counted from 0; tiers are given in order. A URL
 * of a scheme we do not speak is kept for show and never asked. */
enum bt_code announce_add(struct announce *a, size_t tier, struct bt_slice url);

/* Begins (again) with `started`. */
void announce_start(struct announce *a, usec now);

/* The download has just ended. Not to be called for what was complete at the start. */
void announce_completed(struct announce *a, usec now);

/* Tells `stopped`; over when announce_is_idle. */
void announce_stop(struct announce *a, usec now);
bool announce_is_idle(const struct announce *a);

/* By hand: asks at once, also those that failed or said never, but nobody twice within 10 s. */
void announce_now(struct announce *a, usec now);

/* Short of peers: asks before the interval is over, as described above. May be called often. */
void announce_want_peers(struct announce *a, usec now);

/* The answers. An id that is not under way is passed over. */
void announce_on_reply(struct announce *a, uint64_t id, const struct announce_reply *reply,
    usec now);
void announce_on_error(struct announce *a, uint64_t id, enum bt_code code, const char *text,
    usec now);

void announce_tick(struct announce *a, usec now);
usec announce_due(const struct announce *a);

/* Trackers in the order of their use. */
size_t announce_tracker_count(const struct announce *a);
void announce_tracker_at(const struct announce *a, size_t i, struct announce_tracker_info *out);

#endif
