/* SPDX-License-Identifier: ISC */
/* Adds every torrent of a folder to one session as complete, waits until all have announced, and
 * says what that took and what an idle while takes. For tests/bench/idle. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <btcore/session.h>
#include <btcore/snapshot.h>

static double
seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
rest(double time)
{
	struct timespec t = { (time_t)time, (long)((time - (double)(time_t)time) * 1e9) };

	(void)nanosleep(&t, NULL);
}

static long
resident_KiB(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static struct bt_session *
open_session(void)
{
	struct bt_settings *set = bt_settings_new();
	struct bt_session *s = NULL;

	if (set != NULL && bt_settings_set(set, "bind", "127.0.0.1", NULL) == BT_OK)
		(void)bt_session_new(set, NULL, NULL, &s, NULL);
	bt_settings_free(set);
	if (s != NULL)
		bt_session_want_events(s, 0);
	return s;
}

static unsigned
add_one(struct bt_session *s, const char *path)
{
	struct bt_add_params *p = bt_add_params_new();
	struct bt_metainfo *m = NULL;
	enum bt_code code = bt_metainfo_open(path, &m, NULL);

	if (code == BT_OK && p != NULL) {
		bt_add_params_set_metainfo(p, m);
		(void)bt_add_params_set(p, "torrent_file", path, NULL);
		(void)bt_add_params_set(p, "check_hashes", "0", NULL);
		code = bt_session_add(s, p, NULL, NULL);
	}
	bt_metainfo_free(m);
	bt_add_params_free(p);
	return code == BT_OK;
}

static unsigned
add_all(struct bt_session *s, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned count = 0;
	char path[4096];

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strstr(e->d_name, ".torrent") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		count += add_one(s, path);
	}
	if (d != NULL)
		(void)closedir(d);
	return count;
}

/* Until nothing has changed for two seconds. */
static void
settle(struct bt_session *s, double most)
{
	double until = seconds(CLOCK_MONOTONIC) + most;
	uint64_t since = 0;
	unsigned quiet = 0;

	while (quiet < 20 && seconds(CLOCK_MONOTONIC) < until) {
		struct bt_snapshot *snap;

		if (bt_session_snapshot(s, since, &snap, NULL) != BT_OK)
			return;
		quiet = bt_snapshot_count(snap) == 0 ? quiet + 1 : 0;
		since = bt_snapshot_generation(snap);
		bt_snapshot_free(snap);
		rest(0.1);
	}
}

static double
list_all(struct bt_session *s, size_t *count)
{
	double wall = seconds(CLOCK_MONOTONIC);
	struct bt_snapshot *snap;

	*count = 0;
	if (bt_session_snapshot(s, 0, &snap, NULL) != BT_OK)
		return 0;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	*count = bt_snapshot_count(snap);
	bt_snapshot_free(snap);
	return wall;
}

int
main(int argc, char **argv)
{
	struct bt_session *s = argc == 3 ? open_session() : NULL;
	double wall, cpu, adding, settling, listing, idle;
	size_t listed;
	unsigned count;
	long before;

	if (s == NULL)
		return 2;
	before = resident_KiB();
	wall = seconds(CLOCK_MONOTONIC);
	count = add_all(s, argv[1]);
	adding = seconds(CLOCK_MONOTONIC) - wall;
	settle(s, 180);
	settling = seconds(CLOCK_MONOTONIC) - wall - adding;
	listing = list_all(s, &listed);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	rest(strtod(argv[2], NULL));
	idle = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)printf("%u %zu %ld %.3f %.3f %.6f %.6f\n", count, listed, resident_KiB() - before,
	    adding, settling, idle, listing);
	bt_session_free(s);
	return count > 0 && listed == count ? 0 : 1;
}
