/* SPDX-License-Identifier: ISC */
#include "net/udp.h"
#include "helper.h"

Suite *udp_suite(void);

struct tenant {
	struct udp_tenant udp;
	struct loop *loop;
	char takes;		/* datagrams that begin with it */
	unsigned seen;
	char last[16];
	struct addr from;
	bool leaves;
};

static bool
on_datagram(void *arg, struct udp *u, const struct addr *from, struct bt_slice d)
{
	struct tenant *t = arg;

	t->seen++;
	if (t->leaves)
		udp_remove(u, &t->udp);
	if (d.len == 0 || d.ptr[0] != t->takes)
		return false;
	t->from = *from;
	ck_assert_uint_lt(d.len, sizeof(t->last));
	memcpy(t->last, d.ptr, d.len);
	t->last[d.len] = '\0';
	loop_stop(t->loop);
	return true;
}

static void
give_up(void *arg, usec now)
{
	(void)arg;
	(void)now;
	ck_abort_msg("nothing came");
}

static void
exchange(const char *ip)
{
	struct loop *l = loop_new();
	struct loop_timer guard;
	struct tenant a = { .loop = l, .takes = 'a', .leaves = true };
	struct tenant b = { .loop = l, .takes = 'b' };
	struct bt_error err;
	struct addr at;
	struct udp *one, *two;

	ck_assert(addr_parse(ip, 0, &at));
	ck_assert(loop_timer_init(&guard, l, give_up, NULL));
	loop_timer_set(&guard, 10 * SECOND);
	one = udp_open(l, &way_anywhere, &at, &err);
	two = udp_open(l, &way_anywhere, &at, &err);
	if (one == NULL || two == NULL) {
		(void)printf("SKIPPED: no %s here: %s\n", ip, err.text);
	} else {
		ck_assert_uint_ne(udp_addr(one)->port, 0);
		a.udp.fn = b.udp.fn = on_datagram;
		a.udp.arg = &a;
		b.udp.arg = &b;
		udp_add(one, &a.udp);
		udp_add(one, &b.udp);
		ck_assert(udp_send(two, udp_addr(one), slice_str("b1")));
		loop_run(l);
		ck_assert_str_eq(b.last, "b1");
		ck_assert(addr_eq(&b.from, udp_addr(two)));
		ck_assert_uint_eq(a.seen, 1);
		ck_assert(udp_send(two, udp_addr(one), slice_str("b2")));
		loop_run(l);
		ck_assert_str_eq(b.last, "b2");
		ck_assert_uint_eq(a.seen, 1);
	}
	udp_close(one);
	udp_close(two);
	loop_timer_fini(&guard);
	loop_free(l);
}

START_TEST(tenants_v4)
{
	exchange("127.0.0.1");
}
END_TEST

START_TEST(tenants_v6)
{
	exchange("::1");
}
END_TEST

START_TEST(address_in_use)
{
	struct loop *l = loop_new();
	struct bt_error err = { 0 };
	struct addr at;
	struct udp *u;

	ck_assert(addr_parse("127.0.0.1", 0, &at));
	u = udp_open(l, &way_anywhere, &at, &err);
	ck_assert_ptr_nonnull(u);
	ck_assert_ptr_null(udp_open(l, &way_anywhere, udp_addr(u), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "127.0.0.1:"));
	udp_close(u);
	loop_free(l);
}
END_TEST

Suite *
udp_suite(void)
{
	Suite *s = suite_create("net/udp");
	TCase *c = tcase_create("net/udp");

	tcase_add_test(c, tenants_v4);
	tcase_add_test(c, tenants_v6);
	tcase_add_test(c, address_in_use);
	suite_add_tcase(s, c);
	return s;
}
