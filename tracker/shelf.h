/* SPDX-License-Identifier: ISC */
/*
 * Files that are served: a worker reads them, so that no loop waits for a disk, and what it has
 * read is served to all for some seconds. One for each loop.
 */
#ifndef TRACKER_SHELF_H
#define TRACKER_SHELF_H

#include "net/httpd.h"
#include "net/loop.h"

struct shelf;

/* max: bytes that are kept; a file that is larger is there alone. on_ready: ask again for what was
 * to come later. */
struct shelf *shelf_new(struct loop *l, size_t max, void (*on_ready)(void *arg),
    void *arg) MUST_USE;

/* NULL is fine. */
void shelf_free(struct shelf *s);

enum shelf_answer {
	SHELF_HERE,	/* *out is the caller's to drop */
	SHELF_LATER,	/* also if all room is taken by what is being sent: then nobody calls */
	SHELF_NONE	/* it cannot be read */
};

/* version: any number that changes with the file. */
enum shelf_answer shelf_take(struct shelf *s, const char *path, int64_t version, usec now,
    struct httpd_shared **out);

#endif
