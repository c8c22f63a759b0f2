/* SPDX-License-Identifier: ISC */
/*
 * What a state file says, the original's or ours. Entries that make no sense are passed over. What
 * peers said of their own address counts as the settings say; with nat_check those that were not
 * reached are entered as such, and how often they were not is remembered.
 */
#ifndef TRACKER_STATE_READ_H
#define TRACKER_STATE_READ_H

#include "tracker/swarm/state.h"

/* Enters what the bytes say, as heard of now; what was good before an error stays entered. */
enum bt_code state_read(const struct state *s, struct bt_slice bytes, usec now,
    struct bt_error *err);

#endif
