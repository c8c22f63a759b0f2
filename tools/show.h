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

/* As BitTornado's btshowmetainfo printed it. */
void show_text(const char *path, const struct bt_metainfo *m);

/* One object on a line. */
void show_json(const char *path, const struct bt_metainfo *m);

/* Directories and files with their sizes, as tree(1) does. */
void show_tree(const struct bt_metainfo *m);

/* What its trackers say of it. True if one did. */
bool show_scrape(const struct cli *cli, const char *path, const struct bt_metainfo *m, bool json);

struct show_field;

/* NULL: no such field; show_field_names says which there are. */
const struct show_field *show_field_find(const char *name);
const char *show_field_names(void);
void show_field(const struct show_field *f, const char *path, const struct bt_metainfo *m);

/* Content in or at `where` against each torrent. True if all is well. */
bool show_verify(const struct cli *cli, char *const *files, size_t count, const char *where,
    bool json);

/* What a strict reader finds wrong with each. True if that is nothing. */
bool show_lint(const struct cli *cli, char *const *files, size_t count, bool json);

#endif
