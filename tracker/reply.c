/* SPDX-License-Identifier: ISC */
#include "tracker/reply.h"

#include "tracker/swarm/given_ip.h"

#define RETRY_SOON 15		/* minutes; for what will pass (BEP 31) */

void
replier_init(struct replier *r, const struct bt_tracker_settings *settings, struct shards *shards,
    struct stat_counters *counters)
{
	*r = (struct replier){ .settings = settings, .shards = shards, .counters = counters };
	rng_seed_system(&r->rng);
}

static void
refuse(struct announce_reply *out, const char *why, int64_t retry_in)
{
	out->failed = true;
	out->failure = slice_str(why);
	out->retry_in = retry_in;
}

static bool
may_be_tracked(struct replier *r, const struct announce_req *req, struct announce_reply *out)
{
	out->failure = gate_refusal(&r->gate, req->info_hash, r->settings->allowed_controls != 0,
	    &out->warning);
	out->failed = out->failure.len > 0;
	return !out->failed;
}

static uint32_t
peers_wanted(const struct replier *r, const struct announce_req *req)
{
	uint32_t max = (uint32_t)r->settings->response_size;

	if (req->event == ANNOUNCE_STOPPED)
		return 0;
	return req->numwant < 0 || (uint32_t)req->numwant > max ? max : (uint32_t)req->numwant;
}

/* A client that only takes encrypted connections may keep that port apart (BitTornado). */
static struct addr
reachable_at(const struct replier *r, const struct announce_req *req, const struct addr *from)
{
	bool told = req->ip.family != ADDR_NONE && given_ip_counts(r->settings, from);
	struct addr a = told ? req->ip : *from;

	a.port = req->cryptoport != 0 ? req->cryptoport : req->port;
	return a;
}

/* Dictionaries are for old clients: they may cost an allocation. */
static bool
list_peers(const uint8_t *addrs, const uint8_t *ids, uint32_t count, enum addr_family family,
    struct announce_reply *out)
{
	for (uint32_t i = 0; i < count; i++) {
		struct addr a = compact_read(addrs + i * compact_len(family), family);

		if (!announce_reply_add(out, &a, ids != NULL ? ids + (size_t)i * 20 : NULL))
			return false;
	}
	return true;
}

/* BitTornado: a byte for each of `peers`, 1 if it wants encryption. */
static void
set_crypto_flags(struct replier *r, uint32_t count, struct announce_reply *out)
{
	for (uint32_t i = 0; i < count; i++)
		r->flags4[i] = (r->flags4[i] & PEERS_CRYPTO_ONLY) != 0;
	out->crypto_flags = slice_of(r->flags4, count);
}

static void
set_peers(struct replier *r, const struct announce_req *req, const struct swarm_answer *got,
    struct announce_reply *out)
{
	if (announce_req_form(req) == ANNOUNCE_COMPACT) {
		out->packed4 = slice_of(r->addr4, (size_t)got->v4.got * COMPACT_V4_LEN);
		out->packed6 = slice_of(r->addr6, (size_t)got->v6.got * COMPACT_V6_LEN);
		if (req->supportcrypto)
			set_crypto_flags(r, got->v4.got, out);
		return;
	}
	if (!list_peers(r->addr4, got->v4.id, got->v4.got, ADDR_V4, out) ||
	    !list_peers(r->addr6, got->v6.id, got->v6.got, ADDR_V6, out))
		refuse(out, "the tracker is out of memory", RETRY_SOON);
}

/* A client beside us names where others reach it, and mostly we cannot from here. */
static bool
speaks_for_outside(const struct swarm_ask *ask, const struct addr *from)
{
	return (ask->flags & PEERS_CLAIMED) != 0 && addr_is_local(from) &&
	    !addr_is_local(&ask->addr);
}

static void
check_nat(struct replier *r, struct swarm_ask *ask, const struct addr *from, usec now)
{
	enum announce_event event = ask->req->event;

	if (r->nat == NULL || event == ANNOUNCE_SNOOPED || event == ANNOUNCE_STOPPED ||
	    speaks_for_outside(ask, from))
		return;
	if (nat_check_passed(r->nat, ask->req, &ask->addr, from, now))
		ask->flags &= (uint8_t)~PEERS_CLAIMED;
	else
		ask->flags |= PEERS_UNREACHED;
}

static void
answer(struct replier *r, const struct announce_req *req, const struct addr *from,
    enum reply_families families, usec now, struct announce_reply *out)
{
	bool list = announce_req_form(req) == ANNOUNCE_LIST;
	struct swarm_ask ask = { req, reachable_at(r, req, from), peers_wanted(r, req),
	    families == REPLY_BOTH_FAMILIES, 0 };
	struct swarm_answer got = {
		.v4 = { r->addr4, list ? r->id4 : NULL, req->supportcrypto ? r->flags4 : NULL, 0 },
		.v6 = { r->addr6, list ? r->id6 : NULL, NULL, 0 },
	};

	ask.flags = addr_same_ip(&ask.addr, from) ? 0 : PEERS_CLAIMED;
	announce_reply_init(out);
	out->interval = r->settings->reannounce_interval;
	/* A third: enough for a person's "update now", too rare for a busy loop. */
	out->min_interval = (r->settings->reannounce_interval + 2) / 3;
	if (r->settings->compact_reqd && req->compact != 1) {
		refuse(out, "your client is too old: this tracker gives compact replies only",
		    RETRY_NEVER);
		return;
	}
	if (!may_be_tracked(r, req, out))
		return;
	check_nat(r, &ask, from, now);
	switch (shards_announce(r->shards, &ask, now, &r->rng, &got)) {
	case BT_OK: break;
	case BT_ELIMIT: refuse(out, "the tracker has too many torrents", RETRY_SOON); return;
	default: refuse(out, "the tracker is out of memory", RETRY_SOON); return;
	}
	out->complete = got.counts.complete;
	out->incomplete = got.counts.incomplete;
	out->downloaded = got.counts.downloaded;
	out->external_ip = *from;
	set_peers(r, req, &got, out);
}

void
reply_announce(struct replier *r, const struct announce_req *req, const struct addr *from,
    enum reply_families families, usec now, struct announce_reply *out)
{
	answer(r, req, from, families, now, out);
	if (out->failed)
		stat_add(r->counters, STAT_ANNOUNCES_FAILED, 1);
}

void
reply_unreadable(struct replier *r, struct bt_slice why, struct announce_reply *out)
{
	announce_reply_init(out);
	out->failed = true;
	out->failure = why;
	stat_add(r->counters, STAT_ANNOUNCES_FAILED, 1);
}

struct scrape_entry
reply_scrape(struct replier *r, const uint8_t info_hash[20])
{
	struct scrape_entry e = { .complete = 0 };
	struct bt_slice warning;
	struct swarm_counts counts;

	memcpy(e.info_hash, info_hash, 20);
	/* One that is allowed no more may still be remembered. */
	if (gate_refusal(&r->gate, info_hash, false, &warning).len > 0)
		return e;
	(void)shards_scrape(r->shards, info_hash, &counts);
	e.complete = counts.complete;
	e.incomplete = counts.incomplete;
	e.downloaded = counts.downloaded;
	e.downloaders = counts.downloaders;
	return e;
}

void
reply_scrape_names(const struct replier *r, struct scrape_entry *entries, size_t n)
{
	for (size_t i = 0; i < n && r->settings->show_names != 0; i++) {
		const struct allowed_torrent *t = gate_torrent_seen(&r->gate,
		    entries[i].info_hash);

		if (t != NULL)
			entries[i].name = t->name;
	}
}
