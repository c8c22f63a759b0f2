/* SPDX-License-Identifier: ISC */
#include "proto/allowed_fast.h"

#include "base/cdefs.h"
#include "proto/limits.h"
#include "proto_test.h"

struct vector {
	const char *ip;
	const char *info_hash;
	uint32_t pieces, k, count;
	uint32_t set[ALLOWED_FAST_MAX];
};

/* The first two are the examples of BEP 6. */
static const struct vector vectors[] = {
	{ "80.4.4.200", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1313u, 7, 7,
	    { 1059, 431, 808, 1217, 287, 376, 1188 } },
	{ "80.4.4.200", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1313u, 9, 9,
	    { 1059, 431, 808, 1217, 287, 376, 1188, 353, 508 } },
	{ "80.4.4.1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1313u, 10, 10,
	    { 1059, 431, 808, 1217, 287, 376, 1188, 353, 508, 1246 } },
	{ "192.0.2.55", "0000000000000000000000000000000000000000", 1u, 10, 1,
	    { 0 } },
	{ "192.0.2.55", "0000000000000000000000000000000000000000", 5u, 10, 5,
	    { 4, 0, 1, 2, 3 } },
	{ "198.51.100.7", "ffffffffffffffffffffffffffffffffffffffff", 10u, 10, 10,
	    { 1, 2, 5, 6, 7, 3, 8, 4, 9, 0 } },
	{ "203.0.113.255", "000102030405060708090a0b0c0d0e0f10111213", 65536u, 10, 10,
	    { 47209, 56710, 61279, 45507, 15700, 35137, 35698, 300, 5384, 16219 } },
	{ "0.0.0.0", "1212121212121212121212121212121212121212", 4294967295u, 4, 4,
	    { 3302291846, 652906851, 4251093887, 1957051375 } },
	{ "255.255.255.255", "3434343434343434343434343434343434343434", 100u, 20, 20,
	    { 28, 91, 7, 53, 65, 50, 16, 86, 10, 58, 6, 20, 80, 34, 67, 93, 98, 73,
	    33, 36 } },
	{ "80.4.4.200", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1313u, 0, 0,
	    { 0 } },
};

START_TEST(test_vectors)
{
	const struct vector *v = &vectors[_i];
	uint32_t set[ALLOWED_FAST_MAX];
	struct addr peer = ip_port(v->ip, 6881);
	struct bt_slice hash = unhex(v->info_hash);
	uint32_t i;

	ck_assert_uint_eq(allowed_fast_set(&peer, hash.ptr, v->pieces, v->k, set), v->count);
	for (i = 0; i < v->count; i++)
		ck_assert_uint_eq(set[i], v->set[i]);
	free((void *)hash.ptr);
}
END_TEST

START_TEST(test_network)
{
	static const uint8_t hash[20] = { 7 };
	uint32_t a[10], b[10], c[10];
	struct addr one = ip_port("2001:db8:1:2::1", 1);
	struct addr two = ip_port("2001:db8:1:2:ffff::9", 2);
	struct addr far = ip_port("2001:db8:1:3::1", 1);

	ck_assert_uint_eq(allowed_fast_set(&one, hash, 1000, 10, a), 10);
	ck_assert_uint_eq(allowed_fast_set(&two, hash, 1000, 10, b), 10);
	ck_assert_uint_eq(allowed_fast_set(&far, hash, 1000, 10, c), 10);
	ck_assert_mem_eq(a, b, sizeof(a));
	ck_assert_mem_ne(a, c, sizeof(a));
}
END_TEST

START_TEST(test_bounds)
{
	static const uint8_t hash[20] = { 7 };
	uint32_t set[ALLOWED_FAST_MAX];
	struct addr one = ip_port("192.0.2.1", 1);

	ck_assert_uint_eq(allowed_fast_set(&one, hash, 0, 10, set), 0);
	ck_assert_uint_eq(allowed_fast_set(&one, hash, 5000, 1000, set), ALLOWED_FAST_MAX);
	ck_assert_uint_eq(allowed_fast_set(&one, hash, 3, UINT32_MAX, set), 3);
}
END_TEST

Suite *
allowed_fast_suite(void)
{
	Suite *s = suite_create("proto/allowed_fast");
	TCase *c = tcase_create("allowed_fast");

	tcase_add_loop_test(c, test_vectors, 0, COUNT_OF(vectors));
	tcase_add_test(c, test_network);
	tcase_add_test(c, test_bounds);
	suite_add_tcase(s, c);
	return s;
}
