/* SPDX-License-Identifier: ISC */
/* What the client understood, written by a tracker in each form, is understood the same. */
#include "fuzz.h"

#include "proto/announce.h"

static void
check_same(const struct announce_reply *a, const struct announce_reply *b)
{
	MUST(a->failed == b->failed && slice_eq(a->failure, b->failure));
	MUST(a->interval == b->interval && a->min_interval == b->min_interval);
	if (a->failed) {
		MUST(a->retry_in == b->retry_in);
		return;
	}
	MUST(slice_eq(a->warning, b->warning) && slice_eq(a->tracker_id, b->tracker_id));
	MUST(a->complete == b->complete && a->incomplete == b->incomplete);
	MUST(a->downloaded == b->downloaded);
	MUST(addr_eq(&a->external_ip, &b->external_ip));
	MUST(a->peers.len == b->peers.len && b->skipped == 0);
}

static void
check_form(const struct announce_reply *r, enum announce_form form)
{
	struct announce_reply again;
	struct buf b;
	size_t i;

	buf_init(&b, 16u << 20);
	announce_reply_write(&b, r, form);
	MUST(!buf_failed(&b));
	if (b.len <= TRACKER_REPLY_MAX) {
		MUST(announce_reply_parse(buf_slice(&b), &again, NULL) == BT_OK);
		check_same(r, &again);
		/* In compact form the families are apart, and their order is not kept. */
		for (i = 0; form == ANNOUNCE_LIST && i < again.peers.len; i++) {
			const struct announce_peer *p = announce_reply_peer(r, i);
			const struct announce_peer *q = announce_reply_peer(&again, i);

			MUST(addr_eq(&p->addr, &q->addr) && p->has_id == q->has_id);
			MUST(memcmp(p->id, q->id, sizeof(p->id)) == 0);
		}
		announce_reply_fini(&again);
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct announce_reply r;
	size_t i;

	if (announce_reply_parse(slice_of(data, size), &r, NULL) == BT_OK) {
		MUST(r.peers.len <= TRACKER_PEERS_MAX);
		MUST(r.interval >= -1 && r.interval <= TRACKER_NUMBER_MAX);
		for (i = 0; i < r.peers.len; i++)
			MUST(addr_usable(&announce_reply_peer(&r, i)->addr));
		check_form(&r, ANNOUNCE_COMPACT);
		check_form(&r, ANNOUNCE_LIST);
		check_form(&r, ANNOUNCE_LIST_NO_ID);
	}
	announce_reply_fini(&r);
	return 0;
}
