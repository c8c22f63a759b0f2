/* SPDX-License-Identifier: ISC */
#include "disk/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

bool
place_init(struct place *p, const struct bt_metainfo *meta, const char *path, uint32_t number)
{
	const char *slash = strrchr(path, '/');

	*p = (struct place){ .meta = meta, .number = number };
	if (bt_metainfo_is_single_file(meta)) {
		p->single_name = mem_strdup(slash == NULL ? path : slash + 1);
		p->root.path = file_folder_of(path);
	} else {
		p->root.path = mem_strdup(path);
	}
	if (p->root.path != NULL && (p->single_name != NULL || !bt_metainfo_is_single_file(meta)))
		return true;
	place_fini(p);
	return false;
}

void
place_fini(struct place *p)
{
	mem_free(p->root.path);
	mem_free(p->single_name);
	*p = (struct place){ 0 };
}

void
place_path_of(const struct place *p, uint32_t file, char *out, size_t size)
{
	if (p->single_name != NULL)
		(void)snprintf(out, size, "%s", p->single_name);
	else
		(void)bt_metainfo_file_safe_path(p->meta, file, out, size);
	out[size - 1] = '\0';
}

enum bt_code
place_fail(const struct place *p, uint32_t file, struct bt_error *err)
{
	char rel[PATH_MAX];
	int e = errno;

	if (e == ENODEV) {
		(void)fail(err, BT_EGONE, "%.180s: the folder is not there any more", p->root.path);
		if (err != NULL)
			err->sys_errno = e;
		return BT_EGONE;
	}
	place_path_of(p, file, rel, sizeof(rel));
	errno = e;
	return fail_errno(err, "%.60s/%.90s", p->root.path, rel);
}

uint64_t
place_look(struct place *p)
{
	char *path = mem_strdup(p->root.path);
	struct stat st;
	bool above = false;

	while (path != NULL && stat(path, &st) != 0) {
		char *folder = file_folder_of(path);

		/* A root or a working folder that cannot be looked at: there is nothing above. */
		if (folder != NULL && strcmp(folder, path) == 0) {
			mem_free(folder);
			folder = NULL;
		}
		mem_free(path);
		path = folder;
		above = true;
	}
	if (path == NULL)
		return 0;
	mem_free(path);
	if (!above)
		p->root.dev = st.st_dev;
	return st.st_dev;
}
