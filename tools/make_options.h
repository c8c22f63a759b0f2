/* SPDX-License-Identifier: ISC */
/*
 * What btmakemetafile and btcompletedir share: their options, and making one torrent by them.
 *
 *	struct make make;
 *	const struct cli_part part = { &make_option_table, &make.options };
 *	cli_parse(&cli, argc, argv);
 *	make_begin(&make, &cli);
 *	failed |= !make_one(&make, make.paths[0]);
 *	make_end(&make);
 */
#ifndef TOOLS_MAKE_OPTIONS_H
#define TOOLS_MAKE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/create.h>

#include "tools/cli.h"

struct make_options {
	char *announce, *announce_list, *http_seeds, *web_seeds, *comment, *source, *name, *target;
	char *meta_version, *creation_date, *include, *exclude, *symlinks;
	int64_t piece_size_pow2, piece_length, pieces_max, threads;
	int64_t created_by, reproducible, private, hidden, overwrite;
};

struct make {
	struct make_options options;
	const struct cli *cli;
	char **paths;		/* what torrents are to be made of */
	size_t path_count;
	struct bt_create_options create;
};

extern const struct bt_option_table make_option_table;

/* The options were parsed; the first argument is the tracker unless --announce has named it. Ends
 * the program if they make no sense. The first SIGINT or SIGTERM sets stop_asked from now on. */
void make_begin(struct make *m, const struct cli *c);

/* The torrent of a file or directory. False: failed, and said so. */
bool make_one(struct make *m, const char *path);

/* Where the torrent of path goes. To be freed. */
char *make_output_path(const struct make *m, const char *path);

bool make_is_directory(const char *path);

void make_end(struct make *m);

#endif
