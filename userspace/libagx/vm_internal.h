/* SPDX-License-Identifier: MIT */
/*
 * What an address space and the buffers in it know of each other.
 *
 * Who keeps whom: a buffer that its maker still has holds the VM. What is bound in a VM holds the
 * buffer, not the other way round, so that a VM that is forgotten ends with everything in it.
 */
#ifndef AGX_LIBAGX_VM_INTERNAL_H
#define AGX_LIBAGX_VM_INTERNAL_H

#include <limits.h>

#include "asahi_drm.h"
#include "gem.h"
#include "internal.h"
#include "ranges.h"
#include "va.h"

#define LIB_PAGE_MASK ((uint64_t)AGX_PAGE_SIZE - 1)

/* Bytes behind agx_vm_shader_base() that 32 bits reach. */
#define LIB_SHADER_WINDOW (1ull << 32)

/* Pages of a VM that hold a buffer's. */
struct lib_bound {
	struct lib_range range;
	struct agx_buffer *buffer; /* a pin */
	uint64_t offset;           /* of the first page in the buffer; of all, if it is repeated */
	uint32_t flags;            /* DRM_ASAHI_BIND_* */
};

struct lib_heap;
struct lib_scratch_set;
struct lib_tile_code;

/* render_programs.c: their memory is the heap's. */
void lib_tile_code_free(struct lib_tile_code *list);

struct agx_vm {
	atomic_uint references;
	struct agx_device *device;
	uint32_t id;
	uint64_t shader_base;
	struct lib_heap *heap;
	struct lib_scratch_set *scratch;
	struct lib_tile_code *tile_code; /* render_programs.c; under the lock */

	pthread_mutex_t lock; /* of all below, and of the order of VM_BIND */
	struct lib_va va;
	struct lib_ranges bound; /* of struct lib_bound */
	struct lib_bound *spare; /* by range.right */
	unsigned int spares;
	/*
	 * After a VM_BIND that failed half way and could not be taken back, nobody knows what is
	 * bound: pins of what may be, and bound is no reason not to unbind.
	 */
	struct agx_buffer **stuck;
	size_t stuck_count;
	bool unsure;
};

struct agx_buffer {
	atomic_uint references; /* users; while there are some, one of the pins is theirs */
	atomic_uint pins;
	struct agx_device *device;
	struct agx_vm *vm; /* held while there are users, unless it is the library's own */
	bool own;          /* the library's: does not hold the VM */
	bool shared;       /* exportable or imported: its handle is counted */
	bool read_only;
	uint32_t handle;
	uint64_t size;
	uint64_t address; /* 0: UNBOUND */
	enum lib_va_owner owner;
	_Atomic(void *) map;
};

/* Makes a buffer that is the library's own: it does not hold its VM, and ends before it. */
int lib_buffer_create_own(struct agx_vm *vm, uint64_t size, unsigned int flags,
			  struct agx_buffer **buffer);

void lib_buffer_pin(struct agx_buffer *buffer);
void lib_buffer_unpin(struct agx_buffer *buffer);

/*
 * vm.c
 */

/* Addresses for an owner: whole pages, with AGX_VA_* flags. The message is kept. */
int lib_vm_alloc(struct agx_vm *vm, uint64_t size, uint64_t align, unsigned int flags,
		 enum lib_va_owner owner, uint64_t *address);

/*
 * vm_bind.c
 */

/* Binds all of a buffer at its own addresses; -errno of VM_BIND. */
int lib_vm_bind_own(struct agx_vm *vm, struct agx_buffer *buffer);

/* Unbinds what is bound in [start, end), by whom ever. With the VM's lock held. */
int lib_vm_unbind_locked(struct agx_vm *vm, uint64_t start, uint64_t end);

/* When the VM is gone. */
void lib_vm_bound_finish(struct agx_vm *vm);

/*
 * heap.c
 */
int lib_heap_create(struct agx_vm *vm, struct lib_heap **heap);
void lib_heap_destroy(struct lib_heap *heap);

#endif
