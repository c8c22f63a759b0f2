/* SPDX-License-Identifier: ISC */
/* The whole tracker in this process, over real sockets. */
#include <btcore/tracker.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cdefs.h"
#include "proto/udp_announce.h"
#include "helper.h"
#include "tracker_test.h"

#define ANNOUNCE "/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&port=6881&left=1&compact=1" \
	"&peer_id=bbbbbbbbbbbbbbbb"

struct running {
	char folder[32], dfile[64], banned[64];
	struct bt_tracker_settings settings;
	struct bt_tracker *tracker;
	pthread_t thread;
	enum bt_code code;
};

static void *
run(void *arg)
{
	struct running *r = arg;

	r->code = bt_tracker_run(r->tracker, NULL);
	return NULL;
}

static void
set(struct running *r, const char *name, const char *text)
{
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &r->settings, name, text, NULL),
	    BT_OK);
}

static bool many_loops;

static void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
start(struct running *r, const char *timeout, const char *connections)
{
	struct bt_error err;

	(void)snprintf(r->folder, sizeof(r->folder), "/tmp/test_tracker.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(r->folder));
	(void)snprintf(r->dfile, sizeof(r->dfile), "%s/d", r->folder);
	ck_assert_int_eq(bt_options_init(bt_tracker_options(), &r->settings), BT_OK);
	set(r, "dfile", r->dfile);
	set(r, "port", "0");
	set(r, "bind", "127.0.0.1");
	set(r, "logfile", "/dev/null");
	set(r, "socket_timeout", timeout);
	set(r, "max_connections", connections);
	set(r, "threads", many_loops ? "4" : "1");
	set(r, "save_dfile_interval", "1");
	(void)snprintf(r->banned, sizeof(r->banned), "%s/banned", r->folder);
	if (many_loops) {
		put_file(r->banned, "9.9.9.9\n");
		set(r, "banned_ips", r->banned);
	}
	r->tracker = bt_tracker_new(&r->settings, NULL, NULL, &err);
	ck_assert_msg(r->tracker != NULL, "%s", err.text);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, run, r), 0);
}

static void
stop(struct running *r)
{
	bt_tracker_stop(r->tracker);
	ck_assert_int_eq(pthread_join(r->thread, NULL), 0);
	ck_assert_int_eq(r->code, BT_OK);
	bt_tracker_free(r->tracker);
	bt_options_fini(bt_tracker_options(), &r->settings);
	ck_assert_int_eq(unlink(r->dfile), 0);
	(void)unlink(r->banned);
	ck_assert_int_eq(rmdir(r->folder), 0);
}

static int
dial(const struct running *r, int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(bt_tracker_port(r->tracker)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { 10, 0 };
	int fd = socket(AF_INET, type, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Until the other side closes, or there were so many bytes. */
static size_t
hear(int fd, char *out, size_t size)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < size - 1 && (n = recv(fd, out + got, size - 1 - got, 0)) > 0)
		got += (size_t)n;
	out[got] = '\0';
	ck_assert_int_ge(n, 0);
	return got;
}

/* Replies have NULs in them. */
static unsigned
count_of(const char *text, size_t len, const char *word)
{
	const char *end = text + len;
	unsigned n = 0;

	for (; (text = memmem(text, (size_t)(end - text), word, strlen(word))) != NULL; text++)
		n++;
	return n;
}

/* Many requests in one write, more replies than the server keeps pending, read late. */
START_TEST(pipelining)
{
	enum { N = 5000 };
	struct running r;
	size_t size = 4 << 20;
	char *all = malloc(size);
	size_t got;
	struct buf out;
	int fd;

	start(&r, "15", "100");
	buf_init(&out, 4 << 20);
	for (int i = 0; i < N; i++)
		buf_addf(&out, "GET " ANNOUNCE "%04d HTTP/1.1\r\nHost: x\r\n%s\r\n", i,
		    i == N - 1 ? "Connection: close\r\n" : "");
	fd = dial(&r, SOCK_STREAM);
	if (fork() == 0) {
		say(fd, buf_cstr(&out));
		_exit(0);
	}
	(void)usleep(100000);
	got = hear(fd, all, size);
	ck_assert_uint_eq(count_of(all, got, "HTTP/1.1 200 OK"), N);
	ck_assert_uint_eq(count_of(all, got, "Connection: close"), 1);
	(void)close(fd);
	free(all);
	buf_fini(&out);
	stop(&r);
}
END_TEST

START_TEST(any_split_of_a_request)
{
	static const char request[] = "GET " ANNOUNCE "0001 HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /scrape HTTP/1.0\r\n\r\n";
	struct running r;
	char text[4096];

	start(&r, "15", "100");
	for (size_t cut = 1; cut < strlen(request); cut += 3) {
		int fd = dial(&r, SOCK_STREAM);
		size_t got;

		ck_assert_int_eq(send(fd, request, cut, 0), (ssize_t)cut);
		if (cut % 5 == 0)
			(void)usleep(1000);
		say(fd, request + cut);
		got = hear(fd, text, sizeof(text));
		ck_assert_uint_eq(count_of(text, got, "HTTP/1.1 200 OK"), 2);
		(void)close(fd);
	}
	stop(&r);
}
END_TEST

START_TEST(refusals)
{
	static const struct { const char *request, *answer; } cases[] = {
		{ "\x13" "BitTorrent protocol", "HTTP/1.1 400 " },
		{ "GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 " },
		{ "POST /announce HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405 " },
		{ "GET / HTTP/1.1\r\nContent-Length: 50000\r\n\r\nhello", "HTTP/1.1 413 " },
		{ "GET /a HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		  "HTTP/1.1 404 " },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  "HTTP/1.1 413 " },
		{ "GET /announce HTTP/1.0\r\n\r\n", "HTTP/1.1 400 " },
		{ "GET /%2e%2e/etc/passwd HTTP/1.0\r\n\r\n", "HTTP/1.1 404 " },
	};
	struct running r;
	char text[4096];
	char *large = malloc(1 << 20);
	int fd;

	start(&r, "15", "100");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		fd = dial(&r, SOCK_STREAM);
		say(fd, cases[i].request);
		(void)hear(fd, text, sizeof(text));
		ck_assert_msg(strncmp(text, cases[i].answer, strlen(cases[i].answer)) == 0,
		    "%zu: %s",
		    i, text);
		(void)close(fd);
	}
	/* A head without end: it is told so, though it has sent more than was read. */
	memset(large, 'a', 1 << 20);
	memcpy(large, "GET /", 5);
	fd = dial(&r, SOCK_STREAM);
	(void)send(fd, large, 100000, MSG_NOSIGNAL);
	(void)hear(fd, text, sizeof(text));
	ck_assert_int_eq(strncmp(text, "HTTP/1.1 414 ", 13), 0);
	(void)close(fd);
	free(large);
	stop(&r);
}
END_TEST

START_TEST(slow_clients_are_cut)
{
	struct running r;
	char text[256];
	int fd;

	start(&r, "1", "100");
	fd = dial(&r, SOCK_STREAM);
	say(fd, "GET / HT");
	ck_assert_uint_eq(hear(fd, text, sizeof(text)), 0);
	(void)close(fd);
	stop(&r);
}
END_TEST

START_TEST(connections_are_limited)
{
	enum { MAX = 10 };
	struct running r;
	int fd[MAX + 3];
	char text[4096];

	start(&r, "15", "10");
	for (int i = 0; i < MAX + 3; i++) {
		fd[i] = dial(&r, SOCK_STREAM);
		say(fd[i], "GET");
		/* All young: who comes too much is turned away. */
		if (i >= MAX)
			ck_assert_int_le(recv(fd[i], text, sizeof(text), 0), 0);
		(void)usleep(1000);
	}
	(void)usleep(1200000);
	/* Now those who have waited make room. */
	(void)close(fd[MAX]);
	fd[MAX] = dial(&r, SOCK_STREAM);
	say(fd[MAX], "GET /scrape HTTP/1.0\r\n\r\n");
	ck_assert_uint_gt(hear(fd[MAX], text, sizeof(text)), 0);
	for (int i = 0; i < MAX + 3; i++)
		(void)close(fd[i]);
	stop(&r);
}
END_TEST

static uint64_t
udp_connect(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t packet[2048];
	struct udp_reply reply;
	struct buf b;
	ssize_t n;

	buf_init(&b, 2048);
	udp_connect_write(&b, 1);
	/* A datagram may be lost, if the server was busy. */
	for (int i = 0; i < 20; i++) {
		(void)send(fd, b.ptr, b.len, 0);
		if (poll(&ready, 1, 300) > 0)
			break;
	}
	buf_fini(&b);
	n = recv(fd, packet, sizeof(packet), 0);
	ck_assert_int_eq(n, 16);
	ck_assert_int_eq(udp_reply_parse(slice_of(packet, 16), &reply), STEP_DONE);
	ck_assert_int_eq(reply.action, UDP_CONNECT);
	return reply.connection;
}

static struct udp_reply
udp_ask(int fd, struct buf *b, uint8_t packet[2048])
{
	struct udp_reply reply;
	ssize_t n;

	(void)send(fd, b->ptr, b->len, 0);
	n = recv(fd, packet, 2048, 0);
	ck_assert_int_ge(n, 8);
	ck_assert_int_eq(udp_reply_parse(slice_of(packet, (size_t)n), &reply), STEP_DONE);
	return reply;
}

START_TEST(udp)
{
	struct running r;
	struct announce_reply announced;
	struct announce_req req;
	struct scrape_entry entry;
	struct udp_reply reply;
	uint8_t packet[2048];
	struct buf b;
	uint64_t id;
	int fd;

	start(&r, "15", "100");
	fd = dial(&r, SOCK_DGRAM);
	id = udp_connect(fd);
	buf_init(&b, 2048);
	announce_req_init(&req);
	req.left = 1;
	req.event = ANNOUNCE_STARTED;
	for (uint8_t i = 1; i <= 3; i++) {
		memset(req.peer_id, i, 20);
		req.port = (uint16_t)(i + 4000);
		buf_clear(&b);
		udp_announce_write(&b, id, i, &req, slice_str("/announce?x=y"));
		reply = udp_ask(fd, &b, packet);
		ck_assert_uint_eq(reply.transaction, i);
		ck_assert_int_eq(udp_reply_announce(&reply, ADDR_V4, &announced), BT_OK);
		ck_assert_uint_eq(announced.peers.len, i - 1u);
		ck_assert_int_eq(announced.incomplete, i);
		announce_reply_fini(&announced);
	}
	buf_clear(&b);
	udp_scrape_write(&b, id, 9, (const uint8_t (*)[20])&req.info_hash, 1);
	reply = udp_ask(fd, &b, packet);
	ck_assert(udp_reply_scrape(&reply, 0, &entry));
	ck_assert_int_eq(entry.incomplete, 3);
	/* A forged id gets an error no longer than what it asked. */
	buf_clear(&b);
	udp_scrape_write(&b, id + 1, 10, (const uint8_t (*)[20])&req.info_hash, 1);
	reply = udp_ask(fd, &b, packet);
	ck_assert_int_eq(reply.action, UDP_ERROR);
	ck_assert_uint_le(reply.rest.len + 8, b.len);
	buf_fini(&b);
	(void)close(fd);
	stop(&r);
}
END_TEST

/* Sends a packet, then what is always answered: the longest answer that came before that. */
static size_t
longest_answer(int fd, const uint8_t *packet, size_t len, uint32_t transaction)
{
	uint8_t answer[2048];
	struct udp_reply reply;
	size_t longest = 0;
	struct buf last;
	ssize_t n;

	buf_init(&last, 64);
	udp_connect_write(&last, transaction);
	(void)send(fd, packet, len, 0);
	(void)send(fd, last.ptr, last.len, 0);
	buf_fini(&last);
	for (;;) {
		n = recv(fd, answer, sizeof(answer), 0);
		ck_assert_int_gt(n, 0);
		if (udp_reply_parse(slice_of(answer, (size_t)n), &reply) == STEP_DONE &&
		    reply.action == UDP_CONNECT && reply.transaction == transaction)
			return longest;
		longest = (size_t)n > longest ? (size_t)n : longest;
	}
}

/* Packets of every length get no more bytes back than they had. */
START_TEST(udp_garbage)
{
	struct running r;
	uint8_t packet[1600];
	uint32_t transaction = 1;
	size_t answered = 0;
	int fd;

	start(&r, "15", "100");
	fd = dial(&r, SOCK_DGRAM);
	for (size_t len = 0; len < sizeof(packet); len += len < 150 ? 1 : 37) {
		for (uint8_t action = 0; action < 5; action++) {
			size_t n;

			memset(packet, (int)len, sizeof(packet));
			memset(packet + 8, 0, 3);
			packet[11] = action;
			n = longest_answer(fd, packet, len, transaction++);
			ck_assert_uint_le(n, len);
			answered += n > 0;
		}
	}
	/* Announces and scrapes without a connection id: they are told so. */
	ck_assert_uint_gt(answered, 0);
	(void)close(fd);
	stop(&r);
}
END_TEST

struct crowd {
	const struct running *r;
	uint8_t number;
	pthread_t thread;
	unsigned answers;
};

/* Announces by UDP and by HTTP, each time from another port: the system deals them out. */
static void *
crowd(void *arg)
{
	struct crowd *c = arg;
	struct announce_req req;
	uint8_t packet[2048];
	char text[4096];
	struct buf b;

	buf_init(&b, 2048);
	announce_req_init(&req);
	req.left = 1;
	for (uint8_t i = 0; i < 100; i++) {
		int fd = dial(c->r, i % 4 == 0 ? SOCK_STREAM : SOCK_DGRAM);

		buf_clear(&b);
		if (i % 4 == 0) {
			say(fd, i % 8 == 0 ? "GET /scrape HTTP/1.0\r\n\r\n" :
			    "GET " ANNOUNCE "0001 HTTP/1.0\r\n\r\n");
			c->answers += hear(fd, text, sizeof(text)) > 0;
			(void)close(fd);
			continue;
		}
		memset(req.info_hash, i % 10, 20);
		req.port = (uint16_t)(1000 + 100 * c->number + i);
		udp_announce_write(&b, udp_connect(fd), i, &req, SLICE_NONE);
		c->answers += udp_ask(fd, &b, packet).action == UDP_ANNOUNCE;
		(void)close(fd);
	}
	buf_fini(&b);
	return NULL;
}

/* All loops serve one store, while it is saved. */
START_TEST(several_loops)
{
	enum { CROWDS = 4 };
	struct crowd c[CROWDS];
	struct running r;
	struct bt_tracker *second;
	struct bt_error err;
	unsigned answers = 0;
	char port[8];

	many_loops = true;
	start(&r, "15", "1000");
	many_loops = false;
	(void)snprintf(port, sizeof(port), "%u", bt_tracker_port(r.tracker));
	for (uint8_t i = 0; i < CROWDS; i++) {
		c[i] = (struct crowd){ .r = &r, .number = i };
		ck_assert_int_eq(pthread_create(&c[i].thread, NULL, crowd, &c[i]), 0);
	}
	for (unsigned i = 0; i < 20; i++) {
		bt_tracker_reload(r.tracker);
		bt_tracker_reopen_log(r.tracker);
		(void)usleep(5000);
	}
	for (uint8_t i = 0; i < CROWDS; i++) {
		ck_assert_int_eq(pthread_join(c[i].thread, NULL), 0);
		answers += c[i].answers;
	}
	ck_assert_uint_eq(answers, CROWDS * 100);
	/* Who is there already is not joined by mistake. */
	set(&r, "port", port);
	second = bt_tracker_new(&r.settings, NULL, NULL, &err);
	ck_assert_ptr_null(second);
	stop(&r);
}
END_TEST

START_TEST(mistakes_have_a_sentence)
{
	struct bt_tracker_settings s;
	struct bt_error err;

	ck_assert_int_eq(bt_options_init(bt_tracker_options(), &s), BT_OK);
	ck_assert_ptr_null(bt_tracker_new(&s, NULL, NULL, &err));
	ck_assert_int_eq(err.code, BT_EARG);
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &s, "dfile", "/nonexistent/d", NULL),
	    0);
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &s, "port", "0", NULL), 0);
	ck_assert_ptr_null(bt_tracker_new(&s, NULL, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/d"));
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &s, "bind", "no-such-host.invalid",
	    NULL), 0);
	ck_assert_ptr_null(bt_tracker_new(&s, NULL, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "bind"));
	bt_options_fini(bt_tracker_options(), &s);
}
END_TEST

Suite *
tracker_suite(void)
{
	Suite *s = suite_create("tracker/tracker");
	TCase *t = tcase_create("tracker");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, pipelining);
	tcase_add_test(t, any_split_of_a_request);
	tcase_add_test(t, refusals);
	tcase_add_test(t, slow_clients_are_cut);
	tcase_add_test(t, connections_are_limited);
	tcase_add_test(t, udp);
	tcase_add_test(t, udp_garbage);
	tcase_add_test(t, several_loops);
	tcase_add_test(t, mistakes_have_a_sentence);
	suite_add_tcase(s, t);
	return s;
}
