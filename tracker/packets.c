/* SPDX-License-Identifier: ISC */
#include "tracker/packets.h"

#include <unistd.h>

#include "base/mem.h"

#define BATCHES_MAX 16u		/* taken in one turn, so that HTTP gets its turn */
#define HASH_AT 16u		/* the info-hash, or the first, in announce and scrape alike */

struct packets_socket {
	TAILQ_ENTRY(packets_socket) link;	/* packets.sockets */
	struct packets *packets;
	struct loop_fd watch;
	int fd;
};

static void
scrape(struct packets *p, const struct udp_request *rq, struct buf *out)
{
	struct scrape_entry entries[SCRAPE_HASHES_MAX];
	size_t n = rq->hashes.len / 20;

	stat_add(p->counters, STAT_UDP_SCRAPE, 1);
	if (strcmp(p->shared->settings->scrape_allowed, "none") == 0) {
		udp_error_write(out, rq->transaction, slice_str("scrape is not allowed"));
		return;
	}
	if (n > SCRAPE_HASHES_MAX)
		n = SCRAPE_HASHES_MAX;
	for (size_t i = 0; i < n; i++)
		entries[i] = reply_scrape(p->replier, rq->hashes.ptr + i * 20);
	udp_scrape_reply_write(out, rq->transaction, entries, n);
}

static void
announce(struct packets *p, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	struct announce_reply reply;

	stat_add(p->counters, from->family == ADDR_V6 ? STAT_UDP_ANNOUNCE6 : STAT_UDP_ANNOUNCE4, 1);
	reply_announce(p->replier, &rq->announce, from, REPLY_ONE_FAMILY, now, &reply);
	if (reply.failed)
		udp_error_write(out, rq->transaction, reply.failure);
	else
		udp_announce_reply_write(out, rq->transaction, &reply, from->family);
	announce_reply_fini(&reply);
}

/* A client that asks too often gets no answer: it asks again less and less often (BEP 15). */
static bool
may_ask(struct packets *p, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	struct gate_answer a = gate_address(&p->replier->gate, from, now);

	if (a.verdict != GATE_OPEN)
		stat_add(p->counters, STAT_TURNED_AWAY, 1);
	if (a.verdict == GATE_BANNED)
		udp_error_write(out, rq->transaction, slice_str(a.why));
	return a.verdict == GATE_OPEN;
}

static void
connect_to(struct packets *p, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	stat_add(p->counters, STAT_UDP_CONNECT, 1);
	udp_connect_reply_write(out, rq->transaction, connid_make(p->shared->connid, from, now));
}

static void
refuse_stale(struct packets *p, const struct udp_request *rq, struct buf *out)
{
	stat_add(p->counters, STAT_UDP_STALE, 1);
	udp_error_write(out, rq->transaction, slice_str("connection id has expired"));
}

/* A reply to an address that has proved nothing is never longer than the request. */
static void
serve(struct packets *p, struct bt_slice packet, const struct addr *from, struct buf *out)
{
	struct udp_request *rq = &p->request;
	usec now = loop_now(p->loop);

	if (from->family == ADDR_NONE || from->port == 0 ||
	    udp_request_parse(packet, rq) != STEP_DONE) {
		stat_add(p->counters, STAT_UDP_IGNORED, 1);
		return;
	}
	if (rq->action == UDP_CONNECT)
		connect_to(p, rq, from, now, out);
	else if (!connid_good(p->shared->connid, from, rq->connection, now))
		refuse_stale(p, rq, out);
	else if (!may_ask(p, rq, from, now, out))
		return;
	else if (rq->action == UDP_ANNOUNCE)
		announce(p, rq, from, now, out);
	else
		scrape(p, rq, out);
	stat_add(p->counters, STAT_UDP_BYTES, out->len);
	if (p->shared->settings->log_udp && rq->action != UDP_CONNECT)
		reqlog_add_udp(p->shared->reqlog, rq, from, out->len);
}

/* What all of a batch will look up is on its way from memory while the first are served. */
static void
look_ahead(struct packets *p, unsigned n)
{
	const uint8_t *hashes[DGRAM_BATCH];
	size_t count = 0;

	for (unsigned i = 0; i < n; i++) {
		struct bt_slice packet = dgram_bytes(p->batch, i);

		if (packet.len >= HASH_AT + 20)
			hashes[count++] = packet.ptr + HASH_AT;
	}
	shards_prefetch(p->shared->shards, hashes, count);
}

static void
on_ready(void *arg, unsigned ready)
{
	struct packets_socket *u = arg;
	struct packets *p = u->packets;

	(void)ready;
	for (unsigned round = 0; round < BATCHES_MAX; round++) {
		unsigned n = dgram_receive(p->batch, u->fd);

		if (n > 1)
			look_ahead(p, n);
		for (unsigned i = 0; i < n; i++) {
			struct addr from = dgram_from(p->batch, i);

			serve(p, dgram_bytes(p->batch, i), &from, dgram_reply(p->batch, i));
		}
		dgram_send(p->batch, u->fd);
		if (n < DGRAM_BATCH)
			break;
	}
}

bool
packets_init(struct packets *p, const struct server_shared *shared, struct replier *replier,
    struct stat_counters *counters, struct loop *l)
{
	*p = (struct packets){ .shared = shared, .replier = replier, .counters = counters,
	    .loop = l, .batch = dgram_batch_new(DGRAM_MAX) };
	TAILQ_INIT(&p->sockets);
	return p->batch != NULL;
}

void
packets_close(struct packets *p)
{
	struct packets_socket *u;

	if (p->batch == NULL)
		return;
	while ((u = TAILQ_FIRST(&p->sockets)) != NULL) {
		TAILQ_REMOVE(&p->sockets, u, link);
		loop_fd_fini(&u->watch);
		(void)close(u->fd);
		mem_free(u);
	}
}

void
packets_fini(struct packets *p)
{
	packets_close(p);
	dgram_batch_free(p->batch);
	p->batch = NULL;
}

bool
packets_add_socket(struct packets *p, int fd)
{
	struct packets_socket *u = mem_zero(sizeof(*u));

	if (u == NULL || !loop_fd_init(&u->watch, p->loop, fd, on_ready, u)) {
		mem_free(u);
		(void)close(fd);
		return false;
	}
	u->packets = p;
	u->fd = fd;
	TAILQ_INSERT_TAIL(&p->sockets, u, link);
	dgram_prepare(fd);
	loop_fd_want(&u->watch, LOOP_READ);
	return true;
}
