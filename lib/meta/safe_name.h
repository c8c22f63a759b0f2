/* SPDX-License-Identifier: ISC */
/*
 * What may be an element of a path, and how one that may not is spelled on disk. Safe is what any
 * file system that tells upper from lower case can hold and a terminal can show: 1 to 255 bytes of
 * UTF-8 without control characters and '/', but not "." or "..". Pure; a name never depends on
 * others, on the time or on the machine.
 */
#ifndef META_SAFE_NAME_H
#define META_SAFE_NAME_H

#include <stdbool.h>

#include "base/slice.h"

#define SAFE_NAME_MAX 255	/* bytes of a safe element */

/* The element is safe, and so its own spelling. */
bool safe_name_is(struct bt_slice element);

/* The safe spelling of any bytes; not terminated; returns its length. As libtorrent has it: '/' and
 * NUL vanish, control characters and bytes that are no UTF-8 become '_', and so does what is left
 * empty, "." or ".."; what is too long loses its middle, but for a short extension. */
size_t safe_name(struct bt_slice element, char out[SAFE_NAME_MAX]);

/* The same of one that is safe but taken by another: with a number before its extension. */
size_t safe_name_numbered(struct bt_slice safe, uint64_t number, char out[SAFE_NAME_MAX]);

#endif
