/* SPDX-License-Identifier: ISC */
#include "announce/announce_net.h"

#include <stdio.h>

#include "announce/announce_call.h"
#include "announce/announce_http.h"
#include "announce/announce_udp.h"
#include "base/mem.h"

#define TIMEOUT_DEFAULT (30 * SECOND)
#define STOP_TIMEOUT_DEFAULT (3 * SECOND)
#define UDP_RESEND_DEFAULT (5 * SECOND)

struct announce_net {
	struct announce_net_opts opts;
	char *user_agent;
	struct announce_udp *udp;
	struct announce_stats stats;
	TAILQ_HEAD(, announce_call) calls;
};

struct announce_net *
announce_net_new(const struct announce_net_opts *opts)
{
	struct announce_net *n = mem_zero(sizeof(*n));

	if (n == NULL)
		return NULL;
	n->opts = *opts;
	TAILQ_INIT(&n->calls);
	if (n->opts.timeout <= 0)
		n->opts.timeout = TIMEOUT_DEFAULT;
	if (n->opts.stop_timeout <= 0)
		n->opts.stop_timeout = STOP_TIMEOUT_DEFAULT;
	if (n->opts.udp_resend <= 0)
		n->opts.udp_resend = UDP_RESEND_DEFAULT;
	if (opts->user_agent != NULL)
		n->user_agent = mem_strdup(opts->user_agent);
	n->opts.user_agent = n->user_agent;
	n->udp = announce_udp_new(&n->opts);
	if (n->udp == NULL || (opts->user_agent != NULL && n->user_agent == NULL)) {
		announce_net_free(n);
		return NULL;
	}
	return n;
}

const struct announce_stats *
announce_net_stats(const struct announce_net *n)
{
	return &n->stats;
}

void
announce_net_set_timeout(struct announce_net *n, usec timeout)
{
	n->opts.timeout = timeout > 0 ? timeout : TIMEOUT_DEFAULT;
}

static void
call_free(struct announce_call *c)
{
	TAILQ_REMOVE(&c->net->calls, c, link);
	if (c->abort != NULL)
		c->abort(c);
	loop_later_cancel(c->net->opts.loop, &c->fail_later);
	mem_free(c->url);
	mem_free(c);
}

void
announce_net_free(struct announce_net *n)
{
	struct announce_call *c;

	if (n == NULL)
		return;
	while ((c = TAILQ_FIRST(&n->calls)) != NULL)
		call_free(c);
	announce_udp_free(n->udp);
	mem_free(n->user_agent);
	mem_free(n);
}

/* Freed before the answer, so that the answered one may send and cancel as it likes. */
void
announce_call_done(struct announce_call *c, const struct announce_reply *reply,
    enum bt_code code, const char *text)
{
	announce_answer_fn fn = c->fn;
	void *arg = c->arg;
	uint64_t id = c->id;

	++*(reply != NULL ? &c->net->stats.answered : &c->net->stats.failed);
	call_free(c);
	fn(arg, id, reply, code, text);
}

static void
fail_now(void *arg)
{
	struct announce_call *c = arg;
	struct bt_error err = c->error;

	announce_call_done(c, NULL, err.code, err.text);
}

void
announce_call_fail_later(struct announce_call *c, enum bt_code code, const char *text)
{
	(void)fail(&c->error, code, "%s", text);
	loop_later(c->net->opts.loop, &c->fail_later);
}

static void
carry(struct announce_net *n, struct announce_call *c)
{
	struct bt_slice scheme;

	if (!url_parse(slice_str(c->url), &c->parts)) {
		announce_call_fail_later(c, BT_EUNSUP, "not a usable URL");
		return;
	}
	scheme = c->parts.scheme;
	if (slice_eq_nocase(scheme, "http") || slice_eq_nocase(scheme, "https"))
		announce_http_send(c, &n->opts);
	else if (slice_eq_nocase(scheme, "udp"))
		announce_udp_send(n->udp, c);
	else
		announce_call_fail_later(c, BT_EUNSUP, "trackers of this kind are not supported");
}

/* NULL: no memory. */
static struct announce_call *
call_new(struct announce_net *n, const char *url, const struct announce_req *req,
    announce_answer_fn fn, void *arg, uint64_t id)
{
	struct announce_call *c = mem_zero(sizeof(*c));

	if (c == NULL || (c->url = mem_strdup(url)) == NULL) {
		mem_free(c);
		return NULL;
	}
	c->net = n;
	c->fn = fn;
	c->arg = arg;
	c->id = id;
	c->req = *req;
	c->timeout = req->event == ANNOUNCE_STOPPED ? n->opts.stop_timeout : n->opts.timeout;
	c->fail_later.fn = fail_now;
	c->fail_later.arg = c;
	TAILQ_INSERT_TAIL(&n->calls, c, link);
	n->stats.sent++;
	return c;
}

bool
announce_send(struct announce_net *n, const char *url, enum addr_family family,
    const struct announce_req *req, announce_answer_fn fn, void *arg, uint64_t id)
{
	struct announce_call *c = call_new(n, url, req, fn, arg, id);

	if (c == NULL)
		return false;
	c->family = family != ADDR_NONE ? family : way_only(n->opts.way);
	carry(n, c);
	return true;
}

bool
announce_scrape(struct announce_net *n, const char *url, const uint8_t info_hash[20],
    announce_answer_fn fn, void *arg, uint64_t id)
{
	struct announce_call *c;
	struct announce_req req;

	announce_req_init(&req);
	memcpy(req.info_hash, info_hash, sizeof(req.info_hash));
	c = call_new(n, url, &req, fn, arg, id);
	if (c == NULL)
		return false;
	c->scrape = true;
	c->family = way_only(n->opts.way);
	carry(n, c);
	return true;
}

void
announce_cancel(struct announce_net *n, const void *arg, uint64_t id)
{
	struct announce_call *c, *next;

	TAILQ_FOREACH_SAFE(c, &n->calls, link, next) {
		if (c->arg == arg && c->id == id)
			call_free(c);
	}
}

void
announce_cancel_all(struct announce_net *n, const void *arg)
{
	struct announce_call *c, *next;

	TAILQ_FOREACH_SAFE(c, &n->calls, link, next) {
		if (c->arg == arg)
			call_free(c);
	}
}
