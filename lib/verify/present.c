/* SPDX-License-Identifier: ISC */
#include "verify/present.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "meta/model.h"

#define MAX_PATH (1u << 20)	/* bytes; the system wants less */
#define LOOK_AT 1000		/* files that tell which of two directories is meant */

/* The path of a file below a root; NULL with errno. */
static const char *
path_of(const struct bt_metainfo *m, const char *root, uint32_t file, struct buf *scratch)
{
	size_t len = bt_metainfo_file_safe_path(m, file, NULL, 0);
	const char *path;
	uint8_t *space;

	buf_clear(scratch);
	buf_add_str(scratch, root);
	if (!m->single) {
		buf_add_str(scratch, "/");
		space = buf_add_space(scratch, len + 1);
		if (space != NULL)
			(void)bt_metainfo_file_safe_path(m, file, (char *)space, len + 1);
	}
	path = buf_cstr(scratch);
	if (buf_failed(scratch)) {
		errno = ENOMEM;
		return NULL;
	}
	return path;
}

static struct present_file
look(const struct bt_metainfo *m, const char *root, uint32_t file, struct buf *scratch)
{
	const char *path = path_of(m, root, file, scratch);
	const struct meta_file *f = meta_file_at(m, file);
	bool is_link = f->flags & BT_FILE_SYMLINK && f->size == 0;
	struct stat st;

	if (path == NULL || (is_link ? lstat(path, &st) : stat(path, &st)) != 0)
		return (struct present_file){ 0, errno == ENOTDIR ? ENOENT : errno };
	if (is_link)	/* it has no content; that it is there is all one can ask */
		return (struct present_file){ 0, 0 };
	if (!S_ISREG(st.st_mode))
		return (struct present_file){ 0, S_ISDIR(st.st_mode) ? EISDIR : EINVAL };
	return (struct present_file){ (uint64_t)st.st_size, 0 };
}

/* How many of the first files lie below this root with the right size. */
static uint32_t
score(const struct bt_metainfo *m, const char *root, struct buf *scratch)
{
	uint32_t good = 0;

	for (uint32_t i = 0, seen = 0; i < meta_file_count(m) && seen < LOOK_AT; i++) {
		const struct meta_file *f = meta_file_at(m, i);
		struct present_file found;

		if (f->flags & BT_FILE_PAD)
			continue;
		found = look(m, root, i, scratch);
		good += found.error == 0 && found.size == f->size;
		seen++;
	}
	return good;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Is path the torrent's own directory, or the one around it? A directory may hold one of the same
 * name, so what lies in them decides, and only then the name. */
static bool
is_content(const struct bt_metainfo *m, const char *path, const char *inner, struct buf *scratch)
{
	uint32_t own = score(m, path, scratch);
	char *real;
	bool same;

	if (is_directory(inner))
		return own > score(m, inner, scratch);
	if (own > 0)
		return true;
	real = realpath(path, NULL);
	same = real != NULL && strcmp(strrchr(real, '/') + 1, m->safe_name) == 0;
	free(real);
	return same;
}

/* Gives what is to be freed, or NULL. */
static char *
find_root(const struct bt_metainfo *m, const char *path, struct bt_error *err)
{
	bool directory;
	struct stat st;
	struct buf b, scratch;
	char *root = NULL;

	if (stat(path, &st) != 0) {
		(void)fail_errno(err, "%s", path);
		return NULL;
	}
	directory = S_ISDIR(st.st_mode);
	if (!directory && !m->single) {
		(void)fail(err, BT_EARG, "%s: the torrent is of a directory, and this is none",
		    path);
		return NULL;
	}
	buf_init(&b, MAX_PATH);
	buf_init(&scratch, MAX_PATH);
	buf_add_str(&b, path);
	if (directory && (b.len == 0 || b.ptr[b.len - 1] != '/'))
		buf_add_str(&b, "/");
	if (directory)
		buf_add_str(&b, m->safe_name);
	if (!directory || (!m->single && is_content(m, path, buf_cstr(&b), &scratch)))
		root = mem_strdup(path);
	else if (!buf_failed(&b))
		root = mem_strdup(buf_cstr(&b));
	buf_fini(&b);
	buf_fini(&scratch);
	if (root == NULL)
		(void)fail(err, BT_ENOMEM, "out of memory");
	return root;
}

enum bt_code
present_open(struct present *p, const struct bt_metainfo *m, const char *path,
    struct bt_error *err)
{
	struct bt_error why = { .code = BT_OK };
	struct buf scratch;

	*p = (struct present){ .meta = m, .root = find_root(m, path, &why) };
	if (p->root == NULL) {
		if (err != NULL)
			*err = why;
		return why.code;
	}
	p->files = mem_array(meta_file_count(m), sizeof(*p->files));
	if (p->files == NULL) {
		present_close(p);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	buf_init(&scratch, MAX_PATH);
	for (uint32_t i = 0; i < meta_file_count(m); i++) {
		if (!(meta_file_at(m, i)->flags & BT_FILE_PAD))
			p->files[i] = look(m, p->root, i, &scratch);
	}
	buf_fini(&scratch);
	return BT_OK;
}

void
present_close(struct present *p)
{
	mem_free(p->root);
	mem_free(p->files);
	*p = (struct present){ .root = NULL };
}

bool
present_has(const struct present *p, uint32_t file, uint64_t end)
{
	return p->files[file].error == 0 && end <= p->files[file].size;
}

int
present_open_file(const struct present *p, uint32_t file, struct buf *scratch)
{
	const char *path = path_of(p->meta, p->root, file, scratch);
	struct stat st;
	int fd;

	if (path == NULL)
		return -1;
	/* Something else may have taken the place of the file; a pipe would wait for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}
