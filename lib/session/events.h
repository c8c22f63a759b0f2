/* SPDX-License-Identifier: ISC */
/* The queue of events from the session's thread to its host, with a descriptor to poll. */
#ifndef SESSION_EVENTS_H
#define SESSION_EVENTS_H

#include <btcore/session.h>

#include "base/cdefs.h"

struct events;

struct events *events_new(void) MUST_USE;
void events_free(struct events *q);

int events_fd(const struct events *q);

/* Only these types are taken in from now on: a bit 1u << type each. */
void events_want(struct events *q, unsigned types);

/* Any thread. When nobody takes them, the oldest stay and BT_EVENT_LOST ends the queue. */
void events_add(struct events *q, const struct bt_event *e);
bool events_next(struct events *q, struct bt_event *out);

#endif
