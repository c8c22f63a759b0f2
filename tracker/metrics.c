/* SPDX-License-Identifier: ISC */
#include "tracker/metrics.h"

#include <inttypes.h>

#include "base/hex.h"
#include "tracker/markup.h"

/* -- JSON -- */

static void
json_number(struct buf *b, const char *key, uint64_t n)
{
	buf_addf(b, "\"%s\":%" PRIu64 ",", key, n);
}

/* Overwrites the comma behind the last member. */
static void
json_end(struct buf *b, const char *end)
{
	if (b->len > 0 && b->ptr[b->len - 1] == ',')
		b->len--;
	buf_add_str(b, end);
}

static void
json_torrent(struct buf *b, const struct census_row *r, const struct torrent_names *names)
{
	struct torrent_name name;

	buf_add_str(b, "\n{\"info_hash\":\"");
	hex_add(b, r->info_hash, 20);
	buf_add_str(b, "\",");
	if (names != NULL && names->find(names->arg, r->info_hash, &name)) {
		buf_add_str(b, "\"name\":");
		json_text(b, name.text);
		buf_add_u8(b, ',');
		json_number(b, "size", name.size);
	}
	json_number(b, "seeds", r->complete);
	json_number(b, "leeches", r->incomplete);
	json_number(b, "completed", r->downloaded);
	json_end(b, "},");
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
json_history(struct buf *b, const struct stats_view *v)
{
	buf_add_str(b, "\"history\":{\"step\":60,");
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		buf_addf(b, "\n\"%s\":[", sample_names[i]);
		for (unsigned k = 0; k < v->sample_count; k++)
			buf_addf(b, "%.10g,", v->samples[k].v[i]);
		json_end(b, "],");
	}
	json_end(b, "},\n");
}

void
metrics_json(struct buf *b, const struct stats_view *v, const struct census *c,
    const struct torrent_names *names, int64_t now)
{
	buf_add_str(b, "{\"program\":\"bttrack " PACKAGE_VERSION "\",");
	json_number(b, "time", (uint64_t)now);
	json_number(b, "started", (uint64_t)v->started);
	json_number(b, "uptime", (uint64_t)v->uptime);
	json_number(b, "torrents", v->totals.torrents);
	json_number(b, "peers_ipv4", v->totals.peers4);
	json_number(b, "peers_ipv6", v->totals.peers6);
	json_number(b, "seeds", v->totals.seeds);
	json_number(b, "leeches", v->totals.peers4 + v->totals.peers6 - v->totals.seeds);
	json_number(b, "completed", c->downloaded);
	buf_addf(b, "\n\"http_per_second\":%.10g,\"udp_per_second\":%.10g,\n\"counters\":{",
	    v->http, v->udp);
	for (unsigned i = 0; i < STAT_COUNT; i++)
		json_number(b, stat_names[i].json, v->counts[i]);
	json_end(b, "},\n");
	json_history(b, v);
	buf_add_str(b, "\"largest\":[");
	for (size_t i = 0; i < c->rows.len; i++)
		json_torrent(b, vec_at(&c->rows, i), names);
	json_end(b, "]}\n");
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
