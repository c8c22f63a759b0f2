/* SPDX-License-Identifier: ISC */
/* libc's intrusive lists, with the safe loop that glibc's copy lacks. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <sys/queue.h>

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = TAILQ_FIRST(head); \
	    (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1); (var) = (next))
#endif

#endif
