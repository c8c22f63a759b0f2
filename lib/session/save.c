/* SPDX-License-Identifier: ISC */
#include "session/save.h"

#include <poll.h>
#include <string.h>

#include "base/mem.h"
#include "disk/stamp.h"
#include "session/model.h"

/* How soon what changed is saved. */
#define SOON (5 * SECOND)
#define AT_ONCE SECOND
#define TRAFFIC_AFTER (60 * SECOND)	/* bytes sent and received */
#define SYNC_EVERY (60 * SECOND)
#define RETRY_AFTER (60 * SECOND)

/* How long the end of a session waits for disks. */
#define FINISH_WAIT (2 * SECOND)

struct save_record {
	uint8_t key[JOURNAL_KEY];
	uint32_t id;			/* of the entry, which may be gone */
	struct bt_metainfo *meta;	/* owned; NULL: only totals are new */
	bool forget;			/* nothing is to be known of it */
	bool looked;			/* all of it was looked at since the last record */
	struct resume_totals totals;
	struct buf body;		/* of a record, if there is meta */
};

/* What one job writes. */
struct save_batch {
	struct job job;
	struct saver *saver;
	struct vec records;
	struct bt_error err;
};

static usec
now_of(const struct entry *e)
{
	return loop_now(e->session->loop);
}

/* -- when -- */

static void
set_timer(struct saver *v, usec now)
{
	const struct entry *e;
	usec at = v->gone.len > 0 ? v->gone_at : NEVER;

	TAILQ_FOREACH(e, &v->dirty, save.link)
		at = e->save.at < at ? e->save.at : at;
	v->timer_set = at != NEVER;
	if (v->timer_set)
		loop_timer_set(&v->timer, at > now ? at - now : 0);
}

static void
touch(struct entry *e, usec after)
{
	struct saver *v = &e->session->saver;
	usec now, at;

	if (v->journal == NULL)
		return;
	now = now_of(e);
	at = now + after;
	if (e->save.at != 0 && e->save.at <= at)
		return;
	if (e->save.at == 0)
		TAILQ_INSERT_TAIL(&v->dirty, e, save.link);
	e->save.at = at;
	/* Looking at all of the list each time would be dear; a little late is fine. */
	if (!v->timer_set || after == AT_ONCE)
		loop_timer_set(&v->timer, after < SOON ? after : SOON);
	v->timer_set = true;
}

static void
clean(struct entry *e)
{
	if (e->save.at != 0)
		TAILQ_REMOVE(&e->session->saver.dirty, e, save.link);
	e->save.at = 0;
}

/* -- writing -- */

static void
drop_records(struct vec *records)
{
	for (size_t i = 0; i < records->len; i++) {
		struct save_record *r = vec_at(records, i);

		buf_fini(&r->body);
		bt_metainfo_free(r->meta);
	}
	vec_fini(records);
	vec_init(records, sizeof(struct save_record));
}

/* Whether all of the file was there. */
static bool
was_whole(const struct bt_metainfo *m, const struct resume *was, const struct bits *have,
    uint32_t file)
{
	const struct bt_file f = bt_metainfo_file(m, file);
	uint32_t length = bt_metainfo_piece_length(m);

	if (was->complete || f.size == 0)
		return true;
	for (uint32_t i = (uint32_t)(f.offset / length);
	    i <= (uint32_t)((f.offset + f.size - 1) / length); i++) {
		if (!bits_has(have, i))
			return false;
	}
	return true;
}

/* A file that was whole is written no more, so that another stamp is somebody else's doing: the old
 * one stays, by which that will be seen. */
static void
keep_stamps(const struct bt_metainfo *m, const struct resume *was, struct resume *is,
    struct buf *stamps)
{
	struct bits have;

	if (was->pieces != is->pieces || resume_stamp_count(was) != resume_stamp_count(is) ||
	    !bits_init(&have, was->pieces))
		return;
	if (!was->complete)
		(void)bits_load(&have, was->have);
	for (uint32_t i = 0; i < resume_stamp_count(is); i++) {
		const struct resume_stamp stamp = resume_stamp_at(
		    was_whole(m, was, &have, i) ? was : is, i);

		resume_add_stamp(stamps, &stamp);
	}
	if (!buf_failed(stamps))
		is->stamps = buf_slice(stamps);
	bits_fini(&have);
}

/* Makes r's body what is to be written, with what the journal has already. */
static enum bt_code
merge(struct journal *j, struct save_record *r)
{
	struct resume was, is;
	struct buf old, stamps, body;
	enum bt_code code;

	buf_init(&old, JOURNAL_BODY_MAX);
	buf_init(&stamps, JOURNAL_BODY_MAX);
	buf_init(&body, JOURNAL_BODY_MAX);
	code = journal_get(j, r->key, &old, NULL);
	if (code == BT_OK)
		code = resume_parse(buf_slice(&old), &was, NULL);
	if (code == BT_OK && r->meta == NULL) {
		was.totals = r->totals;
		resume_write(&was, &body);
	} else if (code == BT_OK && resume_parse(buf_slice(&r->body), &is, NULL) == BT_OK) {
		if (!r->looked)
			keep_stamps(r->meta, &was, &is, &stamps);
		resume_write(&is, &body);
	}
	if (code == BT_OK) {
		buf_fini(&r->body);
		r->body = body;
	} else {
		buf_fini(&body);
	}
	buf_fini(&old);
	buf_fini(&stamps);
	return code;
}

static void
work_write(struct job *job)
{
	struct save_batch *b = CONTAINER_OF(job, struct save_batch, job);
	struct vec records;
	enum bt_code code = BT_OK;

	vec_init(&records, sizeof(struct journal_record));
	for (size_t i = 0; i < b->records.len && code == BT_OK; i++) {
		struct save_record *r = vec_at(&b->records, i);
		struct journal_record *j;

		/* What is not there any more, or was damaged, needs no new totals. */
		if (!r->forget && merge(b->saver->journal, r) != BT_OK && r->meta == NULL)
			continue;
		if (buf_failed(&r->body) || (j = vec_add(&records, NULL)) == NULL) {
			code = fail(&b->err, BT_ENOMEM, "out of memory");
			break;
		}
		memcpy(j->key, r->key, sizeof(j->key));
		j->body = buf_slice(&r->body);
	}
	if (code == BT_OK && records.len > 0)
		(void)journal_put(b->saver->journal, records.items, records.len, &b->err);
	vec_fini(&records);
}

static void send_batch(struct saver *v);

static void
written(struct job *job)
{
	struct save_batch *b = CONTAINER_OF(job, struct save_batch, job);
	struct saver *v = b->saver;
	struct bt_session *s = v->session;

	v->writing = NULL;
	if (b->err.code != BT_OK && !v->complained)
		log_write(&s->log, BT_LOG_WARN, "state", "cannot be saved: %s", b->err.text);
	v->complained = b->err.code != BT_OK;
	for (size_t i = 0; i < b->records.len; i++) {
		const struct save_record *r = vec_at(&b->records, i);
		struct entry *e = entry_find(s, r->id);

		if (e == NULL)
			continue;
		if (b->err.code != BT_OK)
			touch(e, RETRY_AFTER);
		else if (r->meta != NULL)
			e->save.known = true;
	}
	drop_records(&b->records);
	mem_free(b);
	send_batch(v);
}

static void
send_batch(struct saver *v)
{
	struct save_batch *b;

	if (v->writing != NULL || v->batch.len == 0)
		return;
	b = mem_zero(sizeof(*b));
	if (b == NULL)
		return;
	b->job = (struct job){ .work = work_write, .done = written };
	b->saver = v;
	b->records = v->batch;
	vec_init(&v->batch, sizeof(struct save_record));
	v->writing = b;
	pool_send(v->session->pool, &b->job);
}

/* -- what is written -- */

void
save_totals(const struct entry *e, struct resume_totals *out)
{
	struct bt_torrent_status st;
	usec now = now_of(e);

	torrent_status(e->torrent, &st);
	*out = e->save.before;
	out->uploaded += st.uploaded;
	out->downloaded += st.downloaded;
	if (e->save.active_since != 0)
		out->active += (uint64_t)((now - e->save.active_since) / SECOND);
	if (e->save.seeding_since != 0)
		out->seeding += (uint64_t)((now - e->save.seeding_since) / SECOND);
}

static struct save_record *
add_record(struct entry *e)
{
	struct save_record *r = vec_add(&e->session->saver.batch, NULL);

	if (r == NULL)
		return NULL;
	memcpy(r->key, torrent_hashes(e->torrent)->v[0], sizeof(r->key));
	r->id = e->id;
	buf_init(&r->body, JOURNAL_BODY_MAX);
	save_totals(e, &r->totals);
	return r;
}

static void
drop_have(struct entry *e)
{
	if (e->save.have != NULL)
		buf_fini(e->save.have);
	mem_free(e->save.have);
	e->save.have = NULL;
}

static void
drop_looked(struct entry *e)
{
	if (e->save.looked != NULL)
		buf_fini(e->save.looked);
	mem_free(e->save.looked);
	e->save.looked = NULL;
}

static bool
is_all(const struct buf *have, uint32_t pieces)
{
	struct bits b;
	bool all;

	if (!bits_init(&b, pieces))
		return false;
	all = bits_load(&b, buf_slice(have)) && bits_full(&b);
	bits_fini(&b);
	return all;
}

static void
record(struct entry *e, struct bt_slice stamps, bool synced)
{
	struct save_record *r = add_record(e);
	struct resume resume = { .path = slice_of(e->path, strlen(e->path)),
		.pieces = bt_metainfo_piece_count(e->meta), .stamps = stamps, .synced = synced,
		.have = buf_slice(e->save.have) };

	if (r == NULL)
		return;
	resume.totals = r->totals;
	resume.complete = is_all(e->save.have, resume.pieces);
	memcpy(resume.boot, e->session->saver.boot, sizeof(resume.boot));
	r->meta = bt_metainfo_share(e->meta);
	r->looked = !e->save.known;
	resume_write(&resume, &r->body);
}

static void
stamped(void *arg, struct bt_slice stamps, bool synced)
{
	struct entry *e = arg;

	if (stamps.len > 0)
		record(e, stamps, synced);
	if (synced)
		e->save.sync = false;
	else if (e->save.sync)
		touch(e, SYNC_EVERY);
	drop_have(e);
	send_batch(&e->session->saver);
}

static bool
take_have(struct entry *e)
{
	e->save.have = mem_zero(sizeof(*e->save.have));
	if (e->save.have == NULL)
		return false;
	buf_init(e->save.have, SIZE_MAX);
	buf_add_slice(e->save.have, bits_slice(torrent_have(e->torrent)));
	if (!buf_failed(e->save.have))
		return true;
	drop_have(e);
	return false;
}

/* What is claimed was seen before the stamps were taken, or is seen by stamps from before it was
 * checked: whoever changes a file later leaves another stamp. */
static void
save(struct entry *e, bool may_sync)
{
	struct content *content = torrent_content(e->torrent);

	clean(e);
	if (e->save.have != NULL) {
		touch(e, SOON);
	} else if (content == NULL || !torrent_is_checked(e->torrent)) {
		(void)add_record(e);
	} else if (take_have(e) && e->save.looked != NULL) {
		record(e, buf_slice(e->save.looked), false);
		drop_have(e);
		drop_looked(e);
	} else if (e->save.have != NULL) {
		store_stamp(content, e->save.sync && may_sync, stamped, e);
	}
}

static void
forget_gone(struct saver *v)
{
	for (size_t i = 0; i < v->gone.len; i++) {
		struct save_record *r = vec_add(&v->batch, NULL);

		if (r == NULL)
			break;
		memcpy(r->key, vec_at(&v->gone, i), sizeof(r->key));
		r->forget = true;
		buf_init(&r->body, 0);
	}
	vec_fini(&v->gone);
	vec_init(&v->gone, JOURNAL_KEY);
}

static void
tick(void *arg, usec now)
{
	struct saver *v = arg;
	struct entry *e, *next;

	TAILQ_FOREACH_SAFE(e, &v->dirty, save.link, next) {
		if (e->save.at <= now)
			save(e, true);
	}
	if (v->gone.len > 0 && v->gone_at <= now)
		forget_gone(v);
	send_batch(v);
	set_timer(v, now);
}

/* -- what happens to an entry -- */

/* It may be a file of another name, or one that was changed: then what is known is still true. */
static void
want_again(struct saver *v, const uint8_t *key)
{
	for (size_t i = v->gone.len; i > 0; i--) {
		if (memcmp(vec_at(&v->gone, i - 1), key, JOURNAL_KEY) == 0)
			vec_remove_swap(&v->gone, i - 1);
	}
}

void
save_begin(struct entry *e, const struct resume *known)
{
	want_again(&e->session->saver, torrent_hashes(e->torrent)->v[0]);
	if (known != NULL)
		e->save.before = known->totals;
	if (e->save.before.added == 0)
		e->save.before.added = loop_wall_time();
}

static bool
is_active(enum bt_torrent_state state)
{
	return state == BT_TORRENT_METADATA || state == BT_TORRENT_DOWNLOADING ||
	    state == BT_TORRENT_SEEDING;
}

static void
clock_in(usec *since, uint64_t *sum, bool on, usec now)
{
	if (!on && *since != 0)
		*sum += (uint64_t)((now - *since) / SECOND);
	if (!on)
		*since = 0;
	else if (*since == 0)
		*since = now;
}

static void
take_state(struct entry *e, enum bt_torrent_state from, enum bt_torrent_state to)
{
	usec now = now_of(e);

	clock_in(&e->save.active_since, &e->save.before.active, is_active(to), now);
	clock_in(&e->save.seeding_since, &e->save.before.seeding, to == BT_TORRENT_SEEDING, now);
	if (from != BT_TORRENT_CHECKING || e->save.known)
		return;
	/* What was found out is kept before anything comes that its stamps do not show. */
	if (e->save.looked != NULL && e->session->saver.journal != NULL) {
		save(e, true);
		send_batch(&e->session->saver);
	} else {
		touch(e, AT_ONCE);
	}
}

void
save_event(struct entry *e, const struct bt_event *ev)
{
	switch (ev->type) {
	case BT_EVENT_STATE:
		take_state(e, ev->as.state.from, ev->as.state.to);
		break;
	case BT_EVENT_PIECE:
		e->save.sync = true;
		touch(e, SOON);
		break;
	case BT_EVENT_COMPLETE:
		if (e->save.before.completed != 0)
			break;
		e->save.before.completed = loop_wall_time();
		touch(e, AT_ONCE);
		break;
	default:
		break;
	}
}

void
save_traffic(struct entry *e)
{
	touch(e, TRAFFIC_AFTER);
}

void
save_content_gone(struct entry *e)
{
	if (e->save.have == NULL)
		return;
	drop_have(e);
	touch(e, SOON);
}

void
save_end(struct entry *e)
{
	clean(e);
	drop_have(e);
	drop_looked(e);
}

void
save_forget(struct entry *e)
{
	struct saver *v = &e->session->saver;

	if (v->journal == NULL || vec_add(&v->gone, torrent_hashes(e->torrent)->v[0]) == NULL)
		return;
	v->gone_at = now_of(e) + SOON;
	/* What is due earlier keeps the timer. */
	if (!v->timer_set)
		loop_timer_set(&v->timer, SOON);
	v->timer_set = true;
}

void
save_looked(struct entry *e, struct bt_slice stamps)
{
	e->save.looked = mem_zero(sizeof(*e->save.looked));
	if (e->save.looked == NULL)
		return;
	buf_init(e->save.looked, SIZE_MAX);
	buf_add_slice(e->save.looked, stamps);
	if (buf_failed(e->save.looked))
		drop_looked(e);
}

/* -- life -- */

bool
save_recall(struct saver *v, const uint8_t hash[20], struct buf *out)
{
	buf_init(out, JOURNAL_BODY_MAX);
	return v->journal != NULL && journal_get(v->journal, hash, out, NULL) == BT_OK;
}

enum bt_code
save_init(struct saver *v, struct bt_session *s, const char *folder, struct bt_error *err)
{
	v->session = s;
	TAILQ_INIT(&v->dirty);
	vec_init(&v->batch, sizeof(struct save_record));
	vec_init(&v->gone, JOURNAL_KEY);
	resume_this_boot(v->boot);
	if (!loop_timer_init(&v->timer, s->loop, tick, v))
		return fail(err, BT_ENOMEM, "out of memory");
	return folder[0] == '\0' ? BT_OK : journal_open(folder, &s->log, &v->journal, err);
}

static bool
is_at_work(const struct saver *v)
{
	const struct entry *e;
	size_t pos = 0;

	if (v->writing != NULL)
		return true;
	while ((e = map_next(&v->session->by_id, &pos)) != NULL) {
		if (e->save.have != NULL)
			return true;
	}
	return false;
}

void
save_finish(struct saver *v)
{
	struct pollfd pfd = { .fd = pool_fd(v->session->pool), .events = POLLIN };
	usec until = loop_clock() + FINISH_WAIT;
	struct entry *e;
	size_t pos = 0;

	if (v->journal == NULL)
		return;
	forget_gone(v);
	/* The time that it was there counts, too. */
	while ((e = map_next(&v->session->by_id, &pos)) != NULL) {
		if (e->save.at != 0 || e->save.known)
			save(e, false);
	}
	send_batch(v);
	while (is_at_work(v) && loop_clock() < until) {
		(void)poll(&pfd, 1, 50);
		pool_deliver(v->session->pool);
	}
}

void
save_fini(struct saver *v)
{
	if (v->session == NULL)
		return;
	loop_timer_fini(&v->timer);
	drop_records(&v->batch);
	vec_fini(&v->gone);
	journal_close(v->journal);
	/* The host may still call from its log. */
	v->journal = NULL;
}
