/* SPDX-License-Identifier: MIT */
#ifndef AGX_LIBAGX_SYNC_INTERNAL_H
#define AGX_LIBAGX_SYNC_INTERNAL_H

#include "internal.h"

struct agx_sync {
	atomic_uint references;
	struct agx_device *device; /* a reference */
	uint32_t handle;
	bool timeline;
};

struct agx_sync *lib_sync_get(struct agx_sync *sync);
void lib_sync_put(struct agx_sync *sync);

/* As agx_sync_wait(), but no message is kept. */
int lib_sync_wait(struct agx_sync *sync, uint64_t point, uint64_t ns);

/* Points as waits and submissions are given them: count and every sync. what: for messages. */
int lib_sync_check(struct agx_device *device, const struct agx_sync_point *points,
		   unsigned int count, const char *what);

#endif
