/* SPDX-License-Identifier: ISC */
/*
 * A byte stream to a peer: TCP today, others stacked on it later, or a test. Who says stream_write
 * does not know which. The user is told when there is something to read, when something was sent,
 * and once when the stream broke; it then calls stream_free, at the earliest in that callback.
 *
 * Rates hold back what is read and content that is sent. What stream_write is given goes ahead of
 * content, between two messages of it, and is not held back: a request or a choke of some bytes
 * is worth more than the content that it delays. It is charged to the rate like everything, and
 * who sends much of it waits for its turn like everybody.
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
	/* Something went to the kernel; content bytes of it came out of blocks and files. */
	void (*sent)(void *arg, usec now, size_t content);
	void (*broken)(void *arg, usec now, const char *why);
};

struct stream_ops {
	ssize_t (*readv)(struct stream *s, const struct iovec *iov, int n);
	void (*set_reading)(struct stream *s, bool on);
	void (*flush)(struct stream *s);	/* out is not empty: send when convenient */
	void (*read_turn)(struct stream *s, usec now);	/* the rates let it read, or send, now */
	void (*send_turn)(struct stream *s, usec now);
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	const struct stream_user *user;
	void *arg;
	struct sendq out;
	const struct stream_cipher *decrypt;	/* NULL: none */
	struct rate_user reader, sender;
	struct addr remote;
};

void stream_init(struct stream *s, const struct stream_ops *ops, const struct addr *remote,
    struct block_store *blocks);

/* Until then nothing is called. */
void stream_set_user(struct stream *s, const struct stream_user *user, void *arg);

/* The buckets outlive the stream. Until then it is free; it does not change buckets later. */
void stream_set_rates(struct stream *s, struct rate *in, struct rate *out);

/* What is read, or written, from now on is changed where it lies; no content waits to be sent.
 * The ciphers outlive the stream. */
void stream_set_ciphers(struct stream *s, const struct stream_cipher *decrypt,
    const struct stream_cipher *encrypt);

/* Bytes read; 0: the end; -1: nothing now. A failure is told through broken, later. */
ssize_t stream_readv(struct stream *s, const struct iovec *iov, int n);

static inline void
stream_set_reading(struct stream *s, bool on)
{
	s->ops->set_reading(s, on);
}

/* Whole messages. */
void stream_write(struct stream *s, struct bt_slice bytes);

/* A message of content behind its head (at most SENDQ_HEAD_MAX bytes); the block is taken. */
void stream_write_block(struct stream *s, struct bt_slice head, struct block *b, size_t len);
void stream_write_file(struct stream *s, struct bt_slice head, const struct sendq_file *file);

/* Takes back a message of content of which nothing was sent, and tells its head. False: none. */
static inline bool
stream_take_back(struct stream *s, uint8_t head[SENDQ_HEAD_MAX])
{
	return sendq_take_back(&s->out, head);
}

/* For the operations: how many of want bytes the rates let be sent now. If they are not all, the
 * stream waits for its turn. */
size_t stream_may_send(struct stream *s, size_t want, usec now);

static inline size_t
stream_pending(const struct stream *s)
{
	return s->out.pending;
}

/* NULL is fine. What was not sent is dropped. */
void stream_free(struct stream *s);

#endif
