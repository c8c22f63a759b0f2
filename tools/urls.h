/* SPDX-License-Identifier: ISC */
/* Lists of URLs as words of a command line. */
#ifndef TOOLS_URLS_H
#define TOOLS_URLS_H

#include <stddef.h>

#include <btcore/create.h>

/* The tiers of "a,b|c" and the URLs of "a|b", pointing into text, which is cut up. Empty ones are
 * left out. To be freed; NULL: no memory. */
struct bt_create_tracker *urls_tiers(char *text, size_t *count);
const char **urls_list(char *text, size_t *count);

#endif
