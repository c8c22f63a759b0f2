/* SPDX-License-Identifier: ISC */
/*
 * The one stage between a connection and its peer. A guest is a connection that came in: it is ours
 * until its first bytes have shown which protocol it speaks and which torrent it means. What
 * torrents wish to have dialled waits here for its turn, and for its connection to stand. This is
 * the place where a proxy and an encrypted handshake would talk before the peer does.
 *
 * It knows no sockets and no clock, so it runs as well in a session as in the simulator: it is
 * given streams and the time, and says through ops.due when it wants to be called.
 */
#ifndef SESSION_GREET_H
#define SESSION_GREET_H

#include "base/log.h"
#include "proto/handshake.h"
#include "torrent/torrent.h"

/* Strangers that have said nothing yet; each may take its time. */
#define GREET_GUESTS_MAX 256u
#define GREET_OF_ONE_PARTY 32u
#define GREET_PATIENCE (20 * SECOND)

/* Connections that are being made, and how long each may take. */
#define GREET_DIALS_MAX 100u
#define GREET_DIAL_PATIENCE (15 * SECOND)

/* What could not begin for want of descriptors or places is tried again so much later. */
#define GREET_AGAIN SECOND

enum greet_begun { GREET_BEGUN, GREET_FAILED, GREET_LATER };

struct greet_ops {
	/* Begin to connect; answered by greet_connected, not before this returns. GREET_LATER:
	 * there is no descriptor now. */
	enum greet_begun (*connect)(void *arg, uint32_t id, const struct dial_wish *wish);
	/* Give up what was begun; an answer that still comes is passed over. */
	void (*abandon)(void *arg, uint32_t id);
	/* The answer to a wish: a stream, the receiver's from now on; NULL: no connection. */
	void (*dialled)(void *arg, uint32_t owner, const struct dial_wish *wish, struct stream *s,
	    usec now);
	/* A guest has named a torrent; first is what was read of it. NULL: the stream is taken;
	 * otherwise why not, for the log. */
	const char *(*named)(void *arg, struct stream *s, struct bt_slice first, usec now);
	/* All places are taken: close a peer of little use. False: there is none. */
	bool (*make_room)(void *arg, usec now);
	/* Call greet_tick then; it takes the place of what was said before. */
	void (*due)(void *arg, usec when);
};

struct guest;
struct dialled;

TAILQ_HEAD(guest_list, guest);
TAILQ_HEAD(dialled_list, dialled);

struct greet {
	const struct greet_ops *ops;
	void *arg;
	const struct log *log;
	unsigned connections;		/* that torrents have: they keep it up */
	unsigned connections_max;	/* and those being made; 0: no limit */
	unsigned guests_max;
	struct guest_list guests;	/* the oldest first */
	struct guest_list gone;		/* closed, freed at the next tick */
	unsigned guest_count;
	struct dialled_list waiting;	/* for their turn */
	struct dialled_list begun;	/* the oldest first */
	unsigned begun_count;
	uint32_t last_id;
	usec again;			/* before it nothing is begun */
	usec told;			/* what ops.due was told last; 0 while it ticks */
};

void greet_init(struct greet *g, const struct greet_ops *ops, void *arg, const struct log *log);

/* Guests are closed, wishes forgotten. */
void greet_fini(struct greet *g);

/* A connection came in. Takes the stream, and may close it at once. */
void greet_guest(struct greet *g, struct stream *s, usec now);

/* Answered once through ops.dialled, not before this returns. False: no memory. */
bool greet_dial(struct greet *g, uint32_t owner, const struct dial_wish *wish, usec now) MUST_USE;

/* Its wishes are forgotten, and not answered. */
void greet_forget(struct greet *g, uint32_t owner);

/* What connect began has come to an end. NULL: it failed. */
void greet_connected(struct greet *g, uint32_t id, struct stream *s, usec now);

void greet_tick(struct greet *g, usec now);

#endif
