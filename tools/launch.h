/* SPDX-License-Identifier: ISC */
/*
 * The torrents of one session, from their coming to their end: adds them, shows how they fare,
 * ends those that have done as asked, and says goodbye when it is time.
 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <stdbool.h>

#include <btcore/session.h>

#include "tools/cli.h"
#include "tools/item.h"
#include "tools/rules.h"
#include "tools/view.h"

/* What a program ends with. Of several torrents the first in this order counts: disk, bad torrent,
 * failed, given up, complete. */
enum launch_end {
	LAUNCH_COMPLETE = 0,
	LAUNCH_FAILED = 1,	/* failed otherwise, or ended before */
	LAUNCH_GIVEN_UP = 3,	/* for want of peers, progress or time */
	LAUNCH_DISK = 4,	/* it failed or is full */
	LAUNCH_BAD = 5		/* the torrent, link or URL is bad or cannot be had */
};

struct launch_options {
	double display_interval;	/* seconds */
	char *peer;
	int64_t stop_when_done;
	struct rules_limits limits;
	char *on_complete, *on_error;	/* programs */
	int64_t save_options;
	int64_t verbose;
	int64_t json;
};

/* All but display_interval, which each program has with a default of its own. */
extern const struct bt_option_table launch_table;

#define LAUNCH_DISPLAY_ROW(def_) \
	{ .name = "display_interval", .kind = BT_OPT_FLOAT, .def = (def_), .min = 0.05, \
	    .max = 86400, .arg = "SECONDS", .help = "How often to show the state.", \
	    .offset = offsetof(struct launch_options, display_interval) }

struct launch;

/* What a program does beside, on the thread of launch_run. */
struct launch_guest {
	int fd;				/* its turn comes when this is readable, too; -1 */
	double (*turn)(void *arg);	/* the time of its next turn at the latest; sets fd */
	void (*hang_up)(void *arg);	/* on SIGHUP; NULL: that ends the program */
	void *arg;
};

/* The options of all torrents, as the command line has them, and the program's own. */
struct launch_wish {
	const struct cli *cli;
	const struct bt_settings *settings;
	const struct launch_options *options;
	const struct item_options *item_options;
	const struct view *view;
	bool lasts;		/* it goes on without any torrent */
};

/* Does what --save_options asks for, if it does. */
void launch_save_options(const struct cli *cli, const struct launch_options *o);

/* NULL: the session does not begin; that was told. */
struct launch *launch_new(const struct launch_wish *wish);

/* Is it the address of a torrent file, http or https? It is fetched from where the session
 * connects. */
bool launch_is_url(const char *text);
enum bt_code launch_fetch(struct launch *l, const char *url, struct bt_metainfo **out,
    struct bt_error *err);

/* What launch_add needs to know. */
struct launch_add {
	const struct bt_metainfo *meta;
	const char *torrent;		/* the file */
	const char *path;		/* where it goes */
	bool by_name;			/* lines show the torrent's name, not the file */
	struct item_options *own;	/* taken over, also on failure; NULL: as all */
};

/* NULL: it is not added, and err says why. */
struct item *launch_add(struct launch *l, const struct launch_add *what, struct bt_error *err);

/* Its options are others now; own is taken over. */
void launch_set_options(struct launch *l, struct item *it, struct item_options *own);

/* Forgets it; its content stays. */
void launch_drop(struct launch *l, struct item *it);

/* The item of the same torrent, or NULL. */
const struct item *launch_find(const struct launch *l, const struct bt_metainfo *meta);

/* A torrent that never came to be counts as well. */
void launch_note(struct launch *l, enum launch_end end);

/* A signal has come: whoever is busy with a long list leaves it, and the loop goes on. */
bool launch_is_asked(void);

/* Until it is over. guest may be NULL. */
void launch_run(struct launch *l, const struct launch_guest *guest);

/* What it amounts to; frees l. */
enum launch_end launch_free(struct launch *l);

/* Seconds, of a clock that only goes forward. */
double launch_now(void);

#endif
