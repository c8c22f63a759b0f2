/* SPDX-License-Identifier: ISC */
#include "net/sendq.h"

#include <assert.h>

#include "base/mem.h"

/* Control messages that may wait for a peer who does not read: some haves for each piece of a very
 * large torrent. Beyond it the peer is lost. */
#define BYTES_MAX (4u << 20)

void
sendq_init(struct sendq *q, struct block_store *blocks)
{
	*q = (struct sendq){ .blocks = blocks };
	TAILQ_INIT(&q->items);
	buf_init(&q->bytes, BYTES_MAX);
}

static void
item_free(struct sendq *q, struct sendq_item *item)
{
	TAILQ_REMOVE(&q->items, item, link);
	if (item->kind == SENDQ_BLOCK)
		block_free(q->blocks, item->block);
	else if (item->kind == SENDQ_FILE)
		item->file.release(item->file.owner);
	mem_free(item);
}

void
sendq_fini(struct sendq *q)
{
	struct sendq_item *item;

	while ((item = TAILQ_FIRST(&q->items)) != NULL)
		item_free(q, item);
	buf_fini(&q->bytes);
}

static struct sendq_item *
item_new(struct sendq *q, enum sendq_kind kind, size_t len)
{
	struct sendq_item *item = mem_zero(sizeof(*item));

	if (item == NULL) {
		q->failed = true;
		return NULL;
	}
	item->kind = kind;
	item->len = len;
	q->pending += len;
	TAILQ_INSERT_TAIL(&q->items, item, link);
	return item;
}

/* The sent front of buf is dropped when it is most of it, so that the cost of moving is bounded. */
static void
make_room(struct sendq *q)
{
	if (q->bytes_sent == q->bytes.len) {
		buf_clear(&q->bytes);
		q->bytes_sent = 0;
	} else if (q->bytes_sent > q->bytes.len / 2) {
		buf_drop(&q->bytes, q->bytes_sent);
		q->bytes_sent = 0;
	}
}

void
sendq_add_bytes(struct sendq *q, struct bt_slice bytes)
{
	struct sendq_item *last = TAILQ_LAST(&q->items, sendq_items);

	make_room(q);
	buf_add_slice(&q->bytes, bytes);
	if (buf_failed(&q->bytes)) {
		q->failed = true;
		return;
	}
	if (last != NULL && last->kind == SENDQ_BYTES) {
		last->len += bytes.len;
		q->pending += bytes.len;
		return;
	}
	(void)item_new(q, SENDQ_BYTES, bytes.len);
}

void
sendq_add_block(struct sendq *q, struct block *b, size_t len)
{
	struct sendq_item *item = item_new(q, SENDQ_BLOCK, len);

	if (item == NULL)
		block_free(q->blocks, b);
	else
		item->block = b;
}

void
sendq_add_file(struct sendq *q, const struct sendq_file *file)
{
	struct sendq_item *item = item_new(q, SENDQ_FILE, file->len);

	if (item == NULL)
		file->release(file->owner);
	else
		item->file = *file;
}

struct sendq_item *
sendq_first(struct sendq *q)
{
	return TAILQ_FIRST(&q->items);
}

int
sendq_memory(struct sendq *q, struct iovec *iov, int n, size_t max, bool *more)
{
	size_t at = q->bytes_sent;
	struct sendq_item *item;
	int used = 0;

	*more = false;
	TAILQ_FOREACH(item, &q->items, link) {
		size_t len = item->len < max ? item->len : max;

		if (item->kind == SENDQ_FILE || used == n || max == 0) {
			*more = true;
			break;
		}
		if (item->kind == SENDQ_BYTES) {
			iov[used++] = (struct iovec){ q->bytes.ptr + at, len };
			at += len;
		} else {
			iov[used++] = (struct iovec){ item->block->data + item->block_offset, len };
		}
		max -= len;
	}
	return used;
}

void
sendq_sent(struct sendq *q, size_t n)
{
	assert(n <= q->pending);
	q->pending -= n;
	while (n > 0) {
		struct sendq_item *item = TAILQ_FIRST(&q->items);
		size_t part = item->len < n ? item->len : n;

		if (item->kind == SENDQ_BYTES)
			q->bytes_sent += part;
		else if (item->kind == SENDQ_BLOCK)
			item->block_offset += part;
		else
			item->file.offset += part;
		item->len -= part;
		n -= part;
		if (item->len == 0)
			item_free(q, item);
	}
}
