/* SPDX-License-Identifier: ISC */
/* The priority of a connection between two addresses (BEP 40). Both ends compute the same, and
 * nobody can choose it: a swarm in which each prefers the highest is well mixed. Pure. */
#ifndef TORRENT_CANONICAL_H
#define TORRENT_CANONICAL_H

#include "base/addr.h"

/* Both are of one family. */
uint32_t canonical_priority(const struct addr *a, const struct addr *b);

#endif
