/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *scan_suite(void);
Suite *write_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		scan_suite,
		write_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
