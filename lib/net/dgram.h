/* SPDX-License-Identifier: ISC */
/*
 * Datagrams in batches: one system call brings up to DGRAM_BATCH, one sends replies, or what was
 * queued by somebody who asks on his own. A reply leaves from the address that the request was sent
 * to. The one door to recvmmsg and sendmmsg.
 */
#ifndef NET_DGRAM_H
#define NET_DGRAM_H

#include "base/addr.h"
#include "base/buf.h"

#define DGRAM_BATCH 64u
#define DGRAM_MAX 2048u		/* bytes of one that is sent; servers take no more either */

struct dgram_batch;

/* max: bytes taken of one; a longer one is cut. */
struct dgram_batch *dgram_batch_new(size_t max) MUST_USE;
void dgram_batch_free(struct dgram_batch *b);

/* Asks a server's socket for what replies need. */
void dgram_prepare(int fd);

/* Receives what is there, at most DGRAM_BATCH; 0 if nothing. Forgets the former batch. */
unsigned dgram_receive(struct dgram_batch *b, int fd);

/* The i-th: its bytes and its sender. A sender whose address makes no sense is ADDR_NONE. */
struct bt_slice dgram_bytes(const struct dgram_batch *b, unsigned i);
struct addr dgram_from(const struct dgram_batch *b, unsigned i);

/* Where to write the reply to the i-th; left empty, none is sent. Its memory is kept for later
 * batches. */
struct buf *dgram_reply(struct dgram_batch *b, unsigned i);

/* Sends the replies; what the system has no room for is lost, as datagrams may be. */
void dgram_send(struct dgram_batch *b, int fd);

/* Datagrams that wait to be sent over one socket. The owner embeds it. */
struct dgram_queue {
	unsigned count;
	struct addr to[DGRAM_BATCH];
	uint16_t len[DGRAM_BATCH];
	struct buf bytes;	/* of all of them, one behind the other */
};

void dgram_queue_init(struct dgram_queue *q);
void dgram_queue_fini(struct dgram_queue *q);

/* False: full, no memory, or longer than DGRAM_MAX. */
bool dgram_add(struct dgram_queue *q, const struct addr *to, struct bt_slice datagram);

/* Sends them all; what the system has no room for is lost. */
void dgram_flush(struct dgram_queue *q, int fd);

#endif
