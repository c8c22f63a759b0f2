/* SPDX-License-Identifier: ISC */
/* What is served as it lies on disk: torrents of allowed_dir (allow_get) and the favicon. */
#ifndef TRACKER_FILES_H
#define TRACKER_FILES_H

#include <btcore/tracker.h>

#include "net/httpd.h"
#include "tracker/gate.h"

/* headers: room for header lines that re borrows until it is sent. */
void files_torrent(struct gate *g, const struct bt_tracker_settings *settings,
    struct bt_slice query, char headers[512], struct httpd_reply *re);
void files_favicon(const struct bt_tracker_settings *settings, struct httpd_reply *re);

#endif
