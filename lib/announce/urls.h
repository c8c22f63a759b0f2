/* SPDX-License-Identifier: ISC */
/*
 * The URLs of trackers, each held once however many torrents have it: ten thousand sleepers of one
 * tracker pay for a pointer each. They outlive the announces that hold them.
 */
#ifndef ANNOUNCE_URLS_H
#define ANNOUNCE_URLS_H

#include "base/addr.h"
#include "base/map.h"
#include "base/slice.h"

struct announce_urls {
	struct map by_key;
	uint64_t seeds[2][2];
};

struct announce_url {
	uint64_t key[2];
	uint32_t holders;
	enum addr_family literal;	/* of a numeric host: no other family can reach it */
	const char *trouble;		/* why it cannot be asked; NULL: it can */
	char text[];
};

void announce_urls_init(struct announce_urls *u);

/* When nobody holds one. */
void announce_urls_fini(struct announce_urls *u);

/* Holds a URL; NULL: no memory. */
struct announce_url *announce_urls_take(struct announce_urls *u, struct bt_slice url) MUST_USE;
void announce_urls_drop(struct announce_urls *u, struct announce_url *url);

#endif
