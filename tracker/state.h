/* SPDX-License-Identifier: ISC */
/*
 * The state file, in the original's format (one bencoded dictionary), so that either tracker can go
 * on from the other's. Where peer ids are not kept, entries have one made of the address.
 */
#ifndef TRACKER_STATE_H
#define TRACKER_STATE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "tracker/shards.h"

/* Appends the state. A shard is locked while it is copied, and no longer. */
enum bt_code state_write(struct shards *s, struct buf *out);

/* Enters what the bytes say, as heard of now; what was good before an error stays entered. Single
 * entries that make no sense are passed over. */
enum bt_code state_read(struct shards *s, struct bt_slice bytes, usec now, struct bt_error *err);

/* Atomically; on failure the old file is untouched. May run on a worker. */
enum bt_code state_save(struct shards *s, const char *path, struct bt_error *err);

/* No file is fine. A bad one is set aside under another name, with a warning. A failure is one of
 * the system: the file is there but cannot be read. */
enum bt_code state_load(struct shards *s, const char *path, usec now, const struct log *log,
    struct bt_error *err);

#endif
