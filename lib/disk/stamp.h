/* SPDX-License-Identifier: ISC */
/*
 * The signs by which a torrent's files are known again: size and time of each, as state/resume
 * keeps them.
 */
#ifndef DISK_STAMP_H
#define DISK_STAMP_H

#include "disk/content.h"

/* stamps: one a file, for resume; borrowed. synced: the files were synced before they were looked
 * at, so that what the stamps say survives a power cut. */
typedef void (*store_stamped_fn)(void *arg, struct bt_slice stamps, bool synced);

/* Has a worker look at the files, when what was sent before is done or under way. done is told,
 * unless the content was freed meanwhile; for want of memory with no stamps. */
void store_stamp(struct content *c, bool sync, store_stamped_fn done, void *arg);

#endif
