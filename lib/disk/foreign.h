/* SPDX-License-Identifier: ISC */
/*
 * What lies where content is to be written and is not of it: a file in which a check has found no
 * good piece is kept under another name, and what is too much at the end of another is cut off.
 * Either is told. For a worker that is alone with the place.
 */
#ifndef DISK_FOREIGN_H
#define DISK_FOREIGN_H

#include "base/bits.h"
#include "disk/place.h"

/* have: the good pieces. notes gets a line for each file, ended by a NUL. */
enum bt_code foreign_clear(struct place *p, const struct bits *have, struct buf *notes,
    struct bt_error *err);

#endif
