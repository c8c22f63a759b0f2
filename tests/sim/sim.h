/* SPDX-License-Identifier: ISC */
/*
 * A swarm in one process: real torrents with real peers, pickers, chokers and announces, on a
 * network, disks and a tracker that exist only here. Time is virtual and chance comes from one
 * seed, so the same seed is the same run to the last byte.
 *
 * A node sends over one uplink, stream by stream in turn, and receives over one downlink. Content
 * is a pattern, so that nobody needs a hash to see whether a block is the right one.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdio.h>
#include <stdlib.h>

#include "session/greet.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

/* -- time (clock.c) -- */

typedef void (*sim_fn)(void *arg, uint64_t n);

struct sim_event {
	usec at;
	uint64_t seq;		/* what was set first comes first */
	sim_fn fn;
	void *arg;
	uint64_t n;
};

struct clock {
	usec now;
	struct vec heap;	/* struct sim_event, the next one first */
	uint64_t seq;
	uint64_t trace;		/* a hash of all that happened */
};

void clock_init(struct clock *c);
void clock_fini(struct clock *c);
void clock_at(struct clock *c, usec at, sim_fn fn, void *arg, uint64_t n);

/* The next event; false: none is left. */
bool clock_step(struct clock *c);

/* Into the trace. */
void clock_note(struct clock *c, uint64_t what);

/* -- nodes (node.c) -- */

enum conduct {
	HONEST,
	LIAR,		/* every block it sends is wrong */
	MUTE,		/* unchokes, and never sends what is asked */
	FREE_RIDER	/* serves nobody */
};

struct node_opts {
	uint32_t up_KiBps, down_KiBps;		/* of its line */
	uint32_t max_up_KiBps, max_down_KiBps;	/* what it allows itself; 0: all */
	uint32_t disk_KiBps;			/* how fast it keeps pieces; 0: at once */
	bool seed;
	bool super_seeder;
	enum conduct conduct;
	usec join;
	unsigned max_connections;	/* 0: no limit */
	unsigned leave_after; /* when it has sent so many hundredths of the content; 0: never */
};

struct end;

/* A node's rates of one direction, with the event that deals their turns. */
struct sim_rate {
	struct rate_tree tree;
	struct clock *clock;
	usec due;		/* of the event; NEVER: none */
};

struct node {
	struct node_opts opts;
	struct sim *sim;
	uint32_t index;
	uint32_t life;		/* counts comings and goings: what is under way belongs to one */
	struct torrent_opts torrent_opts;
	struct torrent *torrent;	/* NULL: not there */
	struct content *content;	/* the torrent's */
	struct addr addr;
	usec delay;		/* half way to the middle of the network */
	struct sim_rate in, out;
	TAILQ_HEAD(, end) sending;
	bool up_busy;
	usec down_free;
	struct greet greet;
	usec greet_due;
	usec tick_due;		/* of the torrent */
	unsigned slept;		/* times that its torrent fell asleep */
	bool announced;
	usec joined, done;	/* done: NEVER until complete */
	uint64_t sent;		/* bytes of all kinds */
	struct bits *bans;	/* by index of node */
	struct bits have;
	unsigned pieces_failed;
	uint64_t unwritten_most;	/* bytes that waited for its disk */
	unsigned eased;			/* times that there was room again */
};

struct sim {
	struct clock clock;
	struct rng rng;
	struct announce_urls urls;
	struct block_store blocks;
	struct bt_metainfo *meta;
	struct vec nodes;	/* struct node *, never moved or freed before the sim */
	struct vec links;	/* struct link * */
	unsigned waiting;	/* nodes that are there or will come and are not complete */
	uint32_t max_uploads;
	bool checking;		/* torrent_check now and then */
	bool ending;
};

struct sim *sim_new(uint64_t seed, uint32_t pieces, uint32_t piece_length);
void sim_free(struct sim *s);

struct node *sim_add(struct sim *s, struct node_opts o);
struct node *sim_node(const struct sim *s, size_t i);

/* At once. */
void node_join(struct node *n);
void node_leave(struct node *n);

static inline bool
node_is_here(const struct node *n)
{
	return n->torrent != NULL;
}

uint64_t node_uploaded(const struct node *n);

/* Adds what it has received and still has. */
void sim_add_pieces(const struct node *n, struct bits *to);

uint64_t sim_size(const struct sim *s);

/* Until every honest node is complete: true; or the time is over: false. */
bool sim_run(struct sim *s, usec until);
void sim_run_for(struct sim *s, usec time);

/* Nobody can be quicker: all uplinks full from the first moment on, and the content out of its
 * first seeds once. */
double sim_optimum(const struct sim *s);

/* -- the network (link.c) -- */

void sim_rate_init(struct sim_rate *r, struct clock *c, uint32_t limit_KiBps);

/* A connection between two nodes; one stream each. */
void link_new(struct node *a, struct node *b, struct stream **of_a, struct stream **of_b);
void links_free(struct sim *s);

/* -- the disk (pattern.c) -- */

struct content *pattern_new(struct node *n, const struct content_user *user, void *arg);

#endif
