/* SPDX-License-Identifier: ISC */
/* Where the peers of a session come from: what joins its sockets, the greeting and the torrents. */
#include <errno.h>
#include <sys/resource.h>

#include "session/model.h"

static enum greet_begun
begin_connect(void *arg, uint32_t id, const struct dial_wish *wish)
{
	struct bt_session *s = arg;

	switch (dials_start(&s->dials, id, &wish->to)) {
	case 0: return GREET_BEGUN;
	case EMFILE: return GREET_LATER;
	default: return GREET_FAILED;
	}
}

static void
abandon(void *arg, uint32_t id)
{
	struct bt_session *s = arg;

	dials_drop(&s->dials, id);
}

static void
dialled(void *arg, uint32_t owner, const struct dial_wish *wish, struct stream *stream, usec now)
{
	struct bt_session *s = arg;
	struct entry *e = entry_find(s, owner);

	if (stream == NULL)
		torrent_dial_failed(e->torrent, &wish->to, now);
	else
		torrent_add_outgoing(e->torrent, stream, &wish->to, now);
}

static const char *
named(void *arg, struct stream *stream, struct bt_slice first, usec now)
{
	struct bt_session *s = arg;
	struct handshake theirs;
	struct entry *e = NULL;

	if (handshake_parse_head(first, &theirs) == STEP_DONE)
		e = map_find(&s->by_hash, theirs.info_hash);
	if (e == NULL)
		return "asks for a torrent that we do not have";
	return torrent_add_incoming(e->torrent, stream, first, now);
}

static void
due(void *arg, usec when)
{
	struct bt_session *s = arg;
	usec now = loop_now(s->loop);

	if (when == NEVER)
		loop_timer_stop(&s->greet_timer);
	else
		loop_timer_set(&s->greet_timer, when > now ? when - now : 0);
}

static bool
make_room(void *arg, usec now)
{
	struct bt_session *s = arg;
	struct torrent_spare spare = { .conn = NULL };
	const struct entry *e;
	size_t pos = 0;

	while ((e = map_next(&s->by_id, &pos)) != NULL)
		torrent_find_spare(e->torrent, &spare, now);
	if (spare.conn != NULL)
		torrent_part_with(&spare, now);
	return spare.conn != NULL;
}

static const struct greet_ops greet_calls = {
	.connect = begin_connect,
	.abandon = abandon,
	.dialled = dialled,
	.named = named,
	.make_room = make_room,
	.due = due,
};

static void
tick(void *arg, usec now)
{
	struct bt_session *s = arg;

	greet_tick(&s->greet, now);
}

static void
connected(void *arg, uint32_t id, struct stream *stream, usec now)
{
	struct bt_session *s = arg;

	greet_connected(&s->greet, id, stream, now);
}

void
peers_arrived(void *session, struct stream *stream, usec now)
{
	struct bt_session *s = session;

	greet_guest(&s->greet, stream, now);
}

struct budget
session_budget(const struct bt_session *s)
{
	struct rlimit rl;
	uint64_t limit = UINT64_MAX;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur != RLIM_INFINITY)
		limit = rl.rlim_cur;
	return budget_deal(limit, (unsigned)s->settings.max_connections_total,
	    (unsigned)s->settings.max_files_open);
}

void
peers_set_limits(struct bt_session *s)
{
	struct budget b = session_budget(s);

	s->greet.connections_max = b.connections;
	s->greet.guests_max = b.guests;
}

bool
peers_init(struct bt_session *s)
{
	dials_init(&s->dials, s->loop, &s->way, &s->blocks, connected, s);
	greet_init(&s->greet, &greet_calls, s, &s->log);
	peers_set_limits(s);
	return loop_timer_init(&s->greet_timer, s->loop, tick, s);
}

void
peers_fini(struct bt_session *s)
{
	greet_fini(&s->greet);
	dials_fini(&s->dials);
	loop_timer_fini(&s->greet_timer);
}
