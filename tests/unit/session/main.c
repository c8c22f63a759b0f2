/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *apply_suite(void);
Suite *greet_suite(void);
Suite *parts_suite(void);
Suite *queue_suite(void);
Suite *rest_suite(void);
Suite *session_suite(void);
Suite *snapshot_suite(void);
Suite *state_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		apply_suite,
		greet_suite,
		parts_suite,
		queue_suite,
		rest_suite,
		session_suite,
		snapshot_suite,
		state_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
