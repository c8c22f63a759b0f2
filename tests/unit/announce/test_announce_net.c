/* SPDX-License-Identifier: ISC */
#include "announce/announce_net.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "carried.h"

Suite *announce_net_suite(void);

START_TEST(udp_fine)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FINE));
	announce_udp(&c, &t, "/announce?key=s3cr3t", 1);
	check_fine(&c);
	ck_assert_str_eq(t.url_data, "/announce?key=s3cr3t");
	/* One connection id serves all for a minute. */
	announce_udp(&c, &t, "", 20);
	check_fine(&c);
	ck_assert_uint_eq(atomic_load(&t.connects), 1);
	ck_assert_uint_eq(atomic_load(&t.announces), 21);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

/* Many at once, before there is a connection id: one connect for all. */
START_TEST(udp_crowd)
{
	struct client c;
	struct udp_tracker t;
	char url[64];

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FINE));
	(void)snprintf(url, sizeof(url), "udp://localhost:%u/announce", t.at.port);
	announce_n(&c, url, ADDR_V4, 200);
	check_fine(&c);
	ck_assert_uint_eq(atomic_load(&t.connects), 1);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

START_TEST(udp_loss)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_LOSSY));
	announce_udp(&c, &t, "", 1);
	check_fine(&c);
	ck_assert_uint_eq(atomic_load(&t.connects), 2);
	ck_assert_uint_eq(atomic_load(&t.announces), 2);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

START_TEST(udp_lies)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_LIAR));
	announce_udp(&c, &t, "", 1);
	check_fine(&c);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

START_TEST(udp_refusal)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_REFUSES));
	announce_udp(&c, &t, "", 1);
	ck_assert(c.replied && c.failed);
	ck_assert_str_eq(c.text, "go away");
	/* With a cached id it is asked once more with a new one. */
	announce_udp(&c, &t, "", 1);
	ck_assert(c.replied && c.failed);
	ck_assert_uint_eq(atomic_load(&t.connects), 2);
	udp_tracker_stop(&t);
	/* A restarted tracker knows nothing of its old ids. */
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FORGETFUL));
	announce_udp(&c, &t, "", 1);
	check_fine(&c);
	announce_udp(&c, &t, "", 1);
	check_fine(&c);
	ck_assert_uint_eq(atomic_load(&t.connects), 2);
	ck_assert_uint_eq(atomic_load(&t.announces), 3);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

START_TEST(udp_silence)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_SILENT));
	c.req.event = ANNOUNCE_STOPPED;
	announce_udp(&c, &t, "/s3cr3t", 3);
	ck_assert(!c.replied);
	ck_assert_int_eq(c.code, BT_ETIMEOUT);
	ck_assert_str_eq(c.text, "no answer in 0.3 s");
	ck_assert_uint_ge(atomic_load(&t.connects), 2);
	ck_assert_uint_le(atomic_load(&t.connects), 4);
	ck_assert_uint_eq(atomic_load(&t.announces), 0);
	announce_n(&c, "udp://no-such-host.invalid:80/s3cr3t", ADDR_NONE, 2);
	ck_assert(!c.replied);
	announce_n(&c, "udp://127.0.0.1:80", ADDR_V6, 1);
	ck_assert_int_eq(c.code, BT_EUNREACH);
	announce_n(&c, "udp://127.0.0.1", ADDR_NONE, 1);
	ck_assert_int_eq(c.code, BT_EUNSUP);
	announce_n(&c, "wss://s3cr3t/announce", ADDR_NONE, 1);
	ck_assert_int_eq(c.code, BT_EUNSUP);
	announce_n(&c, "s3cr3t", ADDR_NONE, 1);
	ck_assert_int_eq(c.code, BT_EUNSUP);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

START_TEST(udp_scrape)
{
	static const enum udp_mode modes[] = { UDP_FINE, UDP_LOSSY, UDP_LIAR, UDP_REFUSES,
		UDP_SILENT };

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		struct client c;
		struct udp_tracker t;

		client_init(&c);
		c.scrape = true;
		ck_assert(udp_tracker_start(&t, "127.0.0.1", modes[i]));
		announce_udp(&c, &t, "", 2);
		if (modes[i] == UDP_SILENT) {
			ck_assert_int_eq(c.code, BT_ETIMEOUT);
		} else if (modes[i] == UDP_REFUSES) {
			ck_assert_int_eq(c.code, BT_ETRACKER);
			ck_assert_str_eq(c.text, "go away");
		} else {
			ck_assert_msg(c.code == BT_OK, "%zu: %s", i, c.text);
			ck_assert_int_eq(c.complete, 3);
			ck_assert_int_eq(c.incomplete, 4);
			ck_assert_int_eq(c.downloaded, 5);
		}
		udp_tracker_stop(&t);
		client_fini(&c);
	}
}
END_TEST

START_TEST(udp_over_v6)
{
	struct client c;
	struct udp_tracker t;
	char url[64];

	client_init_bound(&c, "127.0.0.1,::1");
	if (udp_tracker_start(&t, "::1", UDP_FINE)) {
		(void)snprintf(url, sizeof(url), "udp://[::1]:%u", t.at.port);
		announce_n(&c, url, ADDR_V6, 1);
		check_fine(&c);
		ck_assert_uint_eq(c.peer.family, ADDR_V6);
		client_fini(&c);
		/* Bound to an IPv4 address alone, it does not leave by IPv6. */
		client_init(&c);
		announce_n(&c, url, ADDR_NONE, 1);
		ck_assert_int_eq(c.code, BT_EUNREACH);
		announce_n(&c, url, ADDR_V6, 1);
		ck_assert_int_eq(c.code, BT_EUNREACH);
		udp_tracker_stop(&t);
	} else {
		(void)printf("SKIPPED: no IPv6 here\n");
	}
	client_fini(&c);
}
END_TEST

static void
never(void *arg, uint64_t id, const struct announce_reply *reply, enum bt_code code,
    const char *text)
{
	(void)arg;
	(void)id;
	(void)reply;
	(void)code;
	(void)text;
	ck_abort_msg("answered though cancelled");
}

START_TEST(cancelled)
{
	struct client c;
	struct udp_tracker t, silent;
	struct announce_owner x, y;
	char url[64], quiet[64];

	client_init(&c);
	announce_owner_init(&x, never, NULL);
	announce_owner_init(&y, never, NULL);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FINE));
	ck_assert(udp_tracker_start(&silent, "127.0.0.1", UDP_SILENT));
	(void)snprintf(url, sizeof(url), "udp://127.0.0.1:%u", t.at.port);
	(void)snprintf(quiet, sizeof(quiet), "udp://127.0.0.1:%u", silent.at.port);
	for (uint64_t i = 1; i < 5; i++) {
		ck_assert(announce_send(c.net, &x, i, url, ADDR_NONE, &c.req));
		ck_assert(announce_send(c.net, &y, i, "udp://localhost:1", ADDR_NONE, &c.req));
		ck_assert(announce_send(c.net, &y, i, "http://127.0.0.1:1", ADDR_NONE, &c.req));
		ck_assert(announce_send(c.net, &y, i, "bad", ADDR_NONE, &c.req));
		ck_assert(announce_send(c.net, &y, i, quiet, ADDR_NONE, &c.req));
	}
	announce_cancel(&x, 1);
	announce_cancel(&x, 77);
	announce_cancel_all(&x);
	announce_cancel_all(&y);
	/* What is under way at the end is dropped. */
	ck_assert(announce_send(c.net, &y, 1, quiet, ADDR_NONE, &c.req));
	announce_n(&c, url, ADDR_NONE, 3);
	check_fine(&c);
	client_fini(&c);
	udp_tracker_stop(&t);
	udp_tracker_stop(&silent);
}
END_TEST

/* -- HTTP -- */

static void
http_reply(int fd, const char *status, const char *body)
{
	char head[200];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status,
	    strlen(body));
	http_send_text(fd, head);
	http_send_text(fd, body);
}

#define FINE "d8:completei3e8:intervali900e5:peersld2:ip8:10.1.2.34:porti6881eeee"

static void
serve(struct http_server *s, int fd, const char *target, const char *head)
{
	if (strncmp(target, "/announce", 9) == 0 && (strstr(target, "info_hash=%AA%AA") == NULL ||
	    strstr(target, "&port=6881") == NULL || strstr(target, "&left=1000") == NULL ||
	    strstr(target, "&event=started") == NULL || strstr(target, "&compact=1") == NULL ||
	    strstr(head, "User-Agent: btcore/test\r\n") == NULL))
		http_reply(fd, "200 OK", "d14:failure reason11:bad requeste");
	else if (strncmp(target, "/announce", 9) == 0)
		http_reply(fd, "200 OK", FINE);
	else if (strncmp(target, "/refuse", 7) == 0)
		http_reply(fd, "403 Forbidden", "d14:failure reason7:go away8:retry ini5ee");
	else if (strncmp(target, "/gone", 5) == 0)
		http_reply(fd, "410 Gone", "");
	else if (strncmp(target, "/error-with-peers", 17) == 0)
		http_reply(fd, "500 Oops", FINE);
	else if (strncmp(target, "/error", 6) == 0)
		http_reply(fd, "502 Bad Gateway", "<html>s3cr3t\n</html>");
	else if (strncmp(target, "/html", 5) == 0)
		http_reply(fd, "200 OK", "<html>s3cr3t\n</html>");
	else if (strncmp(target, "/empty", 6) == 0)
		http_reply(fd, "200 OK", "");
	else if (strncmp(target, "/loop", 5) == 0)
		http_send_text(fd, "HTTP/1.1 302 Found\r\nLocation: /loop?s3cr3t\r\n"
		    "Content-Length: 0\r\n\r\n");
	else
		http_hang(s, fd);
}

static void
announce_http(struct client *c, const struct http_server *s, const char *path)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->port, path);
	announce_n(c, url, ADDR_V4, 1);
}

START_TEST(http)
{
	static const char *const bad[] = {
		"/error?key=s3cr3t", "/error-with-peers", "/html", "/empty", "/loop?s3cr3t"
	};
	struct client c;
	struct http_server s;

	client_init(&c);
	ck_assert(http_server_start(&s, AF_INET, serve));
	announce_http(&c, &s, "/announce");
	check_fine(&c);
	announce_http(&c, &s, "/announce?passkey=s3cr3t");
	check_fine(&c);
	announce_http(&c, &s, "/refuse");
	ck_assert(c.replied && c.failed);
	ck_assert_str_eq(c.text, "go away");
	ck_assert_int_eq(c.retry_in, 5);
	announce_http(&c, &s, "/gone");
	ck_assert(c.replied && c.failed);
	ck_assert_int_eq(c.retry_in, RETRY_NEVER);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		announce_http(&c, &s, bad[i]);
		ck_assert_msg(!c.replied && c.code == BT_EPROTO && c.text[0] != '\0', "%s: %d %s",
		    bad[i], c.code, c.text);
	}
	c.req.event = ANNOUNCE_STOPPED;
	announce_http(&c, &s, "/hang");
	ck_assert_int_eq(c.code, BT_ETIMEOUT);
	http_server_stop(&s);
	announce_http(&c, &s, "/s3cr3t/announce");
	ck_assert_int_eq(c.code, BT_EUNREACH);
	client_fini(&c);
}
END_TEST

static void
count_answer(void *arg, uint64_t id, const struct announce_reply *reply, enum bt_code code,
    const char *text)
{
	struct client *c = arg;

	(void)id;
	ck_assert_ptr_nonnull(text);
	ck_assert((reply == NULL) == (code != BT_OK));
	c->answers++;
	loop_stop(c->loop);
}

static void
stop_loop(void *arg, usec now)
{
	(void)now;
	loop_stop(arg);
}

/* Whatever allocation fails: one answer, or none after a false; never a crash or a leak. */
START_TEST(no_memory)
{
	struct http_server s;
	struct udp_tracker t;
	char url[2][64];

	ck_assert(http_server_start(&s, AF_INET, serve));
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FRUGAL));
	(void)snprintf(url[0], sizeof(url[0]), "http://127.0.0.1:%u/announce", s.port);
	(void)snprintf(url[1], sizeof(url[1]), "udp://127.0.0.1:%u/announce", t.at.port);
	for (size_t n = 1; n < 60; n++) {
		struct client c;
		struct loop_timer timer;
		bool sent;

		client_init(&c);
		ck_assert(loop_timer_init(&timer, c.loop, stop_loop, c.loop));
		loop_timer_set(&timer, 10 * SECOND);
		mem_fail_at(n / 2 + 1);
		c.owner.fn = count_answer;
		sent = announce_send(c.net, &c.owner, 1, url[n % 2], ADDR_NONE, &c.req);
		if (sent)
			loop_run(c.loop);
		mem_fail_at(0);
		ck_assert_uint_eq(c.answers, sent);
		loop_timer_fini(&timer);
		client_fini(&c);
	}
	http_server_stop(&s);
	udp_tracker_stop(&t);
}
END_TEST

/* -- the real thing -- */

static uint16_t
free_port(void)
{
	struct addr at;
	struct bt_error err;
	int fd;

	ck_assert(addr_parse("127.0.0.1", 0, &at));
	fd = sock_listen(&at, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(sock_local(fd, &at));
	(void)close(fd);
	return at.port;
}

/* It changes its root to dir, reads the whitelist there, and becomes nobody. */
static pid_t
opentracker_start(const char *dir, const char *port)
{
	char path[64];
	FILE *f;
	pid_t pid;

	(void)chmod(dir, 0755);
	(void)snprintf(path, sizeof(path), "%s/whitelist", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 20; i++)
		(void)fprintf(f, "aa");
	(void)fprintf(f, "\n");
	(void)fclose(f);
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL &&
		    freopen("/dev/null", "w", stderr) != NULL)
			(void)execlp("opentracker", "opentracker", "-i", "127.0.0.1", "-p", port,
			    "-P", port, "-d", dir, "-u", "nobody", "-w", "/whitelist", NULL);
		_exit(127);
	}
	return pid;
}

START_TEST(opentracker)
{
	char dir[] = "/tmp/btcore-test-XXXXXX", path[64], port[8], url[2][64];
	struct client c;
	pid_t pid;
	int tries = 0;

	if (system("command -v opentracker >/dev/null") != 0 || geteuid() != 0) {
		(void)printf("SKIPPED: opentracker is not installed, or not run by root\n");
		return;
	}
	client_init(&c);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(port, sizeof(port), "%u", free_port());
	pid = opentracker_start(dir, port);
	(void)snprintf(url[0], sizeof(url[0]), "http://127.0.0.1:%s/announce", port);
	(void)snprintf(url[1], sizeof(url[1]), "udp://127.0.0.1:%s", port);
	do {
		(void)usleep(20000);
		announce_n(&c, url[0], ADDR_V4, 1);
	} while (!c.replied && ++tries < 100);
	ck_assert_msg(c.replied && !c.failed, "%s", c.text);
	for (uint16_t i = 1; i < 5; i++) {
		c.req.port = (uint16_t)(6881 + i);
		c.req.peer_id[19] = (uint8_t)i;
		announce_n(&c, url[i % 2], ADDR_V4, 1);
		ck_assert_msg(c.replied && !c.failed, "%s: %s", url[i % 2], c.text);
		ck_assert_uint_ge(c.peers, i);
		ck_assert_int_gt(c.interval, 0);
	}
	c.req.info_hash[0] = 0;
	announce_n(&c, url[0], ADDR_V4, 1);
	ck_assert(c.replied && c.failed);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)snprintf(path, sizeof(path), "%s/whitelist", dir);
	(void)unlink(path);
	(void)rmdir(dir);
	client_fini(&c);
}
END_TEST

Suite *
announce_net_suite(void)
{
	Suite *s = suite_create("announce/announce_net");
	TCase *c = tcase_create("announce/announce_net");

	(void)setenv("no_proxy", "*", 1);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, udp_fine);
	tcase_add_test(c, udp_crowd);
	tcase_add_test(c, udp_loss);
	tcase_add_test(c, udp_lies);
	tcase_add_test(c, udp_refusal);
	tcase_add_test(c, udp_silence);
	tcase_add_test(c, udp_scrape);
	tcase_add_test(c, udp_over_v6);
	tcase_add_test(c, cancelled);
	tcase_add_test(c, http);
	tcase_add_test(c, no_memory);
	tcase_add_test(c, opentracker);
	suite_add_tcase(s, c);
	return s;
}
