/* SPDX-License-Identifier: ISC */
/* What is answered at which path over HTTP. One struct web for each loop; it opens no sockets. */
#ifndef TRACKER_WEB_H
#define TRACKER_WEB_H

#include "net/httpd.h"
#include "tracker/files.h"
#include "tracker/pages/names.h"
#include "tracker/reply.h"
#include "tracker/server.h"

/* For httpd_add_listener. */
enum web_door {
	WEB_DOOR_SECURE,	/* HTTPS: as public */
	WEB_DOOR_PUBLIC,	/* all, but for pages if they have a door of their own */
	WEB_DOOR_PAGES		/* pages only */
};

struct web {
	const struct server_shared *shared;
	struct replier *replier;
	struct stat_counters *counters;
	struct loop *loop;
	struct httpd *httpd;
	struct loop_timer retry;	/* for requests that wait for a census or a file */
	struct torrent_names names;
	struct files files;
	char redirect[1100];		/* header line for infopage_redirect */
};

/* All must outlive it. */
bool web_init(struct web *w, const struct server_shared *shared, struct replier *replier,
    struct stat_counters *counters, struct loop *l) MUST_USE;
void web_fini(struct web *w);

/* The server that web_ops are of. */
void web_serve(struct web *w, struct httpd *h);

/* For httpd_new, with a struct web. */
extern const struct httpd_ops web_ops;

#endif
