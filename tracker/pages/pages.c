/* SPDX-License-Identifier: ISC */
#include "tracker/pages/pages.h"

#include <time.h>

#include "base/query.h"
#include "tracker/pages/charts.h"
#include "tracker/pages/markup.h"
#include "tracker/pages/page_table.h"

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
    "thead tr th{position:static;box-shadow:none;border:0;padding:.5rem .2rem;font-size:.8rem;"
    "white-space:nowrap}"
    "tbody tr{display:flex;flex-wrap:wrap;border-bottom:1px solid var(--line);"
    "padding:.5rem .6rem}"
    "td{border:0;padding:.1rem 0;flex:1}td:first-child{flex:0 0 100%}"
    "td code{font-size:min(.85em,4.1vw - .2rem)}" /* an info-hash keeps to one line */
    "td[data-n]{text-align:left}td[data-n]::before{content:attr(data-n);display:block;"
    "font-size:.75rem;color:var(--soft)}}";

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
	tile(b, "Torrents", p->census->torrents);
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

/* A new tracker has its first hours drawn larger. */
static const struct {
	unsigned minutes, step;
	const char *name;
} spans[] = { { 60, 1, "1 hour" }, { 360, 2, "6 hours" }, { STATS_DAY, 5, "24 hours" } };

/* One point for each step samples, the newest last. */
static void
gather(const struct stats_view *v, unsigned points, unsigned step, enum sample what, double *out)
{
	const struct stat_sample *s = v->samples + v->sample_count - points * step;

	for (unsigned i = 0; i < points; i++) {
		double sum = 0;

		for (unsigned k = 0; k < step; k++)
			sum += s[i * step + k].v[what];
		out[i] = sum / step;
	}
}

/* upper: SAMPLE_COUNT if there is one series only. */
static void
add_chart(struct buf *b, const struct stats_view *v, struct chart *c, enum sample lower,
    enum sample upper)
{
	double values[CHART_SERIES][CHART_POINTS];
	size_t i = 0;

	while (i + 1 < COUNT_OF(spans) && v->sample_count > spans[i].minutes)
		i++;
	c->span = spans[i].name;
	c->width = spans[i].minutes / spans[i].step;
	c->points = v->sample_count / spans[i].step;
	if (c->points > c->width)
		c->points = c->width;
	c->series_count = upper != SAMPLE_COUNT ? 2 : 1;
	gather(v, c->points, spans[i].step, lower, values[0]);
	if (upper != SAMPLE_COUNT)
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
	add_chart(b, v, &peers, SAMPLE_SEEDS, SAMPLE_LEECHES);
	add_chart(b, v, &torrents, SAMPLE_TORRENTS, SAMPLE_COUNT);
	add_chart(b, v, &requests, SAMPLE_UDP, SAMPLE_HTTP);
	buf_add_str(b, "</div>\n");
}

/* -- foot -- */

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
	page_table_add(b, p);
	add_footer(b, p);
}
