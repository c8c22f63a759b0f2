/* SPDX-License-Identifier: ISC */
#include "net/httpd.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/gzip.h"
#include "net/sock.h"
#include "proto/limits.h"
#include "proto/proxy_header.h"

#define READ_MAX 65536u			/* bytes a connection may bring in one turn */
#define ACCEPT_MAX 64u /* connections taken in one turn, so that others get theirs */
#define SPARE_MAX 256u			/* closed connections kept for the next */
#define SPARE_BUF_MAX 32768u		/* with no more memory than this */
#define UNSENT_MAX (128 << 10)		/* more would only wait in the system */
#define PENDING_MAX (256u << 10)	/* replies waiting: no further request is read beyond */
#define PROGRESS (64u << 10)		/* what must be taken of a reply within the timeout */
#define LINGER (2 * SECOND)		/* for a refused client to read why */
#define LINGER_BYTES (1u << 20)
#define CHECK_INTERVAL (SECOND / 2)
#define RETRY_MAX 256u			/* requests put off that are tried in one turn */
#define SKIP_MAX 16384u			/* of a body that nobody wants */
#define EXTRA_MAX 8192u			/* header lines of a handler, and ours */
#define PACK_MIN 1000u			/* smaller bodies fit into one packet anyway */
#define PACK_MAX (2u << 20)		/* larger ones would hold the loop: some 10 ms a MiB */

enum conn_state {
	CONN_PROXY,		/* may say first whom it speaks for */
	CONN_SERVING,		/* requests come, replies go */
	CONN_CLOSING,		/* what is pending goes out, nothing is read */
	CONN_LINGERING /* our side is shut; read until the client closes, or it loses the reply */
};

struct conn {
	TAILQ_ENTRY(conn) link;		/* httpd.conns, longest waiting first; or httpd.spare */
	struct httpd *server;
	struct loop_fd watch;
	bool watched;			/* watch is in use: most connections end without */
	int fd;
	enum conn_state state;
	bool linger;			/* after CONN_CLOSING */
	bool eof;
	bool held;			/* whole requests wait in in: too much of out is pending */
	bool again;			/* the request at the front of in was put off before */
	bool waiting;			/* and still is; also held */
	TAILQ_ENTRY(conn) wait_link;	/* httpd.waiting */
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
	TAILQ_ENTRY(conn) fat_link;	/* httpd.fat */
	size_t skip;			/* bytes of a body to be passed over */
};

struct listener {
	TAILQ_ENTRY(listener) link;	/* httpd.listeners */
	struct httpd *server;
	struct loop_fd watch;
	int fd;
	struct tls *tls;
	unsigned door;
};

TAILQ_HEAD(conn_list, conn);

struct httpd {
	struct loop *loop;
	struct httpd_limits limits;
	const struct httpd_ops *ops;
	void *arg;
	struct conn_list conns, spare;
	size_t spare_count;
	struct conn_list waiting;
	struct conn_list fat;		/* those that hold much, longest waiting first */
	size_t memory;			/* of all */
	TAILQ_HEAD(, listener) listeners;
	bool accepting;
	struct loop_timer timer;
	struct buf body, packed, extra;
	struct httpd_stats stats;
	uint8_t chunk[READ_MAX];
};

void
httpd_shared_hold(struct httpd_shared *s)
{
	(void)__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
}

void
httpd_shared_drop(struct httpd_shared *s)
{
	if (s == NULL || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	buf_fini(&s->bytes);
	mem_free(s);
}

/* The wait begins anew: the list stays in order of time. */
static void
conn_touch(struct conn *c)
{
	struct httpd *h = c->server;

	c->since = loop_now(h->loop);
	c->progress = 0;
	TAILQ_REMOVE(&h->conns, c, link);
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	if (c->fat) {
		TAILQ_REMOVE(&h->fat, c, fat_link);
		TAILQ_INSERT_TAIL(&h->fat, c, fat_link);
	}
}

static void
count_memory(struct conn *c, size_t n)
{
	struct httpd *h = c->server;
	bool fat = n > SPARE_BUF_MAX;

	h->memory += n - c->memory;
	c->memory = n;
	if (fat && !c->fat)
		TAILQ_INSERT_TAIL(&h->fat, c, fat_link);
	else if (!fat && c->fat)
		TAILQ_REMOVE(&h->fat, c, fat_link);
	c->fat = fat;
}

static size_t
memory_of(const struct conn *c)
{
	size_t n = c->in.cap + c->out.cap;

	/* A body that others have too is no burden of this one's. */
	if (c->tail != NULL && __atomic_load_n(&c->tail->refs, __ATOMIC_RELAXED) == 1)
		n += c->tail->bytes.cap;
	return n;
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

	if (c->watched)
		loop_fd_fini(&c->watch);
	if (c->tls != NULL) {
		tls_bye(c->tls);
		tls_conn_free(c->tls);
		c->tls = NULL;
	}
	(void)close(c->fd);
	httpd_shared_drop(c->tail);
	c->tail = NULL;
	if (c->waiting)
		TAILQ_REMOVE(&h->waiting, c, wait_link);
	count_memory(c, 0);
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

/* Not while anybody still works on a connection: it may be the one. */
static void
relieve(struct httpd *h)
{
	struct conn *c;

	while (h->memory > h->limits.max_memory && (c = TAILQ_FIRST(&h->fat)) != NULL &&
	    TAILQ_NEXT(c, fat_link) != NULL) {
		h->stats.refused++;
		conn_close(c);
	}
}

/* -- replies -- */

/* The body as it goes out: gzipped where that was asked for and is worth it. */
static struct bt_slice
choose_body(struct httpd *h, const struct httpd_request *rq, const struct httpd_reply *re)
{
	struct bt_slice body = buf_slice(re->shared != NULL ? &re->shared->bytes : re->body);
	bool packed = re->shared != NULL && re->shared_packed;

	if (!re->pack && !packed)
		return body;
	if (!packed && re->shared == NULL && body.len >= PACK_MIN && body.len <= PACK_MAX &&
	    gzip_wanted(httpd_header(rq, "accept-encoding"))) {
		buf_clear(&h->packed);
		packed = gzip_pack(body, &h->packed) && h->packed.len < body.len;
		if (packed)
			body = buf_slice(&h->packed);
	}
	if (packed)
		buf_add_str(&h->extra, "Content-Encoding: gzip\r\n");
	buf_add_str(&h->extra, "Vary: Accept-Encoding\r\n");
	return body;
}

static void
add_reply(struct conn *c, const struct httpd_request *rq, struct httpd_reply *re, bool keep)
{
	struct httpd *h = c->server;
	bool head_only = slice_eq_str(rq->http.method, "HEAD");
	struct http_reply head;
	struct bt_slice body;

	if (buf_failed(re->body)) {
		buf_clear(re->body);
		re->status = 500;
		buf_add_str(re->body, "the reply would be too long\n");
	}
	buf_clear(&h->extra);
	buf_add_slice(&h->extra, re->extra);
	body = choose_body(h, rq, re);
	head = (struct http_reply){ re->status, re->content_type, body.len, keep,
	    buf_slice(&h->extra) };
	http_reply_write(&c->out, &head);
	if (!head_only && re->shared == NULL)
		buf_add_slice(&c->out, body);
	if (!head_only && re->shared != NULL && body.len > 0) {
		c->tail = re->shared;
		c->tail_sent = 0;
		c->tail_since = loop_now(h->loop);
		re->shared = NULL;
	}
	httpd_shared_drop(re->shared);
	h->stats.requests++;
	if (h->ops->on_done != NULL)
		h->ops->on_done(h->arg, rq, re->status, head_only ? 0 : body.len);
}

/* Our own word, after which the connection ends. */
static void
refuse(struct conn *c, struct httpd_request *rq, unsigned status)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { .status = status, .content_type = "text/plain",
	    .body = &h->body };

	buf_clear(&h->body);
	buf_addf(&h->body, "%u %s\n", status, http_status_text(status));
	add_reply(c, rq, &re, false);
	c->state = CONN_CLOSING;
	c->linger = true;
}

/* A body belongs to neither GET nor HEAD: a short one is passed over. */
static bool
may_skip(const struct http_head *head)
{
	return !head->chunked && head->content_length <= (int64_t)SKIP_MAX;
}

/* False: it was put off. */
static bool
serve(struct conn *c, struct httpd_request *rq)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { .status = 200, .content_type = "text/plain", .body = &h->body };
	const struct http_head *head = &rq->http.head;
	bool keep = head->keep_alive;

	if (!slice_eq_str(rq->http.method, "GET") && !slice_eq_str(rq->http.method, "HEAD")) {
		refuse(c, rq, 405);
		return true;
	}
	if (!may_skip(head)) {
		refuse(c, rq, 413);
		return true;
	}
	buf_clear(&h->body);
	h->ops->on_request(h->arg, rq, &re);
	c->again = re.later;
	if (re.later) {
		c->waiting = true;
		TAILQ_INSERT_TAIL(&h->waiting, c, wait_link);
		return false;
	}
	c->skip = head->content_length > 0 ? (size_t)head->content_length : 0;
	/* Who waits for "100 Continue" may send the body or not: what comes next is unclear. */
	if (c->skip > 0 && httpd_header(rq, "expect").len > 0)
		keep = false;
	add_reply(c, rq, &re, keep);
	if (!keep) {
		c->state = CONN_CLOSING;
		c->linger = c->skip > 0;
	}
	return true;
}

static size_t
skip_body(struct conn *c, struct bt_slice in)
{
	size_t n = c->skip < in.len ? c->skip : in.len;

	c->skip -= n;
	return n;
}

/* Serves the whole requests at the front of in, and returns how many bytes they were. */
static size_t
serve_all(struct conn *c, struct bt_slice in)
{
	struct bt_slice rest = in;

	while (c->state == CONN_SERVING) {
		struct httpd_request rq = { .from = c->from, .door = c->door,
		    .again = c->again };
		unsigned status;
		size_t used;
		enum step step;

		rest = slice_skip(rest, skip_body(c, rest));
		step = http_request_parse(rest, &rq.http, &used, &status);
		if (step == STEP_MORE)
			break;
		c->held = c->out.len - c->sent >= PENDING_MAX || c->tail != NULL;
		if (c->held)
			break;
		if (step == STEP_BAD) {
			rq.http.target = SLICE_NONE;
			rq.http.head.lines = SLICE_NONE;
			refuse(c, &rq, status);
			break;
		}
		c->held = !serve(c, &rq);
		if (c->held)
			break;
		rest = slice_skip(rest, used);
	}
	return in.len - rest.len;
}

/* -- bytes in and out -- */

static ssize_t
conn_send(struct conn *c, const void *p, size_t n)
{
	/* The end of the connection travels in the last packet, not behind it. */
	int more = c->state == CONN_CLOSING ? MSG_MORE : 0;

	return c->tls != NULL ? tls_write(c->tls, p, n) : send(c->fd, p, n, MSG_NOSIGNAL | more);
}

static ssize_t
conn_recv(struct conn *c, void *p, size_t n)
{
	return c->tls != NULL ? tls_read(c->tls, p, n) : recv(c->fd, p, n, 0);
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Who takes a shared body too slowly would keep it in memory when there are newer ones. */
static bool
may_go_on(const struct conn *c)
{
	const struct httpd *h = c->server;

	return c->tail == NULL || loop_now(h->loop) - c->tail_since < h->limits.reply_time;
}

/* Sends what stands in bytes from *sent on. False: the connection is dead. */
static bool
send_some(struct conn *c, const struct buf *bytes, size_t *sent)
{
	while (*sent < bytes->len) {
		ssize_t n = conn_send(c, bytes->ptr + *sent, bytes->len - *sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && would_block();
		*sent += (size_t)n;
		c->progress += (size_t)n;
		if (c->progress >= PROGRESS && may_go_on(c))
			conn_touch(c);
	}
	return true;
}

static bool
flush(struct conn *c)
{
	if (!send_some(c, &c->out, &c->sent))
		return false;
	if (c->sent < c->out.len)
		return true;
	buf_clear(&c->out);
	c->sent = 0;
	if (c->tail == NULL)
		return true;
	if (!send_some(c, &c->tail->bytes, &c->tail_sent))
		return false;
	if (c->tail_sent == c->tail->bytes.len) {
		httpd_shared_drop(c->tail);
		c->tail = NULL;
	}
	return true;
}

/* Something is to be sent. */
static bool
pending(const struct conn *c)
{
	return c->out.len > 0 || c->tail != NULL;
}

static void
serve_buffered(struct conn *c)
{
	uint64_t before = c->server->stats.requests;

	buf_drop(&c->in, serve_all(c, buf_slice(&c->in)));
	if (c->server->stats.requests != before)
		conn_touch(c);
}

/* Requests are served where they were read; only an unfinished one is kept. */
static void
take_in(struct conn *c, struct bt_slice got)
{
	uint64_t before = c->server->stats.requests;
	size_t used;

	if (c->in.len > 0) {
		buf_add_slice(&c->in, got);
		serve_buffered(c);
		return;
	}
	used = serve_all(c, got);
	if (c->server->stats.requests != before)
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
		if (!c->held || c->waiting || c->tail != NULL ||
		    c->out.len - c->sent >= PENDING_MAX)
			break;
		c->held = false;
		serve_buffered(c);
	} while (pending(c));
	return !buf_failed(&c->out) && !buf_failed(&c->in);
}

static void conn_ready(void *arg, unsigned ready);

static void
await(struct conn *c, unsigned want)
{
	if (!c->watched && !loop_fd_init(&c->watch, c->server->loop, c->fd, conn_ready, c)) {
		conn_close(c);
		return;
	}
	c->watched = true;
	loop_fd_want(&c->watch, want);
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
	if (pending(c)) {
		want = LOOP_WRITE;
		if (c->state == CONN_SERVING && !c->eof && !c->held)
			want |= LOOP_READ;
	} else if (c->waiting) {
		want = 0;
	} else if (c->state == CONN_CLOSING && c->linger && !c->eof) {
		if (c->tls != NULL)
			tls_bye(c->tls);
		(void)shutdown(c->fd, SHUT_WR);
		c->state = CONN_LINGERING;
		conn_touch(c);
	} else if (c->state == CONN_CLOSING || c->eof) {
		conn_close(c);
		return;
	} else if (c->tls != NULL && tls_wants_write(c->tls)) {
		want |= LOOP_WRITE;	/* the handshake */
	}
	count_memory(c, memory_of(c));
	await(c, want);
}

/* A client that has sent more than it read must not find a reset in place of our reply. */
static void
linger_read(struct conn *c, size_t n)
{
	c->progress += n;
	if (c->eof || c->progress > LINGER_BYTES)
		conn_close(c);
}

/* Takes no byte that is not the header's, for TLS may begin behind it. What is not whole stays in
 * c->in; if it proves to be no header, that is the begin of a request. */
static enum step
take_proxy_header(struct conn *c, size_t peeked)
{
	uint8_t *chunk = c->server->chunk;
	size_t kept = c->in.len, used, taken;
	struct addr client;
	enum step step = proxy_header_parse(slice_of(chunk, kept + peeked), &client, &used);

	if (step == STEP_MORE)
		buf_add(&c->in, chunk + kept, peeked);
	else if (used > 0)
		buf_clear(&c->in);
	taken = step == STEP_MORE ? peeked : used > 0 ? used - kept : 0;
	if (taken > 0 && recv(c->fd, chunk, taken, 0) != (ssize_t)taken)
		return STEP_BAD;
	if (client.family != ADDR_NONE)
		c->from = client;
	return c->tls != NULL && step == STEP_DONE && c->in.len > 0 ? STEP_BAD : step;
}

static void
turn_away_proxy(struct conn *c)
{
	struct httpd_request rq = { .from = c->from, .door = c->door };

	if (c->tls != NULL) {
		conn_close(c);
		return;
	}
	refuse(c, &rq, 400);
	settle(c);
}

/* False: it has said too little yet, or is not served. May free c. */
static bool
hear_proxy(struct conn *c)
{
	struct httpd *h = c->server;
	ssize_t n;

	if (c->in.len > 0)
		memcpy(h->chunk, c->in.ptr, c->in.len);
	n = recv(c->fd, h->chunk + c->in.len, PROXY_HEADER_MAX, MSG_PEEK);
	if (n == 0 || (n < 0 && !would_block())) {
		conn_close(c);
		return false;
	}
	switch (n < 0 ? STEP_MORE : take_proxy_header(c, (size_t)n)) {
	case STEP_MORE:
		await(c, LOOP_READ);
		return false;
	case STEP_BAD:
		turn_away_proxy(c);
		return false;
	case STEP_DONE:
		break;
	}
	c->state = CONN_SERVING;
	return true;
}

static void
serve_ready(struct conn *c, unsigned ready)
{
	struct httpd *h = c->server;
	ssize_t n;

	if (c->state == CONN_PROXY && !hear_proxy(c))
		return;
	/* TLS may have to write before it can read. */
	if ((ready & LOOP_READ) || (c->tls != NULL && !pending(c))) {
		n = conn_recv(c, h->chunk, sizeof(h->chunk));
		if (n < 0 && !would_block()) {
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

static void
conn_ready(void *arg, unsigned ready)
{
	struct conn *c = arg;
	struct httpd *h = c->server;

	serve_ready(c, ready);
	relieve(h);
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
conn_open(struct listener *l, int fd, const struct addr *from)
{
	struct httpd *h = l->server;
	struct conn *c = conn_new(h);

	if (c == NULL || (l->tls != NULL && (c->tls = tls_accept(l->tls, fd)) == NULL)) {
		if (c != NULL)
			conn_free(c);
		(void)close(fd);
		return;
	}
	c->server = h;
	c->fd = fd;
	c->door = l->door;
	c->from = *from;
	c->state = h->ops->is_proxy != NULL && h->ops->is_proxy(h->arg, from) ? CONN_PROXY :
	    CONN_SERVING;
	c->since = loop_now(h->loop);
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	h->stats.connections++;
	/* Its request has come, as a rule (see sock_hold): it may be gone before it is watched. */
	conn_ready(c, LOOP_READ);
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
			conn_open(l, fd, &from);
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
httpd_add_listener(struct httpd *h, int fd, struct tls *tls, unsigned door)
{
	struct listener *l = mem_zero(sizeof(*l));

	if (l == NULL || !loop_fd_init(&l->watch, h->loop, fd, listener_ready, l)) {
		mem_free(l);
		(void)close(fd);
		return false;
	}
	sock_hold(fd);
	sock_limit_unsent(fd, UNSENT_MAX);
	l->server = h;
	l->fd = fd;
	l->tls = tls;
	l->door = door;
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
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->fat);
	TAILQ_INIT(&h->listeners);
	buf_init(&h->body, limits->max_reply);
	buf_init(&h->packed, PACK_MAX);
	buf_init(&h->extra, EXTRA_MAX);
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
	buf_fini(&h->packed);
	buf_fini(&h->extra);
	mem_free(h);
}

bool
httpd_retry(struct httpd *h)
{
	struct conn *c, *last = TAILQ_LAST(&h->waiting, conn_list);

	/* Who is put off again goes to the end, behind last. */
	for (unsigned i = 0; i < RETRY_MAX && (c = TAILQ_FIRST(&h->waiting)) != NULL; i++) {
		bool end = c == last;

		TAILQ_REMOVE(&h->waiting, c, wait_link);
		c->waiting = c->held = false;
		serve_buffered(c);
		settle(c);
		if (end)
			break;
	}
	relieve(h);
	return !TAILQ_EMPTY(&h->waiting);
}

const struct httpd_stats *
httpd_stats(const struct httpd *h)
{
	return &h->stats;
}
