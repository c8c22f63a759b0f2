/* SPDX-License-Identifier: ISC */
/*
 * A small HTTP/1.1 server, also over TLS: keep-alive, pipelining, and a limit on everything a
 * stranger can fill. The handler gets a whole request and fills a reply in the same turn, or says
 * that it needs longer. Who allows no bodies is asked by GET and HEAD only. A connection that is
 * served without bodies costs no allocation for each request; closed ones are kept for the next.
 */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include "base/addr.h"
#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proto/http.h"

struct httpd;

struct httpd_limits {
	size_t max_connections;
	usec timeout;		/* for a whole request to arrive, idle time included, but for each
				 * 64 KiB of its body; and for each 64 KiB of a reply to be taken */
	usec reply_time;	/* besides, for a shared body to be taken: as long it is kept */
	size_t max_reply;	/* bytes of one body */
	size_t max_body;	/* of a request; 0: none is wanted, nor methods that have one */
	size_t max_memory;	/* of what waits for all clients: over it those who hold much and
				 * were idle longest are cut */
};

struct httpd_request {
	struct http_request http;
	struct bt_slice body;	/* whole, without chunks; empty if there was none */
	struct addr from;	/* ADDR_NONE: by a Unix socket */
	unsigned door;		/* as given to httpd_add_listener */
	bool again;		/* it was put off before */
};

/* A large body that many replies may share, on any thread; freed by the last. */
struct httpd_shared {
	unsigned refs;		/* use httpd_shared_hold and _drop */
	struct buf bytes;
};

/* Empty, for max bytes, and the caller's. NULL: no memory. */
struct httpd_shared *httpd_shared_new(size_t max) MUST_USE;
void httpd_shared_hold(struct httpd_shared *s);
void httpd_shared_drop(struct httpd_shared *s);	/* NULL is fine */

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
	bool pack;		/* send it gzipped if the client asked for that */
	struct httpd_shared *shared;	/* sent in place of body; handed over to the server */
	bool shared_packed;	/* it is gzipped already */
	bool later;		/* not now: on_request is called again after httpd_retry */
};

struct httpd_ops {
	void (*on_request)(void *arg, const struct httpd_request *rq, struct httpd_reply *re);
	/* A request was answered, by whomever: for an access log. rq->http.target is empty if the
	 * head could not be read. body_len: as sent. May be NULL. */
	void (*on_done)(void *arg, const struct httpd_request *rq, unsigned status,
	    size_t body_len);
	/* Who connects from there may begin with a header of the PROXY protocol, before TLS too
	 * (proto/proxy_header): the address in it is then that of his requests. Others who do are
	 * refused. May be NULL. */
	bool (*is_proxy)(void *arg, const struct addr *from);
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

/* Serves what comes in at a listening socket (net/sock), TCP or Unix, which is the server's from
 * now on; it is closed on failure too. tls: NULL for plain HTTP; must outlive the server. door: any
 * number, to tell requests apart by the way they came in. */
bool httpd_add_listener(struct httpd *h, int fd, struct tls *tls, unsigned door);

/* Requests that were put off get another try, some hundred in a call, so that others get their
 * turn. True: there are some still. */
bool httpd_retry(struct httpd *h);

const struct httpd_stats *httpd_stats(const struct httpd *h);

#endif
