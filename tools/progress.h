/* SPDX-License-Identifier: ISC */
/* How far a long work is: one line on standard error if that is a terminal, or nothing. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	char *name;		/* fit for a terminal; NULL: there is none */
	double start, last;	/* seconds on a clock; last: of what is shown */
	size_t width;		/* columns of what is shown, at least */
};

/* Of what has this name. */
void progress_begin(struct progress *p, const char *name);

/* This many bytes are done; for bt_create_options.progress. Shown ten times a second at most. */
void progress_show(void *p, uint64_t done, uint64_t total);

/* The end of the line if all was done; otherwise nothing remains of it. */
void progress_end(struct progress *p, bool ok);

#endif
