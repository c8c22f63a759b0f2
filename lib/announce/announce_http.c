/* SPDX-License-Identifier: ISC */
#include "announce/announce_http.h"

#include <stdio.h>

/* The tracker's URL and, escaped, all that we tell it or the hashes that we ask for. */
#define QUERY_MAX (URL_MAX + SCRAPE_HASHES_MAX * 80u)

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

/* How many of the hashes it told something of. */
static size_t
take_numbers(struct announce_numbers *asked, const struct scrape_reply *r)
{
	size_t known = 0;

	for (size_t i = 0; i < asked->count; i++) {
		const struct scrape_entry *e = scrape_reply_find(r, asked->hashes[i]);

		if (e != NULL) {
			asked->entries[i] = *e;
			asked->entries[i].name = SLICE_NONE;
			known++;
		}
	}
	return known;
}

static void
end_scrape(struct announce_call *c, const struct fetch_reply *f)
{
	struct scrape_reply r;
	struct bt_error err = { 0 };
	enum bt_code code = scrape_reply_parse(f->body, &r, &err);

	if (code == BT_OK && r.failed)
		announce_call_refused(c, r.failure);
	else if (f->status != 200)
		announce_call_done(c, NULL, BT_EPROTO, f->text);
	else if (code != BT_OK)
		announce_call_done(c, NULL, code == BT_EFORMAT ? BT_EPROTO : code, err.text);
	else if (take_numbers(c->scrape, &r) == 0)
		announce_call_done(c, NULL, BT_ENOENT, c->scrape->count == 1 ?
		    "it does not know this torrent" : "it knows none of these torrents");
	else
		announce_call_done(c, NULL, BT_OK, "");
	scrape_reply_fini(&r);
}

/* Some trackers send their failure with an HTTP error: their words are better than a number. */
static void
end_announce(struct announce_call *c, const struct fetch_reply *f)
{
	struct announce_reply reply;
	struct bt_error err = { 0 };
	enum bt_code code = announce_reply_parse(f->body, &reply, &err);

	if (f->status != 200 && (code != BT_OK || !reply.failed))
		announce_call_done(c, NULL, BT_EPROTO, f->text);
	else if (code != BT_OK)
		announce_call_done(c, NULL, code == BT_EFORMAT ? BT_EPROTO : code, err.text);
	else
		announce_call_done(c, &reply, BT_OK, "");
	announce_reply_fini(&reply);
}

static void
on_answer(void *arg, uint64_t id, const struct fetch_reply *r)
{
	struct announce_call *c = arg;

	(void)id;
	c->fetch_id = 0;
	if (r->code != BT_OK)
		announce_call_done(c, NULL, r->code, r->text);
	else if (c->scrape != NULL)
		end_scrape(c, r);
	else if (r->status == 410)
		gone(c);
	else
		end_announce(c, r);
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

	if (c->scrape == NULL) {
		announce_query_write(out, slice_str(c->url), &c->req);
		return true;
	}
	buf_init(&scrape, URL_MAX);
	ok = scrape_url(slice_str(c->url), &scrape);
	if (ok)
		scrape_query_write(out, buf_slice(&scrape), c->scrape->hashes, c->scrape->count);
	buf_fini(&scrape);
	return ok;
}

void
announce_http_send(struct announce_call *c, const struct announce_net_opts *opts)
{
	struct fetch_req req = {
		.family = c->family, .timeout = c->turn.deadline - loop_now(opts->loop),
		.max_bytes = TRACKER_REPLY_MAX, .user_agent = opts->user_agent,
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
