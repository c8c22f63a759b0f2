/* SPDX-License-Identifier: ISC */
#include "torrent/torrent.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "torrent/model.h"

/* Addresses remembered (libtorrent: 3000). */
#define KNOWN_MAX 3000

/* Connections begun at once by one torrent. */
#define DIALLING_MAX 8

/* Of the connections one party (see addr_same_party) has this part, and no fewer than these. */
#define PARTY_SHARE 8
#define PARTY_LEAST 4

/* While there are connections: keepalives, meters, who is silent. */
#define SLOW_TICK SECOND

/* Blocks that come free are asked of others after so long, for they come free in crowds. */
#define ASK_AGAIN (100 * MSEC)

void
torrent_say(const struct torrent *t, enum bt_log_level level, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (!log_wants(t->opts.log, level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_write(t->opts.log, level, "torrent", "%02x%02x%02x%02x: %s", t->info_hash[0],
	    t->info_hash[1], t->info_hash[2], t->info_hash[3], text);
}

void
torrent_event(struct torrent *t, const struct bt_event *e)
{
	t->ops->event(t->arg, t, e);
}

void
torrent_become(struct torrent *t, enum bt_torrent_state state, const char *why)
{
	const struct bt_event e = { .type = BT_EVENT_STATE, .text = why,
		.state = { .from = t->state, .to = state } };

	if (t->state == state)
		return;
	torrent_say(t, BT_LOG_INFO, "%s -> %s: %s", bt_torrent_state_name(t->state),
	    bt_torrent_state_name(state), why);
	t->state = state;
	torrent_event(t, &e);
}

void
torrent_wants_tick(struct torrent *t, usec when)
{
	if (when >= t->due)
		return;
	t->due = when;
	t->ops->due(t->arg, t, when);
}

void
torrent_ask_again(struct torrent *t, usec now)
{
	if (t->again == NEVER)
		t->again = now + ASK_AGAIN;
	torrent_wants_tick(t, t->again);
}

struct source *
torrent_find_source(const struct torrent *t, uint32_t id)
{
	return map_find(&t->by_id, &id);
}

static void
close_all(struct torrent *t, const char *why, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next)
		peer_close(c->peer, why, now);
}

void
torrent_fail(struct torrent *t, const struct bt_error *why, usec now)
{
	const struct bt_event e = { .type = BT_EVENT_ERROR, .text = why->text,
		.error = { .code = why->code, .sys_errno = why->sys_errno } };

	/* Several pieces may fail at once, and still while it stops for the first. */
	if (!torrent_is_running(t) && t->state != BT_TORRENT_CHECKING)
		return;
	t->error = why->code;
	t->error_errno = why->sys_errno;
	mem_free(t->error_text);
	t->error_text = mem_strdup(why->text);
	torrent_become(t, BT_TORRENT_FAILED, why->text);
	torrent_event(t, &e);
	close_all(t, "torrent failed", now);
	announce_stop(t->announce, now);
	torrent_wants_tick(t, now);
}

/* -- the trackers' side -- */

static uint64_t
bytes_left(const struct torrent *t)
{
	return bt_metainfo_content_size(t->opts.meta) - t->done;
}

static void
announce_fill(void *arg, struct announce_req *req)
{
	const struct torrent *t = arg;

	memcpy(req->info_hash, t->info_hash, sizeof(req->info_hash));
	memcpy(req->peer_id, t->peer_id, sizeof(req->peer_id));
	req->port = t->opts.port;
	req->uploaded = t->up.total;
	req->downloaded = t->down.total > t->wasted ? t->down.total - t->wasted : 0;
	req->left = bytes_left(t);
	req->numwant = 80;
}

static void
send_announce(void *arg, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct torrent *t = arg;

	t->ops->announce(t->arg, t, id, url, family, req);
}

static void
cancel_announce(void *arg, uint64_t id)
{
	struct torrent *t = arg;

	t->ops->announce_cancel(t->arg, t, id);
}

static void
add_address(struct torrent *t, const struct addr *a, enum known_source source)
{
	unsigned family = a->family == ADDR_V6 ? ANNOUNCE_V6 : ANNOUNCE_V4;

	if (t->opts.dial_families == 0 || (t->opts.dial_families & family) != 0)
		known_add(&t->known, a, source);
}

static size_t
take_peers(void *arg, const struct announce_peer *peers, size_t count)
{
	struct torrent *t = arg;
	size_t before = t->known.peers.len;

	for (size_t i = 0; i < count; i++)
		add_address(t, &peers[i].addr, KNOWN_TRACKER);
	return t->known.peers.len - before;
}

static void
take_status(void *arg, const struct announce_status *s)
{
	struct torrent *t = arg;
	char text[232];
	const struct bt_event e = {
		.type = BT_EVENT_TRACKER,
		.text = text,
		.tracker = { .url = s->url, .code = s->code, .peers = s->peers,
			.seeds = s->complete, .leeches = s->incomplete },
	};

	if (!s->failed) {
		t->tracker_seeds = s->complete;
		t->tracker_leeches = s->incomplete;
	}
	(void)snprintf(text, sizeof(text), "%.120s: %.100s", s->url,
	    s->text[0] != '\0' ? s->text : "ok");
	torrent_event(t, &e);
}

static const struct announce_ops announce_calls = {
	.fill = announce_fill,
	.send = send_announce,
	.cancel = cancel_announce,
	.peers = take_peers,
	.status = take_status,
};

void
torrent_announce_reply(struct torrent *t, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text, usec now)
{
	if (reply != NULL)
		announce_on_reply(t->announce, id, reply, now);
	else
		announce_on_error(t->announce, id, code, text, now);
	torrent_wants_tick(t, now);
}

static bool
add_trackers(struct torrent *t)
{
	const struct bt_metainfo *m = t->opts.meta;

	for (size_t tier = 0; tier < bt_metainfo_tier_count(m); tier++) {
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, tier); i++) {
			if (announce_add(t->announce, tier, bt_metainfo_tracker(m, tier, i)) ==
			    BT_ENOMEM)
				return false;
		}
	}
	return true;
}

/* -- the content's side -- */

void
torrent_checked(struct torrent *t, uint32_t piece, bool good)
{
	t->checked++;
	if (!good)
		return;
	picker_set_have(t->picker, piece);
	t->done += bt_metainfo_piece_size(t->opts.meta, piece);
}

void
torrent_check_done(struct torrent *t, const struct bt_error *err, usec now)
{
	bool complete;

	if (t->state != BT_TORRENT_CHECKING)
		return;
	if (err->code != BT_OK) {
		torrent_fail(t, err, now);
		return;
	}
	complete = picker_is_done(t->picker);
	torrent_become(t, complete ? BT_TORRENT_SEEDING : BT_TORRENT_DOWNLOADING,
	    "checked");
	if (complete)
		torrent_event(t, &(struct bt_event){ .type = BT_EVENT_COMPLETE });
	else
		content_make_empty_files(t->content);
	announce_start(t->announce, now);
	torrent_wants_tick(t, now);
}

void
torrent_files_made(struct torrent *t, const struct bt_error *err, usec now)
{
	if (err->code != BT_OK)
		torrent_fail(t, err, now);
}

void
torrent_eased(struct torrent *t, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		stream_set_reading(c->peer->stream, true);
		download_more(&c->src, now);
	}
}

/* -- life -- */

struct torrent *
torrent_new(const struct torrent_opts *opts, const struct torrent_ops *ops, void *arg)
{
	const uint64_t seed[2] = { rng_u64(opts->rng), rng_u64(opts->rng) };
	const uint8_t *hash = bt_metainfo_info_hash(opts->meta);
	struct torrent *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->opts = *opts;
	t->ops = ops;
	t->arg = arg;
	t->tracker_seeds = t->tracker_leeches = -1;
	t->due = t->again = NEVER;
	TAILQ_INIT(&t->conns);
	TAILQ_INIT(&t->gone);
	TAILQ_INIT(&t->sources);
	/* BEP 52: on the wire a v2 hash is cut to the length of the old one. */
	memcpy(t->info_hash, hash != NULL ? hash : bt_metainfo_info_hash_v2(opts->meta), 20);
	memcpy(t->peer_id, opts->peer_id, 20);
	map_init(&t->by_id, sizeof(uint32_t), seed);
	known_init(&t->known, opts->rng, KNOWN_MAX);
	choker_init(&t->choker, opts->rng, opts->max_uploads);
	rate_init(&t->in_rate, opts->in_rate, opts->in_Bps);
	rate_init(&t->out_rate, opts->out_rate, opts->out_Bps);
	t->picker = picker_new(opts->meta, opts->rng);
	t->announce = announce_new(opts->rng, opts->families, &announce_calls, t);
	if (t->picker == NULL || t->announce == NULL || !add_trackers(t)) {
		torrent_free(t);
		return NULL;
	}
	return t;
}

static void
free_gone(struct torrent *t)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&t->gone)) != NULL) {
		TAILQ_REMOVE(&t->gone, c, link);
		peer_free(c->peer);
		conn_free(c);
	}
}

void
torrent_free(struct torrent *t)
{
	if (t == NULL)
		return;
	close_all(t, "torrent removed", 0);
	free_gone(t);
	content_free(t->content);
	announce_free(t->announce);
	picker_free(t->picker);
	known_fini(&t->known);
	map_fini(&t->by_id);
	mem_free(t->error_text);
	mem_free(t);
}

void
torrent_start(struct torrent *t, struct content *content)
{
	t->content = content;
	content_check(content);
}

void
torrent_stop(struct torrent *t, usec now)
{
	if (t->state == BT_TORRENT_STOPPING || t->state == BT_TORRENT_STOPPED)
		return;
	torrent_become(t, BT_TORRENT_STOPPING, "asked to");
	content_cancel_check(t->content);
	announce_stop(t->announce, now);
	close_all(t, "torrent stopped", now);
	torrent_wants_tick(t, now);
}

void
torrent_set_limits(struct torrent *t, const struct torrent_opts *limits, usec now)
{
	struct torrent_opts *o = &t->opts;
	struct conn *c;

	o->in_Bps = limits->in_Bps;
	o->out_Bps = limits->out_Bps;
	rate_set(&t->in_rate, limits->in_Bps, now);
	rate_set(&t->out_rate, limits->out_Bps, now);
	o->max_uploads = t->choker.slots = limits->max_uploads;
	o->max_peers = limits->max_peers;
	o->max_initiate = limits->max_initiate;
	o->min_peers = limits->min_peers;
	o->request_backlog = limits->request_backlog;
	o->peer_timeout = limits->peer_timeout;
	o->snub_time = limits->snub_time;
	TAILQ_FOREACH(c, &t->conns, link)
		c->src.requests.floor = limits->request_backlog;
	torrent_wants_tick(t, now);
}

/* -- peers -- */

/* Whoever has one address cannot take all the places. */
static bool
has_its_share(const struct torrent *t, const struct addr *a)
{
	unsigned share = t->opts.max_peers / PARTY_SHARE, count = 0;
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link)
		count += addr_same_party(&c->addr, a);
	return count >= (share < PARTY_LEAST ? PARTY_LEAST : share);
}

static bool
wants_peer(const struct torrent *t, const struct addr *a)
{
	return torrent_is_running(t) && t->conn_count < t->opts.max_peers &&
	    !known_is_banned(&t->known, a) && !has_its_share(t, a);
}

static bool
join(struct torrent *t, struct peer *p, const struct addr *a, bool dialled, usec now)
{
	struct handshake ours = { 0 };
	struct conn *c;

	memcpy(ours.info_hash, t->info_hash, 20);
	memcpy(ours.peer_id, t->peer_id, 20);
	handshake_set(&ours, HANDSHAKE_EXTENSIONS);
	handshake_set(&ours, HANDSHAKE_FAST);
	c = conn_new(t, p, a, dialled);
	if (c == NULL)
		return false;
	peer_join(p, &ours, &conn_calls, c, now);
	stream_set_rates(p->stream, &t->in_rate, &t->out_rate);
	/* If it cannot, it is closed, and goes like others that are. */
	(void)peer_learn(p, t->opts.meta, now);
	return true;
}

bool
torrent_add_incoming(struct torrent *t, struct peer *p, usec now)
{
	torrent_wants_tick(t, now);
	return wants_peer(t, &p->stream->remote) && join(t, p, &p->stream->remote, false, now);
}

void
torrent_add_outgoing(struct torrent *t, struct stream *s, const struct addr *to, usec now)
{
	struct peer *p;

	t->dialling--;
	torrent_wants_tick(t, now);
	if (!wants_peer(t, to)) {
		stream_free(s);
		known_lost(&t->known, to, false, now);
		return;
	}
	p = peer_new(s, t->opts.blocks, &conn_calls, NULL, now);
	if (p == NULL || !join(t, p, to, true, now)) {
		peer_free(p);
		known_lost(&t->known, to, false, now);
	} else if (p->state != PEER_CLOSED) {
		peer_start(p, false);
	}
}

void
torrent_dial_failed(struct torrent *t, const struct addr *to, usec now)
{
	t->dialling--;
	known_lost(&t->known, to, false, now);
	torrent_wants_tick(t, now);
}

void
torrent_add_address(struct torrent *t, const struct addr *a, enum known_source source, usec now)
{
	add_address(t, a, source);
	torrent_wants_tick(t, now);
}

static bool
may_dial(const struct torrent *t)
{
	return torrent_is_running(t) && t->dialling < DIALLING_MAX &&
	    t->conn_count + t->dialling < t->opts.max_initiate;
}

static void
dial_more(struct torrent *t, usec now)
{
	struct addr to;

	while (may_dial(t) && known_next(&t->known, now, &to)) {
		t->dialling++;
		t->ops->dial(t->arg, t, &to);
	}
}

/* -- time -- */

static void
tick_slow(struct torrent *t, usec now)
{
	struct conn *c, *next;

	t->next_slow = now + SLOW_TICK;
	meter_tick(&t->down, now);
	meter_tick(&t->up, now);
	if (t->state == BT_TORRENT_DOWNLOADING && t->conn_count < t->opts.min_peers)
		announce_want_peers(t->announce, now);
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		peer_tick(c->peer, now, t->opts.peer_timeout);
		if (c->open)
			download_patience(&c->src, now);
	}
	if (t->state == BT_TORRENT_DOWNLOADING && t->conn_count > 0)
		torrent_ask_again(t, now);
}

static void
ask_all(struct torrent *t, usec now)
{
	struct source *s, *next;

	t->again = NEVER;
	TAILQ_FOREACH_SAFE(s, &t->sources, link, next) {
		s->refused = false;
		download_more(s, now);
	}
}

static usec
sooner(usec a, usec b)
{
	return a < b ? a : b;
}

/* Rates of one who has no connection any more still fall. */
static bool
is_quiet(const struct torrent *t)
{
	return t->conn_count == 0 && meter_rate(&t->down) == 0 && meter_rate(&t->up) == 0;
}

static usec
next_due(const struct torrent *t, usec now)
{
	usec due = sooner(announce_due(t->announce), t->again);

	if (!TAILQ_EMPTY(&t->gone))
		return now;
	if (!is_quiet(t))
		due = sooner(due, t->next_slow);
	if (t->conn_count > 0 && torrent_is_running(t))
		due = sooner(due, t->next_round);
	if (may_dial(t))
		due = sooner(due, known_due(&t->known));
	return due;
}

void
torrent_tick(struct torrent *t, usec now)
{
	t->due = 0;
	free_gone(t);
	if (announce_due(t->announce) <= now)
		announce_tick(t->announce, now);
	if (t->state == BT_TORRENT_STOPPING && announce_is_idle(t->announce))
		torrent_become(t, BT_TORRENT_STOPPED, "said goodbye");
	if (now >= t->next_slow)
		tick_slow(t, now);
	if (now >= t->again)
		ask_all(t, now);
	dial_more(t, now);
	if (torrent_is_running(t) && now >= t->next_round) {
		t->next_round = now + CHOKER_ROUND;
		serve_round(t, now);
	}
	t->due = next_due(t, now);
	t->ops->due(t->arg, t, t->due);
}

void
torrent_check(const struct torrent *t)
{
	const struct source *s;
	const struct conn *c;
	unsigned count = 0;

	picker_check(t->picker);
	TAILQ_FOREACH(c, &t->conns, link) {
		conn_check(c);
		count++;
	}
	TAILQ_FOREACH(s, &t->sources, link)
		source_check(s);
	assert(count == t->conn_count && count == t->by_id.count);
}
