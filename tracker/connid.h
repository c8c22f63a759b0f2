/* SPDX-License-Identifier: ISC */
/*
 * Connection ids of the UDP protocol (BEP 15) without a table: a keyed hash of the address and the
 * time. A client that shows a good one has received our reply, so the address is not forged.
 */
#ifndef TRACKER_CONNID_H
#define TRACKER_CONNID_H

#include "base/addr.h"
#include "base/time.h"

/* A client may use an id for a minute; it is good for two to four. */
#define CONNID_EPOCH (2 * MINUTE)

struct connid {
	uint64_t key[2];
};

void connid_init(struct connid *c);
uint64_t connid_make(const struct connid *c, const struct addr *a, usec now);
bool connid_good(const struct connid *c, const struct addr *a, uint64_t id, usec now);

#endif
