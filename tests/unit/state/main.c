/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *journal_suite(void);
Suite *resume_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		journal_suite,
		resume_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
