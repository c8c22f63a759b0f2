/* SPDX-License-Identifier: ISC */
#include "tools/saveas.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	while (d != NULL && empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d != NULL)
		(void)closedir(d);
	return empty;
}

static char *
join(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* Does the folder hold anything that the torrent has at its top? */
static bool
holds_top_entry(const char *folder, const struct bt_metainfo *m)
{
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		char rel[PATH_MAX];
		struct stat st;
		char *path;
		bool there;

		(void)bt_metainfo_file_safe_path(m, i, rel, sizeof(rel));
		rel[strcspn(rel, "/")] = '\0';
		path = join(folder, rel);
		there = path != NULL && lstat(path, &st) == 0;
		free(path);
		if (there)
			return true;
	}
	return false;
}

char *
saveas_absolute(const char *path)
{
	char *real = realpath(path, NULL), *cwd = NULL;

	if (real == NULL && path[0] != '/') {
		cwd = getcwd(NULL, 0);
		real = cwd == NULL ? NULL : join(cwd, path);
		free(cwd);
	}
	return real != NULL ? real : strdup(path);
}

/* The name was not chosen by the user. */
static char *
in_folder(const char *folder, const char *name)
{
	char *where = saveas_absolute(folder), *path = where == NULL ? NULL : join(where, name);
	struct stat st;

	free(where);
	if (path != NULL && lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		free(path);
		errno = ELOOP;
		return NULL;
	}
	return path;
}

char *
saveas_one(const struct bt_metainfo *m, const char *saveas)
{
	bool inside = saveas[0] != '\0' && is_folder(saveas);

	if (inside && !bt_metainfo_is_single_file(m))
		inside = !is_empty(saveas) && !holds_top_entry(saveas, m);
	if (inside || saveas[0] == '\0')
		return saveas_among(m, saveas);
	return saveas_absolute(saveas);
}

char *
saveas_among(const struct bt_metainfo *m, const char *folder)
{
	return in_folder(folder[0] == '\0' ? "." : folder, bt_metainfo_safe_name(m));
}

char *
saveas_styled(const struct bt_metainfo *m, const char *folder, const char *stem, int style)
{
	char *own, *path;

	if (style == 2)
		return saveas_among(m, folder);
	own = in_folder(folder, stem);
	if (style == 1 || own == NULL)
		return own;
	path = in_folder(own, bt_metainfo_safe_name(m));
	free(own);
	return path;
}
