/* SPDX-License-Identifier: ISC */
/* What is answered over UDP (BEP 15). One struct packets for each loop. */
#ifndef TRACKER_PACKETS_H
#define TRACKER_PACKETS_H

#include "base/list.h"
#include "net/dgram.h"
#include "proto/udp_announce.h"
#include "tracker/reply.h"
#include "tracker/server.h"

struct packets {
	const struct server_shared *shared;
	struct replier *replier;
	struct stat_counters *counters;
	struct loop *loop;
	struct dgram_batch *batch;
	TAILQ_HEAD(, packets_socket) sockets;
	struct udp_request request;	/* the one at hand: a large struct */
};

/* All must outlive it. False: no memory. fini is fine then, and on a zeroed one. */
bool packets_init(struct packets *p, const struct server_shared *shared, struct replier *replier,
    struct stat_counters *counters, struct loop *l) MUST_USE;

/* Closes its sockets. */
void packets_fini(struct packets *p);

/* Serves what comes in at a bound socket, which is closed on failure, too. */
bool packets_add_socket(struct packets *p, int fd) MUST_USE;

/* Closes all, as if none had been added. */
void packets_close(struct packets *p);

#endif
