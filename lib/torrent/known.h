/* SPDX-License-Identifier: ISC */
/*
 * The addresses of a torrent: where each is from, how it went, when to try it again, who is
 * banned. Pure.
 */
#ifndef TORRENT_KNOWN_H
#define TORRENT_KNOWN_H

#include "base/addr.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/vec.h"

enum known_source { KNOWN_TRACKER, KNOWN_INCOMING, KNOWN_USER };

enum known_state { KNOWN_IDLE, KNOWN_DIALLING, KNOWN_CONNECTED, KNOWN_BANNED };

struct known_peer {
	struct addr addr;
	uint8_t source;		/* enum known_source */
	uint8_t state;		/* enum known_state */
	uint8_t fails;		/* fruitless tries in a row */
	usec next_try;
};

struct known {
	struct vec peers;	/* struct known_peer */
	struct map by_addr;	/* address and port to index + 1 */
	struct map banned;	/* IP alone */
	struct rng *rng;
	size_t max;		/* strangers cannot make it longer */
};

void known_init(struct known *k, struct rng *rng, size_t max);
void known_fini(struct known *k);

/* Someone says that there is a peer. Unusable and banned addresses are passed over. */
void known_add(struct known *k, const struct addr *a, enum known_source source);

/* An address to dial now (it counts as being dialled), or false. */
bool known_next(struct known *k, usec now, struct addr *out);

/* When known_next will have one at the earliest; NEVER. */
usec known_due(const struct known *k);

/* What became of it. */
void known_connected(struct known *k, const struct addr *a);
void known_lost(struct known *k, const struct addr *a, bool fruitful, usec now);

/* Not to be dialled before that time. */
void known_postpone(struct known *k, const struct addr *a, usec until);

/* No connection to or from this IP again; or only never to this port (it is ourselves). */
void known_ban(struct known *k, const struct addr *a);
void known_ban_port(struct known *k, const struct addr *a);
bool known_is_banned(const struct known *k, const struct addr *a);

#endif
