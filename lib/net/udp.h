/* SPDX-License-Identifier: ISC */
/*
 * The UDP of a session: a socket for each of its addresses, and the tenants who share them: tracker
 * client; DHT, uTP later. What comes in is shown to the tenants in the order of their registration
 * until one knows it, by its first bytes, for its own. Datagrams come in batches, and what is sent
 * leaves at the end of the turn, in a batch again.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "base/addr.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/way.h"

struct udp;

/* True if it was for this tenant. The datagram is borrowed for the call. A tenant may remove
 * itself, but not free the udp. */
typedef bool (*udp_fn)(void *arg, const struct addr *from, struct bt_slice datagram, usec now);

/* Embedded by the tenant, who fills fn and arg. */
struct udp_tenant {
	TAILQ_ENTRY(udp_tenant) link;	/* in the list until udp_remove or udp_free */
	udp_fn fn;
	void *arg;
};

/* Without a socket yet. */
struct udp *udp_new(struct loop *l) MUST_USE;

/* NULL is fine. What was not sent yet is lost. */
void udp_free(struct udp *u);

/* Opens one more socket. Port 0: the system chooses. */
enum bt_code udp_open(struct udp *u, const struct net_way *way, const struct addr *at,
    struct bt_error *err);

void udp_add(struct udp *u, struct udp_tenant *t);
void udp_remove(struct udp *u, struct udp_tenant *t);

/* Whether there is a socket of this family. */
bool udp_has(const struct udp *u, enum addr_family family);

/* From the first socket of its family. False: there is none, no memory, or it is too long. A
 * datagram may be lost anyway. */
bool udp_send(struct udp *u, const struct addr *to, struct bt_slice datagram);

/* Where the i-th socket is bound; NULL: there are not so many. */
const struct addr *udp_addr(const struct udp *u, unsigned i);

#endif
