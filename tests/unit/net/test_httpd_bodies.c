/* SPDX-License-Identifier: ISC */
/* Bodies of requests where the server's owner wants them, and requests by a Unix socket. */
#include <sys/stat.h>
#include <sys/un.h>

#include "httpd_rig.h"

Suite *httpd_bodies_suite(void);

#define BODY_MAX (1u << 20)
#define CHUNKED "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LAST "GET /echo HTTP/1.0\r\n\r\n"

static void
start_for_bodies(struct running *r, usec timeout, size_t max_memory)
{
	start_with(r, &(struct httpd_limits){ .max_connections = 20, .timeout = timeout,
	    .reply_time = MINUTE, .max_reply = 2 * BODY_MAX, .max_body = BODY_MAX,
	    .max_memory = max_memory });
}

/* Cut anywhere, it is understood alike. */
static void
check(const struct running *r, const char *text, const char *const *want)
{
	size_t len = strlen(text);

	for (size_t cut = len; cut > 0; cut = cut > 9 ? cut - 9 : 0) {
		struct buf got;
		const uint8_t *at;

		ask_in_parts(r->port, slice_of(text, cut), slice_of(text + cut, len - cut), &got);
		at = got.ptr;
		for (const char *const *w = want; *w != NULL; w++) {
			size_t left = got.len - (size_t)(at - got.ptr);

			at = memmem(at, left, *w, strlen(*w));
			ck_assert_msg(at != NULL, "%s, cut at %zu: no '%s' in %.*s", text, cut, *w,
			    (int)got.len, (const char *)got.ptr);
			at += strlen(*w);
		}
		ck_assert_uint_eq(count_of(&got, "HTTP/1.1 1"), 0);
		buf_fini(&got);
	}
}

START_TEST(bodies_are_handed_on)
{
	struct running r;

	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	check(&r, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" LAST,
	    (const char *const[]){ "POST 5: hello", "GET 0: ", NULL });
	check(&r, CHUNKED "3;x=\"y\"\r\nhel\r\n2\r\nlo\r\n00\r\nMore: of it\r\n\r\n" LAST,
	    (const char *const[]){ "POST 5: hello", "GET 0: ", NULL });
	check(&r, "PUT /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\n1\r\n",
	    (const char *const[]){ "Connection: close", "PUT 3: 1\r\n", NULL });
	check(&r, "DELETE /echo HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"
	    CHUNKED "0\r\n\r\nPOST /echo HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
	    (const char *const[]){ "DELETE 0: ", "GET 1: x", "POST 0: ", "POST 0: ", NULL });
	stop(&r);
}
END_TEST

START_TEST(bad_bodies_are_refused)
{
	static const struct { const char *text, *answer; } cases[] = {
		{ CHUNKED "x\r\n", "HTTP/1.1 400 " },
		{ CHUNKED "1\nx\r\n0\r\n\r\n", "HTTP/1.1 400 " },
		{ CHUNKED "1\r\nxy\r\n0\r\n\r\n", "HTTP/1.1 400 " },
		{ CHUNKED "fffffffffffffff\r\n", NULL },
		{ CHUNKED "10000000000000000\r\n", "HTTP/1.1 400 " },
		{ "POST /echo HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", "HTTP/1.1 413 " },
		{ "POST /echo HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\nx",
		  "HTTP/1.1 413 " },
		{ "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		  "HTTP/1.1 400 " },
		{ "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		  "HTTP/1.1 501 " },
	};
	struct running r;
	struct buf got;

	start_for_bodies(&r, SECOND, 64 << 20);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ask(r.port, cases[i].text, &got);
		if (cases[i].answer == NULL)
			ck_assert_uint_eq(got.len, 0);
		else
			ck_assert_msg(got.len > 0 && slice_starts(buf_slice(&got),
			    cases[i].answer), "%s", cases[i].text);
		ck_assert_uint_eq(count_of(&got, "POST"), 0);
		buf_fini(&got);
	}
	stop(&r);
}
END_TEST

static void
say(int fd, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
hear_all(int fd, struct buf *out)
{
	uint8_t part[65536];
	ssize_t n;

	buf_init(out, 16u << 20);
	while ((n = recv(fd, part, sizeof(part), 0)) > 0)
		buf_add(out, part, (size_t)n);
	(void)close(fd);
}

START_TEST(chunks_over_the_limit)
{
	static const char chunk[] = "10000\r\n";
	static uint8_t content[65536];
	struct running r;
	struct buf got;
	int fd;

	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	for (unsigned chunks = 16; chunks <= 17; chunks++) {
		fd = dial(r.port);
		say(fd, CHUNKED, strlen(CHUNKED));
		for (unsigned i = 0; i < chunks; i++) {
			say(fd, chunk, strlen(chunk));
			say(fd, content, sizeof(content));
			say(fd, "\r\n", 2);
		}
		say(fd, "0\r\n\r\n" LAST, strlen("0\r\n\r\n" LAST));
		hear_all(fd, &got);
		ck_assert_uint_eq(count_of(&got, "POST 1048576: "), chunks == 16);
		ck_assert_uint_eq(count_of(&got, "HTTP/1.1 413 "), chunks == 17);
		ck_assert_uint_eq(count_of(&got, "GET 0: "), chunks == 16);
		buf_fini(&got);
	}
	stop(&r);
}
END_TEST

START_TEST(waits_for_100_continue)
{
	static const char first[] = "GET /shared HTTP/1.1\r\n\r\n"
	    "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n";
	static const char too_large[] =
	    "POST /echo HTTP/1.1\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n";
	static const char old[] =
	    "POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
	struct running r;
	struct buf got;
	char text[65536];
	ssize_t n;
	int fd;

	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	fd = dial(r.port);
	say(fd, first, strlen(first));
	/* Behind the answer before it, which is long. */
	buf_init(&got, 16u << 20);
	do {
		n = recv(fd, text, sizeof(text), 0);
		ck_assert_int_gt(n, 0);
		buf_add(&got, text, (size_t)n);
	} while (count_of(&got, "HTTP/1.1 100 Continue\r\n\r\n") == 0);
	ck_assert_uint_gt(got.len, LARGE);
	buf_fini(&got);
	say(fd, "hello" LAST, strlen("hello" LAST));
	hear_all(fd, &got);
	ck_assert_uint_eq(count_of(&got, "POST 5: hello"), 1);
	ck_assert_uint_eq(count_of(&got, "GET 0: "), 1);
	ck_assert_uint_eq(count_of(&got, "100 Continue"), 0);
	buf_fini(&got);
	ask(r.port, too_large, &got);
	ck_assert(slice_starts(buf_slice(&got), "HTTP/1.1 413 "));
	buf_fini(&got);
	ask_in_parts(r.port, slice_str(old), slice_str("hello"), &got);
	ck_assert(slice_starts(buf_slice(&got), "HTTP/1.1 200 "));
	buf_fini(&got);
	stop(&r);
}
END_TEST

START_TEST(slow_bodies)
{
	static const char head[] = "POST /echo HTTP/1.1\r\nContent-Length: 262144\r\n\r\n";
	static uint8_t content[65536];
	struct running r;
	struct buf got;
	int fd;

	start_for_bodies(&r, 2 * SECOND, 64 << 20);
	/* Fast enough, though it takes longer than the timeout. */
	fd = dial(r.port);
	say(fd, head, strlen(head));
	for (unsigned i = 0; i < 4; i++) {
		(void)usleep(900000);
		say(fd, content, sizeof(content));
	}
	say(fd, LAST, strlen(LAST));
	hear_all(fd, &got);
	ck_assert_uint_eq(count_of(&got, "POST 262144: "), 1);
	ck_assert_uint_eq(count_of(&got, "GET 0: "), 1);
	buf_fini(&got);
	/* Always something, and never enough. */
	fd = dial(r.port);
	say(fd, head, strlen(head));
	for (unsigned i = 0; i < 100 && send(fd, "x", 1, MSG_NOSIGNAL) == 1; i++)
		(void)usleep(50000);
	hear_all(fd, &got);
	ck_assert_uint_eq(got.len, 0);
	stop(&r);
}
END_TEST

START_TEST(half_bodies_are_limited)
{
	static const char head[] = "POST /echo HTTP/1.1\r\nContent-Length: 600000\r\n\r\n";
	static uint8_t content[600000];
	struct running r;
	struct buf got;
	unsigned whole = 0;
	int fd[8];

	start_for_bodies(&r, MINUTE, 2 << 20);
	for (unsigned i = 0; i < COUNT_OF(fd); i++) {
		fd[i] = dial(r.port);
		say(fd[i], head, strlen(head));
		(void)send(fd[i], content, sizeof(content) - 1, MSG_NOSIGNAL);
	}
	/* There is room for one or two of them; the others are cut. */
	for (unsigned i = 0; i < COUNT_OF(fd); i++) {
		(void)send(fd[i], "x" LAST, strlen("x" LAST), MSG_NOSIGNAL);
		hear_all(fd[i], &got);
		whole += count_of(&got, "POST 600000: ");
		buf_fini(&got);
	}
	ck_assert_uint_ge(whole, 1);
	ck_assert_uint_lt(whole, COUNT_OF(fd));
	stop(&r);
}
END_TEST

START_TEST(requests_with_bodies_are_put_off)
{
	static const char two[] = "POST /echo?later HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
	    "POST /echo?later HTTP/1.0\r\nContent-Length: 3\r\n\r\nyou";
	uint8_t text[4096];
	struct running r;
	struct buf got;
	int fd;

	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	fd = dial(r.port);
	say(fd, two, strlen(two));
	buf_init(&got, 65536);
	for (unsigned i = 0; i < 500 && count_of(&got, "POST 3: you") == 0; i++) {
		ssize_t n;

		wish(&r, 1);
		(void)usleep(10000);
		n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
		buf_add(&got, text, n > 0 ? (size_t)n : 0);
	}
	ck_assert_uint_eq(count_of(&got, "POST 5: hello"), 1);
	ck_assert_uint_eq(count_of(&got, "POST 3: you"), 1);
	(void)close(fd);
	buf_fini(&got);
	/* One waits when all ends, another has a body on its way. */
	fd = dial(r.port);
	say(fd, two, strlen(two) - 1);
	(void)usleep(50000);
	stop(&r);
	(void)close(fd);
}
END_TEST

#ifndef __SANITIZE_THREAD__
START_TEST(bodies_without_memory)
{
	static const char text[] = "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello";
	struct running r;
	struct buf got;
	unsigned whole = 0;

	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	for (unsigned n = 1; n < 12; n++) {
		int fd = dial(r.port);
		ssize_t len;

		buf_init(&got, 65536);
		ck_assert(buf_expect(&got, 4096));
		mem_fail_at(n);
		say(fd, text, strlen(text));
		len = recv(fd, got.ptr, 4096, MSG_WAITALL);
		mem_fail_at(0);
		got.len = len > 0 ? (size_t)len : 0;
		whole += count_of(&got, "POST 5: hello");
		(void)close(fd);
		buf_fini(&got);
	}
	ck_assert_uint_gt(whole, 2);
	stop(&r);
}
END_TEST
#endif

/* -- Unix sockets -- */

static int
dial_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

START_TEST(served_by_a_unix_socket)
{
	static const char text[] = "GET /from HTTP/1.1\r\n\r\n"
	    "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello";
	char path[64], too_long[200];
	struct bt_error err;
	struct running r;
	struct stat st;
	struct buf got;
	int fd, door;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/tmp/test_httpd.%d.sock", (int)getpid());
	door = sock_listen_unix(path, &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	/* Nobody takes it from who listens. */
	ck_assert_int_lt(sock_listen_unix(path, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	start_for_bodies(&r, 10 * SECOND, 64 << 20);
	r.unix_door = door;
	wish(&r, 2);
	fd = dial_unix(path);
	say(fd, text, strlen(text));
	hear_all(fd, &got);
	ck_assert_uint_eq(count_of(&got, "from -:0."), 1);
	ck_assert_uint_eq(count_of(&got, "POST 5: hello"), 1);
	buf_fini(&got);
	stop(&r);
	/* What it left behind is replaced, what is none of its kind is not. */
	door = sock_listen_unix(path, &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	(void)close(door);
	(void)unlink(path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fclose(f);
	ck_assert_int_lt(sock_listen_unix(path, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	(void)unlink(path);
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert_int_lt(sock_listen_unix(too_long, &err), 0);
	ck_assert_int_eq(err.code, BT_EARG);
}
END_TEST

Suite *
httpd_bodies_suite(void)
{
	Suite *s = suite_create("net/httpd: bodies, Unix sockets");
	TCase *t = tcase_create("bodies");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, bodies_are_handed_on);
	tcase_add_test(t, bad_bodies_are_refused);
	tcase_add_test(t, chunks_over_the_limit);
	tcase_add_test(t, waits_for_100_continue);
	tcase_add_test(t, slow_bodies);
	tcase_add_test(t, half_bodies_are_limited);
	tcase_add_test(t, requests_with_bodies_are_put_off);
#ifndef __SANITIZE_THREAD__
	tcase_add_test(t, bodies_without_memory);
#endif
	tcase_add_test(t, served_by_a_unix_socket);
	suite_add_tcase(s, t);
	return s;
}
