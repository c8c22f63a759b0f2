/* SPDX-License-Identifier: ISC */
/* Which files of a directory are wanted in a torrent: struct bt_create_pattern. */
#ifndef MAKE_WANTED_H
#define MAKE_WANTED_H

#include <btcore/create.h>

/* Is the file of that path wanted? The path is cut meanwhile. all_out: nor is any file below a
 * directory of that path. */
bool wanted_file(const struct bt_create_options *o, char *path, bool *all_out);

#endif
