/* SPDX-License-Identifier: ISC */
#include "tracker/rules/gate.h"

static const struct lists_now *
lists_of(struct gate *g)
{
	return lists_now_of(snapshot_get(&g->lists));
}

void
gate_fini(struct gate *g)
{
	snapshot_reader_fini(&g->lists);
}

/* Local clients share the machine or the house: tests, and proxies that nobody named. */
static usec
wait_of(struct gate *g, const struct addr *client, usec now)
{
	if (g->limit == NULL || addr_is_local(client))
		return 0;
	return limit_take(g->limit, client, now);
}

struct gate_answer
gate_address(struct gate *g, const struct addr *client, usec now)
{
	const struct lists_now *l = lists_of(g);
	usec wait;

	if (l != NULL && ((l->allowed != NULL && !ipset_has(&l->allowed->set, client)) ||
	    (l->banned != NULL && ipset_has(&l->banned->set, client))))
		return (struct gate_answer){ GATE_BANNED,
		    "your address is not allowed on this tracker", -1 };
	wait = wait_of(g, client, now);
	if (wait > 0)
		return (struct gate_answer){ GATE_TOO_OFTEN,
		    "too many requests from your address", (wait + MINUTE - 1) / MINUTE };
	return (struct gate_answer){ .verdict = GATE_OPEN };
}

struct bt_slice
gate_refusal(struct gate *g, const uint8_t info_hash[20], bool controls, struct bt_slice *warning)
{
	const struct lists_now *l = lists_of(g);
	const struct allowed_item *item;

	if (l == NULL || l->torrents == NULL)
		return SLICE_NONE;
	item = allowed_find(l->torrents, info_hash);
	if (item == NULL)
		return slice_str("this torrent is not authorized for use with this tracker");
	if (!controls || item->torrent == NULL)
		return SLICE_NONE;
	*warning = item->torrent->warning;
	return item->torrent->failure;
}

const struct allowed_torrent *
gate_torrent_seen(const struct gate *g, const uint8_t info_hash[20])
{
	const struct lists_now *l = lists_now_of(g->lists.seen);
	const struct allowed_item *item = l == NULL || l->torrents == NULL ? NULL :
	    allowed_find(l->torrents, info_hash);

	return item == NULL ? NULL : item->torrent;
}

const struct allowed_torrent *
gate_torrent(struct gate *g, const uint8_t info_hash[20])
{
	(void)lists_of(g);
	return gate_torrent_seen(g, info_hash);
}
