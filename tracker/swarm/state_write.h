/* SPDX-License-Identifier: ISC */
/*
 * The state in the original's format, one bencoded dictionary, so that either tracker can go on
 * from the other's. Where peer ids are not kept, entries have one made of the address.
 */
#ifndef TRACKER_STATE_WRITE_H
#define TRACKER_STATE_WRITE_H

#include "tracker/swarm/state.h"

/* The original does not start with a key that it does not know, so what is paused (BEP 21) is told
 * by a number of bytes that none is likely to lack. */
#define STATE_LEFT_PAUSED 2

/* A shard is locked while it is copied, and no longer. BT_EIO: it could not be written, see errno;
 * BT_ENOMEM. */
enum bt_code state_write(const struct state *s, int fd);

#endif
