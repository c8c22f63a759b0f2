/* SPDX-License-Identifier: ISC */
#include "disk/fds.h"

#include <assert.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"

void
fds_init(struct fds *f, unsigned max, const uint64_t seed[2])
{
	*f = (struct fds){ .max = max };
	TAILQ_INIT(&f->files);
	map_init(&f->by_key, sizeof(struct fds_key), seed);
}

static void
close_file(struct open_file *file)
{
	assert(file->pins == 0);
	TAILQ_REMOVE(&file->fds->files, file, link);
	file->fds->count--;
	(void)close(file->fd);
	mem_free(file);
}

/* Out of the map; closed now or with the last pin. */
static void
doom(struct open_file *file)
{
	if (!file->doomed)
		(void)map_remove(&file->fds->by_key, &file->key);
	file->doomed = true;
	if (file->pins == 0)
		close_file(file);
}

void
fds_fini(struct fds *f)
{
	struct open_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &f->files, link, next)
		doom(file);
	assert(TAILQ_EMPTY(&f->files));
	map_fini(&f->by_key);
}

static void
shrink(struct fds *f)
{
	struct open_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &f->files, link, next) {
		if (f->count <= f->max)
			break;
		if (file->pins == 0)
			doom(file);
	}
}

static struct open_file *
use(struct fds *f, struct open_file *file)
{
	TAILQ_REMOVE(&f->files, file, link);
	TAILQ_INSERT_TAIL(&f->files, file, link);
	file->pins++;
	return file;
}

struct open_file *
fds_find(struct fds *f, struct fds_key key, bool write)
{
	struct open_file *file = map_find(&f->by_key, &key);

	if (file == NULL || (write && !file->writable))
		return NULL;
	return use(f, file);
}

static bool
lies_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

struct open_file *
fds_add(struct fds *f, struct fds_key key, int fd, bool writable)
{
	struct open_file *file = map_find(&f->by_key, &key);

	/* Two workers may have opened the same file; the more able descriptor stays. */
	if (file != NULL && (file->writable || !writable)) {
		(void)close(fd);
		return use(f, file);
	}
	if (file != NULL)
		doom(file);
	file = mem_zero(sizeof(*file));
	if (file == NULL || !map_set(&f->by_key, &key, file)) {
		mem_free(file);
		(void)close(fd);
		return NULL;
	}
	*file = (struct open_file){ .fds = f, .key = key, .fd = fd, .writable = writable,
		.in_memory = lies_in_memory(fd), .pins = 1 };
	TAILQ_INSERT_TAIL(&f->files, file, link);
	f->count++;
	shrink(f);
	return file;
}

void
fds_unpin(struct open_file *file)
{
	assert(file->pins > 0);
	file->pins--;
	if (file->pins == 0 && (file->doomed || file->fds->count > file->fds->max))
		doom(file);
}

void
fds_drop(struct fds *f, uint32_t store)
{
	struct open_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &f->files, link, next) {
		if (file->key.store == store && !file->doomed)
			doom(file);
	}
}
