/* SPDX-License-Identifier: ISC */
#include "net/httpd_conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "proto/limits.h"
#include "proto/proxy_header.h"

#define SPARE_MAX 256u			/* closed connections kept for the next */
#define SPARE_BUF_MAX 32768u		/* with no more memory than this */
#define PROGRESS (64u << 10)		/* what must be taken of a reply within the timeout */
#define LINGER_BYTES (1u << 20)

/* -- what all of them are known for: who waits, who holds much -- */

/* The wait begins anew: the list stays in order of time. */
static void
conn_touch(struct httpd_conn *c)
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
count_memory(struct httpd_conn *c, size_t n)
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
memory_of(const struct httpd_conn *c)
{
	size_t n = c->in.cap + c->out.cap;

	if (c->upload != NULL)
		n += c->upload->head.cap + c->upload->body.cap;
	/* A body that others have too is no burden of this one's. */
	if (c->tail != NULL && __atomic_load_n(&c->tail->refs, __ATOMIC_RELAXED) == 1)
		n += c->tail->bytes.cap;
	return n;
}

static void
conn_free(struct httpd_conn *c)
{
	buf_fini(&c->in);
	buf_fini(&c->out);
	mem_free(c);
}

void
httpd_conn_close(struct httpd_conn *c)
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
	httpd_conn_drop_upload(c);
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

void
httpd_conn_relieve(struct httpd *h)
{
	struct httpd_conn *c;

	while (h->memory > h->limits.max_memory && (c = TAILQ_FIRST(&h->fat)) != NULL &&
	    TAILQ_NEXT(c, fat_link) != NULL) {
		h->stats.refused++;
		httpd_conn_close(c);
	}
}

/* -- bytes in and out -- */

static ssize_t
conn_send(struct httpd_conn *c, const void *p, size_t n)
{
	/* The end of the connection travels in the last packet, not behind it. */
	int more = c->state == CONN_CLOSING ? MSG_MORE : 0;

	return c->tls != NULL ? tls_write(c->tls, p, n) : send(c->fd, p, n, MSG_NOSIGNAL | more);
}

static ssize_t
conn_recv(struct httpd_conn *c, void *p, size_t n)
{
	return c->tls != NULL ? tls_read(c->tls, p, n) : recv(c->fd, p, n, 0);
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* A client that takes a shared body slowly would keep it in memory when there are newer ones. */
static bool
may_go_on(const struct httpd_conn *c)
{
	const struct httpd *h = c->server;

	return c->tail == NULL || loop_now(h->loop) - c->tail_since < h->limits.reply_time;
}

/* Sends what stands in bytes from *sent on. False: the connection is dead. */
static bool
send_some(struct httpd_conn *c, const struct buf *bytes, size_t *sent)
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
flush(struct httpd_conn *c)
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
pending(const struct httpd_conn *c)
{
	return c->out.len > 0 || c->tail != NULL;
}

/* Serves what stands in bytes, and returns how much that was. */
static size_t
serve(struct httpd_conn *c, struct bt_slice bytes)
{
	uint64_t before = c->server->stats.requests;
	size_t used = httpd_conn_serve(c, bytes);

	c->progress += c->upload != NULL ? used : 0;
	if (c->server->stats.requests != before || (c->upload != NULL && c->progress >= PROGRESS))
		conn_touch(c);
	return used;
}

static void
serve_buffered(struct httpd_conn *c)
{
	buf_drop(&c->in, serve(c, buf_slice(&c->in)));
}

/* Requests are served where they were read; only an unfinished one is kept. */
static void
take_in(struct httpd_conn *c, struct bt_slice got)
{
	size_t used;

	if (c->in.len > 0) {
		buf_add_slice(&c->in, got);
		serve_buffered(c);
		return;
	}
	used = serve(c, got);
	if (used < got.len && c->state == CONN_SERVING)
		buf_add_slice(&c->in, slice_skip(got, used));
}

/* Sends what is there; requests that were held back get their turn. False: it is dead. */
static bool
push(struct httpd_conn *c)
{
	do {
		if (!flush(c))
			return false;
		if (!c->held || c->waiting || c->tail != NULL ||
		    c->out.len - c->sent >= HTTPD_PENDING_MAX)
			break;
		c->held = false;
		serve_buffered(c);
	} while (pending(c));
	return !buf_failed(&c->out) && !buf_failed(&c->in);
}

static void conn_ready(void *arg, unsigned ready);

static void
await(struct httpd_conn *c, unsigned want)
{
	if (!c->watched && !loop_fd_init(&c->watch, c->server->loop, c->fd, conn_ready, c)) {
		httpd_conn_close(c);
		return;
	}
	c->watched = true;
	loop_fd_want(&c->watch, want);
}

/* After each turn: what is it that we wait for? May free c. */
static void
settle(struct httpd_conn *c)
{
	unsigned want = LOOP_READ;

	if (!push(c)) {
		httpd_conn_close(c);
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
		httpd_conn_close(c);
		return;
	} else if (c->tls != NULL && tls_wants_write(c->tls)) {
		want |= LOOP_WRITE;	/* the handshake */
	}
	count_memory(c, memory_of(c));
	await(c, want);
}

/* A client that has sent more than it read must not find a reset in place of our reply. */
static void
linger_read(struct httpd_conn *c, size_t n)
{
	c->progress += n;
	if (c->eof || c->progress > LINGER_BYTES)
		httpd_conn_close(c);
}

/* Takes no byte that is not the header's, for TLS may begin behind it. What is not whole stays in
 * c->in; if it proves to be no header, that is the begin of a request. */
static enum step
take_proxy_header(struct httpd_conn *c, size_t peeked)
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
turn_away_proxy(struct httpd_conn *c)
{
	struct httpd_request rq = { .from = c->from, .door = c->door };

	if (c->tls != NULL) {
		httpd_conn_close(c);
		return;
	}
	httpd_conn_refuse(c, &rq, 400);
	settle(c);
}

/* False: it has said too little yet, or is not served. May free c. */
static bool
hear_proxy(struct httpd_conn *c)
{
	struct httpd *h = c->server;
	ssize_t n;

	if (c->in.len > 0)
		memcpy(h->chunk, c->in.ptr, c->in.len);
	n = recv(c->fd, h->chunk + c->in.len, PROXY_HEADER_MAX, MSG_PEEK);
	if (n == 0 || (n < 0 && !would_block())) {
		httpd_conn_close(c);
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
serve_ready(struct httpd_conn *c, unsigned ready)
{
	struct httpd *h = c->server;
	ssize_t n;

	if (c->state == CONN_PROXY && !hear_proxy(c))
		return;
	/* TLS may have to write before it can read. */
	if ((ready & LOOP_READ) || (c->tls != NULL && !pending(c))) {
		n = conn_recv(c, h->chunk, sizeof(h->chunk));
		if (n < 0 && !would_block()) {
			httpd_conn_close(c);
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
	struct httpd_conn *c = arg;
	struct httpd *h = c->server;

	serve_ready(c, ready);
	httpd_conn_relieve(h);
}

void
httpd_conn_retry(struct httpd_conn *c)
{
	TAILQ_REMOVE(&c->server->waiting, c, wait_link);
	c->waiting = c->held = false;
	serve_buffered(c);
	settle(c);
}

/* -- they come, and their memory goes -- */

static struct httpd_conn *
conn_new(struct httpd *h)
{
	struct httpd_conn *c = TAILQ_FIRST(&h->spare);

	if (c != NULL) {
		struct buf in = c->in, out = c->out;

		TAILQ_REMOVE(&h->spare, c, link);
		h->spare_count--;
		*c = (struct httpd_conn){ .in = in, .out = out };
		buf_clear(&c->in);
		buf_clear(&c->out);
		return c;
	}
	c = mem_zero(sizeof(*c));
	if (c != NULL) {
		buf_init(&c->in, HTTP_REQUEST_MAX + HTTPD_READ_MAX);
		buf_init(&c->out, h->limits.max_reply + HTTPD_PENDING_MAX + HTTPD_READ_MAX);
	}
	return c;
}

void
httpd_conn_open(struct httpd *h, int fd, const struct addr *from, struct tls *tls, unsigned door)
{
	struct httpd_conn *c = conn_new(h);

	if (c == NULL || (tls != NULL && (c->tls = tls_accept(tls, fd)) == NULL)) {
		if (c != NULL)
			conn_free(c);
		(void)close(fd);
		return;
	}
	c->server = h;
	c->fd = fd;
	c->door = door;
	c->from = *from;
	c->state = h->ops->is_proxy != NULL && h->ops->is_proxy(h->arg, from) ? CONN_PROXY :
	    CONN_SERVING;
	c->since = loop_now(h->loop);
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	h->stats.connections++;
	/* Its request has come, as a rule (see sock_hold): it may be gone before it is watched. */
	conn_ready(c, LOOP_READ);
}

void
httpd_conn_free_spare(struct httpd *h)
{
	struct httpd_conn *c;

	while ((c = TAILQ_FIRST(&h->spare)) != NULL) {
		TAILQ_REMOVE(&h->spare, c, link);
		conn_free(c);
	}
}
