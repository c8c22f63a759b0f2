/* SPDX-License-Identifier: ISC */
/*
 * A load of announces and scrapes for a tracker. What is asked is a function of its settings alone,
 * so that two trackers meet the same crowd, and so does one tracker by UDP first and HTTP then.
 */
#ifndef BENCH_TRACKER_LOAD_H
#define BENCH_TRACKER_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/addr.h"
#include "base/rng.h"

#define SECOND_NS 1000000000u

struct settings {
	char *server, *proto;
	int64_t port, pid, swarms, peers, callers, addresses, seeds, numwant, scrapes, window, rate;
	double seconds, warmup;
	struct addr at;		/* server, parsed */
};

static inline uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* -- who asks (crowd.c) -- */

struct member {
	uint32_t swarm;
	uint32_t ip;		/* 80.0.0.0/9, host order: local ones are not limited */
	uint16_t port;
	bool is_seed;
};

#define CROWD_NET 0x50000000u
#define CROWD_MASK 0x007fffffu
#define CROWD_PORT 1024u

void crowd_hash(uint32_t swarm, uint8_t out[20]);
void crowd_peer_id(uint32_t peer, uint8_t out[20]);
struct member crowd_member(const struct settings *s, uint32_t peer);

/* Packed addresses of a reply: could all of them be members? */
bool crowd_knows(const uint8_t *peers, size_t len);

/* -- what is asked when (feed.c) -- */

enum task_kind { TASK_CONNECT, TASK_ANNOUNCE, TASK_SCRAPE };

struct task {
	enum task_kind kind;
	bool first;		/* event=started */
	uint32_t peer;
	uint64_t due;
};

enum feed_kind {
	FEED_CONNECT,		/* every caller proves its address, as fast as it goes */
	FEED_FILL,		/* every peer announces its start, as fast as it goes */
	FEED_RUN,		/* announces and scrapes of any caller, as fast as it goes */
	FEED_LATENCY		/* the same at a given rate, whether there are answers or not */
};

struct feed {
	const struct settings *s;
	enum feed_kind kind;
	struct rng rng;
	uint64_t begin, measure, end;	/* of time: measured is between the last two */
	uint64_t count;
	uint64_t last_turn, awake;	/* since when we were not kept from the CPU */
	uint64_t stalled;		/* how long we were, in all */
};

void feed_init(struct feed *f, const struct settings *s, enum feed_kind kind);

/* To be called in every turn. If others kept us from the CPU for longer than a turn takes, the
 * plan waits for us: what was due meanwhile is neither asked in a heap nor blamed on the
 * tracker. */
void feed_turn(struct feed *f, uint64_t now);

/* false: nothing is due. */
bool feed_next(struct feed *f, uint64_t now, struct task *out);

/* Nothing will be due any more. */
bool feed_over(const struct feed *f, uint64_t now);

/* -- what came of it (tally.c) -- */

#define TALLY_BUCKETS 4096
#define SLICE_NS (SECOND_NS / 20)
#define SLICES_MAX 2048u

/* How often a delay was seen, by its size. */
struct delays {
	uint64_t all, by_size[TALLY_BUCKETS];
};

struct tally {
	const struct feed *feed;
	int64_t pid;
	uint64_t connects, announces, scrapes;	/* answers that were measured */
	uint64_t errors, bad, lost, peers;
	struct delays delays, slice;	/* of all time, and of the slice of it that ends next */
	uint64_t slice_end;
	double slice_p99[SLICES_MAX];
	unsigned slices;
	uint64_t began, ended;		/* 0: not yet */
	double cpu_began, cpu;		/* of the tracker */
	char complaint[128];		/* the first error or bad answer */
};

void tally_init(struct tally *t, const struct feed *f);

/* To be called in every turn. */
void tally_tick(struct tally *t, uint64_t now);
void tally_answer(struct tally *t, const struct task *task, uint64_t now, size_t peers);

/* Given up after LOST_AFTER; at a given rate that is what its delay was. */
#define LOST_AFTER SECOND_NS
void tally_lost(struct tally *t, const struct task *task);

void tally_error(struct tally *t, const uint8_t *text, size_t len);
void tally_bad(struct tally *t, const char *what);

/* One line of JSON. */
void tally_print(struct tally *t, const char *name);

/* -- how it is asked -- */

/* false: it cannot be done, and was said on stderr. */
bool load_udp(const struct settings *s, enum feed_kind kind);
bool load_http(const struct settings *s, enum feed_kind kind);

#endif
