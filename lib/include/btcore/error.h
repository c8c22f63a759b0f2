/* SPDX-License-Identifier: ISC */
/*
 * Errors are values: a code to branch on and one sentence for a person.
 * A struct bt_error lives on the caller's stack; nothing in it is freed.
 */
#ifndef BTCORE_ERROR_H
#define BTCORE_ERROR_H

enum bt_code {
	BT_OK = 0,
	BT_ENOMEM,	/* no memory */
	BT_EIO,		/* the system refused a read, write, open ... ; see sys_errno */
	BT_EFORMAT,	/* the data is not what it should be (torrent, bencode, URL) */
	BT_ELIMIT,	/* the data is larger than a limit of ours */
	BT_EPROTO,	/* a remote broke its protocol */
	BT_EHASH,	/* content does not match its hash */
	BT_EEXIST,	/* it is there already */
	BT_ENOENT,	/* it is not there */
	BT_EARG,	/* the caller asked for something that makes no sense */
	BT_ECANCEL,	/* it was stopped on request */
	BT_ETIMEOUT,	/* no answer in time */
	BT_EUNREACH,	/* no way to the remote */
	BT_ETRACKER,	/* the tracker said no; text is its reason */
	BT_EBUSY,	/* try again later */
	BT_EUNSUP,	/* valid, but not supported here */
	BT_ENOSPC,	/* no room is left where it should be written */
	BT_EMFILE,	/* the process or the system has no descriptor left */
	BT_EGONE,	/* the folder, disk or network interface is not there (any more) */
	BT_ENOHASH,	/* the hash that content should match is not known (yet) */
	BT_ECOUNT
};

struct bt_error {
	enum bt_code code;
	int sys_errno;		/* 0 if the system had no part in it */
	char text[232];		/* one line, no newline, no program name */
};

/* Returns a short fixed sentence for a code, never NULL. */
const char *bt_strerror(enum bt_code code);

#endif
