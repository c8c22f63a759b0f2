/* SPDX-License-Identifier: ISC */
/*
 * The log of requests, a line each as the original wrote it (the "combined" form of web servers),
 * or as JSON; if there are too many in a second, the rest is only counted.
 * Lines are gathered and written together. What clients sent is escaped: no line can be forged.
 */
#ifndef TRACKER_REQLOG_H
#define TRACKER_REQLOG_H

#include <pthread.h>

#include <btcore/tracker.h>

#include "base/error.h"
#include "net/httpd.h"
#include "proto/udp_announce.h"

enum reqlog_format { REQLOG_COMBINED, REQLOG_JSON, REQLOG_NONE };

/* May be used by several threads; what the loops add is written when there is much of it, or by
 * reqlog_flush. */
struct reqlog {
	pthread_mutex_t lock;
	const char *path;	/* empty or "-": standard output */
	enum reqlog_format format;
	uint64_t rate;		/* lines a second; 0: no limit */
	int64_t second;		/* wall time */
	uint64_t in_second, omitted;
	int fd;
	bool may_block;		/* no file, but a pipe, a terminal or the like */
	struct buf lines;
	int64_t stamp_of;	/* wall time of stamp */
	char stamp[32];
};

/* The settings must outlive it. close is fine on a zeroed one. */
enum bt_code reqlog_open(struct reqlog *l, const struct bt_tracker_settings *settings,
    struct bt_error *err);
void reqlog_close(struct reqlog *l);

/* For log rotation: on failure the old file stays. */
enum bt_code reqlog_reopen(struct reqlog *l, struct bt_error *err);

void reqlog_add(struct reqlog *l, const struct httpd_request *rq, unsigned status,
    size_t body_len);

/* As if it had come by HTTP, but for the protocol. */
void reqlog_add_udp(struct reqlog *l, const struct udp_request *rq, const struct addr *from,
    size_t bytes);

/* "!natcheck-1.2.3.4:80", as the original wrote it. */
void reqlog_add_nat_check(struct reqlog *l, const uint8_t peer_id[20], const struct addr *at,
    unsigned status);

/* Writes what was gathered, and never waits for who reads: what is not taken stays for the next
 * time, and beyond a measure lines are only counted. A log that cannot be written loses lines, and
 * nothing is said. */
void reqlog_flush(struct reqlog *l);

#endif
