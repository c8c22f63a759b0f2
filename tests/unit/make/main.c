/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *create_suite(void);
Suite *walk_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		create_suite,
		walk_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
