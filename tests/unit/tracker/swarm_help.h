/* SPDX-License-Identifier: ISC */
/* Announces in one line, for the tests of the store. */
#ifndef UNIT_SWARM_HELP_H
#define UNIT_SWARM_HELP_H

#include "base/bytes.h"
#include "proto/compact.h"
#include "tracker/swarm/shards.h"
#include "helper.h"

#define LEFT 1000

/* What one test works with. */
struct bench {
	struct swarms s;
	struct rng rng;
	usec now;
	struct swarm_answer got;
	uint8_t addr4[SWARM_WANT_MAX * 6], addr6[SWARM_WANT_MAX * 18];
	uint8_t id4[SWARM_WANT_MAX * 20], id6[SWARM_WANT_MAX * 20];
};

static inline struct bench *
bench_new(const struct swarm_limits *limits)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct bench *b = calloc(1, sizeof(*b));

	swarms_init(&b->s, limits, seed);
	rng_seed(&b->rng, 7);
	b->now = 1000 * SECOND;
	b->got = (struct swarm_answer){ .v4 = { .addr = b->addr4 }, .v6 = { .addr = b->addr6 } };
	if (limits->keep_ids) {
		b->got.v4.id = b->id4;
		b->got.v6.id = b->id6;
	}
	return b;
}

static inline void
bench_free(struct bench *b)
{
	swarms_check(&b->s);
	swarms_fini(&b->s);
	free(b);
}

/* Peer n of torrent t: 10.x.y.z or 2001:db8::n, port 1000 + n % 50000. */
static inline struct addr
peer_addr(uint32_t n, enum addr_family family)
{
	uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (family == ADDR_V4) {
		put_be32(ip, 0x0a000000 + n);
		return addr_v4(ip, (uint16_t)(1000 + n % 50000));
	}
	put_be32(ip + 12, n + 1);
	return addr_v6(ip, (uint16_t)(1000 + n % 50000));
}

static inline struct announce_req
peer_req(uint32_t t, uint32_t n, uint64_t left)
{
	struct announce_req r;

	announce_req_init(&r);
	put_be32(r.info_hash, t * 2654435761u);
	put_be32(r.info_hash + 16, t);
	memcpy(r.peer_id, "-XX0001-abcdefgh", 16);
	put_be32(r.peer_id + 16, n);
	r.port = (uint16_t)(1000 + n % 50000);
	r.left = left;
	return r;
}

static inline enum bt_code
bench_ask(struct bench *b, const struct announce_req *r, const struct addr *a, uint32_t want)
{
	struct swarm_ask ask = { r, *a, want, true, 0 };

	return swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got);
}

/* Peer n of torrent 1 announces over IPv4 and asks for 50 others. */
static inline enum bt_code
announce4(struct bench *b, uint32_t n, uint64_t left, enum announce_event event)
{
	struct announce_req r = peer_req(1, n, left);
	struct addr a = peer_addr(n, ADDR_V4);

	r.event = event;
	return bench_ask(b, &r, &a, 50);
}

/* Which peer the i-th of the last answer is. */
static inline uint32_t
got4(const struct bench *b, uint32_t i)
{
	return get_be32(b->addr4 + i * 6) - 0x0a000000;
}

#endif
