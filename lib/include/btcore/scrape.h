/* SPDX-License-Identifier: ISC */
/* Asking the trackers of a torrent how many peers they know, without joining them (BEP 15, 48). */
#ifndef BTCORE_SCRAPE_H
#define BTCORE_SCRAPE_H

#include <stddef.h>
#include <stdint.h>

#include <btcore/metainfo.h>

/* What one tracker said; all is borrowed for the call. */
struct bt_scrape_reply {
	struct bt_slice url;	/* as in the torrent, with a passkey if it has one */
	size_t tier;
	enum bt_code code;	/* BT_OK: it answered */
	const char *text;	/* otherwise one line why not, BT_ETRACKER: in its own words */
	int64_t complete;	/* seeds; -1: it does not say, as below */
	int64_t incomplete;	/* other peers */
	int64_t downloaded;	/* how often it was completed */
};

typedef void (*bt_scrape_fn)(void *arg, const struct bt_scrape_reply *reply);

/* Asks all at once, over HTTP, HTTPS and UDP, and calls fn for each when the last has answered, in
 * the order of the torrent, on the caller's thread. A tracker that has not answered within timeout
 * milliseconds (0: 15 s) gets BT_ETIMEOUT. Of a hybrid torrent, the swarm of v1 is asked for.
 * *answered is how many of them did. Fails only for want of memory or descriptors. */
enum bt_code bt_scrape(const struct bt_metainfo *m, unsigned timeout, bt_scrape_fn fn, void *arg,
    size_t *answered, struct bt_error *err);

#endif
