/* SPDX-License-Identifier: ISC */
#include "torrent/torrent.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "torrent/model.h"

/* Addresses remembered (libtorrent: 3000). */
#define KNOWN_MAX 3000

/* While there are connections: keepalives, meters, who is silent. */
#define SLOW_TICK SECOND

/* Blocks that come free are asked of others after this long, for they come free in crowds. */
#define ASK_AGAIN (100 * MSEC)

/* What may pass by itself is looked at after this long, ever more seldom. */
#define RETRY_FIRST (2 * SECOND)
#define RETRY_LAST (64 * SECOND)
#define DESCRIPTORS_AFTER (10 * SECOND)

/* A seed that nobody is connected to lets go of what it can load again. */
#define SLEEP_AFTER (60 * SECOND)

void
torrent_say(const struct torrent *t, enum bt_log_level level, const char *fmt, ...)
{
	const uint8_t *hash = t->hashes.v[0];
	char text[300];
	va_list ap;

	if (!log_wants(t->opts->log, level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_write(t->opts->log, level, "torrent", "%02x%02x%02x%02x: %s", hash[0], hash[1], hash[2],
	    hash[3], text);
}

void
torrent_event(struct torrent *t, const struct bt_event *e)
{
	t->ops->event(t->arg, t, e);
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
	return t->swarm == NULL ? NULL : map_find(&t->swarm->by_id, &id);
}

/* -- state -- */

static bool
is_swarm_state(enum bt_torrent_state state)
{
	return state == BT_TORRENT_METADATA || state == BT_TORRENT_DOWNLOADING ||
	    state == BT_TORRENT_SEEDING;
}

bool
torrent_is_in_swarm(const struct torrent *t)
{
	return is_swarm_state(t->state);
}

/* What the wishes and the parts amount to. */
static enum bt_torrent_state
state_of(const struct torrent *t)
{
	if (t->stopped)
		return t->said_goodbye ? BT_TORRENT_STOPPED : BT_TORRENT_STOPPING;
	if (t->error != BT_OK && (t->holds & TORRENT_WAITING) == 0)
		return BT_TORRENT_FAILED;
	if ((t->holds & TORRENT_PAUSED) != 0)
		return BT_TORRENT_PAUSED;
	if ((t->holds & TORRENT_WAITING) != 0)
		return BT_TORRENT_WAITING;
	if (t->awaiting || (t->meta != NULL && !t->checked))
		return BT_TORRENT_CHECKING;
	/* Whether it is for the queue of downloads or of seeds says its check. */
	if ((t->holds & TORRENT_QUEUED) != 0)
		return BT_TORRENT_QUEUED;
	if (t->asleep)
		return BT_TORRENT_SEEDING;
	if (t->meta == NULL)
		return BT_TORRENT_METADATA;
	return picker_is_done(t->picker) ? BT_TORRENT_SEEDING : BT_TORRENT_DOWNLOADING;
}

static void
close_all(struct torrent *t, const char *why, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next)
		peer_close(c->peer, why, now);
}

static void
become(struct torrent *t, enum bt_torrent_state state, const char *why)
{
	const struct bt_event e = { .type = BT_EVENT_STATE, .text = why,
		.as.state = { .from = t->state, .to = state } };

	torrent_say(t, BT_LOG_INFO, "%s -> %s: %s", bt_torrent_state_name(t->state),
	    bt_torrent_state_name(state), why);
	t->state = state;
	torrent_event(t, &e);
}

static void
begin_check(struct torrent *t)
{
	bool all = t->unsure.len == 0;

	t->checking = true;
	t->pieces_checked = all ? 0 : t->unsure.len - t->unsure.count;
	content_check(t->content, all ? NULL : &t->unsure);
}

/* From a seed as well, or from the check of what was one: others that have all were sent away, and
 * are wanted again. */
static void
begin_downloading(struct torrent *t, enum bt_torrent_state before, usec now)
{
	t->told_complete = false;
	content_prepare(t->content, t->fresh ? picker_have(t->picker) : NULL);
	t->fresh = false;
	if ((before == BT_TORRENT_SEEDING || before == BT_TORRENT_CHECKING) && t->swarm != NULL)
		known_hurry(&t->swarm->known, now);
}

static void
begin_seeding(struct torrent *t, enum bt_torrent_state before, usec now)
{
	struct conn *c, *next;

	if (before == BT_TORRENT_DOWNLOADING)
		content_complete(t->content);
	/* Of who wants but a part it is no completion. */
	if (before == BT_TORRENT_DOWNLOADING && t->done == t->size)
		announce_completed(t->announce, now);
	if (!t->told_complete)
		torrent_event(t, &(struct bt_event){ .type = BT_EVENT_COMPLETE });
	t->told_complete = true;
	t->idle_since = now;
	/* Of one that has all they see it by its pieces. */
	if (t->done < t->size)
		conns_say_who_we_are(t, now);
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next)
		conn_close_redundant(c, now);
}

/* A check of what metadata has just come for keeps the peers that it came from. */
static void
enter_or_leave_swarm(struct torrent *t, const char *why, usec now)
{
	bool in = torrent_is_in_swarm(t) || (t->state == BT_TORRENT_CHECKING && t->announced);

	if (in == t->announced)
		return;
	t->announced = in;
	if (in) {
		announce_start(t->announce, now);
	} else {
		announce_stop(t->announce, now);
		close_all(t, why, now);
	}
}

void
torrent_settle(struct torrent *t, const char *why, usec now)
{
	enum bt_torrent_state before = t->state, state = state_of(t);

	if (state == before)
		return;
	if (t->checking)
		content_cancel_check(t->content);
	t->checking = false;
	become(t, state, why);
	enter_or_leave_swarm(t, why, now);
	if (state == BT_TORRENT_CHECKING && !t->awaiting)
		begin_check(t);
	else if (state == BT_TORRENT_DOWNLOADING)
		begin_downloading(t, before, now);
	else if (state == BT_TORRENT_SEEDING)
		begin_seeding(t, before, now);
	/* With nothing but empty files all is there only when they are. */
	if (state == BT_TORRENT_SEEDING && t->piece_count == 0)
		content_prepare(t->content, NULL);
	torrent_wants_tick(t, now);
}

void
torrent_hold(struct torrent *t, unsigned holds, bool on, const char *why, usec now)
{
	t->holds = on ? t->holds | holds : t->holds & ~holds;
	torrent_settle(t, why, now);
}

static void
set_error(struct torrent *t, const struct bt_error *why)
{
	mem_free(t->error_text);
	t->error_text = why == NULL ? NULL : mem_strdup(why->text);
	t->error_errno = why == NULL ? 0 : why->sys_errno;
	t->error = why == NULL ? BT_OK : why->code;
}

static bool
may_pass(const struct bt_error *why)
{
	return why->code == BT_EMFILE || why->code == BT_ENOSPC || why->code == BT_EGONE ||
	    (why->code == BT_EIO && (why->sys_errno == EROFS || why->sys_errno == EIO));
}

static void
retry_later(struct torrent *t, usec now)
{
	usec after = t->error == BT_EMFILE ? DESCRIPTORS_AFTER : RETRY_FIRST << t->retries;

	if (after < RETRY_LAST)
		t->retries++;
	t->retry = now + after;
	torrent_wants_tick(t, t->retry);
}

/* The reason is told as that of a failure would be. */
static void
wait_until_it_passes(struct torrent *t, const struct bt_error *why, usec now)
{
	set_error(t, why);
	torrent_hold(t, TORRENT_WAITING, true, why->text, now);
	retry_later(t, now);
}

static void
go_on(struct torrent *t, usec now)
{
	set_error(t, NULL);
	torrent_hold(t, TORRENT_WAITING, false, "tries again", now);
}

/* Descriptors come back by themselves, and letting go of the peers' may be enough. */
static void
look_again(struct torrent *t, usec now)
{
	t->retry = NEVER;
	if (t->content == NULL || t->error == BT_EMFILE) {
		go_on(t, now);
		return;
	}
	if (!t->probing)
		content_probe(t->content);
	t->probing = true;
}

void
torrent_probed(struct torrent *t, const struct bt_error *err, usec now)
{
	t->probing = false;
	if ((t->holds & TORRENT_WAITING) == 0)
		return;
	if (err->code == BT_OK)
		go_on(t, now);
	else
		retry_later(t, now);
}

void
torrent_fail(struct torrent *t, const struct bt_error *why, usec now)
{
	const struct bt_event e = { .type = BT_EVENT_ERROR, .text = why->text,
		.as.error = { .code = why->code, .sys_errno = why->sys_errno } };

	t->waking = false;
	/* Several pieces may fail at once, and still while it stops for the first. */
	if (!torrent_is_in_swarm(t) && t->state != BT_TORRENT_CHECKING)
		return;
	if (may_pass(why)) {
		wait_until_it_passes(t, why, now);
		return;
	}
	set_error(t, why);
	torrent_settle(t, why->text, now);
	torrent_event(t, &e);
}

/* Peers have been told of pieces that may be gone. */
void
torrent_look_again(struct torrent *t, const char *why, usec now)
{
	if (!torrent_is_known(t))
		return;
	t->checked = false;
	close_all(t, "its files are others than they were", now);
	torrent_settle(t, why, now);
}

void
torrent_start(struct torrent *t, usec now)
{
	set_error(t, NULL);
	t->holds &= ~(unsigned)TORRENT_WAITING;
	t->retry = NEVER;
	t->stopped = t->said_goodbye = t->waking = false;
	torrent_settle(t, "started", now);
}

void
torrent_stop(struct torrent *t, usec now)
{
	t->stopped = true;
	torrent_settle(t, "asked to stop", now);
}

void
torrent_obey(struct torrent *t, const struct torrent_opts *opts, usec now)
{
	struct conn *c;

	t->opts = opts;
	if (t->swarm != NULL) {
		rate_set(&t->swarm->in_rate, opts->in_Bps, now);
		rate_set(&t->swarm->out_rate, opts->out_Bps, now);
		t->swarm->choker.slots = opts->max_uploads;
	}
	TAILQ_FOREACH(c, &t->conns, link)
		c->src.requests.floor = opts->request_backlog;
	torrent_wants_tick(t, now);
}

/* -- swarm -- */

bool
torrent_meet(struct torrent *t)
{
	struct swarm *s = t->swarm;
	uint64_t seed[2];

	if (s != NULL)
		return true;
	s = t->swarm = mem_zero(sizeof(*s));
	if (s == NULL)
		return false;
	seed[0] = rng_u64(t->opts->rng);
	seed[1] = rng_u64(t->opts->rng);
	map_init(&s->by_id, sizeof(uint32_t), seed);
	known_init(&s->known, t->opts->rng, KNOWN_MAX);
	choker_init(&s->choker, t->opts->rng, t->opts->max_uploads);
	rate_init(&s->in_rate, t->opts->in_rate, t->opts->in_Bps);
	rate_init(&s->out_rate, t->opts->out_rate, t->opts->out_Bps);
	return true;
}

static void
drop_swarm(struct torrent *t)
{
	if (t->swarm == NULL)
		return;
	known_fini(&t->swarm->known);
	map_fini(&t->swarm->by_id);
	mem_free(t->swarm);
	t->swarm = NULL;
}

/* -- parts -- */

static void
drop_parts(struct torrent *t)
{
	bits_fini(&t->unsure);
	content_free(t->content);
	picker_free(t->picker);
	bt_metainfo_free(t->meta);
	t->content = NULL;
	t->picker = NULL;
	t->meta = NULL;
}

/* Without a check. */
static bool
make_picker(struct torrent *t, const struct torrent_parts *parts)
{
	struct bits all = { 0 };

	t->picker = picker_new(parts->meta, t->opts->rng);
	if (t->picker == NULL || (parts->choice != NULL &&
	    !choice_apply(parts->choice, parts->meta, t->picker)) ||
	    (parts->complete && !bits_init(&all, bt_metainfo_piece_count(parts->meta))))
		return false;
	if (parts->complete) {
		bits_set_all(&all);
		picker_set_have_all(t->picker, &all);
	} else if (parts->have != NULL) {
		picker_set_have_all(t->picker, parts->have);
	}
	bits_fini(&all);
	return true;
}

static void
count_bytes(struct torrent *t)
{
	const struct bits *have = picker_have(t->picker);

	t->done = t->wanted = t->wanted_done = 0;
	for (uint32_t i = 0; i < have->len; i++) {
		uint32_t size = bt_metainfo_piece_size(t->meta, i);
		bool here = bits_has(have, i), wanted = picker_priority(t->picker, i) > 0;

		t->done += here ? size : 0;
		t->wanted += wanted ? size : 0;
		t->wanted_done += here && wanted ? size : 0;
	}
}

void
torrent_count_piece(struct torrent *t, uint32_t piece, bool here)
{
	uint64_t size = bt_metainfo_piece_size(t->meta, piece);
	uint64_t wanted = picker_priority(t->picker, piece) > 0 ? size : 0;

	t->done = here ? t->done + size : t->done - size;
	t->wanted_done = here ? t->wanted_done + wanted : t->wanted_done - wanted;
}

void
torrent_await(struct torrent *t, const struct bt_metainfo *meta, usec now)
{
	t->awaiting = true;
	t->size = t->wanted = bt_metainfo_content_size(meta);
	t->piece_count = bt_metainfo_piece_count(meta);
	torrent_settle(t, "looks at what is there", now);
}

static bool
copy_unsure(struct torrent *t, const struct bits *unsure)
{
	if (unsure == NULL || unsure->count == 0)
		return true;
	return bits_init(&t->unsure, unsure->len) && bits_load(&t->unsure, bits_slice(unsure));
}

bool
torrent_attach(struct torrent *t, const struct torrent_parts *parts, usec now)
{
	assert(t->meta == NULL);
	if (!make_picker(t, parts) || !copy_unsure(t, parts->unsure)) {
		picker_free(t->picker);
		t->picker = NULL;
		return false;
	}
	t->meta = bt_metainfo_share(parts->meta);
	t->content = parts->content;
	t->size = bt_metainfo_content_size(t->meta);
	t->piece_count = bt_metainfo_piece_count(t->meta);
	t->checked = parts->complete || (parts->have != NULL && t->unsure.len == 0);
	count_bytes(t);
	t->asleep = t->waking = false;
	/* A check of all of it was shown so far. */
	if (t->awaiting && !t->checked && t->state == BT_TORRENT_CHECKING)
		begin_check(t);
	t->awaiting = false;
	t->idle_since = now;
	torrent_settle(t, "metadata is here", now);
	if (t->checked)
		conns_learn(t, now);
	torrent_wants_tick(t, now);
	return true;
}

bool
torrent_choose(struct torrent *t, const struct choice *choice, usec now)
{
	struct bits wanted;
	struct conn *c;

	if (t->picker == NULL)
		return true;
	if (!choice_wanted_files(choice, t->meta, &wanted))
		return false;
	if (!choice_apply(choice, t->meta, t->picker)) {
		bits_fini(&wanted);
		return false;
	}
	content_choose(t->content, &wanted);
	bits_fini(&wanted);
	count_bytes(t);
	TAILQ_FOREACH(c, &t->conns, link)
		source_count_missing(&c->src);
	torrent_settle(t, "another choice of files", now);
	TAILQ_FOREACH(c, &t->conns, link)
		conn_update_interest(c, now);
	torrent_ask_again(t, now);
	return true;
}

void
torrent_rest(struct torrent *t, const struct bt_metainfo *meta, usec now)
{
	assert(t->meta == NULL);
	t->awaiting = false;
	t->size = t->done = t->wanted = t->wanted_done = bt_metainfo_content_size(meta);
	t->piece_count = bt_metainfo_piece_count(meta);
	t->checked = t->asleep = true;
	t->ops->slept(t->arg, t);
	torrent_settle(t, "all is there", now);
}

void
torrent_wake(struct torrent *t)
{
	if (!t->asleep || t->waking)
		return;
	t->waking = true;
	t->ops->wake(t->arg, t);
}

static bool
may_sleep(const struct torrent *t)
{
	return (t->state == BT_TORRENT_SEEDING || t->state == BT_TORRENT_QUEUED) && !t->asleep &&
	    t->conn_count == 0 &&
	    TAILQ_EMPTY(&t->gone) && bits_full(picker_have(t->picker));
}

static void
fall_asleep(struct torrent *t)
{
	torrent_say(t, BT_LOG_DEBUG, "sleeps");
	t->asleep = true;
	drop_parts(t);
	if (t->swarm != NULL && t->dialling == 0 && known_is_empty(&t->swarm->known))
		drop_swarm(t);
	t->ops->slept(t->arg, t);
}

/* -- what the content says -- */

void
torrent_checked(struct torrent *t, uint32_t piece, bool good)
{
	bool was = bits_has(picker_have(t->picker), piece);

	t->pieces_checked++;
	if (good && !was) {
		picker_set_have(t->picker, piece);
		torrent_count_piece(t, piece, true);
	} else if (!good && was) {
		/* An earlier check, which was cut short, found another content. */
		picker_set_lost(t->picker, piece);
		torrent_count_piece(t, piece, false);
	}
}

void
torrent_check_done(struct torrent *t, const struct bt_error *err, usec now)
{
	t->checking = false;
	t->checked = err->code == BT_OK;
	t->fresh = t->checked && t->unsure.len == 0;
	if (t->checked)
		bits_fini(&t->unsure);
	if (!t->checked) {
		torrent_fail(t, err, now);
		return;
	}
	torrent_settle(t, "checked", now);
	conns_learn(t, now);
}

void
torrent_noted(struct torrent *t, const char *text)
{
	torrent_say(t, BT_LOG_WARN, "%s", text);
	torrent_event(t, &(struct bt_event){ .type = BT_EVENT_NOTE, .text = text });
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

/* -- birth and death -- */

void
torrent_hashes_of(const struct bt_metainfo *meta, struct torrent_hashes *out)
{
	const uint8_t *v1 = bt_metainfo_info_hash(meta), *v2 = bt_metainfo_info_hash_v2(meta);

	*out = (struct torrent_hashes){ 0 };
	if (v1 != NULL)
		memcpy(out->v[out->count++], v1, 20);
	if (v2 != NULL)
		memcpy(out->v[out->count++], v2, 20);
}

struct torrent *
torrent_new(const struct torrent_opts *opts, const struct torrent_hashes *hashes,
    const uint8_t peer_id[20], const struct torrent_ops *ops, void *arg)
{
	struct torrent *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->opts = opts;
	t->ops = ops;
	t->arg = arg;
	t->state = BT_TORRENT_STOPPED;
	t->stopped = t->said_goodbye = true;
	t->tracker_seeds = t->tracker_leeches = -1;
	t->due = t->again = t->retry = NEVER;
	TAILQ_INIT(&t->conns);
	TAILQ_INIT(&t->gone);
	TAILQ_INIT(&t->sources);
	t->hashes = *hashes;
	memcpy(t->peer_id, peer_id, 20);
	t->announce = announce_new(&(struct announce_opts){ .rng = opts->rng, .urls = opts->urls,
	    .families = opts->families, .hashes = t->hashes.count }, &tracker_calls, t);
	if (t->announce == NULL) {
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
	drop_parts(t);
	announce_free(t->announce);
	drop_swarm(t);
	mem_free(t->error_text);
	mem_free(t);
}

/* -- time -- */

static void
tick_slow(struct torrent *t, usec now)
{
	struct conn *c, *next;

	t->next_slow = now + SLOW_TICK;
	meter_tick(&t->down, now);
	meter_tick(&t->up, now);
	if (t->state == BT_TORRENT_DOWNLOADING && t->conn_count < t->opts->min_peers)
		announce_want_peers(t->announce, now);
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		peer_tick(c->peer, now, t->opts->peer_timeout);
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
	usec due = sooner(announce_due(t->announce), sooner(t->again, t->retry));

	if (!TAILQ_EMPTY(&t->gone))
		return now;
	if (!is_quiet(t))
		due = sooner(due, t->next_slow);
	if (t->conn_count > 0 && torrent_is_in_swarm(t))
		due = sooner(due, t->next_round);
	if (join_may_dial(t))
		due = sooner(due, known_due(&t->swarm->known));
	if (may_sleep(t))
		due = sooner(due, t->idle_since + SLEEP_AFTER);
	return due;
}

void
torrent_tick(struct torrent *t, usec now)
{
	t->due = 0;
	free_gone(t);
	if (announce_due(t->announce) <= now)
		announce_tick(t->announce, now);
	if (t->state == BT_TORRENT_STOPPING && announce_is_idle(t->announce)) {
		t->said_goodbye = true;
		torrent_settle(t, "said goodbye", now);
	}
	if (now >= t->next_slow)
		tick_slow(t, now);
	if (now >= t->retry)
		look_again(t, now);
	if (now >= t->again)
		ask_all(t, now);
	join_dial(t, now);
	if (t->conn_count > 0 && torrent_is_in_swarm(t) && now >= t->next_round) {
		t->next_round = now + CHOKER_ROUND;
		serve_round(t, now);
	}
	if (may_sleep(t) && now >= t->idle_since + SLEEP_AFTER)
		fall_asleep(t);
	t->due = next_due(t, now);
	t->ops->due(t->arg, t, t->due);
}

void
torrent_check(const struct torrent *t)
{
	const struct source *s;
	const struct conn *c;
	unsigned count = 0;

	if (t->picker != NULL)
		picker_check(t->picker);
	if (t->swarm != NULL)
		known_check(&t->swarm->known);
	assert(t->asleep == (t->meta == NULL && t->piece_count > 0 && !t->awaiting));
	assert(t->state == state_of(t));
	TAILQ_FOREACH(c, &t->conns, link) {
		conn_check(c);
		count++;
	}
	TAILQ_FOREACH(s, &t->sources, link)
		source_check(s);
	assert(count == t->conn_count);
	assert(count == (t->swarm == NULL ? 0 : t->swarm->by_id.count));
}
