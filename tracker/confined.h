/* SPDX-License-Identifier: ISC */
/* What of the files a tracker needs while it runs; all else is given up. */
#ifndef TRACKER_CONFINED_H
#define TRACKER_CONFINED_H

#include "tracker/rules/lists.h"

/* For this thread and those that it starts from now on. The lists were read once. */
enum bt_code confined_enter(const struct bt_tracker_settings *s, const struct lists *l,
    struct bt_error *err);

#endif
