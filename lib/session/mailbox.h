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

/* The calling thread runs the loop from now on. */
void mailbox_adopt(const struct mailbox *m);

/* The loop has ended: nobody is there to run what is called from now on. */
void mailbox_close(struct mailbox *m);

/* Runs fn(arg) on the loop's thread, and returns when it has run: at once if that is the calling
 * one. False: the mailbox is closed, and it was not run. */
bool mailbox_call(struct mailbox *m, void (*fn)(void *arg), void *arg);

#endif
