/* SPDX-License-Identifier: ISC */
#include "tracker/pages/census.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/gzip.h"
#include "proto/scrape.h"
#include "tracker/rules/lists.h"

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

/* NULL: all torrents. Good until the reader's next look. */
static const struct allowed *
allowed_now(struct snapshot_reader *lists)
{
	const struct lists_now *l = lists_now_of(snapshot_get(lists));

	return l != NULL ? l->torrents : NULL;
}

uint64_t
census_size(const struct census_source *from)
{
	struct snapshot_reader lists = { .place = from->lists };
	const struct allowed *allowed = allowed_now(&lists);
	uint64_t n = allowed != NULL ? allowed->items.len : shards_totals(from->shards).torrents;

	snapshot_reader_fini(&lists);
	return n;
}

static void
count_one(struct census *c, const uint8_t info_hash[20], const struct swarm_counts *n)
{
	struct census_row r = { .complete = n->complete, .incomplete = n->incomplete,
	    .downloaded = n->downloaded };

	memcpy(r.info_hash, info_hash, 20);
	c->torrents++;
	c->downloaded += n->downloaded;
	add_row(&c->rows, &r);
}

static void
count_shard(void *arg, const struct swarms *s)
{
	struct census *c = arg;
	const struct swarm *w;

	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		struct swarm_counts n = swarm_counts(w);

		if (swarm_visible(s, w))
			count_one(c, w->info_hash, &n);
	}
}

static void
count_allowed(struct census *c, struct shards *shards, const struct allowed *allowed)
{
	for (size_t i = 0; i < allowed->items.len; i++) {
		const struct allowed_item *item = vec_at(&allowed->items, i);
		struct swarm_counts n;

		(void)shards_scrape(shards, item->hash, &n);
		count_one(c, item->hash, &n);
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
census_count(const struct census_source *from)
{
	struct snapshot_reader lists = { .place = from->lists };
	const struct allowed *allowed = allowed_now(&lists);
	struct census *c = mem_zero(sizeof(*c));

	if (c != NULL) {
		snapshot_init(&c->snapshot, free_census);
		vec_init(&c->rows, sizeof(struct census_row));
		if (allowed != NULL)
			count_allowed(c, from->shards, allowed);
		for (unsigned i = 0; i < SHARD_COUNT && allowed == NULL; i++)
			shards_visit(from->shards, i, count_shard, c);
		if (c->rows.len > 0)
			qsort(c->rows.items, c->rows.len, sizeof(struct census_row), most_first);
	}
	snapshot_reader_fini(&lists);
	return c;
}

void
census_drop(struct census *c)
{
	if (c != NULL)
		snapshot_drop(&c->snapshot);
}

/* -- a scrape of everything -- */

static struct scrape_entry
entry_of(const uint8_t info_hash[20], const struct swarm_counts *n)
{
	struct scrape_entry e = { .complete = n->complete, .incomplete = n->incomplete,
	    .downloaded = n->downloaded, .downloaders = n->downloaders };

	memcpy(e.info_hash, info_hash, 20);
	return e;
}

static void
collect_shard(void *arg, const struct swarms *s)
{
	struct vec *entries = arg;
	const struct swarm *w;

	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		struct swarm_counts n = swarm_counts(w);
		struct scrape_entry e = entry_of(w->info_hash, &n);

		if (swarm_visible(s, w))
			(void)vec_add(entries, &e);
	}
}

static void
scrape_shards(struct shards *shards, struct write *w)
{
	struct vec entries;

	vec_init(&entries, sizeof(struct scrape_entry));
	/* A shard is one first byte of the hash. */
	for (unsigned i = 0; i < SHARD_COUNT && !buf_failed(w->out); i++) {
		entries.len = 0;
		shards_visit(shards, i, collect_shard, &entries);
		scrape_reply_part(w, entries.items, entries.len);
	}
	vec_fini(&entries);
}

static void
scrape_allowed(const struct census_source *from, const struct allowed *allowed, struct write *w)
{
	for (size_t i = 0; i < allowed->items.len && !buf_failed(w->out); i++) {
		const struct allowed_item *item = vec_at(&allowed->items, i);
		struct scrape_entry e;
		struct swarm_counts n;

		(void)shards_scrape(from->shards, item->hash, &n);
		e = entry_of(item->hash, &n);
		if (from->names && item->torrent != NULL)
			e.name = item->torrent->name;
		scrape_reply_part(w, &e, 1);
	}
}

struct httpd_shared *
census_scrape(const struct census_source *from)
{
	struct snapshot_reader lists = { .place = from->lists };
	const struct allowed *allowed = allowed_now(&lists);
	size_t max = from->scrape_max != 0 ? from->scrape_max : SCRAPE_MAX;
	struct httpd_shared *out = httpd_shared_new(max);
	struct write w;

	if (out != NULL) {
		scrape_reply_begin(&w, &out->bytes);
		if (allowed != NULL)
			scrape_allowed(from, allowed, &w);
		else
			scrape_shards(from->shards, &w);
		scrape_reply_end(&w);
	}
	snapshot_reader_fini(&lists);
	if (out != NULL && buf_failed(&out->bytes)) {
		httpd_shared_drop(out);
		return NULL;
	}
	return out;
}

struct httpd_shared *
census_pack(struct httpd_shared *plain)
{
	struct httpd_shared *out = plain != NULL ? httpd_shared_new(SCRAPE_MAX) : NULL;

	if (out != NULL && !gzip_pack(buf_slice(&plain->bytes), &out->bytes)) {
		httpd_shared_drop(out);
		return NULL;
	}
	return out;
}
