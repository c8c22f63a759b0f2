/* SPDX-License-Identifier: ISC */
/* JSON on a stream, one object a line. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdio.h>

#include <btcore/json.h>

/* Each line is flushed, so that a reader of a pipe has it at once. */
void json_to(struct bt_json *j, FILE *out);

#endif
