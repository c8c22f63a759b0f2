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
	struct udp *leaves;	/* with the first datagram */
};

static bool
on_datagram(void *arg, const struct addr *from, struct bt_slice d, usec now)
{
	struct tenant *t = arg;

	ck_assert_int_eq(now, loop_now(t->loop));
	t->seen++;
	if (t->leaves != NULL)
		udp_remove(t->leaves, &t->udp);
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

/* A socket on a free port of ip; NULL: there is no such address here. */
static struct udp *
udp_on(struct loop *l, const char *ip)
{
	struct udp *u = udp_new(l);
	struct bt_error err;
	struct addr at;

	ck_assert(u != NULL && addr_parse(ip, 0, &at));
	if (udp_open(u, &way_anywhere, &at, &err) == BT_OK)
		return u;
	(void)printf("SKIPPED: no %s here: %s\n", ip, err.text);
	udp_free(u);
	return NULL;
}

static void
exchange(const char *ip)
{
	struct loop *l = loop_new();
	struct loop_timer guard;
	struct udp *one = udp_on(l, ip), *two = udp_on(l, ip);
	struct tenant a = { .loop = l, .takes = 'a', .leaves = one };
	struct tenant b = { .loop = l, .takes = 'b' };

	ck_assert(loop_timer_init(&guard, l, give_up, NULL));
	loop_timer_set(&guard, 10 * SECOND);
	if (one != NULL && two != NULL) {
		const struct addr *to = udp_addr(one, 0);

		ck_assert_uint_ne(to->port, 0);
		ck_assert_ptr_null(udp_addr(one, 1));
		a.udp.fn = b.udp.fn = on_datagram;
		a.udp.arg = &a;
		b.udp.arg = &b;
		udp_add(one, &a.udp);
		udp_add(one, &b.udp);
		ck_assert(udp_send(two, to, slice_str("b1")));
		loop_run(l);
		ck_assert_str_eq(b.last, "b1");
		ck_assert(addr_eq(&b.from, udp_addr(two, 0)));
		ck_assert_uint_eq(a.seen, 1);
		ck_assert(udp_send(two, to, slice_str("b2")));
		loop_run(l);
		ck_assert_str_eq(b.last, "b2");
		ck_assert_uint_eq(a.seen, 1);
	}
	udp_free(one);
	udp_free(two);
	loop_timer_fini(&guard);
	loop_free(l);
}

/* Taken by whoever counts up to the number that the loop waits for. */
static bool
on_counted(void *arg, const struct addr *from, struct bt_slice d, usec now)
{
	struct tenant *t = arg;
	unsigned n;

	(void)from;
	(void)now;
	ck_assert_uint_ge(d.len, sizeof(n));
	memcpy(&n, d.ptr, sizeof(n));
	ck_assert_uint_eq(n, t->seen);
	if (++t->seen == 90)
		loop_stop(t->loop);
	return true;
}

/* More than a batch in one turn, of all lengths, arrives whole and in order. */
START_TEST(more_than_a_batch)
{
	static uint8_t bytes[4096];
	struct loop *l = loop_new();
	struct udp *one = udp_on(l, "127.0.0.1"), *two = udp_on(l, "127.0.0.1");
	struct tenant all = { .loop = l, .udp = { .fn = on_counted } };
	struct loop_timer guard;

	ck_assert(one != NULL && two != NULL && loop_timer_init(&guard, l, give_up, NULL));
	loop_timer_set(&guard, 10 * SECOND);
	all.udp.arg = &all;
	udp_add(one, &all.udp);
	for (unsigned n = 0; n < 90; n++) {
		memcpy(bytes, &n, sizeof(n));
		ck_assert(udp_send(two, udp_addr(one, 0), slice_of(bytes, 4 + n * 10)));
	}
	ck_assert(!udp_send(two, udp_addr(one, 0), slice_of(bytes, 2049)));
	loop_run(l);
	ck_assert_uint_eq(all.seen, 90);
	udp_free(one);
	udp_free(two);
	loop_timer_fini(&guard);
	loop_free(l);
}
END_TEST

START_TEST(of_one_family)
{
	struct loop *l = loop_new();
	struct udp *u = udp_on(l, "127.0.0.1");
	struct addr to;

	ck_assert(udp_has(u, ADDR_V4) && !udp_has(u, ADDR_V6));
	ck_assert(addr_parse("::1", 9, &to));
	ck_assert(!udp_send(u, &to, slice_str("x")));
	udp_free(u);
	udp_free(NULL);
	loop_free(l);
}
END_TEST

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
	struct udp *u = udp_on(l, "127.0.0.1");
	struct bt_error err = { 0 };

	ck_assert_int_eq(udp_open(u, &way_anywhere, udp_addr(u, 0), &err), BT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "127.0.0.1:"));
	ck_assert_ptr_null(udp_addr(u, 1));
	udp_free(u);
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
	tcase_add_test(c, more_than_a_batch);
	tcase_add_test(c, of_one_family);
	tcase_add_test(c, address_in_use);
	suite_add_tcase(s, c);
	return s;
}
