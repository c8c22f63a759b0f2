/* SPDX-License-Identifier: ISC */
/*
 * The peers of one family in one torrent, in columns: addresses packed as replies want them, those
 * who still download in front of the seeds. A peer has a number until the next change. Known by its
 * id; nothing is allocated for one that is known. Knows no limits, times are the caller's ticks.
 */
#ifndef TRACKER_PEERS_H
#define TRACKER_PEERS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cdefs.h"
#include "base/rng.h"

#define PEERS_NONE UINT32_MAX	/* no such peer */

enum peers_flag {
	PEERS_CRYPTO = 1,		/* takes encrypted connections */
	PEERS_CRYPTO_ONLY = 2		/* and no others */
};

/* What all the struct peers of one family have in common. */
struct peers_kind {
	uint64_t seed[2];		/* of the hash of ids */
	enum addr_family family;
	size_t addr_len;		/* packed */
};

/* Zeroed is empty. */
struct peers {
	uint8_t *block;			/* all columns */
	uint32_t *index;		/* number + 1 by id, 0 free; only if there are many */
	uint32_t index_cap;		/* a power of two, or 0 */
	uint32_t count;
	uint32_t leeches;		/* the first so many; the others are seeds */
	uint32_t cap;
};

/* One peer, unpacked. id is borrowed. */
struct peers_entry {
	struct addr addr;
	const uint8_t *id;
	uint32_t key;			/* 0 none */
	bool seed;
	uint8_t flags;			/* enum peers_flag */
};

/* Where chosen peers are copied to, column by column; id and flags may be NULL. */
struct peers_room {
	uint8_t *addr, *id, *flags;
	uint32_t got;
};

struct peers_kind peers_kind(enum addr_family family, const uint64_t seed[2]);
void peers_fini(struct peers *p);

/* Its number, or PEERS_NONE. */
uint32_t peers_find(const struct peers_kind *k, const struct peers *p, const uint8_t id[20]);

/* The id must be new. False: no memory, nothing changed. */
bool peers_add(const struct peers_kind *k, struct peers *p, const struct peers_entry *e,
    uint16_t tick) MUST_USE;

/* New facts about peer i; a key of 0 leaves the old one. */
void peers_update(const struct peers_kind *k, struct peers *p, uint32_t i,
    const struct peers_entry *e, uint16_t tick);

void peers_remove(const struct peers_kind *k, struct peers *p, uint32_t i);

/* Removes those whose tick is so old, modulo 2^16. */
void peers_expire(const struct peers_kind *k, struct peers *p, uint16_t tick, uint16_t age);

/* Gives back memory that is no longer needed. Numbers stay. */
void peers_shrink(const struct peers_kind *k, struct peers *p);

struct peers_entry peers_at(const struct peers_kind *k, const struct peers *p, uint32_t i);

/* Copies want of the first n peers but self (or PEERS_NONE), or all if they are fewer, each as
 * likely as any other. The cost grows with want, not with n. */
void peers_choose(const struct peers_kind *k, const struct peers *p, uint32_t n, uint32_t want,
    uint32_t self, struct rng *rng, struct peers_room *out);

/* Asserts every invariant. */
void peers_check(const struct peers_kind *k, const struct peers *p);

#endif
