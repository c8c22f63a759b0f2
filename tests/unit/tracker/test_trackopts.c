/* SPDX-License-Identifier: ISC */
#include "tracker/trackopts.h"

#include "base/cdefs.h"
#include "helper.h"
#include "tracker_test.h"

START_TEST(defaults_are_in_range_and_names_unique)
{
	const struct bt_option_table *table = bt_tracker_options();
	struct bt_tracker_settings s;
	struct bt_error err;

	ck_assert_int_eq(bt_options_init(table, &s), BT_OK);
	for (size_t i = 0; i < table->count; i++) {
		const struct bt_option *row = &table->rows[i];

		ck_assert_ptr_eq(bt_options_find(table, row->name), row);
		if (row->def != NULL)
			ck_assert_msg(bt_options_set(table, &s, row->name, row->def, &err) == BT_OK,
			    "%s", err.text);
	}
	ck_assert_int_eq(trackopts_check(&s, &err), BT_EARG);
	ck_assert_int_eq(bt_options_set(table, &s, "dfile", "x", &err), BT_OK);
	ck_assert_int_eq(trackopts_check(&s, &err), BT_OK);
	ck_assert_int_eq(bt_options_set(table, &s, "scrape_allowed", "some", &err), BT_EARG);
	ck_assert_int_eq(bt_options_set(table, &s, "log_format", "some", &err), BT_EARG);
	ck_assert_int_eq(bt_options_set(table, &s, "tls_port", "443", &err), BT_OK);
	ck_assert_int_eq(trackopts_check(&s, &err), BT_EARG);
	ck_assert_int_eq(bt_options_set(table, &s, "tls_cert", "c", &err), BT_OK);
	ck_assert_int_eq(trackopts_check(&s, &err), BT_OK);
	ck_assert_int_eq(bt_options_set(table, &s, "tls_port", "0", &err), BT_OK);
	ck_assert_int_eq(trackopts_check(&s, &err), BT_EARG);
	bt_options_fini(table, &s);
}
END_TEST

/* Every option of the original is taken, so that its command lines start. */
START_TEST(old_command_lines_start)
{
	static const char *const old[][2] = {
		{ "port", "6969" }, { "dfile", "d" }, { "bind", "" }, { "ipv6_enabled", "0" },
		{ "ipv6_binds_v4", "1" }, { "socket_timeout", "15" },
		{ "save_dfile_interval", "300" },
		{ "timeout_downloaders_interval", "2700" }, { "reannounce_interval", "1800" },
		{ "response_size", "50" }, { "timeout_check_interval", "5" }, { "nat_check", "3" },
		{ "log_nat_checks", "1" }, { "min_time_between_log_flushes", "3.0" },
		{ "min_time_between_cache_refreshes", "600" }, { "allowed_dir", "t" },
		{ "allowed_list", "l" }, { "allowed_controls", "1" },
		{ "multitracker_enabled", "1" },
		{ "multitracker_allowed", "all" }, { "multitracker_reannounce_interval", "60" },
		{ "multitracker_maxpeers", "10" }, { "aggregate_forward", "http://x/" },
		{ "aggregator", "1" }, { "hupmonitor", "1" }, { "http_timeout", "30" },
		{ "parse_dir_interval", "30" }, { "show_infopage", "1" },
		{ "infopage_redirect", "" },
		{ "show_names", "0" }, { "favicon", "f" }, { "allowed_ips", "a" },
		{ "banned_ips", "b" },
		{ "only_local_override_ip", "2" }, { "logfile", "-" }, { "allow_get", "1" },
		{ "keep_dead", "1" }, { "scrape_allowed", "full" }, { "dedicated_seed_id", "s" },
		{ "compact_reqd", "1" },
	};
	struct bt_tracker_settings s;
	struct bt_error err;

	ck_assert_int_eq(bt_options_init(bt_tracker_options(), &s), BT_OK);
	for (size_t i = 0; i < COUNT_OF(old); i++)
		ck_assert_msg(bt_options_set(bt_tracker_options(), &s, old[i][0], old[i][1],
		    &err) == BT_OK, "%s", err.text);
	/* One or the other, as it ever was. */
	ck_assert_int_eq(trackopts_check(&s, &err), BT_EARG);
	ck_assert_int_eq(bt_options_set(bt_tracker_options(), &s, "allowed_list", "", &err), BT_OK);
	ck_assert_int_eq(trackopts_check(&s, &err), BT_OK);
	bt_options_fini(bt_tracker_options(), &s);
}
END_TEST

Suite *
trackopts_suite(void)
{
	Suite *s = suite_create("tracker/trackopts");
	TCase *t = tcase_create("trackopts");

	tcase_add_test(t, defaults_are_in_range_and_names_unique);
	tcase_add_test(t, old_command_lines_start);
	suite_add_tcase(s, t);
	return s;
}
