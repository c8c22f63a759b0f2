/* SPDX-License-Identifier: ISC */
/* The library prints nothing; a host that wants to know gives it a function. */
#ifndef BTCORE_LOG_H
#define BTCORE_LOG_H

enum bt_log_level {
	BT_LOG_ERROR,	/* needs a person */
	BT_LOG_WARN,	/* odd, and handled */
	BT_LOG_INFO,	/* life events */
	BT_LOG_DEBUG	/* each decision */
};

/* topic is the module; text is one line without newline, escaped, safe for a terminal. */
typedef void (*bt_log_fn)(void *arg, enum bt_log_level level, const char *topic, const char *text);

#endif
