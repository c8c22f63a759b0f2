/* SPDX-License-Identifier: ISC */
/* What a table of options says of itself: to people, to the manual, to the shell. */
#ifndef TOOLS_CLI_PRINT_H
#define TOOLS_CLI_PRINT_H

#include "tools/cli.h"

/* The letter that stands for this option, or 0; shorts may be NULL. */
char cli_letter(const struct cli_short *shorts, const char *name);

/* --help, as wide as the terminal. */
void cli_print_help(const struct cli *c, const struct cli_short *shorts);

/* --help-mdoc: the manual's section OPTIONS. */
void cli_print_mdoc(const struct cli *c, const struct cli_short *shorts);

/* --help-complete: a script that lets bash complete the command line. */
void cli_print_completion(const struct cli *c, const struct cli_short *shorts);

#endif
