/* SPDX-License-Identifier: ISC */
/*
 * One UDP socket and its tenants: tracker client, DHT, uTP. A datagram is shown to the tenants in
 * the order of their registration until one takes it.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "base/addr.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/way.h"

struct udp;

/* True if it was for this tenant. The datagram is borrowed for the call. A tenant may remove
 * itself, but not close the socket. */
typedef bool (*udp_fn)(void *arg, struct udp *u, const struct addr *from,
    struct bt_slice datagram);

/* Embedded by the tenant, who fills fn and arg. */
struct udp_tenant {
	TAILQ_ENTRY(udp_tenant) link;	/* in the socket's list until udp_remove or udp_close */
	udp_fn fn;
	void *arg;
};

/* NULL on failure. Port 0: the system chooses. */
struct udp *udp_open(struct loop *l, const struct net_way *way, const struct addr *at,
    struct bt_error *err);
void udp_close(struct udp *u);

void udp_add(struct udp *u, struct udp_tenant *t);
void udp_remove(struct udp *u, struct udp_tenant *t);

/* False: the system did not take it, errno set. A datagram may be lost anyway. */
bool udp_send(struct udp *u, const struct addr *to, struct bt_slice datagram);

/* Where it is bound. */
const struct addr *udp_addr(const struct udp *u);

#endif
