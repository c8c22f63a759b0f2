/* SPDX-License-Identifier: ISC */
/* When a torrent has done what was asked of it, and when it is given up. Pure. */
#ifndef TOOLS_RULES_H
#define TOOLS_RULES_H

#include "tools/item.h"

/* Seconds; 0: never. */
struct rules_limits {
	double no_peers;	/* without a peer */
	double no_progress;	/* without having received anything */
	double deadline;	/* since it was added */
};

struct rules {
	const struct rules_limits *limits;
	bool all_runs;		/* seeding of earlier runs counts */
	bool stop_when_done;
};

/* What the session says of it now. */
void rules_note(struct item *it, const struct bt_torrent_status *t, double now);

/* It has seeded as asked; when that will be so at the latest, as far as time alone decides. */
bool rules_seeded(const struct rules *r, const struct item *it, double now);
double rules_seeds_until(const struct rules *r, const struct item *it);

/* Why it is to be given up, or NULL. */
const char *rules_give_up(const struct rules *r, const struct item *it, double now);

#endif
