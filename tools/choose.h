/* SPDX-License-Identifier: ISC */
/* Which files of a torrent to download: --priority, --include, --exclude. */
#ifndef TOOLS_CHOOSE_H
#define TOOLS_CHOOSE_H

#include <btcore/metainfo.h>

#include "tools/item_options.h"

/* A priority (enum bt_priority) for each file, to be freed; NULL: all are wanted alike. *wrong: a
 * --priority that does not fit is passed over, and this is why; else NULL. */
int *choose_files(const struct item_options *o, const struct bt_metainfo *m, const char **wrong);

#endif
