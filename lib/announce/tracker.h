/* SPDX-License-Identifier: ISC */
/* One tracker of one torrent, as its announce keeps it: small, for most of them sleep. */
#ifndef ANNOUNCE_TRACKER_H
#define ANNOUNCE_TRACKER_H

#include "announce/urls.h"
#include "base/error.h"
#include "base/time.h"
#include "proto/announce.h"

/* A request goes out once for each slot: IPv4 (or any family) and IPv6, for each hash. */
#define FAMILIES 2
#define SLOTS (2 * FAMILIES)

struct ask {
	uint32_t id;		/* 0: nothing is under way */
	uint32_t not_before;	/* what the tracker wished when it refused this one; seconds */
	uint8_t event;		/* enum announce_event */
};

struct tracker {
	struct announce_url *url;
	char *text;			/* its last words, or our trouble with it; NULL: none */
	struct announce_text *id;	/* that it gave us; NULL: none */
	usec first_fail;
	usec not_before;
	usec last_asked;
	usec last_answer;
	struct ask asks[SLOTS];
	uint32_t tier;
	uint32_t fails;
	uint32_t peers;
	int32_t interval;		/* seconds; 0: it never told one */
	int32_t complete, incomplete, downloaded;
	uint8_t code;			/* enum bt_code, of the last announce */
	uint8_t never;			/* slots that it does not want (BEP 31) */
	uint8_t told;			/* slots that have heard `started` in this run */
	uint8_t told_completed;		/* slots that `completed` was sent to in this run */
};

/* NULL: no memory. */
struct tracker *tracker_new(struct announce_urls *urls, struct bt_slice url, size_t tier);
void tracker_free(struct announce_urls *urls, struct tracker *t);

bool tracker_is_asking(const struct tracker *t);

/* What became of the last announce: BT_OK with a warning, perhaps empty, or a failure's words.
 * They may repeat the passkey that it was asked with: it is blotted out. */
void tracker_set_text(struct tracker *t, enum bt_code code, struct bt_slice words);

/* Keeps the id that it gave us; without memory, the one before. */
void tracker_set_id(struct tracker *t, struct bt_slice id);

#endif
