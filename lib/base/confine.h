/* SPDX-License-Identifier: ISC */
/*
 * A thread gives up what it does not need of files and of TCP, for good: whoever takes it over
 * through a fault gets little else. By Landlock, as much as the kernel knows of it; where there is
 * none everything stays as it was.
 *
 *	confine_init(&c, false);
 *	confine_allow(&c, "/srv/list", CONFINE_READ);
 *	code = confine_enter(&c, &err);
 *
 * The thread that enters is confined, and those that it starts from then on, and their children.
 * What is open stays open. TCP ports can no longer be bound, and no program be executed.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum confine_use {
	CONFINE_READ,		/* files and folders */
	CONFINE_WRITE,		/* files, also new ones */
	CONFINE_REPLACE		/* both, and files are removed, and renamed within their folder */
};

struct confine {
	int rules;		/* -1: no Landlock, or entered */
	uint64_t tcp;		/* what of it is given up; 0: the kernel knows only of files */
	int failed;		/* errno */
};

/* connects: TCP connections are still made. */
void confine_init(struct confine *c, bool connects);

/* What is there now, whatever is put in its place later is not meant; of a folder all that is or
 * comes beneath. Nothing there: nothing is allowed. */
void confine_allow(struct confine *c, const char *path, enum confine_use use);

/* A file that may be replaced, or is not there yet: the folder where it is, behind symbolic links.
 * To be read, also the one where it is named, for links may be set anew. A device or pipe is
 * allowed by itself. */
void confine_allow_place(struct confine *c, const char *path, enum confine_use use);

/* Ends c, whatever comes of it. */
enum bt_code confine_enter(struct confine *c, struct bt_error *err);

#endif
