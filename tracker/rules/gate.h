/* SPDX-License-Identifier: ISC */
/*
 * Which clients are served: by address, by how often they ask, and by torrent. One struct gate for
 * each loop; what it gives is good until the next call.
 */
#ifndef TRACKER_GATE_H
#define TRACKER_GATE_H

#include "proto/announce.h"
#include "tracker/rules/limit.h"
#include "tracker/rules/lists.h"

/* Made by policy_gate; zeroed it lets everybody in. */
struct gate {
	struct snapshot_reader lists;	/* struct lists_now */
	struct limit *limit;
};

enum gate_verdict { GATE_OPEN, GATE_BANNED, GATE_TOO_OFTEN };

struct gate_answer {
	enum gate_verdict verdict;
	const char *why;		/* one line for the client */
	int64_t retry_in;		/* minutes (BEP 31), as in struct announce_reply */
};

void gate_fini(struct gate *g);

/* Counts as a request of that address. */
struct gate_answer gate_address(struct gate *g, const struct addr *client, usec now);

/* Empty: the torrent may be tracked. Else the reason why not, in the tracker's words or, with
 * controls, in those of its file, which may also set *warning. */
struct bt_slice gate_refusal(struct gate *g, const uint8_t info_hash[20], bool controls,
    struct bt_slice *warning);

/* For pages: what the file of a torrent says; NULL: no such torrent in allowed_dir. */
const struct allowed_torrent *gate_torrent(struct gate *g, const uint8_t info_hash[20]);

/* The same by the lists that the last call saw: what this gives is good until a call of another. */
const struct allowed_torrent *gate_torrent_seen(const struct gate *g,
    const uint8_t info_hash[20]);

#endif
