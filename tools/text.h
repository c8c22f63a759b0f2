/* SPDX-License-Identifier: ISC */
/* Foreign text on its way to a terminal or a JSON string. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include <btcore/slice.h>

/* Takes the first character off s: its code point and its bytes; broken bytes come one by one with
 * code point -1. False at the end. */
bool text_next(struct bt_slice *s, int32_t *point, struct bt_slice *bytes);

/* A control character, line separator or change of direction: not to be shown as it is. */
bool text_is_control(int32_t point);

/* Prints text with what is broken or would control a terminal as \xNN. */
void text_print(FILE *out, struct bt_slice s);

/* The same for a string. */
void text_puts(FILE *out, const char *s);

#endif
