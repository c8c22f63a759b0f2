/* SPDX-License-Identifier: ISC */
#include "base/hash.h"
#include "helper.h"

Suite *hash_suite(void);

#define ABC_SHA1 "a9993e364706816aba3e25717850c26c9cd0d89d"
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
check_hex(const uint8_t *hash, size_t len, const char *want)
{
	char *hex = hex_of(hash, len);

	ck_assert_str_eq(hex, want);
	free(hex);
}

START_TEST(knows_the_digests_of_abc)
{
	uint8_t out[SHA256_LEN];

	hash_sha1(slice_str("abc"), out);
	check_hex(out, SHA1_LEN, ABC_SHA1);
	hash_sha256(slice_str("abc"), out);
	check_hex(out, SHA256_LEN, ABC_SHA256);
	hash_sha1(SLICE_NONE, out);
	check_hex(out, SHA1_LEN, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}
END_TEST

START_TEST(goes_in_parts_and_begins_anew)
{
	uint8_t out[SHA256_LEN];
	struct hash h;

	ck_assert(hash_init(&h, HASH_SHA256));
	for (unsigned i = 0; i < 2; i++) {
		hash_add(&h, "a", 1);
		hash_add(&h, "", 0);
		hash_add(&h, "bc", 2);
		hash_end(&h, out);
		check_hex(out, SHA256_LEN, ABC_SHA256);
	}
	hash_fini(&h);
	hash_fini(&h);
}
END_TEST

Suite *
hash_suite(void)
{
	Suite *s = suite_create("base/hash");
	TCase *c = tcase_create("hash");

	tcase_add_test(c, knows_the_digests_of_abc);
	tcase_add_test(c, goes_in_parts_and_begins_anew);
	suite_add_tcase(s, c);
	return s;
}
