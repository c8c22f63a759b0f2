/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *verify_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		verify_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
