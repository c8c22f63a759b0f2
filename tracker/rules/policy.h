/* SPDX-License-Identifier: ISC */
/*
 * What all loops share of the rules: lists that a worker reads anew every parse_dir_interval, the
 * table of rates, the proxies that are believed, and the torrents that a dedicated seed has.
 */
#ifndef TRACKER_POLICY_H
#define TRACKER_POLICY_H

#include "base/log.h"
#include "base/pool.h"
#include "net/loop.h"
#include "tracker/rules/gate.h"
#include "tracker/swarm/nat_known.h"
#include "tracker/rules/seeded.h"
#include "tracker/swarm/shards.h"

struct policy {
	const struct bt_tracker_settings *settings;
	const struct log *log;
	struct lists lists;
	struct limit *limit;		/* NULL: none */
	struct ipset proxies;
	struct seeded seeded;
	struct nat_known *nat_known;	/* NULL: no nat_check */
	struct pool *pool;
	struct shards *shards;
	struct loop_timer timer;
	struct job job;			/* reads the lists */
	void (*on_read)(void *arg);	/* all that was asked for is read; may be NULL */
	void *on_read_arg;
	struct notes notes;
	bool reading, again;
};

/* Reads the lists. All must outlive it. policy_close is fine on a zeroed one and after failure; no
 * job may be under way then. */
enum bt_code policy_open(struct policy *p, const struct bt_tracker_settings *settings,
    const struct log *log, struct bt_error *err);
void policy_close(struct policy *p);

/* What is in the shards and not allowed is barred. From now on the lists are read again, and that
 * is done again when they have changed; loop and pool are those of the caller's thread. */
enum bt_code policy_watch(struct policy *p, struct loop *l, struct pool *pool,
    struct shards *shards, struct bt_error *err);

/* At once; false: there is nothing to be read. */
bool policy_read_again(struct policy *p);

/* For one loop; gate_fini when it ends. */
struct gate policy_gate(struct policy *p);

#endif
