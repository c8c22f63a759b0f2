/* SPDX-License-Identifier: ISC */
/*
 * Packets of the UDP tracker protocol (BEP 15, 41), both sides. A packet longer than needed is
 * fine, its tail is passed over. Whether a connection id is good and a transaction ours, the
 * caller knows.
 */
#ifndef PROTO_UDP_ANNOUNCE_H
#define PROTO_UDP_ANNOUNCE_H

#include "base/step.h"
#include "proto/announce.h"
#include "proto/scrape.h"

enum udp_action { UDP_CONNECT = 0, UDP_ANNOUNCE = 1, UDP_SCRAPE = 2, UDP_ERROR = 3 };

/* -- requests -- */

struct udp_request {
	enum udp_action action;		/* never UDP_ERROR */
	uint32_t transaction;
	uint64_t connection;		/* announce, scrape */
	struct announce_req announce;	/* announce; compact is 1, ip from the packet if not 0 */
	uint16_t url_len;		/* announce: path and query by BEP 41; 0 absent */
	uint8_t url[UDP_TRACKER_URL_MAX];
	struct bt_slice hashes;		/* scrape: n * 20 bytes, n >= 1, borrowed */
};

/* STEP_DONE or STEP_BAD: not a request of this protocol. */
enum step udp_request_parse(struct bt_slice packet, struct udp_request *out);

void udp_connect_write(struct buf *b, uint32_t transaction);

/* url: path and query to append (BEP 41), may be empty. */
void udp_announce_write(struct buf *b, uint64_t connection, uint32_t transaction,
    const struct announce_req *r, struct bt_slice url);
void udp_scrape_write(struct buf *b, uint64_t connection, uint32_t transaction,
    const uint8_t (*hashes)[20], size_t n);

/* -- replies -- */

struct udp_reply {
	enum udp_action action;
	uint32_t transaction;
	uint64_t connection;		/* connect */
	struct bt_slice rest; /* what follows the 8 bytes of head, borrowed; error: its text */
};

/* STEP_DONE or STEP_BAD. A reply of sufficient length for its action. */
enum step udp_reply_parse(struct bt_slice packet, struct udp_reply *out);

/* The announce reply in a parsed UDP_ANNOUNCE (numbers, and peers of the family that the packet
 * came by) or UDP_ERROR (failure). *out is initialised by the call and always to be fini'd.
 * BT_EPROTO for other actions; BT_ENOMEM. */
enum bt_code udp_reply_announce(const struct udp_reply *r, enum addr_family family,
    struct announce_reply *out);

/* The i-th answer of a UDP_SCRAPE, without info_hash; false: there is none. */
bool udp_reply_scrape(const struct udp_reply *r, size_t i, struct scrape_entry *out);

void udp_connect_reply_write(struct buf *b, uint32_t transaction, uint64_t connection);

/* Peers of the given family only, as many as fit into UDP_TRACKER_SEND_MAX. */
void udp_announce_reply_write(struct buf *b, uint32_t transaction, const struct announce_reply *r,
    enum addr_family family);

/* As many answers as there were hashes, in their order. */
void udp_scrape_reply_write(struct buf *b, uint32_t transaction,
    const struct scrape_entry *entries, size_t n);
void udp_error_write(struct buf *b, uint32_t transaction, struct bt_slice text);

#endif
