/* SPDX-License-Identifier: ISC */
/* The torrents that may be tracked, by info-hash. Immutable once sealed, shared by all threads. */
#ifndef TRACKER_ALLOWED_H
#define TRACKER_ALLOWED_H

#include <time.h>

#include "base/error.h"
#include "base/slice.h"
#include "base/vec.h"
#include "tracker/rules/snapshot.h"

/* What is known of one from its file. Immutable; unchanged files share it from set to set. */
struct allowed_torrent {
	struct snapshot snapshot;
	uint8_t hash[2][20];		/* v1; v2 cut to 20 bytes (BEP 52) */
	unsigned hash_count;
	uint64_t size;			/* bytes of content */
	const char *path;		/* of the file */
	struct timespec changed;	/* the file, as it was when it was read */
	struct bt_slice name;		/* as in the torrent: any bytes */
	struct bt_slice failure;	/* allowed_controls: what its clients are told; or empty */
	struct bt_slice warning;
};

struct allowed_item {
	uint8_t hash[20];
	struct allowed_torrent *torrent;	/* NULL: only the hash is known */
};

struct allowed {
	struct snapshot snapshot;
	struct vec items;		/* struct allowed_item, in order of the hashes */
};

/* Empty; NULL: no memory. */
struct allowed *allowed_new(void) MUST_USE;

/* False: no memory. A torrent is kept. */
bool allowed_add(struct allowed *a, const uint8_t hash[20], struct allowed_torrent *t) MUST_USE;

/* A hash on each line, 40 or 64 hex digits, then perhaps a blank and any text; blank lines and '#'
 * are passed over. err names the line. */
enum bt_code allowed_add_list(struct allowed *a, struct bt_slice text, struct bt_error *err);

/* After the last add, before the first find. */
void allowed_seal(struct allowed *a);

const struct allowed_item *allowed_find(const struct allowed *a, const uint8_t hash[20]);

/* Copies all; the count of users is 1. NULL: no memory. */
struct allowed_torrent *allowed_torrent_new(const struct allowed_torrent *like) MUST_USE;

#endif
