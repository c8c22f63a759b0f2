/* SPDX-License-Identifier: ISC */
/* A stream in memory: what is written is kept, what is to be read is put in by hand. */
#ifndef MEMORY_STREAM_H
#define MEMORY_STREAM_H

#include "helper.h"
#include "net/stream.h"

struct memory_stream {
	struct stream base;
	struct buf in;		/* to be read */
	struct buf written;	/* taken out of the queue by memory_drain */
	bool ended, reading, freed;
};

static inline ssize_t
memory_readv(struct stream *s, const struct iovec *iov, int n)
{
	struct memory_stream *m = CONTAINER_OF(s, struct memory_stream, base);
	size_t got = 0;

	for (int i = 0; i < n && m->in.len > 0; i++) {
		size_t part = iov[i].iov_len < m->in.len ? iov[i].iov_len : m->in.len;

		memcpy(iov[i].iov_base, m->in.ptr, part);
		buf_drop(&m->in, part);
		got += part;
	}
	return got > 0 ? (ssize_t)got : m->ended ? 0 : -1;
}

static inline void
memory_set_reading(struct stream *s, bool on)
{
	CONTAINER_OF(s, struct memory_stream, base)->reading = on;
}

static inline void
memory_nothing(struct stream *s)
{
	(void)s;
}

static inline void
memory_free(struct stream *s)
{
	CONTAINER_OF(s, struct memory_stream, base)->freed = true;
}

static inline void
memory_init(struct memory_stream *m, struct block_store *blocks)
{
	static const struct stream_ops ops = {
		.readv = memory_readv,
		.set_reading = memory_set_reading,
		.flush = memory_nothing,
		.free = memory_free,
	};
	const uint8_t ip[4] = { 11, 0, 0, 1 };
	const struct addr from = addr_v4(ip, 6881);

	memset(m, 0, sizeof(*m));
	buf_init(&m->in, 8u << 20);
	buf_init(&m->written, 8u << 20);
	stream_init(&m->base, &ops, &from, blocks);
}

static inline void
memory_fini(struct memory_stream *m)
{
	ck_assert(m->freed);
	buf_fini(&m->in);
	buf_fini(&m->written);
}

/* The bytes come in. */
static inline void
memory_feed(struct memory_stream *m, struct bt_slice bytes, usec now)
{
	buf_add_slice(&m->in, bytes);
	while (m->in.len > 0 && m->reading)
		m->base.user->readable(m->base.arg, now);
}

/* At most so many bytes of what waits to be sent are sent. */
static inline struct bt_slice
memory_send(struct memory_stream *m, size_t most, usec now)
{
	size_t content = 0;
	struct iovec iov[8];
	bool more;
	int n;

	buf_clear(&m->written);
	while ((n = sendq_memory(&m->base.out, iov, 8, most, &more)) > 0) {
		size_t sum = 0;

		for (int i = 0; i < n; i++) {
			buf_add(&m->written, iov[i].iov_base, iov[i].iov_len);
			sum += iov[i].iov_len;
		}
		content += sendq_sent(&m->base.out, sum);
		most -= sum;
	}
	if (m->written.len > 0)
		m->base.user->sent(m->base.arg, now, content);
	return buf_slice(&m->written);
}

static inline struct bt_slice
memory_drain(struct memory_stream *m)
{
	return memory_send(m, SIZE_MAX, SECOND);
}

#endif
