/* SPDX-License-Identifier: ISC */
#ifndef UNIT_TRACKER_TEST_H
#define UNIT_TRACKER_TEST_H

#include <check.h>

Suite *allowed_suite(void);
Suite *census_suite(void);
Suite *connid_suite(void);
Suite *forwarded_suite(void);
Suite *iplist_suite(void);
Suite *limit_suite(void);
Suite *markup_suite(void);
Suite *nat_check_suite(void);
Suite *nat_known_suite(void);
Suite *pages_suite(void);
Suite *peers_suite(void);
Suite *reply_suite(void);
Suite *reqlog_suite(void);
Suite *shards_suite(void);
Suite *shelf_suite(void);
Suite *state_suite(void);
Suite *stats_suite(void);
Suite *swarm_suite(void);
Suite *tracker_suite(void);
Suite *trackopts_suite(void);
Suite *unreached_suite(void);

#endif
