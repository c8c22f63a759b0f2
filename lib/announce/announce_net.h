/* SPDX-License-Identifier: ISC */
/*
 * Carries announces to trackers, one for all torrents of a session: announce_send picks HTTP(S) or
 * UDP by the URL's scheme. A torrent names its request by (arg, id) and is answered by them, once,
 * never before announce_send returns.
 */
#ifndef ANNOUNCE_ANNOUNCE_NET_H
#define ANNOUNCE_ANNOUNCE_NET_H

#include "base/error.h"
#include "net/fetch.h"
#include "net/resolve.h"
#include "net/udp.h"
#include "proto/announce.h"

struct announce_net;

struct announce_net_opts {
	struct loop *loop;
	struct fetch *fetch;		/* these three outlive it */
	struct resolve *resolve;
	struct udp *udp;		/* NULL: sockets of its own are opened when needed */
	const struct net_way *way;	/* outlives it as well */
	const char *user_agent;		/* copied; NULL: none */
	usec timeout;			/* of one announce; 0: 30 s */
	usec stop_timeout;		/* of `stopped`; 0: 3 s */
	usec udp_resend;		/* the first time, then three times as long; 0: 5 s */
};

/* reply is borrowed for the call; its failure, if it has one, is the tracker's word. NULL: there
 * was no reply, and text says in one line why; it never contains the URL. */
typedef void (*announce_answer_fn)(void *arg, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text);

struct announce_net *announce_net_new(const struct announce_net_opts *opts) MUST_USE;

/* What was counted of announces and scrapes. */
struct announce_stats {
	uint64_t sent;
	uint64_t answered;	/* by whatever the tracker said */
	uint64_t failed;	/* without a word of it */
};

const struct announce_stats *announce_net_stats(const struct announce_net *n);

/* Of announces from now on; see announce_net_opts. */
void announce_net_set_timeout(struct announce_net *n, usec timeout);

/* Calls under way get no answer. */
void announce_net_free(struct announce_net *n);

/* Copies what it needs. Also a failure to begin is answered by fn. False: no memory, no answer. */
bool announce_send(struct announce_net *n, const char *url, enum addr_family family,
    const struct announce_req *req, announce_answer_fn fn, void *arg, uint64_t id) MUST_USE;

/* The same for a scrape (BEP 15, 48), over any family: of the reply only failure, complete,
 * incomplete and downloaded count. */
bool announce_scrape(struct announce_net *n, const char *url, const uint8_t info_hash[20],
    announce_answer_fn fn, void *arg, uint64_t id) MUST_USE;

/* One request of arg, or all of them (before arg goes away). */
void announce_cancel(struct announce_net *n, const void *arg, uint64_t id);
void announce_cancel_all(struct announce_net *n, const void *arg);

#endif
