/* SPDX-License-Identifier: ISC */
/*
 * One announce, or scrape, on its way, as announce_net hands it to a carrier (announce_http,
 * announce_udp). announce_net owns it; the carrier ends it with announce_call_done, or
 * announce_call_fail_later while it is still being sent.
 */
#ifndef ANNOUNCE_ANNOUNCE_CALL_H
#define ANNOUNCE_ANNOUNCE_CALL_H

#include "announce/announce_net.h"
#include "announce/turns.h"
#include "proto/url.h"

struct announce_udp;
struct udp_host;
struct udp_endpoint;

/* What announce_udp keeps with a call. */
struct udp_call {
	TAILQ_ENTRY(announce_call) link;	/* in the list of host or endpoint */
	struct announce_udp *carrier;
	struct url url;			/* borrowed from the call's */
	struct udp_host *host;		/* waits for its addresses */
	struct udp_endpoint *endpoint;	/* is asked; in its list if transaction is 0 */
	struct addr addrs[RESOLVE_MAX];
	size_t addr_count, addr_next;
	struct loop_timer timer;
	usec deadline;
	usec next_address;		/* give this one up, if there are more */
	usec resend;
	unsigned sent;			/* announces sent to this endpoint */
	uint32_t transaction;		/* 0: no announce is under way */
	bool id_was_cached;
};

/* What a call asks if it is a scrape. */
struct announce_numbers {
	announce_scrape_fn fn;
	size_t count;
	uint8_t hashes[SCRAPE_HASHES_MAX][20];
	struct scrape_entry entries[SCRAPE_HASHES_MAX];	/* the carrier fills in what it is told */
};

struct announce_call {
	struct turn turn;		/* first: the turn is the call */
	TAILQ_ENTRY(announce_call) link;	/* in the net's list until it is over */
	LIST_ENTRY(announce_call) owner_link;	/* in its owner's */
	struct announce_net *net;
	struct announce_owner *owner;
	uint64_t id;
	char *url;
	enum addr_family family;
	struct announce_req req;
	struct announce_numbers *scrape;	/* NULL: it announces */
	void (*abort)(struct announce_call *c);	/* the carrier lets go; NULL: not begun */
	struct loop_later fail_later;
	enum bt_code fail_code;		/* these two are of fail_later */
	char *fail_text;		/* NULL: there was no memory for it */
	struct fetch *net_fetch;	/* announce_http: 0 in fetch_id is nothing under way */
	uint64_t fetch_id;
	struct udp_call *udp;		/* announce_udp's, once it has begun */
};

/* Answers and frees the call. reply NULL: see announce_answer_fn; of a scrape that was answered
 * it is NULL and code is BT_OK. */
void announce_call_done(struct announce_call *c, const struct announce_reply *reply,
    enum bt_code code, const char *text);

/* A scrape that the tracker refused, in its own words. */
void announce_call_refused(struct announce_call *c, struct bt_slice words);

/* The same as announce_call_done with a failure, at the end of this turn. */
void announce_call_fail_later(struct announce_call *c, enum bt_code code, const char *text);

#endif
