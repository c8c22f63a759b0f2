/* SPDX-License-Identifier: ISC */
#include "tools/text.h"

#include <ctype.h>
#include <string.h>

#include <btcore/text.h>

void
text_print(FILE *out, struct bt_slice s)
{
	const uint8_t *run = s.ptr;	/* what may be shown, up to here */
	struct bt_slice bytes;
	int32_t point;

	while (bt_text_next(&s, &point, &bytes)) {
		if (point >= 0 && !bt_text_is_control(point))
			continue;
		(void)fwrite(run, 1, (size_t)(bytes.ptr - run), out);
		for (size_t i = 0; i < bytes.len; i++)
			(void)fprintf(out, "\\x%02x", bytes.ptr[i]);
		run = s.ptr;
	}
	if (s.ptr != run)
		(void)fwrite(run, 1, (size_t)(s.ptr - run), out);
}

void
text_puts(FILE *out, const char *s)
{
	text_print(out, (struct bt_slice){ (const uint8_t *)s, strlen(s) });
}

char *
text_trim(char *s)
{
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	for (len = strlen(s); len > 0 && isspace((unsigned char)s[len - 1]); len--)
		;
	s[len] = '\0';
	return s;
}
