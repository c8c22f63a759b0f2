/* SPDX-License-Identifier: ISC */
#include "proto/announce.h"

#include "base/cdefs.h"
#include "base/mem.h"
#include "proto_test.h"

static struct announce_req
example(void)
{
	struct announce_req r;
	unsigned i;

	announce_req_init(&r);
	for (i = 0; i < 20; i++)
		r.info_hash[i] = (uint8_t)(i * 13 + 1);
	memcpy(r.info_hash, "+ %&=", 5);
	memcpy(r.peer_id, "-BC0100-a+b c%d&e=f~", 20);
	r.port = 6881;
	r.left = 5;
	return r;
}

static struct bt_slice
query_of(const struct buf *url)
{
	size_t n = slice_index(buf_slice(url), '?');

	return slice_skip(buf_slice(url), n + 1);
}

static void
check_same_req(const struct announce_req *a, const struct announce_req *b)
{
	ck_assert_mem_eq(a->info_hash, b->info_hash, 20);
	ck_assert_mem_eq(a->peer_id, b->peer_id, 20);
	ck_assert_uint_eq(a->port, b->port);
	ck_assert_uint_eq(a->cryptoport, b->cryptoport);
	ck_assert_uint_eq(a->uploaded, b->uploaded);
	ck_assert_uint_eq(a->downloaded, b->downloaded);
	ck_assert_uint_eq(a->left, b->left);
	ck_assert_int_eq(a->event, b->event);
	ck_assert_int_eq(a->numwant, b->numwant);
	ck_assert_int_eq(a->compact, b->compact);
	ck_assert_int_eq(a->no_peer_id, b->no_peer_id);
	ck_assert_int_eq(a->supportcrypto, b->supportcrypto);
	ck_assert_int_eq(a->requirecrypto, b->requirecrypto);
	ck_assert(slice_eq(announce_text_slice(&a->key), announce_text_slice(&b->key)));
	ck_assert(slice_eq(announce_text_slice(&a->trackerid), announce_text_slice(&b->trackerid)));
	ck_assert(addr_eq(&a->ip, &b->ip));
	ck_assert(addr_eq(&a->ipv4, &b->ipv4));
	ck_assert(addr_eq(&a->ipv6, &b->ipv6));
}

START_TEST(test_query_text)
{
	struct announce_req r = example();
	struct buf b;

	memset(r.info_hash, 0xff, 20);
	memcpy(r.peer_id, "-BC0100-abcdefghijkl", 20);
	r.event = ANNOUNCE_STARTED;
	r.numwant = 50;
	r.compact = 1;
	announce_set_key(&r, 0xdeadbeef);
	buf_init(&b, 4096);
	announce_query_write(&b, slice_str("http://h/announce?passkey=1#x"), &r);
	assert_text(buf_slice(&b), "http://h/announce?passkey=1&info_hash="
	    "%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF"
	    "&peer_id=-BC0100-abcdefghijkl&port=6881&uploaded=0&downloaded=0&left=5"
	    "&event=started&numwant=50&key=deadbeef&compact=1");
	buf_fini(&b);
}
END_TEST

START_TEST(test_query_both_ways)
{
	struct announce_req r = example();
	struct announce_req got;
	struct buf b;

	buf_init(&b, 4096);
	announce_query_write(&b, slice_str("http://h/a"), &r);
	ck_assert_int_eq(announce_query_parse(query_of(&b), &got, NULL), BT_OK);
	check_same_req(&r, &got);
	r.cryptoport = 443;
	r.uploaded = UINT64_MAX;
	r.downloaded = 1u << 31;
	r.left = INT64_MAX;
	r.event = ANNOUNCE_PAUSED;
	r.numwant = 0;
	r.compact = 0;
	r.no_peer_id = r.supportcrypto = r.requirecrypto = true;
	ck_assert(announce_text_set(&r.key, slice_of("k\0 +&=%", 7)));
	ck_assert(announce_text_set(&r.trackerid, slice_str("a b")));
	r.ip = ip_port("192.0.2.1", 0);
	r.ipv4 = ip_port("192.0.2.2", 99);
	r.ipv6 = ip_port("2001:db8::1", 6881);
	buf_clear(&b);
	announce_query_write(&b, slice_str("http://h/a?x=y"), &r);
	ck_assert_int_eq(announce_query_parse(query_of(&b), &got, NULL), BT_OK);
	check_same_req(&r, &got);
	buf_fini(&b);
}
END_TEST

#define IDS "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbb+"

START_TEST(test_query_lenient)
{
	struct announce_req r;

	ck_assert_int_eq(announce_query_parse(slice_str(IDS
	    "&port=0&left=0&uploaded=x&downloaded=-1"
	    "&numwant=-5&compact=2&event=&ip=example.org&ipv4=[1]&ipv6=::1&key="
	    "&info_hash=bad&port=7&foo=bar"), &r, NULL), BT_OK);
	ck_assert_mem_eq(r.peer_id, "bbbbbbbbbbbbbbbbbbb+", 20);
	ck_assert_uint_eq(r.port, 0);
	ck_assert_int_eq(r.numwant, -1);
	ck_assert_int_eq(r.compact, 0);
	ck_assert_int_eq(r.event, ANNOUNCE_NONE);
	ck_assert_int_eq(r.ip.family, ADDR_NONE);
	ck_assert_int_eq(r.ipv4.family, ADDR_NONE);
	ck_assert_int_eq(r.ipv6.family, ADDR_V6);
	ck_assert_uint_eq(r.key.len, 0);
	ck_assert_int_eq(announce_query_parse(slice_str(IDS "&port=1&left=1&event=empty"
	    "&numwant=99999999999&ipv6=%5B%3A%3A2%5D%3A80&ipv4=1.2.3.4:5&ip=::ffff:1.2.3.4"), &r,
	    NULL), BT_OK);
	ck_assert(!r.supportcrypto);
	ck_assert_int_eq(r.numwant, INT32_MAX);
	ck_assert_uint_eq(r.ipv6.port, 80);
	ck_assert_uint_eq(r.ipv4.port, 5);
	ck_assert_int_eq(r.ip.family, ADDR_V4);
	/* Who insists on it has it. */
	ck_assert_int_eq(announce_query_parse(slice_str(IDS "&port=1&left=1&requirecrypto=1"), &r,
	    NULL), BT_OK);
	ck_assert(r.supportcrypto && r.requirecrypto);
}
END_TEST

START_TEST(test_query_bad)
{
	static const struct {
		const char *query, *why;
	} each[] = {
		{ "peer_id=bbbbbbbbbbbbbbbbbbbb&info_hash=aaa&port=1&left=1",
		  "info_hash is not 20 bytes" },
		{ "info_hash=aaaaaaaaaaaaaaaaaaaa&port=1&left=1", "no peer_id" },
		{ "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=b&port=1&left=1",
		  "peer_id is not 20 bytes" },
		{ IDS "&left=1", "no port" },
		{ IDS "&port=65536&left=1", "invalid port" },
		{ IDS "&port=&left=1", "invalid port" },
		{ IDS "&port=1", "no amount left" },
		{ IDS "&port=1&left=-1", "invalid amount left" },
		{ IDS "&port=1&left=18446744073709551616", "invalid amount left" },
		{ IDS "&port=1&left=1&event=bored", "invalid event" },
	};
	struct announce_req r;
	struct bt_error err;
	size_t i;

	for (i = 0; i < COUNT_OF(each); i++) {
		ck_assert_int_eq(announce_query_parse(slice_str(each[i].query), &r, &err),
		    BT_EPROTO);
		ck_assert_str_eq(err.text, each[i].why);
	}
	ck_assert_int_eq(announce_query_parse(SLICE_NONE, &r, &err), BT_ENOENT);
	ck_assert_int_eq(announce_query_parse(slice_str("hello=world"), &r, &err), BT_ENOENT);
}
END_TEST

START_TEST(test_key)
{
	struct announce_req r, other;

	announce_req_init(&r);
	ck_assert_uint_eq(announce_key(&r), 0);
	announce_set_key(&r, 0x0012abcd);
	assert_text(announce_text_slice(&r.key), "0012abcd");
	ck_assert_uint_eq(announce_key(&r), 0x0012abcd);
	other = r;
	ck_assert(announce_text_set(&other.key, slice_str("0012ABCD")));
	ck_assert_uint_eq(announce_key(&other), 0x0012abcd);
	ck_assert(announce_text_set(&other.key, slice_str("0012ABC")));
	ck_assert_uint_ne(announce_key(&other), 0x0012abc);
	ck_assert(announce_text_set(&r.key, slice_str("0012ABC")));
	ck_assert_uint_eq(announce_key(&other), announce_key(&r));
	/* A control character is no digit. */
	ck_assert(announce_text_set(&r.key, slice_str("\x10" "012abcd")));
	ck_assert_uint_ne(announce_key(&r), 0x0012abcd);
}
END_TEST

static void
fill_reply(struct announce_reply *r)
{
	static const uint8_t id[20] = "-XX0000-abcdefghijkl";
	struct addr a = ip_port("192.0.2.1", 6881);
	struct addr b = ip_port("2001:db8::1", 6882);

	announce_reply_init(r);
	r->warning = slice_str("careful");
	r->interval = 1800;
	r->min_interval = 60;
	r->complete = 3;
	r->incomplete = 4;
	r->downloaded = 5;
	r->tracker_id = slice_str("tid");
	r->external_ip = ip_port("198.51.100.1", 0);
	ck_assert(announce_reply_add(r, &a, id));
	ck_assert(announce_reply_add(r, &b, NULL));
}

static void
check_same_reply(const struct announce_reply *a, const struct announce_reply *b, bool ids)
{
	size_t i;

	ck_assert(!b->failed);
	ck_assert(slice_eq(a->warning, b->warning));
	ck_assert_int_eq(a->interval, b->interval);
	ck_assert_int_eq(a->min_interval, b->min_interval);
	ck_assert_int_eq(a->complete, b->complete);
	ck_assert_int_eq(a->incomplete, b->incomplete);
	ck_assert_int_eq(a->downloaded, b->downloaded);
	ck_assert(slice_eq(a->tracker_id, b->tracker_id));
	ck_assert(addr_eq(&a->external_ip, &b->external_ip));
	ck_assert_uint_eq(a->peers.len, b->peers.len);
	ck_assert_uint_eq(b->skipped, 0);
	for (i = 0; i < a->peers.len; i++) {
		const struct announce_peer *p = announce_reply_peer(a, i);
		const struct announce_peer *q = announce_reply_peer(b, i);

		ck_assert(addr_eq(&p->addr, &q->addr));
		ck_assert_int_eq(ids && p->has_id, q->has_id);
		if (q->has_id)
			ck_assert_mem_eq(p->id, q->id, 20);
	}
}

START_TEST(test_reply_both_ways)
{
	static const enum announce_form forms[] = { ANNOUNCE_COMPACT, ANNOUNCE_LIST,
		ANNOUNCE_LIST_NO_ID };
	struct announce_reply r, got;
	struct buf b;

	fill_reply(&r);
	buf_init(&b, 4096);
	announce_reply_write(&b, &r, forms[_i]);
	ck_assert(!buf_failed(&b));
	ck_assert_int_eq(announce_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	check_same_reply(&r, &got, forms[_i] == ANNOUNCE_LIST);
	announce_reply_fini(&got);
	announce_reply_fini(&r);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reply_text)
{
	struct announce_reply r;
	struct addr a = ip_port("97.98.99.100", 0x6566);
	struct buf b;

	announce_reply_init(&r);
	buf_init(&b, 4096);
	r.interval = 1800;
	announce_reply_write(&b, &r, ANNOUNCE_COMPACT);
	assert_text(buf_slice(&b), "d8:intervali1800e5:peers0:e");
	buf_clear(&b);
	announce_reply_write(&b, &r, ANNOUNCE_LIST);
	assert_text(buf_slice(&b), "d8:intervali1800e5:peerslee");
	buf_clear(&b);
	ck_assert(announce_reply_add(&r, &a, NULL));
	r.packed4 = slice_str("ghijklXXX");	/* a ragged tail is not written */
	r.packed6 = slice_str("0123456789abcdefgh");
	r.crypto_flags = slice_str("\1\1");
	announce_reply_write(&b, &r, ANNOUNCE_COMPACT);
	assert_text(buf_slice(&b), "d12:crypto_flags2:\1\1" "8:intervali1800e5:peers12:ghijklabcdef"
	    "6:peers618:0123456789abcdefghe");
	buf_clear(&b);
	announce_reply_write(&b, &r, ANNOUNCE_LIST_NO_ID);
	assert_text(buf_slice(&b), "d12:crypto_flags2:\1\1" "8:intervali1800e5:peers"
	    "ld2:ip12:97.98.99.1004:porti25958eeee");
	announce_reply_fini(&r);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reply_failure)
{
	struct announce_reply r, got;
	struct buf b;

	fill_reply(&r);
	r.failed = true;
	r.failure = slice_str("go away");
	r.retry_in = RETRY_NEVER;
	buf_init(&b, 4096);
	announce_reply_write(&b, &r, ANNOUNCE_COMPACT);
	assert_text(buf_slice(&b), "d14:failure reason7:go away8:intervali1800e"
	    "12:min intervali60e8:retry in5:nevere");
	ck_assert_int_eq(announce_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	ck_assert(got.failed);
	assert_text(got.failure, "go away");
	ck_assert_int_eq(got.retry_in, RETRY_NEVER);
	announce_reply_fini(&got);
	ck_assert_int_eq(announce_reply_parse(slice_str("d14:failure reason0:8:retry in1:5e"), &got,
	    NULL), BT_OK);
	ck_assert(got.failed);
	ck_assert_int_eq(got.retry_in, 5);
	announce_reply_fini(&got);
	announce_reply_fini(&r);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reply_lenient)
{
	struct announce_reply got;

	/* Unsorted, numbers as strings, negative and huge ones, wrong types,
	 * bytes behind the end. */
	ck_assert_int_eq(announce_reply_parse(slice_str("d8:interval4:180012:min intervali-5e"
	    "8:completei9223372036854775807e10:incompletele11:external ip3:abc10:tracker idi5e"
	    "5:peersi7e15:warning messagedee  "), &got, NULL), BT_OK);
	ck_assert_int_eq(got.interval, 1800);
	ck_assert_int_eq(got.min_interval, -1);
	ck_assert_int_eq(got.complete, TRACKER_NUMBER_MAX);
	ck_assert_int_eq(got.incomplete, -1);
	ck_assert_int_eq(got.external_ip.family, ADDR_NONE);
	ck_assert_uint_eq(got.peers.len, 0);
	announce_reply_fini(&got);
	/* Good peers among bad ones: a host name, no port, no ip, a number, a short peer id. */
	ck_assert_int_eq(announce_reply_parse(slice_str("d5:peersl"
	    "d2:ip7:1.2.3.44:porti80ee"
	    "d2:ip11:example.org4:porti80ee"
	    "d2:ip7:1.2.3.5e"
	    "d4:porti80ee"
	    "i6e"
	    "d2:ip7:1.2.3.64:porti65537ee"
	    "d2:ip7:0.0.0.04:porti1ee"
	    "d2:ip3:::17:peer id3:abc4:port2:81e"
	    "ee"), &got, NULL), BT_OK);
	ck_assert_uint_eq(got.peers.len, 2);
	ck_assert_uint_eq(got.skipped, 6);
	ck_assert(!announce_reply_peer(&got, 1)->has_id);
	ck_assert_uint_eq(announce_reply_peer(&got, 1)->addr.port, 81);
	announce_reply_fini(&got);
	/* A ragged tail, and a peer with port 0. */
	ck_assert_int_eq(announce_reply_parse(slice_of("d5:peers15:\1\2\3\4\0\5\1\2\3\4\0\0zzze",
	    27), &got, NULL), BT_OK);
	ck_assert_uint_eq(got.peers.len, 1);
	ck_assert_uint_eq(got.skipped, 1);
	announce_reply_fini(&got);
}
END_TEST

START_TEST(test_reply_bad)
{
	static const char *const each[] = { "", "le", "i1e", "<html>", "d8:interval",
	    "d5:peers99:xe",
		"d8:intervali1800e" };
	struct announce_reply got;
	struct bt_error err;
	size_t i;

	for (i = 0; i < COUNT_OF(each); i++) {
		ck_assert_int_eq(announce_reply_parse(slice_str(each[i]), &got, &err), BT_EFORMAT);
		ck_assert(strncmp(err.text, "tracker reply: ", 15) == 0);
		announce_reply_fini(&got);
	}
}
END_TEST

START_TEST(test_reply_bounds)
{
	struct announce_reply got;
	struct buf b;
	unsigned i;

	buf_init(&b, 2 * TRACKER_REPLY_MAX);
	buf_addf(&b, "d5:peers%u:", 60000u);
	for (i = 0; i < 10000; i++)
		buf_add(&b, "\1\2\3\4\5\6", 6);
	buf_add_str(&b, "e");
	ck_assert_int_eq(announce_reply_parse(buf_slice(&b), &got, NULL), BT_OK);
	ck_assert_uint_eq(got.peers.len, TRACKER_PEERS_MAX);
	ck_assert_uint_eq(got.skipped, 10000 - TRACKER_PEERS_MAX);
	announce_reply_fini(&got);
	buf_clear(&b);
	buf_add_str(&b, "d1:xl");
	for (i = 0; i <= TRACKER_ITEMS_MAX; i++)
		buf_add_str(&b, "le");
	buf_add_str(&b, "ee");
	ck_assert_int_eq(announce_reply_parse(buf_slice(&b), &got, NULL), BT_ELIMIT);
	announce_reply_fini(&got);
	buf_clear(&b);
	buf_addf(&b, "d1:x%u:", TRACKER_REPLY_MAX);
	(void)memset(buf_add_space(&b, TRACKER_REPLY_MAX), 'x', TRACKER_REPLY_MAX);
	buf_add_str(&b, "e");
	ck_assert_int_eq(announce_reply_parse(buf_slice(&b), &got, NULL), BT_ELIMIT);
	announce_reply_fini(&got);
	buf_fini(&b);
}
END_TEST

START_TEST(test_no_memory)
{
	struct announce_reply got;

	mem_fail_at(1);
	ck_assert_int_eq(announce_reply_parse(slice_str("d5:peers6:abcdefe"), &got, NULL),
	    BT_ENOMEM);
	mem_fail_at(0);
	announce_reply_fini(&got);
}
END_TEST

/* A buffer of any size below the need fails, and nothing else happens. */
START_TEST(test_no_room)
{
	struct announce_reply r;
	struct announce_req req = example();
	enum announce_form form;
	struct buf b;
	size_t max, need;

	fill_reply(&r);
	for (form = ANNOUNCE_COMPACT; form <= ANNOUNCE_LIST_NO_ID; form++) {
		buf_init(&b, 4096);
		announce_reply_write(&b, &r, form);
		need = b.len;
		buf_fini(&b);
		for (max = 0; max < need; max++) {
			buf_init(&b, max);
			announce_reply_write(&b, &r, form);
			ck_assert(buf_failed(&b));
			buf_fini(&b);
		}
	}
	announce_reply_fini(&r);
	buf_init(&b, 40);
	announce_query_write(&b, slice_str("http://h/"), &req);
	ck_assert(buf_failed(&b));
	buf_fini(&b);
}
END_TEST

START_TEST(test_form)
{
	struct announce_req r;

	announce_req_init(&r);
	ck_assert_int_eq(announce_req_form(&r), ANNOUNCE_LIST);
	r.no_peer_id = true;
	ck_assert_int_eq(announce_req_form(&r), ANNOUNCE_LIST_NO_ID);
	r.compact = 1;
	ck_assert_int_eq(announce_req_form(&r), ANNOUNCE_COMPACT);
	ck_assert_str_eq(announce_event_name(ANNOUNCE_STARTED), "started");
	ck_assert_str_eq(announce_event_name(ANNOUNCE_NONE), "");
}
END_TEST

Suite *
announce_suite(void)
{
	const TTest *const tests[] = { test_query_text, test_query_both_ways, test_query_lenient,
		test_query_bad, test_key, test_reply_text, test_reply_failure, test_reply_lenient,
		test_reply_bad, test_reply_bounds, test_no_memory, test_no_room, test_form, NULL };
	Suite *s = proto_suite("proto/announce", tests);
	TCase *forms = tcase_create("forms");

	tcase_add_loop_test(forms, test_reply_both_ways, 0, 3);
	suite_add_tcase(s, forms);
	return s;
}
