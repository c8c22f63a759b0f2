/* SPDX-License-Identifier: ISC */
/*
 * The addresses of a torrent: where each is from, how it went, when to try it again, which one
 * next, who is banned. Pure. An address is dialled while nobody dials it and no connection to it
 * stands; both are told apart, for a peer may come to us while we dial it.
 */
#ifndef TORRENT_KNOWN_H
#define TORRENT_KNOWN_H

#include "base/addr.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/vec.h"

/* Who says so, in the order of what it is worth: the list of one peer does not drive out what a
 * tracker says. */
enum known_source { KNOWN_PEX, KNOWN_INCOMING, KNOWN_TRACKER, KNOWN_USER };
#define KNOWN_SOURCES 4

/* What is said of it. */
enum known_flag {
	KNOWN_SEED = 1,
	KNOWN_UTP = 2,
	KNOWN_ENCRYPT = 4,	/* prefers encryption */
	KNOWN_HOLEPUNCH = 8
};

/* Bans remembered; the oldest goes. */
#define KNOWN_BANNED_MAX 1000

struct known_peer {
	struct heap_node node;	/* in waiting or ready, if it may be dialled */
	TAILQ_ENTRY(known_peer) link;	/* in idle, likewise; those that failed last */
	struct addr addr;
	uint8_t source;		/* enum known_source */
	uint8_t flags;		/* enum known_flag */
	uint8_t fails;		/* fruitless tries in a row */
	bool barred;		/* never to be dialled */
	bool dialling;
	uint16_t connections;
	usec next_try;
	uint32_t canonical;	/* BEP 40; chance while we do not know our own address */
};

struct known {
	struct map by_addr;	/* address and port */
	struct heap waiting;	/* by next_try */
	struct heap ready;	/* by what makes it worth a try */
	TAILQ_HEAD(known_list, known_peer) idle[KNOWN_SOURCES];
	size_t idle_count[KNOWN_SOURCES];
	struct map banned;	/* by party */
	struct vec ban_order;	/* its keys, a ring */
	size_t oldest_ban;
	struct addr self[2];	/* ours, of either family; ADDR_NONE: not known */
	struct rng *rng;
	size_t max;		/* strangers cannot make it longer */
};

void known_init(struct known *k, struct rng *rng, size_t max);
void known_fini(struct known *k);

/* Our own address, as others see it, with the port on which we listen. */
void known_set_self(struct known *k, const struct addr *self);

/* Someone says that there is a peer; flags are enum known_flag. Unusable and banned addresses are
 * passed over. If the list is full, one of the largest group of less trusted ones makes room, or
 * one of the same group that could not be reached. True: it is new, and entered. */
bool known_add(struct known *k, const struct addr *a, enum known_source source, unsigned flags);

/* Neither addresses nor bans. */
bool known_is_empty(const struct known *k);

size_t known_count(const struct known *k);

/* What was said of it; 0 also if it is not known. */
unsigned known_flags(const struct known *k, const struct addr *a);

/* An address to dial now (it counts as being dialled), or false. */
bool known_next(struct known *k, usec now, struct addr *out);

/* When known_next will have one at the earliest: 0 for at once, or NEVER. */
usec known_due(const struct known *k);

/* What became of the dialling. */
void known_dialled(struct known *k, const struct addr *a);
void known_dial_failed(struct known *k, const struct addr *a, usec now);

/* A connection with it stands, and stands no more. */
void known_connected(struct known *k, const struct addr *a);
void known_lost(struct known *k, const struct addr *a, bool fruitful, usec now);

/* Not to be dialled before that time. */
void known_postpone(struct known *k, const struct addr *a, usec until);

/* Whoever was postponed without having failed is worth a try again. */
void known_hurry(struct known *k, usec now);

/* No connection to or from this party (see addr_same_party) again; or only never to this port (it
 * is ourselves). */
void known_ban(struct known *k, const struct addr *a);
void known_ban_port(struct known *k, const struct addr *a);
bool known_is_banned(const struct known *k, const struct addr *a);

/* Asserts every invariant. */
void known_check(const struct known *k);

#endif
