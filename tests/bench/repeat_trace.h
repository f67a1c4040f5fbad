/* SPDX-License-Identifier: MIT */
/* Large traces for benchmarks: a small one whose submissions come again and again. */
#ifndef REPEAT_TRACE_H
#define REPEAT_TRACE_H

#include <stdint.h>

/*
 * Writes into fd (empty) what the trace at path has up to the end of its last submission, and then
 * rounds - 1 times its submissions and what the program wrote to memory between them. Ends the
 * process on errors. Returns the submissions written.
 */
uint64_t repeat_trace(const char *path, unsigned int rounds, int fd);

#endif
