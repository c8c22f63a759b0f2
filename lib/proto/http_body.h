/* SPDX-License-Identifier: ISC */
/*
 * Bodies of HTTP/1.x messages as they come in, by their length or in chunks (RFC 9112, 6 and 7).
 * Unlike in heads every line of a chunk must end in CR LF: where two readers disagree about that,
 * one of them finds a request in what the other took for content.
 */
#ifndef PROTO_HTTP_BODY_H
#define PROTO_HTTP_BODY_H

#include "base/buf.h"
#include "base/step.h"
#include "proto/http.h"

struct http_body {
	int state;
	uint64_t left;		/* of the content or the chunk, in bytes */
	unsigned digits;	/* of the chunk's size */
	unsigned line;		/* bytes of the line that is being read */
	unsigned spent;		/* bytes of the trailer */
};

/* head: of a message with content_length > 0 or chunked. */
void http_body_init(struct http_body *b, const struct http_head *head);

/* Takes what belongs to the body off the front of *in and adds its content to out. STEP_DONE: it is
 * whole. STEP_BAD: it is malformed, or out is full: see buf_failed(). */
enum step http_body_feed(struct http_body *b, struct bt_slice *in, struct buf *out);

#endif
