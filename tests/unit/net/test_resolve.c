/* SPDX-License-Identifier: ISC */
#include "net/resolve.h"
#include "helper.h"

Suite *resolve_suite(void);

struct asker {
	struct loop *loop;
	struct resolve *resolve;
	uint64_t id;
	size_t count;
	struct addr first;
	char error[200];
	unsigned answers;
	uint64_t to_cancel;	/* by the answer */
};

static void
on_answer(void *arg, uint64_t id, const struct addr *addrs, size_t count, const char *error)
{
	struct asker *a = arg;

	ck_assert_uint_eq(id, a->id);
	ck_assert((count > 0) == (error == NULL));
	a->count = count;
	if (count > 0)
		a->first = addrs[0];
	(void)snprintf(a->error, sizeof(a->error), "%s", error != NULL ? error : "");
	a->answers++;
	resolve_cancel(a->resolve, a->to_cancel);
	loop_stop(a->loop);
}

static void
on_no_answer(void *arg, uint64_t id, const struct addr *addrs, size_t count, const char *error)
{
	(void)arg;
	(void)id;
	(void)addrs;
	(void)count;
	(void)error;
	ck_abort_msg("answered though cancelled");
}

static struct asker
ask(const char *name, enum addr_family family)
{
	struct asker a = { .loop = loop_new() };

	a.resolve = resolve_new(a.loop, &way_anywhere);
	a.id = resolve_start(a.resolve, name, 6969, family, on_answer, &a);
	ck_assert_uint_ne(a.id, 0);
	ck_assert_uint_eq(a.answers, 0);
	loop_run(a.loop);
	ck_assert_uint_eq(a.answers, 1);
	resolve_free(a.resolve);
	loop_free(a.loop);
	return a;
}

START_TEST(numeric)
{
	char text[ADDR_TEXT_MAX];
	struct asker a = ask("10.1.2.3", ADDR_NONE);

	ck_assert_str_eq(addr_text(&a.first, text), "10.1.2.3:6969");
	a = ask("fd99::1", ADDR_V6);
	ck_assert_str_eq(addr_text(&a.first, text), "[fd99::1]:6969");
	a = ask("10.1.2.3", ADDR_V6);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_str_eq(a.error, "no IPv6 address of 10.1.2.3");
}
END_TEST

START_TEST(names)
{
	struct asker a = ask("localhost", ADDR_V4);

	ck_assert_uint_ge(a.count, 1);
	ck_assert_uint_eq(a.first.family, ADDR_V4);
	ck_assert_uint_eq(a.first.ip[0], 127);
	ck_assert_uint_eq(a.first.port, 6969);
	a = ask("no-such-host.invalid", ADDR_NONE);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_ptr_nonnull(strstr(a.error, "no-such-host.invalid"));
}
END_TEST

START_TEST(of_one_family)
{
	struct asker a = { .loop = loop_new() };
	struct net_way way;

	ck_assert_int_eq(way_init(&way, &(struct way_wish){ .bind = "::1" }, NULL), BT_OK);
	a.resolve = resolve_new(a.loop, &way);
	a.id = resolve_start(a.resolve, "127.0.0.1", 1, ADDR_NONE, on_answer, &a);
	loop_run(a.loop);
	ck_assert_uint_eq(a.answers, 1);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_str_eq(a.error, "no IPv6 address of 127.0.0.1");
	resolve_free(a.resolve);
	loop_free(a.loop);
}
END_TEST

START_TEST(at_once)
{
	struct addr a[RESOLVE_MAX];
	struct bt_error err;

	ck_assert_uint_ge(resolve_now("localhost", 6969, ADDR_V4, a, &err), 1);
	ck_assert_uint_eq(a[0].ip[0], 127);
	ck_assert_uint_eq(a[0].port, 6969);
	ck_assert_uint_eq(resolve_now("no-such-host.invalid", 1, ADDR_NONE, a, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "no-such-host.invalid"));
}
END_TEST

START_TEST(cancel)
{
	struct asker a = { .loop = loop_new() };

	a.resolve = resolve_new(a.loop, &way_anywhere);
	a.id = resolve_start(a.resolve, "127.0.0.1", 1, ADDR_NONE, on_answer, &a);
	a.to_cancel = resolve_start(a.resolve, "127.0.0.2", 1, ADDR_NONE, on_no_answer, &a);
	resolve_cancel(a.resolve,
	    resolve_start(a.resolve, "localhost", 1, ADDR_NONE, on_no_answer, &a));
	resolve_cancel(a.resolve, 4711);
	loop_run(a.loop);
	ck_assert_uint_eq(a.answers, 1);
	/* The worker's answer to the cancelled name is thrown away, whenever it comes. */
	a.id = resolve_start(a.resolve, "localhost", 1, ADDR_NONE, on_answer, &a);
	loop_run(a.loop);
	ck_assert_uint_eq(a.answers, 2);
	resolve_free(a.resolve);
	loop_free(a.loop);
}
END_TEST

/* Freed while a worker is busy: nothing is waited for, nothing is touched afterwards. */
START_TEST(free_at_once)
{
	struct loop *l = loop_new();
	struct resolve *r = resolve_new(l, &way_anywhere);

	ck_assert_uint_ne(resolve_start(r, "localhost", 1, ADDR_NONE, on_no_answer, NULL), 0);
	ck_assert_uint_ne(resolve_start(r, "127.0.0.1", 1, ADDR_NONE, on_no_answer, NULL), 0);
	resolve_free(r);
	loop_free(l);
	resolve_free(NULL);
}
END_TEST

Suite *
resolve_suite(void)
{
	Suite *s = suite_create("net/resolve");
	TCase *c = tcase_create("net/resolve");

	tcase_add_test(c, numeric);
	tcase_add_test(c, names);
	tcase_add_test(c, of_one_family);
	tcase_add_test(c, at_once);
	tcase_add_test(c, cancel);
	tcase_add_test(c, free_at_once);
	suite_add_tcase(s, c);
	return s;
}
