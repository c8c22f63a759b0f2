/* SPDX-License-Identifier: ISC */
#include "net/httpd.h"

#include <openssl/ssl.h>
#include <zlib.h>

#include "net/gzip.h"
#include "httpd_rig.h"

Suite *httpd_suite(void);

START_TEST(requests_are_put_off)
{
	static const char two[] = "GET /later HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n";
	struct running r;
	struct buf got;
	int fd;
	char text[512];
	ssize_t n;

	start(&r);
	fd = dial(r.port);
	ck_assert_int_eq(send(fd, two, strlen(two), 0), (ssize_t)strlen(two));
	for (int i = 0; i < 200 && atomic_load(&r.tries) == 0; i++)
		(void)usleep(10000);
	ck_assert_uint_eq(atomic_load(&r.tries), 1);
	wish(&r, 1);
	/* Others are served meanwhile. */
	ask(r.port, "GET / HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "door 7, 192.0.2.1"), 1);
	buf_fini(&got);
	ck_assert_int_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	wish(&r, 1);
	for (size_t have = 0; have < sizeof(text) - 1; have += (size_t)n) {
		n = recv(fd, text + have, sizeof(text) - 1 - have, 0);
		ck_assert_int_gt(n, 0);
		text[have + (size_t)n] = '\0';
		if (strstr(text, "door 7") != NULL)
			break;
	}
	ck_assert_ptr_nonnull(strstr(text, "at last"));
	/* One that waits when all ends. */
	atomic_store(&r.tries, 0);
	ck_assert_int_eq(send(fd, "GET /later HTTP/1.1\r\n\r\n", 23, 0), 23);
	(void)usleep(50000);
	stop(&r);
	(void)close(fd);
}
END_TEST

START_TEST(bodies_of_requests)
{
	struct running r;
	struct buf got;

	start(&r);
	ask(r.port, "GET /1 HTTP/1.1\r\nContent-Length: 22\r\n\r\nGET /no HTTP/1.1\r\n\r\n\r\n"
	    "HEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.0\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "HTTP/1.1 200 OK"), 3);
	ck_assert_uint_eq(count_of(&got, "door 7"), 2);
	buf_fini(&got);
	ask(r.port, "GET /1 HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "Connection: close"), 1);
	buf_fini(&got);
	ask(r.port, "GET /1 HTTP/1.1\r\nContent-Length: 500000\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "HTTP/1.1 413 "), 1);
	buf_fini(&got);
	stop(&r);
}
END_TEST

START_TEST(shared_bodies)
{
	struct running r;
	struct buf got;

	start(&r);
	ask(r.port, "GET /shared HTTP/1.1\r\n\r\nHEAD /shared HTTP/1.1\r\n\r\n"
	    "GET /shared HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "HTTP/1.1 200 OK"), 4);
	ck_assert_uint_gt(got.len, 2 * LARGE);
	ck_assert_uint_eq(count_of(&got, "door 7"), 1);
	buf_fini(&got);
	stop(&r);
}
END_TEST

#define STUCK 8u
#define REQUESTS 3000u

START_TEST(unread_replies_are_limited)
{
	static const char request[] = "GET /0123456789 HTTP/1.1\r\n\r\n";
	const struct httpd_limits limits = { .max_connections = 20, .timeout = MINUTE,
	    .max_reply = 1 << 20, .max_memory = 1 << 20 };
	struct running r;
	struct buf requests, got[STUCK];
	int fd[STUCK];
	uint8_t part[65536];
	ssize_t n;

	start_with(&r, &limits);
	buf_init(&requests, 1 << 20);
	for (unsigned i = 0; i < REQUESTS; i++)
		buf_add_str(&requests, i < REQUESTS - 1 ? request : "GET / HTTP/1.0\r\n\r\n");
	for (unsigned i = 0; i < STUCK; i++) {
		fd[i] = dial(r.port);
		n = send(fd[i], requests.ptr, requests.len, MSG_NOSIGNAL);
		ck_assert_int_eq(n, (ssize_t)requests.len);
		ck_assert_int_eq(recv(fd[i], part, 1, MSG_PEEK), 1);
	}
	/* Who came last is served, who waited longest was cut. */
	for (unsigned i = STUCK; i-- > 0;) {
		buf_init(&got[i], 4 << 20);
		while ((n = recv(fd[i], part, sizeof(part), 0)) > 0)
			buf_add(&got[i], part, (size_t)n);
		(void)close(fd[i]);
	}
	ck_assert_uint_eq(count_of(&got[STUCK - 1], "HTTP/1.1 200"), REQUESTS);
	ck_assert_uint_lt(count_of(&got[0], "HTTP/1.1 200"), REQUESTS);
	for (unsigned i = 0; i < STUCK; i++)
		buf_fini(&got[i]);
	buf_fini(&requests);
	stop(&r);
}
END_TEST

START_TEST(shared_bodies_have_their_time)
{
	static const char request[] = "GET /shared HTTP/1.1\r\n\r\n";
	const struct httpd_limits limits = { .max_connections = 20, .timeout = SECOND,
	    .reply_time = SECOND, .max_reply = 1 << 20, .max_memory = 64 << 20 };
	struct running r;
	uint8_t part[65536];
	size_t got = 0;
	ssize_t n;
	int fd;

	start_with(&r, &limits);
	fd = dial(r.port);
	ck_assert_int_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	/* Always fast enough for the timeout. */
	while ((n = recv(fd, part, sizeof(part), 0)) > 0) {
		got += (size_t)n;
		(void)usleep((unsigned)n * 3);
	}
	ck_assert_uint_lt(got, LARGE);
	(void)close(fd);
	stop(&r);
}
END_TEST

START_TEST(gzip_where_asked)
{
	static const struct { const char *value; bool wanted; } cases[] = {
		{ "gzip", true }, { "deflate, GZIP;q=0.5", true }, { "gzip;q=0", false },
		{ "gzip; q=0.000", false }, { "br", false }, { "", false }, { "*", false },
		{ " x-gzip ", true }, { ",,;,", false }, { "gzip;q=1", true },
	};
	uint8_t plain[65536];
	struct running r;
	struct buf got;
	const char *body;
	z_stream z = { 0 };

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_msg(gzip_wanted(slice_str(cases[i].value)) == cases[i].wanted, "%s",
		    cases[i].value);
	start(&r);
	ask(r.port, "GET /pages HTTP/1.0\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "many like this "), 1000);
	ck_assert_uint_eq(count_of(&got, "Vary: Accept-Encoding"), 1);
	buf_fini(&got);
	ask(r.port, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "Content-Encoding"), 0);
	buf_fini(&got);
	ask(r.port, "GET /pages HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "Content-Encoding: gzip\r\n"), 1);
	body = memmem(got.ptr, got.len, "\r\n\r\n", 4);
	z.next_in = (Bytef *)(uintptr_t)(body + 4);
	z.avail_in = (uInt)((const char *)got.ptr + got.len - body - 4);
	z.next_out = plain;
	z.avail_out = sizeof(plain);
	ck_assert_int_eq(inflateInit2(&z, 31), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(z.total_out, 15000);
	ck_assert_uint_lt(got.len, 1000);
	(void)inflateEnd(&z);
	buf_fini(&got);
	stop(&r);
}
END_TEST

/* -- proxies -- */

#define LINE "PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"
#define FROM "GET /from HTTP/1.0\r\n\r\n"
#define BINARY(rest) "\r\n\r\n\0\r\nQUIT\n" rest
#define SLICE(literal) slice_of(literal, sizeof(literal) - 1)

/* In one piece, and in two. */
static void
check_from(const struct running *r, struct bt_slice text, const char *want)
{
	const size_t cuts[] = { text.len, 3, 14 };
	struct buf got;

	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		ask_in_parts(r->port, slice_of(text.ptr, cuts[i]), slice_skip(text, cuts[i]),
		    &got);
		ck_assert_msg(count_of(&got, want) == 1, "%s, cut %zu: %.*s", want, cuts[i],
		    (int)got.len, (const char *)got.ptr);
		buf_fini(&got);
	}
}

START_TEST(proxies_say_who_it_is)
{
	static const char v4[] = BINARY("\x21\x11\0\x0c" "\xc0\0\x02\x08" "\x0a\0\0\x01"
	    "\x04\xd2\0\x50") FROM;
	static const char local[] = BINARY("\x20\0\0\0") FROM;
	struct running r;
	struct buf got;

	start(&r);
	check_from(&r, SLICE(LINE FROM), "HTTP/1.1 400 ");
	check_from(&r, SLICE(v4), "HTTP/1.1 400 ");
	atomic_store(&r.proxied, true);
	check_from(&r, SLICE(LINE FROM), "from 192.0.2.7:1234.");
	check_from(&r, SLICE(v4), "from 192.0.2.8:1234.");
	check_from(&r, SLICE(local), "from 127.0.0.1:");
	check_from(&r, SLICE(FROM), "from 127.0.0.1:");
	check_from(&r, SLICE("PROXY UNKNOWN\r\n" FROM), "from 127.0.0.1:");
	/* What begins alike. */
	check_from(&r, SLICE("\r\n\r\n" FROM), "from 127.0.0.1:");
	check_from(&r, SLICE("PUT / HTTP/1.0\r\n\r\n"), "HTTP/1.1 405 ");
	check_from(&r, SLICE("PROXY TCP4 me\r\n" FROM), "HTTP/1.1 400 ");
	check_from(&r, SLICE(BINARY("\x20\0\xff\xff")), "HTTP/1.1 400 ");
	/* It holds for the connection, and may be said but once. */
	ask(r.port, LINE "GET /from HTTP/1.1\r\n\r\n" FROM, &got);
	ck_assert_uint_eq(count_of(&got, "from 192.0.2.7:1234."), 2);
	buf_fini(&got);
	ask(r.port, LINE LINE FROM, &got);
	ck_assert_uint_eq(count_of(&got, "HTTP/1.1 400 "), 1);
	buf_fini(&got);
	stop(&r);
}
END_TEST

/* -- TLS -- */

struct tls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

/* before: said in plain text. */
static bool
tls_dial_after(struct tls_client *c, uint16_t port, int max_version, const char *before)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	(void)SSL_CTX_set_max_proto_version(c->ctx, max_version);
	c->ssl = SSL_new(c->ctx);
	c->fd = dial(port);
	ck_assert_int_eq(send(c->fd, before, strlen(before), MSG_NOSIGNAL),
	    (ssize_t)strlen(before));
	(void)SSL_set_fd(c->ssl, c->fd);
	return SSL_connect(c->ssl) == 1;
}

static bool
tls_dial(struct tls_client *c, uint16_t port, int max_version)
{
	return tls_dial_after(c, port, max_version, "");
}

static long
tls_serial(const struct tls_client *c)
{
	X509 *cert = SSL_get1_peer_certificate(c->ssl);
	long serial = ASN1_INTEGER_get(X509_get0_serialNumber(cert));

	X509_free(cert);
	return serial;
}

static void
tls_ask(struct tls_client *c, const char *text, struct buf *out)
{
	uint8_t part[65536];
	int n;

	buf_init(out, 16u << 20);
	ck_assert_int_gt(SSL_write(c->ssl, text, (int)strlen(text)), 0);
	while ((n = SSL_read(c->ssl, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
	ck_assert_int_eq(SSL_get_error(c->ssl, n), SSL_ERROR_ZERO_RETURN);
}

static void
tls_hang_up(struct tls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

START_TEST(tls_serves)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct running r;
	struct tls_client c;
	struct buf got;

	start(&r);
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		ck_assert(tls_dial(&c, r.tls_port, versions[i]));
		tls_ask(&c, "GET /shared HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n", &got);
		ck_assert_uint_gt(got.len, LARGE);
		ck_assert_uint_eq(count_of(&got, "door 8"), 1);
		buf_fini(&got);
		tls_hang_up(&c);
	}
	ck_assert(!tls_dial(&c, r.tls_port, TLS1_1_VERSION));
	tls_hang_up(&c);
	/* Plain HTTP is no handshake; nor is silence, which is cut by the usual timeout. */
	ck_assert_int_eq(send(c.fd = dial(r.tls_port), "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
	for (char byte[64]; recv(c.fd, byte, sizeof(byte), 0) > 0;)
		;
	(void)close(c.fd);
	stop(&r);
}
END_TEST

START_TEST(proxies_say_it_before_tls)
{
	struct tls_client c;
	struct running r;
	struct buf got;

	start(&r);
	ck_assert(!tls_dial_after(&c, r.tls_port, 0, LINE));
	tls_hang_up(&c);
	atomic_store(&r.proxied, true);
	ck_assert(tls_dial_after(&c, r.tls_port, 0, LINE));
	tls_ask(&c, FROM, &got);
	ck_assert_uint_eq(count_of(&got, "from 192.0.2.7:1234."), 1);
	buf_fini(&got);
	tls_hang_up(&c);
	ck_assert(tls_dial(&c, r.tls_port, 0));
	tls_ask(&c, FROM, &got);
	ck_assert_uint_eq(count_of(&got, "from 127.0.0.1:"), 1);
	buf_fini(&got);
	tls_hang_up(&c);
	ck_assert(!tls_dial_after(&c, r.tls_port, 0, "PROXY TCP4\r\n"));
	tls_hang_up(&c);
	ck_assert(!tls_dial_after(&c, r.tls_port, 0, "\r\n"));
	tls_hang_up(&c);
	stop(&r);
}
END_TEST

START_TEST(tls_certificates_are_read_anew)
{
	struct running r;
	struct tls_client before, after;
	struct bt_error err;
	struct buf got;
	FILE *f;

	start(&r);
	ck_assert(tls_dial(&before, r.tls_port, 0));
	ck_assert_int_eq(tls_serial(&before), 1);
	certificate_write(r.cert, r.key, 2);
	ck_assert_int_eq(tls_reload(r.tls, &err), BT_OK);
	f = fopen(r.cert, "w");
	(void)fputs("no certificate\n", f);
	(void)fclose(f);
	ck_assert_int_ne(tls_reload(r.tls, &err), BT_OK);
	ck_assert_ptr_nonnull(strstr(err.text, r.cert));
	ck_assert(tls_dial(&after, r.tls_port, 0));
	ck_assert_int_eq(tls_serial(&after), 2);
	tls_ask(&before, "GET / HTTP/1.0\r\n\r\n", &got);
	ck_assert_uint_eq(count_of(&got, "door 8"), 1);
	buf_fini(&got);
	tls_hang_up(&before);
	tls_hang_up(&after);
	(void)unlink(r.key);
	ck_assert_ptr_null(tls_new("/nonexistent.crt", r.key, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent.crt: No such file"));
	stop(&r);
}
END_TEST

Suite *
httpd_suite(void)
{
	Suite *s = suite_create("net/httpd");
	TCase *t = tcase_create("httpd");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, requests_are_put_off);
	tcase_add_test(t, bodies_of_requests);
	tcase_add_test(t, shared_bodies);
	tcase_add_test(t, unread_replies_are_limited);
	tcase_add_test(t, shared_bodies_have_their_time);
	tcase_add_test(t, gzip_where_asked);
	tcase_add_test(t, proxies_say_who_it_is);
	tcase_add_test(t, tls_serves);
	tcase_add_test(t, proxies_say_it_before_tls);
	tcase_add_test(t, tls_certificates_are_read_anew);
	suite_add_tcase(s, t);
	return s;
}
