/* SPDX-License-Identifier: ISC */
/* The view for scripts. Keys are added in time, never taken away or changed in meaning. */
#include <string.h>

#include "tools/json.h"
#include "tools/view.h"

static void
begin(struct bt_json *j, const char *event)
{
	json_to(j, stdout);
	bt_json_object(j, NULL);
	bt_json_string(j, "event", event);
}

static void
put_status(const char *event, const struct view_subject *s, const struct bt_torrent_status *t,
    const struct view_words *w)
{
	struct bt_json j;

	begin(&j, event);
	bt_json_slice(&j, "name", s->name);
	bt_json_string(&j, "path", s->path);
	bt_json_string(&j, "state", bt_torrent_state_name(t->state));
	bt_json_bool(&j, "complete", t->state != BT_TORRENT_CHECKING && t->done == t->size);
	bt_json_uint(&j, "size", t->size);
	bt_json_uint(&j, "done", t->done);
	bt_json_uint(&j, "pieces", t->piece_count);
	bt_json_uint(&j, "pieces_done", t->pieces_done);
	bt_json_uint(&j, "pieces_checked", t->pieces_checked);
	bt_json_uint(&j, "downloaded", t->downloaded);
	bt_json_uint(&j, "uploaded", t->uploaded);
	bt_json_uint(&j, "wasted", t->wasted);
	bt_json_uint(&j, "download_rate", t->download_rate);
	bt_json_uint(&j, "upload_rate", t->upload_rate);
	bt_json_uint(&j, "peers", t->peers);
	bt_json_uint(&j, "seeds", t->seeds);
	bt_json_uint(&j, "known_peers", t->known_peers);
	bt_json_double(&j, "distributed_copies", t->distributed_copies);
	bt_json_known(&j, "tracker_seeds", t->tracker_seeds);
	bt_json_known(&j, "tracker_leeches", t->tracker_leeches);
	bt_json_string(&j, "tracker_text", w->tracker);
	bt_json_string(&j, "error", w->error);
	bt_json_end(&j);
}

static void
json_view_status(const struct view_subject *s, const struct bt_torrent_status *t,
    const struct view_words *w)
{
	put_status("status", s, t, w);
}

static void
json_view_event(const struct view_subject *s, const struct bt_event *e)
{
	struct bt_json j;

	(void)s;
	begin(&j, bt_event_name(e->type));
	switch (e->type) {
	case BT_EVENT_STATE:
		bt_json_string(&j, "state", bt_torrent_state_name(e->as.state.to));
		bt_json_string(&j, "from", bt_torrent_state_name(e->as.state.from));
		bt_json_string(&j, "to", bt_torrent_state_name(e->as.state.to));
		break;
	case BT_EVENT_PIECE:
		bt_json_uint(&j, "index", e->as.piece.index);
		break;
	case BT_EVENT_TRACKER:
		bt_json_bool(&j, "failed", e->as.tracker.code != BT_OK);
		bt_json_string(&j, "url", e->as.tracker.url);
		break;
	case BT_EVENT_PEER_BANNED:
		bt_json_string(&j, "ip", e->as.peer.ip);
		bt_json_uint(&j, "port", e->as.peer.port);
		break;
	case BT_EVENT_LOST:
		bt_json_uint(&j, "count", e->as.lost.count);
		break;
	case BT_EVENT_COMPLETE:
	case BT_EVENT_ERROR:
		break;
	}
	bt_json_string(&j, "text", e->text);
	bt_json_end(&j);
}

static void
json_view_end(const struct view_subject *s, const struct bt_torrent_status *t,
    const struct view_words *w)
{
	put_status("end", s, t, w);
}

const struct view view_json = { json_view_status, json_view_event, json_view_end };
