/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "proto_test.h"

int
main(void)
{
	Suite *(*const make[])(void) = {
		allowed_fast_suite,
		announce_suite,
		compact_suite,
		ext_suite,
		frame_suite,
		handshake_suite,
		http_suite,
		msg_suite,
		proxy_header_suite,
		scrape_suite,
		udp_announce_suite,
		url_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
