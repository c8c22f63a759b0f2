/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *edit_suite(void);
Suite *folder_suite(void);
Suite *layout_suite(void);
Suite *lint_suite(void);
Suite *magnet_suite(void);
Suite *merkle_suite(void);
Suite *metainfo_suite(void);
Suite *pieces_suite(void);
Suite *safe_name_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		edit_suite,
		folder_suite,
		layout_suite,
		lint_suite,
		magnet_suite,
		merkle_suite,
		metainfo_suite,
		pieces_suite,
		safe_name_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
