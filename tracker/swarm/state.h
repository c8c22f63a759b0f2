/* SPDX-License-Identifier: ISC */
/* The state file: replaced as a whole when it is saved, set aside if it cannot be understood. */
#ifndef TRACKER_STATE_H
#define TRACKER_STATE_H

#include <btcore/tracker.h>

#include "base/error.h"
#include "base/log.h"
#include "tracker/swarm/nat_known.h"
#include "tracker/swarm/shards.h"

#define STATE_MAX ((size_t)8 << 30)	/* bytes; some 60 million peers */

/* What is kept in the file that the settings name as dfile; all borrowed. */
struct state {
	const struct bt_tracker_settings *settings;
	struct shards *shards;
	struct nat_known *nat;		/* NULL: no nat_check */
};

/* Atomically; on failure the old file is untouched. May run on a worker. */
enum bt_code state_save(const struct state *s, struct bt_error *err);

/* No file is fine, and so is an empty one. A bad one is set aside under another name, with a
 * warning. A failure is one of the system: the file is there but cannot be read. */
enum bt_code state_load(const struct state *s, usec now, const struct log *log,
    struct bt_error *err);

#endif
