/* SPDX-License-Identifier: ISC */
/* A server that gets no more descriptors, on the thread of the test. */
#include <sys/resource.h>

#include "httpd_rig.h"

Suite *httpd_full_suite(void);

static const struct httpd_limits limits = { .max_connections = 20, .timeout = MINUTE,
    .max_reply = 1 << 20, .max_memory = 1 << 20 };

static void
serve(struct running *r)
{
	*r = (struct running){ .loop = loop_new() };
	r->httpd = httpd_new(r->loop, &limits, &ops, r);
	r->port = open_door(r, NULL, 7);
}

static void
end(struct running *r)
{
	httpd_free(r->httpd);
	loop_free(r->loop);
}

static void
on_time(void *arg, usec now)
{
	(void)now;
	loop_stop(arg);
}

/* The server on this thread, for a while. */
static void
serve_for(struct running *r, usec time)
{
	struct loop_timer t;

	ck_assert(loop_timer_init(&t, r->loop, on_time, r->loop));
	loop_timer_set(&t, time);
	loop_run(r->loop);
	loop_timer_fini(&t);
}

/* Until the server answered or closed: bytes, 0 or -1. */
static ssize_t
served(struct running *r, int fd)
{
	char reply[512];
	ssize_t n = -1;

	for (unsigned i = 0; i < 100 && n < 0; i++) {
		serve_for(r, SECOND / 20);
		n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);
	}
	return n;
}

static int
dial_and_ask(uint16_t port)
{
	int fd = dial(port);

	ck_assert_int_eq(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18);
	return fd;
}

/* Takes every descriptor that is left; give_back returns them. No assertion in between that opens
 * a file. */
static struct rlimit usual_files;
static int taken[512];
static unsigned taken_count;

static void
take_descriptors(void)
{
	struct rlimit few = { .rlim_cur = COUNT_OF(taken) };
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual_files), 0);
	few.rlim_max = usual_files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (taken_count = 0; (fd = dup(0)) >= 0; taken_count++)
		taken[taken_count] = fd;
}

static void
give_back(void)
{
	while (taken_count > 0)
		(void)close(taken[--taken_count]);
	(void)setrlimit(RLIMIT_NOFILE, &usual_files);
}

/* All connections are young: it is a flood. The server waits, without trying all the time, and
 * accepts again when there are descriptors. */
START_TEST(waits_for_descriptors)
{
	struct running r;
	ssize_t before;
	size_t tries;
	int fd;

	serve(&r);
	fd = dial_and_ask(r.port);
	take_descriptors();
	serve_for(&r, 6 * SECOND / 5);
	before = recv(fd, &(char){ 0 }, 1, MSG_DONTWAIT);
	tries = httpd_stats(r.httpd)->refused;
	give_back();
	ck_assert_int_eq(before, -1);
	ck_assert_uint_ge(tries, 1);
	ck_assert_uint_le(tries, 4);
	ck_assert_int_gt(served(&r, fd), 0);
	(void)close(fd);
	end(&r);
}
END_TEST

/* An old connection makes room. */
START_TEST(takes_the_descriptor_of_the_oldest)
{
	struct running r;
	int old, fd;
	ssize_t of_old, of_new;

	serve(&r);
	old = dial_and_ask(r.port);
	ck_assert_int_gt(served(&r, old), 0);
	serve_for(&r, 6 * SECOND / 5);
	fd = dial_and_ask(r.port);
	take_descriptors();
	of_new = served(&r, fd);
	of_old = served(&r, old);
	give_back();
	ck_assert_int_gt(of_new, 0);
	ck_assert_int_eq(of_old, 0);
	(void)close(old);
	(void)close(fd);
	end(&r);
}
END_TEST

Suite *
httpd_full_suite(void)
{
	Suite *s = suite_create("net/httpd without descriptors");
	TCase *t = tcase_create("full");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, waits_for_descriptors);
	tcase_add_test(t, takes_the_descriptor_of_the_oldest);
	suite_add_tcase(s, t);
	return s;
}
