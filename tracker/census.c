/* SPDX-License-Identifier: ISC */
#include "tracker/census.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/gzip.h"
#include "proto/scrape.h"

#define ROWS_FRESH (5 * SECOND)
#define SCRAPE_FRESH (60 * SECOND)
#define SCRAPE_MAX (256u << 20)		/* some millions of torrents */

/* What can be wanted: bits. */
enum { WANT_ROWS = 1, WANT_SCRAPE = 2, WANT_PACKED = 4 };

struct census_taker {
	struct shards *shards;
	uint64_t at_once_max;
	pthread_mutex_t lock;		/* of all that follows */
	pthread_cond_t wake;
	pthread_t thread;
	bool started, ending;
	unsigned wanted;
	usec wanted_at;
	struct census *rows;
	struct httpd_shared *scrape, *packed;
	usec rows_at, scrape_at, packed_at;
};

/* -- those with most peers: a heap with the least of them on top -- */

static uint64_t
peers_of(const struct census_row *r)
{
	return (uint64_t)r->complete + r->incomplete;
}

/* Among equals the smaller hash is shown. */
static bool
is_less(const struct census_row *a, const struct census_row *b)
{
	uint64_t x = peers_of(a), y = peers_of(b);

	return x != y ? x < y : memcmp(a->info_hash, b->info_hash, 20) > 0;
}

static void
sift_up(struct census_row *rows, size_t i)
{
	struct census_row r = rows[i];

	while (i > 0 && is_less(&r, &rows[(i - 1) / 2])) {
		rows[i] = rows[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	rows[i] = r;
}

static void
sift_down(struct census_row *rows, size_t n)
{
	struct census_row r = rows[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && is_less(&rows[child + 1], &rows[child]))
			child++;
		if (!is_less(&rows[child], &r))
			break;
		rows[i] = rows[child];
		i = child;
	}
	rows[i] = r;
}

static void
add_row(struct vec *rows, const struct census_row *r)
{
	if (rows->len < CENSUS_ROWS_MAX) {
		if (vec_add(rows, r) != NULL)
			sift_up(rows->items, rows->len - 1);
	} else if (is_less(rows->items, r)) {
		*(struct census_row *)rows->items = *r;
		sift_down(rows->items, rows->len);
	}
}

static int
most_first(const void *a, const void *b)
{
	return is_less(a, b) ? 1 : is_less(b, a) ? -1 : 0;
}

/* -- counting -- */

static void
count_shard(void *arg, const struct swarms *s)
{
	struct census *c = arg;
	const struct swarm *w;

	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		struct swarm_counts n = swarm_counts(w);
		struct census_row r = { .complete = n.complete, .incomplete = n.incomplete,
		    .downloaded = n.downloaded };

		if (!swarm_visible(s, w))
			continue;
		memcpy(r.info_hash, w->info_hash, 20);
		c->torrents++;
		c->downloaded += n.downloaded;
		add_row(&c->rows, &r);
	}
}

static struct census *
count(struct shards *shards)
{
	struct census *c = mem_zero(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->refs = 1;
	vec_init(&c->rows, sizeof(struct census_row));
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(shards, i, count_shard, c);
	if (c->rows.len > 0)
		qsort(c->rows.items, c->rows.len, sizeof(struct census_row), most_first);
	return c;
}

static void
collect_shard(void *arg, const struct swarms *s)
{
	struct vec *entries = arg;
	const struct swarm *w;

	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		struct swarm_counts n = swarm_counts(w);
		struct scrape_entry e = { .complete = n.complete, .incomplete = n.incomplete,
		    .downloaded = n.downloaded, .downloaders = n.downloaders };

		if (!swarm_visible(s, w))
			continue;
		memcpy(e.info_hash, w->info_hash, 20);
		(void)vec_add(entries, &e);
	}
}

static struct httpd_shared *
shared_new(void)
{
	struct httpd_shared *s = mem_zero(sizeof(*s));

	if (s != NULL) {
		s->refs = 1;
		buf_init(&s->bytes, SCRAPE_MAX);
	}
	return s;
}

static struct httpd_shared *
scrape_all(struct shards *shards)
{
	struct httpd_shared *out = shared_new();
	struct vec entries;
	struct write w;

	if (out == NULL)
		return NULL;
	vec_init(&entries, sizeof(struct scrape_entry));
	scrape_reply_begin(&w, &out->bytes);
	/* A shard is one first byte of the hash. */
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		entries.len = 0;
		shards_visit(shards, i, collect_shard, &entries);
		scrape_reply_part(&w, entries.items, entries.len);
	}
	scrape_reply_end(&w);
	vec_fini(&entries);
	if (buf_failed(&out->bytes)) {
		httpd_shared_drop(out);
		return NULL;
	}
	return out;
}

static struct httpd_shared *
pack(struct httpd_shared *plain)
{
	struct httpd_shared *out = plain != NULL ? shared_new() : NULL;

	if (out != NULL && !gzip_pack(buf_slice(&plain->bytes), &out->bytes)) {
		httpd_shared_drop(out);
		return NULL;
	}
	return out;
}

/* -- the thread -- */

static void
put_rows(struct census_taker *t, struct census *c, usec at)
{
	census_drop(t->rows);
	t->rows = c;
	t->rows_at = at;
}

static void
put_scrape(struct httpd_shared **place, struct httpd_shared *s)
{
	httpd_shared_drop(*place);
	*place = s;
}

/* Unlocked while it works. */
static void
work(struct census_taker *t)
{
	unsigned wanted = t->wanted;
	usec at = t->wanted_at;
	struct census *rows = NULL;
	struct httpd_shared *scrape = NULL, *packed = NULL;

	(void)pthread_mutex_unlock(&t->lock);
	if (wanted & WANT_ROWS)
		rows = count(t->shards);
	if (wanted & (WANT_SCRAPE | WANT_PACKED))
		scrape = scrape_all(t->shards);
	if (wanted & WANT_PACKED)
		packed = pack(scrape);
	(void)pthread_mutex_lock(&t->lock);
	if (rows != NULL)
		put_rows(t, rows, at);
	if (scrape != NULL) {
		put_scrape(&t->scrape, scrape);
		t->scrape_at = at;
	}
	if (packed != NULL) {
		put_scrape(&t->packed, packed);
		t->packed_at = at;
	}
	t->wanted &= ~wanted;
}

static void *
run(void *arg)
{
	struct census_taker *t = arg;

	(void)pthread_mutex_lock(&t->lock);
	while (!t->ending) {
		if (t->wanted != 0)
			work(t);
		else
			(void)pthread_cond_wait(&t->wake, &t->lock);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* Signals are for the threads of the host. */
static bool
start_thread(struct census_taker *t)
{
	sigset_t all, was;
	bool started;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &was);
	started = pthread_create(&t->thread, NULL, run, t) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	return started;
}

/* Locked. */
static void
want(struct census_taker *t, unsigned what, usec now)
{
	if (!t->started)
		t->started = start_thread(t);
	if (t->wanted & what)
		return;
	t->wanted |= what;
	t->wanted_at = now;
	(void)pthread_cond_signal(&t->wake);
}

/* -- what others see -- */

struct census_taker *
census_taker_new(struct shards *shards, uint64_t at_once_max)
{
	struct census_taker *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->shards = shards;
	t->at_once_max = at_once_max;
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_cond_init(&t->wake, NULL);
	return t;
}

void
census_taker_free(struct census_taker *t)
{
	if (t == NULL)
		return;
	(void)pthread_mutex_lock(&t->lock);
	t->ending = true;
	(void)pthread_cond_signal(&t->wake);
	(void)pthread_mutex_unlock(&t->lock);
	if (t->started)
		(void)pthread_join(t->thread, NULL);
	census_drop(t->rows);
	httpd_shared_drop(t->scrape);
	httpd_shared_drop(t->packed);
	(void)pthread_mutex_destroy(&t->lock);
	(void)pthread_cond_destroy(&t->wake);
	mem_free(t);
}

static bool
is_small(const struct census_taker *t)
{
	return shards_totals(t->shards).torrents <= t->at_once_max;
}

struct census *
census_take(struct census_taker *t, usec now)
{
	struct census *c = NULL;

	if (is_small(t))
		return count(t->shards);
	(void)pthread_mutex_lock(&t->lock);
	if (t->rows != NULL && now - t->rows_at < ROWS_FRESH) {
		c = t->rows;
		(void)__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	} else {
		want(t, WANT_ROWS, now);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return c;
}

void
census_drop(struct census *c)
{
	if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	vec_fini(&c->rows);
	mem_free(c);
}

static struct httpd_shared *
scrape_at_once(struct census_taker *t, bool packed)
{
	struct httpd_shared *plain = scrape_all(t->shards), *out;

	if (!packed)
		return plain;
	out = pack(plain);
	httpd_shared_drop(plain);
	return out;
}

struct httpd_shared *
census_scrape(struct census_taker *t, bool packed, usec now)
{
	struct httpd_shared *s;

	if (is_small(t))
		return scrape_at_once(t, packed);
	(void)pthread_mutex_lock(&t->lock);
	s = packed ? t->packed : t->scrape;
	if (s != NULL && now - (packed ? t->packed_at : t->scrape_at) < SCRAPE_FRESH) {
		httpd_shared_hold(s);
	} else {
		want(t, packed ? WANT_PACKED : WANT_SCRAPE, now);
		s = NULL;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return s;
}

void
census_tick(struct census_taker *t, usec now)
{
	(void)pthread_mutex_lock(&t->lock);
	if (t->rows != NULL && now - t->rows_at >= ROWS_FRESH)
		put_rows(t, NULL, now);
	if (t->scrape != NULL && now - t->scrape_at >= SCRAPE_FRESH)
		put_scrape(&t->scrape, NULL);
	if (t->packed != NULL && now - t->packed_at >= SCRAPE_FRESH)
		put_scrape(&t->packed, NULL);
	(void)pthread_mutex_unlock(&t->lock);
}
