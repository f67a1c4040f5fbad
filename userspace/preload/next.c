// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>

#include "next.h"

static long next_missing(void)
{
	errno = ENOSYS;
	return -1;
}

void *next_resolve(struct next_function *function)
{
	int saved = errno;
	/* The search starts behind the object that contains this call, so this file is linked
	 * into each preload object and never shared between them. */
	void *address = dlsym(RTLD_NEXT, function->name);

	if (!address)
		address = (void *)next_missing;
	atomic_store_explicit(&function->address, address, memory_order_release);
	errno = saved;
	return address;
}
