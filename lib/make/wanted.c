/* SPDX-License-Identifier: ISC */
#include "make/wanted.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* The path, or a directory that it is in. */
static bool
matches(const char *glob, char *path)
{
	bool whole = strchr(glob, '/') != NULL;
	const char *element = path;

	for (char *p = path;; p++) {
		char c = *p;
		bool hit;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		hit = fnmatch(glob, whole ? path : element, FNM_PATHNAME) == 0;
		*p = c;
		if (hit || c == '\0')
			return hit;
		element = p + 1;
	}
}

bool
wanted_file(const struct bt_create_options *o, char *path, bool *all_out)
{
	bool wanted = o->pattern_count == 0 || !o->patterns[0].include;

	*all_out = false;
	for (size_t i = 0; i < o->pattern_count; i++) {
		const struct bt_create_pattern *p = &o->patterns[i];

		if (matches(p->glob, path)) {
			wanted = p->include;
			*all_out = !wanted;
		} else if (p->include) {
			*all_out = false;
		}
	}
	return wanted;
}

bool
bt_create_wants(const struct bt_create_pattern *patterns, size_t count, const char *path)
{
	const struct bt_create_options o = { .patterns = patterns, .pattern_count = count };
	char copy[4096];
	bool all_out;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	return wanted_file(&o, copy, &all_out);
}
