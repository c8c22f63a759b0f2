/* SPDX-License-Identifier: ISC */
#include "tools/json.h"

static void
write_part(void *arg, const char *text, size_t len)
{
	FILE *out = arg;

	(void)fwrite(text, 1, len, out);
	if (text[len - 1] == '\n')
		(void)fflush(out);
}

void
json_to(struct bt_json *j, FILE *out)
{
	bt_json_init(j, write_part, out);
}
