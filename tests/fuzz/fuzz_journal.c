/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a journal: what is good in it is found, what is not is told once, and both survive
 * that it is written to and opened again.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/journal.h"

static char folder[] = "/tmp/fuzz_journal.XXXXXX";
static unsigned warnings;

static void
on_log(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	(void)arg;
	(void)level;
	(void)topic;
	MUST(strlen(text) > 0);
	warnings++;
}

static const char *
path_of(const char *name)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
clean_up(void)
{
	static const char *const names[] = { "torrents", "torrents.old", "torrents.damaged",
		"lock" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(folder);
}

static void
write_file(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path_of("torrents"), "wb");

	MUST(f != NULL && fwrite(data, 1, size, f) == size);
	MUST(fclose(f) == 0);
}

static struct journal *
open_journal(void)
{
	static const struct log log = { on_log, NULL, BT_LOG_DEBUG };
	struct journal *j = NULL;

	MUST(journal_open(folder, &log, &j, NULL) == BT_OK);
	return j;
}

static void
check_has(struct journal *j, const struct journal_record *r)
{
	struct buf out;

	buf_init(&out, JOURNAL_BODY_MAX);
	MUST(journal_get(j, r->key, &out, NULL) == BT_OK && slice_eq(buf_slice(&out), r->body));
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_record ours = { .key = "fuzz", .body = slice_of("body", 4) };
	static bool ready;
	struct journal *j;
	size_t count;

	if (!ready) {
		MUST(mkdtemp(folder) != NULL && atexit(clean_up) == 0);
		ready = true;
	}
	write_file(data, size);
	j = open_journal();
	count = journal_count(j);
	MUST(journal_put(j, &ours, 1, NULL) == BT_OK);
	MUST(journal_count(j) >= count && journal_count(j) <= count + 1);
	count = journal_count(j);
	journal_close(j);
	warnings = 0;
	j = open_journal();
	MUST(warnings == 0 && journal_count(j) == count);
	check_has(j, &ours);
	journal_close(j);
	return 0;
}
