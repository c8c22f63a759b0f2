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
	struct bt_metainfo *meta;
	const char *path;
	const struct addr *addr;
	struct bt_torrent_status *status;
	struct bt_error *err;
	enum bt_code code;
};

static enum bt_code
api(struct api_call *c, void (*fn)(void *))
{
	return mailbox_call(c->s->mailbox, fn, c) ? c->code : BT_ECANCEL;
}

static bool
is_known(const struct bt_session *s, const struct bt_metainfo *m)
{
	const uint8_t *v1 = bt_metainfo_info_hash(m);

	return map_find(&s->by_hash, v1 != NULL ? v1 : bt_metainfo_info_hash_v2(m)) != NULL;
}

static void
do_add(void *arg)
{
	struct api_call *c = arg;
	struct entry *e;

	if (is_known(c->s, c->meta)) {
		bt_metainfo_free(c->meta);
		c->code = fail(c->err, BT_EEXIST, "this torrent is here already");
		return;
	}
	c->code = entry_new(c->s, c->meta, c->path, &e, c->err);
	if (c->code == BT_OK)
		c->id = e->id;
}

enum bt_code
bt_session_add(struct bt_session *s, struct bt_metainfo *meta, const char *path, uint32_t *id,
    struct bt_error *err)
{
	struct api_call c = { .s = s, .meta = meta, .path = path, .err = err };

	if (bt_metainfo_info_hash(meta) == NULL) {
		bt_metainfo_free(meta);
		return fail(err, BT_EUNSUP, "torrents of version 2 alone are not supported yet");
	}
	if (api(&c, do_add) == BT_OK)
		*id = c.id;
	return c.code;
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
do_remove(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		entry_free(e);
}

enum bt_code
bt_session_remove(struct bt_session *s, uint32_t id)
{
	return api(&(struct api_call){ .s = s, .id = id }, do_remove);
}

static void
do_add_peer(void *arg)
{
	struct api_call *c = arg;
	struct entry *e = entry_find(c->s, c->id);

	c->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_add_address(e->torrent, c->addr, KNOWN_USER, loop_now(c->s->loop));
}

enum bt_code
bt_session_add_peer(struct bt_session *s, uint32_t id, const char *ip, uint16_t port,
    struct bt_error *err)
{
	struct addr a;

	if (!addr_parse(ip, port, &a) || !addr_usable(&a))
		return fail(err, BT_EARG, "'%.60s' port %u is not a peer's address", ip, port);
	return api(&(struct api_call){ .s = s, .id = id, .addr = &a }, do_add_peer);
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
