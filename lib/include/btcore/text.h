/* SPDX-License-Identifier: ISC */
/* Bytes of strangers as text: UTF-8, taken apart so that they can be shown without harm. */
#ifndef BTCORE_TEXT_H
#define BTCORE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/slice.h>

/* Takes the first character off s and gives its code point and its bytes. Broken bytes come one by
 * one, with code point -1. Returns false at the end. */
bool bt_text_next(struct bt_slice *s, int32_t *point, struct bt_slice *bytes);

/* Returns whether it is a control character (C0, DEL, C1), line separator, change of direction or
 * byte order mark, which nobody sees and which must not be shown as it is. */
bool bt_text_is_control(int32_t point);

#endif
