/* SPDX-License-Identifier: ISC */
#include "net/udp.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"

/* Datagrams read in one turn, so that a flood leaves time for the rest. */
#define TURN_MAX 64

#define DATAGRAM_MAX 65536

struct udp {
	int fd;
	struct loop_fd ready;
	struct addr addr;
	TAILQ_HEAD(, udp_tenant) tenants;
};

static void
hand_out(struct udp *u, const struct addr *from, struct bt_slice datagram)
{
	struct udp_tenant *t, *next;

	TAILQ_FOREACH_SAFE(t, &u->tenants, link, next) {
		if (t->fn(t->arg, u, from, datagram))
			return;
	}
}

static void
on_ready(void *arg, unsigned ready)
{
	struct udp *u = arg;
	uint8_t datagram[DATAGRAM_MAX];

	(void)ready;
	for (int i = 0; i < TURN_MAX; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct addr from;
		ssize_t n = recvfrom(u->fd, datagram, sizeof(datagram), 0,
		    (struct sockaddr *)&ss, &len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* Other errors tell of datagrams that we sent earlier. */
		if (n > 0 && sock_to_addr(&ss, &from))
			hand_out(u, &from, slice_of(datagram, (size_t)n));
	}
}

struct udp *
udp_open(struct loop *l, const struct net_way *way, const struct addr *at, struct bt_error *err)
{
	struct udp *u = mem_zero(sizeof(*u));

	if (u == NULL) {
		(void)fail(err, BT_ENOMEM, "no memory");
		return NULL;
	}
	TAILQ_INIT(&u->tenants);
	u->fd = way_udp(way, at, err);
	if (u->fd < 0) {
		mem_free(u);
		return NULL;
	}
	if (!sock_local(u->fd, &u->addr) || !loop_fd_init(&u->ready, l, u->fd, on_ready, u)) {
		(void)fail(err, BT_ENOMEM, "no memory");
		udp_close(u);
		return NULL;
	}
	loop_fd_want(&u->ready, LOOP_READ);
	return u;
}

void
udp_close(struct udp *u)
{
	if (u == NULL)
		return;
	loop_fd_fini(&u->ready);
	(void)close(u->fd);
	mem_free(u);
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

bool
udp_send(struct udp *u, const struct addr *to, struct bt_slice datagram)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(to, &ss);

	return sendto(u->fd, datagram.ptr, datagram.len, 0, (struct sockaddr *)&ss, len) ==
	    (ssize_t)datagram.len;
}

const struct addr *
udp_addr(const struct udp *u)
{
	return &u->addr;
}
