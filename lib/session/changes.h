/* SPDX-License-Identifier: ISC */
/*
 * Which torrents of a session changed when, so that a look at what is new costs no look at all
 * others. Time is counted in looks: whatever changes between two of them has one number.
 */
#ifndef SESSION_CHANGES_H
#define SESSION_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/vec.h"

/* In the torrent's entry. */
struct change {
	TAILQ_ENTRY(change) link;	/* in changes.list */
	uint64_t at;			/* 0: it is not in there */
	uint32_t id;
};

TAILQ_HEAD(change_list, change);

struct changes {
	struct change_list list;	/* what changed last stands last */
	uint64_t now;			/* from 1 */
	struct vec removed;		/* struct removal, in order */
	uint64_t forgotten;		/* removals up to then are not in removed */
};

struct removal {
	uint64_t at;
	uint32_t id;
};

void changes_init(struct changes *c);
void changes_fini(struct changes *c);

/* It is there, or something of it changed. Costs nothing when it is said again and again. */
void changes_touch(struct changes *c, struct change *x);

/* It goes, and is told to be gone. Fine for one that was never touched. */
void changes_remove(struct changes *c, struct change *x);

/* Is it known of everything that was removed after since? If not, all must be looked at. */
bool changes_know_since(const struct changes *c, uint64_t since);

/* The look is over: the number of what it saw; what changes from now on has the next. */
uint64_t changes_next(struct changes *c);

#endif
