/* SPDX-License-Identifier: ISC */
/* A torrent in its session: what it asks of the world, and what the world answers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_tcp.h"
#include "session/model.h"

/* Azureus style (BEP 20): client and version, then chance. */
#define PEER_ID_PREFIX "-cB0100-"

/* Connections of a torrent when the settings name no limit. */
#define PEERS_DEFAULT 200

struct entry *
entry_find(const struct bt_session *s, uint32_t id)
{
	return map_find(&s->by_id, &id);
}

static void
dial(void *arg, struct torrent *t, const struct addr *to)
{
	struct entry *e = arg;

	(void)t;
	dials_start(&e->session->dials, e->id, to);
}

void
entry_dialled(void *session, uint32_t id, const struct addr *to, int fd)
{
	struct bt_session *s = session;
	struct entry *e = entry_find(s, id);
	struct stream *stream;

	if (e == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	stream = fd < 0 ? NULL : stream_tcp_new(s->loop, fd, to, &s->blocks);
	if (stream == NULL)
		torrent_dial_failed(e->torrent, to, loop_now(s->loop));
	else
		torrent_add_outgoing(e->torrent, stream, to, loop_now(s->loop));
}

/* Its status may be another one than before. */
static void
touch(struct entry *e)
{
	changes_touch(&e->session->changes, &e->change);
}

static void
event(void *arg, struct torrent *t, const struct bt_event *ev)
{
	struct entry *e = arg;
	struct bt_event numbered = *ev;

	(void)t;
	numbered.torrent = e->id;
	touch(e);
	events_add(e->session->events, &numbered);
}

static void
set_due_timer(struct bt_session *s)
{
	const struct heap_node *first = heap_first(&s->due);
	usec at = first == NULL ? NEVER : (usec)first->key, now;

	if (at == s->due_at)
		return;
	s->due_at = at;
	now = loop_now(s->loop);
	if (at == NEVER)
		loop_timer_stop(&s->due_timer);
	else
		loop_timer_set(&s->due_timer, at > now ? at - now : 0);
}

static void
due(void *arg, struct torrent *t, usec when)
{
	struct entry *e = arg;

	(void)t;
	/* It is not in the heap while it is born. */
	if (!heap_has(&e->due))
		return;
	touch(e);
	heap_update(&e->session->due, &e->due, (uint64_t)when);
	set_due_timer(e->session);
}

static void
answered(void *arg, uint64_t id, const struct announce_reply *reply, enum bt_code code,
    const char *text)
{
	struct entry *e = arg;

	torrent_announce_reply(e->torrent, id, reply, code, text, loop_now(e->session->loop));
}

static void
announce(void *arg, struct torrent *t, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct entry *e = arg;
	struct bt_session *s = e->session;

	/* An answer may not come from inside this call: the next tick gives it. */
	if (!announce_send(s->announces, url, family, req, answered, e, id) &&
	    e->unsent_count < UNSENT_MAX) {
		e->unsent[e->unsent_count++] = id;
		due(e, t, loop_now(s->loop));
	}
}

static void
entry_tick(struct entry *e, usec now)
{
	touch(e);
	while (e->unsent_count > 0)
		torrent_announce_reply(e->torrent, e->unsent[--e->unsent_count], NULL, BT_ENOMEM,
		    "out of memory", now);
	torrent_tick(e->torrent, now);
}

void
entries_due(void *session, usec now)
{
	struct bt_session *s = session;
	struct heap_node *first;

	s->due_at = NEVER;
	while ((first = heap_first(&s->due)) != NULL && (usec)first->key <= now)
		entry_tick(CONTAINER_OF(first, struct entry, due), now);
	set_due_timer(s);
}

static void
announce_drop(void *arg, struct torrent *t, uint64_t id)
{
	struct entry *e = arg;

	(void)t;
	announce_cancel(e->session->announces, e, id);
}

static const struct torrent_ops torrent_calls = {
	.dial = dial,
	.event = event,
	.announce = announce,
	.announce_cancel = announce_drop,
	.due = due,
};

/* -- what its content tells -- */

static usec
time_of(const struct entry *e)
{
	return loop_now(e->session->loop);
}

static void
piece_done(void *arg, uint32_t piece, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_piece_done(e->torrent, piece, err, time_of(e));
}

static void
block_read(void *arg, const struct content_read *what, struct block *b, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_block_read(e->torrent, what, b, err, time_of(e));
}

static void
checked(void *arg, uint32_t piece, bool good)
{
	struct entry *e = arg;

	touch(e);
	torrent_checked(e->torrent, piece, good);
}

static void
check_done(void *arg, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_check_done(e->torrent, err, time_of(e));
}

static void
files_made(void *arg, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_files_made(e->torrent, err, time_of(e));
}

static void
eased(void *arg)
{
	struct entry *e = arg;

	torrent_eased(e->torrent, time_of(e));
}

static const struct content_user content_calls = {
	.piece_done = piece_done,
	.block_read = block_read,
	.checked = checked,
	.check_done = check_done,
	.files_made = files_made,
	.eased = eased,
};

/* -- life -- */

void
entry_status(const struct entry *e, struct bt_torrent_status *out)
{
	torrent_status(e->torrent, out);
	out->torrent = e->id;
}

static unsigned
first_that_is_set(int64_t a, int64_t b, unsigned otherwise)
{
	return a > 0 ? (unsigned)a : b > 0 ? (unsigned)b : otherwise;
}

static void
fill_limits(const struct entry *e, struct torrent_opts *o)
{
	const struct bt_settings *set = &e->session->settings;
	const struct torrent_wishes *own = &e->wishes;

	o->in_Bps = (uint64_t)own->download_rate;
	o->out_Bps = (uint64_t)own->upload_rate;
	o->max_uploads = first_that_is_set(own->max_uploads, set->max_uploads, 1);
	o->max_peers = first_that_is_set(own->max_connections, set->max_connections,
	    PEERS_DEFAULT);
	o->max_initiate = (unsigned)set->max_initiate;
	o->min_peers = (unsigned)set->min_peers;
	o->request_backlog = (unsigned)set->request_backlog;
	o->peer_timeout = (usec)(set->timeout * SECOND);
	o->snub_time = (usec)(set->snub_time * SECOND);
}

void
entry_set_limits(struct entry *e)
{
	struct torrent_opts limits = { 0 };

	fill_limits(e, &limits);
	torrent_set_limits(e->torrent, &limits, loop_now(e->session->loop));
}

static void
fill_opts(const struct entry *e, uint8_t peer_id[20], struct torrent_opts *o)
{
	struct bt_session *s = e->session;

	memcpy(peer_id, PEER_ID_PREFIX, 8);
	rng_bytes(&s->rng, peer_id + 8, 12);
	*o = (struct torrent_opts){
		.meta = e->meta,
		.rng = &s->rng,
		.log = &s->log,
		.blocks = &s->blocks,
		.in_rate = &s->in.tree.all,
		.out_rate = &s->out.tree.all,
		.peer_id = peer_id,
		.port = s->listen.port,
		.families = s->shown,
		.dial_families = s->way.families,
	};
	fill_limits(e, o);
}

static enum bt_code
no_memory(struct entry *e, struct bt_error *err)
{
	entry_free(e);
	return fail(err, BT_ENOMEM, "out of memory");
}

enum bt_code
entry_new(struct bt_session *s, struct bt_metainfo *meta, const char *path, struct entry **out,
    struct bt_error *err)
{
	const struct store_opts store = { meta, path };
	struct entry *e = mem_zero(sizeof(*e));
	struct torrent_opts opts;
	struct content *content;
	uint8_t peer_id[20];

	if (e == NULL) {
		bt_metainfo_free(meta);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	*e = (struct entry){ .session = s, .meta = meta, .id = s->next_id++ };
	fill_opts(e, peer_id, &opts);
	e->torrent = torrent_new(&opts, &torrent_calls, e);
	if (e->torrent == NULL || !map_set(&s->by_id, &e->id, e) ||
	    !map_set(&s->by_hash, torrent_info_hash(e->torrent), e) ||
	    !heap_add(&s->due, &e->due, NEVER))
		return no_memory(e, err);
	content = store_new(&s->disk, &store, &content_calls, e);
	if (content == NULL)
		return no_memory(e, err);
	e->change.id = e->id;
	touch(e);
	torrent_start(e->torrent, content);
	*out = e;
	return BT_OK;
}

void
entry_free(struct entry *e)
{
	struct bt_session *s = e->session;

	changes_remove(&s->changes, &e->change);
	heap_remove(&s->due, &e->due);
	if (e->torrent != NULL) {
		if (map_find(&s->by_hash, torrent_info_hash(e->torrent)) == e)
			(void)map_remove(&s->by_hash, torrent_info_hash(e->torrent));
		torrent_free(e->torrent);
	}
	if (s->announces != NULL)
		announce_cancel_all(s->announces, e);
	if (map_find(&s->by_id, &e->id) == e)
		(void)map_remove(&s->by_id, &e->id);
	bt_metainfo_free(e->meta);
	mem_free(e);
}
