/* SPDX-License-Identifier: ISC */
#include "announce/turns.h"

#include <assert.h>

#include "base/mem.h"

#define WIDTH_FIRST 2	/* both hashes of a hybrid torrent */
#define SILENT_SHARE 3	/* of its time what is first waits for a host that does not answer */
#define LATE_AT_ONCE 64	/* so that the loop goes on meanwhile */
#define PACE (SECOND / TURNS_PER_SECOND)

#define HOST_FOR (10 * MINUTE)	/* what is known of one that nobody asks */
#define SWEEP_FIRST 64

#define NAME_MAX_LEN 255u

static const struct {
	unsigned host, all;
} most[] = {
	[TURN_HTTP] = { TURNS_HTTP_HOST, TURNS_HTTP_ALL },
	[TURN_UDP] = { TURNS_UDP_HOST, TURNS_UDP_ALL },
};

/* One tracker, by one family. */
struct turn_host {
	struct heap_node due;		/* first: the heap's node is the host */
	TAILQ_ENTRY(turn_host) link;	/* in turns.hosts until it is swept */
	TAILQ_ENTRY(turn_host) ready_link;
	struct turn_hosts *ready;	/* the list of its line that it is in, or NULL */
	uint64_t key;
	enum turn_kind kind;
	struct turn_list queues[2];	/* what is first, and the others */
	unsigned under_way;
	unsigned width;			/* this many may be under way */
	bool answers;
	usec last_answer;
	usec last_used;
	usec paced;			/* when all that have left would have left at its pace */
};

void
turns_init(struct turns *t, const uint64_t seed[2], const struct turns_ops *ops, void *arg)
{
	*t = (struct turns){ .ops = ops, .arg = arg, .sweep_at = SWEEP_FIRST };
	memcpy(t->seed, seed, sizeof(t->seed));
	map_init(&t->by_key, sizeof(uint64_t), seed);
	heap_init(&t->due);
	TAILQ_INIT(&t->hosts);
	for (unsigned i = 0; i < TURN_KINDS; i++) {
		TAILQ_INIT(&t->lines[i].ready[0]);
		TAILQ_INIT(&t->lines[i].ready[1]);
	}
}

static bool
is_idle(const struct turn_host *h)
{
	return h->under_way == 0 && TAILQ_EMPTY(&h->queues[0]) && TAILQ_EMPTY(&h->queues[1]);
}

static void
host_free(struct turns *t, struct turn_host *h)
{
	TAILQ_REMOVE(&t->hosts, h, link);
	heap_remove(&t->due, &h->due);
	(void)map_remove(&t->by_key, &h->key);
	mem_free(h);
}

void
turns_fini(struct turns *t)
{
	struct turn_host *h;

	while ((h = TAILQ_FIRST(&t->hosts)) != NULL) {
		assert(is_idle(h));
		host_free(t, h);
	}
	map_fini(&t->by_key);
	heap_fini(&t->due);
}

/* Rare enough that each host pays for few. */
static void
sweep(struct turns *t, usec now)
{
	struct turn_host *h, *next;

	TAILQ_FOREACH_SAFE(h, &t->hosts, link, next) {
		if (is_idle(h) && now - h->last_used >= HOST_FOR)
			host_free(t, h);
	}
	t->sweep_at = 2 * t->by_key.count + SWEEP_FIRST;
}

/* Two that are taken for one would share a queue, no more. */
static uint64_t
key_of(const struct turns *t, enum turn_kind kind, enum addr_family family, struct bt_slice host,
    uint16_t port)
{
	uint8_t key[NAME_MAX_LEN + 4];
	size_t n = host.len < NAME_MAX_LEN ? host.len : NAME_MAX_LEN;

	key[0] = (uint8_t)kind;
	key[1] = (uint8_t)family;
	key[2] = (uint8_t)(port >> 8);
	key[3] = (uint8_t)port;
	for (size_t i = 0; i < n; i++) {
		bool upper = host.ptr[i] >= 'A' && host.ptr[i] <= 'Z';

		key[4 + i] = upper ? host.ptr[i] | 0x20 : host.ptr[i];
	}
	return siphash(t->seed, key, 4 + n);
}

static struct turn_host *
need_host(struct turns *t, enum turn_kind kind, uint64_t key, usec now)
{
	struct turn_host *h = map_find(&t->by_key, &key);

	if (h != NULL)
		return h;
	if (t->by_key.count >= t->sweep_at)
		sweep(t, now);
	h = mem_zero(sizeof(*h));
	if (h == NULL)
		return NULL;
	h->kind = kind;
	h->key = key;
	h->width = WIDTH_FIRST;
	TAILQ_INIT(&h->queues[0]);
	TAILQ_INIT(&h->queues[1]);
	if (!heap_add(&t->due, &h->due, NEVER)) {
		mem_free(h);
		return NULL;
	}
	if (!map_set(&t->by_key, &key, h)) {
		heap_remove(&t->due, &h->due);
		mem_free(h);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&t->hosts, h, link);
	return h;
}

/* When its pace lets another one leave. */
static usec
pace_due(const struct turn_host *h)
{
	return h->paced - TURNS_BURST * PACE;
}

/* When the first in a queue has waited too long; NEVER. */
static usec
late_at(const struct turn_host *h, unsigned queue)
{
	const struct turn *t = TAILQ_FIRST(&h->queues[queue]);
	usec patient;

	if (t == NULL)
		return NEVER;
	patient = h->answers && !t->first ? h->last_answer + t->timeout : t->deadline;
	return patient > t->deadline ? patient : t->deadline;
}

/* Who may go next, as far as the host is asked. */
static struct turn *
next_of(const struct turn_host *h, usec now)
{
	if (!TAILQ_EMPTY(&h->queues[0]) && late_at(h, 0) > now &&
	    h->under_way < (h->answers ? 2 * most[h->kind].host : h->width))
		return TAILQ_FIRST(&h->queues[0]);
	return h->under_way < h->width && pace_due(h) <= now && late_at(h, 1) > now ?
	    TAILQ_FIRST(&h->queues[1]) : NULL;
}

/* After whatever changed about a host: in which list is it, when is it due. */
static void
settle(struct turns *t, struct turn_host *h, usec now)
{
	usec due = late_at(h, 0), other = late_at(h, 1);

	if (h->ready != NULL)
		TAILQ_REMOVE(h->ready, h, ready_link);
	h->ready = next_of(h, now) != NULL ? &t->lines[h->kind].ready[h->answers] : NULL;
	if (h->ready != NULL)
		TAILQ_INSERT_TAIL(h->ready, h, ready_link);
	if (!TAILQ_EMPTY(&h->queues[1]) && h->under_way < h->width && pace_due(h) > now &&
	    pace_due(h) < due)
		due = pace_due(h);
	heap_update(&t->due, &h->due, (uint64_t)(other < due ? other : due));
}

/* The last that was asked of it had no answer. */
static bool
is_silent(const struct turn_host *h)
{
	return !h->answers && h->width < WIDTH_FIRST;
}

bool
turns_add(struct turns *t, struct turn *turn, enum turn_kind kind, enum addr_family family,
    struct bt_slice host, uint16_t port, usec now)
{
	struct turn_host *h = need_host(t, kind, key_of(t, kind, family, host, port), now);

	if (h == NULL)
		return false;
	turn->host = h;
	if (turn->first && is_silent(h))
		turn->timeout /= SILENT_SHARE;
	turn->deadline = now + turn->timeout;
	turn->under_way = turn->unsure = false;
	h->last_used = now;
	TAILQ_INSERT_TAIL(&h->queues[!turn->first], turn, link);
	settle(t, h, now);
	return true;
}

static void
learn(struct turn_host *h, enum turn_end how, usec now)
{
	if (how == TURN_DROPPED)
		return;
	h->answers = how == TURN_ANSWERED;
	if (!h->answers) {
		h->width = 1;
		return;
	}
	h->last_answer = now;
	if (h->width < most[h->kind].host)
		h->width++;
}

void
turns_end(struct turns *t, struct turn *turn, enum turn_end how, usec now)
{
	struct turn_host *h = turn->host;

	if (h == NULL)
		return;
	turn->host = NULL;
	if (!turn->under_way) {
		TAILQ_REMOVE(&h->queues[!turn->first], turn, link);
	} else {
		h->under_way--;
		t->lines[h->kind].under_way--;
		t->lines[h->kind].unsure -= turn->unsure;
		learn(h, how, now);
	}
	settle(t, h, now);
}

static void
begin(struct turns *t, struct turn *turn, usec now)
{
	struct turn_host *h = turn->host;
	struct turn_line *line = &t->lines[h->kind];

	TAILQ_REMOVE(&h->queues[!turn->first], turn, link);
	turn->under_way = true;
	turn->unsure = !h->answers;
	h->under_way++;
	line->under_way++;
	line->unsure += turn->unsure;
	if (!turn->first)
		h->paced = (h->paced > now ? h->paced : now) + PACE;
	if (!turn->first && h->answers)
		turn->deadline = now + turn->timeout;
	settle(t, h, now);
	t->ops->go(t->arg, turn, now);
}

static struct turn_host *
next_host(const struct turns *t, enum turn_kind kind)
{
	const struct turn_line *line = &t->lines[kind];
	struct turn_host *unsure = TAILQ_FIRST(&line->ready[0]);

	if (line->under_way >= most[kind].all)
		return NULL;
	if (unsure != NULL && line->unsure < most[kind].all / 2)
		return unsure;
	return TAILQ_FIRST(&line->ready[1]);
}

/* The answered one may add others, and with them sweep hosts. */
static bool
give_up_one(struct turns *t, struct turn_host *h, usec now)
{
	for (unsigned i = 0; i < 2; i++) {
		struct turn *turn = TAILQ_FIRST(&h->queues[i]);

		if (late_at(h, i) <= now) {
			turns_end(t, turn, TURN_DROPPED, now);
			t->ops->late(t->arg, turn, now);
			return true;
		}
	}
	settle(t, h, now);
	return false;
}

void
turns_go(struct turns *t, usec now)
{
	unsigned late = 0;
	struct turn_host *h;

	while (late < LATE_AT_ONCE && turns_due(t) <= now)
		late += give_up_one(t, (struct turn_host *)heap_first(&t->due), now);
	for (enum turn_kind kind = 0; kind < TURN_KINDS; kind++) {
		while ((h = next_host(t, kind)) != NULL) {
			struct turn *turn = next_of(h, now);

			if (turn != NULL)
				begin(t, turn, now);
			else
				settle(t, h, now);	/* it is late meanwhile */
		}
	}
}

usec
turns_due(const struct turns *t)
{
	const struct heap_node *first = heap_first(&t->due);

	return first == NULL ? NEVER : (usec)first->key;
}

void
turns_check(const struct turns *t)
{
	const struct turn_host *h;
	unsigned under_way[TURN_KINDS] = { 0 };

	TAILQ_FOREACH(h, &t->hosts, link) {
		const struct turn *turn;

		assert(h->width >= 1 && h->width <= most[h->kind].host);
		assert(h->under_way <= 2 * most[h->kind].host);
		for (unsigned i = 0; i < 2; i++) {
			TAILQ_FOREACH(turn, &h->queues[i], link)
				assert(turn->host == h && !turn->under_way && turn->first == !i);
		}
		under_way[h->kind] += h->under_way;
	}
	for (unsigned kind = 0; kind < TURN_KINDS; kind++) {
		assert(under_way[kind] == t->lines[kind].under_way);
		assert(under_way[kind] <= most[kind].all);
		assert(t->lines[kind].unsure <= most[kind].all / 2);
	}
	heap_check(&t->due);
}
