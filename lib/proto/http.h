/* SPDX-License-Identifier: ISC */
/*
 * Heads of HTTP/1.x requests and responses. Nothing is allocated, slices are borrowed from the
 * input. One shows all bytes that have arrived so far; a parser says whether the head is whole.
 */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/step.h"

struct http_head {
	struct bt_slice lines;	/* header lines, for http_header_next */
	unsigned minor;		/* HTTP/1.minor; 0 or 1 */
	bool keep_alive;	/* the connection may be used again after this message */
	bool chunked;		/* Transfer-Encoding: chunked; content_length says nothing then */
	int64_t content_length;	/* bytes; -1 not given */
};

struct http_request {
	struct http_head head;
	struct bt_slice method;	/* "GET" */
	struct bt_slice target;	/* as written */
	struct bt_slice path; /* of target, still escaped; an absolute target has lost its origin */
	struct bt_slice query;	/* of target, without '?' */
};

struct http_response {
	struct http_head head;
	unsigned status;	/* 100 ... 599 */
	struct bt_slice reason;	/* may be empty */
};

/* STEP_DONE: *used is the length of the head, its empty line included. STEP_BAD: *status is what to
 * answer (400, 414, 431, 501, 505). Blank lines in front are passed over. A head of at most
 * HTTP_REQUEST_MAX bytes; bare LF is taken as a line end. */
enum step http_request_parse(struct bt_slice in, struct http_request *out, size_t *used,
    unsigned *status);

/* The same for a response of at most HTTP_RESPONSE_MAX bytes. */
enum step http_response_parse(struct bt_slice in, struct http_response *out, size_t *used);

/* Takes the next header off the front of *lines; the value is trimmed. False at the end. */
bool http_header_next(struct bt_slice *lines, struct bt_slice *name, struct bt_slice *value);

/* The first header of this name, whatever its case. */
bool http_header_find(struct bt_slice lines, const char *name, struct bt_slice *value);

/* "OK", "Not Found" ...; "Status" for what we never send. */
const char *http_status_text(unsigned status);

struct http_reply {
	unsigned status;
	const char *content_type;	/* NULL: none */
	uint64_t content_length;
	bool keep_alive;
	struct bt_slice extra;		/* more header lines, each with its CR LF; may be empty */
};

/* Status line, headers and the empty line. */
void http_reply_write(struct buf *b, const struct http_reply *r);

#endif
