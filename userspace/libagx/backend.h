/* SPDX-License-Identifier: MIT */
/*
 * What a device is made of below the uAPI: a node's descriptor, or a virtual GPU in this process.
 */
#ifndef AGX_LIBAGX_BACKEND_H
#define AGX_LIBAGX_BACKEND_H

#include <stddef.h>
#include <stdint.h>

struct agx_backend;
struct agx_context;
struct agx_virtual_params;

struct agx_backend_ops {
	/* As the system call: 0 or more, or a negative errno. */
	long (*ioctl)(struct agx_backend *backend, unsigned long request, void *arg);

	/* Shared and writeable, at a fake offset of GEM_MMAP_OFFSET. 0, or a negative errno. */
	int (*map)(struct agx_backend *backend, uint64_t offset, size_t size, void **map);
	void (*unmap)(struct agx_backend *backend, void *map, size_t size);

	/* Of descriptors that the device gave out: dma-bufs, sync files, syncobjs. */
	long (*fd_ioctl)(struct agx_backend *backend, int fd, unsigned long request, void *arg);
	void (*close_fd)(struct agx_backend *backend, int fd);

	void (*destroy)(struct agx_backend *backend);
};

/* Backends begin with this. */
struct agx_backend {
	const struct agx_backend_ops *ops;
	int fd; /* -1: none */
};

/* backend_node.c: takes fd over, also on failure. */
int lib_backend_node(struct agx_context *ctx, int fd, struct agx_backend **backend);

/*
 * backend_virtual.c: loads the virtual node's module when first used. -ENOSYS: it is not installed.
 */
int lib_backend_virtual(struct agx_context *ctx, const struct agx_virtual_params *params,
			struct agx_backend **backend);

/*
 * The virtual GPUs: the name and product of number index, chip and firmware versions; -ENOENT
 * behind the last.
 */
int lib_virtual_gpu(struct agx_context *ctx, unsigned int index, const char **name,
		    const char **product, uint32_t *chip_id);

#endif
