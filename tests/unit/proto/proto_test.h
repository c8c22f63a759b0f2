/* SPDX-License-Identifier: ISC */
/* What the tests of lib/proto share. */
#ifndef PROTO_TEST_H
#define PROTO_TEST_H

#include "base/addr.h"
#include "base/buf.h"
#include "helper.h"

Suite *allowed_fast_suite(void);
Suite *announce_suite(void);
Suite *compact_suite(void);
Suite *ext_suite(void);
Suite *frame_suite(void);
Suite *handshake_suite(void);
Suite *http_suite(void);
Suite *msg_suite(void);
Suite *proxy_header_suite(void);
Suite *scrape_suite(void);
Suite *udp_announce_suite(void);
Suite *url_suite(void);

/* A suite of one case with these tests; the last is NULL. */
static inline Suite *
proto_suite(const char *name, const TTest *const *tests)
{
	Suite *s = suite_create(name);
	TCase *c = tcase_create(name);

	for (; *tests != NULL; tests++)
		tcase_add_test(c, *tests);
	suite_add_tcase(s, c);
	return s;
}

static inline struct addr
ip_port(const char *ip, uint16_t port)
{
	struct addr a = { .family = ADDR_NONE };

	ck_assert_msg(addr_parse(ip, port, &a), "%s", ip);
	return a;
}

static inline void
assert_text(struct bt_slice s, const char *text)
{
	ck_assert_msg(slice_eq_str(s, text), "\"%.*s\" is not \"%s\"", (int)s.len,
	    s.len == 0 ? "" : (const char *)s.ptr, text);
}

#endif
