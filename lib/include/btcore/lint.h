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

/* Calls fn for each finding and sets *count to how many there are. Bytes that cannot be read any
 * further are a finding, too, so BT_OK only says that everything was looked at. Otherwise returns
 * BT_ENOMEM, or BT_ELIMIT if there are more than 64 MiB. */
enum bt_code bt_lint(struct bt_slice bytes, bt_lint_fn fn, void *arg, size_t *count,
    struct bt_error *err);

/* Does the same with a file; "-" is standard input. May also return BT_EIO and BT_ENOENT. */
enum bt_code bt_lint_file(const char *path, bt_lint_fn fn, void *arg, size_t *count,
    struct bt_error *err);

#endif
