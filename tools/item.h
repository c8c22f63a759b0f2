/* SPDX-License-Identifier: ISC */
/* A torrent of a running program: what does not change, and what is remembered of it. */
#ifndef TOOLS_ITEM_H
#define TOOLS_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/slice.h>
#include <btcore/torrent.h>

#include "tools/item_options.h"

struct item {
	uint32_t id;			/* in the session */
	char *torrent;			/* as the user named it: the file */
	struct bt_slice name;		/* as in the torrent; owned */
	bool by_name;			/* lines show the name, not the file */
	char *path;			/* absolute: where the content goes */
	char hash[65];			/* of version 1, or of version 2 alone, in hex */
	uint64_t size;			/* bytes, without padding */
	const struct item_options *options;
	struct item_options *own;	/* those of its .opts file; NULL: there is none */

	/* As the session said last. */
	enum bt_torrent_state state;
	enum bt_code error;
	uint64_t done, uploaded, all_uploaded;

	/* Times of launch_now(); 0: never. */
	double complete_at;
	double seeding_since;		/* if it had seeded without pause; 0: it does not */
	double words_at;		/* when the words became what they are */
	bool words_stale;		/* a tracker or the torrent has said something */
	char *error_text;		/* why it failed, or NULL */
	char *tracker_text;		/* the latest complaint of a tracker, or NULL */
	bool over;			/* it has seeded as asked, or failed */
};

#endif
