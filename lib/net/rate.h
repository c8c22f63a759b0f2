/* SPDX-License-Identifier: ISC */
/*
 * How fast bytes may flow: token buckets, one in another (a torrent's in its session's), of which
 * those who share them take turns. A user asks before it moves bytes. Where a limit has nothing
 * left, or others wait already, it waits in its bucket; once the bucket has enough for a turn, the
 * one whose turn it is is called and may move a quantum. Buckets take turns in their parent in the
 * same way, so a limit is shared equally by the torrents first, then by the connections of each
 * (deficit round robin). A bucket without use saves up a tenth of a second, no more.
 *
 * Pure: the owner of the tree calls rate_deal when rate_due has come; net/pacer does so on a loop.
 */
#ifndef NET_RATE_H
#define NET_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/time.h"

/* Who moves bytes in one direction: a stream, or a bucket within another. All zeroes but for turn:
 * nothing limits it. */
struct rate_user {
	TAILQ_ENTRY(rate_user) link;	/* in of->waiting while it waits; a dry bucket's: in dry */
	struct rate *of;		/* the bucket, which outlives it; NULL: none */
	void (*turn)(struct rate_user *u, usec now);	/* a bucket's: NULL */
	size_t grant;			/* what is left of the turn that it has just now */
	int64_t share;			/* bytes until the others come; below 0: it took them */
	bool waits;
};

TAILQ_HEAD(rate_users, rate_user);

struct rate {
	struct rate_user self;		/* in the parent */
	struct rate_users waiting;	/* the first has the next turn */
	uint64_t limit_Bps;		/* 0: no limit */
	int64_t credit;			/* millionths of a byte; below 0: too much was moved */
	usec filled;			/* when credit was last added; 0: never */
	bool dry;			/* has users that wait, and nothing to give them */
};

struct rate_tree {
	struct rate all;
	struct rate_users dry;		/* buckets below that wait for their own limit */
	void (*wake)(void *arg);	/* rate_due may have become earlier; not within rate_deal */
	void *arg;
	bool dealing;
};

void rate_tree_init(struct rate_tree *t, uint64_t limit_Bps, void (*wake)(void *arg), void *arg);

/* A bucket in another, or in none (NULL): then it must stay without a limit. 0: no limit. */
void rate_init(struct rate *r, struct rate *parent, uint64_t limit_Bps);

/* 0: no limit. At any time; who waits is dealt by the new limit. */
void rate_set(struct rate *r, uint64_t limit_Bps, usec now);

/* The user asks this bucket from now on; NULL: it is free. It does not wait when this is called. */
void rate_join(struct rate_user *u, struct rate *r);

bool rate_is_limited(const struct rate_user *u);
size_t rate_ask_limited(struct rate_user *u, size_t want, usec now);
void rate_spend_limited(struct rate_user *u, size_t bytes);

/* How many of want bytes may be moved now. If it is fewer, the user waits from now on, and is
 * called when it has its turn; in a turn this answers at least a part of the quantum. */
static inline size_t
rate_ask(struct rate_user *u, size_t want, usec now)
{
	return rate_is_limited(u) ? rate_ask_limited(u, want, now) : want;
}

/* Bytes were moved: those that were asked for, or others that could not wait. */
static inline void
rate_spend(struct rate_user *u, size_t bytes)
{
	if (rate_is_limited(u))
		rate_spend_limited(u, bytes);
}

/* May a little be moved that cannot wait? Not by who did so more than others already. */
bool rate_may_overdraw(const struct rate_user *u);

/* It wants nothing any more (nothing to send, or the socket is full). */
void rate_leave(struct rate_user *u);

/* When rate_deal should be called; NEVER: nobody waits. */
usec rate_due(const struct rate_tree *t);

/* Gives turns for as long as there is something to give. A user that is called may do anything
 * but free another one that has its turn, that is itself. */
void rate_deal(struct rate_tree *t, usec now);

#endif
