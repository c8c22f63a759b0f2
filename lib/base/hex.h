/* SPDX-License-Identifier: ISC */
/* Bytes as hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/buf.h"

/* The value of a digit in either case, or -1. */
int hex_digit(uint8_t c);

/* False unless s is 2 * len digits; then *out may hold some of the bytes. */
bool hex_decode(struct bt_slice s, uint8_t *out, size_t len);

/* 2 * len digits in lower case, no NUL. */
void hex_write(uint8_t *out, const uint8_t *bytes, size_t len);
void hex_add(struct buf *b, const uint8_t *bytes, size_t len);

#endif
