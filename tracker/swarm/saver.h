/* SPDX-License-Identifier: ISC */
/* Has a worker save the state every save_dfile_interval. A save that fails is said, not fatal. */
#ifndef TRACKER_SAVER_H
#define TRACKER_SAVER_H

#include "base/log.h"
#include "base/pool.h"
#include "net/loop.h"
#include "tracker/swarm/state.h"

struct saver {
	const struct state *state;
	const struct log *log;
	struct pool *pool;
	struct loop_timer timer;
	struct job job;
	struct bt_error err;	/* of the save under way */
	bool saving;
	bool failed;		/* the last time */
};

/* All must outlive it; loop and pool are those of one thread. False: no memory. */
bool saver_init(struct saver *s, const struct state *state, const struct log *log,
    struct loop *l) MUST_USE;
void saver_start(struct saver *s, struct pool *pool);

/* No save may be under way. Fine on a zeroed one. */
void saver_fini(struct saver *s);

#endif
