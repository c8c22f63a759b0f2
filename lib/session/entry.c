/* SPDX-License-Identifier: ISC */
/* A torrent in its session: what it asks of the world, and what the world answers. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
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
dial(void *arg, struct torrent *t, const struct dial_wish *wish, usec now)
{
	struct entry *e = arg;

	if (!greet_dial(&e->session->greet, e->id, wish, now))
		torrent_dial_failed(t, &wish->to, now);
}

/* Its status may be another one than before. Nobody has seen one that is being born. */
static void
touch(struct entry *e)
{
	if (e->change.id != 0)
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
	save_event(e, ev);
	if (ev->type != BT_EVENT_PIECE)
		queue_touch(&e->session->queue);
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

static bool
announce(void *arg, struct torrent *t, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct entry *e = arg;

	(void)t;
	return announce_send(e->session->announces, &e->announces, id, url, family, req);
}

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
noted(void *arg, const char *text)
{
	struct entry *e = arg;

	torrent_noted(e->torrent, text);
}

static void
files_made(void *arg, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_files_made(e->torrent, err, time_of(e));
}

static void
probed(void *arg, const struct bt_error *err)
{
	struct entry *e = arg;

	torrent_probed(e->torrent, err, time_of(e));
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
	.noted = noted,
	.probed = probed,
	.eased = eased,
};

/* -- its parts -- */

struct content *
entry_new_content(struct entry *e)
{
	struct store_opts store = { .meta = e->meta, .path = e->path };
	struct bits wanted = { 0 };
	struct content *content;

	if (entry_choice(e)->files != NULL) {
		if (!choice_wanted_files(entry_choice(e), e->meta, &wanted))
			return NULL;
		store.wanted = &wanted;
	}
	content = store_new(&e->session->disk, &store, &content_calls, e);
	bits_fini(&wanted);
	return content;
}

static bool
give_parts(struct entry *e, bool complete)
{
	struct torrent_parts parts = { .meta = e->meta, .complete = complete,
		.choice = entry_choice(e) };

	parts.content = entry_new_content(e);
	if (parts.content != NULL && torrent_attach(e->torrent, &parts, time_of(e)))
		return true;
	content_free(parts.content);
	return false;
}

void
entry_fail_for_memory(struct entry *e)
{
	struct bt_error err;

	(void)fail(&err, BT_ENOMEM, "out of memory");
	torrent_fail(e->torrent, &err, time_of(e));
}

static void
give_parts_again(struct entry *e)
{
	/* Who has come meanwhile, to be loaded for, has them as well. */
	e->waking = false;
	if (!give_parts(e, true))
		entry_fail_for_memory(e);
}

struct load {
	struct job job;
	struct bt_session *session;
	uint32_t id;		/* of the entry, which may be gone when it is done */
	char *path;
	struct bt_metainfo *meta;
	struct bt_error err;
};

static void
work_load(struct job *j)
{
	struct load *l = CONTAINER_OF(j, struct load, job);

	(void)bt_metainfo_open(l->path, &l->meta, &l->err);
}

static void
take_loaded(struct entry *e, struct load *l)
{
	struct torrent_hashes hashes;
	usec now = time_of(e);

	if (l->meta == NULL) {
		torrent_fail(e->torrent, &l->err, now);
		return;
	}
	torrent_hashes_of(l->meta, &hashes);
	if (memcmp(&hashes, torrent_hashes(e->torrent), sizeof(hashes)) != 0) {
		(void)fail(&l->err, BT_EFORMAT, "%.200s is another torrent now", l->path);
		torrent_fail(e->torrent, &l->err, now);
		return;
	}
	e->meta = bt_metainfo_share(l->meta);
	give_parts_again(e);
}

static void
load_done(struct job *j)
{
	struct load *l = CONTAINER_OF(j, struct load, job);
	struct entry *e = entry_find(l->session, l->id);

	if (e != NULL) {
		e->loading = false;
		take_loaded(e, l);
	}
	bt_metainfo_free(l->meta);
	mem_free(l->path);
	mem_free(l);
}

static void
send_load(struct entry *e)
{
	struct load *l = mem_zero(sizeof(*l));

	if (l != NULL)
		l->path = mem_strdup(e->torrent_file);
	if (l == NULL || l->path == NULL) {
		mem_free(l);
		entry_fail_for_memory(e);
		return;
	}
	l->job = (struct job){ .work = work_load, .done = load_done };
	l->session = e->session;
	l->id = e->id;
	e->loading = true;
	pool_send(e->session->pool, &l->job);
}

/* An answer may not come from inside this call. */
static void
wake(void *arg, struct torrent *t)
{
	struct entry *e = arg;

	e->waking = true;
	due(e, t, loop_now(e->session->loop));
}

static void
slept(void *arg, struct torrent *t)
{
	struct entry *e = arg;

	(void)t;
	save_content_gone(e);
	if (e->torrent_file == NULL)
		return;
	bt_metainfo_free(e->meta);
	e->meta = NULL;
}

static void
entry_tick(struct entry *e, usec now)
{
	touch(e);
	if (e->waking && e->meta != NULL)
		give_parts_again(e);
	else if (e->waking && !e->loading)
		send_load(e);
	e->waking = false;
	torrent_tick(e->torrent, now);
	if (torrent_has_peers(e->torrent))
		save_traffic(e);
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
	announce_cancel(&e->announces, id);
}

static const struct torrent_ops torrent_calls = {
	.dial = dial,
	.event = event,
	.announce = announce,
	.announce_cancel = announce_drop,
	.due = due,
	.wake = wake,
	.slept = slept,
};

/* -- life -- */

void
entry_status(const struct entry *e, struct bt_torrent_status *out)
{
	struct resume_totals all;

	torrent_status(e->torrent, out);
	out->torrent = e->id;
	save_totals(e, &all);
	out->all_downloaded = all.downloaded;
	out->all_uploaded = all.uploaded;
	out->active_time = all.active;
	out->seeding_time = all.seeding;
	out->added_time = all.added;
	out->completed_time = all.completed;
}

/* -- what it is told to obey -- */

static unsigned
either(int64_t own, unsigned shared)
{
	return own > 0 ? (unsigned)own : shared;
}

/* Those of all torrents. */
void
entries_fill_opts(struct bt_session *s)
{
	const struct bt_settings *set = &s->settings;

	s->opts = (struct torrent_opts){
		.rng = &s->rng,
		.urls = &s->urls,
		.log = &s->log,
		.blocks = &s->blocks,
		.connections = &s->greet.connections,
		.in_rate = &s->in.tree.all,
		.out_rate = &s->out.tree.all,
		.ip = s->ip.family == ADDR_NONE ? NULL : &s->ip,
		.port = s->listen.port,
		.families = s->shown,
		.dial_families = s->way.families,
		.super_seeder = set->super_seeder != 0,
		.max_uploads = (unsigned)set->max_uploads,
		.max_peers = either(set->max_connections, PEERS_DEFAULT),
		.max_initiate = (unsigned)set->max_initiate,
		.min_peers = (unsigned)set->min_peers,
		.request_backlog = (unsigned)set->request_backlog,
		.peer_timeout = (usec)(set->timeout * SECOND),
		.snub_time = (usec)(set->snub_time * SECOND),
	};
}

static const struct torrent_opts *
opts_of(struct entry *e)
{
	const struct torrent_wishes *w;
	struct torrent_opts *o;

	if (e->own == NULL)
		return &e->session->opts;
	w = &e->own->wishes;
	o = &e->own->opts;
	*o = e->session->opts;
	o->in_Bps = (uint64_t)w->download_rate;
	o->out_Bps = (uint64_t)w->upload_rate;
	o->super_seeder = o->super_seeder || w->super_seeder != 0;
	o->max_uploads = either(w->max_uploads, o->max_uploads);
	o->max_peers = either(w->max_connections, o->max_peers);
	return o;
}

void
entry_set_limits(struct entry *e)
{
	torrent_obey(e->torrent, opts_of(e), loop_now(e->session->loop));
}

const struct torrent_wishes *
entry_wishes(const struct entry *e)
{
	static const struct torrent_wishes none;

	return e->own == NULL ? &none : &e->own->wishes;
}

const struct choice *
entry_choice(const struct entry *e)
{
	static const struct choice all;

	return e->own == NULL ? &all : &e->own->choice;
}

bool
entry_has_own(struct entry *e)
{
	if (e->own == NULL)
		e->own = mem_zero(sizeof(*e->own));
	return e->own != NULL;
}

bool
entry_choose(struct entry *e, const struct choice *choice)
{
	struct choice copy, old;

	if (!entry_has_own(e) || !choice_copy(&copy, choice))
		return false;
	old = e->own->choice;
	e->own->choice = copy;
	if (torrent_choose(e->torrent, &copy, loop_now(e->session->loop))) {
		choice_fini(&old);
		return true;
	}
	choice_fini(&e->own->choice);
	e->own->choice = old;
	return false;
}

static bool
add_trackers(struct torrent *t, const struct bt_metainfo *m)
{
	for (size_t tier = 0; tier < bt_metainfo_tier_count(m); tier++) {
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, tier); i++) {
			if (torrent_add_tracker(t, tier, bt_metainfo_tracker(m, tier, i)) ==
			    BT_ENOMEM)
				return false;
		}
	}
	return true;
}

static bool
add_hashes(struct entry *e)
{
	const struct torrent_hashes *h = torrent_hashes(e->torrent);

	for (unsigned i = 0; i < h->count; i++) {
		if (!map_set(&e->session->by_hash, h->v[i], e))
			return false;
	}
	return true;
}

static void
remove_hashes(struct entry *e)
{
	const struct torrent_hashes *h = torrent_hashes(e->torrent);

	for (unsigned i = 0; i < h->count; i++) {
		if (map_find(&e->session->by_hash, h->v[i]) == e)
			(void)map_remove(&e->session->by_hash, h->v[i]);
	}
}

static bool
make_torrent(struct entry *e)
{
	struct torrent_hashes hashes;
	uint8_t peer_id[20];

	torrent_hashes_of(e->meta, &hashes);
	memcpy(peer_id, PEER_ID_PREFIX, 8);
	rng_bytes(&e->session->rng, peer_id + 8, 12);
	e->torrent = torrent_new(opts_of(e), &hashes, peer_id, &torrent_calls, e);
	return e->torrent != NULL && add_trackers(e->torrent, e->meta);
}

/* Most torrents have no wishes of their own. */
static bool
take_wishes(struct entry *e, const struct torrent_wishes *wishes, const struct choice *choice)
{
	static const struct torrent_wishes none;

	if (memcmp(wishes, &none, sizeof(none)) == 0 && choice->files == NULL)
		return true;
	if (!entry_has_own(e))
		return false;
	e->own->wishes = *wishes;
	return choice_copy(&e->own->choice, choice);
}

static bool
copy_texts(struct entry *e, const struct entry_opts *o)
{
	e->path = mem_strdup(o->path);
	if (o->torrent_file != NULL)
		e->torrent_file = mem_strdup(o->torrent_file);
	return e->path != NULL && (o->torrent_file == NULL || e->torrent_file != NULL);
}

static bool
give_first_parts(struct entry *e, const struct entry_opts *o)
{
	struct resume known;
	bool recalled = e->recalled != NULL &&
	    resume_parse(buf_slice(e->recalled), &known, NULL) == BT_OK;

	save_begin(e, recalled ? &known : NULL);
	if (o->complete) {
		torrent_rest(e->torrent, e->meta, time_of(e));
		return true;
	}
	if (!o->trust || !recalled)
		recall_end(e);
	return e->session->saver.journal != NULL ? recall_begin(e) : give_parts(e, false);
}

enum bt_code
entry_new(struct bt_session *s, const struct entry_opts *o, struct entry **out,
    struct bt_error *err)
{
	struct entry *e = mem_zero(sizeof(*e));

	if (e == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	*e = (struct entry){ .session = s, .meta = bt_metainfo_share(o->meta),
		.files = bt_metainfo_file_count(o->meta),
		.id = s->next_id++ };
	e->change.id = e->id;
	e->recalled = o->recalled;
	announce_owner_init(&e->announces, answered, e);
	if (!take_wishes(e, &o->wishes, o->choice) ||
	    !copy_texts(e, o) || !make_torrent(e) ||
	    !map_set(&s->by_id, &e->id, e) ||
	    !add_hashes(e) || !heap_add(&s->due, &e->due, NEVER) ||
	    !give_first_parts(e, o)) {
		entry_free(e);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	touch(e);
	s->stats.added++;
	if (o->paused)
		torrent_hold(e->torrent, TORRENT_PAUSED, true, "added so", time_of(e));
	if (queue_is_needed(&s->queue))
		torrent_hold(e->torrent, TORRENT_QUEUED, true, "waits for its turn", time_of(e));
	torrent_start(e->torrent, time_of(e));
	queue_touch(&s->queue);
	if (e->found == NULL)
		recall_end(e);
	*out = e;
	return BT_OK;
}

static void
count_gone(struct entry *e)
{
	struct session_stats *stats = &e->session->stats;

	if (e->change.at == 0)
		return;
	stats->removed++;
	torrent_add_stats(e->torrent, &stats->gone);
	changes_remove(&e->session->changes, &e->change);
}

void
entry_free(struct entry *e)
{
	struct bt_session *s = e->session;

	count_gone(e);
	save_end(e);
	recall_end(e);
	heap_remove(&s->due, &e->due);
	if (e->torrent != NULL)
		remove_hashes(e);
	torrent_free(e->torrent);
	greet_forget(&s->greet, e->id);
	announce_cancel_all(&e->announces);
	queue_touch(&s->queue);
	if (map_find(&s->by_id, &e->id) == e)
		(void)map_remove(&s->by_id, &e->id);
	bt_metainfo_free(e->meta);
	mem_free(e->path);
	mem_free(e->torrent_file);
	if (e->own != NULL)
		choice_fini(&e->own->choice);
	mem_free(e->own);
	mem_free(e);
}
