/* SPDX-License-Identifier: ISC */
/* What is answered at which path over HTTP. One struct web for each loop; it opens no sockets. */
#ifndef TRACKER_WEB_H
#define TRACKER_WEB_H

#include "net/httpd.h"
#include "tracker/reply.h"
#include "tracker/server.h"

/* For httpd_add_listener. */
enum web_door { WEB_DOOR_PUBLIC, WEB_DOOR_PAGES };

struct web {
	const struct server_shared *shared;
	struct replier *replier;
	struct loop *loop;
	char headers[512];		/* of the reply at hand */
	char redirect[1024];		/* header line for infopage_redirect */
};

/* All must outlive it. */
void web_init(struct web *w, const struct server_shared *shared, struct replier *replier,
    struct loop *l);

/* For httpd_new, with a struct web. */
extern const struct httpd_ops web_ops;

#endif
