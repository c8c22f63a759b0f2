/* SPDX-License-Identifier: ISC */
/* Symbolic links that are stored as links in a torrent (BEP 47). */
#ifndef MAKE_LINKS_H
#define MAKE_LINKS_H

#include "make/walk.h"

/* Adds the path, below root, of what the link leads to, and a NUL; if that is a link too, it is
 * not followed. One that leads outside is an error that names both. */
enum bt_code links_resolve(const char *link, const char *root, struct buf *out,
    struct bt_error *err);

/* All links of a walk in the order of paths lead to what is in the torrent. */
enum bt_code links_check(const struct walk *w, struct bt_error *err);

#endif
