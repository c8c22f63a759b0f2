/* SPDX-License-Identifier: ISC */
/*
 * Which pieces a peer may ask for while choked (BEP 6). The side that serves chooses by this rule
 * and says so; nobody may rely on the other side's set before it was told.
 */
#ifndef PROTO_ALLOWED_FAST_H
#define PROTO_ALLOWED_FAST_H

#include "base/addr.h"

/* Writes k pieces to out, in order of generation, and returns how many: fewer if the torrent has
 * fewer, never more than ALLOWED_FAST_MAX. The same network (/24, in IPv6 /64) has the same set. */
uint32_t allowed_fast_set(const struct addr *peer, const uint8_t info_hash[20],
    uint32_t piece_count, uint32_t k, uint32_t *out);

#endif
