/* SPDX-License-Identifier: ISC */
#include "announce/announce_net.h"

#include <stdio.h>

#include "announce/announce_call.h"
#include "announce/announce_http.h"
#include "announce/announce_udp.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"

#define TIMEOUT_DEFAULT (30 * SECOND)
#define STOP_TIMEOUT_DEFAULT (3 * SECOND)
#define UDP_RESEND_DEFAULT (5 * SECOND)

/* Hashes in one scrape: as many as opentracker takes; as many as are not split on the way. */
#define HTTP_SCRAPE_MAX 64
#define UDP_SCRAPE_MAX ((UDP_TRACKER_SEND_MAX - 16) / 20)

struct announce_net {
	struct announce_net_opts opts;
	char *user_agent;
	struct announce_udp *udp;
	struct announce_stats stats;
	struct turns turns;
	struct loop_timer timer;	/* turns_due */
	struct loop_later later;	/* a place is free */
	TAILQ_HEAD(, announce_call) calls;
};

void
announce_owner_init(struct announce_owner *o, announce_answer_fn fn, void *arg)
{
	LIST_INIT(&o->calls);
	o->fn = fn;
	o->arg = arg;
}

static void
call_free(struct announce_call *c, enum turn_end how)
{
	struct announce_net *n = c->net;

	TAILQ_REMOVE(&n->calls, c, link);
	LIST_REMOVE(c, owner_link);
	if (c->abort != NULL)
		c->abort(c);
	loop_later_cancel(n->opts.loop, &c->fail_later);
	turns_end(&n->turns, &c->turn, how, loop_now(n->opts.loop));
	loop_later(n->opts.loop, &n->later);
	mem_free(c->scrape);
	mem_free(c->udp);
	mem_free(c->fail_text);
	mem_free(c->url);
	mem_free(c);
}

/* Whether the host is alive; of our own troubles it learns nothing. */
static enum turn_end
end_of(enum bt_code code)
{
	switch (code) {
	case BT_OK:
	case BT_EPROTO:
	case BT_ELIMIT:
	case BT_ENOENT:
	case BT_ETRACKER:
		return TURN_ANSWERED;
	case BT_ETIMEOUT:
	case BT_EUNREACH:
		return TURN_SILENT;
	default:
		return TURN_DROPPED;
	}
}

/* Freed before the answer, so that the answered one may send and cancel as it likes. */
void
announce_call_done(struct announce_call *c, const struct announce_reply *reply,
    enum bt_code code, const char *text)
{
	struct announce_numbers *scrape = c->scrape;
	announce_answer_fn fn = c->owner->fn;
	void *arg = c->owner->arg;
	uint64_t id = c->id;

	++*(end_of(code) == TURN_ANSWERED ? &c->net->stats.answered : &c->net->stats.failed);
	c->scrape = NULL;
	call_free(c, end_of(code));
	if (scrape == NULL)
		fn(arg, id, reply, code, text);
	else
		scrape->fn(arg, id, scrape->entries, scrape->count, code, text);
	mem_free(scrape);
}

void
announce_call_refused(struct announce_call *c, struct bt_slice words)
{
	char text[200];

	announce_call_done(c, NULL, BT_ETRACKER, log_escape(words, text, sizeof(text)));
}

static void
fail_now(void *arg)
{
	struct announce_call *c = arg;
	char *text = c->fail_text;

	c->fail_text = NULL;
	announce_call_done(c, NULL, c->fail_code, text != NULL ? text : "out of memory");
	mem_free(text);
}

void
announce_call_fail_later(struct announce_call *c, enum bt_code code, const char *text)
{
	c->fail_code = code;
	c->fail_text = mem_strdup(text);
	loop_later(c->net->opts.loop, &c->fail_later);
}

/* -- turns -- */

static void
go(void *arg, struct turn *t, usec now)
{
	struct announce_net *n = arg;
	struct announce_call *c = (struct announce_call *)t;
	struct url url;

	(void)now;
	/* It was usable when the call came. */
	if (url_parse(slice_str(c->url), &url) && slice_eq_nocase(url.scheme, "udp"))
		announce_udp_send(n->udp, c, &url);
	else
		announce_http_send(c, &n->opts);
}

static void
late(void *arg, struct turn *t, usec now)
{
	char text[64];

	(void)arg;
	(void)now;
	(void)snprintf(text, sizeof(text), "no answer in %.3g s",
	    (double)t->timeout / (double)SECOND);
	announce_call_done((struct announce_call *)t, NULL, BT_ETIMEOUT, text);
}

static const struct turns_ops turns_calls = { .go = go, .late = late };

static void
go_on(void *arg)
{
	struct announce_net *n = arg;
	usec now = loop_now(n->opts.loop), due;

	turns_go(&n->turns, now);
	due = turns_due(&n->turns);
	if (due == NEVER)
		loop_timer_stop(&n->timer);
	else
		loop_timer_set(&n->timer, due > now ? due - now : 0);
}

static void
turn_due(void *arg, usec now)
{
	(void)now;
	go_on(arg);
}

static bool
init_turns(struct announce_net *n)
{
	uint64_t seed[2];

	rng_secret(seed, sizeof(seed));
	turns_init(&n->turns, seed, &turns_calls, n);
	n->later.fn = go_on;
	n->later.arg = n;
	return loop_timer_init(&n->timer, n->opts.loop, turn_due, n);
}

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
	if (!init_turns(n) || n->udp == NULL ||
	    (opts->user_agent != NULL && n->user_agent == NULL)) {
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

void
announce_net_free(struct announce_net *n)
{
	struct announce_call *c;

	if (n == NULL)
		return;
	while ((c = TAILQ_FIRST(&n->calls)) != NULL)
		call_free(c, TURN_DROPPED);
	turns_fini(&n->turns);
	loop_later_cancel(n->opts.loop, &n->later);
	loop_timer_fini(&n->timer);
	announce_udp_free(n->udp);
	mem_free(n->user_agent);
	mem_free(n);
}

/* -- what is asked -- */

/* Takes its turn, or fails later. */
static bool
enter(struct announce_net *n, struct announce_call *c)
{
	enum turn_kind kind = TURN_HTTP;
	struct url u;

	if (!url_parse(slice_str(c->url), &u)) {
		announce_call_fail_later(c, BT_EUNSUP, "not a usable URL");
		return true;
	}
	if (slice_eq_nocase(u.scheme, "udp")) {
		kind = TURN_UDP;
	} else if (!slice_eq_nocase(u.scheme, "http") && !slice_eq_nocase(u.scheme, "https")) {
		announce_call_fail_later(c, BT_EUNSUP, "trackers of this kind are not supported");
		return true;
	}
	return turns_add(&n->turns, &c->turn, kind, c->family, u.host, u.port,
	    loop_now(n->opts.loop));
}

/* NULL: no memory. */
static struct announce_call *
call_new(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    enum addr_family family)
{
	struct announce_call *c = mem_zero(sizeof(*c));

	if (c == NULL || (c->url = mem_strdup(url)) == NULL) {
		mem_free(c);
		return NULL;
	}
	c->net = n;
	c->owner = o;
	c->id = id;
	c->family = family != ADDR_NONE ? family : way_only(n->opts.way);
	c->turn.timeout = n->opts.timeout;
	c->fail_later.fn = fail_now;
	c->fail_later.arg = c;
	TAILQ_INSERT_TAIL(&n->calls, c, link);
	n->stats.sent++;
	LIST_INSERT_HEAD(&o->calls, c, owner_link);
	return c;
}

bool
announce_send(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    enum addr_family family, const struct announce_req *req)
{
	struct announce_call *c = call_new(n, o, id, url, family);

	if (c == NULL)
		return false;
	c->req = *req;
	c->turn.first = req->event == ANNOUNCE_STOPPED;
	if (c->turn.first)
		c->turn.timeout = n->opts.stop_timeout;
	if (!enter(n, c)) {
		call_free(c, TURN_DROPPED);
		return false;
	}
	loop_later(n->opts.loop, &n->later);
	return true;
}

static bool
scrape_part(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    const uint8_t (*hashes)[20], size_t count, announce_scrape_fn fn)
{
	struct announce_call *c = call_new(n, o, id, url, ADDR_NONE);

	if (c == NULL)
		return false;
	c->scrape = mem_zero(sizeof(*c->scrape));
	if (c->scrape == NULL || !enter(n, c)) {
		call_free(c, TURN_DROPPED);
		return false;
	}
	c->scrape->fn = fn;
	c->scrape->count = count;
	memcpy(c->scrape->hashes, hashes, count * sizeof(*hashes));
	for (size_t i = 0; i < count; i++) {
		struct scrape_entry *e = &c->scrape->entries[i];

		memcpy(e->info_hash, hashes[i], sizeof(e->info_hash));
		e->complete = e->incomplete = e->downloaded = e->downloaders = -1;
	}
	return true;
}

bool
announce_scrape(struct announce_net *n, struct announce_owner *o, uint64_t id, const char *url,
    const uint8_t (*hashes)[20], size_t count, announce_scrape_fn fn)
{
	size_t most = strncasecmp(url, "udp:", 4) == 0 ? UDP_SCRAPE_MAX : HTTP_SCRAPE_MAX;

	for (size_t done = 0; done < count; done += most) {
		size_t left = count - done;

		if (!scrape_part(n, o, id, url, hashes + done, left < most ? left : most, fn)) {
			announce_cancel(o, id);
			return false;
		}
	}
	loop_later(n->opts.loop, &n->later);
	return true;
}

void
announce_cancel(struct announce_owner *o, uint64_t id)
{
	struct announce_call *c, *next;

	for (c = LIST_FIRST(&o->calls); c != NULL; c = next) {
		next = LIST_NEXT(c, owner_link);
		if (c->id == id)
			call_free(c, TURN_DROPPED);
	}
}

void
announce_cancel_all(struct announce_owner *o)
{
	struct announce_call *c;

	while ((c = LIST_FIRST(&o->calls)) != NULL)
		call_free(c, TURN_DROPPED);
}
