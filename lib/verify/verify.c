/* SPDX-License-Identifier: ISC */
#include "verify/verify.h"

#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "meta/model.h"

#define MAX_WORKERS 64u
#define RUNS_A_WORKER 3		/* one works, one waits; and one is slower than the others */
#define BUFFERS_SIZE (16u << 20)	/* bytes of all buffers together */
#define RUN_SIZE (4u << 20)		/* bytes of a job, unless a few pieces are more */

const char *
bt_verify_state_name(enum bt_verify_state state)
{
	static const char *const names[BT_VERIFY_STATES] = {
		[BT_VERIFY_COMPLETE] = "complete",
		[BT_VERIFY_MISSING] = "missing",
		[BT_VERIFY_WRONG] = "wrong",
		[BT_VERIFY_UNREADABLE] = "unreadable",
		[BT_VERIFY_DOUBTFUL] = "doubtful",
	};

	return names[state];
}

/* -- torrents -- */

static void
torrent_free(struct verify_torrent *t)
{
	present_close(&t->present);
	vec_fini(&t->now.pieces);
	mem_free(t);
}

static struct verify_torrent *
torrent_new(struct bt_verify *v, const struct bt_metainfo *meta, const char *path, void *tag,
    struct bt_error *err)
{
	struct verify_torrent *t = mem_zero(sizeof(*t));

	if (t == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	vec_init(&t->now.pieces, sizeof(struct bt_verify_pieces));
	if (present_open(&t->present, meta, path, err) != BT_OK) {
		torrent_free(t);
		return NULL;
	}
	t->serial = ++v->serial;
	t->seen.meta = meta;
	t->seen.tag = tag;
	t->seen.content = t->present.root;
	t->kind = pieces_kind_of(meta);
	t->piece_count = meta->piece_count;
	t->seen.size = bt_metainfo_content_size(meta);
	return t;
}

/* Torrents without content are done as soon as those before them. */
static void
end_torrents(struct bt_verify *v)
{
	struct verify_torrent *t;

	while ((t = TAILQ_FIRST(&v->torrents)) != NULL && t->settled == t->piece_count) {
		verify_settle_rest(t, v->options);
		TAILQ_REMOVE(&v->torrents, t, link);
		torrent_free(t);
	}
}

/* -- the ring -- */

static struct verify_run *
run_at(const struct bt_verify *v, uint64_t i)
{
	return &v->runs[i % v->run_count];
}

static void
done(struct job *j)
{
	CONTAINER_OF(j, struct verify_run, job)->finished = true;
}

static void
check_cancel(struct bt_verify *v)
{
	if (v->code == BT_OK && v->options->cancel != NULL &&
	    __atomic_load_n(v->options->cancel, __ATOMIC_RELAXED) != 0)
		v->code = BT_ECANCEL;
}

/* Waits until a job is finished, and settles those that are next. After a failure nothing more is
 * told: what was read halfway says nothing. */
static void
wait_for_run(struct bt_verify *v)
{
	(void)pool_wait(v->pool);
	check_cancel(v);
	while (v->head < v->tail && run_at(v, v->head)->finished) {
		if (v->code == BT_OK)
			verify_settle(run_at(v, v->head), v->options);
		v->head++;
		if (v->code == BT_OK)
			end_torrents(v);
	}
}

static enum bt_code
send_run(struct bt_verify *v, struct verify_torrent *t)
{
	struct verify_run *r = run_at(v, v->tail);
	const struct bt_metainfo *m = t->present.meta;

	if (m->layers_missing > 0 && r->roots == NULL) {
		r->roots = mem_array(VERIFY_RUN_PIECES, sizeof(r->roots[0]));
		if (r->roots == NULL)
			return BT_ENOMEM;
	}
	r->torrent = t;
	r->finished = false;
	r->first = t->sent;
	r->count = (uint32_t)min_u64(VERIFY_RUN_PIECES, pieces_a_job(m->piece_length, RUN_SIZE,
	    t->piece_count - t->sent, pool_workers(v->pool)));
	t->sent += r->count;
	v->tail++;
	pool_send(v->pool, &r->job);
	return BT_OK;
}

static enum bt_code
failure(const struct bt_verify *v, struct bt_error *err)
{
	return v->code == BT_OK ? BT_OK : fail(err, v->code, "%s",
	    v->code == BT_ECANCEL ? "cancelled" : "out of memory");
}

enum bt_code
bt_verify_add(struct bt_verify *v, const struct bt_metainfo *meta, const char *path, void *tag,
    struct bt_error *err)
{
	struct bt_error why;
	struct verify_torrent *t;

	check_cancel(v);
	if (v->code != BT_OK)
		return failure(v, err);
	t = torrent_new(v, meta, path, tag, &why);
	if (t == NULL) {
		if (err != NULL)
			*err = why;
		return why.code;
	}
	TAILQ_INSERT_TAIL(&v->torrents, t, link);
	while (v->code == BT_OK && t->sent < meta->piece_count) {
		if (v->tail - v->head == v->run_count)
			wait_for_run(v);
		else
			v->code = send_run(v, t);
	}
	if (v->code == BT_OK) {
		end_torrents(v);
		return BT_OK;
	}
	/* The caller shall have its torrent back. */
	while (v->head < v->tail)
		wait_for_run(v);
	TAILQ_REMOVE(&v->torrents, t, link);
	torrent_free(t);
	return failure(v, err);
}

enum bt_code
bt_verify_finish(struct bt_verify *v, struct bt_error *err)
{
	while (v->head < v->tail)
		wait_for_run(v);
	for (unsigned i = 0; i < v->run_count; i++)
		verify_close_files(&v->runs[i]);
	return failure(v, err);
}

/* -- birth and death -- */

static bool
run_init(struct bt_verify *v, struct verify_run *r, size_t buffer_size)
{
	r->job.work = verify_work;
	r->job.done = done;
	r->verify = v;
	r->buffer = mem_alloc(buffer_size);
	r->buffer_size = buffer_size;
	buf_init(&r->scratch, SIZE_MAX);
	for (unsigned i = 0; i < VERIFY_OPEN_FILES; i++)
		r->files[i].fd = -1;
	return r->buffer != NULL;
}

struct bt_verify *
bt_verify_new(const struct bt_verify_options *options, struct bt_error *err)
{
	struct bt_verify *v = mem_zero(sizeof(*v));
	unsigned workers = pool_size(options->workers, MAX_WORKERS);
	unsigned runs = RUNS_A_WORKER * workers;
	bool ok = v != NULL;

	if (ok) {
		v->options = options;
		TAILQ_INIT(&v->torrents);
		v->pool = pool_new(workers);
		v->runs = mem_array(runs, sizeof(*v->runs));
		ok = v->pool != NULL && v->runs != NULL;
	}
	for (; ok && v->run_count < runs; v->run_count++)
		ok = run_init(v, &v->runs[v->run_count],
		    (size_t)min_u64(PIECES_BUFFER, BUFFERS_SIZE / runs));
	if (ok)
		return v;
	(void)fail(err, BT_ENOMEM, "out of memory");
	bt_verify_free(v);
	return NULL;
}

void
bt_verify_free(struct bt_verify *v)
{
	struct verify_torrent *t, *next;

	if (v == NULL)
		return;
	/* What is under way is worked to its end, and told to nobody. */
	v->code = BT_ECANCEL;
	pool_free(v->pool);
	TAILQ_FOREACH_SAFE(t, &v->torrents, link, next)
		torrent_free(t);
	for (unsigned i = 0; i < v->run_count; i++) {
		verify_close_files(&v->runs[i]);
		buf_fini(&v->runs[i].scratch);
		mem_free(v->runs[i].roots);
		mem_free(v->runs[i].buffer);
	}
	mem_free(v->runs);
	mem_free(v);
}
