/* SPDX-License-Identifier: ISC */
/*
 * Descriptors for many connections. The library does not ask for them itself: a host may use
 * select, which goes astray above 1024, or keep its limit for reasons of its own.
 */
#ifndef TOOLS_DESCRIPTORS_H
#define TOOLS_DESCRIPTORS_H

/* From now on as many may be open as the system lets us. */
void descriptors_raise(void);

#endif
