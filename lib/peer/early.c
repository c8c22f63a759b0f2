/* SPDX-License-Identifier: ISC */
#include "peer/early.h"

#include "proto/limits.h"

void
early_init(struct early *e)
{
	e->all = false;
	buf_init(&e->bitfield, MSG_LEN_MAX);
	vec_init(&e->haves, sizeof(uint32_t));
}

void
early_fini(struct early *e)
{
	buf_fini(&e->bitfield);
	vec_fini(&e->haves);
}

void
early_set_all(struct early *e, bool all)
{
	early_fini(e);
	early_init(e);
	e->all = all;
}

bool
early_set_bitfield(struct early *e, struct bt_slice wire)
{
	early_set_all(e, false);
	buf_add_slice(&e->bitfield, wire);
	return !buf_failed(&e->bitfield);
}

bool
early_add_have(struct early *e, uint32_t piece)
{
	/* One that is in the bitfield already costs nothing. */
	if (piece / 8 < e->bitfield.len) {
		e->bitfield.ptr[piece / 8] |= (uint8_t)(0x80u >> piece % 8);
		return true;
	}
	return e->all || (e->haves.len < EARLY_HAVES_MAX && vec_add(&e->haves, &piece) != NULL);
}

void
early_remove_have(struct early *e, uint32_t piece)
{
	if (piece / 8 < e->bitfield.len)
		e->bitfield.ptr[piece / 8] &= (uint8_t)~(0x80u >> piece % 8);
	for (size_t i = e->haves.len; i > 0; i--) {
		if (*(uint32_t *)vec_at(&e->haves, i - 1) == piece)
			vec_remove_swap(&e->haves, i - 1);
	}
}

bool
early_settle(struct early *e, struct bits *have)
{
	bool exists = true;

	if (e->all)
		bits_set_all(have);
	else if (e->bitfield.len > 0)
		exists = bits_load(have, buf_slice(&e->bitfield));
	for (size_t i = 0; i < e->haves.len && exists; i++) {
		uint32_t piece = *(uint32_t *)vec_at(&e->haves, i);

		exists = piece < have->len;
		if (exists)
			(void)bits_set(have, piece);
	}
	early_set_all(e, false);
	return exists;
}
