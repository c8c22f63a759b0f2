/* SPDX-License-Identifier: ISC */
/*
 * What btmakemetafile and btcompletedir share: their options, and what follows from them for a
 * torrent. See make_one.h for making it.
 */
#ifndef TOOLS_MAKE_OPTIONS_H
#define TOOLS_MAKE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/create.h>

#include "tools/cli.h"

struct make_options {
	char *announce, *announce_list, *trackers_from, *nodes, *http_seeds, *web_seeds;
	char *comment, *created_by, *creation_date, *source, *collections, *similar;
	char *meta_version, *name, *include, *exclude, *symlinks, *order, *target;
	int64_t piece_size_pow2, piece_length, pieces_max, threads;
	int64_t join, reproducible, private, hidden, overwrite, entropy;
};

struct make {
	struct make_options options;
	const struct cli *cli;
	char **paths;		/* what torrents are to be made of */
	size_t path_count;
	bool may_be_empty;	/* what has no files is passed over, not a failure */
	size_t made, failed;	/* of what was tried */
	struct bt_create_options create;
	/* what that borrows */
	struct bt_create_tracker *trackers;
	char *tracker_text;
	struct bt_create_node *nodes;
	struct bt_create_pattern *patterns;
	const char **http_seeds, **url_seeds, **collections;
	uint8_t (*similar)[20];
};

extern const struct bt_option_table make_option_table;

/* The options were parsed; the first argument is the tracker unless --announce has named it. Ends
 * the program if they make no sense. The first SIGINT or SIGTERM sets stop_asked from now on. */
void make_begin(struct make *m, const struct cli *c);

void make_end(struct make *m);

#endif
