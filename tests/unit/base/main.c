/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *addr_suite(void);
Suite *bits_suite(void);
Suite *block_suite(void);
Suite *buf_suite(void);
Suite *bytes_suite(void);
Suite *confine_suite(void);
Suite *crc32c_suite(void);
Suite *file_suite(void);
Suite *hash_suite(void);
Suite *hash_many_suite(void);
Suite *heap_suite(void);
Suite *json_suite(void);
Suite *map_suite(void);
Suite *option_suite(void);
Suite *pool_suite(void);
Suite *query_suite(void);
Suite *replace_suite(void);
Suite *rng_suite(void);
Suite *slice_suite(void);
Suite *utf8_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		addr_suite,
		bits_suite,
		block_suite,
		buf_suite,
		bytes_suite,
		confine_suite,
		crc32c_suite,
		file_suite,
		hash_suite,
		hash_many_suite,
		heap_suite,
		json_suite,
		map_suite,
		option_suite,
		pool_suite,
		query_suite,
		replace_suite,
		rng_suite,
		slice_suite,
		utf8_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
