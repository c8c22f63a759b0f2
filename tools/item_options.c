/* SPDX-License-Identifier: ISC */
#include "tools/item_options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

/* A file of options has no reason to be longer. */
#define LINES_MAX 1000u

static const struct bt_option rows[] = {
	{ "saveas", BT_OPT_TEXT, offsetof(struct item_options, saveas), "", 0, 0, "PATH", NULL,
	  "Save as this file or directory; empty: the torrent's name in the current directory." },
	{ "priority", BT_OPT_TEXT, offsetof(struct item_options, priority), "", 0, 0, "LIST", NULL,
	  "A number for each file, joined by commas: -1 skip it, 0 first, 1 normal, 2 last." },
	{ "include", BT_OPT_TEXT, offsetof(struct item_options, include), "", 0, 0, "GLOBS", NULL,
	  "Of several files, download only what matches one of these." },
	{ "exclude", BT_OPT_TEXT, offsetof(struct item_options, exclude), "", 0, 0, "GLOBS", NULL,
	  "Of several files, leave out what matches one of these, even if included." },
	{ "sequential", BT_OPT_FLAG, offsetof(struct item_options, sequential), "0", 0, 0, "0|1",
	  NULL, "Download pieces in their order, the rarest not first." },
	{ "first_last", BT_OPT_FLAG, offsetof(struct item_options, first_last), "0", 0, 0, "0|1",
	  NULL, "Download the first and last piece of each file first." },
	{ "seed_time", BT_OPT_FLOAT, offsetof(struct item_options, seed_time), "-1", -1, 1e9,
	  "SECONDS", NULL,
	  "End this long after the download is complete; 0: at once; -1: go on seeding." },
	{ "seed_ratio", BT_OPT_FLOAT, offsetof(struct item_options, seed_ratio), "0", 0, 1e6,
	  "RATIO", NULL,
	  "End when complete, and this many times the size was uploaded; 0: go on seeding." },
	{ "torrent_upload_rate", BT_OPT_INT, offsetof(struct item_options, torrent_upload_rate),
	  "0", 0, 1e9, "KIB/S", NULL,
	  "Limit on the upload rate of each torrent, in KiB a second; 0: no limit." },
	{ "torrent_download_rate", BT_OPT_INT,
	  offsetof(struct item_options, torrent_download_rate), "0", 0, 1e9, "KIB/S", NULL,
	  "Limit on the download rate of each torrent, in KiB a second; 0: no limit." },
	{ "check", BT_OPT_TEXT, offsetof(struct item_options, check), "fast", 0, 0,
	  "full|fast|none", NULL,
	  "Check all of what is on the disk (full), or only what is not known to be as it was "
	  "(fast); none: believe that all of it is there." },
	{ "check_hashes", BT_OPT_FLAG, offsetof(struct item_options, check_hashes), "1", 0, 0,
	  "0|1", NULL, "0: as --check none." },
	/* What stands from here on is for files alone. */
	{ "paused", BT_OPT_FLAG, offsetof(struct item_options, paused), "0", 0, 0, "0|1", NULL,
	  "Hold the torrent up." },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct bt_option_table item_table = { rows, ROWS - 1 };
static const struct bt_option_table file_table = { rows, ROWS };

void
item_options_free(struct item_options *o)
{
	if (o != NULL)
		bt_options_fini(&file_table, o);
	free(o);
}

static void __attribute__((format(printf, 3, 4)))
complain(struct bt_error *err, enum bt_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->sys_errno = 0;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

static bool
take_line(struct item_options *o, char *line, const char *path, unsigned number,
    struct bt_error *err)
{
	char *equals = strchr(line, '=');
	struct bt_error why;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (equals == NULL) {
		complain(err, BT_EFORMAT, "%.150s:%u: not 'option = value'", path, number);
		return false;
	}
	*equals = '\0';
	line = text_trim(line);
	if (bt_options_set(&file_table, o, line, text_trim(equals + 1), &why) == BT_OK)
		return true;
	complain(err, BT_EFORMAT, "%.100s:%u: %.100s", path, number, why.text);
	return false;
}

static bool
read_lines(struct item_options *o, FILE *f, const char *path, struct bt_error *err)
{
	unsigned number = 0;
	char line[8192];

	while (fgets(line, sizeof(line), f) != NULL) {
		if (++number > LINES_MAX || (strchr(line, '\n') == NULL && !feof(f))) {
			complain(err, BT_ELIMIT, "%.150s:%u: too long", path, number);
			return false;
		}
		if (!take_line(o, text_trim(line), path, number, err))
			return false;
	}
	if (!ferror(f))
		return true;
	complain(err, BT_EIO, "%.150s: %s", path, strerror(errno));
	return false;
}

struct item_options *
item_options_read(const char *path, const struct item_options *from, struct bt_error *err)
{
	struct item_options *o;
	FILE *f = fopen(path, "re");
	bool good;

	err->code = BT_OK;
	if (f == NULL) {
		if (errno != ENOENT)
			complain(err, BT_EIO, "%.150s: %s", path, strerror(errno));
		return NULL;
	}
	o = calloc(1, sizeof(*o));
	if (o == NULL || bt_options_copy(&file_table, o, from) != BT_OK)
		abort();
	good = read_lines(o, f, path, err);
	(void)fclose(f);
	if (good)
		return o;
	item_options_free(o);
	return NULL;
}
