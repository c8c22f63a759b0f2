/* SPDX-License-Identifier: ISC */
/* A directory for a test, where it works, and what lies in it. */
#ifndef UNIT_FOLDER_H
#define UNIT_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "helper.h"

static char folder[64];

static inline void
make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/btcore-unit.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static inline void
drop_folder(void)
{
	char command[100];

	ck_assert_int_eq(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* But for hidden ones. */
static inline unsigned
count_entries(const char *path)
{
	const struct dirent *e;
	DIR *d = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* With the folders on the way. */
static inline void
put_file(const char *path, const void *data, size_t size)
{
	char dir[512];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL) {
		*slash = '\0';
		ck_assert_int_eq(file_make_dirs(dir, NULL), BT_OK);
	}
	ck_assert_int_eq(file_replace(path, slice_of(data, size), NULL), BT_OK);
}

#endif
