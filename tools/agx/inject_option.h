/* SPDX-License-Identifier: MIT */
/* The option --inject of several sub-commands. */
#ifndef AGX_INJECT_OPTION_H
#define AGX_INJECT_OPTION_H

#include <argp.h>

/*
 * Checks the rules and returns them. "help" lists the rules on standard output and exits; bad ones
 * are a usage error.
 */
const char *inject_option(const struct argp_state *state, const char *rules);

#endif
