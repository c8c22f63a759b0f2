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
	{ "announce-list", BT_OPT_TEXT, AT(announce_list), "", 0, 0, "URLS", NULL,
	  "Trackers: ',' between those of one tier, '|' between tiers." },
	{ "httpseeds", BT_OPT_TEXT, AT(http_seeds), "", 0, 0, "URLS", NULL,
	  "HTTP seeds (BEP 17), joined by '|'." },
	{ "meta_version", BT_OPT_TEXT, AT(meta_version), "1", 0, 0, "1|2|hybrid", NULL,
	  "Version of the torrent: 1, 2 (BEP 52), or both in one." },
	{ "piece_size_pow2", BT_OPT_INT, AT(piece_size_pow2), "0", 0, 29, "N", NULL,
	  "Pieces of 2^N bytes, at most 29; 0: by the size of the content." },
	{ "comment", BT_OPT_TEXT, AT(comment), "", 0, 0, "TEXT", NULL,
	  "A comment for people." },
	{ "target", BT_OPT_TEXT, AT(target), "", 0, 0, "PATH", NULL,
	  "The torrent to write, or a directory to write into; otherwise FILE.torrent beside "
	  "FILE." },
	{ "created_by", BT_OPT_FLAG, AT(created_by), "1", 0, 0, "0|1", NULL,
	  "Write the keys 'created by' and 'encoding'." },
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

/* Now, or what a reproducible build says it is. */
static int64_t
creation_date(const struct cli *c)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long v;

	if (epoch == NULL || *epoch == '\0')
		return (int64_t)time(NULL);
	errno = 0;
	v = strtoll(epoch, &end, 10);
	if (errno != 0 || *end != '\0' || v < 0)
		cli_misuse(c, "SOURCE_DATE_EPOCH: '%s' is not a number of seconds", epoch);
	return v;
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

void
make_begin(struct make *m, const struct cli *c)
{
	const struct make_options *o = &m->options;
	struct bt_create_options *create = &m->create;

	m->cli = c;
	*create = (struct bt_create_options){ .cancel = &stop_asked };
	create->kind = kind_named(c, o->meta_version);
	create->announce = c->args[0][0] == '\0' ? NULL : c->args[0];
	create->piece_length = o->piece_size_pow2 == 0 ? 0 : 1u << o->piece_size_pow2;
	create->trackers = need(urls_tiers(o->announce_list, &create->tracker_count));
	create->http_seeds = need(urls_list(o->http_seeds, &create->http_seed_count));
	create->comment = o->comment[0] == '\0' ? NULL : o->comment;
	create->created_by = o->created_by ? "btcore/" PACKAGE_VERSION : NULL;
	create->encoding = o->created_by;
	create->creation_date = creation_date(c);
	create->progress = isatty(STDERR_FILENO) ? show_progress : NULL;
	stop_on_signals();
}

void
make_end(struct make *m)
{
	free((void *)m->create.trackers);
	free((void *)m->create.http_seeds);
}

bool
make_one(struct make *m, const char *path)
{
	struct bt_metainfo *made = NULL;
	struct bt_error err;
	char *out;
	bool ok;

	m->create.arg = (void *)path;
	if (bt_create(path, &m->create, &made, &err) != BT_OK) {
		if (m->create.progress != NULL)
			(void)fputc('\n', stderr);
		cli_error(m->cli, "%s", err.text);
		return false;
	}
	out = make_output_path(m, path);
	ok = bt_metainfo_save(made, out, &err) == BT_OK;
	if (!ok)
		cli_error(m->cli, "%s", err.text);
	free(out);
	bt_metainfo_free(made);
	return ok;
}
