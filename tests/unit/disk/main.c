/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *bad_days_suite(void);
Suite *move_suite(void);
Suite *path_suite(void);
Suite *slow_suite(void);
Suite *store_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		path_suite,
		store_suite,
		slow_suite,
		bad_days_suite,
		move_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
