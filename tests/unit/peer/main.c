/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *peer_suite(void);
Suite *requests_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		peer_suite,
		requests_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
