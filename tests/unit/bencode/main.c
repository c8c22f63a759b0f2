/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *dict_suite(void);
Suite *scan_suite(void);
Suite *value_suite(void);
Suite *write_suite(void);
Suite *writer_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		dict_suite,
		scan_suite,
		value_suite,
		write_suite,
		writer_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
