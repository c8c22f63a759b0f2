/* SPDX-License-Identifier: ISC */
/* The ways in which btshowmetainfo shows a torrent. */
#ifndef TOOLS_SHOW_H
#define TOOLS_SHOW_H

#include <btcore/metainfo.h>

#include "tools/cli.h"

/* The path of file i as the torrent has it; to be freed. */
char *show_path(const struct bt_metainfo *m, uint32_t i, size_t *len);

/* As a magnet URI; to be freed. */
char *show_magnet(const struct bt_metainfo *m);

/* "1", "2" or "hybrid". */
const char *show_version(const struct bt_metainfo *m);

/* What a way to show is given. */
struct show {
	const struct cli *cli;
	bool json;
	const char *value;	/* of the option that chose it; "": it has none */
};

/* A torrent that was read. False if something failed, which has been said. */
typedef bool show_one(const struct show *s, const char *path, const struct bt_metainfo *m);

/* All files at once, which it reads itself. False if not all is well. */
typedef bool show_files(const struct show *s, char *const *paths, size_t count);

show_one show_text;		/* as BitTornado's btshowmetainfo printed it */
show_one show_json;		/* one object on a line */
show_one show_tree;		/* directories and files with their sizes, as tree(1) does */
show_one show_field;		/* one value */
show_one show_scrape;		/* what its trackers say; true if one did */
show_files show_verify;		/* the content in or at value, against each torrent */
show_files show_lint;		/* what a strict reader finds wrong with each */

/* NULL if there is such a field; otherwise the names of all. */
const char *show_field_missing(const char *name);

#endif
