/* SPDX-License-Identifier: ISC */
#include "tools/make_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/stop.h"
#include "tools/urls.h"

#define AT(member) offsetof(struct make_options, member)

static const struct bt_option rows[] = {
	{ "announce", BT_OPT_TEXT, AT(announce), "", 0, 0, "URL", NULL,
	  "The tracker, so that there need be no other URL." },
	{ "announce-list", BT_OPT_TEXT, AT(announce_list), "", 0, 0, "URLS", NULL,
	  "Trackers: ',' between those of one tier, '|' between tiers." },
	{ "httpseeds", BT_OPT_TEXT, AT(http_seeds), "", 0, 0, "URLS", NULL,
	  "HTTP seeds (BEP 17), joined by '|'." },
	{ "webseed", BT_OPT_TEXT, AT(web_seeds), "", 0, 0, "URLS", NULL,
	  "Web seeds (BEP 19), joined by '|'." },
	{ "meta_version", BT_OPT_TEXT, AT(meta_version), "1", 0, 0, "1|2|hybrid", NULL,
	  "Version of the torrent: 1, 2 (BEP 52), or both in one." },
	{ "piece_size_pow2", BT_OPT_INT, AT(piece_size_pow2), "0", 0, 29, "N", NULL,
	  "Pieces of 2^N bytes, at most 29; 0: by the size of the content." },
	{ "piece_length", BT_OPT_INT, AT(piece_length), "0", 0, 1u << 29, "BYTES", NULL,
	  "Pieces of so many bytes; 0: see --piece_size_pow2." },
	{ "pieces_max", BT_OPT_INT, AT(pieces_max), "0", 0, 1u << 22, "N", NULL,
	  "No more pieces than these, larger ones if need be; 0: see --piece_size_pow2." },
	{ "name", BT_OPT_TEXT, AT(name), "", 0, 0, "NAME", NULL,
	  "The name in the torrent; otherwise that of FILE." },
	{ "include", BT_OPT_TEXT, AT(include), "", 0, 0, "GLOBS", NULL,
	  "Of a directory, take only files that match one of these, joined by ',' or '|'." },
	{ "exclude", BT_OPT_TEXT, AT(exclude), "", 0, 0, "GLOBS", NULL,
	  "Of a directory, leave out what matches one of these, even if included." },
	{ "hidden", BT_OPT_FLAG, AT(hidden), "0", 0, 0, "0|1", NULL,
	  "Take names that begin with '.' too." },
	{ "symlinks", BT_OPT_TEXT, AT(symlinks), "follow", 0, 0, "follow|refuse", NULL,
	  "What to do with symbolic links to files." },
	{ "private", BT_OPT_FLAG, AT(private), "0", 0, 0, "0|1", NULL,
	  "Peers from the trackers only (BEP 27)." },
	{ "source", BT_OPT_TEXT, AT(source), "", 0, 0, "TEXT", NULL,
	  "The key 'source', which makes the info-hash another." },
	{ "comment", BT_OPT_TEXT, AT(comment), "", 0, 0, "TEXT", NULL,
	  "A comment for people." },
	{ "created_by", BT_OPT_FLAG, AT(created_by), "1", 0, 0, "0|1", NULL,
	  "Write the keys 'created by' and 'encoding'." },
	{ "creation_date", BT_OPT_TEXT, AT(creation_date), "now", 0, 0, "now|none|SECONDS", NULL,
	  "The creation date: seconds since 1970, or none; now can be set by "
	  "SOURCE_DATE_EPOCH." },
	{ "reproducible", BT_OPT_FLAG, AT(reproducible), "0", 0, 0, "0|1", NULL,
	  "The same torrent whenever it is made: no creation date unless it is given, and no "
	  "'created by'." },
	{ "target", BT_OPT_TEXT, AT(target), "", 0, 0, "PATH", NULL,
	  "The torrent to write, or a directory to write into; otherwise FILE.torrent beside "
	  "FILE." },
	{ "overwrite", BT_OPT_FLAG, AT(overwrite), "1", 0, 0, "0|1", NULL,
	  "Replace a torrent that is there; with 0 that is an error." },
	{ "threads", BT_OPT_INT, AT(threads), "0", 0, 64, "N", NULL,
	  "Threads that read and hash, at most 64; 0: one a core." },
	{ "filesystem_encoding", BT_OPT_IGNORED, 0, "", 0, 0, "NAME", NULL,
	  "Obsolete: names are written as they are." },
};

const struct bt_option_table make_option_table = { rows, sizeof(rows) / sizeof(rows[0]) };

static void
show_progress(void *arg, uint64_t done, uint64_t total)
{
	double percent = total == 0 ? 100 : 100.0 * (double)done / (double)total;

	(void)fprintf(stderr, "\r%s: %.1f%% complete%s", (const char *)arg, percent,
	    done == total ? "\n" : "");
}

static void *
need(void *p)
{
	if (p == NULL) {
		(void)fprintf(stderr, "out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

static enum bt_create_kind
kind_named(const struct cli *c, const char *name)
{
	if (strcmp(name, "1") == 0)
		return BT_CREATE_V1;
	if (strcmp(name, "2") == 0)
		return BT_CREATE_V2;
	if (strcmp(name, "hybrid") != 0)
		cli_misuse(c, "--meta_version: '%s' is none of 1, 2, hybrid", name);
	return BT_CREATE_HYBRID;
}

static int64_t
seconds_of(const struct cli *c, const char *what, const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < 0)
		cli_misuse(c, "%s: '%s' is not a number of seconds", what, text);
	return v;
}

/* 0: none. Now is what a reproducible build says it is. */
static int64_t
creation_date(const struct cli *c, const struct make_options *o)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (strcmp(o->creation_date, "none") == 0)
		return 0;
	if (strcmp(o->creation_date, "now") != 0)
		return seconds_of(c, "--creation_date", o->creation_date);
	if (epoch != NULL && *epoch != '\0')
		return seconds_of(c, "SOURCE_DATE_EPOCH", epoch);
	return o->reproducible ? 0 : (int64_t)time(NULL);
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

static bool
refuses_links(const struct cli *c, const char *what)
{
	if (strcmp(what, "follow") != 0 && strcmp(what, "refuse") != 0)
		cli_misuse(c, "--symlinks: '%s' is neither follow nor refuse", what);
	return strcmp(what, "refuse") == 0;
}

/* Room for one glob of each byte and the empty one: more than text can hold. */
static struct bt_create_pattern *
patterns_of(const struct make_options *o, size_t *count)
{
	char *texts[] = { o->include, o->exclude };
	struct bt_create_pattern *p;

	*count = 0;
	p = need(calloc(strlen(o->include) + strlen(o->exclude) + 2, sizeof(*p)));
	for (size_t i = 0; i < 2; i++) {
		char *rest = texts[i], *glob;

		while ((glob = strsep(&rest, ",|")) != NULL) {
			if (*glob != '\0')
				p[(*count)++] = (struct bt_create_pattern){ glob, i == 0 };
		}
	}
	return p;
}

static const char *
unless_empty(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

bool
make_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Without slashes at the end; "." and ".." by their real names. To be freed. */
static char *
plain_path(const char *path)
{
	const char *last;
	char *plain;
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	plain = need(strndup(path, len));
	last = strrchr(plain, '/') == NULL ? plain : strrchr(plain, '/') + 1;
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		char *real = realpath(plain, NULL);

		if (real != NULL) {
			free(plain);
			plain = real;
		}
	}
	return plain;
}

char *
make_output_path(const struct make *m, const char *path)
{
	const char *target = m->options.target;
	char *plain = plain_path(path);
	const char *last = strrchr(plain, '/') == NULL ? plain : strrchr(plain, '/') + 1;
	size_t size = strlen(plain) + strlen(target) + sizeof("/.torrent");
	char *out = need(malloc(size));

	if (target[0] == '\0')
		(void)snprintf(out, size, "%s.torrent", plain);
	else if (make_is_directory(target))
		(void)snprintf(out, size, "%s/%s.torrent", target, last);
	else
		(void)snprintf(out, size, "%s", target);
	free(plain);
	return out;
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

void
make_begin(struct make *m, const struct cli *c)
{
	const struct make_options *o = &m->options;
	struct bt_create_options *create = &m->create;

	m->cli = c;
	*create = (struct bt_create_options){ .cancel = &stop_asked };
	create->kind = kind_named(c, o->meta_version);
	create->name = unless_empty(o->name);
	create->piece_length = piece_length(c, o);
	create->pieces_max = (uint32_t)o->pieces_max;
	create->patterns = patterns_of(o, &create->pattern_count);
	create->hidden = o->hidden;
	create->links = refuses_links(c, o->symlinks) ? BT_LINKS_REFUSE : BT_LINKS_FOLLOW;
	create->announce = unless_empty(take_words(m, c));
	create->trackers = need(urls_tiers(o->announce_list, &create->tracker_count));
	create->http_seeds = need(urls_list(o->http_seeds, &create->http_seed_count));
	create->url_seeds = need(urls_list(o->web_seeds, &create->url_seed_count));
	create->comment = unless_empty(o->comment);
	create->created_by = o->created_by && !o->reproducible ? "btcore/" PACKAGE_VERSION : NULL;
	create->source = unless_empty(o->source);
	create->private = o->private;
	create->encoding = o->created_by;
	create->creation_date = creation_date(c, o);
	create->workers = (unsigned)o->threads;
	create->progress = isatty(STDERR_FILENO) ? show_progress : NULL;
	stop_on_signals();
}

void
make_end(struct make *m)
{
	free((void *)m->create.trackers);
	free((void *)m->create.http_seeds);
	free((void *)m->create.url_seeds);
	free((void *)m->create.patterns);
}

/* Asked before the long work, and after it, for others are at work too. */
static bool
may_write(const struct make *m, const char *out)
{
	if (m->options.overwrite || access(out, F_OK) != 0)
		return true;
	cli_error(m->cli, "%s: is there already", out);
	return false;
}

static bool
make_into(struct make *m, const char *path, const char *out)
{
	struct bt_metainfo *made = NULL;
	struct bt_error err;
	bool ok;

	m->create.arg = (void *)path;
	if (bt_create(path, &m->create, &made, &err) != BT_OK) {
		if (m->create.progress != NULL)
			(void)fputc('\n', stderr);
		cli_error(m->cli, "%s", err.text);
		return false;
	}
	ok = may_write(m, out);
	if (ok && bt_metainfo_save(made, out, &err) != BT_OK) {
		cli_error(m->cli, "%s", err.text);
		ok = false;
	}
	bt_metainfo_free(made);
	return ok;
}

bool
make_one(struct make *m, const char *path)
{
	char *out = make_output_path(m, path);
	bool ok = may_write(m, out) && make_into(m, path, out);

	free(out);
	return ok;
}
