/* SPDX-License-Identifier: ISC */
/* The tracker's options: the original's table, and ours. */
#ifndef TRACKER_TRACKOPTS_H
#define TRACKER_TRACKOPTS_H

#include <btcore/tracker.h>

#include "base/addr.h"
#include "base/error.h"

/* What the table cannot say: which options go together, and which must be given. */
enum bt_code trackopts_check(const struct bt_tracker_settings *s, struct bt_error *err);

#endif
