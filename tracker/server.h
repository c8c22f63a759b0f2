/* SPDX-License-Identifier: ISC */
/*
 * One loop's worth of tracker: listening sockets for HTTP and UDP, and what to do with what comes
 * in. Servers share what is in struct server_shared, and nothing else.
 */
#ifndef TRACKER_SERVER_H
#define TRACKER_SERVER_H

#include <btcore/tracker.h>

#include "base/log.h"
#include "net/loop.h"
#include "tracker/pages/census_taker.h"
#include "tracker/connid.h"
#include "tracker/rules/policy.h"
#include "tracker/reqlog.h"
#include "tracker/swarm/shards.h"
#include "tracker/pages/stats.h"

struct server;

/* Made once for all of them; what it points to must outlive them. */
struct server_shared {
	const struct bt_tracker_settings *settings;
	struct shards *shards;
	struct reqlog *reqlog;
	const struct connid *connid;
	const struct log *log;
	struct policy *policy;
	struct stats *stats;
	struct census_taker *census;
	struct tls *tls;		/* NULL: no HTTPS */
	unsigned loops;			/* how many servers there will be, each with a loop */
};

/* Listens as the settings say. port: 0 becomes the number that the system chose; joins: at the
 * addresses of the first server, whose port this must be. NULL on failure, err says why. */
struct server *server_new(struct loop *l, const struct server_shared *shared, uint16_t *port,
    bool joins, struct bt_error *err);

/* Closes all sockets and connections. NULL is fine. */
void server_free(struct server *s);

#endif
