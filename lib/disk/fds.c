/* SPDX-License-Identifier: ISC */
#include "disk/fds.h"

#include <assert.h>

#include "base/mem.h"

void
fds_init(struct fds *f, unsigned max, const uint64_t seed[2],
    void (*close)(struct open_file *file))
{
	*f = (struct fds){ .max = max, .close = close };
	TAILQ_INIT(&f->files);
	map_init(&f->by_key, sizeof(struct fds_key), seed);
}

static void
close_file(struct open_file *file)
{
	assert(file->pins == 0);
	TAILQ_REMOVE(&file->fds->files, file, link);
	file->fds->count--;
	file->fds->close(file);
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

bool
fds_add(struct fds *f, struct fds_key key, const struct open_file *what)
{
	struct open_file *old = map_find(&f->by_key, &key), *file;

	/* Two workers may have opened the same file; the more able descriptor stays. */
	if (old != NULL && (old->writable || !what->writable))
		return false;
	file = mem_zero(sizeof(*file));
	if (file == NULL || !map_set(&f->by_key, &key, file)) {
		mem_free(file);
		return false;
	}
	*file = *what;
	file->fds = f;
	file->key = key;
	file->doomed = false;
	file->pins = 0;
	TAILQ_INSERT_TAIL(&f->files, file, link);
	f->count++;
	if (old != NULL) {
		old->doomed = true;	/* its place in the map is taken */
		doom(old);
	}
	shrink(f);
	return true;
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
fds_drop(struct fds *f, uint32_t place)
{
	struct open_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &f->files, link, next) {
		if (file->key.place == place && !file->doomed)
			doom(file);
	}
}

unsigned
fds_shed(struct fds *f)
{
	struct open_file *file, *next;
	unsigned idle = 0, count = 0;

	TAILQ_FOREACH(file, &f->files, link)
		idle += file->pins == 0;
	TAILQ_FOREACH_SAFE(file, &f->files, link, next) {
		if (count == (idle + 1) / 2)
			break;
		if (file->pins == 0) {
			doom(file);
			count++;
		}
	}
	return count;
}
