/* SPDX-License-Identifier: ISC */
/* Lists in the options of those who make torrents. What is wrong in them ends the program. Texts
 * are cut up and pointed into; what is given is to be freed. */
#ifndef TOOLS_MAKE_LISTS_H
#define TOOLS_MAKE_LISTS_H

#include <btcore/create.h>

#include "tools/cli.h"

/* p itself; ends the program if it is NULL. */
void *make_need(void *p);

/* What stands between ',' and '|' and is not empty. */
const char **make_words(char *text, size_t *count);

struct bt_create_pattern *make_patterns(char *include, char *exclude, size_t *count);

/* Of "HOST:PORT,[ADDRESS]:PORT". */
struct bt_create_node *make_nodes(const struct cli *c, char *text, size_t *count);

/* Of info-hashes in 40 hex digits. */
void make_hashes(const struct cli *c, char *text, uint8_t (**out)[20], size_t *count);

/* Adds the tiers of a file (or "-") behind those in *list. What they point into is given. */
char *make_trackers_from(const struct cli *c, const char *path, struct bt_create_tracker **list,
    size_t *count);

#endif
