/* SPDX-License-Identifier: ISC */
/* Connections that are being made. */
#ifndef SESSION_DIAL_H
#define SESSION_DIAL_H

#include "base/addr.h"
#include "base/list.h"
#include "net/loop.h"
#include "net/way.h"

struct dialler;

/* fd: the connection, the receiver's; -1: it failed. */
typedef void (*dial_fn)(void *arg, uint32_t id, const struct addr *to, int fd);

struct dials {
	struct loop *loop;
	const struct net_way *way;
	dial_fn fn;
	void *arg;
	TAILQ_HEAD(, dialler) list;
};

/* The way outlives it. */
void dials_init(struct dials *d, struct loop *l, const struct net_way *way, dial_fn fn, void *arg);

/* What is under way is dropped and not answered. */
void dials_fini(struct dials *d);

/* Begins; answered once through fn with the id, but for want of memory not before it returns. */
void dials_start(struct dials *d, uint32_t id, const struct addr *to);

#endif
