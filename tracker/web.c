/* SPDX-License-Identifier: ISC */
#include "tracker/web.h"

#include <stdio.h>

#include "tracker/pages.h"

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
};

static void
on_request(void *arg, const struct httpd_request *rq, struct httpd_reply *re)
{
	struct web *w = arg;

	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (slice_eq_str(rq->http.path, pages[i].path)) {
			pages[i].fn(w, rq, re);
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

	reqlog_add(w->shared->reqlog, rq, status, body_len);
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
