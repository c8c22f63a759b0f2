/* SPDX-License-Identifier: ISC */
#include "tools/torrents.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
is_not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
is_directory(const char *path, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_torrent(const char *name)
{
	size_t len = strlen(name);

	return len > 8 && strcmp(name + len - 8, ".torrent") == 0;
}

static void
read_directory(const char *path, const struct torrents_found *found, void *arg)
{
	struct dirent **entry;
	int count = scandir(path, &entry, is_not_hidden, by_bytes);
	size_t len = strlen(path);

	if (count < 0) {
		found->unreadable(arg, path);
		return;
	}
	for (int i = 0; i < count; i++) {
		char *below;

		if (asprintf(&below, "%s%s%s", path, len > 0 && path[len - 1] == '/' ? "" : "/",
		    entry[i]->d_name) < 0)
			abort();
		if (is_directory(below, entry[i]))
			read_directory(below, found, arg);
		else if (is_torrent(entry[i]->d_name))
			found->file(arg, below);
		free(below);
		free(entry[i]);
	}
	free(entry);
}

void
torrents_in(const char *path, const struct torrents_found *found, void *arg)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		read_directory(path, found, arg);
	else
		found->file(arg, path);
}
