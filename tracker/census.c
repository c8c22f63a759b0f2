/* SPDX-License-Identifier: ISC */
#include "tracker/census.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/gzip.h"
#include "proto/scrape.h"

#define SCRAPE_MAX (256u << 20)		/* some millions of torrents */

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

static void
free_census(struct snapshot *s)
{
	struct census *c = CONTAINER_OF(s, struct census, snapshot);

	vec_fini(&c->rows);
	mem_free(c);
}

struct census *
census_count(struct shards *shards)
{
	struct census *c = mem_zero(sizeof(*c));

	if (c == NULL)
		return NULL;
	snapshot_init(&c->snapshot, free_census);
	vec_init(&c->rows, sizeof(struct census_row));
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(shards, i, count_shard, c);
	if (c->rows.len > 0)
		qsort(c->rows.items, c->rows.len, sizeof(struct census_row), most_first);
	return c;
}

void
census_drop(struct census *c)
{
	if (c != NULL)
		snapshot_drop(&c->snapshot);
}

/* -- a scrape of everything -- */

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

struct httpd_shared *
census_scrape(struct shards *shards)
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

struct httpd_shared *
census_pack(struct httpd_shared *plain)
{
	struct httpd_shared *out = plain != NULL ? shared_new() : NULL;

	if (out != NULL && !gzip_pack(buf_slice(&plain->bytes), &out->bytes)) {
		httpd_shared_drop(out);
		return NULL;
	}
	return out;
}
