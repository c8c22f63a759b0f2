/* SPDX-License-Identifier: ISC */
/*
 * What pieces need of files that nobody wants lies in one hidden file beside the others, each byte
 * where it is in the content, with holes between: such files themselves are never made. All is for
 * workers that are alone with the place.
 */
#ifndef DISK_PARTS_H
#define DISK_PARTS_H

#include "base/bits.h"
#include "disk/place.h"

/* Wanted files (a bit each) are themselves from now on, with what of them lay in the hidden file;
 * others lie there, unless they have been made already. On failure those that could not be made
 * stay where they were. */
enum bt_code parts_choose(struct place *p, const struct bits *wanted, struct bt_error *err);

/* At the beginning, before the first choice: what lies in a hidden file from before is found. */
enum bt_code parts_find(struct place *p, struct bt_error *err);

/* The hidden file goes. */
void parts_remove(struct place *p);

#endif
