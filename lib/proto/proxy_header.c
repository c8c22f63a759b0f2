/* SPDX-License-Identifier: ISC */
#include "proto/proxy_header.h"

#include "base/cdefs.h"
#include "base/rd.h"
#include "proto/limits.h"

#define LINE_MAX 107u		/* of version 1, CR LF included */
#define FIXED 16u		/* of version 2: signature, command, family, length */

#define V2_LOCAL 0x20
#define V2_PROXY 0x21
#define TCP_OVER_V4 0x11
#define TCP_OVER_V6 0x21
#define FAMILY_MAX 0x30
#define PROTOCOL_MAX 2

static const struct bt_slice line_start = { (const uint8_t *)"PROXY ", 6 };
static const struct bt_slice signature = { (const uint8_t *)"\r\n\r\n\0\r\nQUIT\n", 12 };

/* -- version 1 -- */

static bool
take_word(struct bt_slice *line, struct bt_slice *word)
{
	size_t n = slice_index(*line, ' ');

	*word = slice_of(line->ptr, n);
	*line = slice_skip(*line, n < line->len ? n + 1 : n);
	return word->len > 0;
}

static bool
parse_port(struct bt_slice s, uint16_t *out)
{
	uint64_t n = 0;

	if (!slice_u64(s, &n) || n > UINT16_MAX || (s.len > 1 && s.ptr[0] == '0'))
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool
parse_ip(struct bt_slice s, enum addr_family family, struct addr *out)
{
	bool has_colon = slice_index(s, ':') < s.len;

	/* IPv4 may stand in the dress of IPv6. */
	return has_colon == (family == ADDR_V6) && addr_parse_slice(s, 0, out);
}

/* "TCP4 1.2.3.4 5.6.7.8 1000 80" */
static bool
parse_line(struct bt_slice line, struct addr *from)
{
	struct bt_slice kind, src, dst, src_port, dst_port;
	enum addr_family family;
	struct addr to;

	if (!take_word(&line, &kind))
		return false;
	if (slice_eq_str(kind, "UNKNOWN"))
		return true;
	if (!slice_eq_str(kind, "TCP4") && !slice_eq_str(kind, "TCP6"))
		return false;
	family = slice_eq_str(kind, "TCP4") ? ADDR_V4 : ADDR_V6;
	return take_word(&line, &src) && take_word(&line, &dst) && take_word(&line, &src_port) &&
	    take_word(&line, &dst_port) && line.len == 0 && parse_ip(src, family, from) &&
	    parse_ip(dst, family, &to) && parse_port(src_port, &from->port) &&
	    parse_port(dst_port, &to.port);
}

static enum step
parse_v1(struct bt_slice in, struct addr *from, size_t *used)
{
	size_t end = slice_index(in, '\n');
	struct addr client = { .family = ADDR_NONE };

	if (end == in.len && in.len < LINE_MAX)
		return STEP_MORE;
	if (end >= LINE_MAX || end == in.len || in.ptr[end - 1] != '\r')
		return STEP_BAD;
	if (!parse_line(slice_skip(slice_of(in.ptr, end - 1), line_start.len), &client))
		return STEP_BAD;
	*from = client;
	*used = end + 1;
	return STEP_DONE;
}

/* -- version 2 -- */

static struct addr
take_client(struct rd *r, size_t ip_len)
{
	struct bt_slice ip = rd_take(r, ip_len), to = rd_take(r, ip_len);
	uint16_t port = rd_be16(r);

	(void)to;
	(void)rd_be16(r);
	if (r->bad)
		return (struct addr){ .family = ADDR_NONE };
	return ip_len == 4 ? addr_v4(ip.ptr, port) : addr_v6(ip.ptr, port);
}

/* What is said of the ends of the connection; more may follow it. */
static bool
parse_ends(unsigned family, struct bt_slice said, struct addr *from)
{
	struct rd r = rd_of(said);

	if ((family & 0xf0) > FAMILY_MAX || (family & 0x0f) > PROTOCOL_MAX)
		return false;
	if (family == TCP_OVER_V4)
		*from = take_client(&r, 4);
	else if (family == TCP_OVER_V6)
		*from = take_client(&r, 16);
	return !r.bad;
}

static enum step
parse_v2(struct bt_slice in, struct addr *from, size_t *used)
{
	struct rd r = rd_of(slice_skip(in, signature.len));
	unsigned command = rd_u8(&r), family = rd_u8(&r);
	size_t len = rd_be16(&r);

	if (in.len > signature.len && command != V2_LOCAL && command != V2_PROXY)
		return STEP_BAD;
	if (r.bad)
		return STEP_MORE;
	if (len > PROXY_HEADER_MAX - FIXED)
		return STEP_BAD;
	if (len > r.rest.len)
		return STEP_MORE;
	if (command == V2_PROXY && !parse_ends(family, slice_of(r.rest.ptr, len), from))
		return STEP_BAD;
	*used = FIXED + len;
	return STEP_DONE;
}

static bool
begins_like(struct bt_slice in, struct bt_slice start)
{
	return slice_eq(slice_of(in.ptr, in.len < start.len ? in.len : start.len),
	    slice_of(start.ptr, in.len < start.len ? in.len : start.len));
}

enum step
proxy_header_parse(struct bt_slice in, struct addr *from, size_t *used)
{
	bool v1 = begins_like(in, line_start), v2 = begins_like(in, signature);

	*from = (struct addr){ .family = ADDR_NONE };
	*used = 0;
	if (!v1 && !v2)
		return STEP_DONE;
	if (v1 && in.len >= line_start.len)
		return parse_v1(in, from, used);
	if (v2 && in.len >= signature.len)
		return parse_v2(in, from, used);
	return STEP_MORE;
}
