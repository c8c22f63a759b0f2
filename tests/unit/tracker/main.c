/* SPDX-License-Identifier: ISC */
#include "base/cdefs.h"
#include "helper.h"
#include "tracker_test.h"

int
main(void)
{
	Suite *(*const make[])(void) = {
		allowed_suite,
		census_suite,
		connid_suite,
		forwarded_suite,
		iplist_suite,
		limit_suite,
		markup_suite,
		nat_check_suite,
		peers_suite,
		nat_known_suite,
		pages_suite,
		reply_suite,
		reqlog_suite,
		shards_suite,
		shelf_suite,
		state_suite,
		stats_suite,
		swarm_suite,
		tracker_suite,
		trackopts_suite,
		unreached_suite,
	};

	return run_suites(make, COUNT_OF(make));
}
