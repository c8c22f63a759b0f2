/* SPDX-License-Identifier: ISC */
/* The same packet as a request and as a reply; what is written from it is read the same. */
#include "fuzz.h"

#include "proto/compact.h"
#include "proto/udp_announce.h"

static void
check_announce(const struct udp_request *r, struct buf *b)
{
	const struct announce_req *a = &r->announce;
	struct udp_request again;

	udp_announce_write(b, r->connection, r->transaction, a, slice_of(r->url, r->url_len));
	MUST(udp_request_parse(buf_slice(b), &again) == STEP_DONE);
	MUST(again.action == UDP_ANNOUNCE);
	MUST(again.connection == r->connection && again.transaction == r->transaction);
	MUST(memcmp(a->info_hash, again.announce.info_hash, 20) == 0);
	MUST(memcmp(a->peer_id, again.announce.peer_id, 20) == 0);
	MUST(a->port == again.announce.port && a->left == again.announce.left);
	MUST(a->uploaded == again.announce.uploaded && a->downloaded == again.announce.downloaded);
	/* It is read, but never sent: some trackers refuse what BEP 15 has not. */
	MUST((a->event == ANNOUNCE_PAUSED ? ANNOUNCE_NONE : a->event) == again.announce.event);
	MUST(a->numwant == again.announce.numwant);
	MUST(announce_key(a) == announce_key(&again.announce));
	MUST(addr_eq(&a->ip, &again.announce.ip));
	MUST(slice_eq(slice_of(r->url, r->url_len), slice_of(again.url, again.url_len)));
}

static void
check_request(struct bt_slice in)
{
	struct udp_request r, again;
	struct buf b;

	if (udp_request_parse(in, &r) != STEP_DONE)
		return;
	buf_init(&b, 65536);
	if (r.action == UDP_ANNOUNCE) {
		check_announce(&r, &b);
	} else if (r.action == UDP_SCRAPE) {
		udp_scrape_write(&b, r.connection, r.transaction,
		    (const uint8_t (*)[20])r.hashes.ptr, r.hashes.len / 20);
		MUST(udp_request_parse(buf_slice(&b), &again) == STEP_DONE);
		MUST(slice_eq(r.hashes, again.hashes));
	} else {
		udp_connect_write(&b, r.transaction);
		MUST(in.len >= b.len && memcmp(in.ptr, b.ptr, b.len) == 0);
	}
	buf_fini(&b);
}

static void
check_announce_reply(const struct udp_reply *r, enum addr_family family)
{
	struct announce_reply a, again;
	struct udp_reply other;
	size_t room = (UDP_TRACKER_SEND_MAX - 20) / compact_len(family);
	struct buf b;
	size_t i;

	buf_init(&b, 65536);
	if (udp_reply_announce(r, family, &a) == BT_OK && !a.failed) {
		udp_announce_reply_write(&b, r->transaction, &a, family);
		MUST(b.len <= UDP_TRACKER_SEND_MAX);
		MUST(udp_reply_parse(buf_slice(&b), &other) == STEP_DONE);
		MUST(udp_reply_announce(&other, family, &again) == BT_OK);
		MUST(a.interval == again.interval && a.complete == again.complete);
		MUST(a.incomplete == again.incomplete && again.peers.len <= room);
		for (i = 0; i < again.peers.len && family == ADDR_V4; i++)
			MUST(addr_eq(&announce_reply_peer(&a, i)->addr,
			    &announce_reply_peer(&again, i)->addr));
		announce_reply_fini(&again);
	}
	announce_reply_fini(&a);
	buf_fini(&b);
}

static void
check_reply(struct bt_slice in)
{
	struct scrape_entry e;
	struct udp_reply r;
	size_t n = 0;

	if (udp_reply_parse(in, &r) != STEP_DONE)
		return;
	check_announce_reply(&r, ADDR_V4);
	check_announce_reply(&r, ADDR_V6);
	while (udp_reply_scrape(&r, n, &e))
		n++;
	MUST(r.action == UDP_SCRAPE ? n == r.rest.len / 12 : n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);

	check_request(in);
	check_reply(in);
	return 0;
}
