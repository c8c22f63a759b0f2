/* SPDX-License-Identifier: ISC */
#include "net/rate.h"

#include <assert.h>

#include "base/cdefs.h"

/* Credit is kept in bytes times microseconds: no fraction is lost, however often it is filled. */
#define BYTE ((int64_t)SECOND)

/* What a limit that was not used saves up, and at what pace turns are dealt. */
#define BURST (SECOND / 10)
#define PACE (SECOND / 64)

/* What one turn moves: at low limits little, so that many can share; at high ones no more than
 * makes a system call worth its while. */
#define QUANTUM_LEAST 512
#define QUANTUM_MOST (128 * 1024)

/* What one user may move ahead of its turn, and how much of it is remembered. */
#define OVERDRAFT (32 * 1024)
#define SHARE_LEAST (-2 * OVERDRAFT)

/* More than any machine moves, and few enough for the sums. */
#define LIMIT_MOST ((uint64_t)1 << 40)

/* -- one bucket -- */

static int64_t
in_time(const struct rate *r, usec time)
{
	return (int64_t)r->limit_Bps * time;
}

static size_t
own_quantum(const struct rate *r)
{
	uint64_t q = r->limit_Bps * (uint64_t)PACE / (uint64_t)SECOND;

	return q < QUANTUM_LEAST ? QUANTUM_LEAST : q > QUANTUM_MOST ? QUANTUM_MOST : (size_t)q;
}

/* A turn of one who asks this bucket is the least that a limit above it deals. */
static size_t
quantum(const struct rate *r)
{
	size_t least = QUANTUM_MOST;

	for (; r != NULL; r = r->self.of) {
		if (r->limit_Bps != 0 && own_quantum(r) < least)
			least = own_quantum(r);
	}
	return least;
}

static int64_t
most_credit(const struct rate *r)
{
	int64_t burst = in_time(r, BURST), least = 2 * QUANTUM_LEAST * BYTE;

	return burst < least ? least : burst;
}

static void
fill(struct rate *r, usec now)
{
	int64_t most = most_credit(r);

	if (r->filled == 0 || now < r->filled)
		r->filled = now;
	if (now - r->filled >= (most - r->credit) / (int64_t)r->limit_Bps)
		r->credit = most;
	else
		r->credit += in_time(r, now - r->filled);
	r->filled = now;
}

/* Dealing a little with each byte that trickles in would cost more than it moves. */
static usec
ready_at(const struct rate *r)
{
	int64_t enough = in_time(r, PACE), least = QUANTUM_LEAST * BYTE, lacks;

	if (r->limit_Bps == 0)
		return 0;
	lacks = (enough < least ? least : enough) - r->credit;
	if (lacks <= 0)
		return 0;
	return r->filled + (lacks + (int64_t)r->limit_Bps - 1) / (int64_t)r->limit_Bps;
}

/* -- the tree -- */

static struct rate *
bucket_of(struct rate_user *u)
{
	return CONTAINER_OF(u, struct rate, self);
}

static struct rate_tree *
tree_of(struct rate *r)
{
	while (r->self.of != NULL)
		r = r->self.of;
	return CONTAINER_OF(r, struct rate_tree, all);
}

/* Who has something left of its turn goes on with it. */
static void
enter(struct rate_user *u)
{
	while (!u->waits && u->of != NULL) {
		struct rate *r = u->of;

		u->waits = true;
		if (u->share > 0)
			TAILQ_INSERT_HEAD(&r->waiting, u, link);
		else
			TAILQ_INSERT_TAIL(&r->waiting, u, link);
		if (r->dry)
			return;
		u = &r->self;
	}
}

static void
take_out_dry(struct rate *r)
{
	r->dry = false;
	TAILQ_REMOVE(&tree_of(r)->dry, &r->self, link);
}

void
rate_leave(struct rate_user *u)
{
	while (u->waits) {
		struct rate *r = u->of;

		u->waits = false;
		TAILQ_REMOVE(&r->waiting, u, link);
		if (!TAILQ_EMPTY(&r->waiting))
			return;
		if (r->dry)
			take_out_dry(r);
		u = &r->self;
	}
}

static void
set_dry(struct rate_tree *t, struct rate *r)
{
	rate_leave(&r->self);
	r->dry = true;
	TAILQ_INSERT_TAIL(&t->dry, &r->self, link);
}

static void
tell_due(struct rate_tree *t)
{
	if (!t->dealing)
		t->wake(t->arg);
}

static void
wait_for_turn(struct rate_user *u)
{
	struct rate_tree *t = tree_of(u->of);
	bool first = TAILQ_EMPTY(&t->all.waiting);

	enter(u);
	if (first)
		tell_due(t);
}

/* -- asking -- */

bool
rate_is_limited(const struct rate_user *u)
{
	for (const struct rate *r = u->of; r != NULL; r = r->self.of) {
		if (r->limit_Bps != 0)
			return true;
	}
	return false;
}

/* Nobody waits who would have to be asked first. */
static bool
is_free(const struct rate_user *u, size_t want, usec now)
{
	for (struct rate *r = u->of; r != NULL; r = r->self.of) {
		if (r->limit_Bps == 0)
			continue;
		fill(r, now);
		if (!TAILQ_EMPTY(&r->waiting) || r->credit < (int64_t)want * BYTE)
			return false;
	}
	return true;
}

static void
forgive(struct rate_user *u)
{
	for (; u->of != NULL; u = &u->of->self) {
		if (u->share < 0)
			u->share = 0;
	}
}

size_t
rate_ask_limited(struct rate_user *u, size_t want, usec now)
{
	size_t most = u->grant > 0 ? u->grant : quantum(u->of);
	size_t allowed = want < most ? want : most;

	if (u->grant == 0) {
		if (u->waits)
			return 0;
		if (is_free(u, allowed, now))
			forgive(u);
		else
			allowed = 0;
	}
	if (allowed < want)
		wait_for_turn(u);
	return allowed;
}

void
rate_spend_limited(struct rate_user *u, size_t bytes)
{
	u->grant -= bytes < u->grant ? bytes : u->grant;
	for (; u->of != NULL; u = &u->of->self) {
		struct rate *r = u->of;

		if (r->limit_Bps != 0)
			r->credit -= (int64_t)bytes * BYTE;
		/* While there is enough for everybody, nobody is to be called to account. */
		if (u->waits || u->share > 0 || r->credit < 0 || !TAILQ_EMPTY(&r->waiting))
			u->share -= (int64_t)bytes;
		if (u->share < SHARE_LEAST)
			u->share = SHARE_LEAST;
	}
}

bool
rate_may_overdraw(const struct rate_user *u)
{
	return u->share > -OVERDRAFT;
}

/* -- dealing -- */

usec
rate_due(const struct rate_tree *t)
{
	usec due = TAILQ_EMPTY(&t->all.waiting) ? NEVER : ready_at(&t->all);
	struct rate_user *u;

	TAILQ_FOREACH(u, &t->dry, link) {
		usec at = ready_at(bucket_of(u));

		due = at < due ? at : due;
	}
	return due;
}

static bool
has_a_turn(struct rate *r, usec now)
{
	if (r->limit_Bps == 0)
		return true;
	fill(r, now);
	return r->credit >= (int64_t)own_quantum(r) * BYTE;
}

static void
wet(struct rate_tree *t, usec now)
{
	struct rate_user *u, *next;

	TAILQ_FOREACH_SAFE(u, &t->dry, link, next) {
		if (!has_a_turn(bucket_of(u), now))
			continue;
		take_out_dry(bucket_of(u));
		enter(u);
	}
}

/* Who has had its share gets the next one, and the others come first. */
static struct rate_user *
first_with_share(struct rate *r)
{
	struct rate_user *u;

	while ((u = TAILQ_FIRST(&r->waiting)) != NULL && u->share <= 0) {
		u->share += (int64_t)quantum(r);
		TAILQ_REMOVE(&r->waiting, u, link);
		TAILQ_INSERT_TAIL(&r->waiting, u, link);
	}
	return u;
}

/* Who has the next turn, or NULL. */
static struct rate_user *
pick(struct rate_tree *t, usec now)
{
	struct rate *r = &t->all;

	while (has_a_turn(r, now)) {
		struct rate_user *u = first_with_share(r);

		if (u == NULL || u->turn != NULL)
			return u;
		r = bucket_of(u);
		if (!has_a_turn(r, now)) {
			set_dry(t, r);
			r = &t->all;
		}
	}
	return NULL;
}

void
rate_deal(struct rate_tree *t, usec now)
{
	struct rate_user *u;

	t->dealing = true;
	wet(t, now);
	while ((u = pick(t, now)) != NULL) {
		size_t most = quantum(u->of);

		rate_leave(u);
		u->grant = most;
		u->turn(u, now);
		/* One that takes nothing and comes again would do so for ever. */
		assert(!u->waits || u->grant < most || !rate_is_limited(u));
		u->grant = 0;
	}
	t->dealing = false;
}

/* -- life -- */

static uint64_t
possible(uint64_t limit_Bps)
{
	return limit_Bps < LIMIT_MOST ? limit_Bps : LIMIT_MOST;
}

void
rate_tree_init(struct rate_tree *t, uint64_t limit_Bps, void (*wake)(void *arg), void *arg)
{
	*t = (struct rate_tree){ .wake = wake, .arg = arg };
	rate_init(&t->all, NULL, limit_Bps);
	TAILQ_INIT(&t->dry);
}

void
rate_init(struct rate *r, struct rate *parent, uint64_t limit_Bps)
{
	*r = (struct rate){ .self = { .of = parent }, .limit_Bps = possible(limit_Bps) };
	TAILQ_INIT(&r->waiting);
}

void
rate_set(struct rate *r, uint64_t limit_Bps, usec now)
{
	int64_t least;

	limit_Bps = possible(limit_Bps);
	if (r->limit_Bps == limit_Bps)
		return;
	if (r->limit_Bps != 0)
		fill(r, now);
	r->limit_Bps = limit_Bps;
	r->filled = now;
	least = -in_time(r, SECOND);
	if (r->credit < least)
		r->credit = least;
	tell_due(tree_of(r));
}

void
rate_join(struct rate_user *u, struct rate *r)
{
	assert(!u->waits);
	u->of = r;
	u->share = 0;
}
