/* SPDX-License-Identifier: MIT */
/*
 * Makes the n-th allocation of a program fail. The program is linked with --wrap for malloc,
 * calloc and realloc (tests/node/meson.build) and includes this in one file.
 */
#ifndef TESTS_NODE_ALLOC_FAIL_H
#define TESTS_NODE_ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

/* Allocations until the one that fails; 0: none will. */
static unsigned long countdown;
static bool failed;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __real_realloc(ptr, size);
}

#endif
