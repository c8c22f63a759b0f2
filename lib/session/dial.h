/* SPDX-License-Identifier: ISC */
/* TCP connections that are being made: from an address to a stream. */
#ifndef SESSION_DIAL_H
#define SESSION_DIAL_H

#include "base/list.h"
#include "net/stream_tcp.h"
#include "net/way.h"

struct dialler;

/* The stream is the receiver's; NULL: there is no connection. */
typedef void (*dial_fn)(void *arg, uint32_t id, struct stream *s, usec now);

struct dials {
	struct loop *loop;
	const struct net_way *way;
	struct block_store *blocks;
	dial_fn fn;
	void *arg;
	TAILQ_HEAD(, dialler) list;
};

/* Way and blocks outlive it. */
void dials_init(struct dials *d, struct loop *l, const struct net_way *way,
    struct block_store *blocks, dial_fn fn, void *arg);

/* What is under way is dropped and not answered. */
void dials_fini(struct dials *d);

/* Begins. 0: answered once through fn, not before it returns. Else it is not, for this errno;
 * EMFILE stands for all that passes by itself: no descriptor, no memory, no port. */
int dials_start(struct dials *d, uint32_t id, const struct addr *to);

/* No answer will come. An id that is not under way is fine. */
void dials_drop(struct dials *d, uint32_t id);

#endif
