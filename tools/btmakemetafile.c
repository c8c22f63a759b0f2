/* SPDX-License-Identifier: ISC */
/* btmakemetafile: makes a torrent of each file or directory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <btcore/create.h>

#include "tools/cli.h"

struct make_options {
	char *announce_list, *http_seeds, *comment, *target;
	int64_t piece_size_pow2;
	int64_t created_by;
};

#define AT(member) offsetof(struct make_options, member)

static const struct bt_option rows[] = {
	{ "announce-list", BT_OPT_TEXT, AT(announce_list), "", 0, 0, "URLS", NULL,
	  "Trackers: ',' between those of one tier, '|' between tiers." },
	{ "httpseeds", BT_OPT_TEXT, AT(http_seeds), "", 0, 0, "URLS", NULL,
	  "HTTP seeds (BEP 17), joined by '|'." },
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

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static volatile int stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The second signal ends the program as usual. */
static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

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
		(void)fprintf(stderr, "btmakemetafile: out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

/* The tiers of "a,b|c", pointing into text, which is cut up. */
static struct bt_create_tracker *
split_tiers(char *text, size_t *count)
{
	struct bt_create_tracker *list = need(calloc(strlen(text) + 1, sizeof(*list)));
	char *tier, *url;
	size_t number = 0;

	*count = 0;
	while ((tier = strsep(&text, "|")) != NULL) {
		size_t before = *count;

		while ((url = strsep(&tier, ",")) != NULL) {
			if (*url != '\0')
				list[(*count)++] = (struct bt_create_tracker){ url, number };
		}
		number += *count > before;
	}
	return list;
}

static const char **
split_seeds(char *text, size_t *count)
{
	const char **list = need(calloc(strlen(text) + 1, sizeof(*list)));
	char *url;

	*count = 0;
	while ((url = strsep(&text, "|")) != NULL) {
		if (*url != '\0')
			list[(*count)++] = url;
	}
	return list;
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

static bool
is_directory(const char *path)
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

/* Where the torrent of path goes. To be freed. */
static char *
output_path(const char *path, const char *target)
{
	char *plain = plain_path(path);
	const char *last = strrchr(plain, '/') == NULL ? plain : strrchr(plain, '/') + 1;
	size_t size = strlen(plain) + strlen(target) + sizeof("/.torrent");
	char *out = need(malloc(size));

	if (target[0] == '\0')
		(void)snprintf(out, size, "%s.torrent", plain);
	else if (is_directory(target))
		(void)snprintf(out, size, "%s/%s.torrent", target, last);
	else
		(void)snprintf(out, size, "%s", target);
	free(plain);
	return out;
}

static bool
make_one(const struct cli *c, const char *path, struct bt_create_options *o, const char *target)
{
	struct bt_metainfo *m = NULL;
	struct bt_error err;
	char *out;
	bool ok;

	o->arg = (void *)path;
	if (bt_create(path, o, &m, &err) != BT_OK) {
		if (o->progress != NULL)
			(void)fputc('\n', stderr);
		cli_error(c, "%s", err.text);
		return false;
	}
	out = output_path(path, target);
	ok = bt_metainfo_save(m, out, &err) == BT_OK;
	if (!ok)
		cli_error(c, "%s", err.text);
	free(out);
	bt_metainfo_free(m);
	return ok;
}

int
main(int argc, char **argv)
{
	struct make_options o;
	const struct cli_part part = { &table, &o };
	struct cli cli = { "btmakemetafile", "URL FILE...",
		"Makes a torrent of each FILE, a file or a directory; URL is its tracker.",
		&part, 1, 2, CLI_MANY, NULL, 0 };
	struct bt_create_options create = { .cancel = &stop };
	bool failed = false;

	cli_parse(&cli, argc, argv);
	if (cli.arg_count > 2 && o.target[0] != '\0' && !is_directory(o.target))
		cli_misuse(&cli, "--target: with several files it must be a directory");
	create.announce = cli.args[0][0] == '\0' ? NULL : cli.args[0];
	create.piece_length = o.piece_size_pow2 == 0 ? 0 : 1u << o.piece_size_pow2;
	create.trackers = split_tiers(o.announce_list, &create.tracker_count);
	create.http_seeds = split_seeds(o.http_seeds, &create.http_seed_count);
	create.comment = o.comment[0] == '\0' ? NULL : o.comment;
	create.created_by = o.created_by ? "btcore/" PACKAGE_VERSION : NULL;
	create.encoding = o.created_by;
	create.creation_date = creation_date(&cli);
	create.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
	catch_signals();
	for (size_t i = 1; i < cli.arg_count && !stop; i++)
		failed |= !make_one(&cli, cli.args[i], &create, o.target);
	free((void *)create.trackers);
	free((void *)create.http_seeds);
	return cli_finish(&cli, failed || stop);
}
