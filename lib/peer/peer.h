/* SPDX-License-Identifier: ISC */
/*
 * One partner on the peer wire (BEP 3, 6, 10): handshake, messages, who chokes whom, who has what.
 * It judges whether a message is allowed and well formed, keeps the state that the wire has, and
 * tells its torrent the rest through peer_ops. It knows no disk, no picker, no choker.
 *
 *     handshake --48 bytes, info-hash accepted--> handshake --68 bytes--> open --> closed
 *
 * The owner frees a closed peer, but never from inside one of its callbacks.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include <btcore/metainfo.h>

#include "base/bits.h"
#include "base/meter.h"
#include "net/stream.h"
#include "peer/early.h"
#include "proto/ext.h"
#include "proto/frame.h"
#include "proto/handshake.h"
#include "proto/limits.h"

enum peer_state {
	PEER_HANDSHAKE,		/* bytes of the handshake are awaited */
	PEER_OPEN,
	PEER_CLOSED
};

const char *peer_state_name(enum peer_state state);

struct peer;

struct peer_ops {
	/* The handshake is done; say what we have. */
	void (*on_open)(void *arg, struct peer *p, usec now);
	void (*on_closed)(void *arg, struct peer *p, const char *why, usec now);
	void (*on_choke)(void *arg, struct peer *p, usec now);	/* peer_choking changed */
	void (*on_interest)(void *arg, struct peer *p, usec now); /* peer_interested changed */
	void (*on_have)(void *arg, struct peer *p, uint32_t piece, usec now);
	/* The peer has it no more (BEP 54). */
	void (*on_lost)(void *arg, struct peer *p, uint32_t piece, usec now);
	/* have is a new set; before is what it was. */
	void (*on_bitfield)(void *arg, struct peer *p, const struct bits *before, usec now);
	void (*on_request)(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
	    usec now);
	void (*on_cancel)(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
	    usec now);
	/* The block is the owner's. */
	void (*on_block)(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
	    struct block *b, usec now);
	void (*on_reject)(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
	    usec now);
	void (*on_allowed_fast)(void *arg, struct peer *p, uint32_t piece, usec now);
	void (*on_extended)(void *arg, struct peer *p, usec now);	/* ext changed */
	/* An extended message of a kind that we said we take (the ids in our handshake). */
	void (*on_ext)(void *arg, struct peer *p, enum ext_name name, struct bt_slice payload,
	    usec now);
	/* The stream took something, so many bytes of it content. */
	void (*on_sent)(void *arg, struct peer *p, uint32_t content, usec now);
	/* All that one reading brought was handled. */
	void (*on_read)(void *arg, struct peer *p, usec now);
};

struct peer {
	enum peer_state state;
	struct stream *stream;		/* owned */
	struct frame frame;
	const struct peer_ops *ops;
	void *arg;
	const struct bt_metainfo *meta;	/* NULL until it learned it; outlives it */
	struct early early;		/* what it said of pieces until then */
	unsigned bitfields;		/* whole sets that it has sent */
	struct handshake ours, theirs;
	struct ext_handshake ext;	/* v is not kept: see client */
	uint8_t our_ids[EXT_COUNT];	/* that we gave out; 0: we take no such message */
	char client[EXT_CLIENT_MAX + 1];	/* escaped; "" until told */
	struct bits have;		/* of no length until it learned meta */
	bool fast;			/* both speak BEP 6 */
	bool am_choking, am_interested;
	bool peer_choking, peer_interested;
	unsigned expect;		/* content messages due: kept up by the owner */
	unsigned strikes;		/* improper but harmless messages */
	usec opened;			/* begun, for the handshake's patience */
	usec last_received, last_sent;
	struct meter down, up;		/* content only */
};

/* Takes the stream; join and then start. NULL: no memory, stream freed. */
struct peer *peer_new(struct stream *s, struct block_store *blocks, const struct peer_ops *ops,
    void *arg, usec now) MUST_USE;

/* NULL is fine. */
void peer_free(struct peer *p);

/* The peer belongs to this torrent now. ours is sent at once. */
void peer_join(struct peer *p, const struct handshake *ours, const struct peer_ops *ops, void *arg,
    usec now);

/* The torrent's pieces are known: what it said of its own until now is judged. False, and closed:
 * it named pieces that do not exist, or there is no memory. Before that it is told of no request,
 * have or bitfield of the peer's. */
bool peer_learn(struct peer *p, const struct bt_metainfo *meta, usec now);

/* Begins to read; it has joined before. first: what was read of the stream already. */
void peer_start(struct peer *p, struct bt_slice first, usec now);

void peer_close(struct peer *p, const char *why, usec now);

/* Keepalives and patience; some times a minute. */
void peer_tick(struct peer *p, usec now, usec timeout);

/* -- what we say; each keeps the state that goes with it, and says nothing twice -- */

void peer_send_ext_handshake(struct peer *p, const struct ext_handshake *ours, usec now);

/* What we have, in the shortest form that the peer understands (BEP 6). */
void peer_send_bitfield(struct peer *p, const struct bits *have, usec now);
void peer_send_have(struct peer *p, uint32_t piece, usec now);
void peer_send_choke(struct peer *p, bool choke, usec now);
void peer_send_interest(struct peer *p, bool interested, usec now);
void peer_send_request(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now);
void peer_send_cancel(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now);

/* BEP 6: without the fast extension nothing is said. */
void peer_send_reject(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now);
void peer_send_allowed_fast(struct peer *p, uint32_t piece, usec now);

/* Content, out of a file or out of memory (the block is taken). It is dropped, and with BEP 6
 * rejected, when the peer is choked before any of it was sent. */
void peer_send_file(struct peer *p, uint32_t piece, uint32_t begin, const struct sendq_file *file,
    usec now);
void peer_send_block(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
    struct block *b, usec now);

/* How many requests it takes (its reqq). */
unsigned peer_reqq(const struct peer *p);

static inline bool
peer_is_seed(const struct peer *p)
{
	return p->have.len > 0 && bits_full(&p->have);
}

#endif
