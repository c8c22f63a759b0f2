/* SPDX-License-Identifier: ISC */
/* The order of a torrent's files. */
#ifndef MAKE_ORDER_H
#define MAKE_ORDER_H

#include "make/walk.h"

/* Element by element, each in byte order: the order of a file tree (BEP 52). */
void order_by_path(struct walk *w);

/* No two files of a walk in the order of paths may meet: one path, or the one below the other. */
enum bt_code order_check(const struct walk *w, struct bt_error *err);

/* Is that a file or a directory of a walk in the order of paths? */
bool order_has(const struct walk *w, const char *path);

/* From the order of paths to what the options say. */
void order_as_wanted(struct walk *w);

#endif
