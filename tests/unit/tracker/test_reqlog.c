/* SPDX-License-Identifier: ISC */
#include "tracker/reqlog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Whole lines, and how many were left out. */
static unsigned
lines_and_omitted(int from, unsigned *omitted)
{
	char line[256];
	unsigned lines = 0;
	FILE *f = fdopen(from, "r");

	ck_assert_ptr_nonnull(f);
	*omitted = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *told = strstr(line, "\"!omitted\" 0 ");

		if (told != NULL)
			*omitted += (unsigned)strtoul(told + 13, NULL, 10);
		else if (strstr(line, "\"!natcheck-8.8.8.8:80\" 503 0 - -\n") != NULL)
			lines++;
		else
			ck_abort_msg("no whole line: %s", line);
	}
	(void)fclose(f);
	return lines;
}

static void *
read_all(void *arg)
{
	unsigned *got = arg;

	got[1] = lines_and_omitted((int)got[0], &got[2]);
	return NULL;
}

START_TEST(nobody_waits_for_who_does_not_read)
{
	const struct addr at = addr_v4((const uint8_t[4]){ 8, 8, 8, 8 }, 80);
	char path[32], format[] = "combined";
	struct bt_tracker_settings o = { .logfile = path, .log_format = format };
	unsigned got[3];
	struct bt_error err;
	struct reqlog l;
	pthread_t reader;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	ck_assert_int_eq(reqlog_open(&l, &o, &err), BT_OK);
	(void)close(ends[1]);
	for (unsigned i = 0; i < MANY; i++)
		reqlog_add_nat_check(&l, (const uint8_t *)"-XX0001-000000000000", &at, 503);
	reqlog_flush(&l);
	got[0] = (unsigned)ends[0];
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, got), 0);
	l.second = 0;	/* time enough that it is told how many were left out */
	reqlog_close(&l);
	ck_assert_int_eq(pthread_join(reader, NULL), 0);
	ck_assert_uint_gt(got[1], 0);
	ck_assert_uint_eq(got[1] + got[2], MANY);
}
END_TEST

Suite *
reqlog_suite(void)
{
	Suite *s = suite_create("tracker/reqlog");
	TCase *t = tcase_create("reqlog");

	tcase_add_test(t, nat_checks_are_lines_as_others);
	tcase_add_test(t, nobody_waits_for_who_does_not_read);
	suite_add_tcase(s, t);
	return s;
}
