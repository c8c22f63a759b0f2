/* SPDX-License-Identifier: ISC */
#include "bencode/scan.h"

#include <assert.h>

#include "base/num.h"

/* Steps over values allowed in the search for repeated keys in unsorted dictionaries. Without a
 * bound a stranger could make us walk n keys n times. */
#define SEARCH_BUDGET (4u << 20)

static void
give_up(struct scan *s, enum bt_code code, const char *why, size_t pos)
{
	if (s->why != NULL)
		return;
	s->code = code;
	s->why = why;
	s->bad_pos = pos;
}

void
scan_init(struct scan *s, struct bt_slice bytes, unsigned mode)
{
	s->ptr = bytes.ptr;
	s->len = bytes.len;
	s->pos = 0;
	s->mode = mode;
	s->tolerated = 0;
	s->depth = 0;
	s->search_left = SEARCH_BUDGET;
	s->done = false;
	s->code = BT_OK;
	s->why = NULL;
	s->bad_pos = 0;
	scan_limit(s, SCAN_MAX_SIZE, SCAN_MAX_ITEMS);
}

void
scan_limit(struct scan *s, size_t size, size_t items)
{
	s->code = BT_OK;
	s->why = NULL;
	s->items_left = items;
	if (s->len > size)
		give_up(s, BT_ELIMIT, "too large", size);
}

void
scan_fail(struct scan *s, const char *why)
{
	give_up(s, BT_EFORMAT, why, s->pos);
}

size_t
scan_pos(const struct scan *s)
{
	return s->pos;
}

static struct scan_level *
top(struct scan *s)
{
	return s->depth == 0 ? NULL : &s->level[s->depth - 1];
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits from *pos, without leading zeros, at most max; false with why and where. */
static bool
read_digits(struct scan *s, size_t *pos, uint64_t max, uint64_t *out)
{
	size_t p = *pos, safe = s->len - p > 18 ? p + 18 : s->len;
	uint64_t v = 0;

	if (p >= s->len || !is_digit(s->ptr[p])) {
		give_up(s, BT_EFORMAT, p >= s->len ? "input ends in a number" : "not a number", p);
		return false;
	}
	if (s->ptr[p] == '0' && p + 1 < s->len && is_digit(s->ptr[p + 1])) {
		give_up(s, BT_EFORMAT, "leading zero", p);
		return false;
	}
	/* So many fit, whatever they are. */
	for (; p < safe && is_digit(s->ptr[p]); p++)
		v = v * 10 + (uint64_t)(s->ptr[p] - '0');
	for (; p < s->len && is_digit(s->ptr[p]); p++) {
		if (!mul_u64(v, 10, &v) || !add_u64(v, (uint64_t)(s->ptr[p] - '0'), &v))
			v = UINT64_MAX;
		if (v > max)
			break;
	}
	if (v > max) {
		give_up(s, BT_EFORMAT, "number out of range", *pos);
		return false;
	}
	*pos = p;
	*out = v;
	return true;
}

/* The length of a string and its colon. Most have one or two digits, and no more is looked at. */
static inline bool
read_length(struct scan *s, size_t *pos, uint64_t *out)
{
	const uint8_t *p = s->ptr + *pos;

	if (s->len - *pos > 2 && is_digit(p[0]) && p[1] == ':') {
		*out = (uint64_t)(p[0] - '0');
		*pos += 2;
		return true;
	}
	if (s->len - *pos > 2 && is_digit(p[0]) && p[0] != '0' && is_digit(p[1]) && p[2] == ':') {
		*out = (uint64_t)(p[0] - '0') * 10 + (uint64_t)(p[1] - '0');
		*pos += 3;
		return true;
	}
	if (!read_digits(s, pos, INT64_MAX, out))
		return false;
	if (*pos >= s->len || s->ptr[*pos] != ':') {
		give_up(s, BT_EFORMAT, *pos >= s->len ? "input ends in a string" :
		    "no ':' after a length", *pos);
		return false;
	}
	++*pos;
	return true;
}

/* The string at *pos, which is moved behind it. */
static inline bool
read_string(struct scan *s, size_t *pos, struct bt_slice *out)
{
	size_t p = *pos;
	uint64_t n;

	if (!read_length(s, &p, &n))
		return false;
	if (n > s->len - p) {
		give_up(s, BT_EFORMAT, "string longer than the input", *pos);
		return false;
	}
	*out = slice_of(s->ptr + p, (size_t)n);
	*pos = p + (size_t)n;
	return true;
}

static bool
read_int(struct scan *s, int64_t *out)
{
	size_t p = s->pos + 1;
	bool minus = p < s->len && s->ptr[p] == '-';
	uint64_t v;

	p += minus;
	if (!read_digits(s, &p, (uint64_t)INT64_MAX + minus, &v))
		return false;
	if (p >= s->len || s->ptr[p] != 'e') {
		give_up(s, BT_EFORMAT, p >= s->len ? "input ends in a number" : "not a number", p);
		return false;
	}
	if (minus && v == 0) {
		give_up(s, BT_EFORMAT, "minus zero", s->pos);
		return false;
	}
	*out = minus ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	s->pos = p + 1;
	return true;
}

/* Before each value: is one due, and may there be another? */
static inline bool
begin_value(struct scan *s)
{
	struct scan_level *l = top(s);

	if (s->why != NULL)
		return false;
	assert(l != NULL ? !l->dict || l->value_due : !s->done);
	if (s->items_left == 0) {
		give_up(s, BT_ELIMIT, "too many values", s->pos);
		return false;
	}
	s->items_left--;
	return true;
}

static inline void
end_value(struct scan *s)
{
	struct scan_level *l = top(s);

	if (l == NULL)
		s->done = true;
	else
		l->value_due = false;
}

/* Where scan_peek sees no value. */
static enum scan_kind
see_no_value(struct scan *s)
{
	if (s->why != NULL || (s->depth == 0 && s->done))
		return SCAN_NONE;
	if (s->pos >= s->len)
		give_up(s, BT_EFORMAT, s->len == 0 ? "empty" : "input ends early", s->pos);
	else if (s->ptr[s->pos] != 'e' || s->depth == 0 || top(s)->dict)
		give_up(s, BT_EFORMAT, "no value", s->pos);
	return SCAN_NONE;
}

enum scan_kind
scan_peek(struct scan *s)
{
	static const uint8_t kinds[256] = {
		['0' ... '9'] = SCAN_STRING,
		['i'] = SCAN_INT, ['l'] = SCAN_LIST, ['d'] = SCAN_DICT,
	};
	enum scan_kind kind = SCAN_NONE;

	if (s->why == NULL && s->pos < s->len && (s->depth > 0 || !s->done))
		kind = kinds[s->ptr[s->pos]];
	return kind != SCAN_NONE ? kind : see_no_value(s);
}

static bool
expect(struct scan *s, enum scan_kind want, const char *why)
{
	if (scan_peek(s) == want)
		return true;
	give_up(s, BT_EFORMAT, why, s->pos);
	return false;
}

/* Into the container that comes next. */
static bool
enter(struct scan *s, bool dict)
{
	if (!begin_value(s))
		return false;
	if (s->depth == SCAN_MAX_DEPTH) {
		give_up(s, BT_ELIMIT, "nested too deeply", s->pos);
		return false;
	}
	s->pos++;
	s->level[s->depth++] = (struct scan_level){ .start = s->pos, .dict = dict };
	return true;
}

bool
scan_list(struct scan *s)
{
	return expect(s, SCAN_LIST, "not a list") && enter(s, false);
}

bool
scan_dict(struct scan *s)
{
	return expect(s, SCAN_DICT, "not a dictionary") && enter(s, true);
}

static void
leave(struct scan *s)
{
	s->pos++;
	s->depth--;
	end_value(s);
}

bool
scan_more(struct scan *s)
{
	assert(s->why != NULL || (s->depth > 0 && !top(s)->dict));
	if (scan_peek(s) != SCAN_NONE)
		return true;
	if (s->why == NULL)
		leave(s);
	return false;
}

/* The end of a value that was checked before; no checks here. */
static size_t
past_value(struct scan *s, size_t pos)
{
	unsigned depth = 0;

	do {
		uint8_t c = s->ptr[pos];
		struct bt_slice text;

		if (s->search_left > 0)
			s->search_left--;
		if (c == 'i') {
			while (s->ptr[pos++] != 'e')
				;
		} else if (c == 'e') {
			pos++;
			depth--;
		} else if (c == 'l' || c == 'd') {
			pos++;
			depth++;
		} else {
			(void)read_string(s, &pos, &text);
		}
	} while (depth > 0 && s->search_left > 0);
	return pos;
}

/* Did this key come before in this dict? It is read again from its start: only unsorted dicts,
 * which are small when they are honest, pay for it. */
static bool
seen_before(struct scan *s, const struct scan_level *l, struct bt_slice key, size_t key_pos)
{
	size_t pos = l->start;
	struct bt_slice old;

	while (pos < key_pos && s->search_left > 0) {
		if (!read_string(s, &pos, &old))
			return false;
		if (slice_eq(old, key))
			return true;
		pos = past_value(s, pos);
	}
	if (s->search_left == 0)
		give_up(s, BT_ELIMIT, "too many unsorted keys", key_pos);
	return false;
}

/* Their first bytes tell most keys apart. */
static bool
is_plainly_after(struct bt_slice key, struct bt_slice other)
{
	return key.len > 0 && other.len > 0 && key.ptr[0] > other.ptr[0];
}

/* Judges the order of a key; true if it is a repetition, to be passed over. */
static bool
is_repetition(struct scan *s, struct scan_level *l, struct bt_slice key, size_t key_pos)
{
	int order = l->top_key.ptr == NULL || is_plainly_after(key, l->top_key) ? 1 :
	    slice_cmp(key, l->top_key);

	if (order > 0) {
		l->top_key = key;
		return false;
	}
	if (!(s->mode & SCAN_LENIENT)) {
		give_up(s, BT_EFORMAT, order == 0 ? "duplicate key" : "unsorted keys", key_pos);
		return false;
	}
	if (order < 0)
		s->tolerated |= SCAN_UNSORTED;
	if (order < 0 && !seen_before(s, l, key, key_pos))
		return false;
	s->tolerated |= SCAN_DUPLICATE;
	return true;
}

/* A key or the end of the dict; *repeated if it came before. */
static bool
next_key(struct scan *s, struct bt_slice *key, bool *repeated)
{
	struct scan_level *l = top(s);
	size_t key_pos = s->pos;

	if (s->why != NULL)
		return false;
	assert(l != NULL && l->dict && !l->value_due);
	if (s->pos < s->len && s->ptr[s->pos] == 'e') {
		leave(s);
		return false;
	}
	if (s->pos >= s->len || !is_digit(s->ptr[s->pos])) {
		give_up(s, BT_EFORMAT, s->pos >= s->len ? "input ends early" :
		    "key is not a string", s->pos);
		return false;
	}
	if (!read_string(s, &s->pos, key))
		return false;
	*repeated = is_repetition(s, l, *key, key_pos);
	l->value_due = true;
	return s->why == NULL;
}

int64_t
scan_int(struct scan *s)
{
	int64_t v;

	if (!expect(s, SCAN_INT, "not a number") || !begin_value(s) || !read_int(s, &v))
		return 0;
	end_value(s);
	return v;
}

struct bt_slice
scan_string(struct scan *s)
{
	struct bt_slice text;

	if (!expect(s, SCAN_STRING, "not a string") || !begin_value(s) ||
	    !read_string(s, &s->pos, &text))
		return SLICE_NONE;
	end_value(s);
	return text;
}

void
scan_step(struct scan *s)
{
	switch (scan_peek(s)) {
	case SCAN_INT: (void)scan_int(s); break;
	case SCAN_STRING: (void)scan_string(s); break;
	case SCAN_LIST: (void)scan_list(s); break;
	case SCAN_DICT: (void)scan_dict(s); break;
	case SCAN_NONE:
		if (s->why == NULL)
			leave(s);
		break;
	}
}

/* One step inside the value that is being passed over. */
static void
skip_step(struct scan *s)
{
	const struct scan_level *l = top(s);
	struct bt_slice key;
	bool repeated;

	if (l != NULL && l->dict && !l->value_due)
		(void)next_key(s, &key, &repeated);
	else
		scan_step(s);
}

struct bt_slice
scan_skip(struct scan *s)
{
	unsigned depth = s->depth;
	size_t start = s->pos;

	if (scan_peek(s) == SCAN_NONE) {
		scan_fail(s, "no value");
		return SLICE_NONE;
	}
	do {
		skip_step(s);
	} while (s->why == NULL && s->depth > depth);
	return s->why != NULL ? SLICE_NONE : slice_of(s->ptr + start, s->pos - start);
}

bool
scan_key(struct scan *s, struct bt_slice *key)
{
	bool repeated = false;

	while (next_key(s, key, &repeated)) {
		if (!repeated)
			return true;
		(void)scan_skip(s);
	}
	return false;
}

static bool
is_next(struct scan *s, enum scan_kind kind)
{
	if (scan_peek(s) == kind)
		return true;
	(void)scan_skip(s);
	return false;
}

bool
scan_try_int(struct scan *s, int64_t *out)
{
	if (!is_next(s, SCAN_INT) || !begin_value(s) || !read_int(s, out))
		return false;
	end_value(s);
	return true;
}

bool
scan_try_string(struct scan *s, struct bt_slice *out)
{
	if (!is_next(s, SCAN_STRING) || !begin_value(s) || !read_string(s, &s->pos, out))
		return false;
	end_value(s);
	return true;
}

bool
scan_try_list(struct scan *s)
{
	return is_next(s, SCAN_LIST) && enter(s, false);
}

bool
scan_try_dict(struct scan *s)
{
	return is_next(s, SCAN_DICT) && enter(s, true);
}

bool
scan_finish(struct scan *s)
{
	if (s->why != NULL)
		return false;
	if (!s->done) {
		give_up(s, BT_EFORMAT, s->len == 0 ? "empty" : "input ends early", s->pos);
		return false;
	}
	if (s->pos < s->len && !(s->mode & SCAN_PREFIX)) {
		if (!(s->mode & SCAN_LENIENT)) {
			give_up(s, BT_EFORMAT, "trailing bytes", s->pos);
			return false;
		}
		s->tolerated |= SCAN_TRAILING;
	}
	return true;
}

struct bt_slice
scan_rest(const struct scan *s)
{
	return slice_of(s->ptr + s->pos, s->len - s->pos);
}

enum bt_code
scan_fail_as(const struct scan *s, const char *what, struct bt_error *err)
{
	assert(s->why != NULL);
	return fail(err, s->code, "%s: %s at byte %zu", what, s->why, s->bad_pos);
}

const char *
scan_tolerated_text(unsigned tolerated)
{
	static const char *const text[8] = {
		NULL,
		"unsorted keys",
		"duplicate key",
		"unsorted keys, duplicate key",
		"trailing bytes",
		"unsorted keys, trailing bytes",
		"duplicate key, trailing bytes",
		"unsorted keys, duplicate key, trailing bytes",
	};

	return text[tolerated & 7];
}
