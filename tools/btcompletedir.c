/* SPDX-License-Identifier: ISC */
/* btcompletedir: makes a torrent of each entry of a directory that has none yet. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli_preset.h"
#include "tools/make_one.h"
#include "tools/stop.h"

#define SUFFIX ".torrent"

static bool
ends_in(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

/* No torrent itself, nothing hidden, nothing that programs leave behind. */
static int
is_wanted(const struct dirent *d)
{
	return d->d_name[0] != '.' && !ends_in(d->d_name, SUFFIX) &&
	    strcmp(d->d_name, "core") != 0 && strcmp(d->d_name, "CVS") != 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *
join(const char *folder, const char *name, const char *suffix)
{
	size_t len = strlen(folder);
	char *path;

	if (asprintf(&path, "%s%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name,
	    suffix) < 0)
		abort();
	return path;
}

/* Beside it, or where it would go. */
static bool
has_torrent(const struct make *m, const char *folder, const char *name, const char *path)
{
	char *beside = join(folder, name, SUFFIX);
	char *out = make_output_path(m, path);
	bool has = access(beside, F_OK) == 0 || access(out, F_OK) == 0;

	free(beside);
	free(out);
	return has;
}

/* The folder for the results is not content, wherever it lies. */
static bool
is_target(const struct make *m, const char *path)
{
	const char *target = m->options.target;
	struct stat a, b;

	return target[0] != '\0' && stat(path, &a) == 0 && stat(target, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void
complete(struct make *m, const char *folder)
{
	struct dirent **entry;
	int count = scandir(folder, &entry, is_wanted, by_bytes);

	if (count < 0) {
		cli_error(m->cli, "%s: %s", folder, strerror(errno));
		m->failed++;
		return;
	}
	for (int i = 0; i < count; i++) {
		char *path = join(folder, entry[i]->d_name, "");

		if (!stop_asked && !is_target(m, path) &&
		    !has_torrent(m, folder, entry[i]->d_name, path))
			make_one(m, path);
		free(path);
		free(entry[i]);
	}
	free(entry);
}

int
main(int argc, char **argv)
{
	struct make make;
	struct cli_preset preset;
	const struct cli_part parts[] = {
		{ &cli_preset_table, &preset }, { &make_option_table, &make.options },
	};
	struct cli cli = { .program = "btcompletedir", .words = "URL DIR...",
		.about = "Makes a torrent of each entry of each DIR that has none yet; URL is its "
		    "tracker.",
		.parts = parts, .part_count = 2, .min_args = 1, .max_args = CLI_MANY };
	const char *target;
	bool ok;

	cli_parse(&cli, argc, argv);
	target = make.options.target;
	if (target[0] != '\0' && !make_is_directory(target))
		cli_misuse(&cli, "--target: it must be a directory");
	if (make.options.name[0] != '\0')
		cli_misuse(&cli, "--name: several files cannot have one name");
	if (make.options.join)
		cli_misuse(&cli, "--join: each entry has a torrent of its own");
	make_begin(&make, &cli);
	/* It has no torrent the next time either. */
	make.may_be_empty = true;
	for (size_t i = 0; i < make.path_count && !stop_asked; i++)
		complete(&make, make.paths[i]);
	ok = make_sum_up(&make);
	make_end(&make);
	return cli_finish(&cli, !ok);
}
