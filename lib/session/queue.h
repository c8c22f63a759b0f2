/* SPDX-License-Identifier: ISC */
/*
 * Which torrents are active when only some may be (settings active_downloads and active_seeds): of
 * downloads those that were added first, of seeds those that somebody wants. Others are queued.
 */
#ifndef SESSION_QUEUE_H
#define SESSION_QUEUE_H

#include "net/loop.h"

struct bt_session;

struct queue {
	struct bt_session *session;
	struct loop_timer timer;
	bool due;		/* the timer is set for soon */
	bool holds;		/* some torrent may be queued */
};

bool queue_init(struct queue *q, struct bt_session *s) MUST_USE;
void queue_fini(struct queue *q);

/* Not all torrents may be active: one that comes waits for its turn. */
bool queue_is_needed(const struct queue *q);

/* Something has changed that may change who goes first. */
void queue_touch(struct queue *q);

#endif
