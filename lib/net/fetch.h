/* SPDX-License-Identifier: ISC */
/*
 * HTTP and HTTPS client for what fits into memory: trackers, torrent files. libcurl on our loop:
 * TLS verified, compressed answers unpacked, redirects followed within HTTP(S), the proxies of the
 * environment respected. libcurl is set up by the first fetch and released after some idle time.
 * Answers never arrive before fetch_start returns.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/addr.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/way.h"

struct fetch;

struct fetch_req {
	const char *url;
	enum addr_family family;	/* ADDR_NONE: whatever works */
	usec timeout;			/* from fetch_start to the end, waiting included; 0: 60 s */
	size_t max_bytes;		/* of the body when unpacked; 0: 1 MiB */
	const char *user_agent;		/* NULL: none is sent */
};

struct fetch_reply {
	enum bt_code code;	/* BT_OK: there was an answer, whatever its status says */
	unsigned status;	/* 200, 404 ...; 0 if it did not come that far */
	struct bt_slice body;	/* borrowed for the call; empty if code is not BT_OK */
	const char *text;	/* one line: the failure, or the status in words; never the URL */
};

typedef void (*fetch_fn)(void *arg, uint64_t id, const struct fetch_reply *reply);

/* This many at once; the others wait for their turn. */
#define FETCH_RUNNING_MAX 100u

/* Connections to one host: what does not find one free waits for it, and uses it again. */
#define FETCH_HOST_MAX 16u

/* The way outlives it. */
struct fetch *fetch_new(struct loop *l, const struct net_way *way) MUST_USE;

/* Fetches under way get no answer. */
void fetch_free(struct fetch *f);

/* Copies what it needs. 0: no memory. Ids are never used again. */
uint64_t fetch_start(struct fetch *f, const struct fetch_req *req, fetch_fn fn, void *arg);

/* No answer will come. An id that is not known (any more) is fine; may be called in a fetch_fn. */
void fetch_cancel(struct fetch *f, uint64_t id);

#endif
