/* SPDX-License-Identifier: ISC */
/* What the tracker understood, written by a client and understood again, is the same. */
#include "fuzz.h"

#include "proto/announce.h"

static bool
same_text(const struct announce_text *a, const struct announce_text *b)
{
	return slice_eq(announce_text_slice(a), announce_text_slice(b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct announce_req r, again;
	struct bt_error err = { .text = "" };
	struct bt_slice query;
	enum bt_code code = announce_query_parse(slice_of(data, size), &r, &err);
	struct buf b;

	MUST((code == BT_OK) == (err.text[0] == '\0'));
	if (code != BT_OK)
		return 0;
	buf_init(&b, 16384);
	announce_query_write(&b, slice_str("http://h/announce"), &r);
	MUST(!buf_failed(&b));
	query = slice_skip(buf_slice(&b), strlen("http://h/announce?"));
	MUST(announce_query_parse(query, &again, NULL) == BT_OK);
	MUST(memcmp(r.info_hash, again.info_hash, 20) == 0);
	MUST(memcmp(r.peer_id, again.peer_id, 20) == 0);
	MUST(r.port == again.port && r.cryptoport == again.cryptoport);
	MUST(r.uploaded == again.uploaded && r.downloaded == again.downloaded);
	MUST(r.left == again.left && r.event == again.event && r.numwant == again.numwant);
	MUST(r.compact == again.compact && r.no_peer_id == again.no_peer_id);
	MUST(r.supportcrypto == again.supportcrypto && r.requirecrypto == again.requirecrypto);
	MUST(same_text(&r.key, &again.key) && same_text(&r.trackerid, &again.trackerid));
	MUST(announce_key(&r) == announce_key(&again));
	MUST(addr_eq(&r.ip, &again.ip));
	MUST(addr_eq(&r.ipv4, &again.ipv4) && addr_eq(&r.ipv6, &again.ipv6));
	buf_fini(&b);
	return 0;
}
