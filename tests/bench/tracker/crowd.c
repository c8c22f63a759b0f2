/* SPDX-License-Identifier: ISC */
#include "tests/bench/tracker/load.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void
crowd_hash(uint32_t swarm, uint8_t out[20])
{
	uint64_t a = mix(swarm), b = mix(a);

	put_be64(out, a);
	put_be64(out + 8, b);
	put_be32(out + 16, (uint32_t)mix(b));
}

void
crowd_peer_id(uint32_t peer, uint8_t out[20])
{
	char text[32];

	(void)snprintf(text, sizeof(text), "-LT2080-%012u", peer);
	memcpy(out, text, 20);
}

struct member
crowd_member(const struct settings *s, uint32_t peer)
{
	uint32_t address = peer % (uint32_t)s->addresses, turn = peer / (uint32_t)s->addresses;

	return (struct member){
		.swarm = peer % (uint32_t)s->swarms,
		/* An odd factor: no two are the same, and neighbours are far apart. */
		.ip = CROWD_NET | ((address * 2654435761u) & CROWD_MASK),
		.port = (uint16_t)(CROWD_PORT + (mix(address) + turn) % (65536 - CROWD_PORT)),
		.is_seed = mix((uint64_t)peer << 20) % 100 < (uint64_t)s->seeds,
	};
}

bool
crowd_knows(const uint8_t *peers, size_t len)
{
	for (size_t i = 0; i + 6 <= len; i += 6) {
		if ((get_be32(peers + i) & ~CROWD_MASK) != CROWD_NET ||
		    get_be16(peers + i + 4) < CROWD_PORT)
			return false;
	}
	return len % 6 == 0;
}
