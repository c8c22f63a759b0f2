/* SPDX-License-Identifier: ISC */
/* What the host asks of a running session, from any of its threads. */
#include <btcore/session.h>

#include <string.h>

#include "session/model.h"

/* -- events -- */

uint16_t
bt_session_port(const struct bt_session *s)
{
	return s->listen.port;
}

int
bt_session_fd(const struct bt_session *s)
{
	return events_fd(s->events);
}

void
bt_session_want_events(struct bt_session *s, uint64_t kinds)
{
	events_want(s->events, kinds);
}

struct bt_event *
bt_session_next_event(struct bt_session *s)
{
	return events_next(s->events);
}

/* -- calls that run on the session's thread -- */

struct api_call {
	struct bt_session *s;
	uint32_t id;
	uint32_t *ids;
	size_t room, count;
	struct bt_torrent_status *status;
	struct bt_error *err;
	bool on;
	enum bt_code code;
};

static enum bt_code
api(struct api_call *c, void (*fn)(void *))
{
	return mailbox_call(c->s->mailbox, fn, c) ? c->code : BT_ECANCEL;
}

static void
do_stop(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_stop(e->torrent, loop_now(c->s->loop));
}

enum bt_code
bt_session_stop(struct bt_session *s, uint32_t id)
{
	return api(&(struct api_call){ .s = s, .id = id }, do_stop);
}

static void
do_start(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_start(e->torrent, loop_now(c->s->loop));
}

enum bt_code
bt_session_start(struct bt_session *s, uint32_t id)
{
	return api(&(struct api_call){ .s = s, .id = id }, do_start);
}

static void
do_pause(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_hold(e->torrent, TORRENT_PAUSED, c->on, "asked to",
		    loop_now(c->s->loop));
}

enum bt_code
bt_session_pause(struct bt_session *s, uint32_t id, bool paused)
{
	return api(&(struct api_call){ .s = s, .id = id, .on = paused }, do_pause);
}

static void
do_remove(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e == NULL)
		return;
	save_forget(e);
	entry_free(e);
}

enum bt_code
bt_session_remove(struct bt_session *s, uint32_t id)
{
	return api(&(struct api_call){ .s = s, .id = id }, do_remove);
}

static void
do_remove_parts(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);
	struct content *content = e == NULL ? NULL : torrent_content(e->torrent);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (content != NULL)
		store_drop_parts(content);
}

enum bt_code
bt_session_remove_parts(struct bt_session *s, uint32_t id)
{
	return api(&(struct api_call){ .s = s, .id = id }, do_remove_parts);
}

static void
do_status(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		entry_status(e, c->status);
}

enum bt_code
bt_session_status(struct bt_session *s, uint32_t id, struct bt_torrent_status *out, size_t size)
{
	struct bt_torrent_status st;
	enum bt_code code = api(&(struct api_call){ .s = s, .id = id, .status = &st }, do_status);

	if (code != BT_OK)
		return code;
	/* A host that knows more than we do finds zeroes there. */
	memset(out, 0, size);
	memcpy(out, &st, size < sizeof(st) ? size : sizeof(st));
	return BT_OK;
}

static void
do_error(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_error(e->torrent, c->err);
}

enum bt_code
bt_session_error(struct bt_session *s, uint32_t id, struct bt_error *out)
{
	return api(&(struct api_call){ .s = s, .id = id, .err = out }, do_error);
}

static void
do_torrents(void *arg)
{
	struct api_call *c = arg;
	const struct entry *e;
	size_t pos = 0;

	while ((e = map_next(&c->s->by_id, &pos)) != NULL) {
		if (c->count < c->room)
			c->ids[c->count] = e->id;
		c->count++;
	}
}

size_t
bt_session_torrents(struct bt_session *s, uint32_t *ids, size_t room)
{
	struct api_call c = { .s = s, .ids = ids, .room = room };

	(void)api(&c, do_torrents);
	return c.count;
}
