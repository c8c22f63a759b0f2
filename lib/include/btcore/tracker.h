/* SPDX-License-Identifier: ISC */
/*
 * A tracker in your process: HTTP and UDP on one port, IPv4 and IPv6.
 *
 *	struct bt_tracker_settings s;
 *
 *	bt_options_init(bt_tracker_options(), &s);
 *	bt_options_set(bt_tracker_options(), &s, "dfile", "state", NULL);
 *	t = bt_tracker_new(&s, NULL, NULL, &err);
 *	bt_tracker_run(t, &err);		until bt_tracker_stop(t), from anywhere
 *	bt_tracker_free(t);
 *	bt_options_fini(bt_tracker_options(), &s);
 */
#ifndef BTCORE_TRACKER_H
#define BTCORE_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/log.h>
#include <btcore/option.h>

/* A field for each option of the table; its help says what it does. */
struct bt_tracker_settings {
	int64_t port;
	char *dfile;
	char *bind;
	int64_t tls_port;
	char *tls_cert;
	char *tls_key;
	int64_t listen_fds;
	char *user;
	int64_t confine;		/* for the program: see bt_tracker_confine */
	int64_t ipv6_enabled;
	int64_t threads;
	int64_t socket_timeout;
	int64_t save_dfile_interval;
	int64_t timeout_downloaders_interval;
	int64_t reannounce_interval;
	int64_t response_size;
	int64_t only_local_override_ip;
	int64_t compact_reqd;
	int64_t keep_dead;
	char *scrape_allowed;
	int64_t show_infopage;
	int64_t stats_json;
	int64_t metrics;
	char *pages_bind;
	char *infopage_redirect;
	char *logfile;
	char *log_format;
	int64_t log_udp;
	int64_t log_rate;
	double min_time_between_log_flushes;
	int64_t hupmonitor;
	int64_t max_connections;
	int64_t max_torrents;
	int64_t max_peers_total;
	int64_t max_peers;
	int64_t max_peers_per_ip;
	int64_t nat_check;
	int64_t log_nat_checks;
	char *allowed_dir;
	char *allowed_list;
	int64_t allowed_controls;
	char *allowed_ips;
	char *banned_ips;
	int64_t parse_dir_interval;
	char *trusted_proxies;
	int64_t rate_limit;
	int64_t rate_burst;
	int64_t show_names;
	char *favicon;
	int64_t allow_get;
	char *dedicated_seed_id;
};

const struct bt_option_table *bt_tracker_options(void);

struct bt_tracker;

/* Opens the sockets and reads the dfile. The settings must outlive the tracker; log may be NULL.
 * Returns NULL on failure, and err says why. */
struct bt_tracker *bt_tracker_new(const struct bt_tracker_settings *settings, bt_log_fn log,
    void *log_arg, struct bt_error *err);

/* Between new and run: this thread, and those that it starts from now on, give up for good all
 * access to files but what the settings name (see --confine in bttrack(1)), TCP connections unless
 * nat_check makes them, and the start of programs. Without effect where the kernel has no
 * Landlock. */
enum bt_code bt_tracker_confine(struct bt_tracker *t, struct bt_error *err);

/* Serves until it is stopped, then saves. Returns the code of that save. */
enum bt_code bt_tracker_run(struct bt_tracker *t, struct bt_error *err);

/* They make it end, read its lists and certificate again, and reopen the log file. They may be
 * called from another thread and from a signal handler. */
void bt_tracker_stop(struct bt_tracker *t);
void bt_tracker_reload(struct bt_tracker *t);
void bt_tracker_reopen_log(struct bt_tracker *t);

/* Has fn called at this interval, on the thread that runs the tracker, as long as all its threads
 * live. To be called before bt_tracker_run. */
void bt_tracker_set_heartbeat(struct bt_tracker *t, double seconds, void (*fn)(void *arg),
    void *arg);

/* Has fn called on that thread when a reload begins, and again (done) when what was read is in
 * force; once if more reloads are asked for meanwhile. To be called before bt_tracker_run. */
void bt_tracker_watch_reloads(struct bt_tracker *t, void (*fn)(void *arg, bool done), void *arg);

/* Returns the port in use, also if the system chose it. */
uint16_t bt_tracker_port(const struct bt_tracker *t);

/* Frees it without saving; t may be NULL. */
void bt_tracker_free(struct bt_tracker *t);

#endif
