/* SPDX-License-Identifier: ISC */
#include "announce/announce_udp.h"

#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "proto/udp_announce.h"

#define CONNECTION_FOR (60 * SECOND)	/* BEP 15 */
#define ADDRESSES_FOR (60 * MINUTE)	/* as Transmission */
#define ADDRESS_TURN 2		/* times udp_resend: 10 s */

TAILQ_HEAD(call_list, announce_call);

/* A tracker's name. */
struct udp_host {
	TAILQ_ENTRY(udp_host) link;	/* in the carrier's list while it is of use */
	struct announce_udp *carrier;
	char *name;
	uint16_t port;
	uint64_t resolve_id;		/* 0: not being looked up */
	usec since;			/* of addrs; 0: none */
	struct addr addrs[RESOLVE_MAX];
	size_t count;
	bool in_use;			/* its waiting calls are being answered */
	struct call_list waiting;
};

/* One address of a tracker. */
struct udp_endpoint {
	TAILQ_ENTRY(udp_endpoint) link;	/* in the carrier's list while it is of use */
	struct announce_udp *carrier;
	struct addr addr;
	uint64_t connection;
	usec since;			/* of connection; 0: none */
	uint32_t transaction;		/* of the connect under way; 0: none */
	unsigned sent;			/* connects sent */
	struct loop_timer timer;
	struct call_list waiting;	/* for a connection id */
	size_t calls;			/* that point here */
};

struct announce_udp {
	const struct announce_net_opts *opts;
	struct udp *udp;
	bool own;
	struct udp_tenant tenant;
	TAILQ_HEAD(, udp_host) hosts;
	TAILQ_HEAD(, udp_endpoint) endpoints;
	struct map calls;		/* by transaction */
};

/* How long to wait after the n-th packet. */
static usec
resend_after(const struct announce_udp *u, unsigned sent)
{
	return sent <= 1 ? u->opts->udp_resend : 3 * u->opts->udp_resend;
}

static usec
now_of(const struct announce_udp *u)
{
	return loop_now(u->opts->loop);
}

/* An attacker with a forged address must guess it. */
static uint32_t
new_transaction(const struct announce_udp *u)
{
	uint32_t t;

	do {
		rng_secret(&t, sizeof(t));
	} while (t == 0 || map_find(&u->calls, &t) != NULL);
	return t;
}

static void
set_timer(struct announce_call *c)
{
	struct udp_call *k = c->udp;
	usec due = k->deadline;

	if (k->endpoint != NULL && k->addr_next < k->addr_count && k->next_address < due)
		due = k->next_address;
	if (k->transaction != 0 && k->resend < due)
		due = k->resend;
	loop_timer_set(&k->timer, due - now_of(k->carrier));
}

static void
host_free(struct udp_host *h)
{
	TAILQ_REMOVE(&h->carrier->hosts, h, link);
	resolve_cancel(h->carrier->opts->resolve, h->resolve_id);
	mem_free(h->name);
	mem_free(h);
}

static void
endpoint_free(struct udp_endpoint *e)
{
	TAILQ_REMOVE(&e->carrier->endpoints, e, link);
	loop_timer_fini(&e->timer);
	mem_free(e);
}

/* What nobody uses and time has made worthless. */
static void
sweep(struct announce_udp *u)
{
	struct udp_host *h, *next_h;
	struct udp_endpoint *e, *next_e;
	usec now = now_of(u);

	TAILQ_FOREACH_SAFE(h, &u->hosts, link, next_h) {
		if (h->resolve_id == 0 && !h->in_use && TAILQ_EMPTY(&h->waiting) &&
		    (h->since == 0 || now - h->since >= ADDRESSES_FOR))
			host_free(h);
	}
	TAILQ_FOREACH_SAFE(e, &u->endpoints, link, next_e) {
		if (e->calls == 0 && now - e->since >= CONNECTION_FOR)
			endpoint_free(e);
	}
}

/* The call leaves whatever it waits for. */
static void
leave(struct announce_call *c)
{
	struct udp_call *k = c->udp;

	if (k->host != NULL)
		TAILQ_REMOVE(&k->host->waiting, c, udp->link);
	k->host = NULL;
	if (k->endpoint == NULL)
		return;
	if (k->transaction != 0)
		(void)map_remove(&k->carrier->calls, &k->transaction);
	else
		TAILQ_REMOVE(&k->endpoint->waiting, c, udp->link);
	k->transaction = 0;
	if (TAILQ_EMPTY(&k->endpoint->waiting)) {
		k->endpoint->transaction = 0;
		loop_timer_stop(&k->endpoint->timer);
	}
	k->endpoint->calls--;
	k->endpoint = NULL;
}

static void
on_abort(struct announce_call *c)
{
	leave(c);
	loop_timer_fini(&c->udp->timer);
}

static void
end(struct announce_call *c, enum bt_code code, const char *text)
{
	on_abort(c);
	c->abort = NULL;
	announce_call_done(c, NULL, code, text);
}

static void
end_announce(struct announce_call *c, const struct udp_reply *r, enum addr_family family)
{
	struct announce_reply reply;
	enum bt_code code = udp_reply_announce(r, family, &reply);

	if (code == BT_OK)
		announce_call_done(c, &reply, BT_OK, "");
	else
		announce_call_done(c, NULL, code, "the tracker's answer makes no sense");
	announce_reply_fini(&reply);
}

static void
end_scrape(struct announce_call *c, const struct udp_reply *r)
{
	struct announce_numbers *s = c->scrape;
	size_t known = 0;

	if (r->action == UDP_ERROR) {
		announce_call_refused(c, r->rest);
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		struct scrape_entry e = s->entries[i];

		if (!udp_reply_scrape(r, i, &e))
			break;
		memcpy(e.info_hash, s->hashes[i], sizeof(e.info_hash));
		s->entries[i] = e;
		known++;
	}
	if (known > 0)
		announce_call_done(c, NULL, BT_OK, "");
	else
		announce_call_done(c, NULL, BT_EPROTO, "the tracker's answer makes no sense");
}

static void
end_with(struct announce_call *c, const struct udp_reply *r, enum addr_family family)
{
	on_abort(c);
	c->abort = NULL;
	if (c->scrape != NULL)
		end_scrape(c, r);
	else
		end_announce(c, r, family);
}

static void
send_connect(struct udp_endpoint *e)
{
	struct buf packet;

	buf_init(&packet, UDP_TRACKER_SEND_MAX);
	udp_connect_write(&packet, e->transaction);
	/* What the system refuses now is a packet lost: it is sent again. */
	if (!buf_failed(&packet))
		(void)udp_send(e->carrier->udp, &e->addr, buf_slice(&packet));
	buf_fini(&packet);
	e->sent++;
	loop_timer_set(&e->timer, resend_after(e->carrier, e->sent));
}

static void
connect_due(void *arg, usec now)
{
	struct udp_endpoint *e = arg;

	(void)now;
	if (!TAILQ_EMPTY(&e->waiting))
		send_connect(e);
}

/* The call, which is in no list, waits for the endpoint's connection id. */
static void
wait_for_connection(struct announce_call *c)
{
	struct udp_endpoint *e = c->udp->endpoint;

	TAILQ_INSERT_TAIL(&e->waiting, c, udp->link);
	if (e->transaction == 0) {
		e->transaction = new_transaction(e->carrier);
		e->sent = 0;
		send_connect(e);
	}
}

static void
send_announce(struct announce_call *c)
{
	struct udp_call *k = c->udp;
	struct bt_slice path = c->udp->url.path_query;
	struct buf packet;

	if (path.len > UDP_TRACKER_URL_MAX)
		path = SLICE_NONE;
	buf_init(&packet, UDP_TRACKER_SEND_MAX);
	if (c->scrape != NULL)
		udp_scrape_write(&packet, k->endpoint->connection, k->transaction,
		    c->scrape->hashes, c->scrape->count);
	else
		udp_announce_write(&packet, k->endpoint->connection, k->transaction, &c->req, path);
	if (!buf_failed(&packet))
		(void)udp_send(k->carrier->udp, &k->endpoint->addr, buf_slice(&packet));
	buf_fini(&packet);
	k->sent++;
	k->resend = now_of(k->carrier) + resend_after(k->carrier, k->sent);
}

/* The call, which is in no list, sends its announce with the endpoint's connection id. */
static void
begin_announce(struct announce_call *c)
{
	struct udp_call *k = c->udp;

	k->transaction = new_transaction(k->carrier);
	if (!map_set(&k->carrier->calls, &k->transaction, c)) {
		k->transaction = 0;
		wait_for_connection(c);
		return;
	}
	send_announce(c);
	set_timer(c);
}

static bool
is_connected(const struct udp_endpoint *e)
{
	return e->since != 0 && now_of(e->carrier) - e->since < CONNECTION_FOR;
}

/* Who was given no sockets opens those that are needed. */
static bool
need_socket(struct announce_udp *u, enum addr_family family, struct bt_error *err)
{
	struct addr at = family == ADDR_V6 ? u->opts->way->from6 : u->opts->way->from4;

	if (udp_has(u->udp, family))
		return true;
	at.family = (uint8_t)family;
	at.port = 0;
	if (u->own)
		return udp_open(u->udp, u->opts->way, &at, err) == BT_OK;
	(void)fail(err, BT_EUNREACH, "this family is not to be used");
	return false;
}

static struct udp_endpoint *
need_endpoint(struct announce_udp *u, const struct addr *a, struct bt_error *err)
{
	struct udp_endpoint *e;

	if (!need_socket(u, a->family, err))
		return NULL;
	TAILQ_FOREACH(e, &u->endpoints, link) {
		if (addr_eq(&e->addr, a))
			return e;
	}
	sweep(u);
	e = mem_zero(sizeof(*e));
	if (e == NULL || !loop_timer_init(&e->timer, u->opts->loop, connect_due, e)) {
		mem_free(e);
		(void)fail(err, BT_ENOMEM, "no memory");
		return NULL;
	}
	e->carrier = u;
	e->addr = *a;
	TAILQ_INIT(&e->waiting);
	TAILQ_INSERT_TAIL(&u->endpoints, e, link);
	return e;
}

/* Turns to the next address. False: there is none that we can send to; err says why. */
static bool
try_next_address(struct announce_call *c, struct bt_error *err)
{
	struct udp_call *k = c->udp;

	leave(c);
	while (k->endpoint == NULL && k->addr_next < k->addr_count)
		k->endpoint = need_endpoint(k->carrier, &k->addrs[k->addr_next++], err);
	if (k->endpoint == NULL)
		return false;
	k->endpoint->calls++;
	k->sent = 0;
	k->next_address = now_of(k->carrier) + ADDRESS_TURN * k->carrier->opts->udp_resend;
	k->id_was_cached = is_connected(k->endpoint);
	if (k->id_was_cached)
		begin_announce(c);
	else
		wait_for_connection(c);
	set_timer(c);
	return true;
}

static void
take_addresses(struct announce_call *c, const struct addr *addrs, size_t n)
{
	struct udp_call *k = c->udp;

	for (size_t i = 0; i < n; i++) {
		if (c->family == ADDR_NONE || addrs[i].family == c->family)
			k->addrs[k->addr_count++] = addrs[i];
	}
}

/* With addresses at hand: false and err if none will do. */
static bool
begin(struct announce_call *c, const struct udp_host *h, struct bt_error *err)
{
	(void)fail(err, BT_EUNREACH, "%.80s has no %s address", h->name,
	    c->family == ADDR_V6 ? "IPv6" : "IPv4");
	take_addresses(c, h->addrs, h->count);
	return try_next_address(c, err);
}

static void
call_due(void *arg, usec now)
{
	struct announce_call *c = arg;
	struct udp_call *k = c->udp;
	struct bt_error err = { 0 };
	char text[80];

	if (now >= k->deadline) {
		(void)snprintf(text, sizeof(text), k->endpoint == NULL ?
		    "the host's name was not found in %.3g s" : "no answer in %.3g s",
		    (double)c->turn.timeout / (double)SECOND);
		end(c, BT_ETIMEOUT, text);
		return;
	}
	if (k->endpoint != NULL && now >= k->next_address && k->addr_next < k->addr_count) {
		if (!try_next_address(c, &err))
			end(c, err.code, err.text);
		return;
	}
	if (k->transaction != 0 && now >= k->resend) {
		if (is_connected(k->endpoint)) {
			send_announce(c);
		} else {
			(void)map_remove(&k->carrier->calls, &k->transaction);
			k->transaction = 0;
			wait_for_connection(c);
		}
	}
	set_timer(c);
}

static void
on_resolved(void *arg, uint64_t id, const struct addr *addrs, size_t count, const char *error)
{
	struct udp_host *h = arg;
	struct announce_call *c;

	(void)id;
	h->resolve_id = 0;
	h->count = count;
	h->since = count > 0 ? now_of(h->carrier) : 0;
	if (count > 0)
		memcpy(h->addrs, addrs, count * sizeof(*addrs));
	/* An answer may cancel others that wait, or bring new ones, which ask anew. */
	h->in_use = true;
	while (h->resolve_id == 0 && (c = TAILQ_FIRST(&h->waiting)) != NULL) {
		struct bt_error err = { 0 };

		leave(c);
		if (count == 0)
			end(c, BT_EUNREACH, error);
		else if (!begin(c, h, &err))
			end(c, err.code, err.text);
	}
	h->in_use = false;
}

static struct udp_host *
need_host(struct announce_udp *u, struct bt_slice name, uint16_t port)
{
	struct udp_host *h;

	TAILQ_FOREACH(h, &u->hosts, link) {
		if (h->port == port && slice_eq_nocase(name, h->name))
			return h;
	}
	sweep(u);
	h = mem_zero(sizeof(*h));
	if (h == NULL || (h->name = slice_dup(name)) == NULL) {
		mem_free(h);
		return NULL;
	}
	h->carrier = u;
	h->port = port;
	TAILQ_INIT(&h->waiting);
	TAILQ_INSERT_TAIL(&u->hosts, h, link);
	return h;
}

void
announce_udp_send(struct announce_udp *u, struct announce_call *c, const struct url *url)
{
	struct udp_call *k;
	struct udp_host *h;
	struct bt_error err = { 0 };
	usec now = now_of(u);

	if (url->port == 0) {
		announce_call_fail_later(c, BT_EUNSUP, "the tracker's URL has no port");
		return;
	}
	k = c->udp = mem_zero(sizeof(*k));
	h = k == NULL ? NULL : need_host(u, url->host, url->port);
	if (h == NULL || !loop_timer_init(&k->timer, u->opts->loop, call_due, c)) {
		announce_call_fail_later(c, BT_ENOMEM, "no memory");
		return;
	}
	k->carrier = u;
	k->url = *url;
	c->abort = on_abort;
	k->deadline = c->turn.deadline;
	set_timer(c);
	if (h->since != 0 && now - h->since < ADDRESSES_FOR) {
		if (!begin(c, h, &err))
			announce_call_fail_later(c, err.code, err.text);
		return;
	}
	if (h->resolve_id == 0)
		h->resolve_id = resolve_start(u->opts->resolve, h->name, h->port, ADDR_NONE,
		    on_resolved, h);
	if (h->resolve_id == 0) {
		announce_call_fail_later(c, BT_ENOMEM, "no memory");
		return;
	}
	k->host = h;
	TAILQ_INSERT_TAIL(&h->waiting, c, udp->link);
}

static bool
on_connect_reply(struct announce_udp *u, const struct addr *from, const struct udp_reply *r)
{
	struct udp_endpoint *e;
	struct announce_call *c;

	TAILQ_FOREACH(e, &u->endpoints, link) {
		if (e->transaction == r->transaction && addr_eq(&e->addr, from))
			break;
	}
	if (e == NULL)
		return false;
	if (r->action == UDP_CONNECT) {
		e->connection = r->connection;
		e->since = now_of(u);
	}
	e->transaction = 0;
	loop_timer_stop(&e->timer);
	e->calls++;	/* it stays, whatever the answers lead to */
	while ((c = TAILQ_FIRST(&e->waiting)) != NULL && e->transaction == 0) {
		if (r->action == UDP_CONNECT) {
			TAILQ_REMOVE(&e->waiting, c, udp->link);
			begin_announce(c);
		} else {
			end_with(c, r, from->family);
		}
	}
	e->calls--;
	return true;
}

static bool
on_announce_reply(struct announce_udp *u, const struct addr *from, const struct udp_reply *r)
{
	struct announce_call *c = map_find(&u->calls, &r->transaction);
	enum udp_action asked = c != NULL && c->scrape != NULL ? UDP_SCRAPE : UDP_ANNOUNCE;
	struct udp_call *k;

	if (c == NULL || !addr_eq(&c->udp->endpoint->addr, from) ||
	    (r->action != UDP_ERROR && r->action != asked))
		return false;
	k = c->udp;
	/* A tracker that was restarted has forgotten the ids that it gave. */
	if (r->action == UDP_ERROR && k->id_was_cached) {
		k->id_was_cached = false;
		k->endpoint->since = 0;
		(void)map_remove(&u->calls, &k->transaction);
		k->transaction = 0;
		wait_for_connection(c);
		set_timer(c);
		return true;
	}
	end_with(c, r, from->family);
	return true;
}

static bool
on_datagram(void *arg, const struct addr *from, struct bt_slice datagram, usec now)
{
	struct announce_udp *u = arg;
	struct udp_reply r;

	(void)now;
	if (datagram.len > UDP_TRACKER_PACKET_MAX || udp_reply_parse(datagram, &r) != STEP_DONE ||
	    r.transaction == 0)
		return false;
	if (r.action == UDP_CONNECT)
		return on_connect_reply(u, from, &r);
	if (r.action == UDP_ANNOUNCE || r.action == UDP_SCRAPE)
		return on_announce_reply(u, from, &r);
	if (r.action == UDP_ERROR)
		return on_announce_reply(u, from, &r) || on_connect_reply(u, from, &r);
	return false;
}

struct announce_udp *
announce_udp_new(const struct announce_net_opts *opts)
{
	struct announce_udp *u = mem_zero(sizeof(*u));
	uint64_t seed[2];

	if (u == NULL)
		return NULL;
	rng_secret(seed, sizeof(seed));
	map_init(&u->calls, sizeof(uint32_t), seed);
	TAILQ_INIT(&u->hosts);
	TAILQ_INIT(&u->endpoints);
	u->opts = opts;
	u->own = opts->udp == NULL;
	u->udp = u->own ? udp_new(opts->loop) : opts->udp;
	u->tenant = (struct udp_tenant){ .fn = on_datagram, .arg = u };
	if (u->udp == NULL) {
		mem_free(u);
		return NULL;
	}
	udp_add(u->udp, &u->tenant);
	return u;
}

void
announce_udp_free(struct announce_udp *u)
{
	struct udp_host *h;
	struct udp_endpoint *e;

	if (u == NULL)
		return;
	while ((h = TAILQ_FIRST(&u->hosts)) != NULL)
		host_free(h);
	while ((e = TAILQ_FIRST(&u->endpoints)) != NULL)
		endpoint_free(e);
	udp_remove(u->udp, &u->tenant);
	if (u->own)
		udp_free(u->udp);
	map_fini(&u->calls);
	mem_free(u);
}
