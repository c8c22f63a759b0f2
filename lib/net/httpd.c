/* SPDX-License-Identifier: ISC */
#include "net/httpd.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/httpd_conn.h"
#include "net/sock.h"

#define ACCEPT_MAX 64u /* connections taken in one turn, so that others get theirs */
#define UNSENT_MAX (128 << 10)		/* more would only wait in the system */
#define CHECK_INTERVAL (SECOND / 2)
#define RETRY_MAX 256u			/* requests put off that are tried in one turn */
#define EXTRA_MAX 8192u			/* header lines of a handler, and ours */

struct listener {
	TAILQ_ENTRY(listener) link;	/* httpd.listeners */
	struct httpd *server;
	struct loop_fd watch;
	int fd;
	struct tls *tls;
	unsigned door;
};

struct httpd_shared *
httpd_shared_new(size_t max)
{
	struct httpd_shared *s = mem_zero(sizeof(*s));

	if (s != NULL) {
		s->refs = 1;
		buf_init(&s->bytes, max);
	}
	return s;
}

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

static void
set_accepting(struct httpd *h, bool on)
{
	struct listener *l;

	h->accepting = on;
	TAILQ_FOREACH(l, &h->listeners, link)
		loop_fd_want(&l->watch, on ? LOOP_READ : 0);
}

/* The connection that has waited longest makes room, unless all are young: then it is a flood. */
static bool
make_room(struct httpd *h)
{
	struct httpd_conn *c = TAILQ_FIRST(&h->conns);

	h->stats.refused++;
	if (c == NULL || loop_now(h->loop) - c->since < SECOND)
		return false;
	httpd_conn_close(c);
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
			httpd_conn_open(h, fd, &from, l->tls, l->door);
	}
}

static void
on_check(void *arg, usec now)
{
	struct httpd *h = arg;
	struct httpd_conn *c, *next;

	/* A connection that lingers waits for less, but stands in the same list. */
	TAILQ_FOREACH_SAFE(c, &h->conns, link, next) {
		usec waited = now - c->since;

		if (waited < HTTPD_LINGER)
			break;
		if (c->state == CONN_LINGERING) {
			httpd_conn_close(c);
		} else if (waited >= h->limits.timeout) {
			h->stats.timeouts++;
			httpd_conn_close(c);
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
	buf_init(&h->packed, HTTPD_PACK_MAX);
	buf_init(&h->extra, EXTRA_MAX);
	loop_timer_set(&h->timer, CHECK_INTERVAL);
	return h;
}

void
httpd_free(struct httpd *h)
{
	struct listener *l;
	struct httpd_conn *c;

	if (h == NULL)
		return;
	while ((l = TAILQ_FIRST(&h->listeners)) != NULL) {
		TAILQ_REMOVE(&h->listeners, l, link);
		loop_fd_fini(&l->watch);
		(void)close(l->fd);
		mem_free(l);
	}
	while ((c = TAILQ_FIRST(&h->conns)) != NULL)
		httpd_conn_close(c);
	httpd_conn_free_spare(h);
	loop_timer_fini(&h->timer);
	buf_fini(&h->body);
	buf_fini(&h->packed);
	buf_fini(&h->extra);
	mem_free(h);
}

bool
httpd_retry(struct httpd *h)
{
	struct httpd_conn *c, *last = TAILQ_LAST(&h->waiting, httpd_conn_list);

	/* A request that is put off again goes to the end, behind last. */
	for (unsigned i = 0; i < RETRY_MAX && (c = TAILQ_FIRST(&h->waiting)) != NULL; i++) {
		bool end = c == last;

		httpd_conn_retry(c);
		if (end)
			break;
	}
	httpd_conn_relieve(h);
	return !TAILQ_EMPTY(&h->waiting);
}

const struct httpd_stats *
httpd_stats(const struct httpd *h)
{
	return &h->stats;
}
