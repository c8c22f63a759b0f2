/* SPDX-License-Identifier: ISC */
/* <btcore/scrape.h>: a loop for as long as the trackers of one torrent are asked. */
#include <btcore/scrape.h>

#include <stdio.h>

#include "announce/announce_net.h"
#include "base/mem.h"
#include "base/vec.h"

#define TIMEOUT_DEFAULT (15 * SECOND)

struct asked {
	struct bt_slice url;
	size_t tier;
	enum bt_code code;
	char text[200];
	int64_t complete, incomplete, downloaded;
};

struct scrapes {
	struct loop *loop;
	struct fetch *fetch;
	struct resolve *resolve;
	struct announce_net *net;
	struct announce_owner owner;
	struct vec asked;	/* struct asked; its index is the id of the request */
	size_t waiting;
};

static void
on_numbers(void *arg, uint64_t id, const struct scrape_entry *e, size_t count, enum bt_code code,
    const char *text)
{
	struct scrapes *s = arg;
	struct asked *a = vec_at(&s->asked, (size_t)id);

	(void)count;
	a->code = code;
	(void)snprintf(a->text, sizeof(a->text), "%s", text);
	a->complete = e->complete;
	a->incomplete = e->incomplete;
	a->downloaded = e->downloaded;
	if (--s->waiting == 0)
		loop_stop(s->loop);
}

static bool
begin(struct scrapes *s, usec timeout)
{
	struct announce_net_opts opts = { .timeout = timeout, .way = &way_anywhere };

	vec_init(&s->asked, sizeof(struct asked));
	announce_owner_init(&s->owner, NULL, s);
	opts.loop = s->loop = loop_new();
	opts.fetch = s->fetch = s->loop == NULL ? NULL : fetch_new(s->loop, opts.way);
	opts.resolve = s->resolve = s->fetch == NULL ? NULL : resolve_new(s->loop, opts.way);
	s->net = s->resolve == NULL ? NULL : announce_net_new(&opts);
	return s->net != NULL;
}

static void
end(struct scrapes *s)
{
	announce_net_free(s->net);
	resolve_free(s->resolve);
	fetch_free(s->fetch);
	loop_free(s->loop);
	vec_fini(&s->asked);
}

static bool
list_trackers(struct scrapes *s, const struct bt_metainfo *m)
{
	for (size_t t = 0; t < bt_metainfo_tier_count(m); t++) {
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++) {
			struct asked a = { bt_metainfo_tracker(m, t, i), t, BT_OK, "", -1, -1, -1 };

			if (vec_add(&s->asked, &a) == NULL)
				return false;
		}
	}
	return true;
}

static bool
ask(struct scrapes *s, const uint8_t (*hash)[20])
{
	for (size_t i = 0; i < s->asked.len; i++) {
		const struct asked *a = vec_at(&s->asked, i);
		char *url = slice_dup(a->url);
		bool sent = url != NULL &&
		    announce_scrape(s->net, &s->owner, i, url, hash, 1, on_numbers);

		mem_free(url);
		if (!sent)
			return false;
		s->waiting++;
	}
	return true;
}

static size_t
tell(const struct scrapes *s, bt_scrape_fn fn, void *arg)
{
	size_t answered = 0;

	for (size_t i = 0; i < s->asked.len; i++) {
		const struct asked *a = vec_at(&s->asked, i);
		struct bt_scrape_reply r = { a->url, a->tier, a->code, a->text, a->complete,
			a->incomplete, a->downloaded };

		answered += a->code == BT_OK;
		fn(arg, &r);
	}
	return answered;
}

enum bt_code
bt_scrape(const struct bt_metainfo *m, unsigned timeout, bt_scrape_fn fn, void *arg,
    size_t *answered, struct bt_error *err)
{
	const uint8_t *v1 = bt_metainfo_info_hash(m);
	uint8_t hash[20];
	struct scrapes s = { .waiting = 0 };
	bool ok = begin(&s, timeout == 0 ? TIMEOUT_DEFAULT : timeout * (SECOND / 1000));

	*answered = 0;
	/* v2: its first 20 bytes (BEP 52). */
	memcpy(hash, v1 != NULL ? v1 : bt_metainfo_info_hash_v2(m), sizeof(hash));
	ok = ok && list_trackers(&s, m) && ask(&s, &hash);
	if (ok && s.waiting > 0)
		loop_run(s.loop);
	if (ok)
		*answered = tell(&s, fn, arg);
	end(&s);
	return ok ? BT_OK : fail(err, BT_ENOMEM, "no memory or no descriptors");
}
