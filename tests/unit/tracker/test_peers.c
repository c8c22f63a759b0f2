/* SPDX-License-Identifier: ISC */
/* The peers of one swarm where its index changes its width. */
#include <string.h>

#include "helper.h"
#include "tracker/swarm/peers.h"

Suite *peers_suite(void);

#define AROUND 65536u	/* a number + 1 needs more than two bytes from here on */
#define MOST 90000u

static struct peers_kind kind;
static struct peers *peers;
static bool here[MOST];
static uint32_t count;

static void
entry_of(uint32_t n, struct peers_entry *e, uint8_t id[20])
{
	*e = (struct peers_entry){ .seed = n % 3 == 0, .id = id };
	ck_assert(addr_parse("10.1.0.0", (uint16_t)(1024 + n % 50000), &e->addr));
	e->addr.ip[0] = (uint8_t)(11 + n / 50000);
	e->addr.ip[1] = (uint8_t)(n >> 8);
	e->addr.ip[2] = (uint8_t)n;
	memset(id, 0, 20);
	memcpy(id, &n, sizeof(n));
}

static uint32_t
find(uint32_t n)
{
	struct peers_entry e;
	uint8_t id[20], packed[PEERS_ADDR_MAX];

	entry_of(n, &e, id);
	memcpy(packed, e.addr.ip, 4);
	packed[4] = (uint8_t)(e.addr.port >> 8);
	packed[5] = (uint8_t)e.addr.port;
	ck_assert_uint_eq(peers_find_id(&kind, peers, id) == PEERS_NONE, !here[n]);
	return peers_find(&kind, peers, packed);
}

static void
add(uint32_t n)
{
	struct peers_entry e;
	uint8_t id[20];

	entry_of(n, &e, id);
	ck_assert(peers_add(&kind, &peers, &e, 0));
	here[n] = true;
	ck_assert_uint_eq(peers_count(peers), ++count);
}

static void
drop(uint32_t n)
{
	peers_remove(&kind, &peers, find(n));
	here[n] = false;
	ck_assert_uint_eq(peers_count(peers), --count);
}

static void
check_all(void)
{
	peers_check(&kind, peers);
	for (uint32_t n = 0; n < MOST; n += 7)
		ck_assert_uint_eq(find(n) != PEERS_NONE, here[n]);
}

START_TEST(more_than_two_bytes_can_name)
{
	const uint64_t seed[2] = { 3, 4 };

	kind = peers_kind(ADDR_V4, true, seed);
	for (uint32_t n = 0; n < MOST; n++) {
		add(n);
		if (n == 100 || n == 254 || n == 255 || n == 256 || n + 3 == AROUND ||
		    n + 1 == AROUND || n == AROUND + 1)
			check_all();
	}
	check_all();
	/* And back again, from both ends. */
	for (uint32_t n = 0; n < 40000; n++)
		drop(n % 2 == 0 ? n : MOST - n);
	check_all();
	for (uint32_t n = 0; n < MOST; n++) {
		if (here[n] && count > 200)
			drop(n);
	}
	check_all();
	peers_free(peers);
}
END_TEST

Suite *
peers_suite(void)
{
	Suite *s = suite_create("tracker/peers");
	TCase *tc = tcase_create("peers");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, more_than_two_bytes_can_name);
	suite_add_tcase(s, tc);
	return s;
}
