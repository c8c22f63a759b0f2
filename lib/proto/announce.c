/* SPDX-License-Identifier: ISC */
#include "proto/announce.h"

#include "base/map.h"
#include "base/query.h"
#include "proto/url.h"

static const char *const event_names[] = {
	[ANNOUNCE_NONE] = "",
	[ANNOUNCE_COMPLETED] = "completed",
	[ANNOUNCE_STARTED] = "started",
	[ANNOUNCE_STOPPED] = "stopped",
	[ANNOUNCE_PAUSED] = "paused",
	[ANNOUNCE_SNOOPED] = "snooped",
};

void
announce_req_init(struct announce_req *r)
{
	*r = (struct announce_req){ .numwant = -1, .compact = -1 };
}

const char *
announce_event_name(enum announce_event event)
{
	return (unsigned)event < COUNT_OF(event_names) ? event_names[event] : "unknown";
}

bool
announce_text_set(struct announce_text *t, struct bt_slice s)
{
	t->len = 0;
	if (s.len > sizeof(t->bytes))
		return false;
	if (s.len > 0)
		memcpy(t->bytes, s.ptr, s.len);
	t->len = (uint8_t)s.len;
	return true;
}

struct bt_slice
announce_text_slice(const struct announce_text *t)
{
	return slice_of(t->bytes, t->len);
}

void
announce_set_key(struct announce_req *r, uint32_t key)
{
	static const char hex[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < 8; i++)
		r->key.bytes[i] = (uint8_t)hex[(key >> (28 - 4 * i)) & 15];
	r->key.len = 8;
}

uint32_t
announce_key(const struct announce_req *r)
{
	static const uint64_t seed[2] = { 0, 0 };
	uint32_t key = 0;
	unsigned i;

	if (r->key.len == 0)
		return 0;
	for (i = 0; i < r->key.len; i++) {
		uint8_t c = r->key.bytes[i] | 0x20;

		if (c >= '0' && c <= '9' && r->key.bytes[i] == c)
			key = key << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			key = key << 4 | (uint32_t)(c - 'a' + 10);
		else
			break;
	}
	if (r->key.len == 8 && i == 8)
		return key;
	return (uint32_t)siphash(seed, r->key.bytes, r->key.len);
}

static void
add_param(struct buf *b, const char *name, struct bt_slice value)
{
	buf_add_str(b, name);
	query_escape(b, value);
}

static void
add_addr(struct buf *b, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (a->family == ADDR_NONE)
		return;
	add_param(b, name, slice_str(a->port == 0 ? addr_ip_text(a, text) : addr_text(a, text)));
}

void
announce_query_write(struct buf *b, struct bt_slice announce_url, const struct announce_req *r)
{
	struct addr ip = r->ip;

	url_begin_query(b, announce_url);
	add_param(b, "info_hash=", slice_of(r->info_hash, 20));
	add_param(b, "&peer_id=", slice_of(r->peer_id, 20));
	buf_addf(b, "&port=%u&uploaded=%llu&downloaded=%llu&left=%llu", (unsigned)r->port,
	    (unsigned long long)r->uploaded, (unsigned long long)r->downloaded,
	    (unsigned long long)r->left);
	if (r->event != ANNOUNCE_NONE)
		buf_addf(b, "&event=%s", announce_event_name(r->event));
	if (r->numwant >= 0)
		buf_addf(b, "&numwant=%d", r->numwant);
	if (r->key.len > 0)
		add_param(b, "&key=", announce_text_slice(&r->key));
	if (r->compact >= 0)
		buf_add_str(b, r->compact ? "&compact=1" : "&compact=0");
	if (r->no_peer_id)
		buf_add_str(b, "&no_peer_id=1");
	if (r->supportcrypto)
		buf_add_str(b, "&supportcrypto=1");
	if (r->requirecrypto)
		buf_add_str(b, "&requirecrypto=1");
	if (r->cryptoport != 0)
		buf_addf(b, "&cryptoport=%u", (unsigned)r->cryptoport);
	if (r->trackerid.len > 0)
		add_param(b, "&trackerid=", announce_text_slice(&r->trackerid));
	ip.port = 0;
	add_addr(b, "&ip=", &ip);
	add_addr(b, "&ipv4=", &r->ipv4);
	add_addr(b, "&ipv6=", &r->ipv6);
}

enum param {
	PARAM_INFO_HASH,
	PARAM_PEER_ID,
	PARAM_PORT,
	PARAM_UPLOADED,
	PARAM_DOWNLOADED,
	PARAM_LEFT,
	PARAM_EVENT,
	PARAM_NUMWANT,
	PARAM_KEY,
	PARAM_COMPACT,
	PARAM_NO_PEER_ID,
	PARAM_SUPPORTCRYPTO,
	PARAM_REQUIRECRYPTO,
	PARAM_CRYPTOPORT,
	PARAM_TRACKERID,
	PARAM_IP,
	PARAM_IPV4,
	PARAM_IPV6,
	PARAM_COUNT
};

static const struct bt_slice param_names[PARAM_COUNT] = {
#define NAME(s) { (const uint8_t *)(s), sizeof(s) - 1 }
	[PARAM_INFO_HASH] = NAME("info_hash"),
	[PARAM_PEER_ID] = NAME("peer_id"),
	[PARAM_PORT] = NAME("port"),
	[PARAM_UPLOADED] = NAME("uploaded"),
	[PARAM_DOWNLOADED] = NAME("downloaded"),
	[PARAM_LEFT] = NAME("left"),
	[PARAM_EVENT] = NAME("event"),
	[PARAM_NUMWANT] = NAME("numwant"),
	[PARAM_KEY] = NAME("key"),
	[PARAM_COMPACT] = NAME("compact"),
	[PARAM_NO_PEER_ID] = NAME("no_peer_id"),
	[PARAM_SUPPORTCRYPTO] = NAME("supportcrypto"),
	[PARAM_REQUIRECRYPTO] = NAME("requirecrypto"),
	[PARAM_CRYPTOPORT] = NAME("cryptoport"),
	[PARAM_TRACKERID] = NAME("trackerid"),
	[PARAM_IP] = NAME("ip"),
	[PARAM_IPV4] = NAME("ipv4"),
	[PARAM_IPV6] = NAME("ipv6"),
#undef NAME
};

/* Exactly 20 raw bytes: a '+' among them is a plus. */
static bool
parse_id(struct bt_slice value, uint8_t out[20])
{
	return query_unescape_exactly(value, out, 20);
}

/* Not escaped by any client, so taken as they stand. */
static bool
parse_port(struct bt_slice value, uint16_t *out)
{
	uint64_t n;

	if (!slice_u64(value, &n) || n > UINT16_MAX)
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool
parse_event(struct bt_slice value, enum announce_event *out)
{
	size_t i;

	for (i = 0; i < COUNT_OF(event_names); i++) {
		if (slice_eq_str(value, event_names[i])) {
			*out = (enum announce_event)i;
			return true;
		}
	}
	return slice_eq_str(value, "empty");	/* BEP 3: the same as none */
}

static int32_t
parse_numwant(struct bt_slice value)
{
	uint64_t n;

	if (!slice_u64(value, &n))
		return -1;
	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

static void
parse_text(struct bt_slice value, struct announce_text *out)
{
	uint8_t bytes[TRACKER_TEXT_MAX];
	size_t n = query_unescape(value, QUERY_PLUS_IS_SPACE, bytes, sizeof(bytes));

	if (n <= sizeof(bytes))
		(void)announce_text_set(out, slice_of(bytes, n));
}

/* Host names and nonsense leave *out alone. */
static void
parse_addr(struct bt_slice value, struct addr *out)
{
	uint8_t text[ADDR_TEXT_MAX];
	size_t n = query_unescape(value, QUERY_PLUS_IS_SPACE, text, sizeof(text));

	if (n <= sizeof(text))
		(void)addr_parse_with_port(slice_of(text, n), out);
}

/* NULL, or what is wrong. */
static const char *
parse_param(enum param param, struct bt_slice value, struct announce_req *out)
{
	switch (param) {
	case PARAM_INFO_HASH:
		return parse_id(value, out->info_hash) ? NULL : "info_hash is not 20 bytes";
	case PARAM_PEER_ID:
		return parse_id(value, out->peer_id) ? NULL : "peer_id is not 20 bytes";
	case PARAM_PORT:
		return parse_port(value, &out->port) ? NULL : "invalid port";
	case PARAM_LEFT:
		return slice_u64(value, &out->left) ? NULL : "invalid amount left";
	case PARAM_EVENT:
		return parse_event(value, &out->event) ? NULL : "invalid event";
	case PARAM_UPLOADED: (void)slice_u64(value, &out->uploaded); break;
	case PARAM_DOWNLOADED: (void)slice_u64(value, &out->downloaded); break;
	case PARAM_NUMWANT: out->numwant = parse_numwant(value); break;
	case PARAM_KEY: parse_text(value, &out->key); break;
	case PARAM_COMPACT: out->compact = slice_eq_str(value, "1"); break;
	case PARAM_NO_PEER_ID: out->no_peer_id = slice_eq_str(value, "1"); break;
	case PARAM_SUPPORTCRYPTO: out->supportcrypto = slice_eq_str(value, "1"); break;
	case PARAM_REQUIRECRYPTO: out->requirecrypto = slice_eq_str(value, "1"); break;
	case PARAM_CRYPTOPORT: (void)parse_port(value, &out->cryptoport); break;
	case PARAM_TRACKERID: parse_text(value, &out->trackerid); break;
	case PARAM_IP:
		parse_addr(value, &out->ip);
		out->ip.port = 0;
		break;
	case PARAM_IPV4: parse_addr(value, &out->ipv4); break;
	case PARAM_IPV6: parse_addr(value, &out->ipv6); break;
	case PARAM_COUNT: break;
	}
	return NULL;
}

enum bt_code
announce_query_parse(struct bt_slice query, struct announce_req *out, struct bt_error *err)
{
	const char *fault = NULL;
	struct bt_slice name, value;
	uint32_t seen = 0;
	unsigned i;

	announce_req_init(out);
	while (query_next(&query, &name, &value)) {
		for (i = 0; i < PARAM_COUNT && !slice_eq(name, param_names[i]); i++)
			;
		if (i == PARAM_COUNT || (seen & 1u << i) != 0)
			continue;	/* the first of a name counts */
		seen |= 1u << i;
		if (fault == NULL)
			fault = parse_param((enum param)i, value, out);
	}
	/* Many say only that they insist on it. */
	out->supportcrypto |= out->requirecrypto;
	if ((seen & 1u << PARAM_INFO_HASH) == 0)
		return fail(err, BT_ENOENT, "no info_hash");
	if (fault != NULL)
		return fail(err, BT_EPROTO, "%s", fault);
	if ((seen & 1u << PARAM_PEER_ID) == 0)
		return fail(err, BT_EPROTO, "no peer_id");
	if ((seen & 1u << PARAM_PORT) == 0)
		return fail(err, BT_EPROTO, "no port");
	if ((seen & 1u << PARAM_LEFT) == 0)
		return fail(err, BT_EPROTO, "no amount left");
	return BT_OK;
}

enum announce_form
announce_req_form(const struct announce_req *r)
{
	if (r->compact == 1)
		return ANNOUNCE_COMPACT;
	return r->no_peer_id ? ANNOUNCE_LIST_NO_ID : ANNOUNCE_LIST;
}
