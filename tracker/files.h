/* SPDX-License-Identifier: ISC */
/* What is served as it lies on disk: torrents of allowed_dir (allow_get) and the favicon. Either
 * may come later, see struct httpd_reply. */
#ifndef TRACKER_FILES_H
#define TRACKER_FILES_H

#include <btcore/tracker.h>

#include "net/httpd.h"
#include "tracker/rules/gate.h"
#include "tracker/shelf.h"

/* Whether there is anything that would need a shelf. */
bool files_wanted(const struct bt_tracker_settings *settings);

struct files {
	const struct bt_tracker_settings *settings;
	struct gate *gate;
	struct shelf *shelf;		/* NULL: nothing is wanted */
	char headers[512];		/* of the last reply, until it is sent */
};

void files_torrent(struct files *f, struct bt_slice query, usec now, struct httpd_reply *re);
void files_favicon(struct files *f, usec now, struct httpd_reply *re);

#endif
