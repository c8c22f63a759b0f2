/* SPDX-License-Identifier: ISC */
/* What a worker has to say, kept until the loop writes it into the log. */
#ifndef TRACKER_NOTES_H
#define TRACKER_NOTES_H

#include "base/buf.h"
#include "base/log.h"

struct notes {
	struct buf texts;	/* one behind the other, each with its NUL */
};

void notes_init(struct notes *n);
void notes_fini(struct notes *n);

/* More than some hundred are left out. */
void notes_add(struct notes *n, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Writes all as warnings and forgets them. */
void notes_tell(struct notes *n, const struct log *log);

#endif
