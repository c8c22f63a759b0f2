/* SPDX-License-Identifier: ISC */
#include "net/udp.h"

#include <unistd.h>

#include "base/mem.h"
#include "net/dgram.h"
#include "net/sock.h"

/* The longest answer of a tracker that is taken whole. */
#define DATAGRAM_MAX 8192

struct udp_socket {
	struct udp *udp;
	int fd;
	struct loop_fd ready;
	struct addr addr;
	struct dgram_queue out;
};

struct udp {
	struct loop *loop;
	struct udp_socket sockets[WAY_ADDRS_MAX];
	unsigned count;
	struct dgram_batch *in;		/* of all sockets; NULL: nothing has come yet */
	struct loop_later flush;
	TAILQ_HEAD(, udp_tenant) tenants;
};

static void
hand_out(struct udp *u, const struct addr *from, struct bt_slice datagram, usec now)
{
	struct udp_tenant *t, *next;

	TAILQ_FOREACH_SAFE(t, &u->tenants, link, next) {
		if (t->fn(t->arg, from, datagram, now))
			return;
	}
}

/* One batch a turn, so that a flood leaves time for the rest. */
static void
on_ready(void *arg, unsigned ready)
{
	struct udp_socket *s = arg;
	struct udp *u = s->udp;
	usec now = loop_now(u->loop);
	unsigned n;

	(void)ready;
	if (u->in == NULL)
		u->in = dgram_batch_new(DATAGRAM_MAX);
	if (u->in == NULL)
		return;
	n = dgram_receive(u->in, s->fd);
	for (unsigned i = 0; i < n; i++) {
		struct addr from = dgram_from(u->in, i);
		struct bt_slice datagram = dgram_bytes(u->in, i);

		if (from.family != ADDR_NONE && datagram.len > 0)
			hand_out(u, &from, datagram, now);
	}
}

static void
flush(void *arg)
{
	struct udp *u = arg;

	for (unsigned i = 0; i < u->count; i++)
		dgram_flush(&u->sockets[i].out, u->sockets[i].fd);
}

struct udp *
udp_new(struct loop *l)
{
	struct udp *u = mem_zero(sizeof(*u));

	if (u == NULL)
		return NULL;
	u->loop = l;
	u->flush = (struct loop_later){ .fn = flush, .arg = u };
	TAILQ_INIT(&u->tenants);
	return u;
}

void
udp_free(struct udp *u)
{
	if (u == NULL)
		return;
	loop_later_cancel(u->loop, &u->flush);
	for (unsigned i = 0; i < u->count; i++) {
		loop_fd_fini(&u->sockets[i].ready);
		dgram_queue_fini(&u->sockets[i].out);
		(void)close(u->sockets[i].fd);
	}
	dgram_batch_free(u->in);
	mem_free(u);
}

enum bt_code
udp_open(struct udp *u, const struct net_way *way, const struct addr *at, struct bt_error *err)
{
	struct udp_socket *s = &u->sockets[u->count];
	int fd;

	if (u->count == WAY_ADDRS_MAX)
		return fail(err, BT_ELIMIT, "more than %u sockets", WAY_ADDRS_MAX);
	fd = way_udp(way, at, err);
	if (fd < 0)
		return BT_EIO;
	*s = (struct udp_socket){ .udp = u, .fd = fd };
	if (!sock_local(fd, &s->addr) || !loop_fd_init(&s->ready, u->loop, fd, on_ready, s)) {
		(void)close(fd);
		return fail(err, BT_ENOMEM, "no memory");
	}
	dgram_queue_init(&s->out);
	loop_fd_want(&s->ready, LOOP_READ);
	u->count++;
	return BT_OK;
}

void
udp_add(struct udp *u, struct udp_tenant *t)
{
	TAILQ_INSERT_TAIL(&u->tenants, t, link);
}

void
udp_remove(struct udp *u, struct udp_tenant *t)
{
	TAILQ_REMOVE(&u->tenants, t, link);
}

/* The index of the first one of this family; count: there is none. */
static unsigned
find(const struct udp *u, enum addr_family family)
{
	unsigned i = 0;

	while (i < u->count && u->sockets[i].addr.family != family)
		i++;
	return i;
}

bool
udp_has(const struct udp *u, enum addr_family family)
{
	return find(u, family) < u->count;
}

bool
udp_send(struct udp *u, const struct addr *to, struct bt_slice datagram)
{
	unsigned i = find(u, to->family);
	struct udp_socket *s = &u->sockets[i];

	if (i == u->count)
		return false;
	if (s->out.count == DGRAM_BATCH)
		dgram_flush(&s->out, s->fd);
	loop_later(u->loop, &u->flush);
	return dgram_add(&s->out, to, datagram);
}

const struct addr *
udp_addr(const struct udp *u, unsigned i)
{
	return i < u->count ? &u->sockets[i].addr : NULL;
}
