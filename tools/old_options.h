/* SPDX-License-Identifier: ISC */
/* Options of BitTornado's download programs that have no effect here: accepted, with the reason. */
#ifndef TOOLS_OLD_OPTIONS_H
#define TOOLS_OLD_OPTIONS_H

#include <btcore/option.h>

extern const struct bt_option_table old_options_table;

#endif
