/* SPDX-License-Identifier: ISC */
#include "disk/move.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define COPY_AT_ONCE (4u << 20)	/* bytes; then it looks whether it should stop */
#define MADE_MAX (64u << 20)	/* bytes of names of folders that may have to be removed again */

enum moved { LEFT, RENAMED, COPIED };

struct move {
	struct place *from, *to;
	const bool *stop;
	struct buf made;	/* folders, see path_root */
	bool same_root;
	size_t root_was;	/* bytes of to's root that were there: what is longer was made */
	uint8_t *moved;		/* enum moved of each file */
};

/* A file's old and new folder, open. */
struct ends {
	int from, to;
	const char *from_name, *to_name;
	const struct place *failed;	/* where it does, if it does */
	char from_rel[PATH_MAX], to_rel[PATH_MAX];
};

/* With the hidden file, which is the last. */
static uint32_t
file_count(const struct move *m)
{
	return place_parts(m->from) + 1;
}

static bool
is_content(const struct move *m, uint32_t file)
{
	if (file == place_parts(m->from))
		return m->from->aside.len > 0;
	return (bt_metainfo_file(m->from->meta, file).flags &
	    (BT_FILE_PAD | BT_FILE_SYMLINK)) == 0;
}

static void
close_ends(struct ends *e)
{
	int keep = errno;

	if (e->from >= 0)
		(void)close(e->from);
	if (e->to >= 0)
		(void)close(e->to);
	errno = keep;
}

/* The new folder is made only for a file that is there. False with errno; 0: nothing to be done. */
static bool
open_ends(struct move *m, uint32_t file, struct stat *st, struct ends *e)
{
	e->to = -1;
	e->failed = m->from;
	place_path_of(m->from, file, e->from_rel, sizeof(e->from_rel));
	place_path_of(m->to, file, e->to_rel, sizeof(e->to_rel));
	e->from = -1;
	if (m->same_root && strcmp(e->from_rel, e->to_rel) == 0) {
		errno = 0;	/* it is there already */
		return false;
	}
	e->from = path_open_folder(&m->from->root, e->from_rel, PATH_READ, &e->from_name);
	if (e->from < 0 || fstatat(e->from, e->from_name, st, AT_SYMLINK_NOFOLLOW) != 0) {
		errno = errno == ENOENT ? 0 : errno;
		return false;
	}
	if (!S_ISREG(st->st_mode)) {
		errno = S_ISLNK(st->st_mode) ? ELOOP : S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
		return false;
	}
	e->failed = m->to;
	e->to = path_open_folder(&m->to->root, e->to_rel, PATH_WRITE, &e->to_name);
	return e->to >= 0;
}

/* -- one file -- */

/* The bytes from begin to end; false with errno. */
static bool
copy_range(const struct move *m, int from, int to, off_t begin, off_t end)
{
	if (lseek(to, begin, SEEK_SET) < 0)
		return false;
	while (begin < end) {
		size_t part = (size_t)min_u64((uint64_t)(end - begin), COPY_AT_ONCE);
		ssize_t n = sendfile(to, from, &begin, part);

		if (n < 0 && errno != EINTR)
			return false;
		if (n == 0) {
			errno = EIO;	/* it became shorter */
			return false;
		}
		if (__atomic_load_n(m->stop, __ATOMIC_RELAXED)) {
			errno = ECANCELED;
			return false;
		}
	}
	return true;
}

/* Holes stay holes. */
static bool
copy_bytes(const struct move *m, int from, int to, off_t size)
{
	off_t begin = 0, end = 0;

	while (end < size) {
		begin = lseek(from, end, SEEK_DATA);
		if (begin < 0 && errno == ENXIO)
			break;		/* only a hole is left */
		if (begin < 0)
			return errno == EINVAL && copy_range(m, from, to, end, size);
		end = lseek(from, begin, SEEK_HOLE);
		if (end < 0 || !copy_range(m, from, to, begin, end))
			return false;
	}
	return ftruncate(to, size) == 0;
}

static bool
copy_into(const struct move *m, int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	return copy_bytes(m, from, to, st->st_size) && fchmod(to, st->st_mode & 0777) == 0 &&
	    futimens(to, times) == 0 && fsync(to) == 0;
}

static bool
copy_file(const struct move *m, const struct ends *e, const struct stat *st)
{
	int from = openat(e->from, e->from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to = from < 0 ? -1 : openat(e->to, e->to_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done = to >= 0 && copy_into(m, from, to, st);
	int keep = errno;

	if (to >= 0 && close(to) != 0 && done) {
		keep = errno;
		done = false;
	}
	if (to >= 0 && !done)
		(void)unlinkat(e->to, e->to_name, 0);
	if (from >= 0)
		(void)close(from);
	errno = keep;
	return done;
}

static bool
can_be_copied(int error)
{
	return error == EXDEV || error == EPERM || error == EOPNOTSUPP || error == EMLINK;
}

static enum bt_code
move_file(struct move *m, uint32_t file, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	struct stat st;
	struct ends e;

	if (!open_ends(m, file, &st, &e)) {
		if (errno != 0)
			code = place_fail(e.failed, file, err);
	} else if (path_rename(e.from, e.from_name, e.to, e.to_name)) {
		m->moved[file] = RENAMED;
	} else if (can_be_copied(errno) && copy_file(m, &e, &st)) {
		m->moved[file] = COPIED;
	} else if (errno == ECANCELED) {
		code = fail(err, BT_ECANCEL, "moving was stopped");
	} else {
		code = place_fail(m->to, file, err);
	}
	close_ends(&e);
	return code;
}

/* -- all files -- */

/* The folders that file's path goes through, from below; they stay if they are not empty. */
static void
remove_folders(struct path_root *root, char *rel)
{
	char *slash;

	while ((slash = strrchr(rel, '/')) != NULL) {
		const char *name;
		int at;

		*slash = '\0';
		at = path_open_folder(root, rel, PATH_READ, &name);
		if (at < 0)
			return;
		if (unlinkat(at, name, AT_REMOVEDIR) != 0)
			slash = NULL;
		(void)close(at);
		if (slash == NULL)
			return;
	}
}

static void
remove_copied(struct move *m, uint32_t file)
{
	char rel[PATH_MAX];
	const char *name;
	int at;

	place_path_of(m->from, file, rel, sizeof(rel));
	at = path_open_folder(&m->from->root, rel, PATH_READ, &name);
	if (at < 0)
		return;
	(void)unlinkat(at, name, 0);
	(void)close(at);
}

static bool
sync_names(struct move *m)
{
	int fd = open(m->to->root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && syncfs(fd) == 0;
	int e = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = e;
	return ok;
}

/* All is where it should be: what it leaves behind goes. Copies first have to be on the disk, with
 * their names. */
static enum bt_code
leave(struct move *m, bool copied, struct bt_error *err)
{
	uint32_t count = file_count(m);
	char rel[PATH_MAX];

	if (copied && !sync_names(m))
		return fail_errno(err, "%.150s", m->to->root.path);
	for (uint32_t i = 0; i < count; i++) {
		if (m->moved[i] == LEFT)
			continue;
		if (m->moved[i] == COPIED)
			remove_copied(m, i);
		place_path_of(m->from, i, rel, sizeof(rel));
		remove_folders(&m->from->root, rel);
	}
	/* Of several files the folder is the torrent's own. */
	if (m->from->single_name == NULL && !m->same_root)
		(void)rmdir(m->from->root.path);
	return BT_OK;
}

static void
take_back_file(struct move *m, uint32_t file)
{
	struct ends e;

	place_path_of(m->from, file, e.from_rel, sizeof(e.from_rel));
	place_path_of(m->to, file, e.to_rel, sizeof(e.to_rel));
	e.from = path_open_folder(&m->from->root, e.from_rel, PATH_READ, &e.from_name);
	e.to = path_open_folder(&m->to->root, e.to_rel, PATH_READ, &e.to_name);
	if (e.from >= 0 && e.to >= 0) {
		if (m->moved[file] == RENAMED)
			(void)path_rename(e.to, e.to_name, e.from, e.from_name);
		else
			(void)unlinkat(e.to, e.to_name, 0);
	}
	close_ends(&e);
}

/* The last that was made first. */
static void
remove_made(struct move *m)
{
	char *names = (char *)m->made.ptr, *path = m->to->root.path;
	size_t end = m->made.len;

	while (end > 0) {
		size_t begin = end - 1;
		const char *name;
		int at;

		while (begin > 0 && names[begin - 1] != '\0')
			begin--;
		at = path_open_folder(&m->to->root, names + begin, PATH_READ, &name);
		if (at >= 0) {
			(void)unlinkat(at, name, AT_REMOVEDIR);
			(void)close(at);
		}
		end = begin;
	}
	/* The new root itself, and those above it. */
	for (size_t len = strlen(path); len > m->root_was; len--) {
		char keep = path[len];

		path[len] = '\0';
		if ((keep == '\0' || keep == '/') && rmdir(path) != 0 && errno != ENOENT)
			m->root_was = len;
		path[len] = keep;
	}
}

/* How much of the path is there. */
static size_t
length_there(const char *path)
{
	char *part = mem_strdup(path);
	size_t len = strlen(path);
	struct stat st;

	while (part != NULL && len > 0 && stat(part, &st) != 0) {
		while (len > 0 && part[--len] != '/')
			continue;
		part[len] = '\0';
	}
	mem_free(part);
	return part == NULL ? strlen(path) : len;
}

static bool
is_same_folder(const char *a, const char *b)
{
	struct stat one, two;

	return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	    one.st_ino == two.st_ino;
}

static enum bt_code
move_all(struct move *m, struct bt_error *err)
{
	uint32_t count = file_count(m);
	enum bt_code code = BT_OK;
	bool copied = false;

	for (uint32_t i = 0; code == BT_OK && i < count; i++) {
		if (__atomic_load_n(m->stop, __ATOMIC_RELAXED))
			code = fail(err, BT_ECANCEL, "moving was stopped");
		else if (is_content(m, i))
			code = move_file(m, i, err);
		copied = copied || m->moved[i] == COPIED;
	}
	if (code == BT_OK)
		code = leave(m, copied, err);
	if (code == BT_OK)
		return BT_OK;
	while (count-- > 0) {
		if (m->moved[count] != LEFT)
			take_back_file(m, count);
	}
	remove_made(m);
	return code;
}

enum bt_code
move_files(struct place *from, struct place *to, const bool *stop, struct bt_error *err)
{
	struct move m = { .from = from, .to = to, .stop = stop };
	enum bt_code code;

	m.same_root = is_same_folder(from->root.path, to->root.path);
	m.moved = mem_zero(file_count(&m));
	if (m.moved == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	buf_init(&m.made, MADE_MAX);
	m.root_was = length_there(to->root.path);
	to->root.made = &m.made;
	code = move_all(&m, err);
	to->root.made = NULL;
	buf_fini(&m.made);
	mem_free(m.moved);
	return code;
}
