/* SPDX-License-Identifier: ISC */
#include "bencode/write.h"

#include <assert.h>

void
write_init(struct write *w, struct buf *out)
{
	w->out = out;
	w->depth = 0;
}

static void
begin_value(struct write *w)
{
	struct write_level *l = w->depth == 0 ? NULL : &w->level[w->depth - 1];

	if (l == NULL || !l->dict)
		return;
	assert(l->value_due);
	l->value_due = false;
}

static void
enter(struct write *w, bool dict)
{
	begin_value(w);
	assert(w->depth < WRITE_MAX_DEPTH);
	w->level[w->depth++] = (struct write_level){ .dict = dict };
	buf_add_u8(w->out, dict ? 'd' : 'l');
}

void
write_dict(struct write *w)
{
	enter(w, true);
}

void
write_list(struct write *w)
{
	enter(w, false);
}

void
write_end(struct write *w)
{
	assert(w->depth > 0 && !w->level[w->depth - 1].value_due);
	w->depth--;
	buf_add_u8(w->out, 'e');
}

void
write_alone(struct buf *out, struct bt_slice bytes)
{
	buf_add_unsigned(out, bytes.len);
	buf_add_u8(out, ':');
	buf_add_slice(out, bytes);
}

void
write_key_slice(struct write *w, struct bt_slice key)
{
	struct write_level *l;

	assert(w->depth > 0);
	l = &w->level[w->depth - 1];
	assert(l->dict && !l->value_due);
	/* After a failure the last key may not be in the buffer. */
	assert(!l->any_key || buf_failed(w->out) ||
	    slice_cmp(key, slice_of(w->out->ptr + l->key_pos, l->key_len)) > 0);
	write_alone(w->out, key);
	l->any_key = true;
	l->value_due = true;
	if (!buf_failed(w->out)) {
		l->key_pos = w->out->len - key.len;
		l->key_len = key.len;
	}
}

void
write_key(struct write *w, const char *key)
{
	write_key_slice(w, slice_str(key));
}

void
write_int(struct write *w, int64_t v)
{
	begin_value(w);
	buf_add_u8(w->out, 'i');
	buf_add_decimal(w->out, v);
	buf_add_u8(w->out, 'e');
}

void
write_slice(struct write *w, struct bt_slice bytes)
{
	begin_value(w);
	write_alone(w->out, bytes);
}

void
write_string(struct write *w, const char *text)
{
	write_slice(w, slice_str(text));
}

void
write_raw(struct write *w, struct bt_slice value)
{
	begin_value(w);
	buf_add_slice(w->out, value);
}

uint8_t *
write_space(struct write *w, size_t n)
{
	begin_value(w);
	buf_add_unsigned(w->out, n);
	buf_add_u8(w->out, ':');
	return buf_add_space(w->out, n);
}

bool
write_finish(const struct write *w)
{
	assert(w->depth == 0);
	return !buf_failed(w->out);
}
