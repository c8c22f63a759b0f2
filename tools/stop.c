/* SPDX-License-Identifier: ISC */
#include "tools/stop.h"

#include <signal.h>
#include <stddef.h>

volatile int stop_asked;

static void
on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

void
stop_on_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}
