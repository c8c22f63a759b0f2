/* SPDX-License-Identifier: ISC */
/* What is known of a torrent beyond its peers, for pages: told by whoever reads torrent files. */
#ifndef TRACKER_NAMES_H
#define TRACKER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct torrent_name {
	struct bt_slice text;	/* any bytes; good until the next look-up */
	uint64_t size;		/* bytes of content */
};

struct torrent_names {
	/* False: nothing is known. */
	bool (*find)(void *arg, const uint8_t info_hash[20], struct torrent_name *out);
	void *arg;
};

#endif
