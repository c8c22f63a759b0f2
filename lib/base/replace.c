/* SPDX-License-Identifier: ISC */
#include "base/replace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define FEW 8	/* files and folders that are synced one by one */
#define CHUNK 32	/* files that one worker takes at a time */
#define WORKERS 4	/* they wait for the disk more than they work */
#define CHUNK_BYTES (1u << 20)	/* with this much it is full, too */
#define MAX_IN_MEMORY (16u << 20)
#define WRITE_EARLY 16384	/* bytes of a file */
#define MAX_SYSTEMS 16	/* in one set */

struct replace_file {
	char *path;
	void *tag;
	uint8_t *bytes;		/* NULL once they are in the temporary */
	size_t len;
	struct file_staged staged;
	dev_t dev;
	struct bt_error err;	/* code BT_OK: all is well so far */
};

struct replace_chunk {
	struct job job;
	struct replace *set;
	size_t count, bytes;
	struct replace_file files[CHUNK];
};

static struct replace_chunk *
chunk_at(const struct replace *r, size_t i)
{
	return *(struct replace_chunk **)vec_at(&r->chunks, i);
}

static struct replace_file *
file_at(const struct replace *r, size_t i)
{
	return *(struct replace_file **)vec_at(&r->files, i);
}

/* -- the steps of a chunk, on a worker or here -- */

static void
stage_file(struct replace_file *f)
{
	struct stat st;

	if (file_stage(f->path, slice_of(f->bytes, f->len), &f->staged, &f->err) != BT_OK)
		return;
	f->dev = fstat(f->staged.fd, &st) == 0 ? st.st_dev : 0;
#ifdef __linux__
	/* The disk may begin while we make the others; small ones it had better get together. */
	if (f->len >= WRITE_EARLY)
		(void)sync_file_range(f->staged.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
	/* Open files are few. */
	(void)close(f->staged.fd);
	f->staged.fd = -1;
	mem_free(f->bytes);
	f->bytes = NULL;
}

static void
stage(struct job *j)
{
	struct replace_chunk *c = CONTAINER_OF(j, struct replace_chunk, job);

	for (size_t i = 0; i < c->count; i++)
		stage_file(&c->files[i]);
}

static void
on_staged(struct job *j)
{
	struct replace_chunk *c = CONTAINER_OF(j, struct replace_chunk, job);

	c->set->in_memory -= c->bytes;
}

static void
commit(struct job *j)
{
	struct replace_chunk *c = CONTAINER_OF(j, struct replace_chunk, job);

	for (size_t i = 0; i < c->count; i++) {
		if (c->files[i].err.code == BT_OK)
			(void)file_commit(&c->files[i].staged, &c->files[i].err);
	}
}

static void
on_committed(struct job *j)
{
	(void)j;
}

static void
start(struct replace *r, struct replace_chunk *c, void (*work)(struct job *),
    void (*done)(struct job *))
{
	c->job.work = work;
	c->job.done = done;
	if (r->pool != NULL) {
		pool_send(r->pool, &c->job);
	} else {
		work(&c->job);
		done(&c->job);
	}
}

static void
wait_for_all(struct replace *r)
{
	while (r->pool != NULL && pool_wait(r->pool))
		;
}

/* -- all of them -- */

void
replace_init(struct replace *r, replace_done_fn done, void *arg)
{
	*r = (struct replace){ .done = done, .arg = arg };
	vec_init(&r->chunks, sizeof(struct replace_chunk *));
	vec_init(&r->files, sizeof(struct replace_file *));
}

static void
forget(struct replace *r)
{
	for (size_t i = 0; i < r->files.len; i++) {
		struct replace_file *f = file_at(r, i);

		file_staged_fini(&f->staged);
		mem_free(f->bytes);
		mem_free(f->path);
	}
	for (size_t i = 0; i < r->chunks.len; i++)
		mem_free(chunk_at(r, i));
	r->chunks.len = 0;
	r->files.len = 0;
	r->filling = NULL;
	r->bytes = 0;
	r->in_memory = 0;
}

void
replace_fini(struct replace *r)
{
	pool_free(r->pool);
	r->pool = NULL;
	forget(r);
	vec_fini(&r->chunks);
	vec_fini(&r->files);
}

static bool
sync_one(const struct file_staged *s)
{
	int fd = open(s->temp, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* One sync for each file system; false: that is not possible, or went wrong somewhere. */
static bool
sync_file_systems(const struct replace *r)
{
#ifdef __linux__
	dev_t seen[MAX_SYSTEMS];
	size_t systems = 0;

	for (size_t i = 0; i < r->files.len; i++) {
		const struct replace_file *f = file_at(r, i);
		const struct file_staged *s = &f->staged;
		size_t k = 0;
		bool ok;
		int fd;

		while (k < systems && seen[k] != f->dev)
			k++;
		if (k < systems || s->real == NULL)
			continue;
		fd = open(s->temp != NULL ? s->temp : s->real, O_RDONLY | O_CLOEXEC);
		ok = fd >= 0 && syncfs(fd) == 0;
		if (fd >= 0)
			(void)close(fd);
		if (!ok || systems == MAX_SYSTEMS)
			return false;
		seen[systems++] = f->dev;
	}
	return true;
#else
	(void)r;
	return false;
#endif
}

static void
sync_files(struct replace *r)
{
	if (r->files.len > FEW && sync_file_systems(r))
		return;
	for (size_t i = 0; i < r->files.len; i++) {
		struct replace_file *f = file_at(r, i);

		if (f->staged.temp != NULL && !sync_one(&f->staged))
			(void)fail_errno(&f->err, "%s", f->staged.real);
	}
}

static const char *
name_of(const struct replace_file *f)
{
	return f->staged.real != NULL ? f->staged.real : f->path;
}

static bool
same_folder(const char *a, const char *b)
{
	const char *end = strrchr(a, '/');
	size_t len = end == NULL ? 0 : (size_t)(end - a) + 1;

	return strncmp(a, b, len) == 0 && strchr(b + len, '/') == NULL;
}

/* Files come by folder as a rule: only neighbours are compared. */
static bool
begins_folder(const struct replace *r, size_t i)
{
	return i == 0 || !same_folder(name_of(file_at(r, i - 1)), name_of(file_at(r, i)));
}

static void
sync_folders(const struct replace *r)
{
	size_t folders = 0;

	for (size_t i = 0; i < r->files.len; i++)
		folders += begins_folder(r, i);
	if (folders > FEW && sync_file_systems(r))
		return;
	for (size_t i = 0; i < r->files.len; i++) {
		if (begins_folder(r, i))
			file_sync_folder_of(name_of(file_at(r, i)));
	}
}

/* One that could not be written may have met a disk full of temporaries, or of nothing it can
 * help: it is tried once more, alone. */
static void
finish(struct replace *r, struct replace_file *f)
{
	if (f->bytes != NULL)
		f->err.code = file_replace(f->path, slice_of(f->bytes, f->len), &f->err);
	r->done(r->arg, f->tag, f->err.code == BT_OK ? NULL : &f->err);
}

/* Hands the chunk that is being filled to a worker. */
static void
send_chunk(struct replace *r)
{
	struct replace_chunk *c = r->filling;

	r->filling = NULL;
	if (c != NULL)
		start(r, c, stage, on_staged);
}

void
replace_commit(struct replace *r)
{
	send_chunk(r);
	wait_for_all(r);
	sync_files(r);
	for (size_t i = 0; i < r->chunks.len; i++)
		start(r, chunk_at(r, i), commit, on_committed);
	wait_for_all(r);
	sync_folders(r);
	for (size_t i = 0; i < r->files.len; i++)
		finish(r, file_at(r, i));
	forget(r);
}

/* A place for the next file; NULL: no memory. */
static struct replace_file *
new_file(struct replace *r)
{
	struct replace_chunk *c = r->filling;
	struct replace_file *f;

	if (c == NULL) {
		c = mem_zero(sizeof(*c));
		if (c == NULL || vec_add(&r->chunks, &c) == NULL) {
			mem_free(c);
			return NULL;
		}
		c->set = r;
		r->filling = c;
	}
	f = &c->files[c->count];
	if (vec_add(&r->files, &f) == NULL)
		return NULL;
	c->count++;
	f->staged.fd = -1;
	return f;
}

enum bt_code
replace_add(struct replace *r, const char *path, struct bt_slice bytes, void *tag,
    struct bt_error *err)
{
	char *path_copy = mem_strdup(path);
	uint8_t *copy = mem_alloc(bytes.len + 1);
	struct replace_file *f = path_copy == NULL || copy == NULL ? NULL : new_file(r);

	if (f == NULL) {
		mem_free(path_copy);
		mem_free(copy);
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	}
	memcpy(copy, bytes.ptr, bytes.len);
	f->path = path_copy;
	f->tag = tag;
	f->bytes = copy;
	f->len = bytes.len;
	r->bytes += f->len;
	r->in_memory += f->len;
	r->filling->bytes += f->len;
	if (r->filling->count == CHUNK || r->filling->bytes >= CHUNK_BYTES) {
		if (r->pool == NULL)
			r->pool = pool_new(WORKERS);
		send_chunk(r);
	}
	while (r->in_memory > MAX_IN_MEMORY && r->pool != NULL && pool_wait(r->pool))
		;
	if (r->files.len >= REPLACE_MAX_FILES || r->bytes >= REPLACE_MAX_BYTES)
		replace_commit(r);
	return BT_OK;
}
