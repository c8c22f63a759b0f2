/* SPDX-License-Identifier: ISC */
#include "tracker/web.h"

#include <stdio.h>

#include "base/query.h"
#include "tracker/files.h"
#include "tracker/forwarded.h"
#include "tracker/pages.h"

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
		announce_reply_init(&reply);
		reply.failed = true;
		reply.failure = slice_str(err.text);
	}
	announce_reply_write(re->body, &reply, announce_req_form(&req));
	announce_reply_fini(&reply);
}

static void
on_index(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	const struct bt_tracker_settings *o = w->shared->settings;

	(void)rq;
	if (o->infopage_redirect[0] != '\0') {
		re->status = 302;
		re->extra = slice_str(w->redirect);
	} else if (o->show_infopage) {
		pages_index(w->replier, re);
	} else {
		re->status = 404;
		buf_add_str(re->body, "there is no page here\n");
	}
}

static void
on_scrape(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	pages_scrape(w->replier, rq->http.query, re);
}

static void
on_file(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	files_torrent(&w->replier->gate, w->shared->settings, rq->http.query, w->headers, re);
}

static void
on_favicon(struct web *w, const struct httpd_request *rq, struct httpd_reply *re)
{
	(void)rq;
	files_favicon(w->shared->settings, re);
}

static const struct {
	const char *path;
	void (*fn)(struct web *, const struct httpd_request *, struct httpd_reply *);
} pages[] = {
	{ "/announce", on_announce },
	{ "/scrape", on_scrape },
	{ "/announce.php", on_announce },
	{ "/scrape.php", on_scrape },
	{ "/tracker.php/announce", on_announce },
	{ "/tracker.php/scrape", on_scrape },
	{ "/", on_index },
	{ "/index.html", on_index },
	{ "/file", on_file },
	{ "/favicon.ico", on_favicon },
};

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
	struct gate_answer answer;

	seen.from = forwarded_for(&w->shared->policy->proxies, from_proxy);
	answer = gate_address(&w->replier->gate, &seen.from, loop_now(w->loop));
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (slice_eq_str(rq->http.path, pages[i].path)) {
			if (answer.verdict == GATE_OPEN)
				pages[i].fn(w, rq, re);
			else
				turn_away(pages[i].fn == on_announce || pages[i].fn == on_scrape,
				    &answer, re);
			return;
		}
	}
	re->status = 404;
	buf_add_str(re->body, "there is no such page\n");
}

static void
on_done(void *arg, const struct httpd_request *rq, unsigned status, size_t body_len)
{
	struct web *w = arg;

	struct httpd_request seen = *rq;

	seen.from = forwarded_for(&w->shared->policy->proxies, rq);
	reqlog_add(w->shared->reqlog, &seen, status, body_len);
}

const struct httpd_ops web_ops = { on_request, on_done };

void
web_init(struct web *w, const struct server_shared *shared, struct replier *replier, struct loop *l)
{
	w->shared = shared;
	w->replier = replier;
	w->loop = l;
	(void)snprintf(w->redirect, sizeof(w->redirect), "Location: %.1000s\r\n",
	    shared->settings->infopage_redirect);
}
