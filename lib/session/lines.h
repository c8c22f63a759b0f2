/* SPDX-License-Identifier: ISC */
/*
 * Lines of the log on their way to the host. They wait until the session's thread has nothing under
 * its hands, and are told there: whatever the host then asks of the session finds it whole, and a
 * worker that has something to say waits for nobody.
 */
#ifndef SESSION_LINES_H
#define SESSION_LINES_H

#include <btcore/log.h>

#include "base/cdefs.h"
#include "net/loop.h"

struct lines;

struct lines *lines_new(struct loop *l, bt_log_fn fn, void *arg) MUST_USE;
void lines_free(struct lines *q);

/* Any thread. A bt_log_fn with a struct lines as arg; topic is a constant. When too many wait,
 * those that come are counted, and the host is told how many they were. */
void lines_add(void *lines, enum bt_log_level level, const char *topic, const char *text);

/* The loop does that by itself while it runs. */
void lines_tell(struct lines *q);

#endif
