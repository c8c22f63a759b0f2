/* SPDX-License-Identifier: ISC */
#include "session/dial.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"

struct dialler {
	TAILQ_ENTRY(dialler) link;	/* in dials.list */
	struct dials *dials;
	uint32_t id;
	struct addr to;
	int fd;
	struct loop_fd watch;
};

void
dials_init(struct dials *d, struct loop *l, const struct net_way *way, struct block_store *blocks,
    dial_fn fn, void *arg)
{
	*d = (struct dials){ .loop = l, .way = way, .blocks = blocks, .fn = fn, .arg = arg };
	TAILQ_INIT(&d->list);
}

/* fd: what becomes of the descriptor is the caller's affair. */
static int
take_apart(struct dialler *c)
{
	int fd = c->fd;

	TAILQ_REMOVE(&c->dials->list, c, link);
	loop_fd_fini(&c->watch);
	mem_free(c);
	return fd;
}

void
dials_fini(struct dials *d)
{
	struct dialler *c;

	while ((c = TAILQ_FIRST(&d->list)) != NULL)
		(void)close(take_apart(c));
}

static void
ready(void *arg, unsigned what)
{
	struct dialler *c = arg;
	struct dials *d = c->dials;
	struct addr to = c->to;
	uint32_t id = c->id;
	struct stream *s = NULL;
	int fd = take_apart(c);

	(void)what;
	if (sock_error(fd) == 0)
		s = stream_tcp_new(d->loop, fd, &to, d->blocks);
	else
		(void)close(fd);
	d->fn(d->arg, id, s, loop_now(d->loop));
}

static int
cause(int e)
{
	switch (e) {
	case EMFILE: case ENFILE: case ENOMEM: case ENOBUFS: case EADDRNOTAVAIL: return EMFILE;
	case 0: return EIO;
	default: return e;
	}
}

int
dials_start(struct dials *d, uint32_t id, const struct addr *to)
{
	struct dialler *c = mem_zero(sizeof(*c));

	if (c == NULL)
		return EMFILE;
	*c = (struct dialler){ .dials = d, .id = id, .to = *to, .fd = way_connect(d->way, to) };
	if (c->fd < 0) {
		mem_free(c);
		return cause(errno);
	}
	TAILQ_INSERT_TAIL(&d->list, c, link);
	if (!loop_fd_init(&c->watch, d->loop, c->fd, ready, c)) {
		(void)close(take_apart(c));
		return EMFILE;
	}
	loop_fd_want(&c->watch, LOOP_WRITE);
	return 0;
}

void
dials_drop(struct dials *d, uint32_t id)
{
	struct dialler *c;

	TAILQ_FOREACH(c, &d->list, link) {
		if (c->id == id) {
			(void)close(take_apart(c));
			return;
		}
	}
}
