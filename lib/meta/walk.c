/* SPDX-License-Identifier: ISC */
#include "meta/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "meta/names.h"

#define MAX_TEXT ((size_t)1 << 30)	/* bytes of paths */
#define MAX_FILES 4000000		/* more do not fit into a torrent that we would read */

static enum bt_code
no_memory(struct bt_error *err)
{
	return fail(err, BT_ENOMEM, "out of memory");
}

static char *
join(const char *root, const char *below)
{
	size_t root_len = strlen(root), below_len = strlen(below);
	char *path = mem_alloc(root_len + below_len + 2);

	if (path == NULL)
		return NULL;
	memcpy(path, root, root_len);
	if (below_len > 0)
		path[root_len++] = '/';
	memcpy(path + root_len, below, below_len + 1);
	return path;
}

char *
walk_full_path(const struct walk *w, const struct walk_file *f)
{
	return join(w->root, walk_path(w, f));
}

/* Where the file's path begins: the root's directory, or where we are if the root is the file. */
static const char *
way_to(const struct walk *w, const struct walk_file *f, int *from)
{
	*from = w->is_directory ? w->folder : AT_FDCWD;
	return w->is_directory ? walk_path(w, f) : w->root;
}

int
walk_open_file(const struct walk *w, const struct walk_file *f)
{
	int from;
	const char *path = way_to(w, f, &from);

	/* Something else may have taken the place of the file; a pipe would wait for ever. */
	return openat(from, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

bool
walk_stat_file(const struct walk *w, const struct walk_file *f, struct stat *st)
{
	int from;
	const char *path = way_to(w, f, &from);

	return fstatat(from, path, st, 0) == 0;
}

/* st: of what a link leads to; is_link: whether it is one. */
static bool
look_at(const char *path, struct stat *st, bool *is_link)
{
	if (lstat(path, st) != 0)
		return false;
	*is_link = S_ISLNK(st->st_mode);
	return !*is_link || stat(path, st) == 0;
}

static size_t
depth_of(const char *below)
{
	size_t depth = 1;

	for (; *below != '\0'; below++)
		depth += *below == '/';
	return depth;
}

static enum bt_code
add_file(struct walk *w, const char *below, const struct stat *st, struct bt_error *err)
{
	struct walk_file f = { .path = w->text.len, .size = (uint64_t)st->st_size,
		.mtime = st->st_mtim };

	if (w->files.len == MAX_FILES)
		return fail(err, BT_ELIMIT, "%s: more than %u files", w->root, MAX_FILES);
	if (!add_u64(w->total, f.size, &w->total) || w->total > INT64_MAX)
		return fail(err, BT_ELIMIT, "%s: too large", w->root);
	buf_add(&w->text, below, strlen(below) + 1);
	if (buf_failed(&w->text) || vec_add(&w->files, &f) == NULL)
		return no_memory(err);
	return BT_OK;
}

/* The path, or a directory that it is in. Cuts the path meanwhile. */
static bool
matches(const char *glob, char *path)
{
	bool whole = strchr(glob, '/') != NULL;
	const char *element = path;

	for (char *p = path;; p++) {
		char c = *p;
		bool hit;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		hit = fnmatch(glob, whole ? path : element, FNM_PATHNAME) == 0;
		*p = c;
		if (hit || c == '\0')
			return hit;
		element = p + 1;
	}
}

/* Is the file of that path wanted? all_out: nor is any file below a directory of that path. */
static bool
is_wanted(const struct bt_create_options *o, char *path, bool *all_out)
{
	bool wanted = o->pattern_count == 0 || !o->patterns[0].include;

	*all_out = false;
	for (size_t i = 0; i < o->pattern_count; i++) {
		const struct bt_create_pattern *p = &o->patterns[i];

		if (matches(p->glob, path)) {
			wanted = p->include;
			*all_out = !wanted;
		} else if (p->include) {
			*all_out = false;
		}
	}
	return wanted;
}

/* One entry: a file is added, a directory goes onto the list of those to be read. */
static enum bt_code
add_entry(struct walk *w, struct vec *todo, char *below, bool *kept, struct bt_error *err)
{
	char *full = join(w->root, below);
	enum bt_code code = BT_OK;
	bool all_out, wanted = is_wanted(w->options, below, &all_out);
	bool is_link = false;
	struct stat st;

	*kept = false;
	if (full == NULL)
		return no_memory(err);
	if (all_out) {
		code = BT_OK;
	} else if (!look_at(full, &st, &is_link)) {
		code = wanted ? fail_errno(err, "%s", full) : BT_OK;
	} else if (!wanted && (is_link || !S_ISDIR(st.st_mode))) {
		code = BT_OK;
	} else if (is_link && w->options->refuse_links) {
		code = fail(err, BT_EUNSUP, "%s: a symbolic link", full);
	} else if (S_ISREG(st.st_mode)) {
		code = add_file(w, below, &st, err);
	} else if (!S_ISDIR(st.st_mode)) {
		code = fail(err, BT_EUNSUP, "%s: neither a file nor a directory", full);
	} else if (is_link) {
		code = fail(err, BT_EUNSUP, "%s: a symbolic link to a directory", full);
	} else if (depth_of(below) >= NAMES_MAX_DEPTH) {
		code = fail(err, BT_ELIMIT, "%s: too many directories in each other", full);
	} else if (vec_add(todo, &below) == NULL) {
		code = no_memory(err);
	} else {
		*kept = true;
	}
	mem_free(full);
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
read_folder(struct walk *w, struct vec *todo, const char *below, struct bt_error *err)
{
	char *full = join(w->root, below);
	DIR *d = full == NULL ? NULL : opendir(full);
	enum bt_code code = BT_OK;
	const struct dirent *e;

	if (d == NULL) {
		code = full == NULL ? no_memory(err) : fail_errno(err, "%s", full);
		mem_free(full);
		return code;
	}
	while (code == BT_OK && (errno = 0, e = readdir(d)) != NULL) {
		char *path;
		bool kept = false;

		if (is_passed_over(w, e->d_name))
			continue;
		path = below[0] == '\0' ? mem_strdup(e->d_name) : join(below, e->d_name);
		code = path == NULL ? no_memory(err) : add_entry(w, todo, path, &kept, err);
		if (!kept)
			mem_free(path);
	}
	if (code == BT_OK && errno != 0)
		code = fail_errno(err, "%s", full);
	(void)closedir(d);
	mem_free(full);
	return code;
}

static enum bt_code
read_folders(struct walk *w, struct bt_error *err)
{
	enum bt_code code;
	struct vec todo;	/* char *, below the root */

	vec_init(&todo, sizeof(char *));
	code = read_folder(w, &todo, "", err);
	while (todo.len > 0) {
		char *below = *(char **)vec_at(&todo, todo.len - 1);

		vec_remove_swap(&todo, todo.len - 1);
		if (code == BT_OK)
			code = read_folder(w, &todo, below, err);
		mem_free(below);
	}
	vec_fini(&todo);
	if (code == BT_OK && w->files.len == 0)
		return fail(err, BT_ENOENT, "%s: no files in this directory%s", w->root,
		    w->options->pattern_count > 0 ? " are wanted" : "");
	return code;
}

/* In the order of paths: their ends first, then '/', then every byte of a name. */
static int
rank(uint8_t c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : c + 1;
}

/* Element by element: '/' is less than any byte of a name. */
static int
by_path(const void *a, const void *b, void *text)
{
	const uint8_t *p = (const uint8_t *)text + ((const struct walk_file *)a)->path;
	const uint8_t *q = (const uint8_t *)text + ((const struct walk_file *)b)->path;

	while (*p == *q && *p != '\0')
		p++, q++;
	return rank(*p) - rank(*q);
}

void
walk_place(struct walk *w, uint32_t align)
{
	uint64_t offset = 0;

	w->content = 0;
	for (size_t i = 0; i < w->files.len; i++) {
		struct walk_file *f = vec_at(&w->files, i);

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
find_name(struct walk *w, struct bt_error *err)
{
	char *real = NULL;
	const char *name = strrchr(w->root, '/');
	enum bt_code code = BT_OK;

	name = name == NULL ? w->root : name + 1;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		real = realpath(w->root, NULL);
		name = real == NULL ? NULL : strrchr(real, '/') + 1;
	}
	if (name == NULL)
		code = fail_errno(err, "%s", w->root);
	else if (name[0] == '\0')
		code = fail(err, BT_EARG, "%s: has no name of its own", w->root);
	else if ((w->name = mem_strdup(name)) == NULL)
		code = no_memory(err);
	free(real);
	return code;
}

static enum bt_code
open_root(struct walk *w, struct bt_error *err)
{
	enum bt_code code;
	bool is_link;
	struct stat st;

	for (size_t n = strlen(w->root); n > 1 && w->root[n - 1] == '/'; n--)
		w->root[n - 1] = '\0';
	code = find_name(w, err);
	if (code != BT_OK)
		return code;
	if (!look_at(w->root, &st, &is_link))
		return fail_errno(err, "%s", w->root);
	if (is_link && w->options->refuse_links)
		return fail(err, BT_EUNSUP, "%s: a symbolic link", w->root);
	if (S_ISREG(st.st_mode))
		return add_file(w, "", &st, err);
	if (!S_ISDIR(st.st_mode))
		return fail(err, BT_EUNSUP, "%s: neither a file nor a directory", w->root);
	w->is_directory = true;
	w->folder = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->folder < 0)
		return fail_errno(err, "%s", w->root);
	return read_folders(w, err);
}

enum bt_code
walk_open(struct walk *w, const char *path, const struct bt_create_options *options,
    struct bt_error *err)
{
	enum bt_code code;

	*w = (struct walk){ .options = options, .folder = -1 };
	buf_init(&w->text, MAX_TEXT);
	vec_init(&w->files, sizeof(struct walk_file));
	w->root = mem_strdup(path);
	code = w->root == NULL ? no_memory(err) : open_root(w, err);
	if (code != BT_OK) {
		walk_close(w);
		return code;
	}
	qsort_r(w->files.items, w->files.len, w->files.item_size, by_path, w->text.ptr);
	walk_place(w, 1);
	return BT_OK;
}

void
walk_close(struct walk *w)
{
	if (w->folder >= 0)
		(void)close(w->folder);
	mem_free(w->root);
	mem_free(w->name);
	vec_fini(&w->files);
	buf_fini(&w->text);
}
