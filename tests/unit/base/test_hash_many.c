/* SPDX-License-Identifier: ISC */
/* OpenSSL is the oracle, for what hash_many does here and for what it does elsewhere. */
#include "base/cdefs.h"
#include "base/hash_many.h"
#include "base/rng.h"
#include "helper.h"

Suite *hash_many_suite(void);

#define MOST_STREAMS 20
#define MOST_PARTS 8
#define LONGEST 20000u

typedef void (*many_fn)(enum hash_kind kind, struct hash_stream *streams, unsigned count);

static const many_fn ways[] = { hash_many, hash_many_portable };

static struct rng rng;
static uint8_t data[LONGEST + 64];

static void
setup(void)
{
	rng_seed(&rng, 1);
	rng_bytes(&rng, data, sizeof(data));
}

/* A message and how it is given. */
struct message {
	const uint8_t *ptr;
	size_t len;
	struct iovec iov[MOST_PARTS];
};

static void
check_digest(enum hash_kind kind, const struct message *m, const struct hash_stream *s)
{
	uint8_t want[SHA256_LEN];

	if (kind == HASH_SHA1)
		hash_sha1(slice_of(m->ptr, m->len), want);
	else
		hash_sha256(slice_of(m->ptr, m->len), want);
	ck_assert_mem_eq(s->out, want, hash_len(kind));
}

/* Some parts of any length, empty ones among them; at least one. */
static int
cut(struct message *m)
{
	int parts = 1 + (int)rng_below(&rng, MOST_PARTS);
	size_t at = 0;

	for (int i = 0; i < parts; i++) {
		size_t left = m->len - at;
		size_t n = i == parts - 1 ? left : rng_below(&rng, (uint32_t)left + 1);

		if (i < parts - 1 && rng_below(&rng, 2) == 0 && n > 70)
			n = rng_below(&rng, 70);
		m->iov[i] = (struct iovec){ (uint8_t *)m->ptr + at, n };
		at += n;
	}
	return parts;
}

static void
try(many_fn many, enum hash_kind kind, unsigned count, uint32_t longest)
{
	struct hash_stream streams[MOST_STREAMS];
	struct message messages[MOST_STREAMS];

	memset(streams, 0, sizeof(streams));
	for (unsigned i = 0; i < count; i++) {
		struct message *m = &messages[i];

		m->ptr = data + rng_below(&rng, 64);
		m->len = rng_below(&rng, longest + 1);
		streams[i].iov = m->iov;
		streams[i].iov_count = cut(m);
	}
	many(kind, streams, count);
	for (unsigned i = 0; i < count; i++)
		check_digest(kind, &messages[i], &streams[i]);
}

START_TEST(agrees_for_every_small_length)
{
	many_fn many = ways[_i / 2];
	enum hash_kind kind = _i % 2;

	for (unsigned count = 1; count <= MOST_STREAMS; count++) {
		for (size_t len = 0; len <= 300; len++) {
			struct hash_stream streams[MOST_STREAMS];
			struct message messages[MOST_STREAMS];

			memset(streams, 0, sizeof(streams));
			for (unsigned i = 0; i < count; i++) {
				messages[i] = (struct message){ .ptr = data + i, .len = len };
				messages[i].iov[0] = (struct iovec){ data + i, len };
				streams[i].iov = messages[i].iov;
				streams[i].iov_count = 1;
			}
			many(kind, streams, count);
			for (unsigned i = 0; i < count; i++)
				check_digest(kind, &messages[i], &streams[i]);
		}
	}
}
END_TEST

START_TEST(agrees_for_any_lengths_and_cuts)
{
	static const uint32_t longest[] = { 0, 130, 300, LONGEST };

	for (unsigned round = 0; round < 300; round++) {
		for (unsigned count = 1; count <= MOST_STREAMS; count++)
			try(ways[_i / 2], _i % 2, count, longest[round % COUNT_OF(longest)]);
	}
}
END_TEST

/* Begun in one way and ended in the other, too: what lies in out between chunks is the same. */
START_TEST(goes_on_where_it_left_off)
{
	enum hash_kind kind = _i % 2;

	for (unsigned round = 0; round < 300; round++) {
		struct hash_stream s[3];
		struct message m[3];
		size_t done = 0, step = 64 * rng_below(&rng, 20);

		memset(s, 0, sizeof(s));
		for (unsigned i = 0; i < COUNT_OF(s); i++) {
			m[i].ptr = data + i;
			m[i].len = 5 * step + rng_below(&rng, 200);
		}
		for (unsigned chunk = 0; chunk <= 5; chunk++, done += step) {
			for (unsigned i = 0; i < COUNT_OF(s); i++) {
				size_t n = chunk < 5 ? step : m[i].len - done;

				m[i].iov[0] = (struct iovec){ (uint8_t *)m[i].ptr + done, n / 3 };
				m[i].iov[1] = (struct iovec){ (uint8_t *)m[i].ptr + done + n / 3,
					n - n / 3 };
				s[i].iov = m[i].iov;
				s[i].iov_count = 2;
				s[i].before = done;
				s[i].more = chunk < 5;
			}
			ways[(unsigned)rng_below(&rng, 2)](kind, s, COUNT_OF(s));
		}
		for (unsigned i = 0; i < COUNT_OF(s); i++)
			check_digest(kind, &m[i], &s[i]);
	}
}
END_TEST

START_TEST(takes_nothing_at_all)
{
	struct hash_stream s = { .iov_count = 0 };
	struct message m = { .ptr = data };

	ways[_i / 2](_i % 2, NULL, 0);
	ways[_i / 2](_i % 2, &s, 1);
	check_digest(_i % 2, &m, &s);
}
END_TEST

/* The length at the end of the padding needs more than 32 bits. */
START_TEST(counts_beyond_four_gigabits)
{
	const uint64_t before = ((uint64_t)5 << 30) + 64;
	struct iovec iov = { data, 100 };
	struct hash_stream a = {.iov = &iov, .iov_count = 1, .before = before, .out = {1, 2, 3}};
	struct hash_stream b = a;

	hash_many(_i % 2, &a, 1);
	hash_many_portable(_i % 2, &b, 1);
	ck_assert_mem_eq(a.out, b.out, hash_len(_i % 2));
}
END_TEST

static void
check_both(const uint8_t *ptr, size_t len)
{
	uint8_t sha1[SHA1_LEN], sha256[SHA256_LEN], want[SHA256_LEN];

	hash_both(slice_of(ptr, len), sha1, sha256);
	hash_sha1(slice_of(ptr, len), want);
	ck_assert_mem_eq(sha1, want, SHA1_LEN);
	hash_sha256(slice_of(ptr, len), want);
	ck_assert_mem_eq(sha256, want, SHA256_LEN);
}

START_TEST(makes_both_digests_of_one_message)
{
	check_both(NULL, 0);
	for (size_t len = 0; len <= 300; len++)
		check_both(data + len % 64, len);
	for (unsigned i = 0; i < 300; i++)
		check_both(data + rng_below(&rng, 64), rng_below(&rng, LONGEST + 1));
}
END_TEST

Suite *
hash_many_suite(void)
{
	Suite *s = suite_create("base/hash_many");
	TCase *c = tcase_create("hash_many");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, agrees_for_every_small_length, 0, 4);
	tcase_add_loop_test(c, agrees_for_any_lengths_and_cuts, 0, 4);
	tcase_add_loop_test(c, goes_on_where_it_left_off, 0, 2);
	tcase_add_loop_test(c, takes_nothing_at_all, 0, 4);
	tcase_add_loop_test(c, counts_beyond_four_gigabits, 0, 2);
	tcase_add_test(c, makes_both_digests_of_one_message);
	suite_add_tcase(s, c);
	return s;
}
