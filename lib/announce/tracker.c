/* SPDX-License-Identifier: ISC */
#include "announce/tracker.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/query.h"
#include "proto/url.h"

#define TEXT_MAX 200	/* of its words, with the NUL */

/* Shorter parts of a URL are words, not passkeys. */
#define SECRET_MIN 12

struct tracker *
tracker_new(struct announce_urls *urls, struct bt_slice url, size_t tier)
{
	struct tracker *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->url = announce_urls_take(urls, url);
	if (t->url == NULL) {
		mem_free(t);
		return NULL;
	}
	t->tier = (uint32_t)tier;
	t->complete = t->incomplete = t->downloaded = -1;
	return t;
}

void
tracker_free(struct announce_urls *urls, struct tracker *t)
{
	if (t == NULL)
		return;
	announce_urls_drop(urls, t->url);
	mem_free(t->text);
	mem_free(t->id);
	mem_free(t);
}

bool
tracker_is_asking(const struct tracker *t)
{
	for (unsigned s = 0; s < SLOTS; s++) {
		if (t->asks[s].id != 0)
			return true;
	}
	return false;
}

static void
blot(char *text, struct bt_slice secret, size_t least)
{
	char *at;

	if (secret.len < least)
		return;
	while ((at = memmem(text, strlen(text), secret.ptr, secret.len)) != NULL) {
		memcpy(at, "***", 3);
		memmove(at + 3, at + secret.len, strlen(at + secret.len) + 1);
	}
}

/* A tracker's words may repeat the passkey that it was asked with. */
static void
blot_secrets(char *text, const struct tracker *t)
{
	struct bt_slice rest, name, value;
	struct url u;

	if (!url_parse(slice_str(t->url->text), &u))
		return;
	blot(text, u.user_info, 4);
	for (rest = u.path; rest.len > 0;) {
		size_t n;

		rest = slice_skip(rest, 1);
		n = slice_index(rest, '/');
		blot(text, slice_of(rest.ptr, n), SECRET_MIN);
		rest = slice_skip(rest, n);
	}
	rest = u.query;
	while (query_next(&rest, &name, &value))
		blot(text, value, 4);
}

void
tracker_set_text(struct tracker *t, enum bt_code code, struct bt_slice words)
{
	char text[TEXT_MAX];

	mem_free(t->text);
	t->text = NULL;
	t->code = (uint8_t)code;
	if (words.len == 0)
		return;
	(void)log_escape(words, text, sizeof(text));
	blot_secrets(text, t);
	t->text = mem_strdup(text);
}

void
tracker_set_id(struct tracker *t, struct bt_slice id)
{
	if (t->id == NULL)
		t->id = mem_zero(sizeof(*t->id));
	if (t->id != NULL)
		(void)announce_text_set(t->id, id);
}
