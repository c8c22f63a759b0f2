/* SPDX-License-Identifier: ISC */
#include "tracker/rules/iplist.h"

struct range {
	struct addr first, last;
};

static bool
parse_ip(struct bt_slice s, struct addr *out)
{
	s = slice_trim(s);
	if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
		s = slice_of(s.ptr + 1, s.len - 2);
	return addr_parse_slice(s, 0, out);
}

/* Sets all bits from number n on. */
static struct addr
network_end(struct addr a, unsigned n)
{
	for (unsigned bit = n; bit < 8 * addr_ip_len(&a); bit++)
		a.ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

static struct addr
network_begin(struct addr a, unsigned n)
{
	for (unsigned bit = n; bit < 8 * addr_ip_len(&a); bit++)
		a.ip[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return a;
}

static bool
parse_network(struct bt_slice s, size_t slash, struct range *out)
{
	uint64_t bits;
	struct addr a;

	if (!parse_ip(slice_of(s.ptr, slash), &a) ||
	    !slice_u64(slice_trim(slice_skip(s, slash + 1)), &bits) || bits > 8 * addr_ip_len(&a))
		return false;
	out->first = network_begin(a, (unsigned)bits);
	out->last = network_end(a, (unsigned)bits);
	return true;
}

/* An address, or a network. */
static bool
parse_single(struct bt_slice s, struct range *out)
{
	size_t slash = slice_index(s, '/');

	if (slash < s.len)
		return parse_network(s, slash, out);
	if (!parse_ip(s, &out->first))
		return false;
	out->last = out->first;
	return true;
}

static bool
in_order(const struct range *r)
{
	return r->first.family == r->last.family &&
	    memcmp(r->first.ip, r->last.ip, sizeof(r->first.ip)) <= 0;
}

static bool
parse_range(struct bt_slice s, struct range *out)
{
	size_t dash = slice_index(s, '-');

	if (dash == s.len)
		return parse_single(s, out);
	return parse_ip(slice_of(s.ptr, dash), &out->first) &&
	    parse_ip(slice_skip(s, dash + 1), &out->last) && in_order(out);
}

static unsigned
common_bytes(const struct addr *a, const struct addr *b)
{
	unsigned n = 0;

	while (n < sizeof(a->ip) && a->ip[n] == b->ip[n])
		n++;
	return n;
}

/* The next place behind *at where text may end and an address begin. */
static bool
next_start(struct bt_slice s, size_t *at)
{
	*at += slice_index(slice_skip(s, *at), ':') + 1;
	return *at <= s.len;
}

/* "abc:2001:db8::" may be all address, or text before it: what begins as the last address of the
 * range does is meant. */
static bool
parse_first_of(struct bt_slice s, struct range *r)
{
	struct range one = *r;
	bool found = false;
	size_t at = 0;

	do {
		if (!parse_ip(slice_skip(s, at), &one.first) || !in_order(&one))
			continue;
		if (!found || common_bytes(&one.first, &r->last) >
		    common_bytes(&r->first, &r->last))
			r->first = one.first;
		found = true;
	} while (next_start(s, &at));
	return found;
}

/* In the text before it there may be colons and dashes. */
static bool
parse_named_range(struct bt_slice line, struct range *out)
{
	size_t dash = line.len, at = 0;

	while (dash > 0 && line.ptr[dash - 1] != '-')
		dash--;
	if (dash > 0 && parse_ip(slice_skip(line, dash), &out->last))
		return parse_first_of(slice_of(line.ptr, dash - 1), out);
	do {
		if (parse_single(slice_skip(line, at), out))
			return true;
	} while (next_start(line, &at));
	return false;
}

static bool
first_word(struct bt_slice line, struct range *out)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] != ' ' && line.ptr[n] != '\t')
		n++;
	return parse_range(slice_of(line.ptr, n), out);
}

static enum bt_code
read_lines(struct bt_slice text, uint8_t end, bool (*parse)(struct bt_slice, struct range *),
    struct ipset *out, struct bt_error *err)
{
	for (unsigned n = 1; text.len > 0; n++) {
		struct bt_slice line = slice_take_until(&text, end);
		struct range r;

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		line = slice_trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (!parse(line, &r))
			return fail(err, BT_EFORMAT, "line %u: no address or range: %.*s", n,
			    line.len < 60 ? (int)line.len : 60, (const char *)line.ptr);
		if (!ipset_add(out, &r.first, &r.last))
			return fail(err, BT_ENOMEM, "out of memory");
	}
	return BT_OK;
}

enum bt_code
iplist_networks(struct bt_slice text, struct ipset *out, struct bt_error *err)
{
	return read_lines(text, '\n', first_word, out, err);
}

enum bt_code
iplist_ranges(struct bt_slice text, struct ipset *out, struct bt_error *err)
{
	return read_lines(text, '\n', parse_named_range, out, err);
}

enum bt_code
iplist_option(struct bt_slice text, struct ipset *out, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code = read_lines(text, ',', first_word, out, &why);

	if (code == BT_EFORMAT)
		return fail(err, BT_EARG, "'%.*s' are no networks",
		    text.len < 100 ? (int)text.len : 100, (const char *)text.ptr);
	return code == BT_OK ? code : fail(err, code, "%s", why.text);
}
