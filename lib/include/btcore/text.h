/* SPDX-License-Identifier: ISC */
/* Bytes of strangers as text: UTF-8, taken apart so that they can be shown without harm. */
#ifndef BTCORE_TEXT_H
#define BTCORE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/slice.h>

/* Takes the first character off s: its code point and its bytes; broken bytes come one by one with
 * code point -1. False at the end. */
bool bt_text_next(struct bt_slice *s, int32_t *point, struct bt_slice *bytes);

/* A control character (C0, DEL, C1), line separator, change of direction or byte order mark, which
 * nobody sees: not to be shown as it is. */
bool bt_text_is_control(int32_t point);

#endif
