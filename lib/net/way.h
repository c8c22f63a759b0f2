/* SPDX-License-Identifier: ISC */
/*
 * The way to the world: the addresses, the interface and the families that may be used. It is made
 * once, from settings, and every socket that is not a tracker's own is made here or by sock.c for
 * it: peers, trackers, their names. What it could not keep to it refuses when it is made, so that
 * nobody is seen at an address that he did not choose. A plain value that does not change.
 *
 * One thing is beyond it: names are looked up by the system's resolver, which takes its own way.
 */
#ifndef NET_WAY_H
#define NET_WAY_H

#include <sys/socket.h>

#include "base/addr.h"
#include "base/error.h"

/* Local addresses that can be named. */
#define WAY_ADDRS_MAX 16

#define WAY_V4 1u
#define WAY_V6 2u

struct net_way {
	struct addr at[WAY_ADDRS_MAX];	/* to listen on; their ports mean nothing */
	unsigned count;
	bool may_lack_v6;		/* nobody named IPv6: the system may have none */
	struct addr from4, from6;	/* speak from these; ADDR_NONE: from any */
	unsigned families;		/* WAY_V4 | WAY_V6 */
	char device[16];		/* the only interface to use; "": any */
};

struct way_wish {
	const char *bind;	/* local addresses, joined by ','; NULL or "": all */
	bool ipv6;		/* use it as well, where bind names nothing */
	const char *interface;	/* NULL or "": any */
	const char *proxy;	/* NULL or "": none. Refused, for peers cannot be reached by one */
};

/* Any address, interface and family. */
extern const struct net_way way_anywhere;

/* Refuses with a line what it cannot keep to: no address, no such interface ... */
enum bt_code way_init(struct net_way *w, const struct way_wish *wish, struct bt_error *err);

bool way_has(const struct net_way *w, enum addr_family family);

/* The family if there is only one; else ADDR_NONE. */
enum addr_family way_only(const struct net_way *w);

/* The families by which trackers should know us; 0: the choice is the system's, and the tracker's
 * name's. */
unsigned way_shown(const struct net_way *w);

/* As their namesakes of sock.h. A family that the way has not is refused with EAFNOSUPPORT. */
int way_listen(const struct net_way *w, const struct addr *at, struct bt_error *err);
int way_udp(const struct net_way *w, const struct addr *at, struct bt_error *err);
int way_connect(const struct net_way *w, const struct addr *to);

/* A socket for whoever connects it himself, bound to where it must speak from; -1: errno. */
int way_socket(const struct net_way *w, enum addr_family family, int type);

#endif
