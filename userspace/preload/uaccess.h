/* SPDX-License-Identifier: MIT */
/*
 * Copies from and to the application's memory that report -EFAULT where a plain copy would
 * crash, as the kernel's copy_from_user() does. No signal handler is involved.
 *
 * A range on the calling thread's own stack, above the current frame, is mapped for certain
 * and copied directly: most ioctl arguments live there. So is a range in the heap that brk()
 * makes, where malloc gets the main thread's small blocks from, once uaccess_trust_heap() has
 * been called. Anything else goes through process_vm_readv/writev on the process itself, which
 * fails cleanly, or through a pipe where a sandbox forbids those.
 */
#ifndef AGX_PRELOAD_UACCESS_H
#define AGX_PRELOAD_UACCESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* 0, or -EFAULT when any byte is inaccessible (what was accessible may have been copied). */
int uaccess_copy_from(void *dst, uint64_t src, size_t size);
int uaccess_copy_to(uint64_t dst, const void *src, size_t size);

/*
 * Copies a string with its terminator. Its length, -EFAULT, or -ENAMETOOLONG when it does not
 * end within size bytes.
 */
long uaccess_copy_string(char *dst, uint64_t src, size_t size);

/*
 * Allows direct copies in the brk() heap, which is mapped as a whole from its beginning to
 * sbrk(0). Only for objects whose hooks call uaccess_heap_changes() before each munmap, fixed
 * mmap, mremap and mprotect: when one touches the heap, it is not trusted any more.
 *
 * malloc itself cuts only free blocks off the heap's end; a program that passes a freed block
 * to an ioctl while another thread trims the heap can still crash.
 */
void uaccess_trust_heap(void);

extern _Atomic uintptr_t uaccess_heap_start; /* UINTPTR_MAX: the heap is not trusted */

void uaccess_distrust_heap(uintptr_t start, size_t size);

static inline void uaccess_heap_changes(uintptr_t start, size_t size)
{
	if (start + size > atomic_load_explicit(&uaccess_heap_start, memory_order_relaxed))
		uaccess_distrust_heap(start, size);
}

/*
 * getpid() without the system call in the ordinary case. Right also after fork and in
 * children made by a raw clone; in a vfork child, which shares its parent's memory, it is the
 * parent's.
 */
int uaccess_getpid(void);

#endif
