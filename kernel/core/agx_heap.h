/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Heaps of objects that the driver shares with the firmware and the GPU.
 *
 * A heap is a range of GPU addresses with one protection. It grows by blocks, each followed by an
 * unmapped guard page, and never shrinks; objects do not straddle blocks. Allocating and freeing
 * takes constant time, and freeing cannot fail.
 *
 * Memory that the firmware caches ("private" heaps) may not be used again right after it was
 * freed: a stale line could be written back over the new owner's data. Such a heap keeps freed
 * objects as garbage until the firmware has flushed its caches.
 *
 * Calls for one heap, and for the agx_uat it lives in, are serialised by the caller.
 */
#ifndef AGX_HEAP_H
#define AGX_HEAP_H

#include "agx_uat.h"

struct agx_heap;

/* Smallest alignment that the Rust driver gives firmware objects. */
#define AGX_HEAP_MIN_ALIGN 0x80u

#define AGX_HEAP_MAX_OBJECT (2ull << 30) /* bytes */

/* Debug aids, together: see agx_heap_config. */
#define AGX_HEAP_DEBUG_QUARANTINE_OBJECTS 256u
#define AGX_HEAP_DEBUG_QUARANTINE_BYTES   (4ull << 20)

/* When a private heap should be flushed (jannau/linux: drivers/gpu/drm/asahi/gpu.rs). */
#define AGX_HEAP_GARBAGE_BYTES   (16ull << 20)
#define AGX_HEAP_GARBAGE_OBJECTS 2048u

struct agx_heap_config {
	const char *name; /* a constant */
	uint64_t start, end;
	enum agx_uat_prot prot;
	uint32_t min_align;  /* a power of two, at least AGX_HEAP_MIN_ALIGN, at most 64 KiB */
	uint32_t block_size; /* the heap grows by at least this, whole pages */
	bool cpu;            /* the CPU reads or writes objects: they are zero at first */
	bool delayed_reuse;  /* keeps garbage until agx_heap_collect() */

	/*
	 * Fills free memory with a pattern and looks whether it is still there before the memory
	 * is used again; keeps freed objects unused for a while; puts a red zone behind each
	 * object. Only with cpu.
	 */
	bool debug;

	/*
	 * The other side does not cache, as in a model: garbage can be filled with the pattern
	 * as soon as it is freed and not only when it is collected.
	 */
	bool coherent;
};

/* The five heaps in the upper half (jannau/linux: drivers/gpu/drm/asahi/gpu.rs). */
enum agx_fw_heap {
	AGX_HEAP_PRIVATE,   /* firmware only, cached by it */
	AGX_HEAP_GPU_RO,    /* commands: firmware writes, cached by it; GPU reads */
	AGX_HEAP_SHARED,    /* firmware and CPU */
	AGX_HEAP_SHARED_RO, /* the firmware only reads */
	AGX_HEAP_GPU,       /* firmware and GPU */
	AGX_FW_HEAPS,
};

/* Their configurations, without debug. NULL: no such heap. */
const struct agx_heap_config *agx_fw_heap_config(unsigned int heap);

/*
 * The two heaps in a client VM's kernel window [start, end), which is in whole
 * AGX_VM_KERNEL_ALIGNMENT: GPU only in the lower half, GPU and firmware in the upper half.
 */
void agx_vm_heap_configs(uint64_t start, uint64_t end, struct agx_heap_config *shared,
			 struct agx_heap_config *priv);

/* -EINVAL: bad configuration, or not addresses of the VM; -ENOMEM. */
int agx_heap_create(const struct agx_platform *platform, struct agx_uat *uat, struct agx_uat_vm *vm,
		    const struct agx_heap_config *config, struct agx_heap **heap);

/*
 * Unmaps and frees all memory, that of live objects too (which it logs). Of a heap that the
 * firmware caches, flush every block first (agx_heap_next_block) unless the firmware is off.
 * Accepts NULL.
 */
void agx_heap_destroy(struct agx_heap *heap);

/* An object. What the caller may read; the heap owns it. */
struct agx_heap_object {
	uint64_t va;   /* for the GPU and the firmware */
	void *cpu;     /* the same memory; NULL without config.cpu */
	uint64_t size; /* as asked for */
	const char *tag;
	bool fresh; /* its memory was never given out before, and reads as zero */
};

/*
 * Allocates size bytes, aligned to align (a power of two up to 64 KiB; 0: the heap's minimum).
 * tag: a constant that names the kind of object in reports.
 * -EINVAL: size 0 or over 2 GiB, bad alignment; -ENOSPC: the range of addresses is full; -ENOMEM.
 */
int agx_heap_alloc(struct agx_heap *heap, uint64_t size, uint32_t align, const char *tag,
		   const struct agx_heap_object **object);

/*
 * The object's memory for the CPU, whatever config.cpu says: to fill a few objects of a heap whose
 * memory is neither cleared nor looked at in general.
 */
void *agx_heap_cpu(const struct agx_heap_object *object);

/* Accepts NULL. Freeing twice is logged, counted, and otherwise ignored. */
void agx_heap_free(struct agx_heap *heap, const struct agx_heap_object *object);

/* The live object that contains an address; NULL. For reports: takes time. */
const struct agx_heap_object *agx_heap_find(struct agx_heap *heap, uint64_t va);

/*
 * Garbage collection: when agx_heap_wants_flush(), take a mark with agx_heap_garbage_mark(), have
 * the firmware flush its data cache (a DestroyContext message), and when it has done so pass the
 * mark to agx_heap_collect(). Objects freed after the mark was taken stay garbage.
 */
bool agx_heap_wants_flush(const struct agx_heap *heap);
uint64_t agx_heap_garbage_mark(const struct agx_heap *heap);
void agx_heap_collect(struct agx_heap *heap, uint64_t mark);

/* Visits the heap's memory, in order of addresses; *va = 0 begins. false: no more. */
bool agx_heap_next_block(const struct agx_heap *heap, uint64_t *va, uint64_t *size);

struct agx_heap_stats {
	uint64_t mapped_bytes;
	uint64_t live_bytes; /* with what alignment and debugging add */
	uint64_t garbage_bytes;
	uint32_t live_objects;
	uint32_t garbage_objects;
	uint32_t quarantined_objects;
	uint32_t blocks;
	uint32_t written_after_free; /* found so far, objects or free ranges */
	uint32_t written_past_end;
	uint32_t misuse; /* freed twice, or not an object */
};

struct agx_heap_stats agx_heap_stats(const struct agx_heap *heap);

/*
 * Checks the heap's own structures and, with debug, all patterns. The number of things that are
 * wrong, each logged. Takes time in proportion to the number of objects.
 */
unsigned int agx_heap_check(struct agx_heap *heap);

#endif
