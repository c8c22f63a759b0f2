/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/given_ip.h"

/* A client on a local network may speak for an address that we cannot see. */
bool
given_ip_counts(const struct bt_tracker_settings *s, const struct addr *client)
{
	/* What is not true does not answer when it is called back. */
	bool checked = s->only_local_override_ip == 2 && s->nat_check > 0;

	return s->only_local_override_ip == 0 || checked || addr_is_local(client);
}
