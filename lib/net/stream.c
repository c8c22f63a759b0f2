/* SPDX-License-Identifier: ISC */
#include "net/stream.h"

void
stream_init(struct stream *s, const struct stream_ops *ops, const struct addr *remote,
    struct block_store *blocks)
{
	*s = (struct stream){ .ops = ops, .remote = *remote };
	sendq_init(&s->out, blocks);
}

void
stream_set_user(struct stream *s, const struct stream_user *user, void *arg)
{
	s->user = user;
	s->arg = arg;
}

void
stream_write(struct stream *s, struct bt_slice bytes)
{
	sendq_add_bytes(&s->out, bytes);
	s->ops->flush(s);
}

void
stream_write_block(struct stream *s, struct block *b, size_t len)
{
	sendq_add_block(&s->out, b, len);
	s->ops->flush(s);
}

void
stream_write_file(struct stream *s, const struct sendq_file *file)
{
	sendq_add_file(&s->out, file);
	s->ops->flush(s);
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	sendq_fini(&s->out);
	s->ops->free(s);
}
