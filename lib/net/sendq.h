/* SPDX-License-Identifier: ISC */
/*
 * What waits to be sent on a stream, in order: bytes, blocks in memory, and ranges of files that
 * go from the page cache to the socket without passing through our memory. Pure book-keeping.
 */
#ifndef NET_SENDQ_H
#define NET_SENDQ_H

#include <sys/uio.h>

#include "base/block.h"
#include "base/buf.h"
#include "base/list.h"

enum sendq_kind { SENDQ_BYTES, SENDQ_BLOCK, SENDQ_FILE };

/* A range of an open file; release(owner) is called when the descriptor is not needed any more. */
struct sendq_file {
	int fd;
	uint64_t offset;
	uint32_t len;
	void (*release)(void *owner);
	void *owner;
};

struct sendq_item {
	TAILQ_ENTRY(sendq_item) link;
	enum sendq_kind kind;
	size_t len;			/* still to be sent */
	struct block *block;		/* SENDQ_BLOCK: owned */
	size_t block_offset;
	struct sendq_file file;		/* SENDQ_FILE: offset moves on */
};

struct sendq {
	TAILQ_HEAD(sendq_items, sendq_item) items;
	struct buf bytes;		/* of all SENDQ_BYTES items, in order */
	size_t bytes_sent;		/* of buf, already gone */
	size_t pending;			/* bytes of all items */
	struct block_store *blocks;
	bool failed;			/* no memory: the stream cannot go on */
};

void sendq_init(struct sendq *q, struct block_store *blocks);
void sendq_fini(struct sendq *q);

void sendq_add_bytes(struct sendq *q, struct bt_slice bytes);
void sendq_add_block(struct sendq *q, struct block *b, size_t len);
void sendq_add_file(struct sendq *q, const struct sendq_file *file);

/* The first item, or NULL. */
struct sendq_item *sendq_first(struct sendq *q);

/* Bytes in memory at the front, at most max bytes in at most n pieces; 0 if a file is first.
 * *more: something follows. */
int sendq_memory(struct sendq *q, struct iovec *iov, int n, size_t max, bool *more);

/* n bytes at the front are gone; n <= pending. */
void sendq_sent(struct sendq *q, size_t n);

#endif
