/* SPDX-License-Identifier: ISC */
#include "proto/http.h"

#include "base/cdefs.h"
#include "proto/http_body.h"
#include "proto/limits.h"
#include "proto_test.h"

static struct http_request req;
static struct http_response res;
static size_t used;
static unsigned status;

static enum step
request(const char *text)
{
	return http_request_parse(slice_str(text), &req, &used, &status);
}

static enum step
response(const char *text)
{
	return http_response_parse(slice_str(text), &res, &used);
}

START_TEST(test_request)
{
	static const char text[] = "GET /announce?info_hash=%00&port=1 HTTP/1.1\r\n"
	    "Host: tracker:80\r\nuser-agent:  x y \r\nX-Forwarded-For: 192.0.2.1\r\n\r\nrest";
	struct bt_slice value;

	ck_assert_int_eq(request(text), STEP_DONE);
	ck_assert_uint_eq(used, sizeof(text) - 1 - 4);
	assert_text(req.method, "GET");
	assert_text(req.target, "/announce?info_hash=%00&port=1");
	assert_text(req.path, "/announce");
	assert_text(req.query, "info_hash=%00&port=1");
	ck_assert_uint_eq(req.head.minor, 1);
	ck_assert(req.head.keep_alive);
	ck_assert(!req.head.chunked);
	ck_assert_int_eq(req.head.content_length, -1);
	ck_assert(http_header_find(req.head.lines, "User-Agent", &value));
	assert_text(value, "x y");
	ck_assert(http_header_find(req.head.lines, "x-forwarded-for", &value));
	assert_text(value, "192.0.2.1");
	ck_assert(!http_header_find(req.head.lines, "forwarded", &value));
}
END_TEST

/* Every prefix asks for more, and the same head comes out when it is whole. */
START_TEST(test_in_parts)
{
	static const char *const each[] = {
		"GET / HTTP/1.1\r\nA: b\r\n\r\n", "\r\n\r\nGET / HTTP/1.0\n\n",
		"POST /x HTTP/1.1\nA:b\n\n",
	};
	size_t i, n;

	for (i = 0; i < COUNT_OF(each); i++) {
		for (n = 0; n < strlen(each[i]); n++)
			ck_assert_int_eq(http_request_parse(slice_of(each[i], n), &req, &used,
			    &status), STEP_MORE);
		ck_assert_int_eq(request(each[i]), STEP_DONE);
		ck_assert_uint_eq(used, strlen(each[i]));
	}
}
END_TEST

START_TEST(test_keep_alive)
{
	ck_assert_int_eq(request("GET / HTTP/1.0\r\n\r\n"), STEP_DONE);
	ck_assert(!req.head.keep_alive);
	ck_assert_int_eq(request("GET / HTTP/1.0\r\nconnection: foo, Keep-Alive\r\n\r\n"),
	    STEP_DONE);
	ck_assert(req.head.keep_alive);
	ck_assert_int_eq(request("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), STEP_DONE);
	ck_assert(!req.head.keep_alive);
	ck_assert_int_eq(request("GET / HTTP/1.1\r\nConnection: keep-alive,CLOSE\r\n\r\n"),
	    STEP_DONE);
	ck_assert(!req.head.keep_alive);
}
END_TEST

START_TEST(test_targets)
{
	ck_assert_int_eq(request("GET http://h:80/a?b#c HTTP/1.1\r\n\r\n"), STEP_DONE);
	assert_text(req.path, "/a");
	assert_text(req.query, "b");
	ck_assert_int_eq(request("OPTIONS * HTTP/1.1\r\n\r\n"), STEP_DONE);
	assert_text(req.path, "*");
	ck_assert_int_eq(request("GET /a?b?c#d HTTP/1.1\r\n\r\n"), STEP_DONE);
	assert_text(req.query, "b?c");
	ck_assert_int_eq(request("GET announce HTTP/1.1\r\n\r\n"), STEP_BAD);
}
END_TEST

START_TEST(test_bodies)
{
	ck_assert_int_eq(request("POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n"), STEP_DONE);
	ck_assert_int_eq(req.head.content_length, 12);
	ck_assert_int_eq(request("POST / HTTP/1.1\r\nContent-Length: 12\r\n"
	    "content-length:12\r\n\r\n"),
	    STEP_DONE);
	ck_assert_int_eq(request("POST / HTTP/1.1\r\nTransfer-Encoding: , Chunked\r\n\r\n"),
	    STEP_DONE);
	ck_assert(req.head.chunked);
}
END_TEST

START_TEST(test_bad)
{
	static const struct {
		const char *text;
		unsigned status;
	} each[] = {
		{ "\x13" "BitTorrent protocol", 400 },
		{ "GET", 0 },
		{ "GET\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\n\r\n", 505 },
		{ "GET / HTTX/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1x\r\n\r\n", 400 },
		{ "G@T / HTTP/1.1\r\n\r\n", 400 },
		{ " GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET /a b HTTP/1.1\r\n\r\n", 400 },
		{ "GET /\t HTTP/1.1\r\n\r\n", 400 },
		{ "AVERYVERYVERYVERYLONGMETHOD / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA : b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n: b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501 },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501 },
		{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(each); i++) {
		enum step step = request(each[i].text);

		ck_assert_msg(step == (each[i].status == 0 ? STEP_MORE : STEP_BAD) &&
		    status == each[i].status, "%s: %u", each[i].text, status);
	}
	ck_assert_int_eq(http_request_parse(slice_of("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), &req,
	    &used, &status), STEP_BAD);
}
END_TEST

START_TEST(test_limits)
{
	struct buf b;
	unsigned i;

	buf_init(&b, 4 * HTTP_REQUEST_MAX);
	buf_add_str(&b, "GET /");
	for (i = 0; i < HTTP_REQUEST_MAX; i++)
		buf_add_u8(&b, 'x');
	ck_assert_int_eq(http_request_parse(buf_slice(&b), &req, &used, &status), STEP_BAD);
	ck_assert_uint_eq(status, 414);
	buf_clear(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\nA: ");
	for (i = 0; i < HTTP_REQUEST_MAX; i++)
		buf_add_u8(&b, 'x');
	ck_assert_int_eq(http_request_parse(buf_slice(&b), &req, &used, &status), STEP_BAD);
	ck_assert_uint_eq(status, 431);
	buf_add_str(&b, "\r\n\r\n");
	ck_assert_int_eq(http_request_parse(buf_slice(&b), &req, &used, &status), STEP_BAD);
	buf_clear(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\n");
	for (i = 0; i <= HTTP_HEADERS_MAX; i++)
		buf_add_str(&b, "A: b\r\n");
	buf_add_str(&b, "\r\n");
	ck_assert_int_eq(http_request_parse(buf_slice(&b), &req, &used, &status), STEP_BAD);
	ck_assert_uint_eq(status, 431);
	buf_clear(&b);
	for (i = 0; i < HTTP_REQUEST_MAX; i++)
		buf_add_str(&b, "\r\n");
	ck_assert_int_eq(http_request_parse(buf_slice(&b), &req, &used, &status), STEP_BAD);
	buf_fini(&b);
}
END_TEST

START_TEST(test_response)
{
	ck_assert_int_eq(response("HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\n\r\nabc"),
	    STEP_DONE);
	ck_assert_uint_eq(res.status, 404);
	assert_text(res.reason, "Not Found");
	ck_assert_int_eq(res.head.content_length, 3);
	ck_assert(!res.head.keep_alive);
	ck_assert_int_eq(response("HTTP/1.1 200\r\n\r\n"), STEP_DONE);
	assert_text(res.reason, "");
	ck_assert_int_eq(response("HTTP/1.1 200 \r\n"), STEP_MORE);
	ck_assert_int_eq(response("HTTP/1.1 099 x\r\n\r\n"), STEP_BAD);
	ck_assert_int_eq(response("HTTP/1.1 600 x\r\n\r\n"), STEP_BAD);
	ck_assert_int_eq(response("HTTP/1.1 2000 x\r\n\r\n"), STEP_BAD);
	ck_assert_int_eq(response("HTTP/1.1 20\r\n\r\n"), STEP_BAD);
	ck_assert_int_eq(response("d8:intervali1800ee\r\n\r\n"), STEP_BAD);
}
END_TEST

START_TEST(test_reply)
{
	const struct http_reply reply = { .status = 200, .content_type = "text/plain",
		.content_length = 18446744073709551615u, .keep_alive = true,
		.extra = slice_str("Pragma: no-cache\r\n") };
	const struct http_reply bare = { .status = 400 };
	struct buf b;

	buf_init(&b, 4096);
	http_reply_write(&b, &reply);
	assert_text(buf_slice(&b), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n"
	    "Pragma: no-cache\r\n\r\n");
	buf_clear(&b);
	http_reply_write(&b, &bare);
	ck_assert_int_eq(http_response_parse(buf_slice(&b), &res, &used), STEP_DONE);
	ck_assert_uint_eq(res.status, 400);
	assert_text(res.reason, "Bad Request");
	ck_assert_int_eq(res.head.content_length, 0);
	ck_assert(!res.head.keep_alive);
	ck_assert_uint_eq(used, b.len);
	buf_fini(&b);
}
END_TEST

/* What is left behind the body, or -1: more is wanted; -2: bad. */
static int
body(const struct http_head *head, const char *text, struct buf *out)
{
	struct bt_slice in = slice_str(text);
	struct http_body b;

	buf_init(out, 40);
	http_body_init(&b, head);
	switch (http_body_feed(&b, &in, out)) {
	case STEP_DONE: return (int)in.len;
	case STEP_MORE: return -1;
	case STEP_BAD: return -2;
	}
	return -3;
}

START_TEST(test_body_of_length)
{
	const struct http_head five = { .content_length = 5 };
	struct buf out;

	ck_assert_int_eq(body(&five, "hello, you", &out), 5);
	assert_text(buf_slice(&out), "hello");
	buf_fini(&out);
	ck_assert_int_eq(body(&five, "hell", &out), -1);
	buf_fini(&out);
	ck_assert_int_eq(body(&(struct http_head){ .content_length = 41 },
	    "12345678901234567890123456789012345678901", &out), -2);
	ck_assert(buf_failed(&out));
	buf_fini(&out);
}
END_TEST

START_TEST(test_chunks)
{
	static const struct { const char *text; int want; const char *content; } each[] = {
		{ "0\r\n\r\nGET", 3, "" },
		{ "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n", 0, "hello world" },
		{ "01F \t;\r\n0123456789abcdef0123456789abcde\r\n000\r\nA: b\r\nC: d\r\n\r\n.", 1,
		  "0123456789abcdef0123456789abcde" },
		{ "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r", -1, "01234567890123456789" },
		{ "", -1, "" },
		{ "1\r\nx", -1, "x" },
		{ "g\r\n", -2, "" },
		{ "\r\n", -2, "" },
		{ "-1\r\n", -2, "" },
		{ "0x1\r\nx\r\n0\r\n\r\n", -2, "" },
		{ "1\nx\r\n0\r\n\r\n", -2, "" },
		{ "1;a\nx\r\n0\r\n\r\n", -2, "" },
		{ "1\rx\r\n", -2, "" },
		{ "1\r\nx\n0\r\n\r\n", -2, "x" },
		{ "1\r\nxy\r\n", -2, "x" },
		{ "1\r\nx\rx", -2, "x" },
		{ "0\r\n\n", -2, "" },
		{ "0\r\n\rx", -2, "" },
		{ "0000000000000000\r\n", -2, "" },
		{ "29\r\n12345678901234567890123456789012345678901\r\n", -2, "" },
	};
	const struct http_head chunked = { .chunked = true, .content_length = -1 };
	struct buf out;

	for (size_t i = 0; i < COUNT_OF(each); i++) {
		ck_assert_msg(body(&chunked, each[i].text, &out) == each[i].want, "%s",
		    each[i].text);
		if (!buf_failed(&out))
			assert_text(buf_slice(&out), each[i].content);
		buf_fini(&out);
	}
}
END_TEST

/* What surrounds the chunks has its limits, to the byte. */
START_TEST(test_chunk_limits)
{
	static const struct { const char *before, *after; size_t most; } each[] = {
		{ "0;", "\r\n\r\n", HTTP_CHUNK_LINE_MAX },
		{ "0\r\n", "\r\n\r\n", HTTP_TRAILER_MAX },
		{ "0\r\nA: b\r\n", "\r\n\r\n", HTTP_TRAILER_MAX - 4 },
	};
	const struct http_head chunked = { .chunked = true, .content_length = -1 };
	static char text[HTTP_TRAILER_MAX + 100], filling[HTTP_TRAILER_MAX + 2];
	struct buf out;

	memset(filling, 'x', sizeof(filling) - 1);
	for (size_t i = 0; i < COUNT_OF(each); i++) {
		for (int over = 0; over < 2; over++) {
			(void)snprintf(text, sizeof(text), "%s%.*s%s", each[i].before,
			    (int)each[i].most + over, filling, each[i].after);
			ck_assert_int_eq(body(&chunked, text, &out), over ? -2 : 0);
			buf_fini(&out);
		}
	}
}
END_TEST

Suite *
http_suite(void)
{
	const TTest *const tests[] = { test_request, test_in_parts, test_keep_alive, test_targets,
		test_bodies, test_bad, test_limits, test_response, test_reply,
		test_body_of_length, test_chunks, test_chunk_limits, NULL };

	return proto_suite("proto/http", tests);
}
