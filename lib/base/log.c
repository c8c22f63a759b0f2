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

/* Copies ASCII that needs no escape, as far as there is room: most text is nothing else. */
static size_t
copy_plain(struct bt_slice *s, char *out, size_t room)
{
	size_t n = 0;

	while (n < s->len && n < room && s->ptr[n] >= ' ' && s->ptr[n] < 0x7f) {
		out[n] = (char)s->ptr[n];
		n++;
	}
	*s = slice_skip(*s, n);
	return n;
}

const char *
log_escape(struct bt_slice s, char *out, size_t size)
{
	size_t used = 0;

	for (;;) {
		size_t n;

		used += copy_plain(&s, out + used, size - used - 1);
		if (s.len == 0)
			break;
		n = utf8_len(s);
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
