/* SPDX-License-Identifier: ISC */
/*
 * Moving a torrent's files from one place to another (or only some of them, by other paths in the
 * same folder), on a worker that is alone with them. Nothing
 * that is there already is replaced, and nothing of others is touched. All of it or nothing: what
 * fails halfway is taken back.
 */
#ifndef DISK_MOVE_H
#define DISK_MOVE_H

#include "disk/place.h"

/* Within a file system by renaming, else by copying, syncing and removing. Files that are not there
 * are not missed. stop: when it becomes true (BT_ECANCEL); atomic. */
enum bt_code move_files(struct place *from, struct place *to, const bool *stop,
    struct bt_error *err);

#endif
