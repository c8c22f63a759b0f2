/* SPDX-License-Identifier: ISC */
/*
 * The log of requests, a line each as the original wrote it (the "combined" form of web servers).
 * Lines are gathered and written together. What clients sent is escaped: no line can be forged.
 */
#ifndef TRACKER_REQLOG_H
#define TRACKER_REQLOG_H

#include <pthread.h>

#include "base/error.h"
#include "net/httpd.h"

/* May be used by several threads. */
struct reqlog {
	pthread_mutex_t lock;
	const char *path;	/* empty or "-": standard output */
	int fd;
	struct buf lines;
	int64_t stamp_of;	/* wall time of stamp */
	char stamp[32];
};

enum bt_code reqlog_open(struct reqlog *l, const char *path, struct bt_error *err);
void reqlog_close(struct reqlog *l);

/* For log rotation: on failure the old file stays. */
enum bt_code reqlog_reopen(struct reqlog *l, struct bt_error *err);

void reqlog_add(struct reqlog *l, const struct httpd_request *rq, unsigned status,
    size_t body_len);
/* "!natcheck-1.2.3.4:80", as the original wrote it. */
void reqlog_add_nat_check(struct reqlog *l, const uint8_t peer_id[20], const struct addr *at,
    unsigned status);
void reqlog_flush(struct reqlog *l);

#endif
