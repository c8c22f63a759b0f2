/* SPDX-License-Identifier: ISC */
#include "tools/urls.h"

#include <stdlib.h>
#include <string.h>

struct bt_create_tracker *
urls_tiers(char *text, size_t *count)
{
	struct bt_create_tracker *list = calloc(strlen(text) + 1, sizeof(*list));
	char *tier, *url;
	size_t number = 0;

	*count = 0;
	while (list != NULL && (tier = strsep(&text, "|")) != NULL) {
		size_t before = *count;

		while ((url = strsep(&tier, ",")) != NULL) {
			if (*url != '\0')
				list[(*count)++] = (struct bt_create_tracker){ url, number };
		}
		number += *count > before;
	}
	return list;
}

const char **
urls_list(char *text, size_t *count)
{
	const char **list = calloc(strlen(text) + 1, sizeof(*list));
	char *url;

	*count = 0;
	while (list != NULL && (url = strsep(&text, "|")) != NULL) {
		if (*url != '\0')
			list[(*count)++] = url;
	}
	return list;
}
