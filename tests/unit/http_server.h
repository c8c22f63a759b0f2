/* SPDX-License-Identifier: ISC */
/* A web server for tests: each connection has a thread that reads one request head. */
#ifndef UNIT_HTTP_SERVER_H
#define UNIT_HTTP_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"

#define HTTP_SERVER_THREADS 256

struct http_server;

/* target is what stands behind GET, head the whole request head. The descriptor is closed after. */
typedef void (*http_handler)(struct http_server *s, int fd, const char *target, const char *head);

struct http_server {
	int fd;
	uint16_t port;
	http_handler handler;
	atomic_bool stopping;
	atomic_uint requests;
	pthread_t acceptor;
	pthread_t threads[HTTP_SERVER_THREADS];
	unsigned count;
};

struct http_connection {
	struct http_server *server;
	int fd;
};

static inline void
http_send(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static inline void
http_send_text(int fd, const char *text)
{
	http_send(fd, text, strlen(text));
}

/* Until the client goes away or the server is stopped. */
static inline void
http_hang(struct http_server *s, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	while (!atomic_load(&s->stopping)) {
		if (poll(&p, 1, 20) > 0 && recv(fd, &byte, 1, 0) <= 0)
			return;
	}
}

static inline void *
http_connection_run(void *arg)
{
	struct http_connection c = *(struct http_connection *)arg;
	char head[16384], target[8192] = "";
	size_t len = 0;
	ssize_t n;

	free(arg);
	head[0] = '\0';
	while (len < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL) {
		n = recv(c.fd, head + len, sizeof(head) - 1 - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		head[len] = '\0';
	}
	if (sscanf(head, "GET %8191s", target) == 1) {
		atomic_fetch_add(&c.server->requests, 1);
		c.server->handler(c.server, c.fd, target, head);
	}
	(void)close(c.fd);
	return NULL;
}

static inline void *
http_server_run(void *arg)
{
	struct http_server *s = arg;
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	while (!atomic_load(&s->stopping)) {
		struct http_connection *c;

		if (poll(&p, 1, 20) <= 0)
			continue;
		c = malloc(sizeof(*c));
		*c = (struct http_connection){ s, accept(s->fd, NULL, NULL) };
		if (c->fd < 0 || s->count == HTTP_SERVER_THREADS) {
			if (c->fd >= 0)
				(void)close(c->fd);
			free(c);
			continue;
		}
		ck_assert_int_eq(pthread_create(&s->threads[s->count], NULL, http_connection_run,
		    c), 0);
		s->count++;
	}
	return NULL;
}

/* False: this machine has no such address (IPv6 switched off). */
static inline bool
http_server_start(struct http_server *s, int family, http_handler handler)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in) : sizeof(in6);

	memset(s, 0, sizeof(*s));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->handler = handler;
	s->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, sa, len) != 0) {
		if (s->fd >= 0)
			(void)close(s->fd);
		return false;
	}
	ck_assert_int_eq(listen(s->fd, 64), 0);
	ck_assert_int_eq(getsockname(s->fd, sa, &len), 0);
	s->port = ntohs(family == AF_INET ? in.sin_port : in6.sin6_port);
	ck_assert_int_eq(pthread_create(&s->acceptor, NULL, http_server_run, s), 0);
	return true;
}

static inline void
http_server_stop(struct http_server *s)
{
	atomic_store(&s->stopping, true);
	(void)pthread_join(s->acceptor, NULL);
	for (unsigned i = 0; i < s->count; i++)
		(void)pthread_join(s->threads[i], NULL);
	(void)close(s->fd);
}

#endif
