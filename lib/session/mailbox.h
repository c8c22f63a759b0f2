/* SPDX-License-Identifier: ISC */
/* Calls from any thread to the session's: the caller waits until its function has run there. */
#ifndef SESSION_MAILBOX_H
#define SESSION_MAILBOX_H

#include <stdbool.h>

#include "base/cdefs.h"
#include "net/loop.h"

struct mailbox;

struct mailbox *mailbox_new(struct loop *l) MUST_USE;
void mailbox_free(struct mailbox *m);

/* Runs fn(arg) on the loop's thread, and returns when it has run. */
void mailbox_call(struct mailbox *m, void (*fn)(void *arg), void *arg);

#endif
