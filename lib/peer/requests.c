/* SPDX-License-Identifier: ISC */
#include "peer/requests.h"

#include <string.h>

#include "base/block.h"

/* What is under way covers the delay and this much more: our own turns and the peer's take time,
 * and its rate may grow. */
#define RESERVE (100 * MSEC)

/* The rate is measured this often. */
#define WINDOW (100 * MSEC)

#define TARGET_START 16

void
requests_init(struct requests *r, unsigned floor)
{
	*r = (struct requests){ .floor = floor, .growing = true, .target = TARGET_START };
	vec_init(&r->list, sizeof(struct request));
	if (r->target < floor)
		r->target = floor;
}

void
requests_fini(struct requests *r)
{
	vec_fini(&r->list);
	r->answered = 0;
}

/* The answered front is given up when it is most of the list: moving costs less than it frees. */
static void
compact(struct requests *r)
{
	if (r->answered < 64 || r->answered < r->list.len / 2)
		return;
	r->list.len -= r->answered;
	memmove(r->list.items, vec_at(&r->list, r->answered), r->list.len * sizeof(struct request));
	r->answered = 0;
}

bool
requests_add(struct requests *r, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	const struct request q = { piece, begin, len, now, false };

	if (requests_count(r) == 0)
		r->asked_since = r->window = now;
	compact(r);
	return vec_add(&r->list, &q) != NULL;
}

/* Answers come in the order of the questions, so the search ends early. */
static size_t
find(const struct requests *r, uint32_t piece, uint32_t begin)
{
	size_t i = 0;

	while (i < requests_count(r) && (requests_at(r, i)->piece != piece ||
	    requests_at(r, i)->begin != begin))
		i++;
	return i;
}

bool
requests_has(const struct requests *r, uint32_t piece, uint32_t begin)
{
	return find(r, piece, begin) < requests_count(r);
}

static void
remove_at(struct requests *r, size_t i)
{
	struct request *first = requests_at(r, 0);

	memmove(first + 1, first, i * sizeof(*first));
	r->answered++;
}

bool
requests_remove(struct requests *r, uint32_t piece, uint32_t begin)
{
	size_t i = find(r, piece, begin);
	bool given_up;

	if (i == requests_count(r))
		return false;
	given_up = requests_at(r, i)->given_up;
	remove_at(r, i);
	return !given_up;
}

static void
measure(struct requests *r, uint32_t len, usec now)
{
	usec passed = now - r->window;

	r->window_bytes += len;
	if (passed < WINDOW)
		return;
	r->rate_Bps = r->window_bytes * (uint64_t)SECOND / (uint64_t)passed;
	r->window = now;
	r->window_bytes = 0;
}

bool
requests_answered(struct requests *r, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	size_t i = find(r, piece, begin);
	usec delay;

	if (i == requests_count(r) || requests_at(r, i)->len != len)
		return false;
	delay = now - requests_at(r, i)->sent;
	if (r->least_delay == 0 || delay < r->least_delay)
		r->least_delay = delay > 0 ? delay : 1;
	r->last_block = now;
	if (r->growing)
		r->target++;
	measure(r, len, now);
	remove_at(r, i);
	return true;
}

/* As many blocks as cover what the peer sends until an answer to a new request can be here. */
static unsigned
cover(const struct requests *r)
{
	uint64_t bytes = r->rate_Bps / 1000 * (uint64_t)(r->least_delay + RESERVE) / 1000;

	return (
	    unsigned)(bytes / BLOCK_SIZE < UINT32_MAX / 4 ? bytes / BLOCK_SIZE : UINT32_MAX / 4);
}

unsigned
requests_room(struct requests *r, unsigned limit)
{
	unsigned needed = cover(r);

	/* Slow start ends when twice as much is under way as rate and delay call for. */
	if (r->growing && r->rate_Bps > 0 && r->target > 2 * needed)
		r->growing = false;
	if (!r->growing)
		r->target = needed + 2;
	if (r->target < r->floor)
		r->target = r->floor;
	if (r->target > limit)
		r->target = limit;
	if (requests_count(r) > r->target - r->target / 4)
		return 0;
	return r->target - (unsigned)requests_count(r);
}

bool
requests_overdue(const struct requests *r, usec now, usec patience)
{
	return requests_count(r) > 0 && now - requests_at(r, 0)->sent > patience;
}

bool
requests_snubbed(const struct requests *r, usec now, usec patience)
{
	usec since = r->last_block > r->asked_since ? r->last_block : r->asked_since;

	return requests_count(r) > 0 && now - since > patience;
}
