/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Sizes and limits of the GPU's address space and of what one request may ask for. Those that
 * the uAPI reports come out of GET_PARAMS with the same values.
 */
#ifndef AGX_LIMITS_H
#define AGX_LIMITS_H

#define AGX_PAGE_SHIFT 14
#define AGX_PAGE_SIZE  (1ull << AGX_PAGE_SHIFT) /* of the UAT, the GPU's MMU */
#define AGX_PAGE_MASK  (AGX_PAGE_SIZE - 1)

/*
 * GPU addresses that a program may use: the lower half of a 40-bit space without its first page
 * and its last two, which hold a page of the driver's own (jannau/linux:
 * drivers/gpu/drm/asahi/mmu.rs, IOVA_USER_USABLE_RANGE).
 */
#define AGX_VM_USER_START 0x4000ull
#define AGX_VM_USER_END   0x7fffff8000ull

/* Least size of the driver's window in a VM; its ends shrink to whole units of its heaps. */
#define AGX_VM_KERNEL_MIN_SIZE  0x20000000ull
#define AGX_VM_KERNEL_ALIGNMENT 0x8000ull

#define AGX_MAX_COMMANDS    64    /* hardware commands in a submission */
#define AGX_MAX_ATTACHMENTS 16    /* in one list */
#define AGX_MAX_FB_SIZE     16384 /* pixels, in each direction */
#define AGX_MAX_LAYERS      2048

/*
 * GPU address space for timestamp objects, of all clients together, and where it is in the upper
 * half (jannau/linux: drivers/gpu/drm/asahi/gpu.rs, IOVA_KERN_TIMESTAMP_RANGE).
 */
#define AGX_TIMESTAMP_WINDOW      0x4000000ull
#define AGX_TIMESTAMP_WINDOW_BASE 0xffffffae10000000ull

/*
 * Most bytes of one array that a request makes the driver copy. The Rust driver copies into one
 * kmalloc() allocation, which on its 16 KiB page kernels ends at 32 MiB, and fails with ENOMEM
 * above.
 */
#define AGX_MAX_COPY 0x2000000ull

#endif
