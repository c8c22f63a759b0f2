/* SPDX-License-Identifier: ISC */
/* Foreign text on its way to a terminal. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdio.h>

#include <btcore/slice.h>

/* Prints text with what is broken or would control a terminal as \xNN. */
void text_print(FILE *out, struct bt_slice s);

/* The same for a string. */
void text_puts(FILE *out, const char *s);

/* s without white space at both ends; it is cut. */
char *text_trim(char *s);

#endif
