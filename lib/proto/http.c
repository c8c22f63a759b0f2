/* SPDX-License-Identifier: ISC */
#include "proto/http.h"

#include "proto/limits.h"
#include "proto/url.h"

/* The longest method we can be asked for is OPTIONS; extension methods are longer, not much. */
#define METHOD_MAX 24

#define OK 0u

static bool
is_token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c > ' ' && c < 0x7f && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool
is_token(struct bt_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!is_token_char(s.ptr[i]))
			return false;
	}
	return s.len > 0;
}

/* No control characters but tabs; bytes from 0x80 up are opaque (RFC 9110, 5.5). */
static bool
is_text(struct bt_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

/* Takes a line off the front, without its CR LF or LF. False: no line end. */
static bool
take_line(struct bt_slice *rest, struct bt_slice *line)
{
	size_t n = slice_index(*rest, '\n');

	if (n == rest->len)
		return false;
	*line = slice_of(rest->ptr, n);
	if (n > 0 && rest->ptr[n - 1] == '\r')
		line->len--;
	*rest = slice_skip(*rest, n + 1);
	return true;
}

/* Is there a whole head of at most max bytes? *first gets its first line, *lines the headers. */
static enum step
find_head(struct bt_slice in, size_t max, struct bt_slice *first, struct bt_slice *lines,
    size_t *used)
{
	struct bt_slice rest = slice_of(in.ptr, in.len < max ? in.len : max);
	struct bt_slice line;
	const uint8_t *begin;

	*first = SLICE_NONE;
	do {		/* blank lines in front: RFC 9112, 2.2 */
		begin = rest.ptr;
		if (!take_line(&rest, first)) {
			*first = rest;
			return in.len < max ? STEP_MORE : STEP_BAD;
		}
	} while (first->len == 0);
	begin = rest.ptr;
	for (;;) {
		const uint8_t *line_at = rest.ptr;

		if (!take_line(&rest, &line))
			return in.len < max ? STEP_MORE : STEP_BAD;
		if (line.len == 0) {
			*lines = slice_of(begin, (size_t)(line_at - begin));
			*used = (size_t)(rest.ptr - in.ptr);
			return STEP_DONE;
		}
	}
}

bool
http_header_next(struct bt_slice *lines, struct bt_slice *name, struct bt_slice *value)
{
	struct bt_slice line;
	size_t colon;

	while (take_line(lines, &line)) {
		colon = slice_index(line, ':');
		if (colon == line.len)
			continue;
		*name = slice_of(line.ptr, colon);
		*value = slice_trim(slice_skip(line, colon + 1));
		return true;
	}
	return false;
}

bool
http_header_find(struct bt_slice lines, const char *name, struct bt_slice *value)
{
	struct bt_slice n, v;

	while (http_header_next(&lines, &n, &v)) {
		if (slice_eq_nocase(n, name)) {
			*value = v;
			return true;
		}
	}
	return false;
}

/* Takes the next of a comma list off the front; empty at the end. */
static struct bt_slice
take_item(struct bt_slice *list)
{
	struct bt_slice item = SLICE_NONE;

	while (list->len > 0 && item.len == 0) {
		size_t n = slice_index(*list, ',');

		item = slice_trim(slice_of(list->ptr, n));
		*list = slice_skip(*list, n < list->len ? n + 1 : n);
	}
	return item;
}

struct head_facts {
	bool close;
	bool keep_alive;
	unsigned codings;	/* in Transfer-Encoding */
	bool transfer_encoding;
};

static void
read_connection(struct bt_slice value, struct head_facts *facts)
{
	struct bt_slice item;

	while ((item = take_item(&value)).len > 0) {
		facts->close |= slice_eq_nocase(item, "close");
		facts->keep_alive |= slice_eq_nocase(item, "keep-alive");
	}
}

static unsigned
read_content_length(struct bt_slice value, struct http_head *out)
{
	uint64_t n;

	if (!slice_u64(value, &n) || n > INT64_MAX)
		return 400;
	/* Two that differ are how requests are smuggled past a proxy. */
	if (out->content_length >= 0 && out->content_length != (int64_t)n)
		return 400;
	out->content_length = (int64_t)n;
	return OK;
}

static void
read_transfer_encoding(struct bt_slice value, struct http_head *out, struct head_facts *facts)
{
	struct bt_slice item;

	facts->transfer_encoding = true;
	while ((item = take_item(&value)).len > 0) {
		out->chunked = slice_eq_nocase(item, "chunked");	/* the last one counts */
		facts->codings++;
	}
}

/* 0, or the status to answer with. */
static unsigned
read_headers(struct bt_slice lines, struct http_head *out, struct head_facts *facts)
{
	struct bt_slice line, name, value;
	unsigned count = 0;
	unsigned status = OK;

	out->lines = lines;
	out->content_length = -1;
	while (status == OK && take_line(&lines, &line)) {
		size_t colon = slice_index(line, ':');

		if (++count > HTTP_HEADERS_MAX)
			return 431;
		if (colon == line.len)
			return 400;
		name = slice_of(line.ptr, colon);
		value = slice_trim(slice_skip(line, colon + 1));
		/* A folded line begins with a blank and so is no token: refused (RFC 9112, 5.2). */
		if (!is_token(name) || !is_text(value))
			return 400;
		if (slice_eq_nocase(name, "connection"))
			read_connection(value, facts);
		else if (slice_eq_nocase(name, "content-length"))
			status = read_content_length(value, out);
		else if (slice_eq_nocase(name, "transfer-encoding"))
			read_transfer_encoding(value, out, facts);
	}
	out->keep_alive = !facts->close && (out->minor >= 1 || facts->keep_alive);
	return status;
}

/* "HTTP/1.x"; 0, or the status to answer with. */
static unsigned
read_version(struct bt_slice s, unsigned *minor)
{
	if (s.len != 8 || !slice_starts(s, "HTTP/") || s.ptr[6] != '.' || s.ptr[5] < '0' ||
	    s.ptr[5] > '9' || s.ptr[7] < '0' || s.ptr[7] > '9')
		return 400;
	if (s.ptr[5] != '1')
		return 505;
	*minor = s.ptr[7] == '0' ? 0 : 1;
	return OK;
}

/* "/path?query", "http://host/path?query" or "*". */
static unsigned
read_target(struct bt_slice target, struct http_request *out)
{
	struct url u;
	size_t i;

	for (i = 0; i < target.len; i++) {
		if (target.ptr[i] <= ' ' || target.ptr[i] == 0x7f)
			return 400;
	}
	out->target = target;
	if (slice_starts(target, "/")) {
		target.len = slice_index(target, '#');
		i = slice_index(target, '?');
		out->path = slice_of(target.ptr, i);
		out->query = slice_skip(target, i < target.len ? i + 1 : i);
		return OK;
	}
	if (slice_eq_str(target, "*")) {
		out->path = target;
		return OK;
	}
	if (!url_parse(target, &u))
		return target.len > URL_MAX ? 414 : 400;
	out->path = u.path;
	out->query = u.query;
	return OK;
}

static unsigned
read_request_line(struct bt_slice line, struct http_request *out)
{
	size_t end = line.len;
	size_t n = slice_index(line, ' ');
	unsigned status;

	out->method = slice_of(line.ptr, n);
	while (end > 0 && line.ptr[end - 1] != ' ')
		end--;
	if (n > METHOD_MAX || !is_token(out->method) || end < n + 2)
		return 400;
	status = read_version(slice_skip(line, end), &out->head.minor);
	if (status != OK)
		return status;
	return read_target(slice_of(line.ptr + n + 1, end - 1 - (n + 1)), out);
}

/* The beginning of something that may become a request line. */
static bool
may_be_request(struct bt_slice line)
{
	size_t n = slice_index(line, ' ');

	if (line.len > 0 && line.ptr[line.len - 1] == '\r' && n == line.len)
		return line.len == 1;
	return n <= METHOD_MAX && (n == 0 ? line.len == 0 : is_token(slice_of(line.ptr, n)));
}

enum step
http_request_parse(struct bt_slice in, struct http_request *out, size_t *used, unsigned *status)
{
	struct head_facts facts = { 0 };
	struct bt_slice first, lines;
	enum step step;

	*out = (struct http_request){ .method = SLICE_NONE };
	*used = 0;
	*status = OK;
	if (in.len == 0)
		return STEP_MORE;
	step = find_head(in, HTTP_REQUEST_MAX, &first, &lines, used);
	if (step != STEP_DONE) {
		/* Another protocol is sent away at its first bytes. */
		if (!may_be_request(first))
			*status = 400;
		else if (step == STEP_BAD)
			*status = first.len >= HTTP_REQUEST_MAX / 2 ? 414 : 431;
		return *status == OK ? STEP_MORE : STEP_BAD;
	}
	*status = read_request_line(first, out);
	if (*status == OK)
		*status = read_headers(lines, &out->head, &facts);
	if (*status == OK && facts.transfer_encoding) {
		/* Of other codings, also below chunks, we know none. HTTP/1.0 has none at all: who
		 * sees one there cannot tell where the message ends (RFC 9112, 6.1). */
		if (!out->head.chunked || facts.codings > 1)
			*status = 501;
		else if (out->head.content_length >= 0 || out->head.minor == 0)
			*status = 400;
	}
	return *status == OK ? STEP_DONE : STEP_BAD;
}

static bool
read_status_line(struct bt_slice line, struct http_response *out)
{
	unsigned status = 0;
	size_t i;

	if (line.len < 12 || read_version(slice_of(line.ptr, 8), &out->head.minor) != OK ||
	    line.ptr[8] != ' ')
		return false;
	for (i = 9; i < 12; i++) {
		if (line.ptr[i] < '0' || line.ptr[i] > '9')
			return false;
		status = status * 10 + line.ptr[i] - '0';
	}
	if (line.len > 12 && line.ptr[12] != ' ')
		return false;
	out->status = status;
	out->reason = slice_trim(slice_skip(line, 12));
	return status >= 100 && status <= 599 && is_text(out->reason);
}

enum step
http_response_parse(struct bt_slice in, struct http_response *out, size_t *used)
{
	struct head_facts facts = { 0 };
	struct bt_slice first, lines;
	enum step step;

	*out = (struct http_response){ .status = 0 };
	*used = 0;
	if (in.len == 0)
		return STEP_MORE;
	step = find_head(in, HTTP_RESPONSE_MAX, &first, &lines, used);
	if (step != STEP_DONE)
		return step;
	if (!read_status_line(first, out) || read_headers(lines, &out->head, &facts) != OK)
		return STEP_BAD;
	return STEP_DONE;
}

const char *
http_status_text(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 411: return "Length Required";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 416: return "Range Not Satisfiable";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Status";
	}
}

void
http_reply_write(struct buf *b, const struct http_reply *r)
{
	buf_add_str(b, "HTTP/1.1 ");
	buf_add_unsigned(b, r->status);
	buf_add_u8(b, ' ');
	buf_add_str(b, http_status_text(r->status));
	if (r->content_type != NULL) {
		buf_add_str(b, "\r\nContent-Type: ");
		buf_add_str(b, r->content_type);
	}
	buf_add_str(b, "\r\nContent-Length: ");
	buf_add_unsigned(b, r->content_length);
	/* Said also where it is the default: clients of HTTP/1.0 need to hear it. */
	buf_add_str(b, r->keep_alive ? "\r\nConnection: keep-alive\r\n" :
	    "\r\nConnection: close\r\n");
	buf_add_slice(b, r->extra);
	buf_add_str(b, "\r\n");
}
