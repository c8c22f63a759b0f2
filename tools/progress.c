/* SPDX-License-Identifier: ISC */
#include "tools/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <btcore/text.h>

#include "tools/text.h"

#define MIB (1024.0 * 1024.0)
#define EACH 0.1		/* seconds between two lines */

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
progress_begin(struct progress *p, const char *name)
{
	size_t size;
	FILE *f;

	*p = (struct progress){ .name = NULL };
	if (!isatty(STDERR_FILENO))
		return;
	f = open_memstream(&p->name, &size);
	if (f == NULL)
		return;
	text_puts(f, name);
	if (fclose(f) != 0)
		p->name = NULL;
	p->start = p->last = now();
}

/* As much of the name as fits. What is not ASCII may take two columns. */
static struct bt_slice
cut_name(const char *name, size_t columns, size_t *width)
{
	struct bt_slice rest = { (const uint8_t *)name, strlen(name) };
	struct bt_slice all = rest, character;
	int32_t point;

	*width = 0;
	while (bt_text_next(&rest, &point, &character)) {
		size_t wide = point >= 0 && point < 0x80 ? 1 : 2;

		if (*width + wide > columns)
			return (struct bt_slice){ all.ptr, (size_t)(character.ptr - all.ptr) };
		*width += wide;
	}
	return all;
}

/* h:mm:ss, or mm:ss. */
static void
print_time(char *out, size_t size, double seconds)
{
	unsigned s = seconds < 359999 ? (unsigned)seconds : 359999;

	if (s >= 3600)
		(void)snprintf(out, size, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		(void)snprintf(out, size, "%02u:%02u", s / 60, s % 60);
}

/* Over what is there. */
static void
print_line(struct progress *p, const char *numbers)
{
	struct winsize w;
	size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
	size_t len = strlen(numbers), width, blanks;
	struct bt_slice name = cut_name(p->name, columns > len + 1 ? columns - len - 1 : 0, &width);

	width += len;
	blanks = p->width > width ? p->width - width : 0;
	(void)fprintf(stderr, "\r%.*s%s%*s", (int)name.len, (const char *)name.ptr, numbers,
	    (int)blanks, "");
	(void)fflush(stderr);
	p->width = width;
}

void
progress_show(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	double at = now(), spent = at - p->start;
	double rate = spent > 0 ? (double)done / spent : 0;
	char numbers[100], time[20];

	if (p->name == NULL || (done != total && at - p->last < EACH))
		return;
	p->last = at;
	print_time(time, sizeof(time), done == total ? spent :
	    rate > 0 ? (double)(total - done) / rate : 0);
	(void)snprintf(numbers, sizeof(numbers), ": %.1f%%  %.1f MiB/s  %s%s",
	    total == 0 ? 100.0 : 100.0 * (double)done / (double)total, rate / MIB, time,
	    done == total ? "" : " left");
	print_line(p, numbers);
}

void
progress_end(struct progress *p, bool ok)
{
	if (p->width > 0 && ok)
		(void)fputc('\n', stderr);
	else if (p->width > 0)
		(void)fprintf(stderr, "\r%*s\r", (int)p->width, "");
	(void)fflush(stderr);
	free(p->name);
	p->name = NULL;
}
