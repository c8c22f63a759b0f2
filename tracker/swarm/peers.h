/* SPDX-License-Identifier: ISC */
/*
 * The peers of one family in one torrent: one block of memory in columns, addresses packed as
 * replies want them, those who still download in front of the others, and who was not reached yet
 * behind both, where none is chosen. A peer is its address and port: a client that comes back with
 * a new id takes its own place again. Where ids are kept a peer is found by its id, too, though of
 * several with one id perhaps only one. A peer has a number until the next change. Nothing is
 * allocated for one that is known. Times are the caller's ticks, modulo 2^8. NULL is no peers.
 */
#ifndef TRACKER_PEERS_H
#define TRACKER_PEERS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cdefs.h"
#include "base/rng.h"

#define PEERS_NONE UINT32_MAX	/* no such peer */
#define PEERS_ADDR_MAX 18	/* bytes of a packed address */

enum peers_flag {
	PEERS_CRYPTO = 1,		/* takes encrypted connections */
	PEERS_CRYPTO_ONLY = 2,		/* and no others */
	PEERS_PAUSED = 4,		/* BEP 21: incomplete, but downloads no more */
	PEERS_CLAIMED = 8,		/* the address was told, not seen */
	PEERS_UNREACHED = 16		/* counted like all, but not handed out */
};

/* What all the struct peers of one family have in common. */
struct peers_kind {
	uint64_t seed[2];		/* of the hash of addresses */
	enum addr_family family;
	uint8_t addr_len;		/* packed */
	uint8_t id_len;			/* 20: peer ids are kept, 0: not */
	uint8_t key_len;		/* 4 with them: keys */
};

/* In the order of the block. Those at its ends download, the others are seeds or paused. */
enum peers_zone {
	PEERS_LEECHES,
	PEERS_OTHERS,
	PEERS_HIDDEN_OTHERS,
	PEERS_HIDDEN_LEECHES,
	PEERS_ZONES
};

/* The head of the block; the columns follow. */
struct peers {
	uint32_t ends[PEERS_ZONES];	/* the number after the last one of each zone */
	uint32_t paused;		/* this many of the others; the rest are seeds */
	uint32_t cap;
};

/* One peer, unpacked. id is borrowed; NULL: not known. A paused one is no seed. */
struct peers_entry {
	struct addr addr;
	const uint8_t *id;
	bool seed;
	uint8_t flags;			/* enum peers_flag */
	uint32_t key;			/* goes with the id; 0: not known */
};

/* Where chosen peers are copied to, column by column; id and flags may be NULL. */
struct peers_room {
	uint8_t *addr, *id, *flags;
	uint32_t got;
};

struct peers_kind peers_kind(enum addr_family family, bool ids, const uint64_t seed[2]);
void peers_free(struct peers *p);

static inline uint32_t
peers_count(const struct peers *p)
{
	return p != NULL ? p->ends[PEERS_HIDDEN_LEECHES] : 0;
}

static inline uint32_t
peers_paused(const struct peers *p)
{
	return p != NULL ? p->paused : 0;
}

static inline uint32_t
peers_seeds(const struct peers *p)
{
	return p != NULL ? p->ends[PEERS_HIDDEN_OTHERS] - p->ends[PEERS_LEECHES] - p->paused : 0;
}

/* How many, from the front, may be handed out, */
static inline uint32_t
peers_shown(const struct peers *p)
{
	return p != NULL ? p->ends[PEERS_OTHERS] : 0;
}

/* and how many of these to a peer that has all it wants. */
static inline uint32_t
peers_shown_leeches(const struct peers *p)
{
	return p != NULL ? p->ends[PEERS_LEECHES] : 0;
}

/* The number of who is at this packed address, or PEERS_NONE. */
uint32_t peers_find(const struct peers_kind *k, const struct peers *p, const uint8_t *addr);

/* The number of a peer with this id, or PEERS_NONE; also if ids are not kept. */
uint32_t peers_find_id(const struct peers_kind *k, const struct peers *p, const uint8_t *id);

/* How many are of one party (an IPv4 address, a /64 of IPv6) on any port, counted up to max. On
 * local networks each is its own party: what stands behind such an address may be a proxy. */
uint32_t peers_kin(const struct peers_kind *k, const struct peers *p, const struct addr *a,
    uint32_t max);

/* The address must be new and of the kind's family. False: no memory, nothing changed. */
bool peers_add(const struct peers_kind *k, struct peers **p, const struct peers_entry *e,
    uint8_t tick) MUST_USE;

/* New facts about peer i, but for its address. Returns its new number. */
uint32_t peers_update(const struct peers_kind *k, struct peers *p, uint32_t i,
    const struct peers_entry *e, uint8_t tick);

/* Peer i answers at its address: it is handed out from now on, and was not only told. */
void peers_reach(const struct peers_kind *k, struct peers *p, uint32_t i);

/* Frees the block with the last one, and gives back some of it with others; for want of memory it
 * stays as large as it is. */
void peers_remove(const struct peers_kind *k, struct peers **p, uint32_t i);

#define PEERS_REMOVAL 64u		/* looks that take as long as one removal */

struct peers_expiry {
	uint8_t tick, age;		/* now; a peer silent for this long is removed */
	uint32_t work;			/* looks that may still be made, nearly */
	uint32_t removed;		/* so far */
	uint8_t oldest;			/* greatest silence among the others so far */
};

/* Goes on until *left, UINT32_MAX at the beginning, is 0, or the work is done. A change between two
 * calls may hide a peer from it, but removes none that is not due. */
void peers_expire(const struct peers_kind *k, struct peers **p, struct peers_expiry *x,
    uint32_t *left);

struct peers_entry peers_at(const struct peers_kind *k, const struct peers *p, uint32_t i);

/* Copies want of the first n peers but self (or PEERS_NONE), or all if they are fewer, each as
 * likely as any other. The cost grows with want, not with n. */
void peers_choose(const struct peers_kind *k, const struct peers *p, uint32_t n, uint32_t want,
    uint32_t self, struct rng *rng, struct peers_room *out);

/* Begins to fetch what is read first. */
static inline void
peers_prefetch(const struct peers *p)
{
	if (p == NULL)
		return;
	__builtin_prefetch(p);
	__builtin_prefetch((const uint8_t *)p + 64);
}

/* Bytes of the block without what only finding needs, which comes last: a copy of so many bytes can
 * be asked by peers_at. */
size_t peers_bytes(const struct peers_kind *k, const struct peers *p);

/* Asserts every invariant. */
void peers_check(const struct peers_kind *k, const struct peers *p);

#endif
