/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"

Suite *fetch_suite(void);
Suite *httpd_suite(void);
Suite *httpd_bodies_suite(void);
Suite *rate_suite(void);
Suite *httpd_full_suite(void);
Suite *resolve_suite(void);
Suite *stream_suite(void);
Suite *udp_suite(void);
Suite *way_suite(void);

int
main(void)
{
	Suite *(*const make[])(void) = {
		fetch_suite,
		httpd_suite,
		httpd_bodies_suite,
		rate_suite,
		httpd_full_suite,
		resolve_suite,
		stream_suite,
		udp_suite,
		way_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
