/* SPDX-License-Identifier: ISC */
#include "session/listen.h"

#include <errno.h>
#include <unistd.h>

#include "net/sock.h"

/* Connections taken in one turn. */
#define ACCEPT_A_TURN 32

/* Ports tried before giving up. */
#define TRIES 100

static void
set_interest(struct listen *l, unsigned interest)
{
	for (unsigned i = 0; i < l->count; i++)
		loop_fd_want(&l->listeners[i].watch, interest);
}

static void
pause_over(void *arg, usec now)
{
	(void)now;
	set_interest(arg, LOOP_READ);
}

static void
ready(void *arg, unsigned what)
{
	struct listener *s = arg;
	struct listen *l = s->listen;
	struct addr from;

	(void)what;
	for (int i = 0; i < ACCEPT_A_TURN; i++) {
		int fd = sock_accept(s->fd, &from);

		if (fd >= 0) {
			struct stream *stream = stream_tcp_new(l->loop, fd, &from, l->blocks);

			if (stream != NULL)
				l->fn(l->arg, stream, loop_now(l->loop));
			continue;
		}
		/* No descriptors left: without a pause the loop would spin on the waiting peer. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			set_interest(l, 0);
			loop_timer_set(&l->pause, SECOND);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void
close_all(struct listen *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		loop_fd_fini(&l->listeners[i].watch);
		(void)close(l->listeners[i].fd);
	}
	l->count = 0;
	udp_free(l->udp);
	l->udp = NULL;
}

/* TCP and UDP on one port: other transports are expected where this one is. */
static enum bt_code
open_one(struct listen *l, struct loop *loop, const struct net_way *way, struct addr at,
    struct bt_error *err)
{
	struct listener *s = &l->listeners[l->count];

	*s = (struct listener){ .listen = l, .fd = way_listen(way, &at, err) };
	if (s->fd < 0)
		return BT_EIO;
	if (!loop_fd_init(&s->watch, loop, s->fd, ready, s)) {
		(void)close(s->fd);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	l->count++;
	if (sock_local(s->fd, &at))
		l->port = at.port;
	return udp_open(l->udp, way, &at, err);
}

static enum bt_code
open_all(struct listen *l, struct loop *loop, const struct net_way *way, uint16_t port,
    struct bt_error *err)
{
	l->udp = udp_new(loop);
	if (l->udp == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	for (unsigned i = 0; i < way->count; i++) {
		struct addr at = way->at[i];
		unsigned before = l->count;
		enum bt_code code;

		at.port = before > 0 ? l->port : port;
		code = open_one(l, loop, way, at, err);
		if (code != BT_OK && at.family == ADDR_V6 && way->may_lack_v6 && before > 0 &&
		    l->count == before && err->sys_errno != EADDRINUSE)
			continue;
		if (code != BT_OK)
			return code;
	}
	return BT_OK;
}

enum bt_code
listen_init(struct listen *l, struct loop *loop, const struct listen_where *where,
    struct rng *rng, struct block_store *blocks, listen_fn fn, void *arg, struct bt_error *err)
{
	uint32_t ports = (uint32_t)(where->maxport - where->minport) + 1;
	uint32_t first = where->random ? rng_below(rng, ports) : 0;
	enum bt_code code = BT_OK;

	*l = (struct listen){ .loop = loop, .blocks = blocks, .fn = fn, .arg = arg };
	if (!loop_timer_init(&l->pause, loop, pause_over, l))
		return fail(err, BT_ENOMEM, "out of memory");
	/* Port 0 is a new one each time. */
	for (uint32_t i = 0; (i < ports || where->maxport == 0) && i < TRIES; i++) {
		code = open_all(l, loop, where->way,
		    (uint16_t)(where->minport + (first + i) % ports), err);
		if (code == BT_OK) {
			set_interest(l, LOOP_READ);
			return BT_OK;
		}
		close_all(l);
		if (err->sys_errno != EADDRINUSE)
			break;
	}
	loop_timer_fini(&l->pause);
	return code;
}

void
listen_fini(struct listen *l)
{
	close_all(l);
	loop_timer_fini(&l->pause);
}
