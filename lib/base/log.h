/* SPDX-License-Identifier: ISC */
/* Where the library's words go: to the function that the host gave, or nowhere. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <btcore/log.h>

#include <stdbool.h>

#include "base/cdefs.h"
#include "base/slice.h"

struct log {
	bt_log_fn fn;		/* NULL: silence */
	void *arg;
	enum bt_log_level level;	/* nothing below it is formatted */
};

static inline bool
log_wants(const struct log *l, enum bt_log_level level)
{
	return l != NULL && l->fn != NULL && level <= l->level;
}

void log_write(const struct log *l, enum bt_log_level level, const char *topic,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Foreign bytes made harmless for a log or a terminal: valid UTF-8 stays, control characters,
 * direction overrides and broken bytes become \xNN. Always terminates out (size > 0). */
const char *log_escape(struct bt_slice s, char *out, size_t size);

#endif
