/* SPDX-License-Identifier: ISC */
#include "tracker/web.h"

#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "base/query.h"
#include "net/gzip.h"
#include "proto/limits.h"
#include "tracker/rules/forwarded.h"
#include "tracker/pages/metrics.h"
#include "tracker/pages/pages.h"

#define RETRY (SECOND / 50)
#define SHELF_MAX (32u << 20)		/* bytes of files that all loops keep in memory */

/* A page that a stranger's torrent names cannot make fetch or run anything. */
#define SAFE "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n" \
	"Cache-Control: no-cache\r\n"
#define SAFE_PAGE SAFE "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; " \
	"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"

/* BitTornado: an operator's seed tells who waits for it that it has come. */
static void
look_for_dedicated_seed(struct web *w, struct bt_slice query, const struct announce_req *req,
    struct announce_reply *reply)
{
	const char *id = w->shared->settings->dedicated_seed_id;
	struct seeded *seeded = &w->shared->policy->seeded;
	struct announce_text sent;
	struct bt_slice value;

	if (id[0] == '\0' || reply->failed)
		return;
	if (req->left == 0 && query_find(query, "seed_id", &value)) {
		size_t n = query_unescape(value, QUERY_PLUS_IS_SPACE, sent.bytes,
		    sizeof(sent.bytes));

		if (n <= sizeof(sent.bytes) && slice_eq_str(slice_of(sent.bytes, n), id))
			seeded_mark(seeded, req->info_hash);
	}
	if (query_find(query, "check_seeded", &value) && slice_eq_str(value, "1"))
		reply->seeded = seeded_has(seeded, req->info_hash);
}

static void
on_announce(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	struct announce_reply reply;
	struct announce_req req;
	struct bt_error err;
	enum bt_code code = announce_query_parse(rq->http.query, &req, &err);

	if (code == BT_ENOENT) {
		re->status = 400;
		buf_addf(re->body, "you sent me garbage - %s\n", err.text);
		return;
	}
	if (code == BT_OK) {
		reply_announce(w->replier, &req, &rq->from, REPLY_BOTH_FAMILIES,
		    loop_now(w->loop), &reply);
		look_for_dedicated_seed(w, rq->http.query, &req, &reply);
	} else {
		reply_unreadable(w->replier, slice_str(err.text), &reply);
	}
	announce_reply_write(re->body, &reply, announce_req_form(&req));
	announce_reply_fini(&reply);
}

/* -- scrapes -- */

static void
forbid(struct httpd_reply *re, const char *why)
{
	re->status = 400;
	scrape_failure_write(re->body, slice_str(why));
}

static void
put_off(struct web *w, struct httpd_reply *re)
{
	re->later = true;
	loop_timer_set(&w->retry, RETRY);
}

static void
scrape_all(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	bool packed = gzip_wanted(httpd_header(rq, "accept-encoding"));
	struct httpd_shared *all;

	switch (census_taker_scrape(w->shared->census, packed, loop_now(w->loop), &all)) {
	case BT_OK:
		re->pack = true;
		re->shared = all;
		re->shared_packed = packed;
		break;
	case BT_EBUSY: put_off(w, re); break;
	default:
		forbid(re, "too many torrents for a scrape that names none");
		re->status = 503;
	}
}

static void
on_scrape(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	uint8_t hashes[SCRAPE_HASHES_MAX][20];
	struct scrape_entry entries[SCRAPE_HASHES_MAX];
	const char *allowed = w->shared->settings->scrape_allowed;
	size_t n = scrape_query_parse(rq->http.query, hashes, SCRAPE_HASHES_MAX);
	struct bt_slice value;

	if (strcmp(allowed, "none") == 0) {
		forbid(re, "this tracker does not answer scrapes");
	} else if (n > 0) {
		for (size_t i = 0; i < n; i++)
			entries[i] = reply_scrape(w->replier, hashes[i]);
		reply_scrape_names(w->replier, entries, n);
		scrape_reply_write(re->body, entries, n);
	} else if (query_find(rq->http.query, "info_hash", &value)) {
		forbid(re, "info_hash is not 20 bytes");
	} else if (strcmp(allowed, "full") == 0) {
		scrape_all(w, rq, re);
	} else {
		forbid(re, "this tracker answers scrapes only for torrents that are named");
	}
}

/* -- pages -- */

/* With all that pages are made of: large, so not on the stack. */
struct page_data {
	struct stats_view stats;
	struct census *census;
};

static struct page_data *
page_data_new(struct web *w, struct httpd_reply *re)
{
	struct page_data *d = mem_alloc(sizeof(*d));

	if (d == NULL) {
		re->status = 503;
		buf_add_str(re->body, "out of memory\n");
		return NULL;
	}
	d->census = census_taker_get(w->shared->census, loop_now(w->loop));
	if (d->census == NULL) {
		mem_free(d);
		put_off(w, re);
		return NULL;
	}
	stats_view(w->shared->stats, loop_now(w->loop), &d->stats);
	return d;
}

static void
page_data_free(struct page_data *d)
{
	census_drop(d->census);
	mem_free(d);
}

static bool
find_name(void *arg, const uint8_t info_hash[20], struct torrent_name *out)
{
	struct web *w = arg;
	const struct allowed_torrent *t = gate_torrent(&w->replier->gate, info_hash);

	if (t == NULL)
		return false;
	out->text = t->name;
	out->size = t->size;
	return true;
}

/* Only files tell names. */
static const struct torrent_names *
names_shown(const struct web *w)
{
	const struct bt_tracker_settings *o = w->shared->settings;

	return o->show_names && o->allowed_dir[0] != '\0' ? &w->names : NULL;
}

static void
no_page(struct httpd_reply *re)
{
	re->status = 404;
	buf_add_str(re->body, "there is no such page\n");
}

static void
show_index(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	const struct bt_tracker_settings *o = w->shared->settings;
	struct page_data *d = page_data_new(w, re);
	struct page page = { .names = names_shown(w), .query = rq->http.query,
	    .has_json = o->stats_json, .has_metrics = o->metrics,
	    .has_files = o->allow_get != 0, .now = (int64_t)time(NULL) };

	if (d == NULL)
		return;
	/* Somebody behind a door of its own sees another address than clients do. */
	if (rq->door != WEB_DOOR_PAGES)
		page.host = httpd_header(rq, "host");
	page.secure = rq->door == WEB_DOOR_SECURE;
	page.stats = &d->stats;
	page.census = d->census;
	re->content_type = "text/html; charset=utf-8";
	re->extra = slice_str(SAFE_PAGE);
	re->pack = true;
	page_write(re->body, &page);
	page_data_free(d);
}

static void
on_index(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	const struct bt_tracker_settings *o = w->shared->settings;

	if (o->infopage_redirect[0] != '\0') {
		re->status = 302;
		re->extra = slice_str(w->redirect);
	} else if (o->show_infopage) {
		show_index(w, rq, re);
	} else {
		no_page(re);
	}
}

static void
on_json(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	struct page_data *d;

	(void)rq;
	if (!w->shared->settings->stats_json) {
		no_page(re);
		return;
	}
	d = page_data_new(w, re);
	if (d == NULL)
		return;
	re->content_type = "application/json";
	re->extra = slice_str(SAFE);
	re->pack = true;
	metrics_json(re->body, &d->stats, d->census, names_shown(w), (int64_t)time(NULL));
	page_data_free(d);
}

static void
on_metrics(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	struct stats_view *view = mem_alloc(sizeof(*view));

	(void)rq;
	if (!w->shared->settings->metrics) {
		no_page(re);
	} else if (view == NULL) {
		re->status = 503;
	} else {
		stats_view(w->shared->stats, loop_now(w->loop), view);
		re->content_type = "text/plain; version=0.0.4; charset=utf-8";
		re->extra = slice_str(SAFE);
		re->pack = true;
		metrics_text(re->body, view);
	}
	mem_free(view);
}

static void
on_file(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	files_torrent(&w->files, rq->http.query, loop_now(w->loop), re);
	if (re->later)
		put_off(w, re);
}

static void
on_favicon(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	(void)rq;
	files_favicon(&w->files, loop_now(w->loop), re);
	if (re->later)
		put_off(w, re);
}

enum kind { ANNOUNCE, SCRAPE, FILES, PAGE };

struct path {
	const char *path;
	void (*fn)(struct web *, const struct httpd_request *, struct httpd_reply *);
	enum kind kind;
};

static const struct path paths[] = {
	{ "/announce", on_announce, ANNOUNCE },
	{ "/scrape", on_scrape, SCRAPE },
	{ "/announce.php", on_announce, ANNOUNCE },
	{ "/scrape.php", on_scrape, SCRAPE },
	{ "/tracker.php/announce", on_announce, ANNOUNCE },
	{ "/tracker.php/scrape", on_scrape, SCRAPE },
	{ "/file", on_file, FILES },
	{ "/favicon.ico", on_favicon, FILES },
	{ "/", on_index, PAGE },
	{ "/index.html", on_index, PAGE },
	{ "/stats.json", on_json, PAGE },
	{ "/metrics", on_metrics, PAGE },
};

static const struct path *
find_path(struct bt_slice path)
{
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		if (slice_eq_str(path, paths[i].path))
			return &paths[i];
	}
	return NULL;
}

/* Pages that have a door of their own are behind no other. */
static bool
is_open(const struct web *w, enum kind kind, unsigned door)
{
	if (door == WEB_DOOR_PAGES)
		return kind == PAGE || kind == FILES;
	return kind != PAGE || w->shared->settings->pages_bind[0] == '\0';
}

/* Clients show a failure reason to their users, and keep to its time (BEP 31). */
static void
turn_away(bool client, const struct gate_answer *a, struct httpd_reply *re)
{
	struct announce_reply reply;

	if (client) {
		announce_reply_init(&reply);
		reply.failed = true;
		reply.failure = slice_str(a->why);
		reply.retry_in = a->retry_in;
		announce_reply_write(re->body, &reply, ANNOUNCE_COMPACT);
		announce_reply_fini(&reply);
		return;
	}
	re->status = a->verdict == GATE_TOO_OFTEN ? 429 : 403;
	buf_addf(re->body, "%s\n", a->why);
}

static void
on_request(void *arg, const struct httpd_request *from_proxy, struct httpd_reply *re)
{
	struct web *w = arg;
	struct httpd_request seen = *from_proxy, *rq = &seen;
	const struct path *p = find_path(rq->http.path);
	struct gate_answer answer = { .verdict = GATE_OPEN };

	if (p == NULL || !is_open(w, p->kind, rq->door)) {
		no_page(re);
		return;
	}
	seen.from = forwarded_for(&w->shared->policy->proxies, from_proxy);
	if (!rq->again)
		answer = gate_address(&w->replier->gate, &seen.from, loop_now(w->loop));
	if (answer.verdict == GATE_OPEN) {
		p->fn(w, rq, re);
		return;
	}
	stat_add(w->counters, STAT_TURNED_AWAY, 1);
	turn_away(p->kind == ANNOUNCE || p->kind == SCRAPE, &answer, re);
}

static enum stat
stat_of(const struct httpd_request *rq)
{
	const struct path *p = find_path(rq->http.path);

	if (p == NULL || p->kind == PAGE || p->kind == FILES)
		return STAT_HTTP_OTHER;
	if (p->kind == SCRAPE)
		return STAT_HTTP_SCRAPE;
	return rq->from.family == ADDR_V6 ? STAT_HTTP_ANNOUNCE6 : STAT_HTTP_ANNOUNCE4;
}

static void
on_done(void *arg, const struct httpd_request *rq, unsigned status, size_t body_len)
{
	struct web *w = arg;
	const struct httpd_stats *h = httpd_stats(w->httpd);
	struct httpd_request seen = *rq;

	seen.from = forwarded_for(&w->shared->policy->proxies, rq);
	stat_add(w->counters, stat_of(&seen), 1);
	stat_add(w->counters, STAT_HTTP_BYTES, body_len);
	stat_set(w->counters, STAT_HTTP_OPEN, h->connections);
	stat_set(w->counters, STAT_HTTP_REFUSED, h->refused);
	stat_set(w->counters, STAT_HTTP_TIMEOUTS, h->timeouts);
	reqlog_add(w->shared->reqlog, &seen, status, body_len);
}

static bool
is_proxy(void *arg, const struct addr *from)
{
	const struct web *w = arg;

	return ipset_has(&w->shared->policy->proxies, from);
}

const struct httpd_ops web_ops = { on_request, on_done, is_proxy };

static void
on_ready(void *arg)
{
	struct web *w = arg;

	if (httpd_retry(w->httpd))
		loop_timer_set(&w->retry, RETRY);
}

static void
on_retry(void *arg, usec now)
{
	(void)now;
	on_ready(arg);
}

bool
web_init(struct web *w, const struct server_shared *shared, struct replier *replier,
    struct stat_counters *counters, struct loop *l)
{
	*w = (struct web){ .shared = shared, .replier = replier, .counters = counters, .loop = l,
	    .names = { find_name, w },
	    .files = { .settings = shared->settings, .gate = &replier->gate } };
	(void)snprintf(w->redirect, sizeof(w->redirect), "Location: %.1000s\r\n",
	    shared->settings->infopage_redirect);
	if (files_wanted(shared->settings)) {
		w->files.shelf = shelf_new(l, SHELF_MAX / shared->loops, on_ready, w);
		if (w->files.shelf == NULL)
			return false;
	}
	return loop_timer_init(&w->retry, l, on_retry, w);
}

void
web_fini(struct web *w)
{
	loop_timer_fini(&w->retry);
	shelf_free(w->files.shelf);
}

void
web_serve(struct web *w, struct httpd *h)
{
	w->httpd = h;
}
