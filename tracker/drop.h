/* SPDX-License-Identifier: ISC */
/* From root to a user who may do nothing in particular, with no way back. */
#ifndef TRACKER_DROP_H
#define TRACKER_DROP_H

#include "base/error.h"

/* The whole process, all threads. Fine for who is that user already. Seen to: root cannot be had
 * back. */
enum bt_code drop_to_user(const char *name, struct bt_error *err);

/* A file that is to be replaced or made: may this process? option: its name for err. */
enum bt_code drop_check_folder_of(const char *option, const char *path, struct bt_error *err);

#endif
