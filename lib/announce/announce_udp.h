/* SPDX-License-Identifier: ISC */
/*
 * Carries announces by UDP (BEP 15, 41). Addresses of a tracker are kept for an hour, connection
 * ids for 60 seconds, both shared by all calls. Packets are sent again after 5 and 15 seconds; a
 * name with several addresses has 10 seconds for each but the last. A reply counts only if it
 * comes from the address that was asked and names the transaction.
 */
#ifndef ANNOUNCE_ANNOUNCE_UDP_H
#define ANNOUNCE_ANNOUNCE_UDP_H

#include "announce/announce_call.h"

struct announce_udp;

/* opts outlive it. */
struct announce_udp *announce_udp_new(const struct announce_net_opts *opts) MUST_USE;

/* When no call is left. */
void announce_udp_free(struct announce_udp *u);

/* url: the call's, taken apart. */
void announce_udp_send(struct announce_udp *u, struct announce_call *c, const struct url *url);

#endif
