/* SPDX-License-Identifier: ISC */
/* Whom the tracker believes where it says that it is (the parameter `ip` of an announce). */
#ifndef TRACKER_GIVEN_IP_H
#define TRACKER_GIVEN_IP_H

#include <btcore/tracker.h>

#include "base/addr.h"

/* only_local_override_ip: whether the address that this client names as its own counts. */
bool given_ip_counts(const struct bt_tracker_settings *s, const struct addr *client);

#endif
