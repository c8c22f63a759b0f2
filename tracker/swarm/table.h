/* SPDX-License-Identifier: ISC */
/*
 * The torrents of one shard, found by info-hash. They lie in pages and never move; what refers to
 * them does so in 32 bits. Each can be in one list of its owner's, linked in the torrents.
 */
#ifndef TRACKER_TABLE_H
#define TRACKER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cdefs.h"

struct peers;

#define TABLE_NONE UINT32_MAX		/* no torrent, no list */
#define TABLE_MAX ((1u << 24) - 1)	/* torrents */

/* One line of the cache. */
struct swarm {
	uint8_t info_hash[20];
	uint32_t downloaded;		/* how often it was completed */
	struct peers *v4;		/* owned, see tracker/swarm/peers.h */
	struct peers *v6;
	uint32_t number;		/* of this one */
	uint32_t next, prev;		/* in its list, or the next free one */
	uint16_t list;			/* which one; the owner's */
	bool live;
	bool barred;			/* the owner's: not allowed */
};

struct table {
	uint32_t *places;	/* number + 1, 0 free, above it some bits of the hash */
	uint32_t cap;		/* places, a power of two, or 0 */
	uint32_t count;
	uint64_t seed[2];
	uint8_t **pages;
	uint32_t used;		/* torrents that were ever there at once */
	uint32_t free;		/* first free one of these */
};

void table_init(struct table *t, const uint64_t seed[2]);

/* The owner has freed the peers. */
void table_fini(struct table *t);

/* NULL: no such torrent. */
struct swarm *table_find(const struct table *t, const uint8_t info_hash[20]);

/* The info-hash must be new. The torrent has no peers and is in no list; NULL: no memory, or
 * TABLE_MAX. */
struct swarm *table_add(struct table *t, const uint8_t info_hash[20]) MUST_USE;
void table_remove(struct table *t, struct swarm *w);

/* By number, below t->used; NULL if it is free. */
struct swarm *table_at(const struct table *t, uint32_t number);

/* Walks all: *pos begins at 0; NULL at the end. */
struct swarm *table_next(const struct table *t, size_t *pos);

/* Lists: heads[i] is the first of list i, or TABLE_NONE. list may be TABLE_NONE: in none. */
void table_enlist(struct table *t, struct swarm *w, uint32_t *heads, uint32_t list);

/* Begins to fetch what table_find reads: first the place, then, when that is there, the torrent. */
void table_prefetch_place(const struct table *t, const uint8_t info_hash[20]);
void table_prefetch(const struct table *t, const uint8_t info_hash[20]);

void table_check(const struct table *t);

#endif
