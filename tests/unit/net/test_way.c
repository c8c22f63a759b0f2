/* SPDX-License-Identifier: ISC */
#include "net/way.h"

#include <errno.h>
#include <unistd.h>

#include "net/sock.h"

#include "helper.h"

Suite *way_suite(void);

static struct net_way
way_of(const char *bind, bool ipv6)
{
	const struct way_wish wish = { .bind = bind, .ipv6 = ipv6 };
	struct bt_error err;
	struct net_way w;

	ck_assert_msg(way_init(&w, &wish, &err) == BT_OK, "%s", err.text);
	return w;
}

static void
refused(const struct way_wish *wish, enum bt_code code, const char *why)
{
	struct bt_error err = { 0 };
	struct net_way w;

	ck_assert_int_eq(way_init(&w, wish, &err), code);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
}

START_TEST(addresses)
{
	struct net_way w = way_of(NULL, true);

	ck_assert(w.count == 2 && w.may_lack_v6 && way_only(&w) == ADDR_NONE);
	ck_assert(w.from4.family == ADDR_NONE && w.from6.family == ADDR_NONE);
	w = way_of("", false);
	ck_assert(w.count == 1 && way_only(&w) == ADDR_V4 && way_shown(&w) == WAY_V4);
	w = way_of("0.0.0.0", true);
	ck_assert(w.count == 1 && way_only(&w) == ADDR_V4 && w.from4.family == ADDR_NONE);
	w = way_of("127.0.0.1, 127.0.0.2,::1", false);
	ck_assert(w.count == 3 && !w.may_lack_v6 && way_shown(&w) == (WAY_V4 | WAY_V6));
	ck_assert(w.from4.ip[3] == 1 && w.from6.family == ADDR_V6);
}
END_TEST

START_TEST(refuses_what_it_cannot_keep)
{
	refused(&(struct way_wish){ .bind = "127.0.0.1,example.org" }, BT_EARG, "example.org");
	refused(&(struct way_wish){ .bind = "127.0.0.1," "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,"
	    "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,"
	    "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.17" }, BT_EARG, "127.0.0.17");
	refused(&(struct way_wish){ .interface = "no-such-dev0" }, BT_EARG, "no-such-dev0");
	refused(&(struct way_wish){ .interface = "a-name-of-more-than-15" }, BT_EARG, "too long");
	refused(&(struct way_wish){ .proxy = "socks5://127.0.0.1:1080" }, BT_EUNSUP, "proxy");
}
END_TEST

/* Every kind of socket is where the way says, or is not made. */
START_TEST(sockets_keep_to_it)
{
	struct net_way w = way_of("127.0.0.3", true);
	struct addr v4 = addr_v4((const uint8_t[4]){ 127, 0, 0, 3 }, 0), at, v6;
	struct bt_error err;
	int listening = way_listen(&w, &v4, &err), udp = way_udp(&w, &v4, &err), fd;

	ck_assert_msg(listening >= 0 && udp >= 0, "%s", err.text);
	ck_assert(sock_local(listening, &v4));
	fd = way_connect(&w, &v4);
	ck_assert(fd >= 0 && sock_local(fd, &at) && at.ip[3] == 3);
	(void)close(fd);
	fd = way_socket(&w, ADDR_V4, SOCK_STREAM);
	ck_assert(fd >= 0 && sock_local(fd, &at) && at.ip[3] == 3);
	(void)close(fd);
	(void)close(udp);
	(void)close(listening);
	ck_assert(addr_parse("::1", 0, &v6));
	ck_assert_int_eq(way_listen(&w, &v6, &err), -1);
	ck_assert_int_eq(err.sys_errno, EAFNOSUPPORT);
	ck_assert_int_eq(way_udp(&w, &v6, &err), -1);
	ck_assert_int_eq(way_connect(&w, &v6), -1);
	errno = 0;
	ck_assert_int_eq(way_socket(&w, ADDR_V6, SOCK_STREAM), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
}
END_TEST

/* A device that cannot be had is no reason to go by another. */
START_TEST(no_socket_without_the_interface)
{
	struct net_way w = way_of("127.0.0.1", false);
	struct addr to = addr_v4((const uint8_t[4]){ 127, 0, 0, 1 }, 9);
	struct bt_error err;

	(void)snprintf(w.device, sizeof(w.device), "no-such-dev0");
	ck_assert_int_eq(way_listen(&w, &w.at[0], &err), -1);
	ck_assert_int_eq(way_udp(&w, &w.at[0], &err), -1);
	ck_assert_int_eq(way_connect(&w, &to), -1);
	ck_assert_int_eq(way_socket(&w, ADDR_V4, SOCK_DGRAM), -1);
	w.families = WAY_V4 | WAY_V6;
	ck_assert_uint_eq(way_shown(&w), 0);
}
END_TEST

Suite *
way_suite(void)
{
	Suite *s = suite_create("net/way");
	TCase *c = tcase_create("net/way");

	tcase_add_test(c, addresses);
	tcase_add_test(c, refuses_what_it_cannot_keep);
	tcase_add_test(c, sockets_keep_to_it);
	tcase_add_test(c, no_socket_without_the_interface);
	suite_add_tcase(s, c);
	return s;
}
