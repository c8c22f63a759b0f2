/* SPDX-License-Identifier: ISC */
/*
 * Which torrents and which addresses are served: allowed_dir, allowed_list, allowed_ips,
 * banned_ips. A worker reads what has changed and puts a new snapshot in place; what cannot be read
 * is noted once, and what was read before stays in force.
 */
#ifndef TRACKER_LISTS_H
#define TRACKER_LISTS_H

#include <btcore/tracker.h>

#include "tracker/rules/allow_dir.h"
#include "tracker/rules/ipset.h"

struct lists_ips {
	struct snapshot snapshot;
	struct ipset set;
};

/* What the loops see. */
struct lists_now {
	struct snapshot snapshot;
	struct allowed *torrents;		/* NULL: all */
	struct lists_ips *allowed, *banned;	/* NULL: no such list */
};

/* What a reader of lists.place got. NULL: nothing was read yet, or there are no lists. */
static inline const struct lists_now *
lists_now_of(const struct snapshot *s)
{
	return s == NULL ? NULL : CONTAINER_OF(s, struct lists_now, snapshot);
}

/* A file at the last look. */
struct lists_stamp {
	bool seen;
	int error;		/* errno, 0 fine */
	uint64_t size, inode;
	struct timespec mtime;
};

struct lists {
	const struct bt_tracker_settings *settings;
	struct snapshot_place place;	/* struct lists_now */
	struct allow_dir dir;
	bool dir_failed;		/* and was noted */
	struct lists_stamp stamps[3];
	struct lists_now parts;		/* in force, one use of each is ours */
};

void lists_init(struct lists *l, const struct bt_tracker_settings *settings);
void lists_fini(struct lists *l);

/* Whether there is anything to be read. */
bool lists_wanted(const struct bt_tracker_settings *settings);

/* On one thread at a time. The first fault in err, all in notes. */
enum bt_code lists_read(struct lists *l, struct notes *notes, struct bt_error *err);

#endif
