/* SPDX-License-Identifier: ISC */
#include "helper.h"

Suite *choice_suite(void);
Suite *choker_suite(void);
Suite *conn_suite(void);
Suite *download_suite(void);
Suite *facts_suite(void);
Suite *known_suite(void);
Suite *picker_suite(void);
Suite *rarity_suite(void);
Suite *reveal_suite(void);
Suite *serve_suite(void);
Suite *torrent_suite(void);

int
main(void)
{
	static Suite *(*const make[])(void) = {
		rarity_suite, picker_suite, choice_suite, choker_suite, known_suite, torrent_suite,
		conn_suite, download_suite, serve_suite, facts_suite, reveal_suite
	};

	return run_suites(make, sizeof(make) / sizeof(make[0]));
}
