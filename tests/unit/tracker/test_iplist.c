/* SPDX-License-Identifier: ISC */
#include "tracker/rules/iplist.h"

#include "base/bytes.h"
#include "base/rng.h"
#include "helper.h"
#include "tracker_test.h"

static bool
has(const struct ipset *s, const char *ip)
{
	struct addr a;

	ck_assert_msg(addr_parse(ip, 80, &a), "%s", ip);
	return ipset_has(s, &a);
}

static void
check_all(const struct ipset *s, const char *const *ips, bool want)
{
	for (; *ips != NULL; ips++)
		ck_assert_msg(has(s, *ips) == want, "%s", *ips);
}

START_TEST(networks)
{
	static const char text[] = "# who may come\n"
	    "10.1.0.0/16\n\n   192.0.2.7 a machine\r\n"
	    "198.51.100.10-198.51.100.20\n10.2.0.0/16\n"
	    "2001:db8::/32\tdocumentation\n[2a00::1]\n203.0.113.77/25";
	static const char *const in[] = { "10.1.0.0", "10.1.255.255", "10.2.0.0", "192.0.2.7",
	    "198.51.100.10", "198.51.100.20", "2001:db8::", "2001:db8:ffff:ffff::1", "2a00::1",
	    "203.0.113.0", "203.0.113.127", NULL };
	static const char *const out[] = { "10.0.255.255", "10.3.0.0", "192.0.2.6", "192.0.2.8",
	    "198.51.100.9", "198.51.100.21", "2001:db7:ffff::", "2001:db9::", "2a00::", "2a00::2",
	    "203.0.113.128", "0.0.0.0", "255.255.255.255", "::", NULL };
	struct bt_error err;
	struct ipset s;

	ipset_init(&s);
	ck_assert_msg(iplist_networks(slice_str(text), &s, &err) == BT_OK, "%s", err.text);
	ipset_seal(&s);
	ipset_check(&s);
	ck_assert_uint_eq(s.v4.len, 4);	/* neighbours are joined */
	check_all(&s, in, true);
	check_all(&s, out, false);
	ipset_fini(&s);
}
END_TEST

START_TEST(ranges)
{
	static const char text[] = "Some Company - Inc:1.2.3.0-1.2.3.255\n"
	    "a:b:c:5.6.7.8-5.6.7.9\nlone:9.9.9.9\n7.7.7.7-7.7.7.8\n"
	    "Six: 2001:db8:1::-2001:db8:1::ffff\n"
	    "abc:2001:db8:2::1-2001:db8:2::5\n"
	    "[2001:db8:3::]-[2001:db8:3::1]\nnet:172.16.0.0/12\none:2001:db8:4::4\n"
	    "overlap:1.2.3.200-1.2.4.10\n";
	static const char *const in[] = { "1.2.3.0", "1.2.4.10", "5.6.7.8", "5.6.7.9", "9.9.9.9",
	    "7.7.7.7", "2001:db8:1::", "2001:db8:1::ffff", "2001:db8:2::1", "2001:db8:3::1",
	    "172.31.255.255", "2001:db8:4::4", NULL };
	static const char *const out[] = { "1.2.2.255", "1.2.4.11", "5.6.7.10", "9.9.9.8",
	    "2001:db8:1::1:0", "2001:db8:2::", "2001:db8:2::6", "abc:2001:db8:2::1", "1000::",
	    "2001:db8:4::3", NULL };
	struct bt_error err;
	struct ipset s;

	ipset_init(&s);
	ck_assert_msg(iplist_ranges(slice_str(text), &s, &err) == BT_OK, "%s", err.text);
	ipset_seal(&s);
	ipset_check(&s);
	check_all(&s, in, true);
	check_all(&s, out, false);
	ipset_fini(&s);
}
END_TEST

START_TEST(faults_name_the_line)
{
	static const struct { const char *text, *line; } cases[] = {
		{ "1.2.3.4\n1.2.3\n", "line 2:" }, { "1.2.3.4/33", "line 1:" },
		{ "\n#\n1.2.3.4/", "line 3:" }, { "::/129", "line 1:" },
		{ "1.2.3.5-1.2.3.4", "line 1:" }, { "1.2.3.4-::1", "line 1:" },
		{ "1.2.3.4-", "line 1:" }, { "-1.2.3.4", "line 1:" }, { "host.example", "line 1:" },
	};
	struct bt_error err;
	struct ipset s;

	ipset_init(&s);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bt_slice text = slice_str(cases[i].text);

		ck_assert_int_eq(iplist_networks(text, &s, &err), BT_EFORMAT);
		ck_assert_msg(strncmp(err.text, cases[i].line, strlen(cases[i].line)) == 0, "%s",
		    err.text);
		ck_assert_int_eq(iplist_ranges(text, &s, &err), BT_EFORMAT);
	}
	ck_assert_int_eq(iplist_option(slice_str("10.0.0.0/8, x"), &s, &err), BT_EARG);
	ck_assert_int_eq(iplist_option(slice_str(" 10.0.0.0/8 ,::1,"), &s, &err), BT_OK);
	ipset_fini(&s);
}
END_TEST

/* A block list as they are: against a look through all of it. */
START_TEST(many_ranges)
{
	enum { N = 20000 };
	static uint32_t first[N], last[N];
	struct ipset s;
	struct rng rng;

	rng_seed(&rng, 1);
	ipset_init(&s);
	for (size_t i = 0; i < N; i++) {
		uint8_t ip[4];
		struct addr a, b;

		first[i] = (uint32_t)rng_u64(&rng);
		last[i] = first[i] + rng_below(&rng, 100000);
		if (last[i] < first[i])
			last[i] = UINT32_MAX;
		put_be32(ip, first[i]);
		a = addr_v4(ip, 0);
		put_be32(ip, last[i]);
		b = addr_v4(ip, 0);
		ck_assert(ipset_add(&s, &a, &b));
	}
	ipset_seal(&s);
	ipset_check(&s);
	for (int i = 0; i < 2000; i++) {
		uint32_t n = (uint32_t)rng_u64(&rng);
		bool in = false;
		uint8_t ip[4];
		struct addr a;

		for (size_t k = 0; k < N && !in; k++)
			in = first[k] <= n && n <= last[k];
		put_be32(ip, n);
		a = addr_v4(ip, 0);
		ck_assert_int_eq(ipset_has(&s, &a), in);
	}
	ipset_fini(&s);
}
END_TEST

Suite *
iplist_suite(void)
{
	Suite *s = suite_create("tracker/iplist");
	TCase *t = tcase_create("iplist");

	tcase_add_test(t, networks);
	tcase_add_test(t, ranges);
	tcase_add_test(t, faults_name_the_line);
	tcase_add_test(t, many_ranges);
	suite_add_tcase(s, t);
	return s;
}
