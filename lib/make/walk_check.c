/* SPDX-License-Identifier: ISC */
/* Are the files still as the walk saw them? */
#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "make/walk.h"

#define MAX_PARTS 64u

/* One worker's part of the files. */
struct part {
	struct job job;
	const struct walk *walk;
	size_t first, end;
	enum bt_code code;
	struct bt_error err;
};

enum bt_code
walk_fail(const struct walk *w, const struct walk_file *f, int sys_errno, struct bt_error *err)
{
	char *path = walk_full_path(w, f);
	enum bt_code code;

	errno = sys_errno;
	if (path == NULL)
		code = fail(err, BT_ENOMEM, "out of memory");
	else if (sys_errno == 0)
		code = fail(err, BT_EIO, "%s: changed while it was read", path);
	else
		code = fail_errno(err, "%s", path);
	mem_free(path);
	return code;
}

static bool
same_file(const struct stat *st, const struct walk_file *f)
{
	bool same = f->link != 0 ? S_ISLNK(st->st_mode) :
	    S_ISREG(st->st_mode) && (uint64_t)st->st_size == f->size;

	return same && st->st_mtim.tv_sec == f->mtime.tv_sec &&
	    st->st_mtim.tv_nsec == f->mtime.tv_nsec;
}

static void
check_part(struct job *j)
{
	struct part *p = CONTAINER_OF(j, struct part, job);

	for (size_t i = p->first; p->code == BT_OK && i < p->end; i++) {
		const struct walk_file *f = walk_at(p->walk, i);
		struct stat st;

		if (!walk_stat_file(p->walk, f, &st))
			p->code = walk_fail(p->walk, f, errno, &p->err);
		else if (!same_file(&st, f))
			p->code = walk_fail(p->walk, f, 0, &p->err);
	}
}

static void
part_done(struct job *j)
{
	(void)j;
}

enum bt_code
walk_check(const struct walk *w, struct pool *pool, struct bt_error *err)
{
	struct part parts[MAX_PARTS];
	size_t count = (size_t)min_u64(pool_workers(pool), MAX_PARTS);
	size_t each = w->files.len / count + 1;
	enum bt_code code = BT_OK;

	for (size_t i = 0; i < count; i++) {
		struct part *p = &parts[i];

		p->job = (struct job){ .work = check_part, .done = part_done };
		p->walk = w;
		p->first = (size_t)min_u64(i * each, w->files.len);
		p->end = (size_t)min_u64(p->first + each, w->files.len);
		p->code = BT_OK;
		pool_send(pool, &p->job);
	}
	while (pool_wait(pool))
		;
	for (size_t i = 0; code == BT_OK && i < count; i++) {
		code = parts[i].code;
		if (code != BT_OK && err != NULL)
			*err = parts[i].err;
	}
	return code;
}
