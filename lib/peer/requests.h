/* SPDX-License-Identifier: ISC */
/*
 * What we have asked of one peer and when, and how much to ask: as many blocks as its rate times
 * the delay of its answers, and a little more, so that it never waits for us ("pipelining" of
 * BEP 3, sized by measurement). Pure.
 */
#ifndef PEER_REQUESTS_H
#define PEER_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cdefs.h"
#include "base/time.h"
#include "base/vec.h"

struct request {
	uint32_t piece;
	uint32_t begin;
	uint32_t len;
	usec sent;
	bool given_up;		/* others may be asked; an answer is welcome still */
};

struct requests {
	struct vec list;	/* struct request, oldest first; the first `answered` are gone */
	size_t answered;
	unsigned target;	/* how many should be under way */
	unsigned floor;		/* never fewer (request_backlog) */
	bool growing;		/* slow start: one more with each block */
	usec least_delay;	/* the quickest answer so far; 0: none yet */
	usec last_block;	/* when content came last; 0: never */
	usec asked_since;	/* since when something has been under way without a pause */
	usec window;		/* when the measuring of the rate began anew */
	uint64_t window_bytes;
	uint64_t rate_Bps;	/* of the last window; 0: none yet */
};

void requests_init(struct requests *r, unsigned floor);
void requests_fini(struct requests *r);

bool requests_add(struct requests *r, uint32_t piece, uint32_t begin, uint32_t len,
    usec now) MUST_USE;

bool requests_has(const struct requests *r, uint32_t piece, uint32_t begin);

/* It was refused, or is not wanted any more. False: it was not asked for, or given up before. */
bool requests_remove(struct requests *r, uint32_t piece, uint32_t begin);

/* Content came: as remove, and the pipeline learns. False also if it is not as long as was asked.
 */
bool requests_answered(struct requests *r, uint32_t piece, uint32_t begin, uint32_t len,
    usec now);

/* How many more to send now, at most limit under way in all; 0 until a fair part is used up, so
 * that requests travel in batches. */
unsigned requests_room(struct requests *r, unsigned limit);

static inline size_t
requests_count(const struct requests *r)
{
	return r->list.len - r->answered;
}

/* The i-th oldest. */
static inline struct request *
requests_at(const struct requests *r, size_t i)
{
	return vec_at(&r->list, r->answered + i);
}

/* The oldest request has waited longer than that for its answer, whatever else came. */
bool requests_overdue(const struct requests *r, usec now, usec patience);

/* Something was asked, and nothing has come for this long. */
bool requests_snubbed(const struct requests *r, usec now, usec patience);

#endif
