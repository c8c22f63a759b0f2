/* SPDX-License-Identifier: ISC */
/* A running server for the tests of httpd, and a client that says to it what it likes. */
#ifndef UNIT_NET_HTTPD_RIG_H
#define UNIT_NET_HTTPD_RIG_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/httpd.h"
#include "net/sock.h"
#include "certificate.h"
#include "helper.h"

#define LARGE (3u << 20)

struct running {
	struct loop *loop;
	struct httpd *httpd;
	struct tls *tls;
	uint16_t port, tls_port;
	int unix_door;
	atomic_uint tries;		/* of /later */
	atomic_bool proxied;		/* whoever connects is a proxy */
	struct httpd_shared *shared;
	int wish;			/* eventfd */
	struct loop_fd wish_watch;
	pthread_t thread;
	char cert[64], key[64];
};

static inline void
on_request(void *arg, const struct httpd_request *rq, struct httpd_reply *re)
{
	struct running *r = arg;

	if (slice_eq_str(rq->http.path, "/later")) {
		re->later = atomic_fetch_add(&r->tries, 1) < 2;
		buf_add_str(re->body, "at last");
	} else if (slice_eq_str(rq->http.path, "/pages")) {
		re->pack = true;
		for (unsigned i = 0; i < 1000; i++)
			buf_add_str(re->body, "many like this ");
	} else if (slice_eq_str(rq->http.path, "/shared")) {
		httpd_shared_hold(re->shared = r->shared);
	} else if (slice_eq_str(rq->http.path, "/from")) {
		char text[ADDR_TEXT_MAX];

		buf_addf(re->body, "from %s.", addr_text(&rq->from, text));
	} else if (slice_eq_str(rq->http.path, "/echo")) {
		buf_addf(re->body, "%.*s %zu: ", (int)rq->http.method.len,
		    (const char *)rq->http.method.ptr, rq->body.len);
		buf_add_slice(re->body, rq->body);
		re->later = slice_eq_str(rq->http.query, "later") && !rq->again;
	} else {
		buf_addf(re->body, "door %u, ", rq->door);
		buf_add_slice(re->body, httpd_header(rq, "X-Forwarded-For"));
	}
}

static inline bool
is_proxy(void *arg, const struct addr *from)
{
	struct running *r = arg;

	(void)from;
	return atomic_load(&r->proxied);
}

static const struct httpd_ops ops = { on_request, NULL, is_proxy };

/* 1: requests that were put off are tried again; 2: the Unix door opens; 0x100: end. */
static inline void
on_wish(void *arg, unsigned ready)
{
	struct running *r = arg;
	uint64_t what = 0;

	(void)ready;
	if (read(r->wish, &what, sizeof(what)) != sizeof(what) || what >= 0x100)
		loop_stop(r->loop);
	else if (what == 2)
		ck_assert(httpd_add_listener(r->httpd, r->unix_door, NULL, 9));
	else
		(void)httpd_retry(r->httpd);
}

static inline void
wish(struct running *r, uint64_t what)
{
	ck_assert_int_eq(write(r->wish, &what, sizeof(what)), sizeof(what));
}

static inline void *
run(void *arg)
{
	struct running *r = arg;

	loop_run(r->loop);
	return NULL;
}

static inline uint16_t
open_door(struct running *r, struct tls *tls, unsigned door)
{
	struct addr at = addr_v4((const uint8_t[4]){ 127, 0, 0, 1 }, 0);
	int fd = sock_listen(&at, NULL);

	ck_assert(sock_local(fd, &at));
	ck_assert(httpd_add_listener(r->httpd, fd, tls, door));
	return at.port;
}

static inline void
start_with(struct running *r, const struct httpd_limits *limits)
{
	struct bt_error err;

	*r = (struct running){ .loop = loop_new(), .wish = eventfd(0, EFD_NONBLOCK) };
	(void)snprintf(r->cert, sizeof(r->cert), "/tmp/test_httpd.%d.crt", (int)getpid());
	(void)snprintf(r->key, sizeof(r->key), "/tmp/test_httpd.%d.key", (int)getpid());
	certificate_write(r->cert, r->key, 1);
	r->tls = tls_new(r->cert, r->key, &err);
	ck_assert_msg(r->tls != NULL, "%s", err.text);
	r->httpd = httpd_new(r->loop, limits, &ops, r);
	r->shared = httpd_shared_new(LARGE);
	memset(buf_add_space(&r->shared->bytes, LARGE), 'x', LARGE);
	r->port = open_door(r, NULL, 7);
	r->tls_port = open_door(r, r->tls, 8);
	ck_assert(loop_fd_init(&r->wish_watch, r->loop, r->wish, on_wish, r));
	loop_fd_want(&r->wish_watch, LOOP_READ);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, run, r), 0);
}

static inline void
start(struct running *r)
{
	start_with(r, &(struct httpd_limits){ .max_connections = 20, .timeout = 5 * SECOND,
	    .reply_time = MINUTE, .max_reply = 1 << 20, .max_memory = 64 << 20 });
}

static inline void
stop(struct running *r)
{
	wish(r, 0x100);
	ck_assert_int_eq(pthread_join(r->thread, NULL), 0);
	loop_fd_fini(&r->wish_watch);
	httpd_free(r->httpd);
	tls_free(r->tls);
	ck_assert_uint_eq(r->shared->refs, 1);
	httpd_shared_drop(r->shared);
	loop_free(r->loop);
	(void)close(r->wish);
	(void)unlink(r->cert);
	(void)unlink(r->key);
}

/* It reads so little ahead that what is not read waits at the server. */
static inline int
dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { 10, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), little = 32768;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* All that comes until the server closes. The second part is sent a little later. */
static inline void
ask_in_parts(uint16_t port, struct bt_slice first, struct bt_slice second, struct buf *out)
{
	int fd = dial(port);
	uint8_t part[65536];
	ssize_t n;

	buf_init(out, 16u << 20);
	ck_assert_int_eq(send(fd, first.ptr, first.len, MSG_NOSIGNAL), (ssize_t)first.len);
	if (second.len > 0) {
		(void)usleep(50000);
		ck_assert_int_eq(send(fd, second.ptr, second.len, MSG_NOSIGNAL),
		    (ssize_t)second.len);
	}
	while ((n = recv(fd, part, sizeof(part), 0)) > 0)
		buf_add(out, part, (size_t)n);
	ck_assert_int_eq(n, 0);
	(void)close(fd);
}

static inline void
ask(uint16_t port, const char *text, struct buf *out)
{
	ask_in_parts(port, slice_str(text), SLICE_NONE, out);
}

static inline unsigned
count_of(const struct buf *b, const char *word)
{
	const uint8_t *p = b->ptr, *end = b->ptr + b->len;
	unsigned n = 0;

	for (; b->len > 0 && (p = memmem(p, (size_t)(end - p), word, strlen(word))) != NULL; p++)
		n++;
	return n;
}

#endif
