/* SPDX-License-Identifier: ISC */
/* Borrowed bytes: not owned, not NUL-terminated, valid as long as their owner says. */
#ifndef BTCORE_SLICE_H
#define BTCORE_SLICE_H

#include <stddef.h>
#include <stdint.h>

struct bt_slice {
	const uint8_t *ptr;
	size_t len;		/* bytes */
};

#endif
