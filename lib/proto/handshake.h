/* SPDX-License-Identifier: ISC */
/*
 * The 68 bytes that open a peer connection (BEP 3). Some peers send their peer id only after they
 * have read our handshake, so the first 48 bytes are answered as soon as they are there.
 */
#ifndef PROTO_HANDSHAKE_H
#define PROTO_HANDSHAKE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/step.h"

#define HANDSHAKE_LEN 68
#define HANDSHAKE_HEAD_LEN 48	/* through the info-hash */

/* Byte of reserved in the high half, mask in the low half. */
enum handshake_bit {
	HANDSHAKE_EXTENSIONS = 0x0510,	/* BEP 10 */
	HANDSHAKE_DHT = 0x0701,		/* BEP 5 */
	HANDSHAKE_FAST = 0x0704,	/* BEP 6 */
	HANDSHAKE_V2 = 0x0710		/* BEP 52: a hybrid that would rather speak v2 */
};

struct handshake {
	uint8_t reserved[8];
	uint8_t info_hash[20];
	uint8_t peer_id[20];
};

bool handshake_has(const struct handshake *h, enum handshake_bit bit);
void handshake_set(struct handshake *h, enum handshake_bit bit);

void handshake_write(uint8_t out[HANDSHAKE_LEN], const struct handshake *h);

/* Looks at the front of in for the first 48 bytes. STEP_BAD with the first wrong byte, so that
 * another protocol is seen early. Fills reserved and info_hash. */
enum step handshake_parse_head(struct bt_slice in, struct handshake *out);

/* The same for all 68 bytes. */
enum step handshake_parse(struct bt_slice in, struct handshake *out);

#endif
