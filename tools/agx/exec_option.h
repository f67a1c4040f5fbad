/* SPDX-License-Identifier: MIT */
/* The options --exec, --exec-threads and --exec-order of several sub-commands. Bad values are usage errors. */
#ifndef AGX_EXEC_OPTION_H
#define AGX_EXEC_OPTION_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether commands are executed. */
bool exec_option(const struct argp_state *state, const char *text);

/* Threads; 0: one for each CPU. */
unsigned int exec_threads_option(const struct argp_state *state, const char *text);

/* A seed; 0: the usual order. */
uint64_t exec_order_option(const struct argp_state *state, const char *text);

#endif
