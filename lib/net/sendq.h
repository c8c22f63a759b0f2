/* SPDX-License-Identifier: ISC */
/*
 * What waits to be sent on a stream: short messages, which go first, and content, each message of
 * it with its head, in order. Content is a block in memory, or a range of a file that goes from
 * the page cache to the socket without passing through our memory. A message that has begun is
 * finished before anything else. Pure book-keeping.
 *
 * With a cipher everything is encrypted where it lies, in the order in which it leaves: a message
 * counts as begun when it is. Ranges of files, then of a block at most, must be loaded before.
 */
#ifndef NET_SENDQ_H
#define NET_SENDQ_H

#include <sys/uio.h>

#include "base/block.h"
#include "base/buf.h"
#include "base/list.h"

/* The longest head of content. */
#define SENDQ_HEAD_MAX 16

/* A range of an open file; release(owner) is called when the descriptor is not needed any more. */
struct sendq_file {
	int fd;
	uint64_t offset;
	uint32_t len;
	void (*release)(void *owner);
	void *owner;
};

/* Changes bytes in place. Sees each byte of a stream once, in order. */
struct stream_cipher {
	void (*apply)(void *arg, uint8_t *bytes, size_t len);
	void *arg;
};

/* One message of content. */
struct sendq_item {
	TAILQ_ENTRY(sendq_item) link;
	uint8_t head[SENDQ_HEAD_MAX];
	size_t head_len, head_at;
	struct block *block;		/* owned; NULL: out of the file */
	size_t block_at;
	struct sendq_file file;		/* offset moves on */
	size_t len;			/* of the content, still to be sent */
	bool begun;
	bool sealed;			/* encrypted */
};

struct sendq {
	struct buf bytes;		/* the short messages */
	size_t bytes_at;		/* what of them is gone */
	size_t sealed;			/* bytes that follow there and are encrypted */
	const struct stream_cipher *cipher;	/* NULL: none */
	TAILQ_HEAD(sendq_items, sendq_item) items;
	size_t pending;			/* bytes in all */
	struct block_store *blocks;
	bool failed;			/* no memory: the stream cannot go on */
};

void sendq_init(struct sendq *q, struct block_store *blocks);
void sendq_fini(struct sendq *q);

/* What is added from now on is encrypted. No content waits. The cipher outlives the queue. */
void sendq_set_cipher(struct sendq *q, const struct stream_cipher *cipher);

/* Whole messages. */
void sendq_add_bytes(struct sendq *q, struct bt_slice bytes);

/* Content behind its head, which has at most SENDQ_HEAD_MAX bytes; the block is taken. */
void sendq_add_block(struct sendq *q, struct bt_slice head, struct block *b, size_t len);
void sendq_add_file(struct sendq *q, struct bt_slice head, const struct sendq_file *file);

/* How many bytes at the front should not be held back: the short messages, and before them what is
 * left of content that has begun; 0 if there are no short messages. */
size_t sendq_urgent(const struct sendq *q);

/* The content whose file has the next byte to be sent, or is to be loaded next; or NULL. */
struct sendq_item *sendq_file_first(struct sendq *q);

/* The bytes of its file were read into b, which is taken; the file is released. */
void sendq_load(struct sendq *q, struct sendq_item *item, struct block *b);

/* Bytes in memory at the front, at most max bytes in at most n pieces, up to the range of a file.
 * *more: something follows. */
int sendq_memory(struct sendq *q, struct iovec *iov, int n, size_t max, bool *more);

/* n bytes at the front are gone; n <= pending. Returns how many of them were content. */
size_t sendq_sent(struct sendq *q, size_t n);

/* Takes back the first content that has not begun, and tells its head. False: there is none. */
bool sendq_take_back(struct sendq *q, uint8_t head[SENDQ_HEAD_MAX]);

#endif
