/* SPDX-License-Identifier: ISC */
#include "tracker/reqlog.h"

#include <stdio.h>
#include <unistd.h>

#include "helper.h"
#include "tracker_test.h"

#define MANY 10000u

static unsigned
lines_of(const char *path)
{
	char line[256];
	unsigned whole = 0;
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		whole += strncmp(line, "8.8.8.8 - -XX0001-", 18) == 0 &&
		    strstr(line, "\"!natcheck-8.8.8.8:80\" 503 0 - -\n") != NULL;
	(void)fclose(f);
	return whole;
}

static unsigned
nat_checks_logged(int64_t rate)
{
	const struct addr at = addr_v4((const uint8_t[4]){ 8, 8, 8, 8 }, 80);
	char path[64], format[] = "combined";
	struct bt_tracker_settings o = { .logfile = path, .log_format = format,
	    .log_rate = rate };
	struct bt_error err;
	struct reqlog l;
	unsigned n;

	(void)snprintf(path, sizeof(path), "/tmp/test_reqlog.%d", (int)getpid());
	(void)unlink(path);
	ck_assert_int_eq(reqlog_open(&l, &o, &err), BT_OK);
	for (unsigned i = 0; i < MANY; i++)
		reqlog_add_nat_check(&l, (const uint8_t *)"-XX0001-000000000000", &at, 503);
	reqlog_close(&l);
	n = lines_of(path);
	(void)unlink(path);
	return n;
}

START_TEST(nat_checks_are_lines_as_others)
{
	ck_assert_uint_eq(nat_checks_logged(0), MANY);
	/* The second may end meanwhile. */
	ck_assert_uint_lt(nat_checks_logged(10), MANY / 2);
}
END_TEST

Suite *
reqlog_suite(void)
{
	Suite *s = suite_create("tracker/reqlog");
	TCase *t = tcase_create("reqlog");

	tcase_add_test(t, nat_checks_are_lines_as_others);
	suite_add_tcase(s, t);
	return s;
}
