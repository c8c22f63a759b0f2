/* SPDX-License-Identifier: ISC */
/* Each floor counts in a plain struct of its own; here they have names. */
#include <btcore/counters.h>

#include <string.h>

#include "base/cdefs.h"
#include "session/model.h"

/* All of them, of one moment. */
struct counters {
	struct loop_stats net;
	struct disk_stats disk;
	struct announce_stats announce;
	struct torrent_stats torrent;
	uint64_t added, removed, torrents;
	uint64_t open_files, gathered, writing;
	uint64_t events_waiting, events_lost;
};

struct row {
	const char *name;
	size_t offset;
	bool gauge;
	const char *help;
};

#define COUNTER(name, member, help) { name, offsetof(struct counters, member), false, help }
#define GAUGE(name, member, help) { name, offsetof(struct counters, member), true, help }

/* New ones are added at the end: hosts may keep the place of one. */
static const struct row rows[] = {
	COUNTER("net.turns", net.turns, "Turns of the session's loop."),
	COUNTER("net.tcp_in", net.tcp_in, "Bytes received from peers over TCP."),
	COUNTER("net.tcp_out", net.tcp_out, "Bytes sent to peers over TCP."),
	COUNTER("disk.pieces_good", disk.pieces_good, "Pieces received, hashed and written."),
	COUNTER("disk.pieces_bad", disk.pieces_bad, "Pieces received that failed their hash."),
	COUNTER("disk.pieces_failed", disk.pieces_failed, "Pieces that could not be kept."),
	COUNTER("disk.reads_at_once", disk.reads_at_once, "Blocks sent from the page cache."),
	COUNTER("disk.reads_waited", disk.reads_waited, "Blocks that had to be read first."),
	GAUGE("disk.open_files", open_files, "Files that are open."),
	GAUGE("disk.gathered", gathered, "Bytes of unfinished pieces in memory."),
	GAUGE("disk.writing", writing, "Bytes on their way to the disk."),
	COUNTER("tracker.sent", announce.sent, "Announces and scrapes sent to trackers."),
	COUNTER("tracker.answered", announce.answered, "Those that a tracker answered."),
	COUNTER("tracker.failed", announce.failed, "Those that had no answer."),
	COUNTER("content.downloaded", torrent.downloaded, "Bytes of content received."),
	COUNTER("content.uploaded", torrent.uploaded, "Bytes of content sent."),
	COUNTER("content.wasted", torrent.wasted, "Bytes of content received in vain."),
	GAUGE("peers.connections", torrent.connections, "Connections of all torrents."),
	GAUGE("peers.seeds", torrent.seeds, "Connections to seeds."),
	GAUGE("peers.known", torrent.known, "Addresses of peers that are known."),
	GAUGE("torrents.now", torrents, "Torrents."),
	COUNTER("torrents.added", added, "Torrents added."),
	COUNTER("torrents.removed", removed, "Torrents removed."),
	GAUGE("events.waiting", events_waiting, "Events that the host has not taken."),
	COUNTER("events.lost", events_lost, "Events that found no room."),
};

size_t
bt_counter_count(void)
{
	return COUNT_OF(rows);
}

const char *
bt_counter_name(size_t i)
{
	return rows[i].name;
}

const char *
bt_counter_help(size_t i)
{
	return rows[i].help;
}

bool
bt_counter_is_gauge(size_t i)
{
	return rows[i].gauge;
}

size_t
bt_counter_find(const char *name)
{
	size_t i = 0;

	while (i < COUNT_OF(rows) && strcmp(rows[i].name, name) != 0)
		i++;
	return i;
}

/* -- on the session's thread -- */

struct count {
	struct bt_session *session;
	struct counters now;
};

static void
take(void *arg)
{
	struct count *c = arg;
	struct bt_session *s = c->session;
	struct counters *now = &c->now;
	const struct entry *e;
	size_t pos = 0;

	*now = (struct counters){
		.net = *loop_stats(s->loop),
		.disk = s->disk.stats,
		.announce = *announce_net_stats(s->announces),
		.torrent = s->stats.gone,
		.added = s->stats.added,
		.removed = s->stats.removed,
		.torrents = s->by_id.count,
		.open_files = s->disk.fds.count,
		.gathered = s->disk.gathered,
		.writing = s->disk.writing,
	};
	/* Those that are gone have left no connection behind. */
	now->torrent.connections = now->torrent.seeds = now->torrent.known = 0;
	while ((e = map_next(&s->by_id, &pos)) != NULL)
		torrent_add_stats(e->torrent, &now->torrent);
	events_count(s->events, &now->events_waiting, &now->events_lost);
}

size_t
bt_session_counters(struct bt_session *s, uint64_t *values, size_t room)
{
	struct count c = { .session = s };

	(void)mailbox_call(s->mailbox, take, &c);
	for (size_t i = 0; i < COUNT_OF(rows) && i < room; i++)
		memcpy(&values[i], (const char *)&c.now + rows[i].offset, sizeof(values[i]));
	return COUNT_OF(rows);
}
