/* SPDX-License-Identifier: ISC */
/*
 * A byte stream to a peer: TCP today, others stacked on it later, or a test. Who says stream_write
 * does not know which. The user is told when there is something to read, when something was sent,
 * and once when the stream broke; it then calls stream_free, at the earliest in that callback.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <sys/types.h>

#include "base/addr.h"
#include "base/time.h"
#include "net/rate.h"
#include "net/sendq.h"

struct stream;

struct stream_user {
	void (*readable)(void *arg, usec now);
	void (*sent)(void *arg, usec now, size_t bytes);
	void (*broken)(void *arg, usec now, const char *why);
};

struct stream_ops {
	ssize_t (*readv)(struct stream *s, const struct iovec *iov, int n);
	void (*set_reading)(struct stream *s, bool on);
	void (*flush)(struct stream *s);	/* out is not empty: send when convenient */
	void (*resume)(struct stream *s, usec now);	/* a rate limit may have eased */
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	const struct stream_user *user;
	void *arg;
	struct sendq out;
	struct rate in_rate;
	struct rate out_rate;
	struct addr remote;
	bool in_starved;	/* held back by a rate limit */
	bool out_starved;
};

void stream_init(struct stream *s, const struct stream_ops *ops, const struct addr *remote,
    struct block_store *blocks);

/* Until then nothing is called. */
void stream_set_user(struct stream *s, const struct stream_user *user, void *arg);

/* Bytes read; 0: the end; -1: nothing now. A failure is told through broken, later. */
static inline ssize_t
stream_readv(struct stream *s, const struct iovec *iov, int n)
{
	return s->ops->readv(s, iov, n);
}

static inline void
stream_set_reading(struct stream *s, bool on)
{
	s->ops->set_reading(s, on);
}

void stream_write(struct stream *s, struct bt_slice bytes);
void stream_write_block(struct stream *s, struct block *b, size_t len);
void stream_write_file(struct stream *s, const struct sendq_file *file);

/* To be called some ten times a second while rates are limited. */
static inline void
stream_resume(struct stream *s, usec now)
{
	if (s->in_starved || s->out_starved)
		s->ops->resume(s, now);
}

static inline size_t
stream_pending(const struct stream *s)
{
	return s->out.pending;
}

/* NULL is fine. What was not sent is dropped. */
void stream_free(struct stream *s);

#endif
