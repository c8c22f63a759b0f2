/* SPDX-License-Identifier: ISC */
/* The nodes, and the world that their torrents see: dialling, arriving peers, the tracker. */
#include "sim.h"

#include <string.h>

#define TRACKER_DELAY (100 * MSEC)
#define CHECK_EVERY 64		/* ticks of all nodes together */

struct node *
sim_node(const struct sim *s, size_t i)
{
	return *(struct node **)vec_at(&s->nodes, i);
}

static struct node *
node_at(const struct sim *s, const struct addr *a)
{
	uint32_t i = (uint32_t)a->ip[1] << 8 | a->ip[2];

	return i < s->nodes.len ? sim_node(s, i) : NULL;
}

/* -- connections -- */

/* A connection on its way. */
struct call {
	struct node *from, *to;
	uint32_t life;
	uint32_t id;
};

static void
connected(void *arg, uint64_t unused)
{
	struct call *c = arg;
	struct node *from = c->from, *to = c->to;
	struct stream *ours = NULL, *theirs;
	usec now = from->sim->clock.now;

	(void)unused;
	if (node_is_here(from) && from->life == c->life) {
		if (node_is_here(to)) {
			link_new(from, to, &ours, &theirs);
			greet_guest(&to->greet, theirs, now);
		}
		greet_connected(&from->greet, c->id, ours, now);
	}
	free(c);
}

static enum greet_begun
begin_connect(void *arg, uint32_t id, const struct dial_wish *wish)
{
	struct node *n = arg, *other = node_at(n->sim, &wish->to);
	struct clock *clock = &n->sim->clock;
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	*c = (struct call){ n, other, n->life, id };
	clock_at(clock, clock->now + 2 * (n->delay + other->delay), connected, c, 0);
	return GREET_BEGUN;
}

static void
abandon(void *arg, uint32_t id)
{
	(void)arg;
	(void)id;
}

static void
dialled(void *arg, uint32_t owner, const struct dial_wish *wish, struct stream *stream, usec now)
{
	struct node *n = arg;

	(void)owner;
	if (stream == NULL)
		torrent_dial_failed(n->torrent, &wish->to, now);
	else
		torrent_add_outgoing(n->torrent, stream, &wish->to, now);
}

static const char *
named(void *arg, struct stream *stream, struct bt_slice first, usec now)
{
	struct node *n = arg;

	if (memcmp(first.ptr + 28, torrent_hashes(n->torrent)->v[0], 20) != 0)
		return "asks for another torrent";
	return torrent_add_incoming(n->torrent, stream, first, now);
}

static bool
make_room(void *arg, usec now)
{
	struct node *n = arg;
	struct torrent_spare spare = { .conn = NULL };

	torrent_find_spare(n->torrent, &spare, now);
	if (spare.conn != NULL)
		torrent_part_with(&spare, now);
	return spare.conn != NULL;
}

static void
greet_now(void *arg, uint64_t life)
{
	struct node *n = arg;

	if (node_is_here(n) && n->life == life && n->greet_due <= n->sim->clock.now)
		greet_tick(&n->greet, n->sim->clock.now);
}

static void
greet_later(void *arg, usec when)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;

	n->greet_due = when;
	if (when != NEVER)
		clock_at(clock, when > clock->now ? when : clock->now, greet_now, n, n->life);
}

static const struct greet_ops greet_calls = {
	.connect = begin_connect,
	.abandon = abandon,
	.dialled = dialled,
	.named = named,
	.make_room = make_room,
	.due = greet_later,
};

/* -- what torrents ask for -- */

static void
dial(void *arg, struct torrent *t, const struct dial_wish *wish, usec now)
{
	struct node *n = arg;

	if (!greet_dial(&n->greet, 0, wish, now))
		torrent_dial_failed(t, &wish->to, now);
}

static void
event(void *arg, struct torrent *t, const struct bt_event *e)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;

	(void)t;
	clock_note(clock, (uint64_t)e->type << 32 | n->index);
	if (e->type == BT_EVENT_PIECE)
		(void)bits_set(&n->have, e->as.piece.index);
	if (e->type == BT_EVENT_COMPLETE && n->done == NEVER) {
		n->done = clock->now;
		n->sim->waiting -= n->opts.conduct != LIAR && n->opts.conduct != MUTE;
	} else if (e->type == BT_EVENT_PEER_BANNED) {
		unsigned ip[4] = { 0 };

		(void)sscanf(e->as.peer.ip, "%u.%u.%u.%u", &ip[0], &ip[1], &ip[2], &ip[3]);
		(void)bits_set(n->bans, ip[1] << 8 | ip[2]);
	}
}

/* An announce on its way. */
struct asked {
	struct node *node;
	uint32_t life;
	uint64_t id;
	int32_t numwant;
	enum announce_event event;
};

static void
add_random_peers(struct sim *s, struct announce_reply *r, size_t want)
{
	size_t n = s->nodes.len, first = rng_below(&s->rng, (uint32_t)n);
	/* A step that has no part in common with n walks all of them, in some order. */
	static const size_t primes[] = { 1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049 };
	size_t step = primes[rng_below(&s->rng, 8)];

	for (size_t i = 0; i < n && r->peers.len < want; i++) {
		const struct node *other = sim_node(s, (first + i * step) % n);

		if (other->announced && node_is_here(other))
			(void)announce_reply_add(r, &other->addr, NULL);
	}
}

static void
answered(void *arg, uint64_t unused)
{
	struct asked *a = arg;
	struct node *n = a->node;
	struct announce_reply r;

	(void)unused;
	if (node_is_here(n) && n->life == a->life) {
		announce_reply_init(&r);
		r.interval = 1800;
		r.min_interval = 30;
		if (a->numwant != 0)
			add_random_peers(n->sim, &r, a->numwant > 0 && a->numwant < 50 ?
			    (size_t)a->numwant : 50);
		n->announced = a->event != ANNOUNCE_STOPPED;
		torrent_announce_reply(n->torrent, a->id, &r, BT_OK, "", n->sim->clock.now);
		announce_reply_fini(&r);
	}
	free(a);
}

static bool
announce(void *arg, struct torrent *t, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;
	struct asked *a = calloc(1, sizeof(*a));

	(void)t;
	(void)url;
	(void)family;
	if (a == NULL)
		abort();
	*a = (struct asked){ n, n->life, id, req->numwant, req->event };
	clock_at(clock, clock->now + TRACKER_DELAY, answered, a, 0);
	return true;
}

/* The answer to an announce that nobody waits for is passed over by its number. */
static void
announce_cancel(void *arg, struct torrent *t, uint64_t id)
{
	(void)arg;
	(void)t;
	(void)id;
}

/* -- what their content tells -- */

static void
piece_done(void *arg, uint32_t piece, const struct bt_error *err)
{
	struct node *n = arg;

	torrent_piece_done(n->torrent, piece, err, n->sim->clock.now);
}

static void
block_read(void *arg, const struct content_read *what, struct block *b, const struct bt_error *err)
{
	struct node *n = arg;

	torrent_block_read(n->torrent, what, b, err, n->sim->clock.now);
}

static void
checked(void *arg, uint32_t piece, bool good)
{
	struct node *n = arg;

	torrent_checked(n->torrent, piece, good);
}

static void
check_done(void *arg, const struct bt_error *err)
{
	struct node *n = arg;

	torrent_check_done(n->torrent, err, n->sim->clock.now);
}

static void
files_made(void *arg, const struct bt_error *err)
{
	struct node *n = arg;

	torrent_files_made(n->torrent, err, n->sim->clock.now);
}

static void
eased(void *arg)
{
	struct node *n = arg;

	torrent_eased(n->torrent, n->sim->clock.now);
}

static const struct content_user content_calls = {
	.piece_done = piece_done,
	.block_read = block_read,
	.checked = checked,
	.check_done = check_done,
	.files_made = files_made,
	.eased = eased,
};

/* -- life -- */

static bool
has_given_enough(const struct node *n)
{
	return n->opts.leave_after > 0 &&
	    node_uploaded(n) * 100 >= sim_size(n->sim) * n->opts.leave_after;
}

static void
tick(void *arg, uint64_t life)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;

	/* It may have been told another time since. */
	if (!node_is_here(n) || n->life != life || n->tick_due > clock->now)
		return;
	n->tick_due = NEVER;
	if (has_given_enough(n)) {
		node_leave(n);
		return;
	}
	torrent_tick(n->torrent, clock->now);
	if (n->sim->checking && clock->seq % CHECK_EVERY == 0)
		torrent_check(n->torrent);
}

static void
due(void *arg, struct torrent *t, usec when)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;

	(void)t;
	n->tick_due = when;
	if (when != NEVER)
		clock_at(clock, when > clock->now ? when : clock->now, tick, n, n->life);
}

static void
fill_opts(struct node *n, struct torrent_opts *o)
{
	struct sim *s = n->sim;

	*o = (struct torrent_opts){
		.rng = &s->rng,
		.urls = &s->urls,
		.blocks = &s->blocks,
		.connections = &n->greet.connections,
		.in_rate = &n->in.tree.all,
		.out_rate = &n->out.tree.all,
		.port = n->addr.port,
		.families = ANNOUNCE_V4,
		.super_seeder = n->opts.super_seeder,
		.max_uploads = n->opts.conduct == FREE_RIDER ? 0 : s->max_uploads,
		.max_peers = 200,
		.max_initiate = 20,
		.min_peers = 15,
		.request_backlog = 10,
		.peer_timeout = 300 * SECOND,
		.snub_time = 30 * SECOND,
	};
}

/* Loading takes a while. */
#define WAKING (50 * MSEC)

static bool
attach(struct node *n, bool complete)
{
	struct torrent_parts parts = { .meta = n->sim->meta, .complete = complete };

	n->content = parts.content = pattern_new(n, &content_calls, n);
	if (torrent_attach(n->torrent, &parts, n->sim->clock.now))
		return true;
	content_free(n->content);
	return false;
}

static void
loaded(void *arg, uint64_t life)
{
	const struct bt_error err = { .code = BT_ENOMEM };
	struct node *n = arg;

	if (node_is_here(n) && n->life == life && !attach(n, true))
		torrent_fail(n->torrent, &err, n->sim->clock.now);
}

static void
wake(void *arg, struct torrent *t)
{
	struct node *n = arg;
	struct clock *clock = &n->sim->clock;

	(void)t;
	clock_at(clock, clock->now + WAKING, loaded, n, n->life);
}

static void
slept(void *arg, struct torrent *t)
{
	struct node *n = arg;

	(void)t;
	n->content = NULL;
	n->slept++;
}

static const struct torrent_ops torrent_calls = {
	.dial = dial,
	.event = event,
	.announce = announce,
	.announce_cancel = announce_cancel,
	.due = due,
	.wake = wake,
	.slept = slept,
};

void
node_join(struct node *n)
{
	struct sim *s = n->sim;
	struct torrent_hashes hashes;
	uint8_t peer_id[20] = "-SIM---0";

	/* Who comes for the first time is waited for already. */
	s->waiting += n->life++ > 0 && n->done == NEVER;
	rng_bytes(&s->rng, peer_id + 8, 12);
	fill_opts(n, &n->torrent_opts);
	torrent_hashes_of(s->meta, &hashes);
	greet_init(&n->greet, &greet_calls, n, NULL);
	n->greet.connections_max = n->opts.max_connections;
	n->torrent = torrent_new(&n->torrent_opts, &hashes, peer_id, &torrent_calls, n);
	if (n->torrent == NULL)
		return;
	n->joined = s->clock.now;
	if (torrent_add_tracker(n->torrent, 0, bt_metainfo_tracker(s->meta, 0, 0)) == BT_OK &&
	    attach(n, false)) {
		torrent_start(n->torrent, s->clock.now);
		return;
	}
	greet_fini(&n->greet);
	torrent_free(n->torrent);
	n->torrent = NULL;
}

void
node_leave(struct node *n)
{
	greet_fini(&n->greet);
	torrent_free(n->torrent);
	n->torrent = NULL;
	bits_clear_all(&n->have);
	n->announced = false;
	if (n->done == NEVER && n->opts.conduct != LIAR && n->opts.conduct != MUTE)
		n->sim->waiting--;
}

static void
join_due(void *arg, uint64_t unused)
{
	const struct node *n = arg;

	(void)unused;
	if (!n->sim->ending)
		node_join(arg);
}

struct node *
sim_add(struct sim *s, struct node_opts o)
{
	struct node *n = calloc(1, sizeof(*n));
	uint32_t i = (uint32_t)s->nodes.len;
	/* Each in a network of its own, as allowed fast sets tell them apart (BEP 6). */
	const uint8_t ip[4] = { 11, (uint8_t)(i >> 8), (uint8_t)i, 1 };

	if (n == NULL || vec_add(&s->nodes, &n) == NULL)
		abort();
	n->opts = o;
	n->sim = s;
	n->index = i;
	n->addr = addr_v4(ip, 6881);
	n->delay = 5 * MSEC + rng_below(&s->rng, 30 * MSEC);
	n->done = NEVER;
	n->bans = calloc(1, sizeof(*n->bans));
	if (n->bans == NULL || !bits_init(n->bans, 4096) ||
	    !bits_init(&n->have, bt_metainfo_piece_count(s->meta)))
		abort();
	sim_rate_init(&n->in, &s->clock, o.max_down_KiBps);
	sim_rate_init(&n->out, &s->clock, o.max_up_KiBps);
	TAILQ_INIT(&n->sending);
	s->waiting += o.conduct != LIAR && o.conduct != MUTE;
	clock_at(&s->clock, s->clock.now + o.join, join_due, n, 0);
	return n;
}

uint64_t
node_uploaded(const struct node *n)
{
	struct bt_torrent_status status;

	torrent_status(n->torrent, &status);
	return status.uploaded;
}

void
sim_add_pieces(const struct node *n, struct bits *to)
{
	for (uint32_t i = 0; i < n->have.len; i++) {
		if (bits_has(&n->have, i))
			(void)bits_set(to, i);
	}
}

/* -- the whole -- */

static struct bt_metainfo *
make_meta(uint32_t pieces, uint32_t piece_length)
{
	struct bt_metainfo *meta;
	struct bt_error err;
	struct buf b;

	buf_init(&b, 64u << 20);
	buf_addf(&b, "d8:announce19:http://sim/announce4:infod6:lengthi%llue4:name7:pattern"
	    "12:piece lengthi%ue6:pieces%u:", (unsigned long long)pieces * piece_length - 1000,
	    piece_length, pieces * 20);
	memset(buf_add_space(&b, pieces * 20), 'x', pieces * 20);
	buf_add_str(&b, "ee");
	if (bt_metainfo_parse(buf_slice(&b), &meta, &err) != BT_OK) {
		(void)fprintf(stderr, "sim: %s\n", err.text);
		abort();
	}
	buf_fini(&b);
	return meta;
}

struct sim *
sim_new(uint64_t seed, uint32_t pieces, uint32_t piece_length)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	clock_init(&s->clock);
	rng_seed(&s->rng, seed);
	announce_urls_init(&s->urls);
	s->meta = make_meta(pieces, piece_length);
	s->max_uploads = 7;
	s->checking = true;
	vec_init(&s->nodes, sizeof(struct node *));
	vec_init(&s->links, sizeof(struct link *));
	if (!vec_reserve(&s->links, 1u << 14))
		abort();
	return s;
}

void
sim_free(struct sim *s)
{
	s->ending = true;
	for (size_t i = 0; i < s->nodes.len; i++) {
		if (node_is_here(sim_node(s, i)))
			node_leave(sim_node(s, i));
	}
	while (clock_step(&s->clock))
		continue;
	for (size_t i = 0; i < s->nodes.len; i++) {
		bits_fini(&sim_node(s, i)->have);
		bits_fini(sim_node(s, i)->bans);
		free(sim_node(s, i)->bans);
		free(sim_node(s, i));
	}
	links_free(s);
	vec_fini(&s->nodes);
	block_store_fini(&s->blocks);
	bt_metainfo_free(s->meta);
	clock_fini(&s->clock);
	announce_urls_fini(&s->urls);
	free(s);
}

uint64_t
sim_size(const struct sim *s)
{
	return bt_metainfo_content_size(s->meta);
}

bool
sim_run(struct sim *s, usec until)
{
	while (s->waiting > 0 && s->clock.now < until && clock_step(&s->clock))
		continue;
	return s->waiting == 0;
}

void
sim_run_for(struct sim *s, usec time)
{
	usec until = s->clock.now + time;

	while (s->clock.now < until && clock_step(&s->clock))
		continue;
}

double
sim_optimum(const struct sim *s)
{
	double all = 0, seeds = 0, all_time, seed_time;
	unsigned leeches = 0;

	for (size_t i = 0; i < s->nodes.len; i++) {
		const struct node_opts *o = &sim_node(s, i)->opts;

		if (o->conduct != HONEST && o->conduct != FREE_RIDER)
			continue;
		all += o->conduct == FREE_RIDER ? 0 : o->up_KiBps;
		seeds += o->seed ? o->up_KiBps : 0;
		leeches += !o->seed;
	}
	all_time = leeches * ((double)sim_size(s) / KIB) / all;
	seed_time = (double)sim_size(s) / KIB / seeds;
	return all_time > seed_time ? all_time : seed_time;
}
