/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "base/num.h"
#include "base/rng.h"
#include "content.h"
#include "helper.h"
#include "meta/pieces.h"

Suite *pieces_suite(void);

#define CONTENT 300000u

static uint8_t content[CONTENT];

struct reader {
	uint64_t bad_begin, bad_end;	/* cannot be read */
	size_t most;			/* the largest read */
};

static bool
read_content(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct reader *r = arg;

	ck_assert(len > 0 && offset + len <= CONTENT);
	r->most = len > r->most ? len : r->most;
	if (offset < r->bad_end && offset + len > r->bad_begin)
		return false;
	memcpy(to, content + offset, len);
	return true;
}

static void
check_sums(uint32_t piece_length, size_t buffer_size, struct reader *r)
{
	uint32_t count = (uint32_t)div_up_u64(CONTENT, piece_length);
	struct piece_sum *sums = calloc(count, sizeof(*sums));
	uint8_t *buffer = malloc(buffer_size);
	const struct pieces_source from = { .kind = PIECES_V1, .arg = r, .read = read_content,
		.buffer = buffer, .size = buffer_size };

	for (uint32_t i = 0; i < count; i++) {
		sums[i].offset = (uint64_t)i * piece_length;
		sums[i].len = (uint32_t)min_u64(piece_length, CONTENT - sums[i].offset);
		sums[i].read = true;
	}
	pieces_sum(&from, sums, count);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t end = sums[i].offset + sums[i].len;
		uint8_t want[SHA1_LEN];

		ck_assert_int_eq(sums[i].read,
		    sums[i].offset >= r->bad_end || end <= r->bad_begin);
		hash_sha1(slice_of(content + sums[i].offset, sums[i].len), want);
		if (sums[i].read)
			ck_assert_mem_eq(sums[i].sha1, want, SHA1_LEN);
	}
	free(buffer);
	free(sums);
}

static void
setup(void)
{
	struct rng rng;

	rng_seed(&rng, 1);
	rng_bytes(&rng, content, sizeof(content));
}

static const uint32_t lengths[] = {
	777, 1024, 16384, 50000, 65536, 100000, 299999, 300000, 400000,
};
static const size_t buffers[] = { 4096, 10000, 65536, 1u << 20 };

START_TEST(sums_pieces_of_any_length_in_any_buffer)
{
	for (size_t i = 0; i < COUNT_OF(buffers); i++) {
		struct reader r = { 0 };

		check_sums(lengths[_i], buffers[i], &r);
		ck_assert_uint_le(r.most, buffers[i]);
	}
}
END_TEST

START_TEST(tells_what_cannot_be_read_and_sums_the_rest)
{
	for (size_t i = 0; i < COUNT_OF(buffers); i++) {
		for (uint64_t at = 0; at < CONTENT; at += CONTENT / 7) {
			struct reader r = { .bad_begin = at, .bad_end = at + 3000 };

			check_sums(lengths[_i], buffers[i], &r);
		}
	}
}
END_TEST

/* Where it lies, block by block. */
static unsigned
view_content(void *arg, uint64_t offset, size_t len, struct iovec *parts)
{
	unsigned n = 0;

	(void)arg;
	ck_assert(len > 0 && offset + len <= CONTENT);
	for (size_t at = 0; at < len; at += MERKLE_BLOCK)
		parts[n++] = (struct iovec){ content + offset + at,
			len - at < MERKLE_BLOCK ? len - at : MERKLE_BLOCK };
	ck_assert_uint_le(n, PIECES_PARTS);
	return n;
}

/* With a buffer of no bytes: where they lie. */
static void
check_roots(enum pieces_kind kind, uint32_t piece_length, size_t buffer_size)
{
	uint8_t *buffer = malloc(buffer_size + 1), sha1[SHA1_LEN];
	struct reader r = { 0 };
	const struct pieces_source from = { .kind = kind, .arg = &r, .read = read_content,
		.buffer = buffer, .size = buffer_size,
		.view = buffer_size == 0 ? view_content : NULL };
	struct piece_sum sums[20];
	uint8_t *layer;
	size_t count;

	layer = content_layer(content, CONTENT, piece_length, &count);
	ck_assert_uint_le(count, COUNT_OF(sums));
	for (size_t i = 0; i < count; i++) {
		sums[i].offset = i * piece_length;
		sums[i].len = (uint32_t)min_u64(piece_length, CONTENT - sums[i].offset);
		sums[i].file_len = sums[i].len;
		sums[i].height = merkle_piece_height(piece_length);
	}
	pieces_sum(&from, sums, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		ck_assert(sums[i].read);
		ck_assert_mem_eq(sums[i].root, layer + i * SHA256_LEN, SHA256_LEN);
		hash_sha1(slice_of(content + sums[i].offset, sums[i].len), sha1);
		ck_assert(kind == PIECES_V2 || memcmp(sums[i].sha1, sha1, SHA1_LEN) == 0);
	}
	free(layer);
	free(buffer);
}

START_TEST(sums_roots_of_pieces)
{
	static const size_t blocks[] = { 0, 1, 2, 3, 32, 100 };

	for (size_t i = 0; i < COUNT_OF(blocks); i++) {
		for (uint32_t length = MERKLE_BLOCK; length < CONTENT; length *= 2) {
			check_roots(PIECES_V2, length, blocks[i] * MERKLE_BLOCK);
			check_roots(PIECES_HYBRID, length, blocks[i] * MERKLE_BLOCK);
		}
	}
}
END_TEST

/* Files of one piece, one of them with padding behind it. */
START_TEST(sums_roots_of_small_files)
{
	static const uint32_t sizes[] = { 1, 16383, 16384, 16385, 49152, 65536, 65537, 131072 };
	uint8_t buffer[5 * MERKLE_BLOCK], want[SHA256_LEN];
	struct reader r = { 0 };
	const struct pieces_source from = { .kind = PIECES_HYBRID, .arg = &r,
		.read = read_content, .buffer = buffer, .size = sizeof(buffer) };
	struct piece_sum sums[COUNT_OF(sizes)];

	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		sums[i] = (struct piece_sum){ .len = 131072, .file_len = sizes[i] };
	pieces_sum(&from, sums, COUNT_OF(sizes));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		content_root(content, sizes[i], want);
		ck_assert(sums[i].read);
		ck_assert_mem_eq(sums[i].root, want, SHA256_LEN);
		hash_sha1(slice_of(content, 131072), want);
		ck_assert_mem_eq(sums[i].sha1, want, SHA1_LEN);
	}
}
END_TEST

START_TEST(makes_jobs_that_keep_all_workers_busy)
{
	const uint32_t mib = 1u << 20;

	ck_assert_uint_eq(pieces_a_job(16384, 4 * mib, 100000, 2), 256);
	ck_assert_uint_eq(pieces_a_job(16 * mib, 4 * mib, 100, 2), hash_many_lanes());
	ck_assert_uint_eq(pieces_a_job(16 * mib, 4 * mib, 4, 2), 2);
	ck_assert_uint_eq(pieces_a_job(16384, 4 * mib, 7, 2), 4);
	ck_assert_uint_eq(pieces_a_job(1, 4 * mib, 1, 64), 1);
}
END_TEST

Suite *
pieces_suite(void)
{
	Suite *s = suite_create("meta/pieces");
	TCase *c = tcase_create("pieces");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_loop_test(c, sums_pieces_of_any_length_in_any_buffer, 0, COUNT_OF(lengths));
	tcase_add_loop_test(c, tells_what_cannot_be_read_and_sums_the_rest, 0, COUNT_OF(lengths));
	tcase_add_test(c, sums_roots_of_pieces);
	tcase_add_test(c, sums_roots_of_small_files);
	tcase_add_test(c, makes_jobs_that_keep_all_workers_busy);
	suite_add_tcase(s, c);
	return s;
}
