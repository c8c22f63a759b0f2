/* SPDX-License-Identifier: ISC */
/* Reads one torrent and says what that took: wall and CPU seconds, and KiB of memory at its peak
 * above what the process had before. For tests/bench/load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <btcore/metainfo.h>

static double
seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A field of /proc/self/status in KiB. */
static long
memory(const char *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0)
			kib = strtol(line + strlen(field), NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

/* Lets the peak begin anew. */
static void
forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");

	if (f == NULL)
		return;
	(void)fputs("5", f);
	(void)fclose(f);
}

int
main(int argc, char **argv)
{
	struct bt_metainfo *m;
	struct bt_error err;
	double wall, cpu;
	long before;

	if (argc != 2)
		return 2;
	forget_peak();
	before = memory("VmRSS:");
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (bt_metainfo_open(argv[1], &m, &err) != BT_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("%.6f %.6f %ld %u\n", wall, cpu, memory("VmHWM:") - before,
	    bt_metainfo_file_count(m));
	bt_metainfo_free(m);
	return 0;
}
