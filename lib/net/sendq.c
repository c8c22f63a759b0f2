/* SPDX-License-Identifier: ISC */
#include "net/sendq.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Short messages that may wait for a peer who does not read: some haves for each piece of a very
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
release(struct sendq *q, struct block *b, const struct sendq_file *file)
{
	if (b != NULL)
		block_free(q->blocks, b);
	else
		file->release(file->owner);
}

static void
item_free(struct sendq *q, struct sendq_item *item)
{
	TAILQ_REMOVE(&q->items, item, link);
	release(q, item->block, &item->file);
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

void
sendq_set_cipher(struct sendq *q, const struct stream_cipher *cipher)
{
	assert(TAILQ_EMPTY(&q->items));
	q->cipher = cipher;
	q->sealed = q->bytes.len - q->bytes_at;
}

/* -- adding -- */

/* The sent front of buf is dropped when it is most of it, so that the cost of moving is bounded. */
static void
make_room(struct sendq *q)
{
	if (q->bytes_at == q->bytes.len) {
		buf_clear(&q->bytes);
		q->bytes_at = 0;
	} else if (q->bytes_at > q->bytes.len / 2) {
		buf_drop(&q->bytes, q->bytes_at);
		q->bytes_at = 0;
	}
}

void
sendq_add_bytes(struct sendq *q, struct bt_slice bytes)
{
	make_room(q);
	buf_add_slice(&q->bytes, bytes);
	if (buf_failed(&q->bytes))
		q->failed = true;
	else
		q->pending += bytes.len;
}

static void
add(struct sendq *q, struct bt_slice head, struct block *b, const struct sendq_file *file,
    size_t len)
{
	struct sendq_item *item = mem_zero(sizeof(*item));

	assert(head.len <= SENDQ_HEAD_MAX);
	if (item == NULL) {
		q->failed = true;
		release(q, b, file);
		return;
	}
	if (head.len > 0)
		memcpy(item->head, head.ptr, head.len);
	item->head_len = head.len;
	item->block = b;
	if (file != NULL)
		item->file = *file;
	item->len = len;
	q->pending += head.len + len;
	TAILQ_INSERT_TAIL(&q->items, item, link);
}

void
sendq_add_block(struct sendq *q, struct bt_slice head, struct block *b, size_t len)
{
	add(q, head, b, NULL, len);
}

void
sendq_add_file(struct sendq *q, struct bt_slice head, const struct sendq_file *file)
{
	add(q, head, NULL, file, file->len);
}

/* -- what comes next -- */

static size_t
short_len(const struct sendq *q)
{
	return q->bytes.len - q->bytes_at;
}

static size_t
item_pending(const struct sendq_item *item)
{
	return item->head_len - item->head_at + item->len;
}

/* The content that is sent before the short messages, or NULL. */
static struct sendq_item *
begun(const struct sendq *q)
{
	struct sendq_item *item = TAILQ_FIRST(&q->items);

	return item != NULL && item->begun ? item : NULL;
}

size_t
sendq_urgent(const struct sendq *q)
{
	const struct sendq_item *item = begun(q);

	if (short_len(q) == 0)
		return 0;
	return short_len(q) + (item != NULL ? item_pending(item) : 0);
}

/* The content that has the next byte, or NULL: a short message has it. */
static struct sendq_item *
front(const struct sendq *q)
{
	return short_len(q) == 0 ? TAILQ_FIRST(&q->items) : begun(q);
}

struct sendq_item *
sendq_file_first(struct sendq *q)
{
	struct sendq_item *item = front(q);

	if (item == NULL || item->block != NULL)
		return NULL;
	return item->head_at == item->head_len || q->cipher != NULL ? item : NULL;
}

void
sendq_load(struct sendq *q, struct sendq_item *item, struct block *b)
{
	release(q, NULL, &item->file);
	item->block = b;
	item->block_at = 0;
}

/* What is being put together for one system call. */
struct pieces {
	struct iovec *iov;
	int count, most;
	size_t room;
	bool full;		/* there is more than fits */
};

static void
put(struct pieces *p, void *ptr, size_t len)
{
	size_t part = len < p->room ? len : p->room;

	if (len == 0 || p->full)
		return;
	p->full = part < len || p->count == p->most;
	if (part == 0 || p->count == p->most)
		return;
	p->iov[p->count++] = (struct iovec){ ptr, part };
	p->room -= part;
}

static void
put_item(struct pieces *p, struct sendq_item *item)
{
	put(p, item->head + item->head_at, item->head_len - item->head_at);
	if (item->block != NULL)
		put(p, item->block->data + item->block_at, item->len);
	else
		p->full = true;
}

static void
put_short(struct pieces *p, struct sendq *q)
{
	put(p, q->bytes.ptr + q->bytes_at, short_len(q));
}

/* One message of content at a time, or what there is of short ones: what comes in later cannot go
 * ahead of what is encrypted. */
static int
memory_sealed(struct sendq *q, struct pieces *p, size_t max, bool *more)
{
	const struct stream_cipher *c = q->cipher;
	struct sendq_item *item = front(q);
	size_t fresh = short_len(q) - q->sealed;

	if (item != NULL && item->block != NULL) {
		if (!item->sealed) {
			c->apply(c->arg, item->head, item->head_len);
			c->apply(c->arg, item->block->data, item->len);
			item->begun = item->sealed = true;
		}
		put_item(p, item);
	} else if (item == NULL && short_len(q) > 0) {
		c->apply(c->arg, q->bytes.ptr + q->bytes.len - fresh, fresh);
		q->sealed = short_len(q);
		put_short(p, q);
	}
	*more = max - p->room < q->pending;
	return p->count;
}

int
sendq_memory(struct sendq *q, struct iovec *iov, int n, size_t max, bool *more)
{
	struct pieces p = { .iov = iov, .most = n, .room = max };
	struct sendq_item *item = begun(q);

	if (q->cipher != NULL)
		return memory_sealed(q, &p, max, more);
	if (item != NULL)
		put_item(&p, item);
	if (short_len(q) > 0)
		put_short(&p, q);
	for (item = item != NULL ? TAILQ_NEXT(item, link) : TAILQ_FIRST(&q->items);
	    item != NULL && !p.full; item = TAILQ_NEXT(item, link))
		put_item(&p, item);
	*more = p.full;
	return p.count;
}

/* -- what is gone -- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* At most n bytes of the first content; returns how many, and adds those that are no head. */
static size_t
item_sent(struct sendq *q, struct sendq_item *item, size_t n, size_t *content)
{
	size_t head = least(item->head_len - item->head_at, n);
	size_t body = least(item->len, n - head);

	item->begun = true;
	item->head_at += head;
	if (item->block != NULL)
		item->block_at += body;
	else
		item->file.offset += body;
	item->len -= body;
	*content += body;
	if (item_pending(item) == 0)
		item_free(q, item);
	return head + body;
}

size_t
sendq_sent(struct sendq *q, size_t n)
{
	size_t content = 0, part;

	assert(n <= q->pending);
	q->pending -= n;
	for (; n > 0; n -= part) {
		struct sendq_item *item = front(q);

		if (item != NULL) {
			part = item_sent(q, item, n, &content);
		} else {
			part = least(short_len(q), n);
			q->bytes_at += part;
			q->sealed -= least(q->sealed, part);
		}
	}
	return content;
}

bool
sendq_take_back(struct sendq *q, uint8_t head[SENDQ_HEAD_MAX])
{
	struct sendq_item *item = begun(q);

	item = item != NULL ? TAILQ_NEXT(item, link) : TAILQ_FIRST(&q->items);
	if (item == NULL)
		return false;
	memcpy(head, item->head, SENDQ_HEAD_MAX);
	q->pending -= item_pending(item);
	item_free(q, item);
	return true;
}
