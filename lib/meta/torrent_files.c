/* SPDX-License-Identifier: ISC */
#include "meta/torrent_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/slice.h"

#define DEPTH_MAX 16u		/* links may lead in circles */
#define SUFFIX ".torrent"

static char *
join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = mem_alloc(size);

	if (path != NULL)
		(void)snprintf(path, size, "%s/%s", dir, name);
	return path;
}

static bool
is_torrent(const char *name)
{
	size_t n = strlen(name), suffix = strlen(SUFFIX);

	return n > suffix && strcmp(name + n - suffix, SUFFIX) == 0;
}

/* False: no memory. What is no file (any more) is passed over. */
static bool
add_file(struct vec *out, const char *dir, const char *name)
{
	struct torrent_file file = { .path = join(dir, name) };
	struct stat st;

	if (file.path == NULL)
		return false;
	if (stat(file.path, &st) != 0 || !S_ISREG(st.st_mode)) {
		mem_free(file.path);
		return true;
	}
	file.size = st.st_size;
	file.mtime = st.st_mtim;
	if (vec_add(out, &file) != NULL)
		return true;
	mem_free(file.path);
	return false;
}

/* BT_ENOENT: it cannot be read, see errno. */
static enum bt_code
search(const char *dir, unsigned depth, const struct torrent_files_visitor *visitor,
    struct vec *out)
{
	enum bt_code code = BT_OK;
	size_t before = out->len;
	const struct dirent *e;
	DIR *d;

	if (visitor != NULL)
		visitor->directory(visitor->arg, dir);
	d = opendir(dir);
	if (d == NULL)
		return BT_ENOENT;
	while (code == BT_OK && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' && is_torrent(e->d_name) && !add_file(out, dir, e->d_name))
			code = BT_ENOMEM;
	}
	if (out->len == before && depth < DEPTH_MAX)
		rewinddir(d);
	while (code == BT_OK && (e = readdir(d)) != NULL) {
		char *path;

		if (e->d_name[0] == '.' || e->d_type == DT_REG)
			continue;
		path = join(dir, e->d_name);
		if (path == NULL || search(path, depth + 1, visitor, out) == BT_ENOMEM)
			code = BT_ENOMEM;
		mem_free(path);
	}
	(void)closedir(d);
	return code;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct torrent_file *)a)->path,
	    ((const struct torrent_file *)b)->path);
}

enum bt_code
torrent_files_find(const char *dir, const struct torrent_files_visitor *visitor, struct vec *out,
    struct bt_error *err)
{
	enum bt_code code;

	vec_init(out, sizeof(struct torrent_file));
	code = search(dir, 0, visitor, out);
	if (code == BT_ENOENT)
		return fail_errno(err, "cannot read the directory %s", dir);
	if (code != BT_OK)
		return fail(err, BT_ENOMEM, "out of memory");
	if (out->len > 0)
		qsort(out->items, out->len, out->item_size, by_path);
	return BT_OK;
}

void
torrent_files_free(struct vec *files)
{
	for (size_t i = 0; i < files->len; i++)
		mem_free(((struct torrent_file *)vec_at(files, i))->path);
	vec_fini(files);
}

bool
torrent_files_same(const struct torrent_file *a, const struct torrent_file *b)
{
	return a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}
