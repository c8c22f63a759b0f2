/* SPDX-License-Identifier: ISC */
#include "tracker/pages/metrics.h"

#include <inttypes.h>

#include "base/json.h"

/* -- JSON -- */

static void
json_torrent(struct bt_json *j, const struct census_row *r, const struct torrent_names *names)
{
	struct torrent_name name;

	bt_json_object(j, NULL);
	bt_json_hex(j, "info_hash", r->info_hash, 20);
	if (names != NULL && names->find(names->arg, r->info_hash, &name)) {
		bt_json_slice(j, "name", name.text);
		bt_json_uint(j, "size", name.size);
	}
	bt_json_uint(j, "seeds", r->complete);
	bt_json_uint(j, "leeches", r->incomplete);
	bt_json_uint(j, "completed", r->downloaded);
	bt_json_end(j);
}

static const char *const sample_names[SAMPLE_COUNT] = {
	[SAMPLE_TORRENTS] = "torrents",
	[SAMPLE_SEEDS] = "seeds",
	[SAMPLE_LEECHES] = "leeches",
	[SAMPLE_PEERS4] = "peers_ipv4",
	[SAMPLE_PEERS6] = "peers_ipv6",
	[SAMPLE_HTTP] = "http_per_second",
	[SAMPLE_UDP] = "udp_per_second",
};

static void
json_history(struct bt_json *j, const struct stats_view *v)
{
	bt_json_object(j, "history");
	bt_json_uint(j, "step", 60);
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		bt_json_array(j, sample_names[i]);
		for (unsigned k = 0; k < v->sample_count; k++)
			bt_json_double(j, NULL, v->samples[k].v[i]);
		bt_json_end(j);
	}
	bt_json_end(j);
}

void
metrics_json(struct buf *b, const struct stats_view *v, const struct census *c,
    const struct torrent_names *names, int64_t now)
{
	struct bt_json j;

	json_into(&j, b);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "program", "bttrack " PACKAGE_VERSION);
	bt_json_int(&j, "time", now);
	bt_json_int(&j, "started", v->started);
	bt_json_uint(&j, "uptime", (uint64_t)v->uptime);
	bt_json_uint(&j, "torrents", v->totals.torrents);
	bt_json_uint(&j, "peers_ipv4", v->totals.peers4);
	bt_json_uint(&j, "peers_ipv6", v->totals.peers6);
	bt_json_uint(&j, "seeds", v->totals.seeds);
	bt_json_uint(&j, "leeches", v->totals.peers4 + v->totals.peers6 - v->totals.seeds);
	bt_json_uint(&j, "completed", c->downloaded);
	bt_json_double(&j, "http_per_second", v->http);
	bt_json_double(&j, "udp_per_second", v->udp);
	bt_json_object(&j, "counters");
	for (unsigned i = 0; i < STAT_COUNT; i++)
		bt_json_uint(&j, stat_names[i].json, v->counts[i]);
	bt_json_end(&j);
	json_history(&j, v);
	bt_json_array(&j, "largest");
	for (size_t i = 0; i < c->rows.len; i++)
		json_torrent(&j, vec_at(&c->rows, i), names);
	bt_json_end(&j);
	bt_json_end(&j);
}

/* -- Prometheus -- */

static void
text_head(struct buf *b, const char *metric, const char *help, bool is_gauge)
{
	buf_addf(b, "# HELP bttrack_%s %s\n# TYPE bttrack_%s %s\n", metric, help, metric,
	    is_gauge ? "gauge" : "counter");
}

static void
text_gauge(struct buf *b, const char *metric, const char *help, uint64_t n)
{
	text_head(b, metric, help, true);
	buf_addf(b, "bttrack_%s %" PRIu64 "\n", metric, n);
}

void
metrics_text(struct buf *b, const struct stats_view *v)
{
	for (unsigned i = 0; i < STAT_COUNT; i++) {
		const struct stat_name *n = &stat_names[i];
		bool labelled = n->labels[0] != '\0';

		if (n->help != NULL)
			text_head(b, n->metric, n->help, n->is_gauge);
		buf_addf(b, "bttrack_%s%s%s%s %" PRIu64 "\n", n->metric, labelled ? "{" : "",
		    n->labels, labelled ? "}" : "", v->counts[i]);
	}
	text_gauge(b, "torrents", "Torrents that are tracked.", v->totals.torrents);
	text_head(b, "peers", "Peers, by address family.", true);
	buf_addf(b, "bttrack_peers{family=\"ipv4\"} %" PRIu64 "\n", v->totals.peers4);
	buf_addf(b, "bttrack_peers{family=\"ipv6\"} %" PRIu64 "\n", v->totals.peers6);
	text_gauge(b, "seeds", "Peers that have all.", v->totals.seeds);
	text_gauge(b, "start_time_seconds", "When the tracker started, since 1970.",
	    (uint64_t)v->started);
	text_head(b, "info", "The program.", true);
	buf_add_str(b, "bttrack_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}
