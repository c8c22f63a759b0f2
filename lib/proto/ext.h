/* SPDX-License-Identifier: ISC */
/*
 * The handshake of the extension protocol (BEP 10): which extended messages the other side takes
 * and under what ids, and facts about it. It may come several times; a later one changes only what
 * it names. So it is parsed into a struct that lives as long as the connection.
 */
#ifndef PROTO_EXT_H
#define PROTO_EXT_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/step.h"

enum ext_name {
	EXT_PEX,		/* ut_pex, BEP 11 */
	EXT_METADATA,		/* ut_metadata, BEP 9 */
	EXT_UPLOAD_ONLY,	/* upload_only, BEP 21 */
	EXT_DONTHAVE,		/* lt_donthave, BEP 54 */
	EXT_COUNT
};

struct ext_handshake {
	uint8_t ids[EXT_COUNT];	/* the sender wants them under these ids; 0: not at all */
	struct bt_slice v; /* client; borrowed from the last payload parsed, empty if not there */
	uint16_t p;		/* listening port; 0 absent */
	int64_t reqq;		/* requests it takes; -1 absent */
	struct addr yourip;	/* how it sees us, port 0; ADDR_NONE absent */
	int64_t metadata_size;	/* bytes; -1 absent, never more than METADATA_MAX */
	int8_t upload_only;	/* 0, 1; -1 absent */
};

/* Nothing said yet. */
void ext_handshake_init(struct ext_handshake *h);

/* The payload (what follows the extended id 0). Lenient: values of the wrong type or out of range
 * are as if absent. STEP_BAD: not a dictionary; *h is unchanged. Clients ignore such a message and
 * keep the connection. */
enum step ext_handshake_parse(struct bt_slice payload, struct ext_handshake *h);

/* Only the payload; canonical, absent values left out. m is always there. */
void ext_handshake_write(struct buf *b, const struct ext_handshake *h);

/* "ut_pex" ... */
const char *ext_name_text(enum ext_name name);

#endif
