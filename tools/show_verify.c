/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <btcore/verify.h>

#include "tools/json.h"
#include "tools/show.h"
#include "tools/text.h"

#define PROGRESS_EVERY 0.1	/* seconds */
#define RANGES_SHOWN 12		/* of one file; --json has more */

struct view {
	const struct cli *cli;
	bool as_json;
	bool on_terminal;	/* progress can be seen */
	bool progress_stands;
	size_t complete, incomplete, failed;	/* torrents so far */
	bool begun;		/* the torrent whose files are being told */
	struct bt_json json;
	double start, last;	/* seconds */
	uint64_t before;	/* bytes of the torrents that are done */
};

/* What was added and is not done yet: the torrent's tag. */
struct subject {
	struct bt_metainfo *meta;
	const char *file;
};

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
clear_progress(struct view *v)
{
	if (v->progress_stands)
		(void)fputs("\r\033[K", stderr);
	v->progress_stands = false;
}

static void
on_progress(void *arg, const struct bt_verify_torrent *t)
{
	const struct subject *s = t->tag;
	struct view *v = arg;
	double at = now(), rate, left;

	if (!v->on_terminal || at - v->last < PROGRESS_EVERY)
		return;
	v->last = at;
	rate = (double)(v->before + t->looked_at) / (at - v->start);
	left = (double)(t->size - t->looked_at) / (rate > 1 ? rate : 1);
	(void)fflush(stdout);
	(void)fprintf(stderr, "\r\033[K%5.1f %%, %.0f MB/s, %.0f s left: ",
	    100.0 * (double)t->looked_at / (double)t->size, rate / 1e6, left);
	text_puts(stderr, s->file);
	(void)fflush(stderr);
	v->progress_stands = true;
}

/* -- for people -- */

static void
print_range(const struct bt_verify_pieces *p)
{
	(void)printf("%" PRIu32, p->first);
	if (p->first != p->last)
		(void)printf("-%" PRIu32, p->last);
}

static void
print_path(const struct bt_metainfo *m, uint32_t file)
{
	size_t len;
	char *path = show_path(m, file, &len);

	text_print(stdout, (struct bt_slice){ (uint8_t *)path, len });
	free(path);
}

/* "; bad: piece 3-4, 7" of those that are the file's own affair. */
static void
print_own(const struct bt_verify_file *f, enum bt_verify_reason reason)
{
	size_t n = 0;

	for (size_t i = 0; i < f->piece_ranges; i++) {
		const struct bt_verify_pieces *p = &f->pieces[i];

		if (p->reason != reason || (reason == BT_VERIFY_HASH && p->neighbours > 0))
			continue;
		if (n == RANGES_SHOWN) {
			(void)printf(" ...");
			break;
		}
		(void)fputs(n++ > 0 ? ", " : reason == BT_VERIFY_HASH ? "; bad: piece " :
		    "; not there: piece ", stdout);
		print_range(p);
	}
}

/* "; piece 7 fails, shared with x and 2 more" */
static void
print_shared(const struct bt_metainfo *m, const struct bt_verify_pieces *p)
{
	bool untried = p->reason == BT_VERIFY_UNTRIED;

	if (p->neighbours == 0 || p->reason == BT_VERIFY_ABSENT)
		return;
	(void)printf("; piece %" PRIu32 " %s ", p->first,
	    untried ? "cannot be tried without" : "is bad, shared with");
	print_path(m, p->neighbour);
	if (p->neighbours > 1 && !untried)
		(void)printf(" and %" PRIu32 " more", p->neighbours - 1);
}

static void
print_details(const struct bt_metainfo *m, const struct bt_verify_file *f)
{
	if (f->state == BT_VERIFY_UNREADABLE)
		(void)printf("; %s", strerror(f->sys_errno));
	if (f->state == BT_VERIFY_UNREADABLE || f->state == BT_VERIFY_MISSING)
		return;
	if (f->size_on_disk != bt_metainfo_file(m, f->index).size)
		(void)printf("; %" PRIu64 " bytes on disk", f->size_on_disk);
	print_own(f, BT_VERIFY_HASH);
	print_own(f, BT_VERIFY_ABSENT);
	if (f->doubtful > 0 && bt_metainfo_lacks_layer(m, f->index))
		(void)printf("; cannot tell of %" PRIu64 " bytes, whose hashes are not in the "
		    "torrent", f->doubtful);
	for (size_t i = 0; i < f->piece_ranges; i++)
		print_shared(m, &f->pieces[i]);
}

static void
print_head(const struct bt_verify_torrent *t)
{
	const struct subject *s = t->tag;

	(void)printf("metainfo file.: ");
	text_puts(stdout, s->file);
	(void)printf("\ncontent.......: ");
	text_puts(stdout, t->content);
	(void)putchar('\n');
}

static void
print_file(const struct bt_verify_torrent *t, const struct bt_verify_file *f)
{
	(void)printf("   %-10s ", bt_verify_state_name(f->state));
	print_path(t->meta, f->index);
	(void)printf(" (%" PRIu64 ")", bt_metainfo_file(t->meta, f->index).size);
	print_details(t->meta, f);
	(void)putchar('\n');
}

static void
print_result(const struct bt_verify_torrent *t, uint32_t files, bool complete)
{
	(void)printf("result........: ");
	if (complete)
		(void)printf("complete");
	for (unsigned i = 0; !complete && i < BT_VERIFY_STATES; i++) {
		if (i == BT_VERIFY_COMPLETE)
			(void)printf("%" PRIu32 " of %" PRIu32 " files complete", t->files[i],
			    files);
		else if (t->files[i] > 0)
			(void)printf(", %" PRIu32 " %s", t->files[i], bt_verify_state_name(i));
	}
	(void)printf(" (%" PRIu64 " of %" PRIu64 " bytes)\n", t->good,
	    bt_metainfo_total_size(t->meta));
	(void)fflush(stdout);
}

/* -- for scripts -- */

static void
json_path(struct bt_json *j, const char *key, const struct bt_metainfo *m, uint32_t file)
{
	size_t len;
	char *path = show_path(m, file, &len);

	bt_json_slice(j, key, (struct bt_slice){ (uint8_t *)path, len });
	free(path);
}

static void
json_head(struct bt_json *j, const struct bt_verify_torrent *t)
{
	const struct subject *s = t->tag;

	json_to(j, stdout);
	bt_json_object(j, NULL);
	bt_json_string(j, "metainfo_file", s->file);
	bt_json_string(j, "content", t->content);
	bt_json_slice(j, "name", bt_metainfo_name(t->meta));
	bt_json_hex(j, "info_hash", bt_metainfo_info_hash(t->meta), 20);
	bt_json_hex(j, "info_hash_v2", bt_metainfo_info_hash_v2(t->meta), 32);
	bt_json_array(j, "files");
}

static void
json_pieces(struct bt_json *j, const struct bt_metainfo *m, const struct bt_verify_file *f)
{
	static const char *const reason[] = {
		[BT_VERIFY_HASH] = "bad", [BT_VERIFY_ABSENT] = "absent",
		[BT_VERIFY_UNTRIED] = "untried",
	};

	bt_json_array(j, "pieces");
	for (size_t i = 0; i < f->piece_ranges; i++) {
		const struct bt_verify_pieces *p = &f->pieces[i];

		bt_json_object(j, NULL);
		bt_json_uint(j, "first", p->first);
		bt_json_uint(j, "last", p->last);
		bt_json_string(j, "reason", reason[p->reason]);
		bt_json_uint(j, "neighbours", p->neighbours);
		if (p->neighbours > 0)
			json_path(j, "neighbour", m, p->neighbour);
		bt_json_end(j);
	}
	bt_json_end(j);
}

static void
json_file(struct bt_json *j, const struct bt_verify_torrent *t, const struct bt_verify_file *f)
{
	bt_json_object(j, NULL);
	json_path(j, "path", t->meta, f->index);
	bt_json_uint(j, "length", bt_metainfo_file(t->meta, f->index).size);
	bt_json_string(j, "state", bt_verify_state_name(f->state));
	bt_json_uint(j, "length_on_disk", f->size_on_disk);
	if (f->state == BT_VERIFY_UNREADABLE)
		bt_json_string(j, "error", strerror(f->sys_errno));
	bt_json_uint(j, "good", f->good);
	bt_json_uint(j, "bad", f->bad);
	bt_json_uint(j, "absent", f->absent);
	bt_json_uint(j, "doubtful", f->doubtful);
	json_pieces(j, t->meta, f);
	bt_json_bool(j, "more_pieces", f->more);
	bt_json_end(j);
}

static void
json_result(struct bt_json *j, const struct bt_verify_torrent *t, uint32_t files, bool complete)
{
	bt_json_end(j);
	bt_json_bool(j, "complete", complete);
	bt_json_uint(j, "total_size", bt_metainfo_total_size(t->meta));
	bt_json_uint(j, "good", t->good);
	bt_json_uint(j, "file_count", files);
	for (unsigned i = 0; i < BT_VERIFY_STATES; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "files_%s", bt_verify_state_name(i));
		bt_json_uint(j, key, t->files[i]);
	}
	bt_json_end(j);
}

/* -- both -- */

static void
begin(struct view *v, const struct bt_verify_torrent *t)
{
	clear_progress(v);
	if (v->begun)
		return;
	v->begun = true;
	if (v->as_json)
		json_head(&v->json, t);
	else
		print_head(t);
}

static void
on_file(void *arg, const struct bt_verify_torrent *t, const struct bt_verify_file *f)
{
	struct view *v = arg;

	begin(v, t);
	if (v->as_json)
		json_file(&v->json, t, f);
	else
		print_file(t, f);
}

static void
on_done(void *arg, const struct bt_verify_torrent *t)
{
	struct subject *s = t->tag;
	struct view *v = arg;
	uint32_t files = 0;
	bool complete;

	begin(v, t);
	for (unsigned i = 0; i < BT_VERIFY_STATES; i++)
		files += t->files[i];
	complete = t->files[BT_VERIFY_COMPLETE] == files;
	if (v->as_json)
		json_result(&v->json, t, files, complete);
	else
		print_result(t, files, complete);
	if (complete)
		v->complete++;
	else
		v->incomplete++;
	v->before += t->size;
	v->begun = false;
	bt_metainfo_free(s->meta);
	free(s);
}

static void
add(struct view *v, struct bt_verify *verify, const char *where, const char *file)
{
	struct subject *s = calloc(1, sizeof(*s));
	struct bt_error err;

	if (s == NULL)
		abort();
	s->file = file;
	if (bt_metainfo_open(file, &s->meta, &err) == BT_OK &&
	    bt_verify_add(verify, s->meta, where, s, &err) == BT_OK)
		return;
	clear_progress(v);
	if (s->meta == NULL)
		cli_error(v->cli, "%s", err.text);
	else
		cli_error(v->cli, "%s: %s", file, err.text);
	v->failed++;
	bt_metainfo_free(s->meta);
	free(s);
}

bool
show_verify(const struct show *s, char *const *paths, size_t count)
{
	struct view v = { .cli = s->cli, .as_json = s->json,
		.on_terminal = isatty(STDERR_FILENO) };
	const struct bt_verify_options o = { .file = on_file, .progress = on_progress,
		.done = on_done, .arg = &v };
	struct bt_verify *verify;
	struct bt_error err;

	verify = bt_verify_new(&o, &err);
	if (verify == NULL) {
		cli_error(s->cli, "%s", err.text);
		return false;
	}
	v.start = v.last = now();
	for (size_t i = 0; i < count; i++)
		add(&v, verify, s->value, paths[i]);
	if (bt_verify_finish(verify, &err) != BT_OK) {
		clear_progress(&v);
		cli_error(s->cli, "%s", err.text);
		v.failed++;
	}
	clear_progress(&v);
	bt_verify_free(verify);
	if (v.complete < count && count > 1)
		cli_error(s->cli, "%zu complete, %zu not complete, %zu failed", v.complete,
		    v.incomplete, v.failed);
	return v.failed == 0 && v.incomplete == 0;
}
