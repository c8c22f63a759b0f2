/* SPDX-License-Identifier: ISC */
/* A torrent file from a web server, by the way of a session: a loop for as long as it takes. */
#include <btcore/session.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/fetch.h"
#include "session/settings.h"

/* As bt_metainfo_open has it. */
#define TORRENT_MAX (64u << 20)

struct fetched {
	struct loop *loop;
	struct bt_metainfo *meta;
	struct bt_error *err;
	enum bt_code code;
};

static void
on_answer(void *arg, uint64_t id, const struct fetch_reply *reply)
{
	struct fetched *f = arg;

	(void)id;
	if (reply->code != BT_OK)
		f->code = fail(f->err, reply->code, "%s", reply->text);
	else if (reply->status != 200)
		f->code = fail(f->err, BT_ENOENT, "%s", reply->text);
	else
		f->code = bt_metainfo_parse(reply->body, &f->meta, f->err);
	loop_stop(f->loop);
}

static enum bt_code
run(struct fetched *f, const char *url, const struct bt_settings *set, const struct net_way *way)
{
	const struct fetch_req req = { .url = url, .timeout = (usec)(set->http_timeout * SECOND),
		.max_bytes = TORRENT_MAX, .user_agent = "btcore/" PACKAGE_VERSION };
	struct fetch *fetch = fetch_new(f->loop, way);

	if (fetch == NULL || fetch_start(fetch, &req, on_answer, f) == 0)
		f->code = fail(f->err, BT_ENOMEM, "out of memory");
	else
		loop_run(f->loop);
	fetch_free(fetch);
	return f->code;
}

enum bt_code
bt_session_fetch(struct bt_session *s, const char *url, struct bt_metainfo **out,
    struct bt_error *err)
{
	struct bt_settings *set = bt_session_settings(s);
	struct fetched f = { .err = err };
	struct net_way way;
	enum bt_code code;

	f.loop = set == NULL ? NULL : loop_new();
	if (f.loop == NULL) {
		code = fail(err, BT_ENOMEM, "out of memory");
	} else {
		const struct way_wish wish = { .bind = set->bind, .ipv6 = set->ipv6_enabled != 0,
			.interface = set->interface };

		code = way_init(&way, &wish, err);
		if (code == BT_OK)
			code = run(&f, url, set, &way);
	}
	if (code == BT_OK)
		*out = f.meta;
	loop_free(f.loop);
	bt_settings_free(set);
	return code;
}
