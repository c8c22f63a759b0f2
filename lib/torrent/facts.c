/* SPDX-License-Identifier: ISC */
/* What can be told of a torrent. */
#include <stdio.h>
#include <string.h>

#include "torrent/model.h"

const char *
bt_torrent_state_name(enum bt_torrent_state state)
{
	static const char *const names[] = {
		[BT_TORRENT_CHECKING] = "checking",
		[BT_TORRENT_DOWNLOADING] = "downloading",
		[BT_TORRENT_SEEDING] = "seeding",
		[BT_TORRENT_STOPPING] = "stopping",
		[BT_TORRENT_STOPPED] = "stopped",
		[BT_TORRENT_FAILED] = "failed",
		[BT_TORRENT_METADATA] = "metadata",
		[BT_TORRENT_PAUSED] = "paused",
		[BT_TORRENT_QUEUED] = "queued",
		[BT_TORRENT_WAITING] = "waiting",
	};

	return names[state];
}

const struct torrent_hashes *
torrent_hashes(const struct torrent *t)
{
	return &t->hashes;
}

bool
torrent_is_complete(const struct torrent *t)
{
	return t->asleep || (torrent_is_known(t) && picker_is_done(t->picker));
}

enum torrent_slot
torrent_slot(const struct torrent *t)
{
	if (t->stopped || t->error != BT_OK || (t->holds & ~(unsigned)TORRENT_QUEUED) != 0)
		return TORRENT_NO_SLOT;
	if (torrent_is_complete(t))
		return TORRENT_SEEDS;
	return torrent_is_known(t) || (t->meta == NULL && !t->awaiting) ? TORRENT_DOWNLOADS :
	    TORRENT_NO_SLOT;
}

unsigned
torrent_demand(const struct torrent *t)
{
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		if (c->open && c->peer->peer_interested)
			return 2;
	}
	return t->tracker_leeches > 0;
}

bool
torrent_has_peers(const struct torrent *t)
{
	return t->conn_count > 0;
}

bool
torrent_is_checked(const struct torrent *t)
{
	return t->checked;
}

struct content *
torrent_content(const struct torrent *t)
{
	return t->content;
}

enum bt_torrent_state
torrent_state(const struct torrent *t)
{
	return t->state;
}

static uint32_t
count_seeds(const struct torrent *t)
{
	const struct conn *c;
	uint32_t n = 0;

	TAILQ_FOREACH(c, &t->conns, link)
		n += c->open && peer_is_seed(c->peer);
	return n;
}

void
torrent_status(const struct torrent *t, struct bt_torrent_status *out)
{
	*out = (struct bt_torrent_status){
		.state = t->state,
		.error = t->error,
		.piece_count = t->piece_count,
		.pieces_checked = t->pieces_checked,
		.pieces_done = t->asleep ? t->piece_count : 0,
		.size = t->size,
		.done = t->done,
		.wanted = t->wanted,
		.wanted_done = t->wanted_done,
		.downloaded = t->down.total,
		.uploaded = t->up.total,
		.wasted = t->wasted,
		.download_rate = meter_rate(&t->down),
		.upload_rate = meter_rate(&t->up),
		.peers = t->conn_count,
		.seeds = count_seeds(t),
		.known_peers = t->swarm == NULL ? 0 : (uint32_t)known_count(&t->swarm->known),
		.tracker_seeds = t->tracker_seeds,
		.tracker_leeches = t->tracker_leeches,
	};
	if (t->picker == NULL)
		return;
	out->pieces_done = picker_have(t->picker)->count;
	out->partial = picker_partial_bytes(t->picker);
	out->distributed_copies = t->conn_count == 0 ? 0 : picker_distributed_copies(t->picker);
}

void
torrent_error(const struct torrent *t, struct bt_error *out)
{
	*out = (struct bt_error){ .code = t->error, .sys_errno = t->error_errno };
	if (t->error != BT_OK)
		(void)snprintf(out->text, sizeof(out->text), "%s", t->error_text != NULL ?
		    t->error_text : bt_strerror(t->error));
}

void
torrent_add_stats(const struct torrent *t, struct torrent_stats *sum)
{
	sum->downloaded += t->down.total;
	sum->uploaded += t->up.total;
	sum->wasted += t->wasted;
	sum->connections += t->conn_count;
	sum->seeds += count_seeds(t);
	sum->known += t->swarm == NULL ? 0 : known_count(&t->swarm->known);
}

static unsigned
flags_of(const struct conn *c)
{
	const struct peer *p = c->peer;
	unsigned flags = c->dialled ? 0 : BT_PEER_INCOMING;

	if (!c->open)
		return flags | BT_PEER_GREETING;
	if (peer_is_seed(p))
		flags |= BT_PEER_SEED;
	if (p->am_interested)
		flags |= BT_PEER_INTERESTING;
	if (p->peer_choking)
		flags |= BT_PEER_CHOKING;
	if (p->peer_interested)
		flags |= BT_PEER_INTERESTED;
	if (p->am_choking)
		flags |= BT_PEER_CHOKED;
	if (c->src.snubbed)
		flags |= BT_PEER_SNUBBING;
	return flags;
}

void
torrent_each_peer(const struct torrent *t, void (*fn)(void *arg, const struct bt_peer_info *p),
    void *arg)
{
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		const struct peer *p = c->peer;
		char ip[ADDR_TEXT_MAX];
		struct bt_peer_info info = {
			.ip = addr_ip_text(&c->addr, ip),
			.port = c->addr.port,
			.flags = flags_of(c),
			.client = p->client,
			.pieces = p->have.count,
			.downloaded = p->down.total,
			.uploaded = p->up.total,
			.download_rate = meter_rate(&p->down),
			.upload_rate = meter_rate(&p->up),
			.requests = (uint32_t)requests_count(&c->src.requests),
			.requested = (uint32_t)uploads_count(&c->uploads),
		};

		if (c->open)
			memcpy(info.peer_id, p->theirs.peer_id, sizeof(info.peer_id));
		fn(arg, &info);
	}
}

static int64_t
seconds(usec t)
{
	return t < 0 ? 0 : t / SECOND;
}

void
torrent_each_tracker(const struct torrent *t, void (*fn)(void *arg,
    const struct bt_tracker_info *tr), void *arg, usec now)
{
	static const enum bt_tracker_state states[] = {
		[ANNOUNCE_UNUSED] = BT_TRACKER_UNUSED, [ANNOUNCE_ASKING] = BT_TRACKER_ASKING,
		[ANNOUNCE_WORKS] = BT_TRACKER_WORKS, [ANNOUNCE_FAILED] = BT_TRACKER_FAILED,
		[ANNOUNCE_GIVEN_UP] = BT_TRACKER_GIVEN_UP,
	};

	for (size_t i = 0; i < announce_tracker_count(t->announce); i++) {
		struct announce_tracker_info s;
		struct bt_tracker_info info;

		announce_tracker_at(t->announce, i, &s);
		info = (struct bt_tracker_info){
			.url = s.url,
			.text = s.text,
			.tier = (uint32_t)s.tier,
			.state = states[s.state],
			.code = s.code,
			.fails = s.fails,
			.peers = s.peers,
			.seeds = s.complete,
			.leeches = s.incomplete,
			.downloads = s.downloaded,
			.last = s.last == 0 ? -1 : seconds(now - s.last),
			.next = s.next == NEVER ? -1 : seconds(s.next - now),
		};

		fn(arg, &info);
	}
}

const char *
bt_tracker_state_name(enum bt_tracker_state state)
{
	static const char *const names[] = {
		[BT_TRACKER_UNUSED] = "unused", [BT_TRACKER_ASKING] = "asking",
		[BT_TRACKER_WORKS] = "works", [BT_TRACKER_FAILED] = "failed",
		[BT_TRACKER_GIVEN_UP] = "given up",
	};

	return names[state];
}

const struct bits *
torrent_have(const struct torrent *t)
{
	return t->picker == NULL ? NULL : picker_have(t->picker);
}
