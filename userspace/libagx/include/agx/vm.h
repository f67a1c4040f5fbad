/* SPDX-License-Identifier: MIT */
/* Address spaces of the GPU, and who may have which addresses in them. */
#ifndef AGX_VM_H
#define AGX_VM_H

#include <agx/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of addresses and sizes in a VM: the GPU's page. */
#define AGX_PAGE_SIZE 16384u

struct agx_buffer;
struct agx_vm;

/* Whole address space: [va_start, va_end) of the device, without the kernel's range. */
AGX_API int agx_vm_create(struct agx_device *device, struct agx_vm **vm);
AGX_API void agx_vm_destroy(struct agx_vm *vm);

/* What the VM was made of, borrowed, and its number. */
AGX_API struct agx_device *agx_vm_device(const struct agx_vm *vm);
AGX_API uint32_t agx_vm_id(const struct agx_vm *vm); /* of the uAPI */

/*
 * Shaders, lists of USC words and coefficient bindings are named by 32 bits relative to this
 * address, which every queue of the VM is given.
 */
AGX_API uint64_t agx_vm_shader_base(const struct agx_vm *vm);

/* Where addresses come from; flags of agx_vm_reserve() and agx_buffer_create(). */
#define AGX_VA_SHADER (1u << 8) /* within 4 GiB from agx_vm_shader_base() */
#define AGX_VA_GUARD  (1u << 9) /* nothing is ever bound to the page in front and the one behind */

/*
 * Takes addresses out of the allocator: size bytes (rounded up to pages) at a multiple of align (0:
 * a page; a power of two). Nothing is bound there. -ENOSPC: no such range is free.
 */
AGX_API int agx_vm_reserve(struct agx_vm *vm, uint64_t size, uint64_t align, unsigned int flags,
			   uint64_t *address);

/* The same at an address of the caller's choice. -EBUSY: some of it is taken. */
AGX_API int agx_vm_reserve_at(struct agx_vm *vm, uint64_t address, uint64_t size);

/* Gives a reserved range back, whole. Something that is still bound in it is unbound first. */
AGX_API int agx_vm_release(struct agx_vm *vm, uint64_t address);

enum agx_bind_op {
	AGX_BIND_MAP,
	AGX_BIND_UNMAP,
	AGX_BIND_REPEAT, /* MAP of one page of the buffer at every page of the range: sparse holes */
};

#define AGX_BIND_READ  (1u << 0)
#define AGX_BIND_WRITE (1u << 1)

struct agx_bind {
	enum agx_bind_op op;
	unsigned int flags;        /* AGX_BIND_READ, AGX_BIND_WRITE; 0: both */
	struct agx_buffer *buffer; /* of MAP and REPEAT */
	uint64_t offset;           /* in the buffer; multiples of AGX_PAGE_SIZE, as are all here */
	uint64_t address, size;
};

/*
 * Binds pages of buffers to addresses, in order, with one ioctl. Takes effect at once, for work
 * that is running as well. The addresses must be the caller's: reserved, or within a buffer's own.
 * All of them are looked at first: what is refused has no effect. When the kernel fails half way,
 * -ENOMEM for instance, what was bound before is bound again; agx_error() says so, or that this
 * failed as well: then anything may be bound there, and whoever gives the addresses back has them
 * emptied. A buffer stays alive while some page of it is bound, and agx_buffer_destroy() does not
 * take away what was bound here.
 */
AGX_API int agx_vm_bind(struct agx_vm *vm, const struct agx_bind *binds, unsigned int count);

#ifdef __cplusplus
}
#endif

#endif
