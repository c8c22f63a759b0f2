/* SPDX-License-Identifier: ISC */
#include "tracker/server.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "net/dgram.h"
#include "net/httpd.h"
#include "net/sock.h"
#include "proto/udp_announce.h"
#include "tracker/reply.h"
#include "tracker/web.h"

#define REPLY_MAX (256u << 20)	/* a full scrape of some millions of torrents */
#define NAT_TIMEOUT (15 * SECOND)	/* to be reached */
#define FDS_KEPT 64		/* for everything that is no HTTP connection */
#define BATCHES_MAX 16u		/* datagrams taken in one turn, so that HTTP gets its turn */
#define PORT_TRIES 16		/* to find one that is free for TCP, UDP and both families */

struct udp_socket {
	TAILQ_ENTRY(udp_socket) link;	/* server.udp */
	struct server *server;
	struct loop_fd watch;
	int fd;
	enum addr_family family;
};

struct server {
	struct loop *loop;
	struct server_shared shared;
	struct replier replier;
	struct web web;
	struct stat_counters *counters;
	struct httpd *httpd;
	struct dgram_batch *batch;
	TAILQ_HEAD(, udp_socket) udp;
	struct udp_request request;	/* the one at hand: a large struct */
};

/* -- UDP -- */

static void
udp_scrape(struct server *s, const struct udp_request *rq, struct buf *out)
{
	struct scrape_entry entries[SCRAPE_HASHES_MAX];
	size_t n = rq->hashes.len / 20;

	stat_add(s->counters, STAT_UDP_SCRAPE, 1);
	if (strcmp(s->shared.settings->scrape_allowed, "none") == 0) {
		udp_error_write(out, rq->transaction, slice_str("scrape is not allowed"));
		return;
	}
	if (n > SCRAPE_HASHES_MAX)
		n = SCRAPE_HASHES_MAX;
	for (size_t i = 0; i < n; i++)
		entries[i] = reply_scrape(&s->replier, rq->hashes.ptr + i * 20);
	udp_scrape_reply_write(out, rq->transaction, entries, n);
}

static void
udp_announce(struct server *s, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	struct announce_reply reply;

	stat_add(s->counters, from->family == ADDR_V6 ? STAT_UDP_ANNOUNCE6 : STAT_UDP_ANNOUNCE4, 1);
	reply_announce(&s->replier, &rq->announce, from, REPLY_ONE_FAMILY, now, &reply);
	if (reply.failed)
		stat_add(s->counters, STAT_ANNOUNCES_FAILED, 1);
	if (reply.failed)
		udp_error_write(out, rq->transaction, reply.failure);
	else
		udp_announce_reply_write(out, rq->transaction, &reply, from->family);
	announce_reply_fini(&reply);
}

/* Who asks too often gets no answer: it asks again less and less often (BEP 15). */
static bool
udp_may_ask(struct server *s, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	struct gate_answer a = gate_address(&s->replier.gate, from, now);

	if (a.verdict != GATE_OPEN)
		stat_add(s->counters, STAT_TURNED_AWAY, 1);
	if (a.verdict == GATE_BANNED)
		udp_error_write(out, rq->transaction, slice_str(a.why));
	return a.verdict == GATE_OPEN;
}

static void
udp_connect(struct server *s, const struct udp_request *rq, const struct addr *from, usec now,
    struct buf *out)
{
	stat_add(s->counters, STAT_UDP_CONNECT, 1);
	udp_connect_reply_write(out, rq->transaction, connid_make(s->shared.connid, from, now));
}

static void
udp_stale(struct server *s, const struct udp_request *rq, struct buf *out)
{
	stat_add(s->counters, STAT_UDP_STALE, 1);
	udp_error_write(out, rq->transaction, slice_str("connection id has expired"));
}

/* A reply to an address that has proved nothing is never longer than the request. */
static void
udp_serve(struct server *s, struct bt_slice packet, const struct addr *from, struct buf *out)
{
	struct udp_request *rq = &s->request;
	usec now = loop_now(s->loop);

	if (from->family == ADDR_NONE || from->port == 0 ||
	    udp_request_parse(packet, rq) != STEP_DONE) {
		stat_add(s->counters, STAT_UDP_IGNORED, 1);
		return;
	}
	if (rq->action == UDP_CONNECT)
		udp_connect(s, rq, from, now, out);
	else if (!connid_good(s->shared.connid, from, rq->connection, now))
		udp_stale(s, rq, out);
	else if (!udp_may_ask(s, rq, from, now, out))
		return;
	else if (rq->action == UDP_ANNOUNCE)
		udp_announce(s, rq, from, now, out);
	else
		udp_scrape(s, rq, out);
	stat_add(s->counters, STAT_UDP_BYTES, out->len);
}

static void
udp_ready(void *arg, unsigned ready)
{
	struct udp_socket *u = arg;
	struct server *s = u->server;

	(void)ready;
	for (unsigned round = 0; round < BATCHES_MAX; round++) {
		unsigned n = dgram_receive(s->batch, u->fd);

		for (unsigned i = 0; i < n; i++) {
			struct addr from = dgram_from(s->batch, i);

			udp_serve(s, dgram_bytes(s->batch, i), &from, dgram_reply(s->batch, i));
		}
		dgram_send(s->batch, u->fd);
		if (n < DGRAM_BATCH)
			break;
	}
}

static bool
add_udp(struct server *s, int fd, enum addr_family family)
{
	struct udp_socket *u = mem_zero(sizeof(*u));

	if (u == NULL || !loop_fd_init(&u->watch, s->loop, fd, udp_ready, u)) {
		mem_free(u);
		(void)close(fd);
		return false;
	}
	u->server = s;
	u->fd = fd;
	u->family = family;
	TAILQ_INSERT_TAIL(&s->udp, u, link);
	dgram_prepare(fd);
	loop_fd_want(&u->watch, LOOP_READ);
	return true;
}

/* -- connecting back -- */

static void
on_nat_reached(void *arg, const struct announce_req *req, const struct addr *at, usec now)
{
	struct server *s = arg;

	reply_enter(&s->replier, req, at, now);
}

static void
on_nat_tried(void *arg, const struct announce_req *req, const struct addr *at,
    enum nat_result result)
{
	struct server *s = arg;

	if (s->shared.settings->log_nat_checks)
		reqlog_add_nat_check(s->shared.reqlog, req->peer_id, at, result);
}

static bool
add_nat_check(struct server *s)
{
	static const struct nat_check_ops ops = { on_nat_reached, on_nat_tried };
	const struct bt_tracker_settings *o = s->shared.settings;
	struct nat_check_limits limits = { (unsigned)o->nat_check,
	    o->timeout_downloaders_interval * SECOND, NAT_TIMEOUT };

	if (o->nat_check > 0)
		s->replier.nat = nat_check_new(s->loop, &limits, &ops, s);
	return o->nat_check == 0 || s->replier.nat != NULL;
}

/* -- listening -- */

static enum bt_code
listen_at(struct server *s, struct addr *at, struct bt_error *err)
{
	int udp = -1, tcp = sock_listen(at, err);

	if (tcp >= 0 && at->port == 0) {
		struct addr local;

		if (sock_local(tcp, &local))
			at->port = local.port;
	}
	if (tcp >= 0)
		udp = sock_udp(at, err);
	if (tcp >= 0 && udp < 0)
		(void)close(tcp);
	if (tcp < 0 || udp < 0)
		return BT_EIO;
	if (!httpd_add_listener(s->httpd, tcp, NULL, WEB_DOOR_PUBLIC)) {
		(void)close(udp);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	if (!add_udp(s, udp, at->family))
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

/* Everywhere: a system without IPv6 is no fault. */
static enum bt_code
listen_everywhere(struct server *s, uint16_t *port, struct bt_error *err)
{
	struct addr any4 = addr_v4((const uint8_t[4]){ 0 }, *port);
	struct addr any6 = addr_v6((const uint8_t[16]){ 0 }, 0);
	struct bt_error why;
	enum bt_code code = listen_at(s, &any4, err);

	if (code != BT_OK || !s->shared.settings->ipv6_enabled) {
		*port = any4.port;
		return code;
	}
	*port = any6.port = any4.port;
	code = listen_at(s, &any6, &why);
	if (code == BT_OK)
		return BT_OK;
	if (why.sys_errno != EAFNOSUPPORT && why.sys_errno != EADDRNOTAVAIL) {
		*err = why;
		return code;
	}
	log_write(s->shared.log, BT_LOG_WARN, "tracker", "%s: IPv4 only", why.text);
	return BT_OK;
}

static enum bt_code
listen_bound(struct server *s, uint16_t *port, struct bt_error *err)
{
	struct bt_slice rest = slice_str(s->shared.settings->bind);
	unsigned count = 0;

	while (rest.len > 0) {
		size_t n = slice_index(rest, ',');
		struct bt_slice one = slice_trim(slice_of(rest.ptr, n));
		char text[ADDR_TEXT_MAX] = "";
		struct addr at;
		enum bt_code code;

		rest = slice_skip(rest, n < rest.len ? n + 1 : n);
		if (one.len == 0)
			continue;
		if (one.len < sizeof(text))
			memcpy(text, one.ptr, one.len);
		if (!addr_parse(text, *port, &at))
			return fail(err, BT_EARG, "bind: '%.60s' is no address",
			    s->shared.settings->bind);
		code = listen_at(s, &at, err);
		if (code != BT_OK)
			return code;
		*port = at.port;
		count++;
	}
	return count > 0 ? BT_OK : fail(err, BT_EARG, "bind: names no address");
}

static enum bt_code
listen_all(struct server *s, uint16_t *port, struct bt_error *err)
{
	if (s->shared.settings->bind[0] != '\0')
		return listen_bound(s, port, err);
	return listen_everywhere(s, port, err);
}

static size_t
connection_limit(const struct server *s)
{
	size_t want = (size_t)s->shared.settings->max_connections;
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur != RLIM_INFINITY &&
	    rl.rlim_cur > 2 * FDS_KEPT && want > rl.rlim_cur - FDS_KEPT)
		want = rl.rlim_cur - FDS_KEPT;
	return want;
}

static void
close_udp(struct server *s)
{
	struct udp_socket *u;

	while ((u = TAILQ_FIRST(&s->udp)) != NULL) {
		TAILQ_REMOVE(&s->udp, u, link);
		loop_fd_fini(&u->watch);
		(void)close(u->fd);
		mem_free(u);
	}
}

static enum bt_code
open_all(struct server *s, uint16_t *port, struct bt_error *err)
{
	struct httpd_limits limits = {
		.max_connections = connection_limit(s),
		.timeout = s->shared.settings->socket_timeout * SECOND,
		.max_reply = REPLY_MAX,
	};

	s->httpd = httpd_new(s->loop, &limits, &web_ops, &s->web);
	if (s->httpd == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	web_serve(&s->web, s->httpd);
	return listen_all(s, port, err);
}

struct server *
server_new(struct loop *l, const struct server_shared *shared, uint16_t *port, struct bt_error *err)
{
	struct server *s = mem_zero(sizeof(*s));
	enum bt_code code = BT_ENOMEM;

	if (s == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	s->loop = l;
	s->shared = *shared;
	TAILQ_INIT(&s->udp);
	replier_init(&s->replier, shared->settings, shared->shards);
	s->replier.gate = policy_gate(shared->policy);
	s->batch = dgram_batch_new();
	s->counters = stats_counters(shared->stats);
	if (s->batch == NULL || s->counters == NULL || !add_nat_check(s) ||
	    !web_init(&s->web, &s->shared, &s->replier, s->counters, l)) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		server_free(s);
		return NULL;
	}
	for (int i = 0; code != BT_OK && i < PORT_TRIES; i++) {
		uint16_t wanted = *port;

		code = open_all(s, &wanted, err);
		if (code == BT_OK) {
			*port = wanted;
			return s;
		}
		httpd_free(s->httpd);
		s->httpd = NULL;
		close_udp(s);
		/* What the system chose for TCP may be taken for UDP: choose again. */
		if (*port != 0)
			break;
	}
	server_free(s);
	return NULL;
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	close_udp(s);
	httpd_free(s->httpd);
	web_fini(&s->web);
	dgram_batch_free(s->batch);
	nat_check_free(s->replier.nat);
	gate_fini(&s->replier.gate);
	mem_free(s);
}
