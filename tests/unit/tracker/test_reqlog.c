/* SPDX-License-Identifier: ISC */
#include "tracker/reqlog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fault/fault.h"
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

static void
open_in(struct reqlog *l, struct bt_tracker_settings *o, char *path, char *format)
{
	struct bt_error err;

	*o = (struct bt_tracker_settings){ .logfile = path, .log_format = format };
	ck_assert_int_eq(reqlog_open(l, o, &err), BT_OK);
}

static void
add_lines(struct reqlog *l, unsigned n)
{
	const struct addr at = addr_v4((const uint8_t[4]){ 8, 8, 8, 8 }, 80);

	for (unsigned i = 0; i < n; i++)
		reqlog_add_nat_check(l, (const uint8_t *)"-XX0001-000000000000", &at, 503);
	reqlog_flush(l);
}

/* The lines of a disk that is full are lost and none is kept; with room again it goes on. */
START_TEST(full_disks_cost_their_lines)
{
	char path[] = "/tmp/test_reqlog.XXXXXX", full[] = "/dev/full", format[] = "combined";
	struct bt_tracker_settings o;
	struct reqlog l;

	(void)close(mkstemp(path));
	open_in(&l, &o, path, format);
	fault_set("write ENOSPC /test_reqlog.");
	add_lines(&l, MANY);
	ck_assert_uint_eq(l.lines.len, 0);
	fault_set(NULL);
	add_lines(&l, 3);
	reqlog_close(&l);
	ck_assert_uint_eq(lines_of(path), 3);
	ck_assert_int_eq(unlink(path), 0);
	/* Of what is no file the lines might wait for a reader. */
	open_in(&l, &o, full, format);
	ck_assert(l.may_block);
	add_lines(&l, MANY);
	ck_assert_uint_eq(l.lines.len, 0);
	reqlog_close(&l);
}
END_TEST

START_TEST(what_cannot_be_opened_anew_goes_on)
{
	char folder[] = "/tmp/test_reqlog.XXXXXX", aside[64], path[64], format[] = "combined";
	struct bt_tracker_settings o;
	struct bt_error err;
	struct reqlog l;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	(void)snprintf(aside, sizeof(aside), "%s/old", folder);
	open_in(&l, &o, path, format);
	add_lines(&l, 1);
	ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(reqlog_reopen(&l, &err), BT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open the log /tmp/test_reqlog."));
	add_lines(&l, 1);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(reqlog_reopen(&l, &err), BT_OK);
	add_lines(&l, 3);
	reqlog_close(&l);
	ck_assert_uint_eq(lines_of(aside), 2);
	ck_assert_uint_eq(lines_of(path), 3);
	ck_assert_int_eq(unlink(path) | unlink(aside) | rmdir(folder), 0);
}
END_TEST

static void
add_announce(struct reqlog *l, enum announce_event event)
{
	const struct addr from = addr_v4((const uint8_t[4]){ 8, 8, 8, 8 }, 80);
	struct udp_request rq = { .action = UDP_ANNOUNCE };

	memcpy(rq.announce.info_hash, "aaaaaaaaaaaaaaaaaa/?", 20);
	memcpy(rq.announce.peer_id, "-XX0001-000000000000", 20);
	rq.announce.port = 6881;
	rq.announce.uploaded = 1;
	rq.announce.downloaded = 2;
	rq.announce.left = 3;
	rq.announce.event = event;
	reqlog_add_udp(l, &rq, &from, 20);
}

/* As web servers log them, so that one tool reads both. */
START_TEST(requests_by_udp_are_lines)
{
	static const char announce[] = " \"GET /announce?info_hash=aaaaaaaaaaaaaaaaaa%2F%3F"
	    "&peer_id=-XX0001-000000000000&port=6881&uploaded=1&downloaded=2&left=3";
	static const char *const rest[] = { " UDP\" 200 20", "&event=started UDP\" 200 20",
	    "&event=stopped UDP\" 200 20", "&event=completed UDP\" 200 20" };
	char path[] = "/tmp/test_reqlog.XXXXXX", format[] = "combined", want[512];
	const struct addr from = addr_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8 }, 80);
	struct udp_request scrape = { .action = UDP_SCRAPE,
	    .hashes = slice_str("aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbb ") };
	struct bt_tracker_settings o;
	struct reqlog l;
	struct buf got;

	(void)close(mkstemp(path));
	open_in(&l, &o, path, format);
	add_announce(&l, ANNOUNCE_NONE);
	add_announce(&l, ANNOUNCE_STARTED);
	add_announce(&l, ANNOUNCE_STOPPED);
	add_announce(&l, ANNOUNCE_COMPLETED);
	reqlog_add_udp(&l, &scrape, &from, 32);
	reqlog_close(&l);
	buf_init(&got, 4096);
	ck_assert_int_eq(file_read(path, &got, NULL), BT_OK);
	for (size_t i = 0; i < COUNT_OF(rest); i++) {
		(void)snprintf(want, sizeof(want), "%s%s", announce, rest[i]);
		ck_assert_msg(strstr(buf_cstr(&got), want) != NULL, "%s", buf_cstr(&got));
	}
	ck_assert_msg(strstr(buf_cstr(&got), "\n2001:db8:: - - [") != NULL, "%s", buf_cstr(&got));
	ck_assert_msg(strstr(buf_cstr(&got), "] \"GET /scrape?info_hash=aaaaaaaaaaaaaaaaaaaa"
	    "&info_hash=bbbbbbbbbbbbbbbbbbb%20 UDP\" 200 32 \"-\" \"-\"\n") != NULL, "%s",
	    buf_cstr(&got));
	buf_fini(&got);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Readable and writable for all whom the umask allows it, and no program for anybody. */
START_TEST(the_umask_says_who_reads)
{
	char folder[] = "/tmp/test_reqlog.XXXXXX", path[64], format[] = "combined";
	const mode_t masks[] = { 0, 022, 077 };
	mode_t usually = umask(0);
	struct bt_tracker_settings o;
	struct reqlog l;
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	for (size_t i = 0; i < COUNT_OF(masks); i++) {
		(void)umask(masks[i]);
		open_in(&l, &o, path, format);
		reqlog_close(&l);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0666 & ~masks[i]);
		ck_assert_int_eq(unlink(path), 0);
	}
	(void)umask(usually);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *
reqlog_suite(void)
{
	Suite *s = suite_create("tracker/reqlog");
	TCase *t = tcase_create("reqlog");

	tcase_add_test(t, nat_checks_are_lines_as_others);
	tcase_add_test(t, nobody_waits_for_who_does_not_read);
	tcase_add_test(t, full_disks_cost_their_lines);
	tcase_add_test(t, what_cannot_be_opened_anew_goes_on);
	tcase_add_test(t, requests_by_udp_are_lines);
	tcase_add_test(t, the_umask_says_who_reads);
	suite_add_tcase(s, t);
	return s;
}
