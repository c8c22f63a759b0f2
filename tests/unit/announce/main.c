/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *announce_suite(void);
Suite *announce_waits_suite(void);
Suite *announce_net_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		announce_suite,
		announce_waits_suite,
		announce_net_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
