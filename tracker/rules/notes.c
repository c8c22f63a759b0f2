/* SPDX-License-Identifier: ISC */
#include "tracker/rules/notes.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXTS_MAX (32u << 10)
#define TEXT_MAX 512u

void
notes_init(struct notes *n)
{
	buf_init(&n->texts, TEXTS_MAX);
}

void
notes_fini(struct notes *n)
{
	buf_fini(&n->texts);
}

void
notes_add(struct notes *n, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_add(&n->texts, text, strlen(text) + 1);
}

void
notes_tell(struct notes *n, const struct log *log)
{
	struct bt_slice rest = buf_slice(&n->texts);
	char text[TEXT_MAX];

	while (rest.len > 0) {
		log_write(log, BT_LOG_WARN, "tracker", "%s",
		    log_escape(slice_take_until(&rest, '\0'), text, sizeof(text)));
	}
	if (buf_failed(&n->texts))
		log_write(log, BT_LOG_WARN, "tracker", "more such warnings are left out");
	buf_clear(&n->texts);
}
