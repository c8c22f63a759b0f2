/* SPDX-License-Identifier: ISC */
#include "tools/old_options.h"

#define OLD(name_, arg_, why_) \
	{ .name = (name_), .kind = BT_OPT_IGNORED, .def = "", .arg = (arg_), .help = (why_) }

static const struct bt_option rows[] = {
	OLD("auto_flush", "MINUTES", "What is written is written at once."),
	OLD("breakup_seed_bitfield", "0|1", "No provider is known any more to look for seeds."),
	OLD("buffer_reads", "0|1", "The system's cache does so."),
	OLD("crypto_allowed", "0|1", "Connections are not encrypted yet."),
	OLD("crypto_only", "0|1", "Connections are not encrypted yet."),
	OLD("crypto_stealth", "0|1", "Connections are not encrypted yet."),
	OLD("double_check", "0|1", "Pieces are hashed before they are written."),
	OLD("download_slice_size", "BYTES", "A request is 16 KiB, as all peers expect."),
	OLD("expire_cache_data", "DAYS", "What is known of a torrent is small, and kept."),
	OLD("ipv6_binds_v4", "0|1", "Both families are always bound apart."),
	OLD("keepalive_interval", "SECONDS", "It is 120 seconds, as all peers expect."),
	OLD("lock_while_reading", "0|1", "Readers do not harm one another."),
	OLD("max_message_length", "BYTES", "Each kind of message has a limit of its own."),
	OLD("max_rate_period", "SECONDS", "Rates are averages that forget by themselves."),
	OLD("max_slice_length", "BYTES", "Larger requests than 128 KiB are refused."),
	OLD("min_uploads", "NUMBER", "Free slots are filled as peers ask."),
	OLD("rarest_first_cutoff", "NUMBER", "The first pieces are chosen by chance."),
	OLD("rarest_first_priority_cutoff", "NUMBER", "Pieces that were begun are ended first."),
	OLD("rerequest_interval", "SECONDS", "Trackers say how often they want to be asked."),
	OLD("responsefile", "FILE", "The torrent is the first argument."),
	OLD("round_robin_period", "SECONDS", "Slots go round by themselves."),
	OLD("selector_enabled", "0|1", "Files can always be chosen."),
	OLD("spew", "0|1", "--verbose tells what happens."),
	OLD("tcp_ack_fudge", "NUMBER", "Acknowledgements are not counted as upload."),
	OLD("timeout_check_interval", "SECONDS", "It is checked every second."),
	OLD("triple_check", "0|1", "Pieces are hashed before they are written."),
	OLD("upload_rate_fudge", "SECONDS", "Bytes are counted when they are sent."),
	OLD("upload_unit_size", "BYTES", "The rate decides how much is sent at a time."),
	OLD("upnp_nat_access", "0|1|2", "Ports of routers are not opened yet."),
};

const struct bt_option_table old_options_table = { rows, sizeof(rows) / sizeof(rows[0]) };
