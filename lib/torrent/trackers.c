/* SPDX-License-Identifier: ISC */
/* What a torrent tells its trackers, and what it hears from them. */
#include <stdio.h>
#include <string.h>

#include "torrent/model.h"

/* Before the metadata is here any number but 0 says that we are no seed; others say this one. */
#define LEFT_UNKNOWN 16384

static uint64_t
bytes_left(const struct torrent *t)
{
	return t->state == BT_TORRENT_METADATA ? LEFT_UNKNOWN : t->size - t->done;
}

static void
announce_fill(void *arg, unsigned hash, struct announce_req *req)
{
	const struct torrent *t = arg;

	memcpy(req->info_hash, t->hashes.v[hash], sizeof(req->info_hash));
	memcpy(req->peer_id, t->peer_id, sizeof(req->peer_id));
	req->port = t->opts->port;
	if (t->opts->ip != NULL)
		req->ip = *t->opts->ip;
	req->uploaded = t->up.total;
	req->downloaded = t->down.total > t->wasted ? t->down.total - t->wasted : 0;
	req->left = bytes_left(t);
	req->numwant = 80;
}

static bool
send_announce(void *arg, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct torrent *t = arg;

	return t->ops->announce(t->arg, t, id, url, family, req);
}

static void
cancel_announce(void *arg, uint64_t id)
{
	struct torrent *t = arg;

	t->ops->announce_cancel(t->arg, t, id);
}

static size_t
take_peers(void *arg, const struct announce_peer *peers, size_t count)
{
	struct torrent *t = arg;
	size_t fresh = 0;

	for (size_t i = 0; i < count; i++)
		fresh += join_add_address(t, &peers[i].addr, KNOWN_TRACKER);
	return fresh;
}

static void
take_status(void *arg, const struct announce_tracker_info *s)
{
	struct torrent *t = arg;
	char text[232];
	const struct bt_event e = {
		.type = BT_EVENT_TRACKER,
		.text = text,
		.as.tracker = { .url = s->url, .code = s->code, .peers = s->peers,
			.seeds = s->complete, .leeches = s->incomplete },
	};

	if (!s->failed) {
		t->tracker_seeds = s->complete;
		t->tracker_leeches = s->incomplete;
	}
	(void)snprintf(text, sizeof(text), "%.120s: %.100s", s->url,
	    s->text[0] != '\0' ? s->text : "ok");
	torrent_event(t, &e);
}

const struct announce_ops tracker_calls = {
	.fill = announce_fill,
	.send = send_announce,
	.cancel = cancel_announce,
	.peers = take_peers,
	.status = take_status,
};

void
torrent_announce_reply(struct torrent *t, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text, usec now)
{
	if (reply != NULL) {
		struct addr self = reply->external_ip;

		self.port = t->opts->port;
		if (reply->peers.len > 0 && torrent_meet(t))
			known_set_self(&t->swarm->known, &self);
		announce_on_reply(t->announce, id, reply, now);
	} else {
		announce_on_error(t->announce, id, code, text, now);
	}
	torrent_wants_tick(t, now);
}

enum bt_code
torrent_add_tracker(struct torrent *t, size_t tier, struct bt_slice url)
{
	return announce_add(t->announce, tier, url);
}
