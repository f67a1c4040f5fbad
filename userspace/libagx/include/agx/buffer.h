/* SPDX-License-Identifier: MIT */
/* Buffer objects: memory that CPU and GPU share. */
#ifndef AGX_BUFFER_H
#define AGX_BUFFER_H

#include <agx/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of agx_buffer_create(), together with AGX_VA_SHADER and AGX_VA_GUARD. */
#define AGX_BUFFER_CACHED     (1u << 0) /* CPU reads are fast, GPU accesses snoop (WRITEBACK) */
#define AGX_BUFFER_EXPORTABLE (1u << 1) /* else it belongs to its VM alone, which costs less */
#define AGX_BUFFER_READ_ONLY  (1u << 2) /* for the GPU */
#define AGX_BUFFER_UNBOUND    (1u << 3) /* no addresses: agx_vm_bind() gives it some */

/*
 * Makes a buffer of size bytes (rounded up to AGX_PAGE_SIZE), zeroed, bound to addresses of its
 * own. -EINVAL: size 0, unknown flags; -ENOMEM; -ENOSPC: no addresses left.
 */
AGX_API int agx_buffer_create(struct agx_vm *vm, uint64_t size, unsigned int flags,
			      struct agx_buffer **buffer);

/* A dma-buf of any driver; fd stays the caller's. Flags: READ_ONLY, UNBOUND, AGX_VA_*. */
AGX_API int agx_buffer_import(struct agx_vm *vm, int fd, unsigned int flags,
			      struct agx_buffer **buffer);

/* A dma-buf of an EXPORTABLE buffer; the descriptor is the caller's. */
AGX_API int agx_buffer_export(struct agx_buffer *buffer, int *fd);

/*
 * Unbinds the buffer from its own addresses. The GPU must be done with it: work that is still under
 * way faults.
 */
AGX_API void agx_buffer_destroy(struct agx_buffer *buffer);

/* Address on the GPU; 0 of an UNBOUND buffer. */
AGX_API uint64_t agx_buffer_address(const struct agx_buffer *buffer);
AGX_API uint64_t agx_buffer_size(const struct agx_buffer *buffer);
AGX_API uint32_t agx_buffer_handle(const struct agx_buffer *buffer); /* of the uAPI: GEM */

/*
 * The buffer in the CPU's memory, mapped by the first call and for its whole life; NULL on failure,
 * which agx_error() explains. CPU and GPU see each other's writes at submission and at
 * its end.
 */
AGX_API void *agx_buffer_map(struct agx_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
