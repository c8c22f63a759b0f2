/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
bt_strerror(enum bt_code code)
{
	static const char *const text[BT_ECOUNT] = {
		[BT_OK] = "no error",
		[BT_ENOMEM] = "out of memory",
		[BT_EIO] = "input or output failed",
		[BT_EFORMAT] = "malformed data",
		[BT_ELIMIT] = "a limit is exceeded",
		[BT_EPROTO] = "protocol error",
		[BT_EHASH] = "hash mismatch",
		[BT_EEXIST] = "it exists already",
		[BT_ENOENT] = "not found",
		[BT_EARG] = "invalid argument",
		[BT_ECANCEL] = "cancelled",
		[BT_ETIMEOUT] = "timed out",
		[BT_EUNREACH] = "unreachable",
		[BT_ETRACKER] = "refused by the tracker",
		[BT_EBUSY] = "busy",
		[BT_EUNSUP] = "not supported",
		[BT_ENOSPC] = "no space left",
		[BT_EMFILE] = "no descriptors left",
		[BT_EGONE] = "the folder or disk is gone",
		[BT_ENOHASH] = "the hash is not known",
	};

	if ((unsigned)code >= BT_ECOUNT)
		return "unknown error";
	return text[code];
}

enum bt_code
fail(struct bt_error *err, enum bt_code code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	err->sys_errno = 0;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

static enum bt_code
code_of_errno(int e)
{
	switch (e) {
	case ENOENT: return BT_ENOENT;
	case EEXIST: return BT_EEXIST;
	case ENOMEM: return BT_ENOMEM;
	case ETIMEDOUT: return BT_ETIMEOUT;
	case ENOSPC: case EDQUOT: return BT_ENOSPC;
	case EMFILE: case ENFILE: return BT_EMFILE;
	case ENODEV: case ESTALE: case ENOTCONN: return BT_EGONE;
	case ECONNREFUSED: case ENETUNREACH: case EHOSTUNREACH: return BT_EUNREACH;
	default: return BT_EIO;
	}
}

enum bt_code
fail_errno(struct bt_error *err, const char *fmt, ...)
{
	int e = errno;
	enum bt_code code = code_of_errno(e);
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)fail(err, code, "%s: %s", what, strerror(e));
	if (err != NULL)
		err->sys_errno = e;
	return code;
}
