/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a torrent file by a strict reading of BEP 3, 5, 12, 17, 19, 27, 38, 47 and 52,
 * or is known to be refused by clients. <btcore/metainfo.h> lets much of it pass.
 */
#ifndef BTCORE_LINT_H
#define BTCORE_LINT_H

#include <stddef.h>

#include <btcore/error.h>
#include <btcore/slice.h>

#define BT_LINT_TOLD 1000u	/* findings a torrent; more are only counted */

/* One finding: the BEP, and a line for people in which foreign bytes are escaped. */
typedef void (*bt_lint_fn)(void *arg, unsigned bep, const char *text);

/* Calls fn for each finding; *count is how many there are, 0: none. What cannot be read any further
 * is a finding, too, so BT_OK says only that all was looked at. BT_ENOMEM; BT_ELIMIT: more than
 * 64 MiB. */
enum bt_code bt_lint(struct bt_slice bytes, bt_lint_fn fn, void *arg, size_t *count,
    struct bt_error *err);

/* The same of a file; "-" is standard input. Also BT_EIO, BT_ENOENT. */
enum bt_code bt_lint_file(const char *path, bt_lint_fn fn, void *arg, size_t *count,
    struct bt_error *err);

#endif
