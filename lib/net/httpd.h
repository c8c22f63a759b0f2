/* SPDX-License-Identifier: ISC */
/*
 * A small HTTP/1.1 server: keep-alive, pipelining, and a limit on everything a stranger can fill.
 * The handler gets a parsed head and fills a reply in the same turn. GET and HEAD only. A served
 * connection costs no allocation for each request; closed ones are kept for the next.
 */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include "base/addr.h"
#include "base/buf.h"
#include "net/loop.h"
#include "proto/http.h"

struct httpd;

struct httpd_limits {
	size_t max_connections;
	usec timeout;		/* for a whole request to arrive, idle time included, and for each
				 * 64 KiB of a reply to be taken */
	size_t max_reply;	/* bytes of one body */
};

struct httpd_request {
	struct http_request http;
	struct addr from;
};

/* The first header of this name, whatever its case (X-Forwarded-For of a proxy); empty: none. It is
 * the client's word: whether to believe it is the caller's decision. */
static inline struct bt_slice
httpd_header(const struct httpd_request *rq, const char *name)
{
	struct bt_slice value = SLICE_NONE;

	(void)http_header_find(rq->http.head.lines, name, &value);
	return value;
}

/* Handed over as 200, text/plain, empty. */
struct httpd_reply {
	unsigned status;
	const char *content_type;
	struct buf *body;	/* the server's; over the limit: 500 is sent instead */
	struct bt_slice extra;	/* more header lines, each with its CR LF */
};

struct httpd_ops {
	void (*on_request)(void *arg, const struct httpd_request *rq, struct httpd_reply *re);
	/* A request was answered, by whomever: for an access log. rq->http.target is empty if the
	 * head could not be read. body_len: as sent. May be NULL. */
	void (*on_done)(void *arg, const struct httpd_request *rq, unsigned status,
	    size_t body_len);
};

struct httpd_stats {
	uint64_t requests;
	size_t connections;
	uint64_t refused;	/* connections turned away or cut for the limit */
	uint64_t timeouts;
};

struct httpd *httpd_new(struct loop *l, const struct httpd_limits *limits,
    const struct httpd_ops *ops, void *arg) MUST_USE;

/* Closes everything, the listening sockets too. */
void httpd_free(struct httpd *h);

/* Serves what comes in at a listening socket (net/sock), which is the server's from now on; it is
 * closed on failure too. */
bool httpd_add_listener(struct httpd *h, int fd);

const struct httpd_stats *httpd_stats(const struct httpd *h);

#endif
