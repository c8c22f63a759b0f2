/* SPDX-License-Identifier: ISC */
#include "net/httpd.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"
#include "proto/limits.h"

#define READ_MAX 65536u			/* bytes a connection may bring in one turn */
#define ACCEPT_MAX 64u /* connections taken in one turn, so that others get theirs */
#define SPARE_MAX 256u			/* closed connections kept for the next */
#define SPARE_BUF_MAX 32768u		/* with no more memory than this */
#define PENDING_MAX (256u << 10)	/* replies waiting: no further request is read beyond */
#define PROGRESS (64u << 10)		/* what must be taken of a reply within the timeout */
#define LINGER (2 * SECOND)		/* for a refused client to read why */
#define LINGER_BYTES (1u << 20)
#define CHECK_INTERVAL (SECOND / 2)

enum conn_state {
	CONN_SERVING,		/* requests come, replies go */
	CONN_CLOSING,		/* what is pending goes out, nothing is read */
	CONN_LINGERING /* our side is shut; read until the client closes, or it loses the reply */
};

struct conn {
	TAILQ_ENTRY(conn) link;		/* httpd.conns, longest waiting first; or httpd.spare */
	struct httpd *server;
	struct loop_fd watch;
	int fd;
	enum conn_state state;
	bool linger;			/* after CONN_CLOSING */
	bool eof;
	bool held;			/* whole requests wait in in: too much of out is pending */
	struct addr from;
	usec since;			/* of the wait that the timeout limits */
	size_t progress;		/* bytes since then */
	struct buf in;			/* a request that is not whole yet */
	struct buf out;
	size_t sent;			/* of out */
};

struct listener {
	TAILQ_ENTRY(listener) link;	/* httpd.listeners */
	struct httpd *server;
	struct loop_fd watch;
	int fd;
};

TAILQ_HEAD(conn_list, conn);

struct httpd {
	struct loop *loop;
	struct httpd_limits limits;
	const struct httpd_ops *ops;
	void *arg;
	struct conn_list conns, spare;
	size_t spare_count;
	TAILQ_HEAD(, listener) listeners;
	bool accepting;
	struct loop_timer timer;
	struct buf body;
	struct httpd_stats stats;
	uint8_t chunk[READ_MAX];
};

/* The wait begins anew: the list stays in order of time. */
static void
conn_touch(struct conn *c)
{
	struct httpd *h = c->server;

	c->since = loop_now(h->loop);
	c->progress = 0;
	TAILQ_REMOVE(&h->conns, c, link);
	TAILQ_INSERT_TAIL(&h->conns, c, link);
}

static void
conn_free(struct conn *c)
{
	buf_fini(&c->in);
	buf_fini(&c->out);
	mem_free(c);
}

static void
conn_close(struct conn *c)
{
	struct httpd *h = c->server;

	loop_fd_fini(&c->watch);
	(void)close(c->fd);
	TAILQ_REMOVE(&h->conns, c, link);
	h->stats.connections--;
	if (h->spare_count < SPARE_MAX && c->in.cap <= SPARE_BUF_MAX &&
	    c->out.cap <= SPARE_BUF_MAX) {
		TAILQ_INSERT_HEAD(&h->spare, c, link);
		h->spare_count++;
	} else {
		conn_free(c);
	}
}

/* -- replies -- */

static void
add_reply(struct conn *c, const struct httpd_request *rq, struct httpd_reply *re, bool keep)
{
	struct httpd *h = c->server;
	bool head_only = slice_eq_str(rq->http.method, "HEAD");
	struct http_reply head;

	if (buf_failed(re->body)) {
		buf_clear(re->body);
		re->status = 500;
		buf_add_str(re->body, "the reply would be too long\n");
	}
	head = (struct http_reply){ re->status, re->content_type, re->body->len, keep, re->extra };
	http_reply_write(&c->out, &head);
	if (!head_only)
		buf_add_slice(&c->out, buf_slice(re->body));
	h->stats.requests++;
	if (h->ops->on_done != NULL)
		h->ops->on_done(h->arg, rq, re->status, head_only ? 0 : re->body->len);
}

/* Our own word, after which the connection ends. */
static void
refuse(struct conn *c, struct httpd_request *rq, unsigned status)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { status, "text/plain", &h->body, SLICE_NONE };

	buf_clear(&h->body);
	buf_addf(&h->body, "%u %s\n", status, http_status_text(status));
	add_reply(c, rq, &re, false);
	c->state = CONN_CLOSING;
	c->linger = true;
}

static void
serve(struct conn *c, struct httpd_request *rq)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { 200, "text/plain", &h->body, SLICE_NONE };
	const struct http_head *head = &rq->http.head;

	if (!slice_eq_str(rq->http.method, "GET") && !slice_eq_str(rq->http.method, "HEAD")) {
		refuse(c, rq, 405);
		return;
	}
	if (head->chunked || head->content_length > 0) {
		refuse(c, rq, 413);
		return;
	}
	buf_clear(&h->body);
	h->ops->on_request(h->arg, rq, &re);
	add_reply(c, rq, &re, head->keep_alive);
	if (!head->keep_alive)
		c->state = CONN_CLOSING;
}

/* Serves the whole requests at the front of in, and returns how many bytes they were. */
static size_t
serve_all(struct conn *c, struct bt_slice in)
{
	struct bt_slice rest = in;

	while (c->state == CONN_SERVING) {
		struct httpd_request rq = { .from = c->from };
		unsigned status;
		size_t used;
		enum step step = http_request_parse(rest, &rq.http, &used, &status);

		if (step == STEP_MORE)
			break;
		c->held = c->out.len - c->sent >= PENDING_MAX;
		if (c->held)
			break;
		if (step == STEP_BAD) {
			rq.http.target = SLICE_NONE;
			rq.http.head.lines = SLICE_NONE;
			refuse(c, &rq, status);
			break;
		}
		rest = slice_skip(rest, used);
		serve(c, &rq);
	}
	return in.len - rest.len;
}

/* -- bytes in and out -- */

/* False: the connection is dead. */
static bool
flush(struct conn *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.ptr + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		c->sent += (size_t)n;
		c->progress += (size_t)n;
		if (c->progress >= PROGRESS)
			conn_touch(c);
	}
	buf_clear(&c->out);
	c->sent = 0;
	return true;
}

static void
serve_buffered(struct conn *c)
{
	size_t used = serve_all(c, buf_slice(&c->in));

	buf_drop(&c->in, used);
	if (used > 0)
		conn_touch(c);
}

/* Requests are served where they were read; only an unfinished one is kept. */
static void
take_in(struct conn *c, struct bt_slice got)
{
	size_t used;

	if (c->in.len > 0) {
		buf_add_slice(&c->in, got);
		serve_buffered(c);
		return;
	}
	used = serve_all(c, got);
	if (used > 0)
		conn_touch(c);
	if (used < got.len && c->state == CONN_SERVING)
		buf_add_slice(&c->in, slice_skip(got, used));
}

/* Sends what is there; requests that were held back get their turn. False: it is dead. */
static bool
push(struct conn *c)
{
	do {
		if (!flush(c))
			return false;
		if (!c->held || c->out.len - c->sent >= PENDING_MAX)
			break;
		c->held = false;
		serve_buffered(c);
	} while (c->out.len > 0);
	return !buf_failed(&c->out) && !buf_failed(&c->in);
}

/* After each turn: what is it that we wait for? May free c. */
static void
settle(struct conn *c)
{
	unsigned want = LOOP_READ;

	if (!push(c)) {
		conn_close(c);
		return;
	}
	if (c->out.len > 0) {
		want = LOOP_WRITE;
		if (c->state == CONN_SERVING && !c->eof && !c->held)
			want |= LOOP_READ;
	} else if (c->state == CONN_CLOSING && c->linger && !c->eof) {
		(void)shutdown(c->fd, SHUT_WR);
		c->state = CONN_LINGERING;
		conn_touch(c);
	} else if (c->state == CONN_CLOSING || c->eof) {
		conn_close(c);
		return;
	}
	loop_fd_want(&c->watch, want);
}

/* A client that has sent more than it read must not find a reset in place of our reply. */
static void
linger_read(struct conn *c, size_t n)
{
	c->progress += n;
	if (c->eof || c->progress > LINGER_BYTES)
		conn_close(c);
}

static void
conn_ready(void *arg, unsigned ready)
{
	struct conn *c = arg;
	struct httpd *h = c->server;
	ssize_t n;

	if (ready & LOOP_READ) {
		n = recv(c->fd, h->chunk, sizeof(h->chunk), 0);
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			conn_close(c);
			return;
		}
		c->eof = n == 0;
		if (c->state == CONN_LINGERING) {
			linger_read(c, n > 0 ? (size_t)n : 0);
			return;
		}
		if (n > 0)
			take_in(c, slice_of(h->chunk, (size_t)n));
	}
	settle(c);
}

/* -- connections come and go -- */

static void
set_accepting(struct httpd *h, bool on)
{
	struct listener *l;

	h->accepting = on;
	TAILQ_FOREACH(l, &h->listeners, link)
		loop_fd_want(&l->watch, on ? LOOP_READ : 0);
}

static struct conn *
conn_new(struct httpd *h)
{
	struct conn *c = TAILQ_FIRST(&h->spare);

	if (c != NULL) {
		struct buf in = c->in, out = c->out;

		TAILQ_REMOVE(&h->spare, c, link);
		h->spare_count--;
		*c = (struct conn){ .in = in, .out = out };
		buf_clear(&c->in);
		buf_clear(&c->out);
		return c;
	}
	c = mem_zero(sizeof(*c));
	if (c != NULL) {
		buf_init(&c->in, HTTP_REQUEST_MAX + READ_MAX);
		buf_init(&c->out, h->limits.max_reply + PENDING_MAX + READ_MAX);
	}
	return c;
}

static void
conn_open(struct httpd *h, int fd, const struct addr *from)
{
	struct conn *c = conn_new(h);

	if (c == NULL || !loop_fd_init(&c->watch, h->loop, fd, conn_ready, c)) {
		if (c != NULL)
			conn_free(c);
		(void)close(fd);
		return;
	}
	c->server = h;
	c->fd = fd;
	c->from = *from;
	c->since = loop_now(h->loop);
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	h->stats.connections++;
	loop_fd_want(&c->watch, LOOP_READ);
}

/* Whoever has waited longest makes room, unless all are young: then it is a flood. */
static bool
make_room(struct httpd *h)
{
	struct conn *c = TAILQ_FIRST(&h->conns);

	h->stats.refused++;
	if (c == NULL || loop_now(h->loop) - c->since < SECOND)
		return false;
	conn_close(c);
	return true;
}

static void
listener_ready(void *arg, unsigned ready)
{
	struct listener *l = arg;
	struct httpd *h = l->server;

	(void)ready;
	for (unsigned i = 0; i < ACCEPT_MAX; i++) {
		struct addr from;
		int fd = sock_accept(l->fd, &from);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)) {
			/* They would be offered at once again: wait for a close. */
			if (!make_room(h))
				set_accepting(h, false);
			return;
		}
		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd < 0)
			return;
		if (h->stats.connections >= h->limits.max_connections && !make_room(h))
			(void)close(fd);
		else
			conn_open(h, fd, &from);
	}
}

static void
on_check(void *arg, usec now)
{
	struct httpd *h = arg;
	struct conn *c, *next;

	/* Who lingers waits for less, but stands in the same list. */
	TAILQ_FOREACH_SAFE(c, &h->conns, link, next) {
		usec waited = now - c->since;

		if (waited < LINGER)
			break;
		if (c->state == CONN_LINGERING) {
			conn_close(c);
		} else if (waited >= h->limits.timeout) {
			h->stats.timeouts++;
			conn_close(c);
		}
	}
	if (!h->accepting)
		set_accepting(h, true);
	loop_timer_set(&h->timer, CHECK_INTERVAL);
}

bool
httpd_add_listener(struct httpd *h, int fd)
{
	struct listener *l = mem_zero(sizeof(*l));

	if (l == NULL || !loop_fd_init(&l->watch, h->loop, fd, listener_ready, l)) {
		mem_free(l);
		(void)close(fd);
		return false;
	}
	l->server = h;
	l->fd = fd;
	TAILQ_INSERT_TAIL(&h->listeners, l, link);
	loop_fd_want(&l->watch, LOOP_READ);
	return true;
}

struct httpd *
httpd_new(struct loop *l, const struct httpd_limits *limits, const struct httpd_ops *ops, void *arg)
{
	struct httpd *h = mem_zero(sizeof(*h));

	if (h == NULL || !loop_timer_init(&h->timer, l, on_check, h)) {
		mem_free(h);
		return NULL;
	}
	h->loop = l;
	h->limits = *limits;
	h->ops = ops;
	h->arg = arg;
	h->accepting = true;
	TAILQ_INIT(&h->conns);
	TAILQ_INIT(&h->spare);
	TAILQ_INIT(&h->listeners);
	buf_init(&h->body, limits->max_reply);
	loop_timer_set(&h->timer, CHECK_INTERVAL);
	return h;
}

void
httpd_free(struct httpd *h)
{
	struct listener *l;
	struct conn *c;

	if (h == NULL)
		return;
	while ((l = TAILQ_FIRST(&h->listeners)) != NULL) {
		TAILQ_REMOVE(&h->listeners, l, link);
		loop_fd_fini(&l->watch);
		(void)close(l->fd);
		mem_free(l);
	}
	while ((c = TAILQ_FIRST(&h->conns)) != NULL)
		conn_close(c);
	while ((c = TAILQ_FIRST(&h->spare)) != NULL) {
		TAILQ_REMOVE(&h->spare, c, link);
		conn_free(c);
	}
	loop_timer_fini(&h->timer);
	buf_fini(&h->body);
	mem_free(h);
}

const struct httpd_stats *
httpd_stats(const struct httpd *h)
{
	return &h->stats;
}
