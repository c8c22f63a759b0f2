/* SPDX-License-Identifier: ISC */
/* Tells a service manager how a daemon fares: sd_notify(3)'s protocol, a datagram each. */
#ifndef TOOLS_NOTIFY_H
#define TOOLS_NOTIFY_H

#include <stdbool.h>

/* Takes what the manager left in the environment, so that children do not inherit it. Without a
 * manager everything here does nothing. */
void notify_init(void);

bool notify_has_manager(void);

/* "READY=1", "STOPPING=1", "STATUS=..." */
void notify_tell(const char *state);

/* With the time, as the manager wants it. */
void notify_reloading(void);

/* How often "WATCHDOG=1" is to be told, in seconds, half of what the manager allows; 0: never. */
double notify_watchdog_interval(void);

/* Sockets that were handed over, from descriptor 3 on. */
unsigned notify_sockets(void);

#endif
