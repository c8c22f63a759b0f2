/* SPDX-License-Identifier: ISC */
/* Ending in order when asked by SIGINT or SIGTERM. */
#ifndef TOOLS_STOP_H
#define TOOLS_STOP_H

extern volatile int stop_asked;	/* not 0: somebody did */

/* From now on the first signal sets stop_asked; the second ends the program as usual. */
void stop_on_signals(void);

#endif
