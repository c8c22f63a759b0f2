/* SPDX-License-Identifier: ISC */
/*
 * What a state file says, the original's or ours. Entries that make no sense are passed over, and
 * with nat_check those that were not reached. What peers said of their own address counts as the
 * settings say.
 */
#ifndef TRACKER_STATE_READ_H
#define TRACKER_STATE_READ_H

#include <btcore/tracker.h>

#include "base/error.h"
#include "tracker/shards.h"

/* Enters what the bytes say, as heard of now; what was good before an error stays entered. */
enum bt_code state_read(struct shards *s, const struct bt_tracker_settings *settings,
    struct bt_slice bytes, usec now, struct bt_error *err);

#endif
