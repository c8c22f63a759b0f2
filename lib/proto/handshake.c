/* SPDX-License-Identifier: ISC */
#include "proto/handshake.h"

static const uint8_t protocol[20] = "\x13" "BitTorrent protocol";

bool
handshake_has(const struct handshake *h, enum handshake_bit bit)
{
	return (h->reserved[bit >> 8] & (bit & 0xff)) != 0;
}

void
handshake_set(struct handshake *h, enum handshake_bit bit)
{
	h->reserved[bit >> 8] |= (uint8_t)(bit & 0xff);
}

void
handshake_write(uint8_t out[HANDSHAKE_LEN], const struct handshake *h)
{
	memcpy(out, protocol, 20);
	memcpy(out + 20, h->reserved, 8);
	memcpy(out + 28, h->info_hash, 20);
	memcpy(out + 48, h->peer_id, 20);
}

enum step
handshake_parse_head(struct bt_slice in, struct handshake *out)
{
	size_t n = in.len < sizeof(protocol) ? in.len : sizeof(protocol);

	if (n > 0 && memcmp(in.ptr, protocol, n) != 0)
		return STEP_BAD;
	if (in.len < HANDSHAKE_HEAD_LEN)
		return STEP_MORE;
	memcpy(out->reserved, in.ptr + 20, 8);
	memcpy(out->info_hash, in.ptr + 28, 20);
	return STEP_DONE;
}

enum step
handshake_parse(struct bt_slice in, struct handshake *out)
{
	enum step step = handshake_parse_head(in, out);

	if (step != STEP_DONE)
		return step;
	if (in.len < HANDSHAKE_LEN)
		return STEP_MORE;
	memcpy(out->peer_id, in.ptr + 48, 20);
	return STEP_DONE;
}
