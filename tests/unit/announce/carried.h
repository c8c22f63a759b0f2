/* SPDX-License-Identifier: ISC */
/* Both ends of a carried announce in tests: a UDP tracker with its moods, and a client. */
#ifndef UNIT_ANNOUNCE_CARRIED_H
#define UNIT_ANNOUNCE_CARRIED_H

#include "announce/announce_net.h"

#include "base/bytes.h"
#include "http_server.h"
#include "net/sock.h"
#include "proto/udp_announce.h"

/* -- a UDP tracker on a thread of its own -- */

enum udp_mode { UDP_FINE, UDP_SILENT, UDP_LOSSY, UDP_LIAR, UDP_REFUSES, UDP_FORGETFUL,
	UDP_AMNESIA, UDP_FRUGAL };

struct udp_tracker {
	int fd, other;		/* a liar sends from other */
	struct addr at;
	enum udp_mode mode;
	atomic_bool stopping;
	atomic_uint connects, announces;
	unsigned forgotten, dropped;	/* amnesia */
	uint64_t good_id;
	char url_data[64];
	pthread_t thread;
};

static inline void
udp_tell(int fd, const struct addr *to, struct buf *b)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(to, &ss);

	ck_assert(!buf_failed(b));
	(void)sendto(fd, b->ptr, b->len, 0, (struct sockaddr *)&ss, len);
	buf_clear(b);
}

/* Of each hash: its second byte as seeds, but for those that all tests ask for. */
static inline void
udp_answer_scrape(const struct udp_request *q, struct buf *b)
{
	struct scrape_entry numbers[SCRAPE_HASHES_MAX];
	size_t n = q->hashes.len / 20;

	ck_assert_uint_le(n, SCRAPE_HASHES_MAX);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *hash = q->hashes.ptr + 20 * i;

		numbers[i] = (struct scrape_entry){ .complete = hash[0] == 0xaa ? 3 : hash[1],
			.incomplete = 4, .downloaded = 5 };
	}
	udp_scrape_reply_write(b, q->transaction, numbers, n);
}

/* Answers without allocating anything, while the client's allocations fail. */
static inline void
udp_answer_frugally(const struct udp_tracker *t, const struct addr *to,
    const struct udp_request *q)
{
	bool connect = q->action == UDP_CONNECT;
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(to, &ss);
	uint8_t packet[20] = { 0 };

	put_be32(packet, q->action);
	put_be32(packet + 4, q->transaction);
	if (connect)
		put_be64(packet + 8, t->good_id);
	else
		put_be32(packet + 8, 900);
	(void)sendto(t->fd, packet, connect ? 16 : 20, 0, (struct sockaddr *)&ss, len);
}

/* Forgets the ids that it gave: says so to the first who comes with one, drops the next ones and a
 * connect, and is well again. */
static inline bool
udp_amnesia(struct udp_tracker *t, const struct udp_request *q, bool forgotten)
{
	if (q->action == UDP_CONNECT)
		return t->forgotten > 0 && t->dropped++ == 0;
	return forgotten && t->forgotten++ > 0;
}

static inline void
udp_answer(struct udp_tracker *t, int fd, const struct addr *to, const struct udp_request *q,
    const char *peer)
{
	struct announce_reply reply;
	struct addr a;
	struct buf b;

	buf_init(&b, 2048);
	announce_reply_init(&reply);
	reply.interval = 900;
	reply.complete = 3;
	reply.incomplete = 4;
	ck_assert(addr_parse(peer, 6881, &a));
	ck_assert(announce_reply_add(&reply, &a, NULL));
	if (q->action == UDP_CONNECT)
		udp_connect_reply_write(&b, q->transaction, t->good_id);
	else if (q->action == UDP_SCRAPE)
		udp_answer_scrape(q, &b);
	else
		udp_announce_reply_write(&b, q->transaction, &reply, to->family);
	udp_tell(fd, to, &b);
	announce_reply_fini(&reply);
	buf_fini(&b);
}

/* Everything that must not be believed. */
static inline void
udp_lie(struct udp_tracker *t, const struct addr *to, const struct udp_request *q)
{
	struct udp_request other = *q;
	struct buf b;

	buf_init(&b, 2048);
	other.transaction++;
	udp_answer(t, t->fd, to, &other, "10.66.6.1");
	other.transaction--;
	other.action = q->action == UDP_CONNECT ? UDP_ANNOUNCE : UDP_CONNECT;
	udp_answer(t, t->fd, to, &other, "10.66.6.2");
	other.action = q->action == UDP_SCRAPE ? UDP_ANNOUNCE : UDP_SCRAPE;
	udp_answer(t, t->fd, to, &other, "10.66.6.2");
	udp_answer(t, t->other, to, q, "10.66.6.3");
	udp_error_write(&b, q->transaction, slice_str("forged"));
	udp_tell(t->other, to, &b);
	buf_add_str(&b, "\0\0\0");
	udp_tell(t->fd, to, &b);
	buf_add_str(&b, "d1:rd2:id20:");
	udp_tell(t->fd, to, &b);
	buf_fini(&b);
}

static inline void
udp_serve(struct udp_tracker *t, const struct addr *from, const struct udp_request *q)
{
	bool forgotten = q->action != UDP_CONNECT && q->connection != t->good_id;
	unsigned nth = q->action == UDP_CONNECT ? atomic_fetch_add(&t->connects, 1) :
	    atomic_fetch_add(&t->announces, 1);
	struct buf b;

	if (q->url_len > 0)
		(void)snprintf(t->url_data, sizeof(t->url_data), "%.*s", q->url_len,
		    (const char *)q->url);
	if (t->mode == UDP_SILENT || (t->mode == UDP_LOSSY && nth == 0))
		return;
	if (t->mode == UDP_FRUGAL) {
		udp_answer_frugally(t, from, q);
		return;
	}
	if (t->mode == UDP_AMNESIA && udp_amnesia(t, q, forgotten))
		return;
	if (t->mode == UDP_LIAR)
		udp_lie(t, from, q);
	buf_init(&b, 2048);
	if ((t->mode == UDP_REFUSES && q->action != UDP_CONNECT) || forgotten) {
		udp_error_write(&b, q->transaction, slice_str(forgotten ? "bad id" : "go away"));
		udp_tell(t->fd, from, &b);
	} else {
		udp_answer(t, t->fd, from, q, from->family == ADDR_V6 ? "fd99::7" : "10.1.2.3");
		if (t->mode == UDP_FORGETFUL && q->action == UDP_ANNOUNCE)
			t->good_id++;
	}
	buf_fini(&b);
}

static inline void *
udp_run(void *arg)
{
	struct udp_tracker *t = arg;
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	while (!atomic_load(&t->stopping)) {
		uint8_t packet[4096];
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct addr from;
		struct udp_request q;
		ssize_t n;

		if (poll(&p, 1, 10) <= 0)
			continue;
		n = recvfrom(t->fd, packet, sizeof(packet), 0, (struct sockaddr *)&ss, &len);
		if (n > 0 && sock_to_addr(&ss, &from) &&
		    udp_request_parse(slice_of(packet, (size_t)n), &q) == STEP_DONE)
			udp_serve(t, &from, &q);
	}
	return NULL;
}

static inline bool
udp_tracker_start_at(struct udp_tracker *t, const char *ip, uint16_t port, enum udp_mode mode)
{
	struct addr at;
	struct bt_error err;

	memset(t, 0, sizeof(*t));
	ck_assert(addr_parse(ip, port, &at));
	t->mode = mode;
	t->good_id = 0x1122334455667788;
	t->fd = sock_udp(&at, &err);
	if (t->fd < 0)
		return false;
	t->other = sock_udp(&at, &err);
	ck_assert(sock_local(t->fd, &t->at));
	ck_assert_int_eq(pthread_create(&t->thread, NULL, udp_run, t), 0);
	return true;
}

static inline bool
udp_tracker_start(struct udp_tracker *t, const char *ip, enum udp_mode mode)
{
	return udp_tracker_start_at(t, ip, 0, mode);
}

static inline void
udp_tracker_stop(struct udp_tracker *t)
{
	atomic_store(&t->stopping, true);
	(void)pthread_join(t->thread, NULL);
	(void)close(t->fd);
	(void)close(t->other);
}

/* -- the client -- */

struct client {
	struct net_way way;
	struct loop *loop;
	struct fetch *fetch;
	struct resolve *resolve;
	struct announce_net *net;
	struct announce_owner owner;
	struct announce_req req;
	unsigned answers, wanted;
	unsigned good;		/* of the answers */
	bool scrape;		/* instead of announcing */
	/* of the last answer */
	bool replied, failed;
	enum bt_code code;
	char text[300];
	int64_t interval, complete, incomplete, downloaded, retry_in;
	size_t peers;
	struct addr peer;
	/* of all answers to scrapes */
	size_t hashes, unknown;
};

static inline void
on_answer(void *arg, uint64_t id, const struct announce_reply *reply, enum bt_code code,
    const char *text)
{
	struct client *c = arg;

	c->code = code;
	c->replied = reply != NULL;
	c->good += code == BT_OK && !reply->failed;
	ck_assert((reply == NULL) == (code != BT_OK));
	(void)snprintf(c->text, sizeof(c->text), "%s", text);
	if (reply != NULL) {
		c->failed = reply->failed;
		if (reply->failed)
			(void)snprintf(c->text, sizeof(c->text), "%.*s", (int)reply->failure.len,
			    (const char *)reply->failure.ptr);
		c->interval = reply->interval;
		c->complete = reply->complete;
		c->incomplete = reply->incomplete;
		c->downloaded = reply->downloaded;
		c->retry_in = reply->retry_in;
		c->peers = reply->peers.len;
		if (c->peers > 0)
			c->peer = announce_reply_peer(reply, 0)->addr;
	}
	announce_cancel(&c->owner, id);
	if (++c->answers == c->wanted)
		loop_stop(c->loop);
}

static inline void
on_numbers(void *arg, uint64_t id, const struct scrape_entry *entries, size_t count,
    enum bt_code code, const char *text)
{
	struct client *c = arg;

	c->code = code;
	c->hashes += count;
	(void)snprintf(c->text, sizeof(c->text), "%s", text);
	c->complete = entries->complete;
	c->incomplete = entries->incomplete;
	c->downloaded = entries->downloaded;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *hash = entries[i].info_hash;

		c->unknown += entries[i].complete < 0;
		if (entries[i].complete >= 0 && hash[0] != 0xaa)
			ck_assert_int_eq(entries[i].complete, hash[1]);
	}
	ck_assert_uint_ne(id, 0);
	if (++c->answers == c->wanted)
		loop_stop(c->loop);
}

static inline void
client_init_bound(struct client *c, const char *bind)
{
	struct announce_net_opts opts = { .timeout = 2 * SECOND, .udp_resend = 50 * MSEC };

	memset(c, 0, sizeof(*c));
	opts.loop = c->loop = loop_new();
	ck_assert_int_eq(way_init(&c->way, &(struct way_wish){ .bind = bind }, NULL), BT_OK);
	opts.way = &c->way;
	opts.fetch = c->fetch = fetch_new(c->loop, &c->way);
	opts.resolve = c->resolve = resolve_new(c->loop, &c->way);
	opts.user_agent = "btcore/test";
	opts.stop_timeout = 300 * MSEC;
	c->net = announce_net_new(&opts);
	ck_assert_ptr_nonnull(c->net);
	announce_owner_init(&c->owner, on_answer, c);
	announce_req_init(&c->req);
	memset(c->req.info_hash, 0xaa, 20);
	memset(c->req.peer_id, 'p', 20);
	c->req.port = 6881;
	c->req.compact = 1;
	c->req.left = 1000;
	c->req.event = ANNOUNCE_STARTED;
	announce_set_key(&c->req, 0x12345678);
}

static inline void
client_init(struct client *c)
{
	client_init_bound(c, "127.0.0.1");
}

static inline void
client_fini(struct client *c)
{
	announce_net_free(c->net);
	fetch_free(c->fetch);
	resolve_free(c->resolve);
	loop_free(c->loop);
}

static inline void
give_up(void *arg, usec now)
{
	(void)arg;
	(void)now;
	ck_abort_msg("no answer");
}

static inline void
announce_n(struct client *c, const char *url, enum addr_family family, unsigned n)
{
	struct loop_timer guard;

	c->answers = c->good = 0;
	c->wanted = n;
	c->failed = false;
	ck_assert(loop_timer_init(&guard, c->loop, give_up, NULL));
	loop_timer_set(&guard, 20 * SECOND);
	for (unsigned i = 1; i <= n; i++)
		ck_assert(c->scrape ?
		    announce_scrape(c->net, &c->owner, i, url, &c->req.info_hash, 1, on_numbers) :
		    announce_send(c->net, &c->owner, i, url, family, &c->req));
	ck_assert_uint_eq(c->answers, 0);
	loop_run(c->loop);
	ck_assert_uint_eq(c->answers, n);
	loop_timer_fini(&guard);
	ck_assert_ptr_null(strstr(c->text, "s3cr3t"));
	ck_assert_ptr_null(strchr(c->text, '\n'));
}

static inline void
announce_udp(struct client *c, const struct udp_tracker *t, const char *path, unsigned n)
{
	char url[128], at[ADDR_TEXT_MAX];

	(void)snprintf(url, sizeof(url), "udp://%s%s", addr_text(&t->at, at), path);
	announce_n(c, url, ADDR_NONE, n);
}

static inline void
check_fine(const struct client *c)
{
	char text[ADDR_TEXT_MAX];

	ck_assert_msg(c->replied, "%s", c->text);
	ck_assert_msg(!c->failed, "%s", c->text);
	ck_assert_int_eq(c->interval, 900);
	ck_assert_int_eq(c->complete, 3);
	ck_assert_uint_eq(c->peers, 1);
	ck_assert_str_eq(addr_text(&c->peer, text),
	    c->peer.family == ADDR_V6 ? "[fd99::7]:6881" : "10.1.2.3:6881");
}

#endif
