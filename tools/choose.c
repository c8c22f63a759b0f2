/* SPDX-License-Identifier: ISC */
#include "tools/choose.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <btcore/create.h>
#include <btcore/torrent.h>

#include "tools/make_lists.h"

/* "1,-1,0": one number a file. NULL: all is as it should be. */
static const char *
read_list(const char *list, int *priorities, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char *end;
		long v = strtol(list, &end, 10);

		if (end == list || v < BT_PRIORITY_SKIP || v > BT_PRIORITY_LOWEST)
			return "a priority is -1 (skip), 0 (highest), 1 (normal) or 2 (lowest)";
		priorities[i] = (int)v;
		if (*end != (i + 1 < count ? ',' : '\0'))
			return "it wants one priority for each file";
		list = end + 1;
	}
	return NULL;
}

static char *
copy(const char *text)
{
	char *out = strdup(text);

	if (out == NULL)
		abort();
	return out;
}

static void
take_globs(const struct item_options *o, const struct bt_metainfo *m, int *priorities)
{
	char *include = copy(o->include), *exclude = copy(o->exclude);
	size_t count;
	struct bt_create_pattern *patterns = make_patterns(include, exclude, &count);

	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		char path[PATH_MAX];

		(void)bt_metainfo_file_safe_path(m, i, path, sizeof(path));
		if (!bt_create_wants(patterns, count, path))
			priorities[i] = BT_PRIORITY_SKIP;
	}
	free(patterns);
	free(include);
	free(exclude);
}

int *
choose_files(const struct item_options *o, const struct bt_metainfo *m, const char **wrong)
{
	uint32_t count = bt_metainfo_file_count(m);
	int *priorities;

	*wrong = NULL;
	if (o->priority[0] == '\0' && o->include[0] == '\0' && o->exclude[0] == '\0')
		return NULL;
	priorities = calloc((size_t)count + 1, sizeof(*priorities));
	if (priorities == NULL)
		abort();
	if (o->priority[0] != '\0')
		*wrong = read_list(o->priority, priorities, count);
	if (o->priority[0] != '\0' && *wrong == NULL)
		return priorities;
	for (uint32_t i = 0; i < count; i++)
		priorities[i] = BT_PRIORITY_NORMAL;
	take_globs(o, m, priorities);
	return priorities;
}
