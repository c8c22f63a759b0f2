/* SPDX-License-Identifier: ISC */
#include "net/httpd_conn.h"

#include "base/mem.h"
#include "net/gzip.h"
#include "proto/limits.h"

#define SKIP_MAX 16384u			/* of a body that nobody wants */
#define PACK_MIN 1000u			/* smaller bodies fit into one packet anyway */

/* The body as it goes out: gzipped where that was asked for and is worth it. */
static struct bt_slice
choose_body(struct httpd *h, const struct httpd_request *rq, const struct httpd_reply *re)
{
	struct bt_slice body = buf_slice(re->shared != NULL ? &re->shared->bytes : re->body);
	bool packed = re->shared != NULL && re->shared_packed;

	if (!re->pack && !packed)
		return body;
	if (!packed && re->shared == NULL && body.len >= PACK_MIN && body.len <= HTTPD_PACK_MAX &&
	    gzip_wanted(httpd_header(rq, "accept-encoding"))) {
		buf_clear(&h->packed);
		packed = gzip_pack(body, &h->packed) && h->packed.len < body.len;
		if (packed)
			body = buf_slice(&h->packed);
	}
	if (packed)
		buf_add_str(&h->extra, "Content-Encoding: gzip\r\n");
	buf_add_str(&h->extra, "Vary: Accept-Encoding\r\n");
	return body;
}

static void
add_reply(struct httpd_conn *c, const struct httpd_request *rq, struct httpd_reply *re, bool keep)
{
	struct httpd *h = c->server;
	bool head_only = slice_eq_str(rq->http.method, "HEAD");
	struct http_reply head;
	struct bt_slice body;

	if (buf_failed(re->body)) {
		buf_clear(re->body);
		re->status = 500;
		buf_add_str(re->body, "the reply would be too long\n");
	}
	buf_clear(&h->extra);
	buf_add_slice(&h->extra, re->extra);
	body = choose_body(h, rq, re);
	head = (struct http_reply){ re->status, re->content_type, body.len, keep,
	    buf_slice(&h->extra) };
	http_reply_write(&c->out, &head);
	if (!head_only && re->shared == NULL)
		buf_add_slice(&c->out, body);
	if (!head_only && re->shared != NULL && body.len > 0) {
		c->tail = re->shared;
		c->tail_sent = 0;
		c->tail_since = loop_now(h->loop);
		re->shared = NULL;
	}
	httpd_shared_drop(re->shared);
	h->stats.requests++;
	if (h->ops->on_done != NULL)
		h->ops->on_done(h->arg, rq, re->status, head_only ? 0 : body.len);
}

void
httpd_conn_refuse(struct httpd_conn *c, const struct httpd_request *rq, unsigned status)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { .status = status, .content_type = "text/plain",
	    .body = &h->body };

	buf_clear(&h->body);
	buf_addf(&h->body, "%u %s\n", status, http_status_text(status));
	add_reply(c, rq, &re, false);
	c->state = CONN_CLOSING;
	c->linger = true;
}

/* A body belongs to neither GET nor HEAD: a short one is passed over. */
static bool
may_skip(const struct http_head *head)
{
	return !head->chunked && head->content_length <= (int64_t)SKIP_MAX;
}

/* 0, or the status for who asks a server without bodies for what it does not do. */
static unsigned
judge(const struct httpd *h, const struct httpd_request *rq)
{
	if (h->limits.max_body > 0)
		return 0;
	if (!slice_eq_str(rq->http.method, "GET") && !slice_eq_str(rq->http.method, "HEAD"))
		return 405;
	return may_skip(&rq->http.head) ? 0 : 413;
}

/* False: it was put off. */
static bool
serve(struct httpd_conn *c, struct httpd_request *rq)
{
	struct httpd *h = c->server;
	struct httpd_reply re = { .status = 200, .content_type = "text/plain", .body = &h->body };
	const struct http_head *head = &rq->http.head;
	bool keep = head->keep_alive;
	unsigned status = judge(h, rq);

	if (status != 0) {
		httpd_conn_refuse(c, rq, status);
		return true;
	}
	buf_clear(&h->body);
	h->ops->on_request(h->arg, rq, &re);
	c->again = re.later;
	if (re.later) {
		c->waiting = true;
		TAILQ_INSERT_TAIL(&h->waiting, c, wait_link);
		return false;
	}
	c->skip = c->upload == NULL && head->content_length > 0 ? (size_t)head->content_length : 0;
	/* A client that waits for "100 Continue" may send the body or not: what comes next is
	 * unclear. */
	if (c->skip > 0 && httpd_header(rq, "expect").len > 0)
		keep = false;
	add_reply(c, rq, &re, keep);
	if (!keep) {
		c->state = CONN_CLOSING;
		c->linger = c->skip > 0;
	}
	return true;
}

static size_t
skip_body(struct httpd_conn *c, struct bt_slice in)
{
	size_t n = c->skip < in.len ? c->skip : in.len;

	c->skip -= n;
	return n;
}

/* -- bodies that are wanted -- */

void
httpd_conn_drop_upload(struct httpd_conn *c)
{
	struct httpd_upload *u = c->upload;

	if (u == NULL)
		return;
	c->upload = NULL;
	buf_fini(&u->head);
	buf_fini(&u->body);
	mem_free(u);
}

static bool
has_body(const struct httpd *h, const struct http_head *head)
{
	return h->limits.max_body > 0 && (head->chunked || head->content_length > 0);
}

/* text: the head. Behind it there are more bytes already, or not. 0, or the status. */
static unsigned
begin_upload(struct httpd_conn *c, const struct httpd_request *rq, struct bt_slice text, bool more)
{
	const struct http_head *head = &rq->http.head;
	size_t max = c->server->limits.max_body;
	struct httpd_upload *u;

	if (!head->chunked && (uint64_t)head->content_length > max)
		return 413;
	u = c->upload = mem_zero(sizeof(*u));
	if (u == NULL)
		return 503;
	buf_init(&u->head, HTTP_REQUEST_MAX);
	buf_init(&u->body, max);
	http_body_init(&u->reader, head);
	buf_add_slice(&u->head, text);
	if (buf_failed(&u->head))
		return 503;
	if (!more && head->minor >= 1 &&
	    slice_eq_nocase(httpd_header(rq, "expect"), "100-continue"))
		buf_add_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	return 0;
}

static void
parse_upload(const struct httpd_conn *c, struct httpd_request *rq)
{
	unsigned status;
	size_t used;

	(void)http_request_parse(buf_slice(&c->upload->head), &rq->http, &used, &status);
	rq->body = buf_slice(&c->upload->body);
}

/* False: more has to come first, or the request waits. */
static bool
continue_upload(struct httpd_conn *c, struct httpd_request *rq, struct bt_slice *rest)
{
	struct httpd_upload *u = c->upload;

	if (!u->whole) {
		switch (http_body_feed(&u->reader, rest, &u->body)) {
		case STEP_MORE:
			return false;
		case STEP_BAD:
			parse_upload(c, rq);
			httpd_conn_refuse(c, rq, buf_failed(&u->body) ? 413 : 400);
			httpd_conn_drop_upload(c);
			return false;
		case STEP_DONE:
			u->whole = true;
		}
	}
	parse_upload(c, rq);
	c->held = !serve(c, rq);
	if (!c->held)
		httpd_conn_drop_upload(c);
	return !c->held;
}

/* -- requests in a row -- */

static bool
must_wait(const struct httpd_conn *c)
{
	return c->out.len - c->sent >= HTTPD_PENDING_MAX || c->tail != NULL;
}

/* Takes a head off the front of *rest, and serves it or begins with its body. False: nothing more
 * can be done now. */
static bool
take_request(struct httpd_conn *c, struct httpd_request *rq, struct bt_slice *rest)
{
	unsigned status;
	size_t used;
	enum step step = http_request_parse(*rest, &rq->http, &used, &status);

	if (step == STEP_MORE)
		return false;
	c->held = must_wait(c);
	if (c->held)
		return false;
	if (step == STEP_BAD) {
		rq->http.target = SLICE_NONE;
		rq->http.head.lines = SLICE_NONE;
	} else if (has_body(c->server, &rq->http.head)) {
		status = begin_upload(c, rq, slice_of(rest->ptr, used), rest->len > used);
	} else {
		c->held = !serve(c, rq);
	}
	if (status != 0) {
		httpd_conn_refuse(c, rq, status);
		httpd_conn_drop_upload(c);
		return false;
	}
	if (!c->held)
		*rest = slice_skip(*rest, used);
	return !c->held;
}

size_t
httpd_conn_serve(struct httpd_conn *c, struct bt_slice in)
{
	struct bt_slice rest = in;
	bool more = true;

	while (more && c->state == CONN_SERVING) {
		struct httpd_request rq = { .from = c->from, .door = c->door,
		    .again = c->again };

		rest = slice_skip(rest, skip_body(c, rest));
		more = c->upload != NULL ? continue_upload(c, &rq, &rest) :
		    take_request(c, &rq, &rest);
	}
	return in.len - rest.len;
}
