/* SPDX-License-Identifier: ISC */
#include "session/settings.h"

#include "base/cdefs.h"
#include "base/mem.h"

#define ROW(name_, kind_, def_, min_, max_, arg_, group_, help_) \
	{ .name = #name_, .kind = (kind_), .offset = offsetof(struct bt_settings, name_), \
	    .def = (def_), .min = (min_), .max = (max_), .arg = (arg_), .group = (group_), \
	    .help = (help_) }

#define GROUP_NET "Network"
#define GROUP_PEERS "Peers"
#define GROUP_DISK "Disk"

static const struct bt_option rows[] = {
	ROW(minport, BT_OPT_INT, "10000", 0, 65535, "PORT", GROUP_NET,
	    "Lowest port to listen on for peers."),
	ROW(maxport, BT_OPT_INT, "60000", 0, 65535, "PORT", GROUP_NET,
	    "Highest port to listen on for peers."),
	ROW(random_port, BT_OPT_FLAG, "1", 0, 0, "0|1", GROUP_NET,
	    "Choose the port at random in the range; 0: try them in order."),
	ROW(bind, BT_OPT_TEXT, "", 0, 0, "ADDRESSES", GROUP_NET,
	    "Local addresses to listen on and to connect from, joined by commas; empty: all."),
	ROW(ip, BT_OPT_TEXT, "", 0, 0, "ADDRESS", GROUP_NET,
	    "Address to report to trackers; empty: they take the one that they see."),
	ROW(interface, BT_OPT_TEXT, "", 0, 0, "NAME", GROUP_NET,
	    "Network interface to use alone; empty: any."),
	ROW(ipv6_enabled, BT_OPT_FLAG, "1", 0, 0, "0|1", GROUP_NET, "Use IPv6 as well."),
	ROW(max_upload_rate, BT_OPT_INT, "0", 0, 1e9, "KIB/S", GROUP_NET,
	    "Limit on the upload rate, in KiB a second; 0: no limit."),
	ROW(max_download_rate, BT_OPT_INT, "0", 0, 1e9, "KIB/S", GROUP_NET,
	    "Limit on the download rate, in KiB a second; 0: no limit."),
	ROW(http_timeout, BT_OPT_FLOAT, "60", 1, 3600, "SECONDS", GROUP_NET,
	    "How long to wait for a tracker."),
	ROW(max_uploads, BT_OPT_INT, "7", 1, 10000, "NUMBER", GROUP_PEERS,
	    "How many peers of a torrent are served at once."),
	ROW(max_connections, BT_OPT_INT, "0", 0, 65535, "NUMBER", GROUP_PEERS,
	    "Most connections of a torrent; 0: 200."),
	ROW(max_connections_total, BT_OPT_INT, "0", 0, 65535, "NUMBER", GROUP_PEERS,
	    "Most connections of all torrents; 0: what the limit on open files allows."),
	ROW(max_initiate, BT_OPT_INT, "40", 1, 65535, "NUMBER", GROUP_PEERS,
	    "Make no more outgoing connections once a torrent has this many peers."),
	ROW(super_seeder, BT_OPT_FLAG, "0", 0, 0, "0|1", GROUP_PEERS,
	    "Seed torrents that nobody else has yet: show each peer only pieces that others lack, "
	    "so that little more than one copy is sent."),
	ROW(active_downloads, BT_OPT_INT, "0", 0, 1e6, "NUMBER", GROUP_PEERS,
	    "How many torrents download at once, those that were added first; 0: all."),
	ROW(active_seeds, BT_OPT_INT, "0", 0, 1e6, "NUMBER", GROUP_PEERS,
	    "How many torrents seed at once, those that somebody wants first; 0: all."),
	ROW(min_peers, BT_OPT_INT, "20", 0, 65535, "NUMBER", GROUP_PEERS,
	    "Ask the trackers for more peers while a torrent has fewer than this."),
	ROW(request_backlog, BT_OPT_INT, "10", 1, 2000, "NUMBER", GROUP_PEERS,
	    "Fewest requests kept under way to a peer; more as its speed allows."),
	ROW(timeout, BT_OPT_FLOAT, "300", 30, 86400, "SECONDS", GROUP_PEERS,
	    "Drop a peer that has been silent for this long."),
	ROW(snub_time, BT_OPT_FLOAT, "30", 1, 86400, "SECONDS", GROUP_PEERS,
	    "How long to wait for a block before others are asked for it."),
	ROW(state, BT_OPT_TEXT, "", 0, 0, "DIRECTORY", GROUP_DISK,
	    "Remember here what is known of the torrents, so that they need not be checked again; "
	    "empty: nowhere."),
	ROW(max_files_open, BT_OPT_INT, "50", 1, 100000, "NUMBER", GROUP_DISK,
	    "Most files open at once."),
	ROW(write_buffer_size, BT_OPT_FLOAT, "8", 0, 4096, "MIB", GROUP_DISK,
	    "How much of unfinished pieces is kept in memory, in MiB."),
};

const struct bt_option_table *
bt_settings_table(void)
{
	static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

	return &table;
}

#define LIMIT(name_, max_, arg_, help_) \
	{ .name = #name_, .kind = BT_OPT_INT, .offset = offsetof(struct torrent_wishes, name_), \
	    .def = "0", .max = (max_), .arg = (arg_), .help = (help_) }

static const struct bt_option limits[] = {
	LIMIT(upload_rate, 1e12, "BYTES/S", "Upload rate of the torrent in bytes a second; 0: as "
	    "much as the session gives it."),
	LIMIT(download_rate, 1e12, "BYTES/S", "Download rate of the torrent in bytes a second; 0: "
	    "as much as the session gives it."),
	LIMIT(max_uploads, 10000, "NUMBER", "Peers that are served at once; 0: as the session has "
	    "it."),
	LIMIT(max_connections, 65535, "NUMBER", "Connections; 0: as the session has it."),
	LIMIT(super_seeder, 1, "0|1", "Seed it as one that nobody else has yet; 0: as the session "
	    "has it."),
	LIMIT(sequential, 1, "0|1", "Pieces are asked for in their order, the rarest not first."),
	LIMIT(first_last, 1, "0|1", "The first and last piece of each file go first."),
};

const struct bt_option_table *
bt_limits_table(void)
{
	static const struct bt_option_table table = { limits, COUNT_OF(limits) };

	return &table;
}

struct bt_settings *
bt_settings_new(void)
{
	struct bt_settings *s = mem_zero(sizeof(*s));

	if (s != NULL && bt_options_init(bt_settings_table(), s) != BT_OK) {
		mem_free(s);
		s = NULL;
	}
	return s;
}

struct bt_settings *
bt_settings_copy(const struct bt_settings *from)
{
	struct bt_settings *s = mem_zero(sizeof(*s));

	if (s != NULL && bt_options_copy(bt_settings_table(), s, from) != BT_OK) {
		mem_free(s);
		s = NULL;
	}
	return s;
}

void
bt_settings_free(struct bt_settings *s)
{
	if (s == NULL)
		return;
	bt_options_fini(bt_settings_table(), s);
	mem_free(s);
}

enum bt_code
bt_settings_set(struct bt_settings *s, const char *name, const char *text, struct bt_error *err)
{
	return bt_options_set(bt_settings_table(), s, name, text, err);
}

enum bt_code
bt_settings_set_int(struct bt_settings *s, const char *name, int64_t value, struct bt_error *err)
{
	return bt_options_set_int(bt_settings_table(), s, name, value, err);
}

enum bt_code
bt_settings_set_float(struct bt_settings *s, const char *name, double value, struct bt_error *err)
{
	return bt_options_set_float(bt_settings_table(), s, name, value, err);
}

enum bt_code
bt_settings_get_int(const struct bt_settings *s, const char *name, int64_t *out,
    struct bt_error *err)
{
	return bt_options_get_int(bt_settings_table(), s, name, out, err);
}

enum bt_code
bt_settings_get_float(const struct bt_settings *s, const char *name, double *out,
    struct bt_error *err)
{
	return bt_options_get_float(bt_settings_table(), s, name, out, err);
}

const char *
bt_settings_get_text(const struct bt_settings *s, const char *name)
{
	return bt_options_get_text(bt_settings_table(), s, name);
}
