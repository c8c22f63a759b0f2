/* SPDX-License-Identifier: ISC */
/* The writer for the world: what write.h asserts of us, here is an error of the caller's. */
#include <btcore/bencode.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "bencode/scan.h"
#include "bencode/write.h"

struct bt_bencode_writer {
	struct buf out;
	struct write write;
	struct bt_error err;	/* the first mistake */
};

struct bt_bencode_writer *
bt_bencode_writer_new(void)
{
	struct bt_bencode_writer *w = mem_zero(sizeof(*w));

	if (w == NULL)
		return NULL;
	buf_init(&w->out, SIZE_MAX);
	write_init(&w->write, &w->out);
	return w;
}

static bool
failed(const struct bt_bencode_writer *w)
{
	return w == NULL || w->err.code != BT_OK || buf_failed(&w->out);
}

static const struct write_level *
top(const struct bt_bencode_writer *w)
{
	return w->write.depth == 0 ? NULL : &w->write.level[w->write.depth - 1];
}

/* Its length, its colon, and the ends of all that it is in. */
static bool
has_room(struct bt_bencode_writer *w, size_t size)
{
	size_t left = SCAN_MAX_SIZE - 2 * WRITE_MAX_DEPTH;

	if (w->out.len > left || size > left - w->out.len)
		(void)fail(&w->err, BT_ELIMIT, "bencode: more than %u bytes", SCAN_MAX_SIZE);
	return w->err.code == BT_OK;
}

/* May a value of that many bytes come here? */
static bool
takes_value(struct bt_bencode_writer *w, size_t size)
{
	if (failed(w) || !has_room(w, size))
		return false;
	if (top(w) == NULL && w->out.len > 0)
		(void)fail(&w->err, BT_EARG, "bencode: a second value behind the first");
	else if (top(w) != NULL && top(w)->dict && !top(w)->value_due)
		(void)fail(&w->err, BT_EARG, "bencode: a value without a key");
	return w->err.code == BT_OK;
}

static bool
takes_container(struct bt_bencode_writer *w)
{
	if (takes_value(w, 1) && w->write.depth == WRITE_MAX_DEPTH)
		(void)fail(&w->err, BT_EARG, "bencode: more than %d containers in each other",
		    WRITE_MAX_DEPTH);
	return !failed(w);
}

void
bt_bencode_put_int(struct bt_bencode_writer *w, int64_t v)
{
	if (takes_value(w, 1))
		write_int(&w->write, v);
}

void
bt_bencode_put_string(struct bt_bencode_writer *w, const char *text)
{
	bt_bencode_put_bytes(w, slice_str(text));
}

void
bt_bencode_put_bytes(struct bt_bencode_writer *w, struct bt_slice bytes)
{
	if (takes_value(w, bytes.len))
		write_slice(&w->write, bytes);
}

void
bt_bencode_put_list(struct bt_bencode_writer *w)
{
	if (takes_container(w))
		write_list(&w->write);
}

void
bt_bencode_put_dict(struct bt_bencode_writer *w)
{
	if (takes_container(w))
		write_dict(&w->write);
}

void
bt_bencode_put_key(struct bt_bencode_writer *w, const char *key)
{
	bt_bencode_put_key_slice(w, slice_str(key));
}

void
bt_bencode_put_key_slice(struct bt_bencode_writer *w, struct bt_slice key)
{
	const struct write_level *l;
	char shown[100];

	if (failed(w) || !has_room(w, key.len))
		return;
	l = top(w);
	(void)log_escape(key, shown, sizeof(shown));
	if (l == NULL || !l->dict)
		(void)fail(&w->err, BT_EARG, "bencode: key '%s' outside of a dictionary", shown);
	else if (l->value_due)
		(void)fail(&w->err, BT_EARG, "bencode: key '%s' where a value is due", shown);
	else if (l->any_key && slice_cmp(key, slice_of(w->out.ptr + l->key_pos, l->key_len)) <= 0)
		(void)fail(&w->err, BT_EARG, "bencode: key '%s' comes too late or twice", shown);
	else
		write_key_slice(&w->write, key);
}

void
bt_bencode_put_end(struct bt_bencode_writer *w)
{
	if (failed(w))
		return;
	if (top(w) == NULL)
		(void)fail(&w->err, BT_EARG, "bencode: an end of nothing");
	else if (top(w)->value_due)
		(void)fail(&w->err, BT_EARG, "bencode: a dictionary ends after a key");
	else
		write_end(&w->write);
}

void
bt_bencode_put_value(struct bt_bencode_writer *w, struct bt_bencode v)
{
	struct scan s;

	if (!takes_value(w, v.raw.len))
		return;
	scan_init(&s, v.raw, SCAN_STRICT);
	(void)scan_skip(&s);
	if (scan_finish(&s))
		write_raw(&w->write, v.raw);
	else
		(void)fail(&w->err, BT_EARG, "bencode: a value that is not canonical: %s", s.why);
}

enum bt_code
bt_bencode_writer_finish(struct bt_bencode_writer *w, uint8_t **bytes, size_t *len,
    struct bt_error *err)
{
	enum bt_code code = BT_OK;

	*bytes = NULL;
	*len = 0;
	if (w == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	if (w->err.code != BT_OK)
		code = fail(err, w->err.code, "%s", w->err.text);
	else if (buf_failed(&w->out))
		code = fail(err, BT_ENOMEM, "out of memory");
	else if (w->write.depth > 0 || w->out.len == 0)
		code = fail(err, BT_EARG, w->out.len == 0 ? "bencode: nothing was put" :
		    "bencode: a list or dictionary is not ended");
	if (code == BT_OK) {
		*bytes = w->out.ptr;
		*len = w->out.len;
		w->out.ptr = NULL;
	}
	buf_fini(&w->out);
	mem_free(w);
	return code;
}
