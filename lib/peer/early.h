/* SPDX-License-Identifier: ISC */
/*
 * What a peer says of its pieces while we do not know how many there are (the metadata is still to
 * come, or is being loaded). It is kept as it was said, never in more memory than the peer has sent
 * bytes, and judged when the number is known. Pure.
 */
#ifndef PEER_EARLY_H
#define PEER_EARLY_H

#include "base/bits.h"
#include "base/buf.h"
#include "base/vec.h"

struct early {
	bool all;		/* it has all (BEP 6) */
	struct buf bitfield;	/* as it was sent; empty: none was */
	struct vec haves;	/* uint32_t: said since */
};

void early_init(struct early *e);
void early_fini(struct early *e);

/* A whole set takes the place of what was said before. */
void early_set_all(struct early *e, bool all);

/* These return false when there is no memory or more was said than is kept. */
bool early_set_bitfield(struct early *e, struct bt_slice wire) MUST_USE;
bool early_add_have(struct early *e, uint32_t piece) MUST_USE;

/* It has the piece no more (BEP 54). Of one that has all this is forgotten: it will reject what it
 * lacks. */
void early_remove_have(struct early *e, uint32_t piece);

/* Enters all of it into have, which has its final length and nothing set. False: the peer named
 * pieces that do not exist. What was kept is freed. */
bool early_settle(struct early *e, struct bits *have) MUST_USE;

#endif
