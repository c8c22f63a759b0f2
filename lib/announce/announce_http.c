/* SPDX-License-Identifier: ISC */
#include "announce/announce_http.h"

#include <stdio.h>

/* The tracker's URL and, escaped, all that we tell it. */
#define QUERY_MAX (URL_MAX + 2048u)

static void
gone(struct announce_call *c)
{
	struct announce_reply reply;

	announce_reply_init(&reply);
	reply.failed = true;
	reply.failure = slice_str("HTTP status 410: this tracker is gone");
	reply.retry_in = RETRY_NEVER;
	announce_call_done(c, &reply, BT_OK, "");
	announce_reply_fini(&reply);
}

/* The same as announce_reply_parse, of what a scrape is answered. */
static enum bt_code
read_scrape(const struct announce_call *c, struct bt_slice body, struct announce_reply *reply,
    struct bt_error *err)
{
	const struct scrape_entry *e;
	struct scrape_reply r;
	enum bt_code code;

	announce_reply_init(reply);
	code = scrape_reply_parse(body, &r, err);
	reply->failed = r.failed;
	reply->failure = r.failure;
	if (code == BT_OK && !r.failed) {
		e = scrape_reply_find(&r, c->req.info_hash);
		if (e != NULL)
			announce_call_numbers(reply, e);
		else
			code = fail(err, BT_ENOENT, "it does not know this torrent");
	}
	scrape_reply_fini(&r);
	return code;
}

/* Some trackers send their failure with an HTTP error: their words are better than a number. */
static void
on_answer(void *arg, uint64_t id, const struct fetch_reply *r)
{
	struct announce_call *c = arg;
	struct announce_reply reply;
	struct bt_error err = { 0 };
	enum bt_code code;

	(void)id;
	c->fetch_id = 0;
	if (r->code != BT_OK) {
		announce_call_done(c, NULL, r->code, r->text);
		return;
	}
	if (r->status == 410) {
		gone(c);
		return;
	}
	code = c->scrape ? read_scrape(c, r->body, &reply, &err) :
	    announce_reply_parse(r->body, &reply, &err);
	if (r->status != 200 && (code != BT_OK || !reply.failed))
		announce_call_done(c, NULL, BT_EPROTO, r->text);
	else if (code != BT_OK)
		announce_call_done(c, NULL, code == BT_EFORMAT ? BT_EPROTO : code, err.text);
	else
		announce_call_done(c, &reply, BT_OK, "");
	announce_reply_fini(&reply);
}

static void
on_abort(struct announce_call *c)
{
	fetch_cancel(c->net_fetch, c->fetch_id);
	c->fetch_id = 0;
}

/* False, and nothing in it: not to be asked for. */
static bool
write_url(const struct announce_call *c, struct buf *out)
{
	struct buf scrape;
	bool ok;

	if (!c->scrape) {
		announce_query_write(out, slice_str(c->url), &c->req);
		return true;
	}
	buf_init(&scrape, URL_MAX);
	ok = scrape_url(slice_str(c->url), &scrape);
	if (ok)
		scrape_query_write(out, buf_slice(&scrape), &c->req.info_hash, 1);
	buf_fini(&scrape);
	return ok;
}

void
announce_http_send(struct announce_call *c, const struct announce_net_opts *opts)
{
	struct fetch_req req = {
		.family = c->family, .timeout = c->timeout, .max_bytes = TRACKER_REPLY_MAX,
		.user_agent = opts->user_agent,
	};
	struct buf url;

	buf_init(&url, QUERY_MAX);
	if (!write_url(c, &url)) {
		buf_fini(&url);
		announce_call_fail_later(c, BT_EUNSUP, "its URL tells of no scrape");
		return;
	}
	req.url = buf_cstr(&url);
	c->abort = on_abort;
	c->net_fetch = opts->fetch;
	if (!buf_failed(&url))
		c->fetch_id = fetch_start(opts->fetch, &req, on_answer, c);
	if (c->fetch_id == 0)
		announce_call_fail_later(c, BT_ENOMEM, "no memory for the request");
	buf_fini(&url);
}
