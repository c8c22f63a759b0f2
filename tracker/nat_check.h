/* SPDX-License-Identifier: ISC */
/*
 * Connects back to peers before they are handed out (nat_check): a BitTorrent handshake for the
 * torrent that was announced must be answered with one. One for each loop. An address is tried once
 * for all its torrents, and not again while it is known (tracker/swarm/nat_known.h).
 */
#ifndef TRACKER_NAT_CHECK_H
#define TRACKER_NAT_CHECK_H

#include "net/loop.h"
#include "proto/announce.h"
#include "tracker/swarm/nat_known.h"

struct nat_check;

/* The numbers of the log. */
enum nat_result { NAT_REACHED = 200, NAT_GONE = 404, NAT_UNREACHABLE = 503 };

struct nat_check_ops {
	/* What came of it, for each torrent that was announced there. Returns whether the peer is
	 * still in it. */
	bool (*tell)(void *arg, const uint8_t info_hash[20], const struct addr *at, bool reached);
	/* For the log. req: the announce for which it was tried. */
	void (*tried)(void *arg, const struct announce_req *req, const struct addr *at,
	    enum nat_result result);
};

struct nat_check_limits {
	unsigned tries;		/* then an address is given up */
	usec timeout;		/* for one handshake */
	unsigned at_once;	/* who comes then waits for its next announce */
};

/* known: what all loops know; it must outlive this. */
struct nat_check *nat_check_new(struct loop *l, struct nat_known *known,
    const struct nat_check_limits *limits, const struct nat_check_ops *ops, void *arg) MUST_USE;

/* NULL is fine. */
void nat_check_free(struct nat_check *n);

/* Whether the peer may be handed out. If not, and the address has tries left, it is tried now; then
 * tell() is called for all torrents that were announced there meanwhile. from: where the announce
 * came from; nobody but a local client makes us connect to a local address. */
bool nat_check_passed(struct nat_check *n, const struct announce_req *req, const struct addr *at,
    const struct addr *from, usec now);

#endif
