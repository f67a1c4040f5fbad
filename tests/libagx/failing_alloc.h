/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out. A program that is linked with failing_alloc_args (meson.build) calls what is
 * here in place of malloc() and whatever else gets memory for the library, in all objects that are
 * linked into it, but not in shared objects.
 */
#ifndef AGX_TESTS_LIBAGX_FAILING_ALLOC_H
#define AGX_TESTS_LIBAGX_FAILING_ALLOC_H

#include <stdbool.h>

/* From now on the call of that number, 1 the first, fails, and only that one; 0: none will. */
void failing_alloc_at(unsigned int number);

/* Has it come to that? Then the name of the function. NULL: there were less calls. */
const char *failing_alloc_hit(void);

/* Of memory and mappings that were got and not given back, and locks. */
long failing_alloc_live(void);

/* For other functions that get memory: counts, and says whether to fail. */
bool failing_alloc_now(const char *name);

#endif
