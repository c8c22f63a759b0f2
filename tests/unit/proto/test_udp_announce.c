/* SPDX-License-Identifier: ISC */
#include "proto/udp_announce.h"

#include "base/cdefs.h"
#include "proto_test.h"
#include "udp_vectors.h"

static void
check_announce(const struct udp_vector *v, const struct udp_request *r)
{
	static const uint8_t no_ip[16];
	const struct announce_req *a = &r->announce;
	struct addr ip = ip_port(v->ip, 0);
	unsigned i;

	for (i = 0; i < 20; i++)
		ck_assert_uint_eq(a->info_hash[i], i);
	ck_assert_mem_eq(a->peer_id, "-BC0010-abcdefghijkl", 20);
	ck_assert_uint_eq(a->downloaded, v->downloaded);
	ck_assert_uint_eq(a->left, v->left);
	ck_assert_uint_eq(a->uploaded, v->uploaded);
	ck_assert_int_eq((int)a->event, (int)v->event);
	ck_assert_uint_eq(announce_key(a), v->key);
	ck_assert_int_eq(a->numwant, v->numwant);
	ck_assert_uint_eq(a->port, v->port);
	if (memcmp(ip.ip, no_ip, 16) == 0)
		ck_assert_int_eq(a->ip.family, ADDR_NONE);
	else
		ck_assert(addr_eq(&a->ip, &ip));
	assert_text(slice_of(r->url, r->url_len), v->url == NULL ? "" : v->url);
}

static void
check_request(const struct udp_vector *v, struct bt_slice packet)
{
	struct udp_request r;

	ck_assert_int_eq(udp_request_parse(packet, &r), v->accept ? STEP_DONE : STEP_BAD);
	if (!v->accept)
		return;
	ck_assert_uint_eq(r.transaction, v->transaction);
	if (v->packet == CONNECT_REQUEST) {
		ck_assert_int_eq(r.action, UDP_CONNECT);
		return;
	}
	ck_assert_uint_eq(r.connection, v->connection);
	if (v->packet == ANNOUNCE_REQUEST) {
		ck_assert_int_eq(r.action, UDP_ANNOUNCE);
		check_announce(v, &r);
	} else {
		ck_assert_int_eq(r.action, UDP_SCRAPE);
		ck_assert_uint_eq(r.hashes.len, v->count * 20);
		ck_assert_mem_eq(r.hashes.ptr, packet.ptr + 16, r.hashes.len);
	}
}

static void
check_announce_reply(const struct udp_vector *v, const struct udp_reply *r)
{
	struct announce_reply a;
	char text[512] = "", ip[ADDR_TEXT_MAX];
	size_t i;

	ck_assert_int_eq(udp_reply_announce(r,
	    v->packet == ANNOUNCE_RESPONSE_IPV4 ? ADDR_V4 : ADDR_V6, &a), BT_OK);
	ck_assert_int_eq(a.interval, v->interval);
	ck_assert_int_eq(a.complete, v->seeders);
	ck_assert_int_eq(a.incomplete, v->leechers);
	for (i = 0; i < a.peers.len; i++) {
		const struct addr *addr = &announce_reply_peer(&a, i)->addr;
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%s%s %u", i == 0 ? "" : ",",
		    addr_ip_text(addr, ip), (unsigned)addr->port);
	}
	ck_assert_str_eq(text, v->peers);
	announce_reply_fini(&a);
}

static void
check_scrape_reply(const struct udp_vector *v, const struct udp_reply *r)
{
	struct scrape_entry e;
	unsigned i;

	for (i = 0; i < v->count; i++) {
		ck_assert(udp_reply_scrape(r, i, &e));
		ck_assert_int_eq(e.complete, v->numbers[3 * i]);
		ck_assert_int_eq(e.downloaded, v->numbers[3 * i + 1]);
		ck_assert_int_eq(e.incomplete, v->numbers[3 * i + 2]);
	}
	ck_assert(!udp_reply_scrape(r, i, &e));
}

static void
check_reply(const struct udp_vector *v, struct bt_slice packet)
{
	struct udp_reply r;

	ck_assert_int_eq(udp_reply_parse(packet, &r), v->accept ? STEP_DONE : STEP_BAD);
	if (!v->accept)
		return;
	ck_assert_uint_eq(r.transaction, v->transaction);
	if (v->packet == CONNECT_RESPONSE) {
		ck_assert_int_eq(r.action, UDP_CONNECT);
		ck_assert_uint_eq(r.connection, v->connection);
	} else if (v->packet == SCRAPE_RESPONSE) {
		ck_assert_int_eq(r.action, UDP_SCRAPE);
		check_scrape_reply(v, &r);
	} else if (v->packet == ERROR_RESPONSE) {
		ck_assert_int_eq(r.action, UDP_ERROR);
		assert_text(r.rest, v->text);
	} else {
		ck_assert_int_eq(r.action, UDP_ANNOUNCE);
		check_announce_reply(v, &r);
	}
}

START_TEST(test_vectors)
{
	const struct udp_vector *v = &udp_vectors[_i];
	struct bt_slice packet = unhex(v->bytes);

	if (v->packet == CONNECT_REQUEST || v->packet == ANNOUNCE_REQUEST ||
	    v->packet == SCRAPE_REQUEST)
		check_request(v, packet);
	else
		check_reply(v, packet);
	free((void *)packet.ptr);
}
END_TEST

START_TEST(test_requests_both_ways)
{
	static const uint8_t hashes[2][20] = { "aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb" };
	static char url[700];
	struct announce_req a;
	struct udp_request r;
	struct buf b;

	buf_init(&b, 4096);
	udp_connect_write(&b, 7);
	ck_assert_uint_eq(b.len, 16);
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_int_eq(r.action, UDP_CONNECT);
	ck_assert_uint_eq(r.transaction, 7);
	announce_req_init(&a);
	memcpy(a.info_hash, hashes[0], 20);
	a.event = ANNOUNCE_PAUSED;	/* BEP 15 has no number for it */
	a.uploaded = 1;
	a.downloaded = 2;
	a.left = 3;
	a.port = 4;
	a.ip = ip_port("192.0.2.1", 0);
	announce_set_key(&a, 5);
	buf_clear(&b);
	udp_announce_write(&b, 6, 7, &a, SLICE_NONE);
	ck_assert_uint_eq(b.len, 98);
	memset(url, 'u', sizeof(url) - 1);
	buf_clear(&b);
	udp_announce_write(&b, 6, 7, &a, slice_str(url));
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_int_eq(r.action, UDP_ANNOUNCE);
	ck_assert_uint_eq(r.connection, 6);
	ck_assert_int_eq(r.announce.event, ANNOUNCE_NONE);
	ck_assert_uint_eq(r.announce.uploaded, 1);
	ck_assert_uint_eq(r.announce.downloaded, 2);
	ck_assert_uint_eq(r.announce.left, 3);
	ck_assert_uint_eq(r.announce.port, 4);
	ck_assert_uint_eq(announce_key(&r.announce), 5);
	ck_assert_int_eq(r.announce.numwant, -1);
	ck_assert(addr_eq(&r.announce.ip, &a.ip));
	assert_text(slice_of(r.url, r.url_len), url);
	buf_clear(&b);
	udp_scrape_write(&b, 8, 9, hashes, 2);
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_uint_eq(r.hashes.len, 40);
	ck_assert_mem_eq(r.hashes.ptr, hashes, 40);
	buf_fini(&b);
}
END_TEST

START_TEST(test_bounds)
{
	struct udp_request r;
	struct announce_req a;
	struct buf b;
	unsigned i;

	announce_req_init(&a);
	buf_init(&b, 65536);
	udp_announce_write(&b, 6, 7, &a, SLICE_NONE);
	for (i = 0; i < 10; i++) {
		buf_add(&b, "\2\377", 2);
		(void)memset(buf_add_space(&b, 255), 'x', 255);
	}
	/* More than we take: as if there were none. */
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_uint_eq(r.url_len, 0);
	buf_clear(&b);
	udp_scrape_write(&b, 1, 2, NULL, 0);
	(void)memset(buf_add_space(&b, 20000), 'x', 20000);
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_uint_eq(r.hashes.len, 20 * SCRAPE_HASHES_MAX);
	buf_clear(&b);
	udp_error_write(&b, 1, SLICE_NONE);
	ck_assert_int_eq(udp_request_parse(buf_slice(&b), &r), STEP_BAD);
	ck_assert_int_eq(udp_request_parse(SLICE_NONE, &r), STEP_BAD);
	buf_fini(&b);
}
END_TEST

START_TEST(test_announce_reply)
{
	struct announce_reply a, got;
	struct addr v4 = ip_port("192.0.2.1", 6881);
	struct addr v6 = ip_port("2001:db8::1", 6881);
	struct udp_reply r;
	struct buf b;
	unsigned i;

	announce_reply_init(&a);
	a.interval = 1800;
	a.complete = 2;
	a.packed4 = slice_str("abcdefX");
	for (i = 0; i < 500; i++) {
		ck_assert(announce_reply_add(&a, &v4, NULL));
		ck_assert(announce_reply_add(&a, &v6, NULL));
	}
	buf_init(&b, 65536);
	udp_announce_reply_write(&b, 7, &a, ADDR_V4);
	ck_assert_uint_eq(b.len, 20 + 6 * ((UDP_TRACKER_SEND_MAX - 20) / 6));
	ck_assert_int_eq(udp_reply_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_int_eq(udp_reply_announce(&r, ADDR_V4, &got), BT_OK);
	ck_assert_int_eq(got.interval, 1800);
	ck_assert_int_eq(got.complete, 2);
	ck_assert_int_eq(got.incomplete, 0);
	ck_assert(addr_eq(&announce_reply_peer(&got, 1)->addr, &v4));
	announce_reply_fini(&got);
	buf_clear(&b);
	udp_announce_reply_write(&b, 7, &a, ADDR_V6);
	ck_assert_uint_eq(b.len, 20 + 18 * ((UDP_TRACKER_SEND_MAX - 20) / 18));
	ck_assert_int_eq(udp_reply_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_int_eq(udp_reply_announce(&r, ADDR_V6, &got), BT_OK);
	ck_assert(addr_eq(&announce_reply_peer(&got, 0)->addr, &v6));
	announce_reply_fini(&got);
	announce_reply_fini(&a);
	buf_fini(&b);
}
END_TEST

START_TEST(test_other_replies)
{
	const struct scrape_entry e[2] = {
		{ .complete = 1, .downloaded = 2, .incomplete = 3 },
		{ .complete = -1, .downloaded = -1, .incomplete = -1 },
	};
	struct announce_reply a;
	struct scrape_entry one;
	struct udp_reply r;
	struct buf b;

	buf_init(&b, 4096);
	udp_connect_reply_write(&b, 1, 0xfedcba9876543210u);
	ck_assert_uint_eq(b.len, 16);
	ck_assert_int_eq(udp_reply_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_uint_eq(r.connection, 0xfedcba9876543210u);
	ck_assert_int_eq(udp_reply_announce(&r, ADDR_V4, &a), BT_EPROTO);
	announce_reply_fini(&a);
	ck_assert(!udp_reply_scrape(&r, 0, &one));
	buf_clear(&b);
	udp_error_write(&b, 2, slice_str("go away"));
	ck_assert_int_eq(udp_reply_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert_int_eq(udp_reply_announce(&r, ADDR_V4, &a), BT_OK);
	ck_assert(a.failed);
	assert_text(a.failure, "go away");
	announce_reply_fini(&a);
	buf_clear(&b);
	udp_scrape_reply_write(&b, 3, e, 2);
	ck_assert_int_eq(udp_reply_parse(buf_slice(&b), &r), STEP_DONE);
	ck_assert(udp_reply_scrape(&r, 0, &one));
	ck_assert_int_eq(one.complete, 1);
	ck_assert_int_eq(one.downloaded, 2);
	ck_assert_int_eq(one.incomplete, 3);
	ck_assert(udp_reply_scrape(&r, 1, &one));
	ck_assert_int_eq(one.complete, 0);
	ck_assert(!udp_reply_scrape(&r, SIZE_MAX, &one));
	ck_assert_int_eq(udp_reply_parse(slice_of("\0\0\0\4\0\0\0\0", 8), &r), STEP_BAD);
	buf_fini(&b);
}
END_TEST

Suite *
udp_announce_suite(void)
{
	const TTest *const tests[] = { test_requests_both_ways, test_bounds, test_announce_reply,
		test_other_replies, NULL };
	Suite *s = proto_suite("proto/udp_announce", tests);
	TCase *vectors = tcase_create("vectors");

	tcase_add_loop_test(vectors, test_vectors, 0, COUNT_OF(udp_vectors));
	suite_add_tcase(s, vectors);
	return s;
}
