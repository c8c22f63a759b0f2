/* SPDX-License-Identifier: ISC */
/*
 * The loops beside the first one, each with a server and a thread of its own. Signals, and all that
 * is done once for all of them, are for the first.
 */
#ifndef TRACKER_HELPERS_H
#define TRACKER_HELPERS_H

#include "tracker/server.h"

struct helpers {
	struct helper *each;
	unsigned count;
};

/* This many, which serve at the first server's port. To be closed in any case. */
enum bt_code helpers_open(struct helpers *h, unsigned count, const struct server_shared *shared,
    uint16_t port, struct bt_error *err);

/* Starts the threads, or none. */
enum bt_code helpers_start(struct helpers *h, struct bt_error *err);

/* Returns when all threads have ended. */
void helpers_stop(struct helpers *h);

/* After stop, if they were started. Fine on a zeroed one. */
void helpers_close(struct helpers *h);

/* Before start: each shows a sign of life at this interval. */
void helpers_set_pulse(struct helpers *h, usec step);

/* All have shown one since the last time that all had. */
bool helpers_live(struct helpers *h);

#endif
