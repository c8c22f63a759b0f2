/* SPDX-License-Identifier: ISC */
#include "tracker/pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/vec.h"
#include "proto/limits.h"

#define ROWS_MAX 1000u		/* torrents on the page */

/* -- scrape -- */

static void
add_entries(void *arg, const struct swarms *s)
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

static void
all_entries(struct replier *r, struct vec *entries)
{
	vec_init(entries, sizeof(struct scrape_entry));
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(r->shards, i, add_entries, entries);
}

static void
forbid(struct httpd_reply *re, const char *why)
{
	re->status = 400;
	scrape_failure_write(re->body, slice_str(why));
}

void
pages_scrape(struct replier *r, struct bt_slice query, struct httpd_reply *re)
{
	uint8_t hashes[SCRAPE_HASHES_MAX][20];
	struct scrape_entry entries[SCRAPE_HASHES_MAX];
	const char *allowed = r->settings->scrape_allowed;
	size_t n = scrape_query_parse(query, hashes, SCRAPE_HASHES_MAX);
	struct vec all;

	r->scrapes++;
	if (strcmp(allowed, "none") == 0) {
		forbid(re, "this tracker does not answer scrapes");
		return;
	}
	if (n > 0) {
		for (size_t i = 0; i < n; i++)
			entries[i] = reply_scrape(r, hashes[i]);
		scrape_reply_write(re->body, entries, n);
		return;
	}
	if (strcmp(allowed, "full") != 0) {
		forbid(re, "this tracker answers scrapes only for torrents that are named");
		return;
	}
	all_entries(r, &all);
	scrape_reply_write(re->body, all.items, all.len);
	vec_fini(&all);
}

/* -- the page -- */

static int
by_peers(const void *a, const void *b)
{
	const struct scrape_entry *x = a, *y = b;
	int64_t nx = x->complete + x->incomplete, ny = y->complete + y->incomplete;

	if (nx != ny)
		return nx < ny ? 1 : -1;
	return memcmp(x->info_hash, y->info_hash, 20);
}

static void
add_row(struct buf *b, const struct scrape_entry *e)
{
	buf_add_str(b, "<tr><td><code>");
	for (size_t i = 0; i < 20; i++)
		buf_addf(b, "%02x", e->info_hash[i]);
	buf_addf(b, "</code><td>%" PRId64 "<td>%" PRId64 "<td>%" PRId64 "\n", e->complete,
	    e->incomplete, e->downloaded);
}

static void
add_totals(struct buf *b, const struct scrape_entry *e, size_t n)
{
	int64_t complete = 0, incomplete = 0, downloaded = 0;

	for (size_t i = 0; i < n; i++) {
		complete += e[i].complete;
		incomplete += e[i].incomplete;
		downloaded += e[i].downloaded;
	}
	buf_addf(b, "<tfoot><tr><td>%zu torrents<td>%" PRId64 "<td>%" PRId64 "<td>%" PRId64
	    "</tfoot>\n", n, complete, incomplete, downloaded);
}

static void
add_time(struct buf *b)
{
	time_t now = time(NULL);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	buf_addf(b, "<p>bttrack, server time %s</p>\n", text);
}

void
pages_index(struct replier *r, struct httpd_reply *re)
{
	struct buf *b = re->body;
	struct vec all;

	all_entries(r, &all);
	if (all.len > 0)
		qsort(all.items, all.len, sizeof(struct scrape_entry), by_peers);
	re->content_type = "text/html; charset=utf-8";
	buf_add_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>BitTorrent tracker</title>\n"
	    "<style>body{font-family:sans-serif}td,th{padding:.1em .6em;text-align:right}"
	    "td:first-child,th:first-child{text-align:left}</style>\n"
	    "<h1>BitTorrent tracker</h1>\n"
	    "<table>\n<thead><tr><th scope=\"col\">Info-hash<th scope=\"col\">Complete"
	    "<th scope=\"col\">Downloading<th scope=\"col\">Downloaded</thead>\n");
	add_totals(b, all.items, all.len);
	buf_add_str(b, "<tbody>\n");
	for (size_t i = 0; i < all.len && i < ROWS_MAX; i++)
		add_row(b, vec_at(&all, i));
	buf_add_str(b, "</table>\n");
	if (all.len > ROWS_MAX)
		buf_addf(b, "<p>and %zu more</p>\n", all.len - ROWS_MAX);
	add_time(b);
	vec_fini(&all);
}
