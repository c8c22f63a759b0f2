/* SPDX-License-Identifier: ISC */
/*
 * Carries announces to trackers, one for all torrents of a session, by HTTP(S) or UDP as the URL's
 * scheme says, each when its turn comes (announce/turns). Who asks is an announce_owner and has a
 * number for each of his requests; each is answered once, never before the call that sent it
 * returns.
 */
#ifndef ANNOUNCE_ANNOUNCE_NET_H
#define ANNOUNCE_ANNOUNCE_NET_H

#include "base/error.h"
#include "net/fetch.h"
#include "net/resolve.h"
#include "net/udp.h"
#include "proto/announce.h"
#include "proto/scrape.h"

struct announce_net;

struct announce_net_opts {
	struct loop *loop;
	struct fetch *fetch;		/* these three outlive it */
	struct resolve *resolve;
	struct udp *udp;		/* NULL: sockets of its own are opened when needed */
	const struct net_way *way;	/* outlives it as well */
	const char *user_agent;		/* copied; NULL: none */
	usec timeout;			/* of one request; 0: 30 s */
	usec stop_timeout;		/* of `stopped`; 0: 3 s */
	usec udp_resend;		/* the first time, then three times as long; 0: 5 s */
};

/* reply is borrowed for the call; its failure, if it has one, is the tracker's word. NULL: there
 * was no reply, and text says in one line why; it never contains the URL. */
typedef void (*announce_answer_fn)(void *arg, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text);

/* The numbers for count info-hashes, in the order of the question: -1 where the tracker does not
 * say. Unless code is BT_OK all are -1 and text says why, with BT_ETRACKER in its own words. */
typedef void (*announce_scrape_fn)(void *arg, uint64_t id, const struct scrape_entry *entries,
    size_t count, enum bt_code code, const char *text);

/* Embedded by who asks. */
struct announce_owner {
	LIST_HEAD(, announce_call) calls;
	announce_answer_fn fn;
	void *arg;
};

void announce_owner_init(struct announce_owner *o, announce_answer_fn fn, void *arg);

struct announce_net *announce_net_new(const struct announce_net_opts *opts) MUST_USE;

/* What was counted of announces and scrapes. */
struct announce_stats {
	uint64_t sent;
	uint64_t answered;	/* by whatever the tracker said */
	uint64_t failed;	/* without a word of it */
};

const struct announce_stats *announce_net_stats(const struct announce_net *n);

/* Of requests from now on; see announce_net_opts. */
void announce_net_set_timeout(struct announce_net *n, usec timeout);

/* Requests that are not answered yet never will be. */
void announce_net_free(struct announce_net *n);

/* Copies what it needs. Also a failure to begin is answered. False: no memory, no answer. */
bool announce_send(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    enum addr_family family, const struct announce_req *req) MUST_USE;

/* Asks for numbers (BEP 15, 48) over any family, in as many requests as it takes: fn is called for
 * each part, with some of the hashes. False: no memory, no answer to any part. */
bool announce_scrape(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    const uint8_t (*hashes)[20], size_t count, announce_scrape_fn fn) MUST_USE;

/* No answer will come for this number, or for any. What is not known (any more) is fine. */
void announce_cancel(struct announce_owner *o, uint64_t id);
void announce_cancel_all(struct announce_owner *o);

#endif
