/* SPDX-License-Identifier: ISC */
#include "tools/make_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/make_lists.h"
#include "tools/stop.h"
#include "tools/urls.h"

#define AT(member) offsetof(struct make_options, member)

static const struct bt_option rows[] = {
	{ "announce", BT_OPT_TEXT, AT(announce), "", 0, 0, "URL", NULL,
	  "The tracker; the URL on the command line is left out then." },
	{ "announce-list", BT_OPT_TEXT, AT(announce_list), "", 0, 0, "URLS", NULL,
	  "Trackers: ',' between those of one tier, '|' between tiers." },
	{ "trackers_from", BT_OPT_TEXT, AT(trackers_from), "", 0, 0, "FILE", NULL,
	  "More trackers, from a file: one on each line, an empty line between tiers." },
	{ "nodes", BT_OPT_TEXT, AT(nodes), "", 0, 0, "HOST:PORT,...", NULL,
	  "Nodes of the DHT that may be asked for peers (BEP 5)." },
	{ "httpseeds", BT_OPT_TEXT, AT(http_seeds), "", 0, 0, "URLS", NULL,
	  "HTTP seeds (BEP 17), joined by '|'." },
	{ "webseed", BT_OPT_TEXT, AT(web_seeds), "", 0, 0, "URLS", NULL,
	  "Web seeds (BEP 19), joined by '|'." },
	{ "meta_version", BT_OPT_TEXT, AT(meta_version), "1", 0, 0, "1|2|hybrid", NULL,
	  "Version of the torrent: 1, 2 (BEP 52), or both in one." },
	{ "piece_size_pow2", BT_OPT_INT, AT(piece_size_pow2), "0", 0, 29, "N", NULL,
	  "Pieces of 2^N bytes, at most 29; 0: by the size of the content." },
	{ "piece_length", BT_OPT_SIZE, AT(piece_length), "0", 0, 1u << 29, "BYTES", NULL,
	  "Size of a piece in bytes, or in KiB or MiB as in 256K or 1M; 0: see "
	  "--piece_size_pow2." },
	{ "pieces_max", BT_OPT_INT, AT(pieces_max), "0", 0, 1u << 22, "N", NULL,
	  "Most pieces; they get larger if need be; 0: see --piece_size_pow2." },
	{ "name", BT_OPT_TEXT, AT(name), "", 0, 0, "NAME", NULL,
	  "The name in the torrent; otherwise that of FILE." },
	{ "join", BT_OPT_FLAG, AT(join), "0", 0, 0, "0|1", NULL,
	  "Make one torrent, NAME.torrent, of all FILEs; needs --name." },
	{ "include", BT_OPT_TEXT, AT(include), "", 0, 0, "GLOBS", NULL,
	  "Of a directory, take only files that match one of these, joined by ',' or '|'." },
	{ "exclude", BT_OPT_TEXT, AT(exclude), "", 0, 0, "GLOBS", NULL,
	  "Of a directory, leave out what matches one of these, even if included." },
	{ "hidden", BT_OPT_FLAG, AT(hidden), "0", 0, 0, "0|1", NULL,
	  "Take files whose names begin with '.' too." },
	{ "symlinks", BT_OPT_TEXT, AT(symlinks), "follow", 0, 0, "follow|store|refuse", NULL,
	  "Symbolic links: take the file, store the link as one (BEP 47), or fail." },
	{ "order", BT_OPT_TEXT, AT(order), "path", 0, 0, "path|natural|size", NULL,
	  "Order of the files: by name, by name with 2 before 10, or the smallest first." },
	{ "private", BT_OPT_FLAG, AT(private), "0", 0, 0, "0|1", NULL,
	  "Allow peers from the trackers only (BEP 27)." },
	{ "source", BT_OPT_TEXT, AT(source), "", 0, 0, "TEXT", NULL,
	  "The value of the key 'source', which changes the info-hash." },
	{ "collections", BT_OPT_TEXT, AT(collections), "", 0, 0, "NAMES", NULL,
	  "Collections, joined by ',': torrents of one may share files (BEP 38)." },
	{ "similar", BT_OPT_TEXT, AT(similar), "", 0, 0, "HASHES", NULL,
	  "Info-hashes, joined by ',', of torrents that may share files (BEP 38)." },
	{ "entropy", BT_OPT_FLAG, AT(entropy), "0", 0, 0, "0|1", NULL,
	  "Write the key 'entropy' with 64 random digits, which change the info-hash." },
	{ "comment", BT_OPT_TEXT, AT(comment), "", 0, 0, "TEXT", NULL,
	  "A comment for people." },
	{ "created_by", BT_OPT_TEXT, AT(created_by), "1", 0, 0, "0|1|TEXT", NULL,
	  "Write the keys 'created by', this program or TEXT, and 'encoding'; 0: neither." },
	{ "creation_date", BT_OPT_TEXT, AT(creation_date), "now", 0, 0, "now|none|SECONDS", NULL,
	  "The creation date: seconds since 1970, or none; now can be set by "
	  "SOURCE_DATE_EPOCH." },
	{ "reproducible", BT_OPT_FLAG, AT(reproducible), "0", 0, 0, "0|1", NULL,
	  "Make the same torrent every time: no creation date unless one is given, and no "
	  "'created by'." },
	{ "target", BT_OPT_TEXT, AT(target), "", 0, 0, "PATH", NULL,
	  "The torrent to write, or a directory to write into; otherwise FILE.torrent beside "
	  "FILE." },
	{ "overwrite", BT_OPT_FLAG, AT(overwrite), "1", 0, 0, "0|1", NULL,
	  "Replace a torrent that is already there; 0: that is an error." },
	{ "threads", BT_OPT_INT, AT(threads), "0", 0, 64, "N", NULL,
	  "Threads that read and hash, at most 64; 0: one a core." },
	{ "filesystem_encoding", BT_OPT_IGNORED, 0, "", 0, 0, "NAME", NULL,
	  "Obsolete: names are written as they are." },
};

const struct bt_option_table make_option_table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* Which of the words it is; the table lets no other pass. */
static int
word_of(const char *text, const char *const words[3])
{
	int i = 0;

	while (i < 2 && strcmp(text, words[i]) != 0)
		i++;
	return i;
}

static enum bt_create_kind
kind_of(const char *text)
{
	static const char *const words[3] = {
		[BT_CREATE_V1] = "1", [BT_CREATE_V2] = "2", [BT_CREATE_HYBRID] = "hybrid" };

	return (enum bt_create_kind)word_of(text, words);
}

static enum bt_create_links
links_of(const char *text)
{
	static const char *const words[3] = { [BT_LINKS_FOLLOW] = "follow",
		[BT_LINKS_STORE] = "store", [BT_LINKS_REFUSE] = "refuse" };

	return (enum bt_create_links)word_of(text, words);
}

static enum bt_create_order
order_of(const char *text)
{
	static const char *const words[3] = { [BT_ORDER_PATH] = "path",
		[BT_ORDER_NATURAL] = "natural", [BT_ORDER_SIZE] = "size" };

	return (enum bt_create_order)word_of(text, words);
}

static bool
read_seconds(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out >= 0;
}

/* 0: none. Now is what a reproducible build says it is. */
static int64_t
creation_date(const struct cli *c, const struct make_options *o)
{
	const char *given = o->creation_date, *epoch = getenv("SOURCE_DATE_EPOCH");
	int64_t seconds;

	if (strcmp(given, "none") == 0)
		return 0;
	if (strcmp(given, "now") != 0) {
		if (!read_seconds(given, &seconds))
			cli_misuse_of(c, "creation_date", "'%s' is not a number of seconds", given);
		return seconds;
	}
	if (epoch == NULL || *epoch == '\0')
		return o->reproducible ? 0 : (int64_t)time(NULL);
	if (!read_seconds(epoch, &seconds))
		cli_misuse(c, "SOURCE_DATE_EPOCH: '%s' is not a number of seconds", epoch);
	return seconds;
}

static uint32_t
piece_length(const struct cli *c, const struct make_options *o)
{
	if ((o->piece_size_pow2 != 0) + (o->piece_length != 0) + (o->pieces_max != 0) > 1)
		cli_misuse(c, "only one of --piece_size_pow2, --piece_length, --pieces_max");
	if (o->piece_length != 0)
		return (uint32_t)o->piece_length;
	return o->piece_size_pow2 == 0 ? 0 : 1u << o->piece_size_pow2;
}

static const char *
unless_empty(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static const char *
creator(const struct make_options *o)
{
	if (strcmp(o->created_by, "0") == 0)
		return NULL;
	if (strcmp(o->created_by, "1") == 0)
		return o->reproducible ? NULL : "btcore/" PACKAGE_VERSION;
	return unless_empty(o->created_by);
}

/* Divides the words; a path without "://" is no URL, and the empty one is no path. */
static const char *
take_words(struct make *m, const struct cli *c)
{
	const char *announce = m->options.announce, *first = c->args[0];
	bool url = *announce == '\0' || *first == '\0' || strstr(first, "://") != NULL;

	m->paths = c->args + url;
	m->path_count = c->arg_count - url;
	if (m->path_count == 0)
		cli_misuse(c, "too few arguments: wanted %s", c->words);
	return url ? first : announce;
}

static void
set_trackers(struct make *m, const char *announce)
{
	struct bt_create_options *create = &m->create;

	m->trackers = make_need(urls_tiers(m->options.announce_list, &create->tracker_count));
	if (m->options.trackers_from[0] != '\0')
		m->tracker_text = make_trackers_from(m->cli, m->options.trackers_from,
		    &m->trackers, &create->tracker_count);
	create->trackers = m->trackers;
	create->announce = unless_empty(announce);
	if (create->announce == NULL && create->tracker_count > 0)
		create->announce = m->trackers[0].url;
}

/* What is in the info dictionary beside the files. */
static void
set_hints(struct make *m)
{
	const struct make_options *o = &m->options;
	struct bt_create_options *create = &m->create;

	if (o->entropy && o->reproducible)
		cli_misuse(m->cli,
		    "--entropy makes another torrent each time, --reproducible the same");
	m->collections = make_words(o->collections, &create->collection_count);
	create->collections = m->collections;
	make_hashes(m->cli, o->similar, &m->similar, &create->similar_count);
	create->similar = (const uint8_t (*)[20])m->similar;
	create->source = unless_empty(o->source);
	create->private = o->private;
}

static void
set_files(struct make *m)
{
	const struct make_options *o = &m->options;
	struct bt_create_options *create = &m->create;

	create->name = unless_empty(o->name);
	create->piece_length = piece_length(m->cli, o);
	create->pieces_max = (uint32_t)o->pieces_max;
	m->patterns = make_patterns(o->include, o->exclude, &create->pattern_count);
	create->patterns = m->patterns;
	create->hidden = o->hidden;
	create->links = links_of(o->symlinks);
	create->order = order_of(o->order);
}

void
make_begin(struct make *m, const struct cli *c)
{
	const struct make_options *o = &m->options;
	struct bt_create_options *create = &m->create;
	struct bt_error err;

	*m = (struct make){ .options = m->options, .cli = c };
	*create = (struct bt_create_options){ .cancel = &stop_asked };
	create->kind = kind_of(o->meta_version);
	set_files(m);
	set_trackers(m, take_words(m, c));
	set_hints(m);
	m->http_seeds = make_need(urls_list(o->http_seeds, &create->http_seed_count));
	create->http_seeds = m->http_seeds;
	m->url_seeds = make_need(urls_list(o->web_seeds, &create->url_seed_count));
	create->url_seeds = m->url_seeds;
	m->nodes = make_nodes(c, o->nodes, &create->node_count);
	create->nodes = m->nodes;
	create->comment = unless_empty(o->comment);
	create->created_by = creator(o);
	create->encoding = strcmp(o->created_by, "0") != 0;
	create->creation_date = creation_date(c, o);
	create->workers = (unsigned)o->threads;
	if (bt_create_check(create, &err) != BT_OK)
		cli_misuse(c, "%s", err.text);
	stop_on_signals();
}

void
make_end(struct make *m)
{
	free(m->trackers);
	free(m->tracker_text);
	free(m->http_seeds);
	free(m->url_seeds);
	free(m->collections);
	free(m->similar);
	free(m->nodes);
	free(m->patterns);
}
