/* SPDX-License-Identifier: ISC */
/* The sockets that peers come in by, TCP and UDP, on one port for all addresses. */
#ifndef SESSION_LISTEN_H
#define SESSION_LISTEN_H

#include "base/addr.h"
#include "base/error.h"
#include "base/rng.h"
#include "net/stream_tcp.h"
#include "net/udp.h"

/* The stream is the receiver's. */
typedef void (*listen_fn)(void *arg, struct stream *s, usec now);

struct listener {
	struct listen *listen;
	struct loop_fd watch;
	int fd;
};

struct listen {
	struct loop *loop;
	struct block_store *blocks;
	listen_fn fn;
	void *arg;
	struct listener listeners[WAY_ADDRS_MAX];
	unsigned count;
	uint16_t port;
	struct udp *udp;		/* on the same addresses and port */
	struct loop_timer pause;	/* no descriptors: accept no more for a while */
};

struct listen_where {
	const struct net_way *way;	/* all its addresses */
	uint16_t minport, maxport;
	bool random;
};

/* Finds a port on which all addresses can listen, by TCP and by UDP. */
enum bt_code listen_init(struct listen *l, struct loop *loop, const struct listen_where *where,
    struct rng *rng, struct block_store *blocks, listen_fn fn, void *arg, struct bt_error *err);
void listen_fini(struct listen *l);

#endif
