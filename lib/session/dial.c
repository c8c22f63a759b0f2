/* SPDX-License-Identifier: ISC */
#include "session/dial.h"

#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"

#define PATIENCE (15 * SECOND)

struct dialler {
	TAILQ_ENTRY(dialler) link;	/* in dials.list */
	struct dials *dials;
	uint32_t id;
	struct addr to;
	int fd;			/* -1: it could not even begin */
	struct loop_fd watch;
	struct loop_timer timer;
};

void
dials_init(struct dials *d, struct loop *l, const struct net_way *way, dial_fn fn, void *arg)
{
	*d = (struct dials){ .loop = l, .way = way, .fn = fn, .arg = arg };
	TAILQ_INIT(&d->list);
}

static void
dialler_free(struct dialler *c)
{
	TAILQ_REMOVE(&c->dials->list, c, link);
	loop_fd_fini(&c->watch);
	loop_timer_fini(&c->timer);
	if (c->fd >= 0)
		(void)close(c->fd);
	mem_free(c);
}

void
dials_fini(struct dials *d)
{
	struct dialler *c;

	while ((c = TAILQ_FIRST(&d->list)) != NULL)
		dialler_free(c);
}

static void
answer(struct dialler *c, bool connected)
{
	struct dials *d = c->dials;
	struct addr to = c->to;
	uint32_t id = c->id;
	int fd = connected ? c->fd : -1;

	if (connected) {
		loop_fd_fini(&c->watch);
		c->fd = -1;
	}
	dialler_free(c);
	d->fn(d->arg, id, &to, fd);
}

static void
ready(void *arg, unsigned what)
{
	struct dialler *c = arg;

	(void)what;
	answer(c, sock_error(c->fd) == 0);
}

static void
too_late(void *arg, usec now)
{
	(void)now;
	answer(arg, false);
}

void
dials_start(struct dials *d, uint32_t id, const struct addr *to)
{
	struct dialler *c = mem_zero(sizeof(*c));

	if (c == NULL) {
		d->fn(d->arg, id, to, -1);
		return;
	}
	*c = (struct dialler){ .dials = d, .id = id, .to = *to, .fd = way_connect(d->way, to) };
	TAILQ_INSERT_TAIL(&d->list, c, link);
	if (!loop_timer_init(&c->timer, d->loop, too_late, c) ||
	    (c->fd >= 0 && !loop_fd_init(&c->watch, d->loop, c->fd, ready, c))) {
		answer(c, false);
		return;
	}
	if (c->fd >= 0)
		loop_fd_want(&c->watch, LOOP_WRITE);
	loop_timer_set(&c->timer, c->fd >= 0 ? PATIENCE : 0);
}
