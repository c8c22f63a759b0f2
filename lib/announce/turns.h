/* SPDX-License-Identifier: ISC */
/*
 * Whose turn it is: what is for trackers waits in a queue for each host and family, so that a dead
 * one holds up nobody else's. Pure: time comes in, what may leave goes out through ops.
 *
 * A host begins with two under way and earns one place more with each answer, up to its kind's
 * limit; one that did not answer has a single place until it does. Hosts take turns at the places
 * of all; half of them are for those that have not answered, which get no more. Beyond TURNS_BURST
 * at once, no more than TURNS_PER_SECOND leave for one host. What is `first` (stopped) overtakes
 * the others, waits for no pace, and may have twice the places.
 *
 * What has waited for its whole timeout is given up, unless its host is answering: it waits on.
 * What is first has a third of its time at a host that did not answer the last time.
 */
#ifndef ANNOUNCE_TURNS_H
#define ANNOUNCE_TURNS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"
#include "base/time.h"

#define TURNS_BURST 1000
#define TURNS_PER_SECOND 500

enum turn_kind { TURN_HTTP, TURN_UDP, TURN_KINDS };

/* At once, of one host and family, and of all hosts. What is first may have twice the former. */
#define TURNS_HTTP_HOST 8u
#define TURNS_HTTP_ALL 80u	/* fewer than FETCH_RUNNING_MAX: others fetch too */
#define TURNS_UDP_HOST 64u
#define TURNS_UDP_ALL 1000u

enum turn_end { TURN_ANSWERED, TURN_SILENT, TURN_DROPPED };

struct turn_host;

/* Embedded in what waits. */
struct turn {
	TAILQ_ENTRY(turn) link;		/* in its host's queue while it waits */
	struct turn_host *host;		/* NULL: not added, or over */
	usec timeout;
	usec deadline;			/* of the whole; later, if it had to wait for others */
	bool first;
	bool under_way;
	bool unsure;			/* under way to a host that had not answered */
};

TAILQ_HEAD(turn_list, turn);
TAILQ_HEAD(turn_hosts, turn_host);

struct turns_ops {
	/* Begins it. Ends or adds none before it returns. */
	void (*go)(void *arg, struct turn *t, usec now);

	/* Its time is over before its turn came; it is in no queue any more. */
	void (*late)(void *arg, struct turn *t, usec now);
};

/* The hosts of one kind. */
struct turn_line {
	struct turn_hosts ready[2];	/* by whether the host answers: somebody may go */
	unsigned under_way;
	unsigned unsure;
};

struct turns {
	const struct turns_ops *ops;
	void *arg;
	struct turn_line lines[TURN_KINDS];
	struct turn_hosts hosts;
	struct map by_key;
	struct heap due;		/* of hosts */
	size_t sweep_at;		/* at this many hosts, look for those that are of no use */
	uint64_t seed[2];
};

void turns_init(struct turns *t, const uint64_t seed[2], const struct turns_ops *ops, void *arg);

/* When no turn is left. */
void turns_fini(struct turns *t);

/* Enters a turn, not begun before turns_go. False: no memory. */
bool turns_add(struct turns *t, struct turn *turn, enum turn_kind kind, enum addr_family family,
    struct bt_slice host, uint16_t port, usec now) MUST_USE;

/* It is over, or nobody wants it any more. Nothing happens to one that has no host. */
void turns_end(struct turns *t, struct turn *turn, enum turn_end how, usec now);

/* Gives up what is late, but no more than some tens at once, and begins what may begin. */
void turns_go(struct turns *t, usec now);

/* When turns_go is wanted at the latest. */
usec turns_due(const struct turns *t);

/* Asserts every invariant. */
void turns_check(const struct turns *t);

#endif
