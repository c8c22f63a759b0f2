/* SPDX-License-Identifier: ISC */
/* The greeting, with streams in memory, in times that the test tells. */
#include "session/greet.h"

#include <stdarg.h>

#include "../peer/memory_stream.h"

Suite *greet_suite(void);

static struct block_store blocks;
static struct greet greet;
static char heard[400];		/* what the greeting told, a word each */
static usec due;
static enum greet_begun begins;
static bool wanted, room;
static struct stream *taken;

static void
note(const char *fmt, ...)
{
	size_t len = strlen(heard);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(heard + len, sizeof(heard) - len, fmt, ap);
	va_end(ap);
}

static void
told(const char *what)
{
	ck_assert_str_eq(heard, what);
	heard[0] = '\0';
}

static enum greet_begun
on_connect(void *arg, uint32_t id, const struct dial_wish *wish)
{
	(void)arg;
	note("connect%u(%u) ", id, wish->to.port);
	return begins;
}

static void
on_abandon(void *arg, uint32_t id)
{
	(void)arg;
	note("abandon%u ", id);
}

static void
on_dialled(void *arg, uint32_t owner, const struct dial_wish *wish, struct stream *s, usec now)
{
	(void)arg;
	(void)now;
	note("%s%u(%u) ", s != NULL ? "has" : "failed", owner, wish->to.port);
	stream_free(s);
}

static const char *
on_named(void *arg, struct stream *s, struct bt_slice first, usec now)
{
	(void)arg;
	(void)now;
	note("named%zu(%c) ", first.len, first.ptr[28]);
	if (wanted)
		taken = s;
	return wanted ? NULL : "not wanted";
}

static bool
on_full(void *arg, usec now)
{
	(void)arg;
	(void)now;
	note("full ");
	greet.connections -= room;
	return room;
}

static void
on_due(void *arg, usec when)
{
	(void)arg;
	due = when;
}

static const struct greet_ops ops = { on_connect, on_abandon, on_dialled, on_named, on_full,
	on_due };

static void
begin(void)
{
	greet_init(&greet, &ops, NULL, NULL);
	heard[0] = '\0';
	due = NEVER;
	begins = GREET_BEGUN;
	wanted = room = true;
	taken = NULL;
}

static void
dial(uint32_t owner, uint16_t port, usec now)
{
	const uint8_t ip[4] = { 10, 0, 0, 1 };
	const struct dial_wish wish = { addr_v4(ip, port) };

	ck_assert(greet_dial(&greet, owner, &wish, now));
}

/* A guest from the n-th address. */
static void
arrive(struct memory_stream *m, uint32_t n, usec now)
{
	const uint8_t ip[4] = { 11, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	memory_init(m, &blocks);
	m->base.remote = addr_v4(ip, 1);
	greet_guest(&greet, &m->base, now);
}

static void
handshake_of(uint8_t bytes[HANDSHAKE_LEN])
{
	struct handshake h = { 0 };

	memset(h.info_hash, 'h', sizeof(h.info_hash));
	memset(h.peer_id, 'p', sizeof(h.peer_id));
	handshake_write(bytes, &h);
}

START_TEST(guest_names_its_torrent)
{
	uint8_t bytes[HANDSHAKE_LEN];
	struct memory_stream m;

	begin();
	handshake_of(bytes);
	arrive(&m, 1, SECOND);
	ck_assert(m.reading && due == SECOND + GREET_PATIENCE);
	for (size_t i = 0; i < 47; i++)
		memory_feed(&m, slice_of(bytes + i, 1), SECOND);
	told("");
	/* The rest stays in the stream, for whoever takes it. */
	buf_add(&m.in, bytes + 47, sizeof(bytes) - 47);
	m.base.user->readable(m.base.arg, SECOND);
	told("named48(h) ");
	ck_assert(taken == &m.base && m.in.len == 20 && greet.guest_count == 0);
	greet_tick(&greet, due);
	ck_assert_int_eq(due, NEVER);
	stream_free(taken);
	memory_fini(&m);
	wanted = false;
	arrive(&m, 1, SECOND);
	buf_add(&m.in, bytes, sizeof(bytes));
	m.base.user->readable(m.base.arg, SECOND);
	told("named48(h) ");
	ck_assert(!m.reading && !m.freed);
	greet_tick(&greet, SECOND);
	memory_fini(&m);
	greet_fini(&greet);
}
END_TEST

static void
closes(const char *said, size_t last)
{
	struct memory_stream m;

	begin();
	arrive(&m, 1, SECOND);
	memory_feed(&m, slice_of(said, last), SECOND);
	ck_assert(m.reading);
	memory_feed(&m, slice_of(said + last, 1), 2 * SECOND);
	ck_assert(!m.reading && due == 2 * SECOND);
	greet_tick(&greet, due);
	told("");
	memory_fini(&m);
	greet_fini(&greet);
}

START_TEST(first_wrong_byte)
{
	struct memory_stream m;

	closes("GET / HTTP/1.1", 0);
	closes("\x13" "BitTorrent protocoL", 19);
	closes("\x13" "Bitcoin", 4);
	/* And who says nothing at all, or hangs up. */
	begin();
	arrive(&m, 1, SECOND);
	greet_tick(&greet, SECOND + GREET_PATIENCE - 1);
	ck_assert(m.reading && due == SECOND + GREET_PATIENCE);
	greet_tick(&greet, due);
	greet_tick(&greet, due);
	ck_assert(due == NEVER);
	memory_fini(&m);
	arrive(&m, 1, SECOND);
	m.ended = true;
	m.base.user->readable(m.base.arg, SECOND);
	greet_tick(&greet, SECOND);
	memory_fini(&m);
	arrive(&m, 1, SECOND);
	m.base.user->broken(m.base.arg, SECOND, "reset");
	greet_fini(&greet);
	memory_fini(&m);
}
END_TEST

START_TEST(guests_are_limited)
{
	static struct memory_stream m[GREET_GUESTS_MAX + 1];
	unsigned i;

	begin();
	for (i = 0; i < GREET_OF_ONE_PARTY; i++)
		arrive(&m[i], 7, SECOND);
	arrive(&m[i], 7, SECOND);
	ck_assert(m[i].freed && !m[i - 1].freed);
	for (; i < GREET_GUESTS_MAX; i++)
		arrive(&m[i], 100 + i, SECOND);
	ck_assert(!m[i - 1].freed);
	arrive(&m[i], 7000, SECOND);
	ck_assert(m[i].freed);
	greet_fini(&greet);
	for (i = 0; i <= GREET_GUESTS_MAX; i++)
		memory_fini(&m[i]);
}
END_TEST

START_TEST(dials_wait_for_their_turn)
{
	struct memory_stream m;
	unsigned n;

	begin();
	dial(1, 80, SECOND);
	told("");
	greet_tick(&greet, due);
	told("connect1(80) ");
	memory_init(&m, &blocks);
	greet_connected(&greet, 1, &m.base, SECOND);
	told("has1(80) ");
	memory_fini(&m);
	/* One too late is nobody's. */
	memory_init(&m, &blocks);
	greet_connected(&greet, 1, &m.base, SECOND);
	memory_fini(&m);
	dial(1, 81, SECOND);
	greet_tick(&greet, SECOND);
	greet_connected(&greet, 2, NULL, SECOND);
	told("connect2(81) failed1(81) ");
	for (n = 0; n < GREET_DIALS_MAX + 2; n++)
		dial(1, (uint16_t)(1000 + n), SECOND);
	greet_tick(&greet, SECOND);
	heard[0] = '\0';
	ck_assert_uint_eq(greet.begun_count, GREET_DIALS_MAX);
	ck_assert_int_eq(due, SECOND + GREET_DIAL_PATIENCE);
	greet_connected(&greet, 5, NULL, 2 * SECOND);
	greet_tick(&greet, due);
	told("failed1(1002) connect103(1100) ");
	greet_forget(&greet, 1);
	heard[0] = '\0';
	ck_assert(TAILQ_EMPTY(&greet.waiting) && greet.begun_count == 0);
	greet_fini(&greet);
}
END_TEST

START_TEST(dials_end)
{
	begin();
	dial(3, 90, SECOND);
	dial(4, 91, SECOND);
	greet_tick(&greet, SECOND);
	told("connect1(90) connect2(91) ");
	greet_forget(&greet, 3);
	told("abandon1 ");
	greet_tick(&greet, SECOND + GREET_DIAL_PATIENCE - 1);
	told("");
	greet_tick(&greet, due);
	told("abandon2 failed4(91) ");
	ck_assert_int_eq(due, NEVER);
	begins = GREET_FAILED;
	dial(4, 92, 60 * SECOND);
	greet_tick(&greet, due);
	told("connect3(92) failed4(92) ");
	dial(5, 93, 60 * SECOND);
	begins = GREET_BEGUN;
	greet_tick(&greet, 60 * SECOND);
	dial(5, 94, 60 * SECOND);
	greet_fini(&greet);
	told("connect4(93) abandon4 ");
}
END_TEST

/* Want of descriptors is no failure. */
START_TEST(dials_later)
{
	begin();
	begins = GREET_LATER;
	dial(1, 80, SECOND);
	dial(1, 81, SECOND);
	greet_tick(&greet, SECOND);
	told("connect1(80) ");
	ck_assert_int_eq(due, SECOND + GREET_AGAIN);
	begins = GREET_BEGUN;
	dial(1, 82, SECOND);
	greet_tick(&greet, SECOND);
	told("");
	greet_tick(&greet, due);
	told("connect1(80) connect2(81) connect3(82) ");
	greet_fini(&greet);
}
END_TEST

START_TEST(all_places_are_taken)
{
	uint8_t bytes[HANDSHAKE_LEN];
	struct memory_stream m;

	begin();
	handshake_of(bytes);
	greet.connections_max = 3;
	greet.connections = 2;
	dial(1, 80, SECOND);
	dial(1, 81, SECOND);
	room = false;
	greet_tick(&greet, SECOND);
	told("connect1(80) full ");
	ck_assert_int_eq(due, SECOND + GREET_AGAIN);
	/* A guest that named its torrent is judged, not one that may yet say nothing. */
	arrive(&m, 1, SECOND);
	told("");
	memory_feed(&m, slice_of(bytes, 48), SECOND);
	told("full ");
	ck_assert(!m.reading);
	greet_tick(&greet, SECOND);
	memory_fini(&m);
	room = true;
	arrive(&m, 1, SECOND);
	memory_feed(&m, slice_of(bytes, 48), SECOND);
	told("full named48(h) ");
	stream_free(taken);
	memory_fini(&m);
	greet_tick(&greet, 2 * SECOND);
	told("connect2(81) ");
	greet_fini(&greet);
}
END_TEST

Suite *
greet_suite(void)
{
	Suite *s = suite_create("session/greet");
	TCase *c = tcase_create("greet");

	tcase_add_test(c, guest_names_its_torrent);
	tcase_add_test(c, first_wrong_byte);
	tcase_add_test(c, guests_are_limited);
	tcase_add_test(c, dials_wait_for_their_turn);
	tcase_add_test(c, dials_end);
	tcase_add_test(c, dials_later);
	tcase_add_test(c, all_places_are_taken);
	suite_add_tcase(s, c);
	return s;
}
