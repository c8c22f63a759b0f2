/* SPDX-License-Identifier: ISC */
/* What the files of httpd share: its connections, and what is known of all of them together. */
#ifndef NET_HTTPD_CONN_H
#define NET_HTTPD_CONN_H

#include "base/list.h"
#include "net/httpd.h"
#include "net/loop.h"
#include "proto/http_body.h"

#define HTTPD_READ_MAX 65536u		/* bytes a connection may bring in one turn */
#define HTTPD_PENDING_MAX (256u << 10)	/* replies waiting: no more requests are read beyond */
#define HTTPD_PACK_MAX (2u << 20)	/* larger bodies would hold the loop: some 10 ms a MiB */
#define HTTPD_LINGER (2 * SECOND)	/* for a refused client to read why */

enum httpd_conn_state {
	CONN_PROXY,		/* may say first whom it speaks for */
	CONN_SERVING,		/* requests come, replies go */
	CONN_CLOSING,		/* what is pending goes out, nothing is read */
	CONN_LINGERING /* our side is shut; read until the client closes, or it loses the reply */
};

/* A request whose body is on its way. */
struct httpd_upload {
	struct buf head;		/* as it came */
	struct http_body reader;
	struct buf body;
	bool whole;
};

struct httpd_conn {
	TAILQ_ENTRY(httpd_conn) link;	/* httpd.conns, longest waiting first; or httpd.spare */
	struct httpd *server;
	struct loop_fd watch;
	bool watched;			/* watch is in use: most connections end without */
	int fd;
	enum httpd_conn_state state;
	bool linger;			/* after CONN_CLOSING */
	bool eof;
	bool held;			/* whole requests wait in in: too much is pending */
	bool again;			/* the request at the front of in was put off before */
	bool waiting;			/* and still is; also held */
	TAILQ_ENTRY(httpd_conn) wait_link;	/* httpd.waiting */
	struct tls_conn *tls;		/* NULL: plain */
	unsigned door;
	struct addr from;
	usec since;			/* of the wait that the timeout limits */
	size_t progress;		/* bytes since then */
	struct buf in;			/* a request that is not whole yet */
	struct buf out;
	size_t sent;			/* of out */
	struct httpd_shared *tail;	/* goes out after out */
	size_t tail_sent;
	usec tail_since;
	size_t memory;			/* as it is counted in httpd.memory */
	bool fat;			/* that is much */
	TAILQ_ENTRY(httpd_conn) fat_link;	/* httpd.fat */
	size_t skip;			/* bytes of a body to be passed over */
	struct httpd_upload *upload;	/* what comes next belongs to it; NULL: none */
};

TAILQ_HEAD(httpd_conn_list, httpd_conn);

struct httpd {
	struct loop *loop;
	struct httpd_limits limits;
	const struct httpd_ops *ops;
	void *arg;
	struct httpd_conn_list conns, spare;
	size_t spare_count;
	struct httpd_conn_list waiting;
	struct httpd_conn_list fat;		/* those that hold much, longest waiting first */
	size_t memory;			/* of all */
	TAILQ_HEAD(, listener) listeners;	/* httpd.c */
	bool accepting;
	struct loop_timer timer;
	struct buf body, packed, extra;
	struct httpd_stats stats;
	uint8_t chunk[HTTPD_READ_MAX];
};

/* -- one connection (httpd_conn.c) -- */

/* One that was accepted, and closed again if there is no memory for it. tls: NULL for plain. */
void httpd_conn_open(struct httpd *h, int fd, const struct addr *from, struct tls *tls,
    unsigned door);
void httpd_conn_close(struct httpd_conn *c);

/* Its request that was put off gets another try. May free c. */
void httpd_conn_retry(struct httpd_conn *c);

/* Cuts those that hold too much. Not while anybody works on a connection: it may be the one. */
void httpd_conn_relieve(struct httpd *h);

/* Memory of those that are kept for the next. */
void httpd_conn_free_spare(struct httpd *h);

/* -- from its requests to its replies (httpd_reply.c) -- */

/* Serves the whole requests at the front of in, and returns how many bytes they were. */
size_t httpd_conn_serve(struct httpd_conn *c, struct bt_slice in);

/* Forgets a request whose body was on its way. */
void httpd_conn_drop_upload(struct httpd_conn *c);

/* Our own word, after which the connection ends. */
void httpd_conn_refuse(struct httpd_conn *c, const struct httpd_request *rq, unsigned status);

#endif
