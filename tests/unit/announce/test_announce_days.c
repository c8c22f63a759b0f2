/* SPDX-License-Identifier: ISC */
/* Days that are not like others: thousands of requests, addresses and ids that are of no use. */
#include "carried.h"

#include <dlfcn.h>
#include <netdb.h>

Suite *announce_days_suite(void);

/* In the place of libc's: a name with two addresses, and how many questions there were for it. */
static atomic_uint lookups;

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	int e;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (name == NULL || strcmp(name, "two.example") != 0)
		return real(name, service, hints, out);
	atomic_fetch_add(&lookups, 1);
	e = real("127.0.0.2", service, hints, out);
	return e != 0 ? e : real("127.0.0.1", service, hints, &(*out)->ai_next);
}

/* The addresses of a name are kept. */
START_TEST(addresses_are_kept)
{
	struct client c;
	struct udp_tracker t;
	char url[64];

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.2", UDP_FINE));
	(void)snprintf(url, sizeof(url), "udp://two.example:%u", t.at.port);
	atomic_store(&lookups, 0);
	for (unsigned i = 0; i < 3; i++) {
		announce_n(&c, url, ADDR_V4, 2);
		ck_assert_uint_eq(c.good, 2);
	}
	ck_assert_uint_eq(atomic_load(&lookups), 1);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

/* A name with two addresses, of which the first is silent: the other one is asked in time. */
START_TEST(next_address)
{
	struct client c;
	struct udp_tracker silent, fine;
	char url[64];

	client_init(&c);
	ck_assert(udp_tracker_start(&fine, "127.0.0.1", UDP_FINE));
	ck_assert(udp_tracker_start_at(&silent, "127.0.0.2", fine.at.port, UDP_SILENT));
	(void)snprintf(url, sizeof(url), "udp://two.example:%u", fine.at.port);
	announce_n(&c, url, ADDR_V4, 2);
	ck_assert_uint_eq(c.good, 2);
	ck_assert_uint_ge(atomic_load(&silent.connects), 1);
	ck_assert_uint_eq(atomic_load(&silent.announces), 0);
	ck_assert_uint_eq(atomic_load(&fine.announces), 2);
	udp_tracker_stop(&silent);
	udp_tracker_stop(&fine);
	client_fini(&c);
}
END_TEST

/* The connection id goes while an announce is under way with it: it asks for a new one. */
START_TEST(connection_id_gone)
{
	struct client c;
	struct udp_tracker t;

	client_init(&c);
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_AMNESIA));
	announce_udp(&c, &t, "", 1);
	check_fine(&c);
	t.good_id++;
	announce_udp(&c, &t, "", 2);
	check_fine(&c);
	ck_assert_uint_eq(c.good, 2);
	/* One for the first, one that was lost, one for both. */
	ck_assert_uint_eq(atomic_load(&t.connects), 3);
	ck_assert_uint_eq(atomic_load(&t.announces), 5);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

static void
serve(struct http_server *s, int fd, const char *target, const char *head)
{
	static const char fine[] = "d8:completei3e8:intervali900e5:peersl"
	    "d2:ip8:10.1.2.34:porti6881eeee";
	uint8_t hashes[SCRAPE_HASHES_MAX][20];
	struct scrape_entry entries[SCRAPE_HASHES_MAX] = { 0 };
	char text[200];
	struct buf b;
	size_t n = 0;

	(void)s;
	(void)head;
	buf_init(&b, 1 << 20);
	if (strncmp(target, "/scrape?", 8) != 0) {
		buf_add_str(&b, fine);
	} else {
		n = scrape_query_parse(slice_str(target + 8), hashes, SCRAPE_HASHES_MAX);
		ck_assert_uint_le(n, 64);
		for (size_t i = 0; i < n; i++) {
			memcpy(entries[i].info_hash, hashes[i], 20);
			entries[i].complete = hashes[i][1];
		}
		/* The last is one that it does not know. */
		scrape_reply_write(&b, entries, n - 1);
	}
	(void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", b.len);
	http_send_text(fd, text);
	http_send(fd, b.ptr, b.len);
	buf_fini(&b);
}

/* The numbers of many torrents by few requests. */
START_TEST(scrape_of_many)
{
	static uint8_t hashes[200][20];
	struct client c;
	struct udp_tracker t;
	struct http_server s;
	char url[2][64];

	for (size_t i = 0; i < COUNT_OF(hashes); i++) {
		memset(hashes[i], 0x11, 20);
		hashes[i][1] = (uint8_t)i;
	}
	client_init(&c);
	ck_assert(http_server_start(&s, AF_INET, serve));
	ck_assert(udp_tracker_start(&t, "127.0.0.1", UDP_FINE));
	(void)snprintf(url[0], sizeof(url[0]), "udp://127.0.0.1:%u", t.at.port);
	(void)snprintf(url[1], sizeof(url[1]), "http://127.0.0.1:%u/announce", s.port);
	for (unsigned i = 0; i < 2; i++) {
		c.answers = 0;
		c.wanted = 4;
		c.hashes = c.unknown = 0;
		ck_assert(announce_scrape(c.net, &c.owner, 7 + i, url[i], hashes, 200,
		    on_numbers));
		loop_run(c.loop);
		ck_assert_uint_eq(c.answers, c.wanted);
		ck_assert_int_eq(c.code, BT_OK);
		ck_assert_uint_eq(c.hashes, 200);
		ck_assert_uint_eq(c.unknown, i == 0 ? 0 : 4);
	}
	ck_assert_uint_eq(atomic_load(&t.announces), 4);
	ck_assert_uint_eq(atomic_load(&s.requests), 4);
	/* Of nobody there is nothing to ask. */
	ck_assert(announce_scrape(c.net, &c.owner, 9, url[0], hashes, 0, on_numbers));
	/* One that it does not know. */
	c.answers = 0;
	c.wanted = 1;
	ck_assert(announce_scrape(c.net, &c.owner, 9, url[1], hashes, 1, on_numbers));
	loop_run(c.loop);
	ck_assert_int_eq(c.code, BT_ENOENT);
	http_server_stop(&s);
	udp_tracker_stop(&t);
	client_fini(&c);
}
END_TEST

static void
count(void *arg, uint64_t id, const struct announce_reply *reply, enum bt_code code,
    const char *text)
{
	unsigned *late = arg;

	(void)id;
	(void)text;
	ck_assert_ptr_null(reply);
	ck_assert_int_eq(code, BT_ETIMEOUT);
	++*late;
}

/* Ten thousand torrents by two hashes at a tracker that is dead: others are asked meanwhile. */
START_TEST(a_dead_tracker)
{
	struct client c;
	struct udp_tracker dead, fine;
	struct announce_owner many;
	struct http_server s;
	char url[64];
	unsigned late = 0;

	client_init(&c);
	announce_owner_init(&many, count, &late);
	ck_assert(udp_tracker_start(&dead, "127.0.0.1", UDP_SILENT));
	ck_assert(udp_tracker_start(&fine, "127.0.0.1", UDP_FINE));
	ck_assert(http_server_start(&s, AF_INET, serve));
	(void)snprintf(url, sizeof(url), "udp://127.0.0.1:%u", dead.at.port);
	for (unsigned i = 0; i < 20000; i++)
		ck_assert(announce_send(c.net, &many, i, url, ADDR_V4, &c.req));
	announce_udp(&c, &fine, "", 500);
	ck_assert_uint_eq(c.good, 500);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/announce", s.port);
	announce_n(&c, url, ADDR_V4, 100);
	ck_assert_uint_eq(c.good, 100);
	ck_assert_uint_le(atomic_load(&dead.connects), 50);
	/* Those that have no chance are told in time, and the loop goes on meanwhile. */
	while (late < 20000)
		announce_udp(&c, &fine, "", 1);
	announce_cancel_all(&many);
	http_server_stop(&s);
	udp_tracker_stop(&dead);
	udp_tracker_stop(&fine);
	client_fini(&c);
}
END_TEST

Suite *
announce_days_suite(void)
{
	Suite *s = suite_create("announce/announce_days");
	TCase *c = tcase_create("announce/announce_days");

	(void)setenv("no_proxy", "*", 1);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, addresses_are_kept);
	tcase_add_test(c, next_address);
	tcase_add_test(c, connection_id_gone);
	tcase_add_test(c, scrape_of_many);
	tcase_add_test(c, a_dead_tracker);
	suite_add_tcase(s, c);
	return s;
}
