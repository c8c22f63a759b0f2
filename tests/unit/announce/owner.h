/* SPDX-License-Identifier: ISC */
/* The owner of an announce in tests: keeps what was sent, answers when a test says so. */
#ifndef UNIT_ANNOUNCE_OWNER_H
#define UNIT_ANNOUNCE_OWNER_H

#include "announce/announce.h"
#include "helper.h"

#define A "http://a.example/announce"
#define B "http://b.example/announce"
#define C "udp://c.example:6969/announce"

struct sent {
	uint64_t id;
	char url[128];
	enum addr_family family;
	struct announce_req req;
	bool open;		/* neither answered nor cancelled */
};

struct owner {
	struct announce *a;
	struct rng rng;
	usec now;
	struct sent sent[20000];
	size_t count;
	size_t peers;
	size_t new_peers;	/* what it says of each batch of peers: so many are new */
	size_t status_calls;
	struct announce_tracker_info status;
	char status_text[256];
	struct announce_urls urls;
	uint64_t left;
	unsigned hashes;
	bool no_memory;		/* nothing can be sent */
};

static struct owner o;

static inline void
fill(void *arg, unsigned hash, struct announce_req *req)
{
	struct owner *own = arg;

	ck_assert_uint_lt(hash, own->hashes);
	req->info_hash[0] = (uint8_t)hash;
	req->left = own->left;
	req->port = 6881;
	req->numwant = 80;
}

static inline bool
send_it(void *arg, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct owner *own = arg;
	struct sent *s = &own->sent[own->count];

	if (own->no_memory)
		return false;
	own->count++;
	ck_assert_uint_lt(own->count, COUNT_OF(own->sent));
	*s = (struct sent){ .id = id, .family = family, .req = *req, .open = true };
	ck_assert_uint_lt(strlen(url), sizeof(s->url));
	memcpy(s->url, url, strlen(url) + 1);
	return true;
}

static inline void
cancel_it(void *arg, uint64_t id)
{
	struct owner *own = arg;

	for (size_t i = 0; i < own->count; i++) {
		if (own->sent[i].id == id)
			own->sent[i].open = false;
	}
}

static inline size_t
take_peers(void *arg, const struct announce_peer *peers, size_t count)
{
	struct owner *own = arg;

	ck_assert_ptr_nonnull(peers);
	own->peers += count;
	return own->new_peers < count ? own->new_peers : count;
}

static inline void
take_status(void *arg, const struct announce_tracker_info *s)
{
	struct owner *own = arg;

	own->status = *s;
	(void)snprintf(own->status_text, sizeof(own->status_text), "%s", s->text);
	own->status.text = own->status_text;
	own->status_calls++;
}

static const struct announce_ops ops = { fill, send_it, cancel_it, take_peers, take_status };

static inline struct announce *
new_announce(unsigned families, unsigned hashes)
{
	return announce_new(&(struct announce_opts){ .rng = &o.rng, .urls = &o.urls,
	    .families = families, .hashes = hashes }, &ops, &o);
}

/* How a tracker stands; good until the next time. */
static inline const struct announce_tracker_info *
tracker(size_t i)
{
	static struct announce_tracker_info info;

	announce_tracker_at(o.a, i, &info);
	return &info;
}

static inline void
begin_hashes(uint64_t seed, unsigned families, unsigned hashes)
{
	memset(&o, 0, sizeof(o));
	rng_seed(&o.rng, seed);
	announce_urls_init(&o.urls);
	o.now = 1000 * SECOND;
	o.left = 100;
	o.hashes = hashes;
	o.a = new_announce(families, hashes);
	ck_assert_ptr_nonnull(o.a);
}

static inline void
begin(uint64_t seed, unsigned families)
{
	begin_hashes(seed, families, 1);
}

static inline void
add(size_t tier, const char *url)
{
	ck_assert_int_eq(announce_add(o.a, tier, slice_str(url)), BT_OK);
}

static inline void
finish(void)
{
	announce_free(o.a);
	announce_urls_fini(&o.urls);
	for (size_t i = 0; i < o.count; i++)
		ck_assert(!o.sent[i].open);
}

/* The last one sent. */
static inline struct sent *
last(void)
{
	ck_assert_uint_gt(o.count, 0);
	return &o.sent[o.count - 1];
}

static inline void
reply_with(struct sent *s, struct announce_reply *r)
{
	ck_assert(s->open);
	s->open = false;
	announce_on_reply(o.a, s->id, r, o.now);
	announce_reply_fini(r);
}

static inline void
ok(struct sent *s)
{
	struct announce_reply r;

	announce_reply_init(&r);
	r.interval = 1800;
	reply_with(s, &r);
}

static inline void
refuse(struct sent *s)
{
	ck_assert(s->open);
	s->open = false;
	announce_on_error(o.a, s->id, BT_ETIMEOUT, "no answer", o.now);
}

/* On to the next thing due, which must be within low ... high seconds. */
static inline void
sleep_within(int64_t low, int64_t high)
{
	usec due = announce_due(o.a);

	ck_assert_msg(due >= o.now + low * SECOND && due <= o.now + high * SECOND,
	    "due in %.1f s, not in %ld ... %ld", (double)(due - o.now) / 1e6, (long)low,
	    (long)high);
	o.now = due;
	announce_tick(o.a, o.now);
}

static inline void
expect(size_t count, const char *url, enum announce_event event)
{
	ck_assert_uint_eq(o.count, count);
	ck_assert_str_eq(last()->url, url);
	ck_assert_str_eq(announce_event_name(last()->req.event), announce_event_name(event));
}

static inline void
fail_with(struct sent *s, const char *reason, int64_t interval, int64_t retry_in)
{
	struct announce_reply r;

	announce_reply_init(&r);
	r.failed = true;
	r.failure = slice_str(reason);
	r.interval = interval;
	r.retry_in = retry_in;
	reply_with(s, &r);
}

static inline void
add_peers(struct announce_reply *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t ip[4] = { 10, 0, 0, (uint8_t)(i + 1) };
		struct addr a = addr_v4(ip, 6881);

		ck_assert(announce_reply_add(r, &a, NULL));
	}
}

static inline void
ok_with_peers(struct sent *s, unsigned n, int64_t seeds)
{
	struct announce_reply r;

	announce_reply_init(&r);
	r.complete = seeds;
	add_peers(&r, n);
	reply_with(s, &r);
}

#endif
