/* SPDX-License-Identifier: ISC */
/* The queue of events from the session's thread to its host, with a descriptor to poll. */
#ifndef SESSION_EVENTS_H
#define SESSION_EVENTS_H

#include <btcore/event.h>

#include <stdbool.h>

#include "base/cdefs.h"

struct events;

struct events *events_new(void) MUST_USE;
void events_free(struct events *q);

int events_fd(const struct events *q);

/* Only these kinds (BT_WANT_...) are taken in from now on. */
void events_want(struct events *q, uint64_t kinds);

/* Any thread. The event is copied, with its texts. When too many wait, one BT_EVENT_LOST stands for
 * those that come, until half of the others were taken. */
void events_add(struct events *q, const struct bt_event *e);

/* How many wait, and how many were lost since the beginning. */
void events_count(struct events *q, uint64_t *waiting, uint64_t *lost);

/* The oldest, to be freed by bt_event_free; NULL: none waits. */
struct bt_event *events_next(struct events *q);

#endif
