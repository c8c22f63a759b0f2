/* SPDX-License-Identifier: ISC */
/*
 * How often each address may ask: a token bucket for every IPv4 address and every /56 of IPv6, in a
 * table of fixed size that all loops share without locks. A bucket is one number, the time at which
 * it will be full again. In a full table the bucket that is fullest makes room. Two addresses in a
 * million may share one.
 */
#ifndef TRACKER_LIMIT_H
#define TRACKER_LIMIT_H

#include "base/addr.h"
#include "base/cdefs.h"
#include "base/time.h"

struct limit;

/* rate: tokens a second, 1 ... 1000000; burst: tokens in a full bucket, at least 1. */
struct limit *limit_new(uint32_t rate, uint32_t burst) MUST_USE;
void limit_free(struct limit *l);

/* Takes a token: 0. If there is none: how long to wait for one. */
usec limit_take(struct limit *l, const struct addr *a, usec now);

#endif
