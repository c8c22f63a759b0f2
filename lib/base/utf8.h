/* SPDX-License-Identifier: ISC */
/* Just enough UTF-8: what is valid, and what may be shown. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>

#include "base/slice.h"

/* Bytes of the valid character at the front (1 ... 4), or 0. */
size_t utf8_len(struct bt_slice s);

/* All of s is valid. */
bool utf8_valid(struct bt_slice s);

/* One valid character: not a control character (C0, DEL, C1), line separator or
 * direction override. */
bool utf8_printable(struct bt_slice one);

#endif
