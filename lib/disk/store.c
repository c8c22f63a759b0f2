/* SPDX-License-Identifier: ISC */
#include "disk/store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "disk/cached.h"
#include "disk/foreign.h"
#include "disk/model.h"
#include "disk/move.h"
#include "disk/parts.h"
#include "meta/layout.h"

/* Bytes under way to the workers: above the first nothing more is taken in until the second. */
#define BUSY_ABOVE (8u << 20)
#define EASED_BELOW (4u << 20)

/* A disk with less room than this is full, in bytes. */
#define PROBE_ROOM (4u << 20)

/* What is said of files that were in the way, in bytes; of more nothing is said. */
#define NOTES_MAX (1u << 20)

static struct store *
store_of(const struct content *c)
{
	return CONTAINER_OF(c, struct store, base);
}

uint64_t
store_piece_offset(const struct store *s, uint32_t piece)
{
	return layout_piece_offset(s->place.meta, piece);
}

/* -- what the stores share -- */

void
disk_init(struct disk *d, struct pool *pool, struct block_store *blocks, unsigned max_open,
    size_t budget, const uint64_t seed[2])
{
	*d = (struct disk){ .pool = pool, .blocks = blocks, .budget = budget,
		.seed = { seed[0], seed[1] } };
	TAILQ_INIT(&d->gathering);
	TAILQ_INIT(&d->stores);
	TAILQ_INIT(&d->starved);
	map_init(&d->devices, sizeof(struct device_key), seed);
	fds_init(&d->fds, max_open, seed, device_close);
}

void
disk_set_limits(struct disk *d, unsigned max_open, size_t budget)
{
	d->fds.max = max_open;
	d->budget = budget;
}

void
disk_fini(struct disk *d)
{
	assert(TAILQ_EMPTY(&d->stores));
	fds_fini(&d->fds);
	assert(d->devices.count == 0);
	map_fini(&d->devices);
}

void
store_set_writing(struct disk *d, size_t writing)
{
	struct store *s, *next;

	d->writing = writing;
	if (writing > BUSY_ABOVE)
		d->busy = true;
	if (!d->busy || writing >= EASED_BELOW)
		return;
	d->busy = false;
	TAILQ_FOREACH_SAFE(s, &d->stores, link, next) {
		if (!s->freed)
			s->base.user->eased(s->base.arg);
	}
}

/* -- reading -- */

static void
work_read(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	if (job_is_orphan(job))
		return;
	(void)io_read(&job->io, store_piece_offset(job->store, job->what.piece) + job->what.begin,
	    job->block->data, job->what.len, &job->err);
}

static void
answer_read(struct store_job *job)
{
	struct store *s = job->store;
	struct block *b = job->block;

	if (s->freed || job->err.code != BT_OK) {
		block_free(s->disk->blocks, b);
		b = NULL;
	}
	if (!s->freed)
		s->base.user->block_read(s->base.arg, &job->what, b, &job->err);
}

static void
release_pin(void *owner)
{
	fds_unpin(owner);
}

static bool
read_at_once(struct store *s, uint64_t offset, uint32_t len, struct sendq_file *out)
{
	struct layout_iter it;
	struct layout_span span;
	struct open_file *f;

	layout_start(&it, s->place.meta, offset, len);
	if (!layout_next(&it, &span) || span.pad || span.len < len)
		return false;
	place_redirect(&s->place, &span);
	f = fds_find(&s->disk->fds, (struct fds_key){ s->place.number, span.file }, false);
	if (f == NULL)
		return false;
	if (!f->in_memory && !cached_range(f->fd, span.offset, len)) {
		fds_unpin(f);
		return false;
	}
	*out = (struct sendq_file){ f->fd, span.offset, len, release_pin, f };
	return true;
}

static bool
store_read(struct content *c, const struct content_read *what, struct sendq_file *out)
{
	struct store *s = store_of(c);
	uint64_t offset = store_piece_offset(s, what->piece) + what->begin;
	struct store_job *job;

	if (!job_is_fenced(s) && read_at_once(s, offset, what->len, out)) {
		s->disk->stats.reads_at_once++;
		return true;
	}
	s->disk->stats.reads_waited++;
	job = job_new(s, work_read, answer_read);
	if (job != NULL)
		job->block = block_new(s->disk->blocks);
	if (job == NULL || job->block == NULL) {
		struct bt_error err;

		mem_free(job);
		(void)fail(&err, BT_ENOMEM, "out of memory");
		s->base.user->block_read(s->base.arg, what, NULL, &err);
		return false;
	}
	job->what = *what;
	job_touch(job, offset, what->len);
	job_send(job);
	return false;
}

static bool
store_busy(const struct content *c)
{
	return store_of(c)->disk->busy;
}

/* -- empty files -- */

static void
work_prepare(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	if (job_is_orphan(job))
		return;
	if (job->have.len == 0 || foreign_clear(&job->store->place, &job->have, &job->notes,
	    &job->err) == BT_OK)
		(void)io_make_empty_files(&job->io, &job->err);
}

static void
answer_prepare(struct store_job *job)
{
	struct store *s = job->store;
	const char *line = (const char *)job->notes.ptr;
	const char *end = line + job->notes.len;

	for (; !s->freed && line < end; line += strlen(line) + 1)
		s->base.user->noted(s->base.arg, line);
	if (s->freed)
		return;
	if (job->notes.len > 0)
		fds_drop(&s->disk->fds, s->place.number);
	s->base.user->files_made(s->base.arg, &job->err);
}

/* Alone, so that nothing is written before the way is clear. */
static void
store_prepare(struct content *c, const struct bits *have)
{
	struct store_job *job = job_new(store_of(c), work_prepare, answer_prepare);
	struct bt_error err;

	if (job != NULL && (have == NULL || (bits_init(&job->have, have->len) &&
	    bits_load(&job->have, bits_slice(have))))) {
		buf_init(&job->notes, NOTES_MAX);
		job_send_alone(job);
		return;
	}
	if (job != NULL)
		bits_fini(&job->have);
	mem_free(job);
	(void)fail(&err, BT_ENOMEM, "out of memory");
	store_of(c)->base.user->files_made(store_of(c)->base.arg, &err);
}

/* -- whether it can be used again -- */

/* Less room than this is soon full again: some pieces. */
static uint64_t
room_worth(const struct store *s)
{
	return max_u64(PROBE_ROOM, 2 * (uint64_t)bt_metainfo_piece_length(s->meta));
}

/* A folder that was never there is no fault: it is made when it is needed. */
static void
work_probe(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	struct path_root *root = &job->store->place.root;
	const char *name;
	struct statvfs fs;
	int at = path_open_folder(root, "x", PATH_READ, &name);

	if (at < 0) {
		if (errno != ENOENT)
			(void)fail_errno(&job->err, "%.150s", root->path);
		return;
	}
	if (fstatvfs(at, &fs) != 0)
		(void)fail_errno(&job->err, "%.150s", root->path);
	else if ((fs.f_flag & ST_RDONLY) != 0)
		(void)fail(&job->err, BT_EIO, "%.150s: read-only", root->path);
	else if ((uint64_t)fs.f_bavail * fs.f_frsize < room_worth(job->store))
		(void)fail(&job->err, BT_ENOSPC, "%.150s: full", root->path);
	(void)close(at);
}

static void
answer_probe(struct store_job *job)
{
	if (!job->store->freed)
		job->store->base.user->probed(job->store->base.arg, &job->err);
}

static void
store_probe(struct content *c)
{
	struct store *s = store_of(c);
	struct store_job *job = job_new(s, work_probe, answer_probe);
	struct bt_error err;

	if (job != NULL) {
		job_send(job);
		return;
	}
	(void)fail(&err, BT_ENOMEM, "out of memory");
	s->base.user->probed(s->base.arg, &err);
}

/* -- when it is complete -- */

static void
make_executable(struct place *p, uint32_t file)
{
	char rel[PATH_MAX];
	struct stat st;
	int fd;

	place_path_of(p, file, rel, sizeof(rel));
	fd = path_open(&p->root, rel, PATH_READ);
	if (fd < 0)
		return;
	/* For all who may read it. */
	if (fstat(fd, &st) == 0 && (st.st_mode & 0111) == 0)
		(void)fchmod(fd, (st.st_mode | (st.st_mode & 0444) >> 2) & 0777);
	(void)close(fd);
}

static void
work_complete(struct job *j)
{
	struct place *p = &CONTAINER_OF(j, struct store_job, job)->store->place;

	for (uint32_t i = 0; i < bt_metainfo_file_count(p->meta); i++) {
		unsigned flags = bt_metainfo_file(p->meta, i).flags;

		if ((flags & (BT_FILE_EXECUTABLE | BT_FILE_PAD | BT_FILE_SYMLINK)) ==
		    BT_FILE_EXECUTABLE && !place_is_aside(p, i))
			make_executable(p, i);
	}
}

static void
answer_complete(struct store_job *job)
{
	fds_drop(&job->store->disk->fds, job->store->place.number);
}

static void
store_complete(struct content *c)
{
	struct store_job *job = job_new(store_of(c), work_complete, answer_complete);

	if (job != NULL)
		job_send(job);
}

/* -- unwanted files -- */

/* NULL: all. */
static bool
copy_wanted(struct store_job *job, const struct bits *wanted)
{
	if (wanted == NULL) {
		if (!bits_init(&job->wanted, bt_metainfo_file_count(job->store->meta)))
			return false;
		bits_set_all(&job->wanted);
		return true;
	}
	return bits_init(&job->wanted, wanted->len) &&
	    bits_load(&job->wanted, bits_slice(wanted));
}

static void
work_choose(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)parts_choose(&job->store->place, &job->wanted, &job->err);
}

/* What became wanted may be empty, or lies elsewhere now. */
static void
answer_choose(struct store_job *job)
{
	struct store *s = job->store;

	if (s->freed)
		return;
	fds_drop(&s->disk->fds, s->place.number);
	if (job->err.code != BT_OK)
		s->base.user->files_made(s->base.arg, &job->err);
}

static void
store_choose(struct content *c, const struct bits *wanted)
{
	struct store *s = store_of(c);
	struct store_job *job = job_new(s, work_choose, answer_choose);
	struct bt_error err;

	if (job != NULL && copy_wanted(job, wanted)) {
		job_send_alone(job);
		return;
	}
	if (job != NULL)
		bits_fini(&job->wanted);
	mem_free(job);
	(void)fail(&err, BT_ENOMEM, "out of memory");
	s->base.user->files_made(s->base.arg, &err);
}

static void
work_drop_parts(struct job *j)
{
	parts_remove(&CONTAINER_OF(j, struct store_job, job)->store->place);
}

static void
answer_drop_parts(struct store_job *job)
{
	(void)job;
}

void
store_drop_parts(struct content *c)
{
	struct store_job *job = job_new(store_of(c), work_drop_parts, answer_drop_parts);

	if (job != NULL)
		job_send(job);
}

/* -- life -- */

/* The last job has ended. */
void
store_end(struct store *s)
{
	TAILQ_REMOVE(&s->disk->stores, s, link);
	fds_drop(&s->disk->fds, s->place.number);
	if (s->device != NULL)
		device_release(s->device);
	map_fini(&s->buffers);
	place_fini(&s->place);
	bt_metainfo_free(s->meta);
	mem_free(s);
}

static void
store_free(struct content *c)
{
	struct store *s = store_of(c);

	check_cancel(c);
	gather_drop_all(s);
	__atomic_store_n(&s->freed, true, __ATOMIC_RELAXED);
	job_drop_waiting(s);
	if (s->jobs == 0)
		store_end(s);
}

static const struct content_ops store_ops = {
	.put = gather_put,
	.finish = gather_finish,
	.read = store_read,
	.check = check_begin,
	.cancel_check = check_cancel,
	.prepare = store_prepare,
	.choose = store_choose,
	.probe = store_probe,
	.complete = store_complete,
	.busy = store_busy,
	.free = store_free,
};

static void
work_look(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	struct place *p = &job->store->place;

	job->dev = place_look(p);
	if (parts_find(p, &job->err) == BT_OK)
		(void)parts_choose(p, &job->wanted, &job->err);
}

static void
settle_on(struct store *s, uint64_t dev)
{
	/* For want of memory it stays with those of the same folder. */
	struct device *next = dev == 0 ? NULL :
	    device_use(s->disk, (struct device_key){ .dev = dev });

	check_leave(s);
	if (next != NULL) {
		device_release(s->device);
		s->device = next;
	}
	s->looked = true;
	check_enter(s);
}

static void
answer_look(struct store_job *job)
{
	struct store *s = job->store;

	if (s->freed)
		return;
	settle_on(s, job->dev);
	/* What lies aside could not be brought to where it is wanted. */
	if (job->err.code != BT_OK)
		s->base.user->files_made(s->base.arg, &job->err);
}

/* On which disk it is must not be asked here, where it may take long. What waits for the answer
 * holds up those of the same folder at most. */
static bool
find_device(struct store *s, const struct bits *wanted)
{
	char *folder = file_folder_of(s->place.root.path);
	struct store_job *job = job_new(s, work_look, answer_look);

	if (folder != NULL && job != NULL)
		s->device = device_use(s->disk, (struct device_key){
			.name = siphash(s->disk->seed, folder, strlen(folder)) });
	mem_free(folder);
	if (s->device == NULL || !copy_wanted(job, wanted)) {
		mem_free(job);
		return false;
	}
	job_send_alone(job);
	return true;
}

/* -- moving -- */

struct store_move {
	char *path;
	bool renames;
	uint32_t file;		/* if so, which */
	uint32_t number;	/* of the new place */
	struct place to;	/* made when it is alone, for an earlier one may be under way */
	store_moved_fn done;
	void *arg;
};

static void
work_move(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	struct place *from = &job->store->place;
	struct store_move *m = job->move;
	bool made = m->renames ?
	    place_init_renamed(&m->to, from, m->file, m->path, m->number) :
	    place_init_moved(&m->to, from, m->path, m->number);

	if (!made)
		(void)fail(&job->err, BT_ENOMEM, "out of memory");
	else if (m->renames && place_judge_name(&m->to, m->file, &job->err) != BT_OK)
		return;
	else if (move_files(from, &m->to, &job->store->freed, &job->err) == BT_OK)
		job->dev = place_look(&m->to);
}

static void
free_move(struct store_move *m)
{
	if (m == NULL)
		return;
	place_fini(&m->to);
	mem_free(m->path);
	mem_free(m);
}

static void
answer_move(struct store_job *job)
{
	struct store *s = job->store;
	struct store_move *m = job->move;

	if (!s->freed && job->err.code == BT_OK) {
		struct place old = s->place;

		fds_drop(&s->disk->fds, old.number);
		s->place = m->to;
		m->to = old;
		settle_on(s, job->dev);
	}
	if (!s->freed)
		m->done(m->arg, &job->err);
	free_move(m);
}

static void
send_move(struct store *s, const struct store_move *what, const char *path)
{
	struct store_job *job = job_new(s, work_move, answer_move);
	struct store_move *m = mem_zero(sizeof(*m));
	struct bt_error err;

	if (job != NULL && m != NULL) {
		*m = *what;
		m->number = s->disk->next_place++;
		m->path = mem_strdup(path);
	}
	if (job != NULL && m != NULL && m->path != NULL) {
		job->move = m;
		job->class = JOB_LAZY;
		job_send_alone(job);
		return;
	}
	mem_free(job);
	mem_free(m);
	(void)fail(&err, BT_ENOMEM, "out of memory");
	what->done(what->arg, &err);
}

void
store_move(struct content *c, const char *path, store_moved_fn done, void *arg)
{
	send_move(store_of(c), &(struct store_move){ .done = done, .arg = arg }, path);
}

void
store_rename(struct content *c, uint32_t file, const char *path, store_moved_fn done, void *arg)
{
	send_move(store_of(c), &(struct store_move){ .renames = true, .file = file, .done = done,
		.arg = arg }, path);
}

struct content *
store_new(struct disk *d, const struct store_opts *opts, const struct content_user *user,
    void *arg)
{
	struct store *s = mem_zero(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = (struct content){ &store_ops, user, arg };
	s->disk = d;
	s->meta = bt_metainfo_share(opts->meta);
	TAILQ_INIT(&s->complete);
	TAILQ_INIT(&s->alone);
	TAILQ_INIT(&s->held);
	map_init(&s->buffers, sizeof(uint32_t), d->seed);
	TAILQ_INSERT_TAIL(&d->stores, s, link);
	if (!place_init(&s->place, s->meta, opts->path, d->next_place++) ||
	    !find_device(s, opts->wanted)) {
		store_end(s);
		return NULL;
	}
	return &s->base;
}
