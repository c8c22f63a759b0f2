/* SPDX-License-Identifier: ISC */
#include <btcore/folder.h>

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "meta/torrent_files.h"

/* A file that is being written is of no use before it is closed; links are whole at once. */
#define WORTH_A_LOOK (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | \
    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct bt_folder {
	char *path;
	int fd;			/* of inotify; -1: there is none */
	struct vec watches;	/* int, in order: of what was looked at last */
	struct vec files;	/* struct torrent_file, ordered by path */
	struct vec marks;	/* void *, one a file */
};

/* What a look finds. */
struct look {
	struct bt_folder *folder;
	struct vec files;
	struct vec marks;
	struct vec watches;
};

struct bt_folder *
bt_folder_new(const char *path)
{
	struct bt_folder *f = mem_zero(sizeof(*f));

	if (f == NULL)
		return NULL;
	vec_init(&f->watches, sizeof(int));
	vec_init(&f->files, sizeof(struct torrent_file));
	vec_init(&f->marks, sizeof(void *));
	f->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	f->path = mem_strdup(path);
	if (f->path != NULL)
		return f;
	bt_folder_free(f);
	return NULL;
}

void
bt_folder_free(struct bt_folder *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	vec_fini(&f->watches);
	torrent_files_free(&f->files);
	vec_fini(&f->marks);
	mem_free(f->path);
	mem_free(f);
}

int
bt_folder_fd(const struct bt_folder *f)
{
	return f->fd;
}

/* -- what is worth a look -- */

/* Before it is read, so that nothing slips between the two. Without a watch (there may be too many)
 * it is found at one of the looks that come in any case. */
static void
watch(void *arg, const char *path)
{
	struct look *l = arg;
	int wd = inotify_add_watch(l->folder->fd, path, WORTH_A_LOOK);

	if (wd >= 0)
		(void)vec_add(&l->watches, &wd);
}

static int
by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}

static bool
has_watch(const struct vec *watches, int wd)
{
	return watches->len > 0 &&
	    bsearch(&wd, watches->items, watches->len, sizeof(wd), by_number) != NULL;
}

static void
keep_watches(struct bt_folder *f, struct vec *fresh)
{
	if (fresh->len > 0)
		qsort(fresh->items, fresh->len, sizeof(int), by_number);
	for (size_t i = 0; i < f->watches.len; i++) {
		int wd = *(int *)vec_at(&f->watches, i);

		if (!has_watch(fresh, wd))
			(void)inotify_rm_watch(f->fd, wd);
	}
	vec_fini(&f->watches);
	f->watches = *fresh;
}

static void
forget_news(const struct bt_folder *f)
{
	char news[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (f->fd >= 0 && read(f->fd, news, sizeof(news)) > 0)
		continue;
}

/* -- what is different -- */

static const struct torrent_file *
file_at(const struct vec *files, size_t i)
{
	return i < files->len ? vec_at(files, i) : NULL;
}

static void
tell(struct look *l, bt_folder_fn fn, void *arg)
{
	struct bt_folder *f = l->folder;
	size_t old = 0, new = 0;

	while (old < f->files.len || new < l->files.len) {
		const struct torrent_file *was = file_at(&f->files, old);
		const struct torrent_file *is = file_at(&l->files, new);
		int order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->path, is->path);
		void **mark = order <= 0 ? vec_at(&f->marks, old) : vec_at(&l->marks, new);

		if (order > 0)
			fn(arg, BT_FOLDER_ADDED, is->path, mark);
		else if (order < 0)
			fn(arg, BT_FOLDER_REMOVED, was->path, mark);
		else if (!torrent_files_same(was, is))
			fn(arg, BT_FOLDER_CHANGED, is->path, mark);
		if (order == 0)
			*(void **)vec_at(&l->marks, new) = *mark;
		old += order <= 0;
		new += order >= 0;
	}
}

enum bt_code
bt_folder_look(struct bt_folder *f, bt_folder_fn fn, void *arg, struct bt_error *err)
{
	struct look l = { .folder = f };
	const struct torrent_files_visitor visitor = { watch, &l };
	enum bt_code code;

	vec_init(&l.marks, sizeof(void *));
	vec_init(&l.watches, sizeof(int));
	forget_news(f);
	code = torrent_files_find(f->path, f->fd < 0 ? NULL : &visitor, &l.files, err);
	for (size_t i = 0; code == BT_OK && i < l.files.len; i++) {
		if (vec_add(&l.marks, &(void *){ NULL }) == NULL)
			code = fail(err, BT_ENOMEM, "out of memory");
	}
	if (code == BT_OK) {
		tell(&l, fn, arg);
		torrent_files_free(&f->files);
		vec_fini(&f->marks);
		f->files = l.files;
		f->marks = l.marks;
	} else {
		torrent_files_free(&l.files);
		vec_fini(&l.marks);
	}
	keep_watches(f, &l.watches);
	return code;
}
