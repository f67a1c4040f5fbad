/* SPDX-License-Identifier: MIT */
/*
 * GEM handles that the kernel gives out more than once: an object that is imported again, or comes
 * back to the device that exported it, has the handle that it had, and one GEM_CLOSE ends it for
 * all. So those are counted.
 */
#ifndef AGX_LIBAGX_GEM_H
#define AGX_LIBAGX_GEM_H

#include <pthread.h>
#include <stdint.h>

struct agx_device;

struct lib_gem {
	pthread_mutex_t lock;
	uint32_t *users; /* by handle */
	uint32_t size;
};

int lib_gem_init(struct lib_gem *gem);
void lib_gem_finish(struct lib_gem *gem);

/* Counts a handle that was made just now, and closes it when there is no memory for that. */
int lib_gem_add(struct agx_device *device, uint32_t handle);

/* The handle of a dma-buf, counted. */
int lib_gem_import(struct agx_device *device, int fd, uint32_t *handle);

/* Of a counted handle. */
void lib_gem_put(struct agx_device *device, uint32_t handle);

/* Of one that is not. */
void lib_gem_close(struct agx_device *device, uint32_t handle);

#endif
