/* SPDX-License-Identifier: ISC */
/*
 * Connections, each from its own address, one request at a time on each. Either they live as long
 * as the tracker lets them, and the members of the crowd at one address share one; or each request
 * has one of its own.
 */
#include "tests/bench/tracker/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

#define REQUEST_MAX 700u
#define REPLY_MAX 4096u
#define EVENTS 256
#define SWEEP_EVERY (SECOND_NS / 5)
#define LATE_CONNECTIONS 8192	/* at a given rate and a connection each */

struct conn {
	int fd;				/* -1: none */
	bool busy;
	struct task task;
	uint64_t sent;
	char request[REQUEST_MAX];
	size_t request_len, request_at;
	char reply[REPLY_MAX + 1];
	size_t reply_len;
};

struct http {
	const struct settings *s;
	struct sockaddr_in server;
	bool keep;
	int epoll;
	struct conn *conns;
	uint32_t *free;
	uint32_t conn_count, free_count, busy_max;
	uint64_t reopened;
	struct feed feed;
	struct tally tally;
};

static struct http h;

static char *
put_escaped(char *p, const uint8_t *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		if ((bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == '-' ||
		    (bytes[i] >= 'A' && bytes[i] <= 'Z') || (bytes[i] >= 'a' && bytes[i] <= 'z')) {
			*p++ = (char)bytes[i];
			continue;
		}
		*p++ = '%';
		*p++ = hex[bytes[i] >> 4];
		*p++ = hex[bytes[i] & 15];
	}
	*p = '\0';
	return p;
}

/* As libtorrent words it. */
static void
put_request(struct conn *c, const struct member *m)
{
	char hash_text[64], id_text[64], what[400];
	uint8_t hash[20], id[20];

	crowd_hash(m->swarm, hash);
	crowd_peer_id(c->task.peer, id);
	(void)put_escaped(hash_text, hash, 20);
	(void)put_escaped(id_text, id, 20);
	if (c->task.kind == TASK_SCRAPE)
		(void)snprintf(what, sizeof(what), "/scrape?info_hash=%s", hash_text);
	else
		(void)snprintf(what, sizeof(what), "/announce?info_hash=%s&peer_id=%s&port=%u"
		    "&uploaded=0&downloaded=0&left=%s&corrupt=0&key=%08X&numwant=%d&compact=1"
		    "&no_peer_id=1&supportcrypto=1&redundant=0", hash_text, id_text, m->port,
		    m->is_seed ? "0" : "123456789", c->task.peer, (int)h.s->numwant);
	c->request_len = (size_t)snprintf(c->request, sizeof(c->request), "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\nUser-Agent: libtorrent/2.0.8.0\r\nAccept-Encoding: gzip\r\n"
	    "Connection: %s\r\n\r\n", what, h.s->server, h.keep ? "keep-alive" : "close");
	c->request_at = 0;
	c->reply_len = 0;
}

static bool
dial(struct conn *c, uint32_t ip)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(ip) };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(c->fd, (struct sockaddr *)&h.server, sizeof(h.server)) == 0 ||
	    errno == EINPROGRESS) && epoll_ctl(h.epoll, EPOLL_CTL_ADD, c->fd, &e) == 0)
		return true;
	(void)close(c->fd);
	c->fd = -1;
	return false;
}

static void
hang_up(struct conn *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

static void
release(struct conn *c)
{
	c->busy = false;
	h.free[h.free_count++] = (uint32_t)(c - h.conns);
}

static void
send_rest(struct conn *c)
{
	while (c->request_at < c->request_len) {
		ssize_t n = send(c->fd, c->request + c->request_at,
		    c->request_len - c->request_at, MSG_NOSIGNAL);

		if (n <= 0)
			return;		/* later, or the reading end will see what is wrong */
		c->request_at += (size_t)n;
	}
}

static void
ask(struct conn *c, uint64_t now)
{
	uint32_t place = (uint32_t)(c - h.conns), addresses = (uint32_t)h.s->addresses;
	struct member m;

	if (h.keep)	/* somebody who lives at this connection's address */
		c->task.peer = c->task.peer / addresses * addresses + place;
	if (c->task.peer >= (uint32_t)h.s->peers)
		c->task.peer = place;
	m = crowd_member(h.s, c->task.peer);
	c->busy = true;
	c->sent = now;
	put_request(c, &m);
	if (c->fd < 0 && !dial(c, m.ip)) {
		tally_error(&h.tally, (const uint8_t *)"cannot connect", 14);
		release(c);
		return;
	}
	send_rest(c);
}

/* How many peers are in a good reply's body, or -1. */
static int
peers_in(const struct conn *c, const char *body, size_t len)
{
	const char *p = memmem(body, len, "5:peers", 7);
	unsigned long n;
	char *rest;

	if (c->task.kind == TASK_SCRAPE)
		return memmem(body, len, "5:filesd20:", 11) != NULL ? 0 : -1;
	if (p == NULL)
		return -1;
	n = strtoul(p + 7, &rest, 10);
	if (*rest != ':' || n > (size_t)(body + len - rest - 1) || n > 6 * (size_t)h.s->numwant ||
	    !crowd_knows((const uint8_t *)rest + 1, n))
		return -1;
	return (int)(n / 6);
}

static void
judge(struct conn *c, const char *body, size_t len, uint64_t now)
{
	int peers = peers_in(c, body, len);

	if (memmem(body, len, "failure reason", 14) != NULL) {
		tally_error(&h.tally, (const uint8_t *)body, len < 100 ? len : 100);
		return;
	}
	if (strncmp(c->reply + 8, " 200 ", 5) != 0 || peers < 0)
		tally_bad(&h.tally, "an answer that does not fit");
	tally_answer(&h.tally, &c->task, now, peers > 0 ? (size_t)peers : 0);
}

/* The body, if the reply is complete, else NULL. */
static const char *
body_of(struct conn *c, size_t *len)
{
	const char *end = memmem(c->reply, c->reply_len, "\r\n\r\n", 4);
	const char *p;

	if (end == NULL)
		return NULL;
	*len = (size_t)(c->reply + c->reply_len - end - 4);
	p = memmem(c->reply, (size_t)(end - c->reply), "Content-Length: ", 16);
	return p != NULL && *len >= strtoul(p + 16, NULL, 10) ? end + 4 : NULL;
}

/* Everything that there is, up to the end of the stream: true, it ended. */
static bool
read_all(struct conn *c)
{
	while (c->reply_len < REPLY_MAX) {
		ssize_t n = recv(c->fd, c->reply + c->reply_len, REPLY_MAX - c->reply_len, 0);

		if (n <= 0)
			return n == 0 || (errno != EAGAIN && errno != EINTR);
		c->reply_len += (size_t)n;
		c->reply[c->reply_len] = '\0';
	}
	return true;
}

static void
ready(struct conn *c, uint64_t now)
{
	const char *body = NULL;
	bool ended;
	size_t len = 0;

	if (c->fd < 0)
		return;
	if (c->busy)
		send_rest(c);
	ended = read_all(c);
	if (c->busy)
		body = body_of(c, &len);
	if (ended)
		hang_up(c);
	if (!c->busy || (body == NULL && !ended) || (body != NULL && !ended && !h.keep))
		return;
	if (body == NULL && h.keep && c->reply_len == 0) {
		h.reopened++;
		ask(c, now);		/* it was closed before it was asked */
		return;
	}
	if (body != NULL)
		judge(c, body, len, now);
	else
		tally_bad(&h.tally, "the connection ended before the answer");
	release(c);
}

static void
give_up_the_lost(uint64_t now)
{
	for (uint32_t i = 0; i < h.conn_count; i++) {
		struct conn *c = &h.conns[i];

		if (c->busy && now > c->sent + LOST_AFTER) {
			tally_lost(&h.tally, &c->task);
			hang_up(c);
			release(c);
		}
	}
}

static void
ask_what_is_due(uint64_t now)
{
	struct task task;

	while (h.free_count > h.conn_count - h.busy_max && feed_next(&h.feed, now, &task)) {
		/* The one that rested longest would be fairer to the kernel; any will do. */
		uint32_t pick = rng_below(&h.feed.rng, h.free_count), place = h.free[pick];

		h.free[pick] = h.free[--h.free_count];
		h.conns[place].task = task;
		ask(&h.conns[place], now);
	}
}

static void
phase(enum feed_kind kind)
{
	struct epoll_event events[EVENTS];
	uint64_t now = now_ns(), sweep = now;

	h.busy_max = (uint32_t)h.s->window;
	if (kind == FEED_LATENCY || h.busy_max > h.conn_count)
		h.busy_max = h.conn_count;
	feed_init(&h.feed, h.s, kind);
	tally_init(&h.tally, &h.feed);
	while (!feed_over(&h.feed, now) || h.free_count < h.conn_count) {
		int n;

		feed_turn(&h.feed, now);
		ask_what_is_due(now);
		n = epoll_wait(h.epoll, events, EVENTS, 0);
		now = now_ns();
		tally_tick(&h.tally, now);
		for (int i = 0; i < n; i++)
			ready(events[i].data.ptr, now);
		if (now - sweep > SWEEP_EVERY) {
			give_up_the_lost(now);
			sweep = now;
		}
	}
	if (h.reopened > 0)
		fprintf(stderr, "tracker_load: %ju connections were closed by the tracker\n",
		    (uintmax_t)h.reopened);
	tally_print(&h.tally, kind == FEED_RUN ? "run" : "latency");
}

static bool
open_all(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	for (uint32_t i = 0; i < h.conn_count; i++) {
		h.conns[i].fd = -1;
		if (h.keep && !dial(&h.conns[i], crowd_member(h.s, i).ip))
			return false;
		release(&h.conns[i]);
	}
	return true;
}

static bool
prepare(const struct settings *s, enum feed_kind kind)
{
	h.keep = strcmp(s->proto, "http-keep") == 0;
	h.s = s;
	h.server.sin_family = AF_INET;
	h.server.sin_port = htons(s->at.port);
	memcpy(&h.server.sin_addr, s->at.ip, 4);
	h.conn_count = (uint32_t)s->window;
	if (h.keep)
		h.conn_count = (uint32_t)s->addresses;
	else if (kind == FEED_LATENCY)
		h.conn_count = LATE_CONNECTIONS;
	h.free_count = 0;
	h.reopened = 0;
	h.epoll = epoll_create1(EPOLL_CLOEXEC);
	h.conns = mem_array(h.conn_count, sizeof(*h.conns));
	h.free = mem_array(h.conn_count, sizeof(*h.free));
	return h.epoll >= 0 && h.conns != NULL && h.free != NULL && open_all();
}

bool
load_http(const struct settings *s, enum feed_kind kind)
{
	bool good = prepare(s, kind);

	if (good)
		phase(kind);
	else
		perror("tracker_load");
	for (uint32_t i = 0; h.conns != NULL && i < h.conn_count; i++)
		hang_up(&h.conns[i]);
	mem_free(h.conns);
	mem_free(h.free);
	(void)close(h.epoll);
	return good;
}
