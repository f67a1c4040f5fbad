/* SPDX-License-Identifier: MIT */
/*
 * The next object's functions: what an interposed function calls instead of itself.
 *
 * Resolution is by dlsym(RTLD_NEXT) on first use, so that preload objects stack, and works
 * before this object's constructors have run, from any thread, and without malloc (an
 * allocator may be the caller). It is idempotent: two threads that race find the same address.
 */
#ifndef AGX_PRELOAD_NEXT_H
#define AGX_PRELOAD_NEXT_H

#include <stdatomic.h>

struct next_function {
	const char *name;
	_Atomic(void *) address; /* NULL: not resolved yet */
};

/* Resolves; never NULL: a function that does not exist fails with -1 and ENOSYS. */
void *next_resolve(struct next_function *function);

static inline void *next_get(struct next_function *function)
{
	void *address = atomic_load_explicit(&function->address, memory_order_acquire);

	return __builtin_expect(!!address, 1) ? address : next_resolve(function);
}

/* The next definition of a function with a visible prototype, to be called directly. */
#define NEXT(function) NEXT_NAMED(__typeof__(&function), #function)

/* The same for one without: a pointer type and a string. */
#define NEXT_NAMED(type, symbol)                                               \
	({                                                                     \
		static struct next_function next_function_ = {.name = symbol}; \
		(type) next_get(&next_function_);                              \
	})

#endif
