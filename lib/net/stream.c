/* SPDX-License-Identifier: ISC */
#include "net/stream.h"

#include "base/cdefs.h"

static void
read_turn(struct rate_user *u, usec now)
{
	struct stream *s = CONTAINER_OF(u, struct stream, reader);

	s->ops->read_turn(s, now);
}

static void
send_turn(struct rate_user *u, usec now)
{
	struct stream *s = CONTAINER_OF(u, struct stream, sender);

	s->ops->send_turn(s, now);
}

void
stream_init(struct stream *s, const struct stream_ops *ops, const struct addr *remote,
    struct block_store *blocks)
{
	*s = (struct stream){
		.ops = ops,
		.reader = { .turn = read_turn },
		.sender = { .turn = send_turn },
		.remote = *remote,
	};
	sendq_init(&s->out, blocks);
}

void
stream_set_user(struct stream *s, const struct stream_user *user, void *arg)
{
	s->user = user;
	s->arg = arg;
}

void
stream_set_rates(struct stream *s, struct rate *in, struct rate *out)
{
	rate_join(&s->reader, in);
	rate_join(&s->sender, out);
}

void
stream_set_ciphers(struct stream *s, const struct stream_cipher *decrypt,
    const struct stream_cipher *encrypt)
{
	s->decrypt = decrypt;
	sendq_set_cipher(&s->out, encrypt);
}

static void
decrypt(const struct stream_cipher *c, const struct iovec *iov, size_t len)
{
	for (; len > 0; iov++) {
		size_t part = iov->iov_len < len ? iov->iov_len : len;

		c->apply(c->arg, iov->iov_base, part);
		len -= part;
	}
}

ssize_t
stream_readv(struct stream *s, const struct iovec *iov, int n)
{
	ssize_t got = s->ops->readv(s, iov, n);

	if (got > 0 && s->decrypt != NULL)
		decrypt(s->decrypt, iov, (size_t)got);
	return got;
}

void
stream_write(struct stream *s, struct bt_slice bytes)
{
	sendq_add_bytes(&s->out, bytes);
	s->ops->flush(s);
}

void
stream_write_block(struct stream *s, struct bt_slice head, struct block *b, size_t len)
{
	sendq_add_block(&s->out, head, b, len);
	s->ops->flush(s);
}

void
stream_write_file(struct stream *s, struct bt_slice head, const struct sendq_file *file)
{
	sendq_add_file(&s->out, head, file);
	s->ops->flush(s);
}

size_t
stream_may_send(struct stream *s, size_t want, usec now)
{
	size_t allowed = rate_ask(&s->sender, want, now), urgent;

	if (allowed == want)
		return want;
	urgent = rate_may_overdraw(&s->sender) ? sendq_urgent(&s->out) : 0;
	return allowed > urgent ? allowed : urgent;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	rate_leave(&s->reader);
	rate_leave(&s->sender);
	sendq_fini(&s->out);
	s->ops->free(s);
}
