/* SPDX-License-Identifier: ISC */
/* Filling a struct bt_error in one line. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <btcore/error.h>

#include "base/cdefs.h"

/* Fills err (which may be NULL) and returns code. */
enum bt_code fail(struct bt_error *err, enum bt_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for a failed system call: BT_EIO, or what errno says more exactly (BT_ENOENT, BT_ENOSPC,
 * BT_EMFILE ...), text ": strerror" appended. Reads errno. */
enum bt_code fail_errno(struct bt_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
