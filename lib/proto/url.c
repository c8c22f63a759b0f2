/* SPDX-License-Identifier: ISC */
#include "proto/url.h"

#include <stdio.h>

#include "base/query.h"
#include "proto/limits.h"

static const char hex[] = "0123456789ABCDEF";

static bool
is_alpha(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
all_plain(struct bt_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

static bool
parse_scheme(struct bt_slice *rest, struct url *out)
{
	size_t n = slice_index(*rest, ':');
	size_t i;

	if (n == 0 || !is_alpha(rest->ptr[0]) || !slice_starts(slice_skip(*rest, n), "://"))
		return false;
	for (i = 0; i < n; i++) {
		uint8_t c = rest->ptr[i];

		if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	out->scheme = slice_of(rest->ptr, n);
	*rest = slice_skip(*rest, n + 3);
	return true;
}

static bool
parse_port(struct bt_slice s, struct url *out)
{
	uint64_t port;

	if (s.len == 0) {	/* "host:" is allowed by RFC 3986 */
		if (slice_eq_nocase(out->scheme, "http"))
			out->port = 80;
		else if (slice_eq_nocase(out->scheme, "https"))
			out->port = 443;
		return true;
	}
	if (!slice_u64(s, &port) || port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	out->has_port = true;
	return true;
}

/* What RFC 3986 has for names, and bytes of other alphabets; an address in brackets has colons. */
static bool
host_plain(struct bt_slice host, bool is_v6)
{
	size_t i;

	for (i = 0; i < host.len; i++) {
		uint8_t c = host.ptr[i];

		if (!query_unreserved(c) && c < 0x80 && !(c == ':' && is_v6) &&
		    strchr("%!$&'()*+,;=", c) == NULL)
			return false;
	}
	return host.len > 0;
}

/* [user@]host[:port] */
static bool
parse_authority(struct bt_slice s, struct url *out)
{
	size_t i;

	for (i = s.len; i > 0; i--) {
		if (s.ptr[i - 1] == '@') {
			out->user_info = slice_of(s.ptr, i - 1);
			s = slice_skip(s, i);
			break;
		}
	}
	if (s.len > 0 && s.ptr[0] == '[') {
		s = slice_skip(s, 1);
		if (slice_index(s, ']') == s.len)
			return false;
		out->host = slice_take_until(&s, ']');
		out->host_is_v6 = true;
		if (s.len > 0 && s.ptr[0] != ':')
			return false;
		s = s.len > 0 ? slice_skip(s, 1) : s;
	} else {
		out->host = slice_take_until(&s, ':');
	}
	return host_plain(out->host, out->host_is_v6) && parse_port(s, out);
}

bool
url_parse(struct bt_slice text, struct url *out)
{
	struct bt_slice authority;
	size_t n = 0;

	*out = (struct url){ .port = 0 };
	if (text.len == 0 || text.len > URL_MAX || !all_plain(text) || !parse_scheme(&text, out))
		return false;
	text.len = slice_index(text, '#');
	while (n < text.len && text.ptr[n] != '/' && text.ptr[n] != '?')
		n++;
	authority = slice_of(text.ptr, n);
	out->path_query = slice_skip(text, n);
	out->query = out->path_query;
	out->path = slice_take_until(&out->query, '?');
	return parse_authority(authority, out);
}

void
url_begin_query(struct buf *b, struct bt_slice url)
{
	url.len = slice_index(url, '#');
	buf_add_slice(b, url);
	if (slice_index(url, '?') == url.len)
		buf_add_u8(b, '?');
	else if (url.ptr[url.len - 1] != '?' && url.ptr[url.len - 1] != '&')
		buf_add_u8(b, '&');
}

/* A text that is cut where it is full. */
struct line {
	char *out;
	size_t size;
	size_t len;
};

static void
line_add(struct line *l, struct bt_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		bool plain = c > ' ' && c < 0x7f;
		size_t need = plain ? 1 : 3;

		if (need >= l->size - l->len) {
			l->size = l->len + 1;	/* full: nothing after a gap */
			return;
		}
		if (plain) {
			l->out[l->len++] = (char)c;
		} else {
			l->out[l->len++] = '%';
			l->out[l->len++] = hex[c >> 4];
			l->out[l->len++] = hex[c & 15];
		}
	}
}

static void
line_add_str(struct line *l, const char *s)
{
	line_add(l, slice_str(s));
}

/* Passkeys in the wild have 16 to 64 characters, words of paths rarely that many. */
static bool
looks_secret(struct bt_slice element)
{
	return element.len >= 16;
}

static void
mask_path(struct line *l, struct bt_slice path)
{
	while (path.len > 0) {
		bool slash = slice_index(path, '/') < path.len;
		struct bt_slice element = slice_take_until(&path, '/');

		if (looks_secret(element))
			line_add_str(l, "***");
		else
			line_add(l, element);
		if (slash)
			line_add_str(l, "/");
	}
}

static void
mask_query(struct line *l, struct bt_slice query)
{
	const char *before = "?";
	struct bt_slice name, value;

	while (query_next(&query, &name, &value)) {
		line_add_str(l, before);
		/* A lone word may be the secret itself: "/announce?0123456789abcdef". */
		if (value.len == 0 && looks_secret(name)) {
			line_add_str(l, "***");
		} else {
			line_add(l, name);
			line_add_str(l, value.len > 0 ? "=***" : "");
		}
		before = "&";
	}
}

const char *
url_masked(struct bt_slice text, char *out, size_t size)
{
	struct line l = { out, size, 0 };
	struct url u;

	if (!url_parse(text, &u)) {
		(void)snprintf(out, size, "(bad URL)");
		return out;
	}
	line_add(&l, u.scheme);
	line_add_str(&l, u.user_info.len > 0 ? "://***@" : "://");
	line_add_str(&l, u.host_is_v6 ? "[" : "");
	line_add(&l, u.host);
	line_add_str(&l, u.host_is_v6 ? "]" : "");
	if (u.has_port) {
		char port[8];

		(void)snprintf(port, sizeof(port), ":%u", (unsigned)u.port);
		line_add_str(&l, port);
	}
	mask_path(&l, u.path);
	mask_query(&l, u.query);
	out[l.len] = '\0';
	return out;
}
