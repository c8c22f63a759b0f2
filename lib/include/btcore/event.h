/* SPDX-License-Identifier: ISC */
/*
 * What happens in a session, in order. An event has what all events have, and in `as` a part of its
 * own by its type. Later versions of the library add types, and members at the ends of these parts:
 * a host that meets a type which it does not know passes the event over.
 */
#ifndef BTCORE_EVENT_H
#define BTCORE_EVENT_H

#include <stdint.h>

#include <btcore/error.h>
#include <btcore/torrent.h>

enum bt_event_type {
	BT_EVENT_STATE,		/* the torrent's state changed: state */
	BT_EVENT_PIECE,		/* a piece was received and verified: piece */
	BT_EVENT_COMPLETE,	/* the last piece was; the content is whole */
	BT_EVENT_TRACKER,	/* a tracker answered or failed: tracker */
	BT_EVENT_ERROR,		/* the torrent failed: error */
	BT_EVENT_PEER_BANNED,	/* it sent bad data: peer */
	BT_EVENT_LOST,		/* events were dropped, for want of room or memory: lost */
	BT_EVENT_NOTE		/* a file that was in the way was put aside or cut: text */
};

struct bt_event {
	enum bt_event_type type;
	uint32_t torrent;	/* its number; 0: the event is of none */
	const char *text;	/* one line for people, or "" */
	union {
		struct {
			enum bt_torrent_state from, to;
		} state;
		struct {
			uint32_t index;
		} piece;
		struct {
			const char *url;	/* without what is secret in it */
			enum bt_code code;	/* BT_OK: it answered well */
			uint32_t peers;		/* addresses in its answer */
			int64_t seeds;		/* as it said; -1: it did not, as below */
			int64_t leeches;
		} tracker;
		struct {
			enum bt_code code;
			int sys_errno;		/* 0 if the system had no part in it */
		} error;
		struct {
			const char *ip;		/* numeric */
			uint16_t port;
		} peer;
		struct {
			uint64_t count;		/* of events in a row */
		} lost;
		uint64_t room[16];	/* the union stays as large as this */
	} as;
};

/* Kinds of events, for bt_session_want_events. BT_EVENT_LOST is told with any of them. */
#define BT_WANT_STATES		(UINT64_C(1) << 0)	/* states, completion, errors */
#define BT_WANT_PIECES		(UINT64_C(1) << 1)
#define BT_WANT_TRACKERS	(UINT64_C(1) << 2)
#define BT_WANT_PEERS		(UINT64_C(1) << 3)
#define BT_WANT_ALL		UINT64_MAX

/* "state", "piece", ... as in the names above. */
const char *bt_event_name(enum bt_event_type type);

/* Frees an event that bt_session_next_event gave. NULL is fine. */
void bt_event_free(struct bt_event *e);

#endif
