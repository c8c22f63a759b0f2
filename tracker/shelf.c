/* SPDX-License-Identifier: ISC */
#include "tracker/shelf.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"

#define FRESH (5 * SECOND)
#define FILE_MAX (64u << 20)	/* bytes; no torrent is larger */
#define FILES_MAX 256u
#define READS_MAX 4u		/* at once: files that are in memory beyond what may be kept */

struct shelf_file {
	TAILQ_ENTRY(shelf_file) link;	/* shelf.files, the last read first */
	struct job job;
	struct shelf *owner;
	char *path;
	int64_t version;
	struct httpd_shared *bytes;	/* NULL: cannot be read */
	usec at;			/* when it was first asked for */
	bool reading;
};

struct shelf {
	TAILQ_HEAD(shelf_list, shelf_file) files;
	unsigned count, reads;
	size_t held, max;		/* bytes */
	struct loop *loop;
	struct pool *pool;		/* one worker; NULL: nothing was asked for yet */
	struct loop_fd watch;
	void (*on_ready)(void *arg);
	void *arg;
};

static size_t
size_of(const struct shelf_file *f)
{
	return f->bytes != NULL ? f->bytes->bytes.len : 0;
}

static void
throw_out(struct shelf *s, struct shelf_file *f)
{
	TAILQ_REMOVE(&s->files, f, link);
	s->count--;
	s->held -= size_of(f);
	httpd_shared_drop(f->bytes);
	mem_free(f->path);
	mem_free(f);
}

/* What is being sent would take its room anyhow. */
static bool
is_in_use(const struct shelf_file *f)
{
	return f->reading ||
	    (f->bytes != NULL && __atomic_load_n(&f->bytes->refs, __ATOMIC_ACQUIRE) > 1);
}

static bool
is_full(const struct shelf *s)
{
	return s->held > s->max || s->count >= FILES_MAX;
}

/* The oldest first. */
static void
make_room(struct shelf *s, usec now)
{
	struct shelf_file *f, *before;

	for (f = TAILQ_LAST(&s->files, shelf_list); f != NULL; f = before) {
		before = TAILQ_PREV(f, shelf_list, link);
		if (!is_in_use(f) && (is_full(s) || now - f->at >= FRESH))
			throw_out(s, f);
	}
}

static struct shelf_file *
find(const struct shelf *s, const char *path, int64_t version, usec now)
{
	struct shelf_file *f;

	TAILQ_FOREACH(f, &s->files, link) {
		if (f->version == version && strcmp(f->path, path) == 0 &&
		    (f->reading || now - f->at < FRESH))
			return f;
	}
	return NULL;
}

/* -- reading -- */

static void
read_work(struct job *j)
{
	struct shelf_file *f = CONTAINER_OF(j, struct shelf_file, job);
	struct httpd_shared *bytes = httpd_shared_new(FILE_MAX);

	if (bytes == NULL)
		return;
	if (file_read(f->path, &bytes->bytes, NULL) == BT_OK)
		f->bytes = bytes;
	else
		httpd_shared_drop(bytes);
}

static void
read_done(struct job *j)
{
	struct shelf_file *f = CONTAINER_OF(j, struct shelf_file, job);

	f->reading = false;
	f->owner->reads--;
	f->owner->held += size_of(f);
}

static void
on_pool(void *arg, unsigned ready)
{
	struct shelf *s = arg;

	(void)ready;
	pool_deliver(s->pool);
	s->on_ready(s->arg);
}

/* Not before it is needed: a thread stays as free as it was when it was started. */
static bool
has_worker(struct shelf *s)
{
	if (s->pool != NULL)
		return true;
	s->pool = pool_new(1);
	if (s->pool == NULL)
		return false;
	if (!loop_fd_init(&s->watch, s->loop, pool_fd(s->pool), on_pool, s)) {
		pool_free(s->pool);
		s->pool = NULL;
		return false;
	}
	loop_fd_want(&s->watch, LOOP_READ);
	return true;
}

/* Without memory it is asked for again. */
static void
begin_read(struct shelf *s, const char *path, int64_t version, usec now)
{
	struct shelf_file *f = mem_zero(sizeof(*f));

	if (f == NULL || (f->path = mem_strdup(path)) == NULL) {
		mem_free(f);
		return;
	}
	f->owner = s;
	f->version = version;
	f->at = now;
	f->reading = true;
	f->job.work = read_work;
	f->job.done = read_done;
	TAILQ_INSERT_HEAD(&s->files, f, link);
	s->count++;
	s->reads++;
	pool_send(s->pool, &f->job);
}

/* -- what others see -- */

enum shelf_answer
shelf_take(struct shelf *s, const char *path, int64_t version, usec now,
    struct httpd_shared **out)
{
	struct shelf_file *f = find(s, path, version, now);

	if (f != NULL && f->reading)
		return SHELF_LATER;
	if (f != NULL && f->bytes == NULL)
		return SHELF_NONE;
	if (f != NULL) {
		httpd_shared_hold(f->bytes);
		*out = f->bytes;
		return SHELF_HERE;
	}
	if (s->reads >= READS_MAX)
		return SHELF_LATER;
	make_room(s, now);
	if (!is_full(s) && has_worker(s))
		begin_read(s, path, version, now);
	return SHELF_LATER;
}

struct shelf *
shelf_new(struct loop *l, size_t max, void (*on_ready)(void *arg), void *arg)
{
	struct shelf *s = mem_zero(sizeof(*s));

	if (s == NULL)
		return NULL;
	TAILQ_INIT(&s->files);
	s->loop = l;
	s->max = max;
	s->on_ready = on_ready;
	s->arg = arg;
	return s;
}

void
shelf_free(struct shelf *s)
{
	struct shelf_file *f;

	if (s == NULL)
		return;
	loop_fd_fini(&s->watch);
	pool_free(s->pool);
	while ((f = TAILQ_FIRST(&s->files)) != NULL)
		throw_out(s, f);
	mem_free(s);
}
