/* SPDX-License-Identifier: ISC */
#include "announce/announce.h"

#include <assert.h>

#include "announce/tracker.h"
#include "base/mem.h"
#include "proto/url.h"

#define RETRY_FIRST 5		/* seconds; then doubled */
#define RETRY_MAX 300
#define RETRY_QUICK_FOR (10 * MINUTE)

#define INTERVAL_DEFAULT 1800	/* seconds, as libtorrent */
#define INTERVAL_MIN 10		/* against trackers that say 0 or 1 */
#define INTERVAL_MAX (8 * 3600)
#define HUNGRY_FIRST 300	/* BitTornado's rerequest_interval; then doubled */
#define HUNGRY_DOUBLINGS 8	/* reaches INTERVAL_MAX */
#define RETRY_IN_MAX (24 * 60)	/* minutes: BEP 31 has "never" for longer */

#define BY_HAND_MIN (10 * SECOND)

/* For the goodbye of one that did not answer before. */
#define STOP_WAIT_HOPELESS SECOND

enum phase { IDLE, RUNNING, STOPPING };

struct announce {
	const struct announce_ops *ops;
	void *arg;
	struct rng *rng;
	struct announce_urls *urls;
	struct tracker **trackers;	/* in the order of their use */
	struct tracker *current;	/* the one that is being asked */
	struct tracker *used;		/* the last one that worked */
	usec next;			/* not before, the next announce; when stopping, the end */
	usec earliest;			/* not before, when short of peers */
	uint32_t count;
	uint32_t key;
	uint32_t last_id;
	int32_t round_interval, round_min;
	bool round_ok;			/* current has answered at least once */
	bool round_new;			/* with addresses that were not known */
	bool shuffled;
	bool completed;			/* nobody has acknowledged it yet */
	uint8_t in_vain;		/* rounds in a row that brought nobody new */
	uint8_t families;
	uint8_t hashes;
	uint8_t phase;			/* enum phase */
};

/* Ten thousand torrents that sleep hold ten thousand of these. */
_Static_assert(sizeof(struct announce) + sizeof(struct tracker *) + sizeof(struct tracker) <= 256,
    "an announce of one tracker is small");

struct announce *
announce_new(const struct announce_opts *opts, const struct announce_ops *ops, void *arg)
{
	struct announce *a = mem_zero(sizeof(*a));

	if (a == NULL)
		return NULL;
	a->rng = opts->rng;
	a->urls = opts->urls;
	a->families = (uint8_t)opts->families;
	a->hashes = (uint8_t)opts->hashes;
	a->ops = ops;
	a->arg = arg;
	a->key = (uint32_t)rng_u64(opts->rng);
	return a;
}

static void
cancel_ask(struct announce *a, struct ask *ask)
{
	uint64_t id = ask->id;

	ask->id = 0;
	if (id != 0)
		a->ops->cancel(a->arg, id);
}

static void
cancel_all(struct announce *a)
{
	for (size_t i = 0; i < a->count; i++) {
		for (unsigned s = 0; s < SLOTS; s++)
			cancel_ask(a, &a->trackers[i]->asks[s]);
	}
	a->current = NULL;
}

void
announce_free(struct announce *a)
{
	if (a == NULL)
		return;
	cancel_all(a);
	for (size_t i = 0; i < a->count; i++)
		tracker_free(a->urls, a->trackers[i]);
	mem_free(a->trackers);
	mem_free(a);
}

enum bt_code
announce_add(struct announce *a, size_t tier, struct bt_slice url)
{
	struct tracker *t = tracker_new(a->urls, url, tier);
	struct tracker **grown;

	assert(!a->shuffled);
	if (t == NULL)
		return BT_ENOMEM;
	grown = mem_grow(a->trackers, a->count + 1, sizeof(*grown));
	if (grown == NULL) {
		tracker_free(a->urls, t);
		return BT_ENOMEM;
	}
	grown[a->count] = t;
	a->trackers = grown;
	a->count++;
	return BT_OK;
}

static void
shuffle(struct tracker **t, size_t n, struct rng *rng)
{
	for (; n > 1; n--) {
		size_t i = rng_below(rng, (uint32_t)n);
		struct tracker *was = t[i];

		t[i] = t[n - 1];
		t[n - 1] = was;
	}
}

/* BEP 12: each tier once, when the torrent is read. */
static void
shuffle_tiers(struct announce *a)
{
	size_t begin = 0;

	a->shuffled = true;
	for (size_t i = 1; i <= a->count; i++) {
		if (i == a->count || a->trackers[i]->tier != a->trackers[begin]->tier) {
			shuffle(a->trackers + begin, i - begin, a->rng);
			begin = i;
		}
	}
}

/* BEP 12: to the front of its tier. */
static void
promote(struct announce *a, struct tracker *t)
{
	size_t i = 0;

	while (a->trackers[i] != t)
		i++;
	for (; i > 0 && a->trackers[i - 1]->tier == t->tier; i--)
		a->trackers[i] = a->trackers[i - 1];
	a->trackers[i] = t;
}

static usec
stretched(struct announce *a, int64_t seconds)
{
	return seconds * SECOND + (usec)rng_below(a->rng, 1000) * seconds * 1000 / 16;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
clamped(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

static enum announce_event
next_event(const struct announce *a, const struct tracker *t, unsigned slot)
{
	if (!(t->told & 1u << slot))
		return ANNOUNCE_STARTED;
	return a->completed ? ANNOUNCE_COMPLETED : ANNOUNCE_NONE;
}

static enum addr_family
slot_family(const struct announce *a, unsigned slot)
{
	if (a->families == 0)
		return ADDR_NONE;
	if (slot % FAMILIES == 1 || !(a->families & ANNOUNCE_V4))
		return ADDR_V6;
	return ADDR_V4;
}

static unsigned
slots_of(const struct announce *a, const struct tracker *t)
{
	unsigned slots = 1u << 0 | 1u << 1;

	if (a->families != (ANNOUNCE_V4 | ANNOUNCE_V6) || t->url->literal == ADDR_V4)
		slots = 1u << 0;
	else if (t->url->literal == ADDR_V6)
		slots = 1u << 1;
	return (a->hashes == 2 ? slots | slots << FAMILIES : slots) & ~t->never;
}

static void
ask_slot(struct announce *a, struct tracker *t, unsigned slot, enum announce_event event)
{
	struct announce_req req;

	announce_req_init(&req);
	a->ops->fill(a->arg, slot / FAMILIES, &req);
	req.event = event;
	req.compact = 1;
	if (t->id != NULL)
		req.trackerid = *t->id;
	announce_set_key(&req, a->key);
	if (event == ANNOUNCE_STOPPED)
		req.numwant = 0;
	if (event == ANNOUNCE_COMPLETED)
		t->told_completed |= (uint8_t)(1u << slot);
	if (++a->last_id == 0)
		a->last_id = 1;
	t->asks[slot].id = a->last_id;
	t->asks[slot].event = (uint8_t)event;
	if (!a->ops->send(a->arg, t->asks[slot].id, t->url->text, slot_family(a, slot), &req))
		t->asks[slot].id = 0;
}

/* False: there was no memory for any request. */
static bool
ask(struct announce *a, struct tracker *t, usec now)
{
	unsigned slots = slots_of(a, t);
	enum announce_event events[SLOTS];

	a->current = t;
	a->round_ok = false;
	a->round_interval = a->round_min = -1;
	a->round_new = false;
	t->last_asked = now;
	for (unsigned s = 0; s < SLOTS; s++)
		events[s] = next_event(a, t, s);
	for (unsigned s = 0; s < SLOTS; s++) {
		if (slots & 1u << s && t->asks[s].not_before * SECOND <= now)
			ask_slot(a, t, s, events[s]);
	}
	return tracker_is_asking(t);
}

static bool
may_ask(const struct announce *a, const struct tracker *t)
{
	return t->url->trouble == NULL && slots_of(a, t) != 0;
}

usec
announce_due(const struct announce *a)
{
	usec due = NEVER;

	if (a->phase == STOPPING)
		return a->next;
	if (a->phase == IDLE || a->current != NULL)
		return NEVER;
	for (size_t i = 0; i < a->count; i++) {
		if (may_ask(a, a->trackers[i]) && a->trackers[i]->not_before < due)
			due = a->trackers[i]->not_before;
	}
	return due < a->next ? a->next : due;
}

/* When it may be asked for one hash by one family at least. */
static usec
first_slot(const struct announce *a, const struct tracker *t)
{
	unsigned slots = slots_of(a, t);
	usec first = NEVER;

	for (unsigned s = 0; s < SLOTS; s++) {
		if (slots & 1u << s && t->asks[s].not_before * SECOND < first)
			first = t->asks[s].not_before * SECOND;
	}
	return first;
}

static void
round_failed(struct announce *a, struct tracker *t, usec now)
{
	int64_t most = t->interval != 0 ? t->interval : INTERVAL_DEFAULT;
	int64_t wait = most;

	if (t->fails++ == 0)
		t->first_fail = now;
	if (now - t->first_fail < RETRY_QUICK_FOR)
		wait = t->fails < 7 ? RETRY_FIRST << (t->fails - 1) : RETRY_MAX;
	t->not_before = larger(now + stretched(a, wait < most ? wait : most), first_slot(a, t));
}

static struct tracker *
next_tracker(const struct announce *a, usec now)
{
	for (size_t i = 0; i < a->count; i++) {
		struct tracker *t = a->trackers[i];

		if (may_ask(a, t) && t->not_before <= now)
			return t;
	}
	return NULL;
}

void
announce_tick(struct announce *a, usec now)
{
	struct tracker *t;

	if (now < announce_due(a))
		return;
	if (a->phase == STOPPING) {
		cancel_all(a);
		a->phase = IDLE;
		return;
	}
	while ((t = next_tracker(a, now)) != NULL && !ask(a, t, now)) {
		a->current = NULL;
		tracker_set_text(t, BT_ENOMEM, slice_str("no memory for the request"));
		t->last_answer = now;
		round_failed(a, t, now);
	}
}

void
announce_start(struct announce *a, usec now)
{
	if (a->phase == RUNNING)
		return;
	if (!a->shuffled)
		shuffle_tiers(a);
	cancel_all(a);
	for (size_t i = 0; i < a->count; i++)
		a->trackers[i]->told = a->trackers[i]->told_completed = 0;
	a->phase = RUNNING;
	a->completed = false;
	a->next = a->earliest = now;
	a->in_vain = 0;
	announce_tick(a, now);
}

void
announce_completed(struct announce *a, usec now)
{
	if (a->phase != RUNNING)
		return;
	a->completed = true;
	a->next = now;
	announce_tick(a, now);
}

/* What this slot is still to hear before we go: completed, then stopped. */
static void
stop_slot(struct announce *a, struct tracker *t, unsigned slot)
{
	unsigned bit = 1u << slot;

	if (t->asks[slot].id != 0 && t->asks[slot].event == ANNOUNCE_NONE)
		cancel_ask(a, &t->asks[slot]);
	/* Whether it has heard started is not known before the answer. */
	if (t->asks[slot].id != 0 || !(t->told & bit))
		return;
	if (a->completed && t == a->used && !(t->told_completed & bit)) {
		ask_slot(a, t, slot, ANNOUNCE_COMPLETED);
		return;
	}
	t->told &= (uint8_t)~bit;
	ask_slot(a, t, slot, ANNOUNCE_STOPPED);
}

/* Somebody who is asked may answer in time. */
static bool
may_hope(const struct announce *a, usec now)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct tracker *t = a->trackers[i];

		if (tracker_is_asking(t) && t->code == BT_OK &&
		    (t->last_answer != 0 || now - t->last_asked < ANNOUNCE_STOP_WAIT))
			return true;
	}
	return false;
}

static void
stop_if_quiet(struct announce *a)
{
	for (size_t i = 0; i < a->count; i++) {
		if (tracker_is_asking(a->trackers[i]))
			return;
	}
	a->phase = IDLE;
}

void
announce_stop(struct announce *a, usec now)
{
	if (a->phase != RUNNING)
		return;
	a->phase = STOPPING;
	a->current = NULL;
	for (size_t i = 0; i < a->count; i++) {
		for (unsigned s = 0; s < SLOTS; s++)
			stop_slot(a, a->trackers[i], s);
	}
	a->next = now + (may_hope(a, now) ? ANNOUNCE_STOP_WAIT : STOP_WAIT_HOPELESS);
	stop_if_quiet(a);
}

bool
announce_is_idle(const struct announce *a)
{
	return a->phase == IDLE;
}

void
announce_now(struct announce *a, usec now)
{
	if (a->phase != RUNNING)
		return;
	for (size_t i = 0; i < a->count; i++) {
		struct tracker *t = a->trackers[i];
		usec from = t->last_asked != 0 ? t->last_asked + BY_HAND_MIN : now;

		t->never = 0;
		if (t->not_before > from)
			t->not_before = from;
		for (unsigned s = 0; s < SLOTS; s++)
			t->asks[s].not_before = 0;
	}
	a->next = now;
	if (a->used != NULL && a->used->last_asked + BY_HAND_MIN > now)
		a->next = a->used->last_asked + BY_HAND_MIN;
	announce_tick(a, now);
}

void
announce_want_peers(struct announce *a, usec now)
{
	if (a->phase != RUNNING)
		return;
	if (a->earliest < a->next)
		a->next = a->earliest;
	announce_tick(a, now);
}

static struct tracker *
find_ask(struct announce *a, uint64_t id, unsigned *slot)
{
	for (size_t i = 0; id != 0 && i < a->count; i++) {
		for (unsigned s = 0; s < SLOTS; s++) {
			if (a->trackers[i]->asks[s].id == id) {
				*slot = s;
				return a->trackers[i];
			}
		}
	}
	return NULL;
}

/* When it may be asked before its interval is over. */
static int64_t
hungry_wait(const struct announce *a, int64_t interval, int64_t least)
{
	return clamped(larger(least, HUNGRY_FIRST) << a->in_vain, INTERVAL_MIN, interval);
}

static void
round_worked(struct announce *a, struct tracker *t, usec now)
{
	int64_t least = clamped(a->round_min, INTERVAL_MIN, INTERVAL_MAX);
	int64_t interval = a->round_interval > 0 ?
	    clamped(a->round_interval, INTERVAL_MIN, INTERVAL_MAX) : INTERVAL_DEFAULT;

	if (interval < least)
		interval = least;
	if (a->round_new)
		a->in_vain = 0;
	else if (a->in_vain < HUNGRY_DOUBLINGS)
		a->in_vain++;
	t->interval = (int32_t)interval;
	t->fails = 0;
	t->not_before = 0;
	a->used = t;
	a->next = now + stretched(a, interval);
	a->earliest = now + hungry_wait(a, interval, least) * SECOND;
	/* The download may have ended while this round was under way. */
	if (a->completed)
		a->next = now;
	promote(a, t);
}

/* An ask of this tracker is over: go on with the round, or with stopping. */
static void
ask_over(struct announce *a, struct tracker *t, unsigned slot, usec now)
{
	if (a->phase == STOPPING) {
		stop_slot(a, t, slot);
		stop_if_quiet(a);
		return;
	}
	if (tracker_is_asking(t))
		return;
	a->current = NULL;
	if (a->round_ok)
		round_worked(a, t, now);
	else
		round_failed(a, t, now);
	announce_tick(a, now);
}

/* The larger one; -1: unknown. */
static int32_t
number(int32_t before, int64_t told)
{
	return (int32_t)larger(before, clamped(told, -1, TRACKER_NUMBER_MAX));
}

/* The numbers of an answer; the first one of a round replaces, the other family's adds. */
static void
take_numbers(struct announce *a, struct tracker *t, const struct announce_reply *r)
{
	bool second = a->round_ok;

	t->complete = number(second ? t->complete : -1, r->complete);
	t->incomplete = number(second ? t->incomplete : -1, r->incomplete);
	t->downloaded = number(second ? t->downloaded : -1, r->downloaded);
	t->peers = (second ? t->peers : 0) + (uint32_t)r->peers.len;
	a->round_interval = number(a->round_interval, r->interval);
	a->round_min = number(a->round_min, r->min_interval);
	a->round_ok = true;
}

static void
tell_status(struct announce *a, const struct tracker *t)
{
	if (a->ops->status == NULL)
		return;
	for (size_t i = 0; i < a->count; i++) {
		if (a->trackers[i] == t) {
			struct announce_tracker_info s;

			announce_tracker_at(a, i, &s);
			a->ops->status(a->arg, &s);
			return;
		}
	}
}

static void
on_success(struct announce *a, struct tracker *t, unsigned slot,
    const struct announce_reply *reply, usec now)
{
	enum announce_event event = t->asks[slot].event;
	bool stopping = a->phase == STOPPING;

	t->asks[slot].id = 0;
	t->last_answer = now;
	if (reply->tracker_id.len > 0)
		tracker_set_id(t, reply->tracker_id);
	if (event == ANNOUNCE_STARTED)
		t->told |= (uint8_t)(1u << slot);
	if (event == ANNOUNCE_COMPLETED)
		a->completed = false;
	if (stopping && event == ANNOUNCE_STARTED)
		a->used = t;
	if (!stopping)
		take_numbers(a, t, reply);
	if (!stopping && reply->peers.len > 0)
		a->round_new |= a->ops->peers(a->arg, announce_reply_peer(reply, 0),
		    reply->peers.len) > 0;
	tracker_set_text(t, BT_OK, reply->warning);
	ask_over(a, t, slot, now);
	tell_status(a, t);
}

static void
on_failure(struct announce *a, struct tracker *t, unsigned slot, enum bt_code code,
    struct bt_slice words, usec now)
{
	t->asks[slot].id = 0;
	t->last_answer = now;
	if (a->phase == STOPPING || !a->round_ok)
		tracker_set_text(t, code, words);
	ask_over(a, t, slot, now);
	if (t->code != BT_OK)
		tell_status(a, t);
}

static void
refused_until(struct ask *ask, usec until)
{
	ask->not_before = (uint32_t)((until + SECOND - 1) / SECOND);
}

void
announce_on_reply(struct announce *a, uint64_t id, const struct announce_reply *reply, usec now)
{
	unsigned slot;
	struct tracker *t = find_ask(a, id, &slot);
	int64_t wait;

	if (t == NULL)
		return;
	if (!reply->failed) {
		on_success(a, t, slot, reply, now);
		return;
	}
	wait = larger(reply->interval, reply->min_interval);
	if (reply->retry_in > 0)
		wait = larger(wait, clamped(reply->retry_in, 1, RETRY_IN_MAX) * 60);
	if (reply->retry_in == RETRY_NEVER)
		t->never |= (uint8_t)(1u << slot);
	if (wait > 0)
		refused_until(&t->asks[slot], now + stretched(a, clamped(wait, 1,
		    RETRY_IN_MAX * 60)));
	on_failure(a, t, slot, BT_ETRACKER, reply->failure.len > 0 ? reply->failure :
	    slice_str("the tracker refused without a reason"), now);
}

void
announce_on_error(struct announce *a, uint64_t id, enum bt_code code, const char *text, usec now)
{
	unsigned slot;
	struct tracker *t = find_ask(a, id, &slot);

	if (t == NULL)
		return;
	if (code == BT_EUNSUP)
		t->never |= (uint8_t)(1u << slot);
	on_failure(a, t, slot, code, slice_str(text), now);
}

size_t
announce_tracker_count(const struct announce *a)
{
	return a->count;
}

static enum announce_state
state_of(const struct announce *a, const struct tracker *t)
{
	if (tracker_is_asking(t))
		return ANNOUNCE_ASKING;
	if (!may_ask(a, t))
		return ANNOUNCE_GIVEN_UP;
	if (t->last_answer == 0)
		return ANNOUNCE_UNUSED;
	return t->code != BT_OK ? ANNOUNCE_FAILED : ANNOUNCE_WORKS;
}

static usec
next_of(const struct announce *a, const struct tracker *t)
{
	if (a->phase != RUNNING || !may_ask(a, t))
		return NEVER;
	if (t == a->used && t->code == BT_OK)
		return a->next;
	if (t->code != BT_OK)
		return t->not_before > a->next ? t->not_before : a->next;
	return NEVER;
}

void
announce_tracker_at(const struct announce *a, size_t i, struct announce_tracker_info *out)
{
	const struct tracker *t = a->trackers[i];
	const char *text = t->url->trouble != NULL ? t->url->trouble : t->text;

	*out = (struct announce_tracker_info){
		.tier = t->tier, .state = state_of(a, t), .text = text != NULL ? text : "",
		.code = t->code, .failed = t->code != BT_OK, .fails = t->fails,
		.complete = t->complete, .incomplete = t->incomplete, .downloaded = t->downloaded,
		.peers = t->peers, .last = t->last_answer, .next = next_of(a, t),
	};
	(void)url_masked(slice_str(t->url->text), out->url, sizeof(out->url));
}
