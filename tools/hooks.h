/* SPDX-License-Identifier: ISC */
/* Programs of the user's that are run when something has happened to a torrent. */
#ifndef TOOLS_HOOKS_H
#define TOOLS_HOOKS_H

#include <signal.h>
#include <sys/types.h>

#include "tools/item.h"

struct hook {
	pid_t pid;
	const char *program;	/* the command line's */
};

struct hooks {
	const struct cli *cli;
	const sigset_t *signals;	/* the mask that they begin with; NULL: ours */
	struct hook *running;
	size_t count, room;
};

void hooks_init(struct hooks *h, const struct cli *cli);

/* Runs it without a shell, with BT_EVENT, BT_NAME, BT_INFO_HASH, BT_INFO_HASH_V2, BT_PATH,
 * BT_TORRENT, BT_SIZE and BT_ERROR in its environment. "": nothing. That it cannot be run is
 * told. */
void hooks_run(struct hooks *h, const char *program, const char *event, const struct item *it,
    const char *error);

/* Takes leave of those that have ended; failures are told. */
void hooks_reap(struct hooks *h);

/* The same for all, for some seconds at most; those that run on are left alone. */
void hooks_fini(struct hooks *h);

#endif
