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

/* What every line about a torrent has; last, so that lines begin as they always did. */
static void
end_of(struct bt_json *j, const struct item *it)
{
	bt_json_string(j, "info_hash", it->hash);
	bt_json_end(j);
}

static void
put_status(const char *event, const struct item *it, const struct bt_torrent_status *t)
{
	struct bt_json j;

	begin(&j, event);
	bt_json_slice(&j, "name", it->name);
	bt_json_string(&j, "path", it->path);
	bt_json_string(&j, "state", bt_torrent_state_name(t->state));
	bt_json_bool(&j, "complete", t->state != BT_TORRENT_CHECKING &&
	    t->wanted_done == t->wanted);
	bt_json_uint(&j, "size", t->size);
	bt_json_uint(&j, "done", t->done);
	bt_json_uint(&j, "wanted", t->wanted);
	bt_json_uint(&j, "wanted_done", t->wanted_done);
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
	bt_json_uint(&j, "all_downloaded", t->all_downloaded);
	bt_json_uint(&j, "all_uploaded", t->all_uploaded);
	bt_json_uint(&j, "active_time", t->active_time);
	bt_json_uint(&j, "seeding_time", t->seeding_time);
	bt_json_int(&j, "added_time", t->added_time);
	bt_json_int(&j, "completed_time", t->completed_time);
	bt_json_string(&j, "tracker_text", it->tracker_text != NULL ? it->tracker_text : "");
	bt_json_string(&j, "error", it->error_text != NULL ? it->error_text : "");
	end_of(&j, it);
}

static void
json_round(size_t count)
{
	(void)count;
}

static void
json_status(const struct item *it, const struct bt_torrent_status *t)
{
	put_status("status", it, t);
}

static void
json_event(const struct item *it, const struct bt_event *e)
{
	struct bt_json j;

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
	case BT_EVENT_NOTE:
		break;
	}
	bt_json_string(&j, "text", e->text);
	end_of(&j, it);
}

static void
json_added(const struct item *it)
{
	struct bt_json j;

	begin(&j, "added");
	bt_json_slice(&j, "name", it->name);
	if (it->hash_v2 != NULL)
		bt_json_string(&j, "info_hash_v2", it->hash_v2);
	bt_json_string(&j, "torrent", it->torrent);
	bt_json_string(&j, "path", it->path);
	bt_json_uint(&j, "size", it->size);
	end_of(&j, it);
}

static void
json_dropped(const struct item *it)
{
	struct bt_json j;

	begin(&j, "dropped");
	bt_json_string(&j, "torrent", it->torrent);
	end_of(&j, it);
}

static void
json_message(const char *text)
{
	struct bt_json j;

	begin(&j, "message");
	bt_json_string(&j, "text", text);
	bt_json_end(&j);
}

static void
json_end(const struct item *it, const struct bt_torrent_status *t)
{
	put_status("end", it, t);
}

const struct view view_json = { json_round, json_status, json_event, json_added, json_dropped,
	json_message, json_end };
