/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *announce_suite(void);
Suite *announce_waits_suite(void);
Suite *announce_net_suite(void);
Suite *announce_days_suite(void);
Suite *turns_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		announce_suite,
		announce_waits_suite,
		announce_net_suite,
		announce_days_suite,
		turns_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
