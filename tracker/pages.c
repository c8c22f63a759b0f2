/* SPDX-License-Identifier: ISC */
#include "tracker/pages.h"

#include <stdlib.h>
#include <time.h>

#include "base/hex.h"
#include "base/query.h"
#include "tracker/charts.h"
#include "tracker/markup.h"

#define NAME_MAX_SHOWN 256u		/* bytes */

static const char STYLE[] =
    ":root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1d2733;--soft:#5b6775;"
    "--line:#e2e5e9;--a:#0a7f6b;--b:#d9822b;--link:#0b5cad;--hover:#f1f4f7}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161b;--card:#1a2027;--ink:#e6eaef;"
    "--soft:#9aa7b5;--line:#2c353f;--a:#35c2a5;--b:#f0a04b;--link:#7db8f7;--hover:#222a33}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:72rem;padding:1.2rem 1rem 2rem;background:var(--bg);"
    "color:var(--ink);font:1rem/1.45 system-ui,sans-serif}"
    "h1{font-size:1.5rem;margin:0}header p,footer p{margin:.2rem 0;color:var(--soft)}"
    "a{color:var(--link)}code{font-family:ui-monospace,monospace;font-size:.85em}"
    "header code{overflow-wrap:anywhere}"
    ".tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:.7rem;"
    "margin:1.1rem 0;padding:0}"
    ".tiles div,figure{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
    "padding:.6rem .8rem;margin:0}"
    ".tiles dt{color:var(--soft);font-size:.85rem}.tiles dd{margin:0;font-size:1.35rem;"
    "font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.7rem}"
    "figcaption{font-size:.9rem}.key{margin-left:.7em;color:var(--soft);white-space:nowrap}"
    ".key::before{content:\"\";display:inline-block;width:.65em;height:.65em;"
    "margin-right:.35em;border-radius:.15em;background:var(--a)}.key.s2::before{"
    "background:var(--b)}"
    ".plot{position:relative;margin:.5rem 0 .2rem;border:solid var(--line);"
    "border-width:1px 0;background:linear-gradient(var(--line),var(--line)) 0 50%/100% 1px "
    "no-repeat}"
    ".plot svg{display:block;width:100%;height:7rem}path.s1{fill:var(--a)}path.s2{fill:var(--b)}"
    ".top{position:absolute;left:0;top:.15rem;padding:0 .25em;font-size:.75rem;"
    "color:var(--soft);background:var(--card);border-radius:.2em;line-height:1.3}"
    ".ends{display:flex;justify-content:space-between;font-size:.75rem;color:var(--soft)}"
    ".none{color:var(--soft);font-size:.9rem}"
    "table{border-collapse:collapse;width:100%;margin-top:1.2rem;background:var(--card);"
    "border:1px solid var(--line)}"
    "caption{text-align:left;padding:.3rem 0;color:var(--soft)}"
    "th,td{padding:.45rem .8rem;text-align:right;border-bottom:1px solid var(--line);"
    "font-variant-numeric:tabular-nums;white-space:nowrap}"
    "th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere}"
    "tbody tr:hover{background:var(--hover)}"
    "thead th{position:sticky;top:0;background:var(--card);box-shadow:0 1px var(--line)}"
    "thead a{color:inherit;text-decoration:none}thead a:hover,thead a:focus{"
    "text-decoration:underline}"
    "td code{color:var(--soft)}td b{display:block;font-weight:600}"
    "footer{margin-top:1.2rem;font-size:.9rem}"
    "@media(max-width:40rem){.tiles{grid-template-columns:repeat(2,1fr)}"
    "table,tbody,caption{display:block}caption{padding:.5rem .6rem 0}"
    "thead{display:block;position:sticky;top:0}"
    "thead tr{display:flex;justify-content:space-between;background:var(--card);"
    "box-shadow:0 1px var(--line);padding:0 .3rem}"
    "thead th{position:static;box-shadow:none;border:0;padding:.5rem .3rem;font-size:.85rem}"
    "tbody tr{display:flex;flex-wrap:wrap;border-bottom:1px solid var(--line);"
    "padding:.5rem .6rem}"
    "td{border:0;padding:.1rem 0;flex:1}td:first-child{flex:0 0 100%}"
    "td[data-n]{text-align:left}td[data-n]::before{content:attr(data-n);display:block;"
    "font-size:.75rem;color:var(--soft)}}";

/* -- the order of rows -- */

enum key { KEY_NAME, KEY_SIZE, KEY_SEEDS, KEY_LEECHES, KEY_COMPLETED, KEY_COUNT };

static const struct {
	const char *word;	/* in ?sort= */
	const char *title;
} keys[KEY_COUNT] = {
	[KEY_NAME] = { "name", "Torrent" },
	[KEY_SIZE] = { "size", "Size" },
	[KEY_SEEDS] = { "seeds", "Seeds" },
	[KEY_LEECHES] = { "leeches", "Leeches" },
	[KEY_COMPLETED] = { "completed", "Completed" },
};

struct row {
	const struct census_row *r;
	struct bt_slice name;		/* in add_table's names */
	uint64_t size;
	bool named;
};

struct order {
	unsigned key;		/* KEY_COUNT: by peers, as they come */
	bool reversed;		/* numbers usually begin with the greatest, names with A */
};

static struct order
order_of(struct bt_slice query)
{
	struct order o = { KEY_COUNT, false };
	struct bt_slice value;

	if (!query_find(query, "sort", &value))
		return o;
	o.reversed = slice_starts(value, "-");
	value = slice_skip(value, o.reversed);
	for (o.key = 0; o.key < KEY_COUNT && !slice_eq_str(value, keys[o.key].word);)
		o.key++;
	return o;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? 1 : -1;
}

/* What has no name comes last. */
static int
compare_names(const struct row *x, const struct row *y)
{
	if (x->named != y->named)
		return x->named ? -1 : 1;
	if (!x->named)
		return memcmp(x->r->info_hash, y->r->info_hash, 20);
	return slice_cmp(x->name, y->name);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct order *o = arg;
	int c = 0;

	switch (o->key) {
	case KEY_NAME:
		c = compare_names(x, y);
		break;
	case KEY_SIZE:
		c = compare_numbers(x->size, y->size);
		break;
	case KEY_SEEDS:
		c = compare_numbers(x->r->complete, y->r->complete);
		break;
	case KEY_LEECHES:
		c = compare_numbers(x->r->incomplete, y->r->incomplete);
		break;
	case KEY_COMPLETED:
		c = compare_numbers(x->r->downloaded, y->r->downloaded);
		break;
	default:
		break;
	}
	if (o->reversed)
		c = -c;
	/* Where that says nothing, as they came: by peers. */
	return c != 0 ? c : x->r < y->r ? -1 : x->r > y->r;
}

/* -- head -- */

static bool
is_host(struct bt_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!query_unreserved(s.ptr[i]) && strchr(":[]", s.ptr[i]) == NULL)
			return false;
	}
	return s.len > 0 && s.len <= 255;
}

static void
add_announce_url(struct buf *b, const char *scheme, struct bt_slice host)
{
	buf_addf(b, "<code>%s://", scheme);
	html_text(b, host);
	buf_add_str(b, "/announce</code>");
}

static void
add_header(struct buf *b, const struct page *p)
{
	buf_add_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<title>BitTorrent tracker</title>\n<style>");
	buf_add_str(b, STYLE);
	buf_add_str(b, "</style>\n</head>\n<body>\n<header>\n<h1>BitTorrent tracker</h1>\n"
	    "<p>Running for ");
	add_duration(b, p->stats->uptime);
	buf_add_str(b, "</p>\n");
	if (is_host(p->host)) {
		buf_add_str(b, "<p>Announce to ");
		if (!p->secure) {
			add_announce_url(b, "udp", p->host);
			buf_add_str(b, " or ");
		}
		add_announce_url(b, p->secure ? "https" : "http", p->host);
		buf_add_str(b, "</p>\n");
	}
	buf_add_str(b, "</header>\n<main>\n");
}

static void
tile(struct buf *b, const char *title, uint64_t n)
{
	buf_addf(b, "<div><dt>%s</dt><dd>", title);
	add_grouped(b, n);
	buf_add_str(b, "</dd></div>\n");
}

static void
rate_tile(struct buf *b, const char *title, double a_second)
{
	buf_addf(b, "<div><dt>%s</dt><dd>", title);
	add_rate(b, a_second);
	buf_add_str(b, "</dd></div>\n");
}

static void
add_tiles(struct buf *b, const struct page *p)
{
	const struct shards_totals *t = &p->stats->totals;

	buf_add_str(b, "<dl class=\"tiles\">\n");
	tile(b, "Torrents", t->torrents);
	tile(b, "Seeds", t->seeds);
	tile(b, "Leeches", t->peers4 + t->peers6 - t->seeds);
	tile(b, "Completed", p->census->downloaded);
	tile(b, "Peers by IPv4", t->peers4);
	tile(b, "Peers by IPv6", t->peers6);
	rate_tile(b, "UDP requests/s", p->stats->udp);
	rate_tile(b, "HTTP requests/s", p->stats->http);
	buf_add_str(b, "</dl>\n");
}

/* -- charts -- */


typedef float (*value_fn)(const struct stat_sample *s);

#define VALUE(field) \
static float get_##field(const struct stat_sample *s) { return (float)s->field; }
VALUE(seeds)
VALUE(leeches)
VALUE(torrents)
VALUE(udp)
VALUE(http)

/* A new tracker has its first hours drawn larger. */
static const struct {
	unsigned minutes, step;
	const char *name;
} spans[] = { { 60, 1, "1 hour" }, { 360, 2, "6 hours" }, { STATS_DAY, 5, "24 hours" } };

/* One point for each step samples, the newest last. */
static void
gather(const struct stats_view *v, unsigned points, unsigned step, value_fn get, float *out)
{
	const struct stat_sample *s = v->samples + v->sample_count - points * step;

	for (unsigned i = 0; i < points; i++) {
		float sum = 0;

		for (unsigned k = 0; k < step; k++)
			sum += get(s++);
		out[i] = sum / (float)step;
	}
}

static void
add_chart(struct buf *b, const struct stats_view *v, struct chart *c, value_fn lower,
    value_fn upper)
{
	float values[CHART_SERIES][CHART_POINTS];
	size_t i = 0;

	while (i + 1 < COUNT_OF(spans) && v->sample_count > spans[i].minutes)
		i++;
	c->span = spans[i].name;
	c->width = spans[i].minutes / spans[i].step;
	c->points = v->sample_count / spans[i].step;
	if (c->points > c->width)
		c->points = c->width;
	c->series_count = upper != NULL ? 2 : 1;
	gather(v, c->points, spans[i].step, lower, values[0]);
	if (upper != NULL)
		gather(v, c->points, spans[i].step, upper, values[1]);
	c->series[0].values = values[0];
	c->series[1].values = values[1];
	chart_add(b, c);
}

static void
add_charts(struct buf *b, const struct stats_view *v)
{
	struct chart peers = { .title = "Peers",
	    .series = { { .label = "seeds" }, { .label = "leeches" } } };
	struct chart torrents = { .title = "Torrents" };
	struct chart requests = { .title = "Requests a second",
	    .series = { { .label = "UDP" }, { .label = "HTTP" } } };

	buf_add_str(b, "<div class=\"charts\">\n");
	add_chart(b, v, &peers, get_seeds, get_leeches);
	add_chart(b, v, &torrents, get_torrents, NULL);
	add_chart(b, v, &requests, get_udp, get_http);
	buf_add_str(b, "</div>\n");
}

/* -- the table -- */

static void
add_column(struct buf *b, unsigned key, struct order o)
{
	bool here = o.key == key;
	/* Names go up from A, numbers down from the greatest. */
	bool up = (key == KEY_NAME) != o.reversed;

	buf_add_str(b, "<th scope=\"col\"");
	if (here)
		buf_addf(b, " aria-sort=\"%s\"", up ? "ascending" : "descending");
	buf_addf(b, "><a href=\"?sort=%s%s\">%s", here && !o.reversed ? "-" : "", keys[key].word,
	    keys[key].title);
	if (here)
		buf_add_str(b, up ? " \xe2\x96\xb4" : " \xe2\x96\xbe");
	buf_add_str(b, "</a></th>");
}

static void
add_number(struct buf *b, unsigned key, uint64_t n)
{
	buf_addf(b, "<td data-n=\"%s\">", keys[key].title);
	add_grouped(b, n);
	buf_add_str(b, "</td>");
}

/* With the torrent behind it, if that is served. */
static void
add_name(struct buf *b, const struct row *row, bool link)
{
	if (link) {
		buf_add_str(b, "<a href=\"/file?info_hash=");
		query_escape(b, slice_of(row->r->info_hash, 20));
		buf_add_str(b, "\">");
	}
	html_text(b, row->name);
	if (link)
		buf_add_str(b, "</a>");
}

static void
add_row(struct buf *b, const struct row *row, const struct page *p)
{
	buf_add_str(b, "<tr><td>");
	if (row->named) {
		buf_add_str(b, "<b>");
		add_name(b, row, p->has_files);
		buf_add_str(b, "</b>");
	}
	buf_add_str(b, "<code>");
	hex_add(b, row->r->info_hash, 20);
	buf_add_str(b, "</code></td>");
	if (p->names != NULL) {
		buf_addf(b, "<td data-n=\"%s\">", keys[KEY_SIZE].title);
		if (row->named)
			add_size(b, row->size);
		buf_add_str(b, "</td>");
	}
	add_number(b, KEY_SEEDS, row->r->complete);
	add_number(b, KEY_LEECHES, row->r->incomplete);
	add_number(b, KEY_COMPLETED, row->r->downloaded);
	buf_add_str(b, "</tr>\n");
}

static void
add_caption(struct buf *b, const struct census *c)
{
	buf_add_str(b, "<table>\n<caption>");
	if (c->torrents > c->rows.len) {
		buf_addf(b, "The %zu torrents with most peers, of ", c->rows.len);
		add_grouped(b, c->torrents);
	} else if (c->torrents == 0) {
		buf_add_str(b, "No torrents yet");
	} else {
		buf_addf(b, "%zu torrent%s", c->rows.len, c->rows.len == 1 ? "" : "s");
	}
	buf_add_str(b, "</caption>\n<thead><tr>");
}

/* Copies the names: at the next look-up the list may be another one. */
static void
find_names(struct row *rows, const struct census *c, const struct torrent_names *names,
    struct buf *texts)
{
	struct torrent_name name;
	const uint8_t *at;

	for (size_t i = 0; i < c->rows.len; i++) {
		struct row *r = &rows[i];

		*r = (struct row){ .r = vec_at(&c->rows, i) };
		r->named = names != NULL && names->find(names->arg, r->r->info_hash, &name);
		if (!r->named)
			continue;
		r->size = name.size;
		r->name.len = name.text.len < NAME_MAX_SHOWN ? name.text.len : NAME_MAX_SHOWN;
		buf_add(texts, name.text.ptr, r->name.len);
	}
	/* Only now they do not move any more. */
	at = texts->ptr;
	for (size_t i = 0; i < c->rows.len; i++) {
		if (buf_failed(texts))
			rows[i].name.len = 0;
		rows[i].name.ptr = at;
		at += rows[i].name.len;
	}
}

static void
add_table(struct buf *b, const struct page *p)
{
	const struct census *c = p->census;
	struct order o = order_of(p->query);
	struct buf names;
	struct vec rows;

	buf_init(&names, CENSUS_ROWS_MAX * NAME_MAX_SHOWN);
	vec_init(&rows, sizeof(struct row));
	if (!vec_reserve(&rows, c->rows.len))
		return;
	find_names(rows.items, c, p->names, &names);
	if (o.key != KEY_COUNT && c->rows.len > 0)
		qsort_r(rows.items, c->rows.len, sizeof(struct row), compare, &o);
	add_caption(b, c);
	for (unsigned key = 0; key < KEY_COUNT; key++) {
		if (key != KEY_SIZE || p->names != NULL)
			add_column(b, key, o);
	}
	buf_add_str(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < c->rows.len; i++)
		add_row(b, vec_at(&rows, i), p);
	buf_add_str(b, "</tbody>\n</table>\n");
	vec_fini(&rows);
	buf_fini(&names);
}

static void
add_footer(struct buf *b, const struct page *p)
{
	time_t now = (time_t)p->now;
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	buf_addf(b, "</main>\n<footer>\n<p>bttrack %s, server time %s", PACKAGE_VERSION, text);
	if (p->has_json)
		buf_add_str(b, " \xc2\xb7 <a href=\"/stats.json\">JSON</a>");
	if (p->has_metrics)
		buf_add_str(b, " \xc2\xb7 <a href=\"/metrics\">Prometheus</a>");
	buf_add_str(b, "</p>\n</footer>\n</body>\n</html>\n");
}

void
page_write(struct buf *b, const struct page *p)
{
	add_header(b, p);
	add_tiles(b, p);
	add_charts(b, p->stats);
	add_table(b, p);
	add_footer(b, p);
}
