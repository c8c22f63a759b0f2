/* SPDX-License-Identifier: ISC */
/*
 * Defaults that a user keeps for a program, a line "option = value" each: those that BitTornado has
 * left (~/.BitTornado/config.NAME.ini), then ours ($XDG_CONFIG_HOME/btcore/NAME.ini). The command
 * line goes before both.
 */
#ifndef TOOLS_CLI_CONFIG_H
#define TOOLS_CLI_CONFIG_H

#include "tools/cli.h"

/* Sets what they say. Lines that do not fit are told and passed over. */
void cli_config_apply(struct cli *c);

/* Writes all values but those of these options into ours, private to the user; their names end
 * with NULL. False: that was told. */
bool cli_config_save(const struct cli *c, const char *const *leave_out);

#endif
