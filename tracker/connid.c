/* SPDX-License-Identifier: ISC */
#include "tracker/connid.h"

#include "base/bytes.h"
#include "base/map.h"
#include "base/rng.h"

void
connid_init(struct connid *c)
{
	rng_secret(c->key, sizeof(c->key));
}

/* The port stays out: behind some NATs it changes from one packet to the next. */
static uint64_t
of_epoch(const struct connid *c, const struct addr *a, uint64_t epoch)
{
	uint8_t text[25];

	text[0] = a->family;
	memcpy(text + 1, a->ip, 16);
	put_be64(text + 17, epoch);
	return siphash(c->key, text, sizeof(text));
}

uint64_t
connid_make(const struct connid *c, const struct addr *a, usec now)
{
	return of_epoch(c, a, (uint64_t)now / CONNID_EPOCH);
}

bool
connid_good(const struct connid *c, const struct addr *a, uint64_t id, usec now)
{
	uint64_t epoch = (uint64_t)now / CONNID_EPOCH;

	return id == of_epoch(c, a, epoch) || id == of_epoch(c, a, epoch - 1);
}
