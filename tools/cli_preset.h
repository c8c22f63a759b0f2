/* SPDX-License-Identifier: ISC */
/*
 * Options kept in a file under a name: "--preset NAME" reads the section [NAME] of lines
 * "option = value". A tool has them if this part is among those of its command line.
 */
#ifndef TOOLS_CLI_PRESET_H
#define TOOLS_CLI_PRESET_H

#include "tools/cli.h"

struct cli_preset {
	char *name;
};

extern const struct bt_option_table cli_preset_table;

/* The preset that was asked for, or NULL. */
const char *cli_preset_name(const struct cli *c);

/* Sets what it says; ends the program (2) if it is not there or wrong. */
void cli_preset_apply(struct cli *c, const char *name);

/* The command line has set this option after all. */
void cli_preset_forget(struct cli *c, const struct bt_option *option);

#endif
