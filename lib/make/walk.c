/* SPDX-License-Identifier: ISC */
#include "make/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "make/links.h"
#include "meta/names.h"
#include "make/order.h"
#include "make/wanted.h"

#define MAX_TEXT ((size_t)1 << 30)	/* bytes of paths */
#define OPEN_ROOTS 64		/* whose descriptors are kept: a process has perhaps 1024 */
#define MAX_FILES 4000000		/* more do not fit into a torrent that we would read */

/* The folder that is being read. */
struct folder {
	struct walk *walk;
	uint32_t root;
	int fd;
	size_t below;		/* its path in the torrent, in text */
	struct vec todo;	/* size_t: folders to be read, likewise */
};

static enum bt_code
no_memory(struct bt_error *err)
{
	return fail(err, BT_ENOMEM, "out of memory");
}

static const char *
text_at(const struct walk *w, size_t pos)
{
	return (const char *)w->text.ptr + pos;
}

/* What of a path in the torrent is below the root. */
static const char *
below_root(const struct walk *w, uint32_t root, const char *path)
{
	const struct walk_root *r = vec_at(&w->roots, root);

	return path + min_u64(strlen(path), r->prefix);
}

static char *
full_path(const struct walk *w, uint32_t root, const char *path)
{
	const char *start = ((const struct walk_root *)vec_at(&w->roots, root))->path;
	const char *below = below_root(w, root, path);
	size_t start_len = strlen(start), below_len = strlen(below);
	char *full = mem_alloc(start_len + below_len + 2);

	if (full == NULL)
		return NULL;
	memcpy(full, start, start_len);
	if (below_len > 0 && start[start_len - 1] != '/')
		full[start_len++] = '/';
	memcpy(full + start_len, below, below_len + 1);
	return full;
}

char *
walk_full_path(const struct walk *w, const struct walk_file *f)
{
	return full_path(w, f->root, walk_path(w, f));
}

/* Where the file's path begins: the root's directory, or where we are. *full is to be freed. */
static const char *
way_to(const struct walk *w, const struct walk_file *f, int *from, char **full)
{
	const struct walk_root *root = vec_at(&w->roots, f->root);

	*full = NULL;
	*from = root->folder >= 0 ? root->folder : AT_FDCWD;
	if (root->folder >= 0)
		return below_root(w, f->root, walk_path(w, f));
	if (!root->closed)
		return root->path;
	*full = walk_full_path(w, f);
	if (*full == NULL)
		errno = ENOMEM;
	return *full;
}

int
walk_open_file(const struct walk *w, const struct walk_file *f)
{
	int from, fd, saved;
	char *full;
	const char *path = way_to(w, f, &from, &full);

	if (path == NULL)
		return -1;
	/* Something else may have taken the place of the file; a pipe would wait for ever. */
	fd = openat(from, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	saved = errno;
	mem_free(full);
	errno = saved;
	return fd;
}

bool
walk_stat_file(const struct walk *w, const struct walk_file *f, struct stat *st)
{
	int from, saved;
	char *full;
	const char *path = way_to(w, f, &from, &full);
	bool ok = path != NULL &&
	    fstatat(from, path, st, f->link == 0 ? 0 : AT_SYMLINK_NOFOLLOW) == 0;

	saved = errno;
	mem_free(full);
	errno = saved;
	return ok;
}

/* An error of what has this path in the torrent. what: NULL, for errno. */
static enum bt_code
fail_at(const struct folder *d, size_t path, enum bt_code code, const char *what,
    struct bt_error *err)
{
	int saved = errno;
	char *full = full_path(d->walk, d->root, text_at(d->walk, path));

	errno = saved;
	if (full == NULL)
		code = no_memory(err);
	else if (what == NULL)
		code = fail_errno(err, "%s", full);
	else
		code = fail(err, code, "%s: %s", full, what);
	mem_free(full);
	return code;
}

static enum bt_code
add_file(const struct folder *d, size_t path, const struct stat *st, struct bt_error *err)
{
	struct walk *w = d->walk;
	struct walk_file f = { .path = path, .size = (uint64_t)st->st_size, .mtime = st->st_mtim,
		.root = d->root };

	if (S_ISLNK(st->st_mode))
		f.size = 0;
	if (w->files.len == MAX_FILES)
		return fail(err, BT_ELIMIT, "%s: more than %u files", w->shown, MAX_FILES);
	if (!add_u64(w->total, f.size, &w->total) || w->total > INT64_MAX)
		return fail(err, BT_ELIMIT, "%s: too large", w->shown);
	return vec_add(&w->files, &f) != NULL ? BT_OK : no_memory(err);
}

static size_t
depth_of(const char *path)
{
	size_t depth = 1;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

static enum bt_code
add_folder(struct folder *d, size_t path, struct bt_error *err)
{
	if (depth_of(text_at(d->walk, path)) >= NAMES_MAX_DEPTH)
		return fail_at(d, path, BT_ELIMIT, "too many directories in each other", err);
	return vec_add(&d->todo, &path) != NULL ? BT_OK : no_memory(err);
}

/* The target of a stored link goes into text behind the path. */
static enum bt_code
store_link(struct folder *d, size_t path, const struct stat *st, struct bt_error *err)
{
	const struct walk_root *root = vec_at(&d->walk->roots, d->root);
	struct buf *text = &d->walk->text;
	char *full = full_path(d->walk, d->root, text_at(d->walk, path));
	size_t link = text->len;
	uint8_t *to = buf_add_space(text, root->prefix);
	enum bt_code code;

	if (full == NULL || to == NULL) {
		mem_free(full);
		return no_memory(err);
	}
	memcpy(to, text->ptr + path, root->prefix);
	code = links_resolve(full, root->path, text, err);
	mem_free(full);
	if (code == BT_OK)
		code = add_file(d, path, st, err);
	if (code == BT_OK)
		walk_at(d->walk, d->walk->files.len - 1)->link = link;
	return code;
}

static enum bt_code
add_link(struct folder *d, size_t path, const char *name, struct stat *st, struct bt_error *err)
{
	if (d->walk->options->links == BT_LINKS_REFUSE)
		return fail_at(d, path, BT_EUNSUP, "a symbolic link", err);
	if (d->walk->options->links == BT_LINKS_STORE)
		return store_link(d, path, st, err);
	if (fstatat(d->fd, name, st, 0) != 0)
		return fail_at(d, path, BT_EIO, NULL, err);
	if (S_ISDIR(st->st_mode))
		return fail_at(d, path, BT_EUNSUP, "a symbolic link to a directory", err);
	if (!S_ISREG(st->st_mode))
		return fail_at(d, path, BT_EUNSUP, "neither a file nor a directory", err);
	return add_file(d, path, st, err);
}

/* Asks the system as little as it can: what is a folder needs no more than that. */
static enum bt_code
take_entry(struct folder *d, size_t path, const struct dirent *e, bool wanted,
    struct bt_error *err)
{
	struct stat st = { .st_mode = (mode_t)DTTOIF(e->d_type) };

	if ((wanted && e->d_type != DT_DIR) || e->d_type == DT_UNKNOWN) {
		if (fstatat(d->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return wanted ? fail_at(d, path, BT_EIO, NULL, err) : BT_OK;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(d, path, err);
	if (!wanted)
		return BT_OK;
	if (S_ISLNK(st.st_mode))
		return add_link(d, path, e->d_name, &st, err);
	if (!S_ISREG(st.st_mode))
		return fail_at(d, path, BT_EUNSUP, "neither a file nor a directory", err);
	return add_file(d, path, &st, err);
}

/* Its path is written to where it stays if it is taken. */
static enum bt_code
add_entry(struct folder *d, const struct dirent *e, struct bt_error *err)
{
	struct buf *text = &d->walk->text;
	size_t path = text->len, files = d->walk->files.len, folders = d->todo.len;
	size_t below_len = strlen(text_at(d->walk, d->below)), len = strlen(e->d_name);
	enum bt_code code = BT_OK;
	bool all_out, wanted;
	uint8_t *to = buf_add_space(text, below_len + 1 + len + 1);

	if (to == NULL)
		return no_memory(err);
	memcpy(to, text->ptr + d->below, below_len);
	if (below_len > 0)
		to[below_len++] = '/';
	memcpy(to + below_len, e->d_name, len + 1);
	text->len = path + below_len + len + 1;
	wanted = wanted_file(d->walk->options, (char *)to, &all_out);
	if (!all_out)
		code = take_entry(d, path, e, wanted, err);
	if (d->walk->files.len == files && d->todo.len == folders)
		text->len = path;
	return code;
}

static bool
is_passed_over(const struct walk *w, const char *name)
{
	if (name[0] != '.')
		return false;
	return !w->options->hidden || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum bt_code
read_folder(struct folder *d, struct bt_error *err)
{
	const struct walk_root *root = vec_at(&d->walk->roots, d->root);
	const char *below = below_root(d->walk, d->root, text_at(d->walk, d->below));
	enum bt_code code = BT_OK;
	const struct dirent *e;
	DIR *dir = NULL;

	d->fd = openat(root->folder, *below == '\0' ? "." : below,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (d->fd < 0 || (dir = fdopendir(d->fd)) == NULL) {
		code = fail_at(d, d->below, BT_EIO, NULL, err);
		if (d->fd >= 0)
			(void)close(d->fd);
		return code;
	}
	while (code == BT_OK && (errno = 0, e = readdir(dir)) != NULL) {
		if (!is_passed_over(d->walk, e->d_name))
			code = add_entry(d, e, err);
	}
	if (code == BT_OK && errno != 0)
		code = fail_at(d, d->below, BT_EIO, NULL, err);
	(void)closedir(dir);
	return code;
}

/* All that is below the root, whose path in the torrent is d->below. */
static enum bt_code
read_folders(struct folder *d, struct bt_error *err)
{
	struct walk_root *root = vec_at(&d->walk->roots, d->root);
	enum bt_code code;

	root->folder = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root->folder < 0)
		return fail_errno(err, "%s", root->path);
	vec_init(&d->todo, sizeof(size_t));
	code = read_folder(d, err);
	while (code == BT_OK && d->todo.len > 0) {
		d->below = *(size_t *)vec_at(&d->todo, d->todo.len - 1);
		vec_remove_swap(&d->todo, d->todo.len - 1);
		code = read_folder(d, err);
	}
	vec_fini(&d->todo);
	if (d->root >= OPEN_ROOTS) {
		(void)close(root->folder);
		root->folder = -1;
		root->closed = true;
	}
	return code;
}

void
walk_place(struct walk *w, uint32_t align)
{
	uint64_t offset = 0;

	w->content = 0;
	for (size_t i = 0; i < w->files.len; i++) {
		struct walk_file *f = walk_at(w, i);

		if (f->size > 0)
			offset = div_up_u64(offset, align) * align;
		f->offset = offset;
		offset += f->size;
		if (f->size > 0)
			w->content = offset;
	}
}

/* The last element of the path; what "." and ".." are called, the system knows. */
static enum bt_code
find_name(const char *path, char **out, struct bt_error *err)
{
	const char *name = strrchr(path, '/');
	enum bt_code code = BT_OK;
	char *real = NULL;

	name = name == NULL ? path : name + 1;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		real = realpath(path, NULL);
		name = real == NULL ? NULL : strrchr(real, '/') + 1;
	}
	if (name == NULL)
		code = fail_errno(err, "%s", path);
	else if (name[0] == '\0')
		code = fail(err, BT_EARG, "%s: has no name of its own", path);
	else if ((*out = mem_strdup(name)) == NULL)
		code = no_memory(err);
	free(real);
	return code;
}

/* The path without slashes at its end; d is about it from now on. */
static enum bt_code
add_root(struct folder *d, const char *path, struct bt_error *err)
{
	struct walk_root root = { .path = mem_strdup(path), .folder = -1 };

	if (root.path == NULL || vec_add(&d->walk->roots, &root) == NULL) {
		mem_free(root.path);
		return no_memory(err);
	}
	for (size_t n = strlen(root.path); n > 1 && root.path[n - 1] == '/'; n--)
		root.path[n - 1] = '\0';
	d->root = (uint32_t)d->walk->roots.len - 1;
	return BT_OK;
}

/* Reads the last root; its path in the torrent is name. */
static enum bt_code
read_root(struct folder *d, const char *name, struct bt_error *err)
{
	struct walk *w = d->walk;
	struct walk_root *root = vec_at(&w->roots, d->root);
	struct stat st;

	root->prefix = name[0] == '\0' ? 0 : strlen(name) + 1;
	d->below = w->text.len;
	buf_add(&w->text, name, strlen(name) + 1);
	if (buf_failed(&w->text))
		return no_memory(err);
	if (lstat(root->path, &st) != 0)
		return fail_errno(err, "%s", root->path);
	if (S_ISLNK(st.st_mode) && w->options->links == BT_LINKS_REFUSE)
		return fail(err, BT_EUNSUP, "%s: a symbolic link", root->path);
	/* What was named itself is meant, not the link to it. */
	if (S_ISLNK(st.st_mode) && stat(root->path, &st) != 0)
		return fail_errno(err, "%s", root->path);
	w->is_directory |= S_ISDIR(st.st_mode);
	if (S_ISDIR(st.st_mode))
		return read_folders(d, err);
	if (!S_ISREG(st.st_mode))
		return fail(err, BT_EUNSUP, "%s: neither a file nor a directory", root->path);
	return add_file(d, d->below, &st, err);
}

/* Contents are joined, or the thing itself is put under its name. */
static enum bt_code
join_root(struct folder *d, const char *path, struct bt_error *err)
{
	const struct walk_root *root;
	char *name = NULL;
	enum bt_code code = add_root(d, path, err);
	size_t len;

	if (code != BT_OK)
		return code;
	root = vec_at(&d->walk->roots, d->root);
	len = strlen(root->path);
	if (strcmp(root->path, ".") == 0 || (len > 1 && strcmp(root->path + len - 2, "/.") == 0))
		return read_root(d, "", err);
	code = find_name(root->path, &name, err);
	if (code == BT_OK)
		code = read_root(d, name, err);
	mem_free(name);
	return code;
}

/* After reading: the order of paths tells what meets, and is where links are looked up. */
static enum bt_code
finish(struct walk *w, struct bt_error *err)
{
	enum bt_code code;

	if (w->files.len == 0)
		return fail(err, BT_ENOENT, "%s: no files in this directory%s", w->shown,
		    w->options->pattern_count > 0 ? " are wanted" : "");
	order_by_path(w);
	code = w->roots.len > 1 ? order_check(w, err) : BT_OK;
	if (code == BT_OK)
		code = links_check(w, err);
	if (code == BT_OK) {
		order_as_wanted(w);
		walk_place(w, 1);
	}
	return code;
}

static enum bt_code
begin(struct walk *w, const char *shown, const struct bt_create_options *options,
    struct bt_error *err)
{
	*w = (struct walk){ .options = options };
	buf_init(&w->text, MAX_TEXT);
	vec_init(&w->roots, sizeof(struct walk_root));
	vec_init(&w->files, sizeof(struct walk_file));
	w->shown = mem_strdup(shown);
	return w->shown != NULL ? BT_OK : no_memory(err);
}

enum bt_code
walk_open(struct walk *w, const char *path, const struct bt_create_options *options,
    struct bt_error *err)
{
	struct folder d = { .walk = w };
	enum bt_code code = begin(w, path, options, err);

	if (code == BT_OK)
		code = add_root(&d, path, err);
	if (code == BT_OK)
		code = find_name(((struct walk_root *)vec_at(&w->roots, 0))->path, &w->name, err);
	if (code == BT_OK)
		code = read_root(&d, "", err);
	if (code == BT_OK)
		code = finish(w, err);
	if (code != BT_OK)
		walk_close(w);
	return code;
}

enum bt_code
walk_join(struct walk *w, const char *const *paths, size_t count,
    const struct bt_create_options *options, struct bt_error *err)
{
	struct folder d = { .walk = w };
	enum bt_code code = begin(w, options->name, options, err);

	w->is_directory = true;
	for (size_t i = 0; code == BT_OK && i < count; i++)
		code = join_root(&d, paths[i], err);
	if (code == BT_OK)
		code = finish(w, err);
	if (code != BT_OK)
		walk_close(w);
	return code;
}

void
walk_close(struct walk *w)
{
	for (size_t i = 0; i < w->roots.len; i++) {
		struct walk_root *root = vec_at(&w->roots, i);

		if (root->folder >= 0)
			(void)close(root->folder);
		mem_free(root->path);
	}
	vec_fini(&w->roots);
	mem_free(w->shown);
	mem_free(w->name);
	vec_fini(&w->files);
	buf_fini(&w->text);
}
