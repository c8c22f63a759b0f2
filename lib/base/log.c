/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void
log_write(const struct log *l, enum bt_log_level level, const char *topic, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!log_wants(l, level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->fn(l->arg, level, topic, text);
}

const char *
log_escape(struct bt_slice s, char *out, size_t size)
{
	size_t used = 0;

	while (s.len > 0) {
		size_t n = utf8_len(s);

		if (n > 0 && utf8_printable(slice_of(s.ptr, n))) {
			if (n >= size - used)
				break;
			memcpy(out + used, s.ptr, n);
			used += n;
		} else {
			n = 1;
			if (4 >= size - used)
				break;
			(void)snprintf(out + used, 5, "\\x%02x", s.ptr[0]);
			used += 4;
		}
		s = slice_skip(s, n);
	}
	out[used] = '\0';
	return out;
}
