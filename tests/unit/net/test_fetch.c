/* SPDX-License-Identifier: ISC */
#include "net/fetch.h"

#include "certificate.h"
#include "folder.h"
#include "http_server.h"
#include "net/httpd.h"
#include "net/sock.h"
#include "net/tls.h"

Suite *fetch_suite(void);

#define BIG (100u << 20)

static void
send_gzip_bomb(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Connection: close\r\n\r\n";
	FILE *f = popen("head -c 50000000 /dev/zero | gzip -1", "r");
	char part[4096];
	size_t n;

	http_send_text(fd, head);
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		http_send(fd, part, n);
	if (f != NULL)
		(void)pclose(f);
}

static void
send_big(struct http_server *s, int fd, const char *head)
{
	static const char zeros[65536];

	http_send_text(fd, head);
	for (size_t sent = 0; sent < BIG && !atomic_load(&s->stopping); sent += sizeof(zeros)) {
		char byte;

		if (strstr(head, "chunked") != NULL)
			http_send_text(fd, "10000\r\n");
		http_send(fd, zeros, sizeof(zeros));
		if (strstr(head, "chunked") != NULL)
			http_send_text(fd, "\r\n");
		if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0)
			return;
	}
}

static void
send_peer(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char ip[64] = "", text[256];

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0)
		(void)inet_ntop(ss.ss_family, ss.ss_family == AF_INET ?
		    (void *)&((struct sockaddr_in *)&ss)->sin_addr :
		    (void *)&((struct sockaddr_in6 *)&ss)->sin6_addr, ip, sizeof(ip));
	(void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(ip), ip);
	http_send_text(fd, text);
}

static void
serve(struct http_server *s, int fd, const char *target, const char *head)
{
	if (strncmp(target, "/ok", 3) == 0)
		http_send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	else if (strcmp(target, "/chunked") == 0)
		http_send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
	else if (strcmp(target, "/old") == 0)
		http_send_text(fd, "HTTP/1.0 200 OK\r\n\r\nhello");
	else if (strcmp(target, "/missing") == 0)
		http_send_text(fd, "HTTP/1.1 404 Gone fishing\r\nContent-Length: 4\r\n\r\nnope");
	else if (strcmp(target, "/garbage") == 0)
		http_send_text(fd, "\x01\x02\xff no HTTP at all \r\n\r\n");
	else if (strcmp(target, "/bad-chunks") == 0)
		http_send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "zz\r\nhello");
	else if (strcmp(target, "/cut") == 0)
		http_send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
	else if (strcmp(target, "/loop?passkey=0123456789abcdef") == 0)
		http_send_text(fd, "HTTP/1.1 302 Found\r\n"
		    "Location: /loop?passkey=0123456789abcdef\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(target, "/once") == 0)
		http_send_text(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
		    "Content-Length: 0\r\n\r\n");
	else if (strcmp(target, "/to-file") == 0)
		http_send_text(fd, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
		    "Content-Length: 0\r\n\r\n");
	else if (strcmp(target, "/hang") == 0)
		http_hang(s, fd);
	else if (strcmp(target, "/big") == 0)
		send_big(s, fd, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
	else if (strcmp(target, "/big-chunked") == 0)
		send_big(s, fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	else if (strcmp(target, "/bomb") == 0)
		send_gzip_bomb(fd);
	else if (strcmp(target, "/peer") == 0)
		send_peer(fd);
	else if (strcmp(target, "/agent") == 0)
		http_send_text(fd, strstr(head, "User-Agent: btcore/test\r\n") != NULL ?
		    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes" :
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
}

/* Answers all that is asked over one connection. */
static void
serve_on(struct http_server *s, int fd, const char *target, const char *head)
{
	char more[4096];
	ssize_t n;

	(void)target;
	(void)head;
	do {
		http_send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
		do {
			n = recv(fd, more, sizeof(more), MSG_DONTWAIT);
			if (n < 0)
				(void)usleep(1000);
		} while (n < 0 && !atomic_load(&s->stopping));
	} while (n > 0);
}

struct client {
	struct net_way way;
	struct loop *loop;
	struct fetch *fetch;
	struct http_server server;
	unsigned answers, wanted;
	enum bt_code code;
	unsigned status;
	char body[64];
	size_t body_len;
	char text[300];
};

static void
on_reply(void *arg, uint64_t id, const struct fetch_reply *r)
{
	struct client *c = arg;

	ck_assert_uint_ne(id, 0);
	c->code = r->code;
	c->status = r->status;
	c->body_len = r->body.len;
	(void)snprintf(c->body, sizeof(c->body), "%.*s", (int)r->body.len,
	    r->body.len > 0 ? (const char *)r->body.ptr : "");
	(void)snprintf(c->text, sizeof(c->text), "%s", r->text);
	fetch_cancel(c->fetch, id);
	if (++c->answers == c->wanted)
		loop_stop(c->loop);
}

/* False: the machine lacks the family. */
static bool
client_init_bound(struct client *c, int family, const char *bind)
{
	const struct way_wish wish = { .bind = bind, .ipv6 = true };

	memset(c, 0, sizeof(*c));
	ck_assert_int_eq(way_init(&c->way, &wish, NULL), BT_OK);
	if (!http_server_start(&c->server, family, serve))
		return false;
	c->loop = loop_new();
	c->fetch = fetch_new(c->loop, &c->way);
	ck_assert_ptr_nonnull(c->fetch);
	return true;
}

static bool
client_init(struct client *c, int family)
{
	return client_init_bound(c, family, "");
}

static void
client_fini(struct client *c)
{
	fetch_free(c->fetch);
	loop_free(c->loop);
	http_server_stop(&c->server);
}

static void
get(struct client *c, struct fetch_req *req, const char *path)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", c->server.port, path);
	if (req->url == NULL)
		req->url = url;
	if (req->timeout == 0)
		req->timeout = 20 * SECOND;
	c->answers = 0;
	c->wanted = 1;
	ck_assert_uint_ne(fetch_start(c->fetch, req, on_reply, c), 0);
	ck_assert_uint_eq(c->answers, 0);
	loop_run(c->loop);
	req->url = NULL;
	ck_assert_ptr_null(strchr(c->text, '\n'));
	ck_assert_ptr_null(strstr(c->text, "0123456789abcdef"));
}

START_TEST(plain_answers)
{
	static const char *const paths[] = { "/ok", "/chunked", "/old", "/once" };
	struct client c;
	struct fetch_req req = { .user_agent = "btcore/test" };

	ck_assert(client_init(&c, AF_INET));
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		get(&c, &req, paths[i]);
		ck_assert_int_eq(c.code, BT_OK);
		ck_assert_uint_eq(c.status, 200);
		ck_assert_str_eq(c.body, "hello");
		ck_assert_str_eq(c.text, "");
	}
	get(&c, &req, "/agent");
	ck_assert_str_eq(c.body, "yes");
	get(&c, &req, "/missing");
	ck_assert_int_eq(c.code, BT_OK);
	ck_assert_uint_eq(c.status, 404);
	ck_assert_str_eq(c.body, "nope");
	ck_assert_str_eq(c.text, "HTTP status 404");
	client_fini(&c);
}
END_TEST

START_TEST(bad_answers)
{
	static const struct {
		const char *path;
		enum bt_code code;
		const char *text;	/* part of it */
	} cases[] = {
		{ "/garbage", BT_EPROTO, "not HTTP" },
		{ "/bad-chunks", BT_EPROTO, "" },
		{ "/cut", BT_EPROTO, "" },
		{ "/loop?passkey=0123456789abcdef", BT_EPROTO, "more than 5 redirects" },
		{ "/to-file", BT_EPROTO, "neither http nor https" },
		{ "/nothing", BT_EPROTO, "" },
	};
	struct client c;
	struct fetch_req req = { 0 };

	ck_assert(client_init(&c, AF_INET));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		get(&c, &req, cases[i].path);
		ck_assert_msg(c.code == cases[i].code, "%s: %d: %s", cases[i].path, c.code, c.text);
		ck_assert_msg(strstr(c.text, cases[i].text) != NULL && c.text[0] != '\0', "%s: %s",
		    cases[i].path, c.text);
		ck_assert_uint_eq(c.body_len, 0);
	}
	client_fini(&c);
}
END_TEST

START_TEST(limits)
{
	static const char *const paths[] = { "/big", "/big-chunked", "/bomb", "/ok" };
	struct client c;
	struct fetch_req req = { 0 };

	ck_assert(client_init(&c, AF_INET));
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		req.max_bytes = strcmp(paths[i], "/ok") == 0 ? 4 : 1 << 20;
		get(&c, &req, paths[i]);
		ck_assert_msg(c.code == BT_ELIMIT, "%s: %d: %s", paths[i], c.code, c.text);
		ck_assert_ptr_nonnull(strstr(c.text, "larger than"));
	}
	req.max_bytes = 5;
	get(&c, &req, "/ok");
	ck_assert_int_eq(c.code, BT_OK);
	client_fini(&c);
}
END_TEST

START_TEST(no_answer)
{
	struct client c;
	struct fetch_req req = { .timeout = 150 * MSEC };

	ck_assert(client_init(&c, AF_INET));
	get(&c, &req, "/hang");
	ck_assert_int_eq(c.code, BT_ETIMEOUT);
	ck_assert_str_eq(c.text, "no full answer in 0.15 s");
	client_fini(&c);
}
END_TEST

START_TEST(unreachable)
{
	struct client c;
	struct fetch_req req = { 0 };
	uint16_t port;
	struct http_server closed;
	char url[128];

	ck_assert(client_init(&c, AF_INET));
	ck_assert(http_server_start(&closed, AF_INET, serve));
	port = closed.port;
	http_server_stop(&closed);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/0123456789abcdef/announce", port);
	req.url = url;
	get(&c, &req, "");
	ck_assert_int_eq(c.code, BT_EUNREACH);
	req.url = "http://no-such-host.invalid/0123456789abcdef/announce";
	get(&c, &req, "");
	ck_assert_int_eq(c.code, BT_EUNREACH);
	ck_assert_ptr_nonnull(strstr(c.text, "no-such-host.invalid"));
	req.url = "file:///etc/passwd";
	get(&c, &req, "");
	ck_assert_int_eq(c.code, BT_EPROTO);
	req.family = ADDR_V6;
	get(&c, &req, "/ok");
	ck_assert_int_ne(c.code, BT_OK);
	client_fini(&c);
}
END_TEST

START_TEST(bound)
{
	struct client c;
	struct fetch_req req = { .family = ADDR_NONE };

	ck_assert(client_init_bound(&c, AF_INET, "127.0.0.5"));
	get(&c, &req, "/peer");
	ck_assert_str_eq(c.body, "127.0.0.5");
	client_fini(&c);
	/* An address that is not ours. */
	ck_assert(client_init_bound(&c, AF_INET, "192.0.2.77"));
	get(&c, &req, "/peer");
	ck_assert_int_eq(c.code, BT_EUNREACH);
	ck_assert_str_eq(c.text, "cannot connect: Cannot assign requested address");
	client_fini(&c);
	/* A family that is not to be used, not even when the URL asks for it. */
	ck_assert(client_init_bound(&c, AF_INET, "::1"));
	get(&c, &req, "/peer");
	ck_assert_int_eq(c.code, BT_EUNREACH);
	client_fini(&c);
}
END_TEST

START_TEST(over_v6)
{
	struct client c;
	struct fetch_req req = { .family = ADDR_NONE };
	char url[64];

	if (!client_init_bound(&c, AF_INET6, "127.0.0.1,::1")) {
		(void)printf("SKIPPED: no IPv6 here\n");
		return;
	}
	(void)snprintf(url, sizeof(url), "http://[::1]:%u/peer", c.server.port);
	req.url = url;
	get(&c, &req, "");
	ck_assert_str_eq(c.body, "::1");
	(void)snprintf(url, sizeof(url), "http://localhost:%u/peer", c.server.port);
	req = (struct fetch_req){ .url = url, .family = ADDR_V6 };
	get(&c, &req, "");
	if (c.code == BT_OK)
		ck_assert_str_eq(c.body, "::1");
	client_fini(&c);
}
END_TEST

static void
not_asked(void *arg, const struct httpd_request *rq, struct httpd_reply *re)
{
	(void)arg;
	(void)rq;
	(void)re;
	ck_abort_msg("asked over a connection that is not safe");
}

/* A certificate that nobody vouches for. */
START_TEST(unsafe_tls)
{
	const struct httpd_limits few = { .max_connections = 5, .timeout = 20 * SECOND,
	    .max_reply = 1000 };
	const struct httpd_ops ops = { .on_request = not_asked };
	struct addr at = addr_v4((const uint8_t[4]){ 127, 0, 0, 1 }, 0);
	struct client c;
	struct httpd *httpd;
	struct tls *tls;
	struct fetch_req req = { 0 };
	char url[64];
	int fd = sock_listen(&at, NULL);

	ck_assert(client_init(&c, AF_INET));
	make_folder();
	certificate_write("cert", "key", 1);
	tls = tls_new("cert", "key", NULL);
	httpd = httpd_new(c.loop, &few, &ops, NULL);
	ck_assert(sock_local(fd, &at) && httpd_add_listener(httpd, fd, tls, 0));
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", at.port);
	req.url = url;
	get(&c, &req, "");
	ck_assert_int_ne(c.code, BT_OK);
	ck_assert_msg(strstr(c.text, "no safe connection") != NULL, "%s", c.text);
	httpd_free(httpd);
	tls_free(tls);
	drop_folder();
	client_fini(&c);
}
END_TEST

static void
never(void *arg, uint64_t id, const struct fetch_reply *r)
{
	(void)arg;
	(void)id;
	(void)r;
	ck_abort_msg("answered though cancelled");
}

/* More than may run at once; some cancelled before they began, some while under way. */
START_TEST(many_and_cancel)
{
	struct client c;
	struct fetch_req req = { .timeout = 20 * SECOND };
	char ok[64], hang[64];
	uint64_t hanging[8];

	ck_assert(client_init(&c, AF_INET));
	(void)snprintf(ok, sizeof(ok), "http://127.0.0.1:%u/ok", c.server.port);
	(void)snprintf(hang, sizeof(hang), "http://127.0.0.1:%u/hang", c.server.port);
	c.wanted = 2 * FETCH_RUNNING_MAX;
	for (size_t i = 0; i < COUNT_OF(hanging); i++) {
		req.url = hang;
		hanging[i] = fetch_start(c.fetch, &req, never, NULL);
	}
	for (unsigned i = 0; i < c.wanted; i++) {
		req.url = ok;
		ck_assert_uint_ne(fetch_start(c.fetch, &req, on_reply, &c), 0);
	}
	fetch_cancel(c.fetch, fetch_start(c.fetch, &req, never, NULL));
	fetch_cancel(c.fetch, hanging[0]);
	loop_run(c.loop);
	ck_assert_uint_eq(c.answers, c.wanted);
	ck_assert_str_eq(c.body, "hello");
	for (size_t i = 0; i < 4; i++)
		fetch_cancel(c.fetch, hanging[i]);
	client_fini(&c);
	fetch_free(NULL);
}
END_TEST

/* Waiting counts, be it for a connection to that host or for one of the places of all. */
START_TEST(waiting_counts)
{
	struct client c;
	struct fetch_req hang = { .timeout = 20 * SECOND }, late = { .timeout = 200 * MSEC };
	char url[64], other_url[64];
	struct http_server other;

	ck_assert(client_init(&c, AF_INET));
	ck_assert(http_server_start(&other, AF_INET, serve));
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/hang", c.server.port);
	(void)snprintf(other_url, sizeof(other_url), "http://127.0.0.1:%u/ok", other.port);
	hang.url = url;
	for (unsigned i = 0; i < FETCH_HOST_MAX; i++)
		ck_assert_uint_ne(fetch_start(c.fetch, &hang, never, NULL), 0);
	get(&c, &late, "/ok");
	ck_assert_int_eq(c.code, BT_ETIMEOUT);
	ck_assert_str_eq(c.text, "no full answer in 0.2 s");
	late.url = other_url;
	get(&c, &late, "");
	ck_assert_int_eq(c.code, BT_OK);
	for (unsigned i = FETCH_HOST_MAX; i < FETCH_RUNNING_MAX; i++)
		ck_assert_uint_ne(fetch_start(c.fetch, &hang, never, NULL), 0);
	late.url = other_url;
	get(&c, &late, "");
	ck_assert_int_eq(c.code, BT_ETIMEOUT);
	ck_assert_uint_eq(atomic_load(&other.requests), 1);
	http_server_stop(&other);
	client_fini(&c);
}
END_TEST

START_TEST(connections_are_used_again)
{
	struct client c;
	struct fetch_req req = { .timeout = 20 * SECOND };
	char url[64];

	ck_assert(client_init(&c, AF_INET));
	c.server.handler = serve_on;
	for (unsigned i = 0; i < 20; i++) {
		get(&c, &req, "/");
		ck_assert_str_eq(c.body, "hello");
	}
	ck_assert_uint_eq(atomic_load(&c.server.requests), 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", c.server.port);
	req.url = url;
	c.answers = 0;
	c.wanted = 2 * FETCH_RUNNING_MAX;
	for (unsigned i = 0; i < c.wanted; i++)
		ck_assert_uint_ne(fetch_start(c.fetch, &req, on_reply, &c), 0);
	loop_run(c.loop);
	ck_assert_uint_eq(c.answers, c.wanted);
	ck_assert_uint_le(atomic_load(&c.server.requests), FETCH_HOST_MAX);
	client_fini(&c);
}
END_TEST

Suite *
fetch_suite(void)
{
	Suite *s = suite_create("net/fetch");
	TCase *c = tcase_create("net/fetch");

	/* A proxy of the machine's owner is not to see the tests. */
	(void)setenv("no_proxy", "*", 1);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, plain_answers);
	tcase_add_test(c, bad_answers);
	tcase_add_test(c, limits);
	tcase_add_test(c, no_answer);
	tcase_add_test(c, unreachable);
	tcase_add_test(c, bound);
	tcase_add_test(c, over_v6);
	tcase_add_test(c, unsafe_tls);
	tcase_add_test(c, many_and_cancel);
	tcase_add_test(c, waiting_counts);
	tcase_add_test(c, connections_are_used_again);
	suite_add_tcase(s, c);
	return s;
}
