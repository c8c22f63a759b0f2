/* SPDX-License-Identifier: ISC */
/*
 * Making torrents by their options.
 *
 *	struct make make;
 *	const struct cli_part part = { &make_option_table, &make.options };
 *	cli_parse(&cli, argc, argv);
 *	make_begin(&make, &cli);
 *	make_one(&make, make.paths[0]);
 *	ok = make_sum_up(&make);
 *	make_end(&make);
 */
#ifndef TOOLS_MAKE_ONE_H
#define TOOLS_MAKE_ONE_H

#include "tools/make_options.h"

/* The torrent of a file or directory; says what goes wrong, and counts. */
void make_one(struct make *m, const char *path);

/* One torrent, of the name in the options, of all of them. */
void make_joined(struct make *m, char *const *paths, size_t count);

/* Where the torrent of path goes. To be freed. */
char *make_output_path(const struct make *m, const char *path);

/* At the end: says how many were made if not all of several were. True if all were. */
bool make_sum_up(const struct make *m);

bool make_is_directory(const char *path);

#endif
