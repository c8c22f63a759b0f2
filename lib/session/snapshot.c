/* SPDX-License-Identifier: ISC */
#include <btcore/snapshot.h>

#include "base/mem.h"
#include "session/model.h"

struct bt_snapshot {
	uint64_t generation;
	bool whole;
	struct vec statuses;	/* struct bt_torrent_status */
	struct vec removed;	/* uint32_t */
};

void
bt_snapshot_free(struct bt_snapshot *snap)
{
	if (snap == NULL)
		return;
	vec_fini(&snap->statuses);
	vec_fini(&snap->removed);
	mem_free(snap);
}

uint64_t
bt_snapshot_generation(const struct bt_snapshot *snap)
{
	return snap->generation;
}

bool
bt_snapshot_is_whole(const struct bt_snapshot *snap)
{
	return snap->whole;
}

size_t
bt_snapshot_count(const struct bt_snapshot *snap)
{
	return snap->statuses.len;
}

const struct bt_torrent_status *
bt_snapshot_at(const struct bt_snapshot *snap, size_t i)
{
	return i < snap->statuses.len ? vec_at(&snap->statuses, i) : NULL;
}

size_t
bt_snapshot_removed_count(const struct bt_snapshot *snap)
{
	return snap->removed.len;
}

uint32_t
bt_snapshot_removed(const struct bt_snapshot *snap, size_t i)
{
	return i < snap->removed.len ? *(uint32_t *)vec_at(&snap->removed, i) : 0;
}

/* -- on the session's thread -- */

struct view {
	struct bt_session *session;
	uint64_t since;
	struct bt_snapshot *snap;
	bool failed;		/* no memory */
};

static bool
add_changed(struct bt_snapshot *snap, struct changes *c, uint64_t since)
{
	struct change *x;

	TAILQ_FOREACH_REVERSE(x, &c->list, change_list, link) {
		struct bt_torrent_status *st;

		if (x->at <= since)
			break;
		st = vec_add(&snap->statuses, NULL);
		if (st == NULL)
			return false;
		entry_status(CONTAINER_OF(x, struct entry, change), st);
	}
	return true;
}

static bool
add_removed(struct bt_snapshot *snap, const struct changes *c, uint64_t since)
{
	for (size_t i = c->removed.len; i-- > 0;) {
		const struct removal *r = vec_at(&c->removed, i);

		if (r->at <= since)
			break;
		if (vec_add(&snap->removed, &r->id) == NULL)
			return false;
	}
	return true;
}

static void
take(void *arg)
{
	struct view *v = arg;
	struct bt_session *s = v->session;
	struct changes *c = &s->changes;

	v->snap->whole = !changes_know_since(c, v->since);
	v->failed = v->snap->whole ?
	    !vec_reserve(&v->snap->statuses, s->by_id.count) || !add_changed(v->snap, c, 0) :
	    !add_changed(v->snap, c, v->since) || !add_removed(v->snap, c, v->since);
	v->snap->generation = changes_next(c);
}

enum bt_code
bt_session_snapshot(struct bt_session *s, uint64_t since, struct bt_snapshot **out,
    struct bt_error *err)
{
	struct view v = { .session = s, .since = since };
	enum bt_code code = BT_OK;

	v.snap = mem_zero(sizeof(*v.snap));
	if (v.snap == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	vec_init(&v.snap->statuses, sizeof(struct bt_torrent_status));
	vec_init(&v.snap->removed, sizeof(uint32_t));
	if (!mailbox_call(s->mailbox, take, &v))
		code = fail(err, BT_ECANCEL, "the session ends");
	else if (v.failed)
		code = fail(err, BT_ENOMEM, "out of memory");
	if (code == BT_OK)
		*out = v.snap;
	else
		bt_snapshot_free(v.snap);
	return code;
}
