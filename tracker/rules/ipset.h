/* SPDX-License-Identifier: ISC */
/*
 * A set of addresses: disjoint ranges in order, found by halving. Built once, then only read, by
 * any number of threads. Block lists have half a million ranges: 8 bytes each for IPv4.
 */
#ifndef TRACKER_IPSET_H
#define TRACKER_IPSET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cdefs.h"
#include "base/vec.h"

struct ipset {
	struct vec v4;		/* struct ipset_v4 */
	struct vec v6;		/* struct ipset_v6 */
};

struct ipset_v4 {
	uint32_t first, last;
};

struct ipset_v6 {
	uint8_t first[16], last[16];
};

void ipset_init(struct ipset *s);
void ipset_fini(struct ipset *s);

/* Both of one family, first not behind last. False: no memory. */
bool ipset_add(struct ipset *s, const struct addr *first, const struct addr *last) MUST_USE;

/* After the last add, before the first has. */
void ipset_seal(struct ipset *s);

/* The port does not matter. */
bool ipset_has(const struct ipset *s, const struct addr *a);

static inline bool
ipset_is_empty(const struct ipset *s)
{
	return s->v4.len + s->v6.len == 0;
}

/* Asserts every invariant of a sealed set. */
void ipset_check(const struct ipset *s);

#endif
