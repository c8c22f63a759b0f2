/* SPDX-License-Identifier: ISC */
/* Carries an announce by HTTP or HTTPS (BEP 3, 7, 23, 31, 48). */
#ifndef ANNOUNCE_ANNOUNCE_HTTP_H
#define ANNOUNCE_ANNOUNCE_HTTP_H

#include "announce/announce_call.h"

void announce_http_send(struct announce_call *c, const struct announce_net_opts *opts);

#endif
