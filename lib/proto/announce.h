/* SPDX-License-Identifier: ISC */
/*
 * An announce and its reply: one struct each, several spellings. Here the query string and the
 * bencoded reply (BEP 3, 7, 21, 23, 24, 31); proto/udp_announce has the packets. The client
 * writes requests and parses replies, the tracker the other way round.
 */
#ifndef PROTO_ANNOUNCE_H
#define PROTO_ANNOUNCE_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "proto/limits.h"

/* The first four have the numbers of BEP 15. */
enum announce_event {
	ANNOUNCE_NONE = 0,
	ANNOUNCE_COMPLETED = 1,
	ANNOUNCE_STARTED = 2,
	ANNOUNCE_STOPPED = 3,
	ANNOUNCE_PAUSED,	/* BEP 21 */
	ANNOUNCE_SNOOPED	/* another tracker looks in; never counted as a peer */
};

struct announce_text {
	uint8_t len;
	uint8_t bytes[TRACKER_TEXT_MAX];
};

struct announce_req {
	uint8_t info_hash[20];
	uint8_t peer_id[20];
	uint16_t port;
	uint16_t cryptoport;		/* 0 absent */
	uint64_t uploaded;
	uint64_t downloaded;
	uint64_t left;
	enum announce_event event;
	int32_t numwant;		/* -1: as the tracker likes */
	int8_t compact;			/* 0, 1; -1 absent */
	bool no_peer_id;
	bool supportcrypto;
	bool requirecrypto;
	struct announce_text key; /* ours: 8 hex digits, see announce_set_key; empty: absent */
	struct announce_text trackerid;	/* what the tracker gave; empty: absent */
	struct addr ip; /* told by the client, port 0; ADDR_NONE: absent or a host name */
	struct addr ipv4, ipv6;		/* further addresses (BEP 7); ports may be 0 */
};

/* Zero, but numwant and compact, which are -1. */
void announce_req_init(struct announce_req *r);

/* The key of UDP announces and its text; a foreign text becomes some number, always the same. */
void announce_set_key(struct announce_req *r, uint32_t key);
uint32_t announce_key(const struct announce_req *r);

/* False (and empty) if it is longer than TRACKER_TEXT_MAX. */
bool announce_text_set(struct announce_text *t, struct bt_slice s);
struct bt_slice announce_text_slice(const struct announce_text *t);

/* "started"; "" for none. */
const char *announce_event_name(enum announce_event event);

/* The client's URL: announce_url with the parameters behind '?' or, if it has one, '&'. A fragment
 * is cut off. */
void announce_query_write(struct buf *b, struct bt_slice announce_url,
    const struct announce_req *r);

/* The tracker's side: query is what follows '?'. Nothing is allocated. BT_ENOENT: no info_hash, so
 * this is no announce; BT_EPROTO: a bad one. err has the reason for the client. */
enum bt_code announce_query_parse(struct bt_slice query, struct announce_req *out,
    struct bt_error *err);

struct announce_peer {
	struct addr addr;
	bool has_id;
	uint8_t id[20];
};

#define RETRY_NEVER (-2)	/* retry_in: this will never be a tracker */

struct announce_reply {
	struct bt_slice failure; /* why not; then only interval, min_interval and retry_in count */
	bool failed;			/* failure was there, perhaps empty */
	struct bt_slice warning;
	int64_t interval;		/* seconds; -1 absent, as for the numbers below */
	int64_t min_interval;
	int64_t retry_in;		/* minutes; RETRY_NEVER */
	int64_t complete;
	int64_t incomplete;
	int64_t downloaded;
	struct bt_slice tracker_id;
	bool seeded;			/* writing: BitTornado, a dedicated seed has it */
	struct addr external_ip;	/* port 0; ADDR_NONE absent */
	struct vec peers;		/* struct announce_peer; reading: only addr_usable ones */
	uint32_t skipped; /* reading: entries that were unusable, host names among them */
	struct bt_slice packed4;	/* writing in compact form: more peers, packed already */
	struct bt_slice packed6;
	struct bt_slice crypto_flags;	/* writing: as given, absent if empty */
};

void announce_reply_init(struct announce_reply *r);
void announce_reply_fini(struct announce_reply *r);

/* Adds a peer; peer_id may be NULL. False: no memory. */
bool announce_reply_add(struct announce_reply *r, const struct addr *a, const uint8_t *peer_id);

static inline const struct announce_peer *
announce_reply_peer(const struct announce_reply *r, size_t i)
{
	return vec_at(&r->peers, i);
}

enum announce_form {
	ANNOUNCE_COMPACT,	/* peers and peers6 as bytes */
	ANNOUNCE_LIST,		/* a dictionary for each, with its peer id if it is known */
	ANNOUNCE_LIST_NO_ID
};

/* What a client asked for. */
enum announce_form announce_req_form(const struct announce_req *r);

/* A failed reply is written with the failure and its times only. */
void announce_reply_write(struct buf *b, const struct announce_reply *r, enum announce_form form);

/* Slices are borrowed from body; *out is initialised by the call and always to be fini'd. Lenient
 * inside the dictionary, bounded everywhere. BT_EFORMAT: not a reply; BT_ELIMIT; BT_ENOMEM. */
enum bt_code announce_reply_parse(struct bt_slice body, struct announce_reply *out,
    struct bt_error *err);

#endif
