/* SPDX-License-Identifier: ISC */
/* <btcore/json.h> into a buf. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <btcore/json.h>

#include "base/buf.h"

/* What is written is added to b, all of it when the outermost value has ended. */
void json_into(struct bt_json *j, struct buf *b);

#endif
