/* SPDX-License-Identifier: ISC */
#include "proto/udp_announce.h"

#include "base/rd.h"
#include "proto/compact.h"

#define PROTOCOL_ID 0x41727101980u

#define ANNOUNCE_REPLY_HEAD 20

/* Options of BEP 41. */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_URL = 2 };

/* -- requests -- */

/* A text that is cut short, or longer than we take, is as if it were not there: half a key opens
 * nothing. */
static void
read_options(struct rd *r, struct udp_request *out)
{
	while (r->rest.len > 0) {
		uint8_t type = rd_u8(r);
		struct bt_slice data;

		if (type == OPTION_END)
			break;
		if (type == OPTION_NOP)
			continue;
		data = rd_take(r, rd_u8(r));
		if (r->bad || (type == OPTION_URL && data.len > sizeof(out->url) - out->url_len)) {
			out->url_len = 0;
			return;
		}
		if (type == OPTION_URL && data.len > 0) {
			memcpy(out->url + out->url_len, data.ptr, data.len);
			out->url_len = (uint16_t)(out->url_len + data.len);
		}
	}
}

static bool
read_announce(struct rd *r, struct udp_request *out)
{
	struct announce_req *a = &out->announce;
	uint32_t event;
	uint8_t ip[4];

	announce_req_init(a);
	rd_copy(r, a->info_hash, 20);
	rd_copy(r, a->peer_id, 20);
	a->downloaded = rd_be64(r);
	a->left = rd_be64(r);
	a->uploaded = rd_be64(r);
	event = rd_be32(r);
	rd_copy(r, ip, sizeof(ip));
	announce_set_key(a, rd_be32(r));
	a->numwant = (int32_t)rd_be32(r);
	a->port = rd_be16(r);
	if (r->bad)
		return false;
	/* libtorrent says "paused" (BEP 21) with the next number. */
	a->event = event <= ANNOUNCE_PAUSED ? (enum announce_event)event : ANNOUNCE_NONE;
	a->compact = 1;
	if (a->numwant < 0)
		a->numwant = -1;
	if (memcmp(ip, "\0\0\0\0", 4) != 0)
		a->ip = addr_v4(ip, 0);
	read_options(r, out);
	return true;
}

static bool
read_scrape(struct rd *r, struct udp_request *out)
{
	size_t n = r->rest.len / 20;

	if (n > SCRAPE_HASHES_MAX)
		n = SCRAPE_HASHES_MAX;
	out->hashes = rd_take(r, n * 20);
	return n > 0;
}

enum step
udp_request_parse(struct bt_slice packet, struct udp_request *out)
{
	struct rd r = rd_of(packet);
	uint32_t action;
	bool good = false;

	out->url_len = 0;
	out->hashes = SLICE_NONE;
	out->connection = rd_be64(&r);
	action = rd_be32(&r);
	out->transaction = rd_be32(&r);
	if (r.bad)
		return STEP_BAD;
	if (action == UDP_CONNECT)
		good = out->connection == PROTOCOL_ID;
	else if (action == UDP_ANNOUNCE)
		good = read_announce(&r, out);
	else if (action == UDP_SCRAPE)
		good = read_scrape(&r, out);
	if (!good)
		return STEP_BAD;
	out->action = (enum udp_action)action;
	return STEP_DONE;
}

static void
write_request_head(struct buf *b, uint64_t connection, enum udp_action action,
    uint32_t transaction)
{
	buf_add_be64(b, connection);
	buf_add_be32(b, (uint32_t)action);
	buf_add_be32(b, transaction);
}

void
udp_connect_write(struct buf *b, uint32_t transaction)
{
	write_request_head(b, PROTOCOL_ID, UDP_CONNECT, transaction);
}

static void
write_options(struct buf *b, struct bt_slice url)
{
	if (url.len > UDP_TRACKER_URL_MAX)
		return;
	while (url.len > 0) {
		size_t n = url.len < UINT8_MAX ? url.len : UINT8_MAX;

		buf_add_u8(b, OPTION_URL);
		buf_add_u8(b, (uint8_t)n);
		buf_add(b, url.ptr, n);
		url = slice_skip(url, n);
	}
}

void
udp_announce_write(struct buf *b, uint64_t connection, uint32_t transaction,
    const struct announce_req *r, struct bt_slice url)
{
	static const uint8_t no_ip[4];

	write_request_head(b, connection, UDP_ANNOUNCE, transaction);
	buf_add(b, r->info_hash, 20);
	buf_add(b, r->peer_id, 20);
	buf_add_be64(b, r->downloaded);
	buf_add_be64(b, r->left);
	buf_add_be64(b, r->uploaded);
	buf_add_be32(b, r->event <= ANNOUNCE_STOPPED ? (uint32_t)r->event : ANNOUNCE_NONE);
	buf_add(b, r->ip.family == ADDR_V4 ? r->ip.ip : no_ip, 4);
	buf_add_be32(b, announce_key(r));
	buf_add_be32(b, (uint32_t)r->numwant);
	buf_add_be16(b, r->port);
	write_options(b, url);
}

void
udp_scrape_write(struct buf *b, uint64_t connection, uint32_t transaction,
    const uint8_t (*hashes)[20], size_t n)
{
	size_t i;

	write_request_head(b, connection, UDP_SCRAPE, transaction);
	for (i = 0; i < n; i++)
		buf_add(b, hashes[i], 20);
}

/* -- replies -- */

enum step
udp_reply_parse(struct bt_slice packet, struct udp_reply *out)
{
	struct rd r = rd_of(packet);
	uint32_t action = rd_be32(&r);

	*out = (struct udp_reply){ .transaction = rd_be32(&r) };
	if (r.bad || action > UDP_ERROR)
		return STEP_BAD;
	out->action = (enum udp_action)action;
	out->rest = r.rest;
	if (out->action == UDP_CONNECT)
		out->connection = rd_be64(&r);
	else if (out->action == UDP_ANNOUNCE)
		(void)rd_take(&r, ANNOUNCE_REPLY_HEAD - 8);
	return r.bad ? STEP_BAD : STEP_DONE;
}

static int64_t
number(uint32_t n)
{
	return n > TRACKER_NUMBER_MAX ? TRACKER_NUMBER_MAX : n;
}

enum bt_code
udp_reply_announce(const struct udp_reply *r, enum addr_family family, struct announce_reply *out)
{
	struct rd rd = rd_of(r->rest);
	struct addr a;

	announce_reply_init(out);
	if (r->action == UDP_ERROR) {
		out->failed = true;
		out->failure = r->rest;
		return BT_OK;
	}
	if (r->action != UDP_ANNOUNCE)
		return BT_EPROTO;
	out->interval = number(rd_be32(&rd));
	out->incomplete = number(rd_be32(&rd));
	out->complete = number(rd_be32(&rd));
	if (rd.bad)
		return BT_EPROTO;
	while (compact_next(&rd.rest, family, &a)) {
		if (!addr_usable(&a) || out->peers.len >= TRACKER_PEERS_MAX)
			out->skipped++;
		else if (!announce_reply_add(out, &a, NULL))
			return BT_ENOMEM;
	}
	return BT_OK;
}

bool
udp_reply_scrape(const struct udp_reply *r, size_t i, struct scrape_entry *out)
{
	struct rd rd = rd_of(r->rest);

	if (r->action != UDP_SCRAPE || i >= r->rest.len / 12)
		return false;
	(void)rd_take(&rd, i * 12);
	*out = (struct scrape_entry){ .complete = number(rd_be32(&rd)), .downloaders = -1 };
	out->downloaded = number(rd_be32(&rd));
	out->incomplete = number(rd_be32(&rd));
	return true;
}

static void
write_reply_head(struct buf *b, enum udp_action action, uint32_t transaction)
{
	buf_add_be32(b, (uint32_t)action);
	buf_add_be32(b, transaction);
}

void
udp_connect_reply_write(struct buf *b, uint32_t transaction, uint64_t connection)
{
	/* Exactly 16 bytes: Transmission takes nothing else. */
	write_reply_head(b, UDP_CONNECT, transaction);
	buf_add_be64(b, connection);
}

static void
write_number(struct buf *b, int64_t n)
{
	buf_add_be32(b, n < 0 ? 0 : n > TRACKER_NUMBER_MAX ? TRACKER_NUMBER_MAX : (uint32_t)n);
}

void
udp_announce_reply_write(struct buf *b, uint32_t transaction, const struct announce_reply *r,
    enum addr_family family)
{
	struct bt_slice packed = family == ADDR_V4 ? r->packed4 : r->packed6;
	size_t one = compact_len(family);
	size_t room = (UDP_TRACKER_SEND_MAX - ANNOUNCE_REPLY_HEAD) / one;
	size_t n = packed.len / one < room ? packed.len / one : room;
	size_t i;

	write_reply_head(b, UDP_ANNOUNCE, transaction);
	write_number(b, r->interval);
	write_number(b, r->incomplete);
	write_number(b, r->complete);
	buf_add(b, packed.ptr, n * one);
	for (i = 0; i < r->peers.len && n < room; i++) {
		const struct announce_peer *peer = announce_reply_peer(r, i);

		if (peer->addr.family == family) {
			compact_add(b, &peer->addr);
			n++;
		}
	}
}

void
udp_scrape_reply_write(struct buf *b, uint32_t transaction, const struct scrape_entry *entries,
    size_t n)
{
	size_t i;

	write_reply_head(b, UDP_SCRAPE, transaction);
	for (i = 0; i < n; i++) {
		write_number(b, entries[i].complete);
		write_number(b, entries[i].downloaded);
		write_number(b, entries[i].incomplete);
	}
}

void
udp_error_write(struct buf *b, uint32_t transaction, struct bt_slice text)
{
	write_reply_head(b, UDP_ERROR, transaction);
	buf_add_slice(b, text);
}
