/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver core's only way to the world: memory, order, TLBs, time, log, mailbox.
 *
 * A home of the core (the kernel module; the virtual node) fills one table and passes it to the
 * core's constructors; it and its cookie must outlive what was made with them. The core is a
 * state machine without threads or locks: it calls these functions only from within a call to
 * the core, and the home serialises those per device. None of them may call the core.
 *
 * There is no hook for CPU cache maintenance: CPU, coprocessor and GPU see each other's writes
 * (AsahiLinux/docs: docs/hw/soc/agx.md), except for what the coprocessor maps as cached, which
 * it has to be asked to write back (agx_uat.h, flush).
 */
#ifndef AGX_PLATFORM_H
#define AGX_PLATFORM_H

#include "agx_types.h"

#ifdef __KERNEL__
#include <linux/stdarg.h>
#else
#include <stdarg.h>
#endif

enum agx_barrier {
	AGX_BARRIER_LOCK, /* accesses before it, then accesses after it ("dmb", both directions) */
	AGX_BARRIER_FULL, /* and complete, for observers outside the CPUs' domain ("dsb sy") */
};

/*
 * TLB maintenance. The UAT listens to the CPUs' broadcast of outer-shareable invalidations
 * (jannau/linux and herrnst/linux-asahi: drivers/gpu/drm/asahi/mem.rs); each is one instruction
 * with the operand that it takes in its register. agx_tlbi.h makes operands.
 */
enum agx_tlbi {
	AGX_TLBI_ALL,   /* vmalle1os; the operand is 0 */
	AGX_TLBI_ASID,  /* aside1os */
	AGX_TLBI_PAGE,  /* vae1os */
	AGX_TLBI_RANGE, /* rvae1os */
};

enum agx_log_level {
	AGX_LOG_ERROR,
	AGX_LOG_WARNING,
	AGX_LOG_INFO,
	AGX_LOG_DEBUG
};

/* A piece of memory, contiguous for the CPU, not necessarily in physical memory. */
struct agx_mem {
	void *cpu;
	uint64_t size; /* bytes, whole 16 KiB pages */
	void *handle;  /* the home's own */
};

struct agx_platform {
	void *cookie; /* first argument of everything below */

	/* A 16 KiB page of zeroes, aligned, for a page table. NULL: out of memory. */
	void *(*page_alloc)(void *cookie, uint64_t *pa);
	void (*page_free)(void *cookie, void *page, uint64_t pa);

	/* Memory to share with the firmware or the GPU, zeroed. 0 or -ENOMEM. */
	int (*mem_alloc)(void *cookie, uint64_t size, struct agx_mem *mem);
	void (*mem_free)(void *cookie, struct agx_mem *mem);

	/*
	 * Physical address at an offset (whole pages) of mem, and how many bytes are contiguous
	 * from there, at least a page.
	 */
	uint64_t (*mem_address)(void *cookie, const struct agx_mem *mem, uint64_t offset,
				uint64_t *contiguous);

	/* The core's own bookkeeping, zeroed, aligned as for any type. NULL: out of memory. */
	void *(*alloc)(void *cookie, size_t size);
	void (*free)(void *cookie, void *ptr, size_t size);

	/* Orders memory accesses. (Not named after what it is: Linux has a macro barrier().) */
	void (*order)(void *cookie, enum agx_barrier kind);
	void (*tlbi)(void *cookie, enum agx_tlbi op, uint64_t operand);

	/* Monotonic, nanoseconds. */
	uint64_t (*time_ns)(void *cookie);

	/* Called in each turn of a busy wait for the firmware. */
	void (*relax)(void *cookie);

	/* Sends one message to an endpoint of the coprocessor. 0 or a negative errno. */
	int (*mailbox_send)(void *cookie, uint8_t endpoint, uint64_t message);

	/*
	 * One line without its end. The formats use %s, %d, %u, %x, %llx and %llu only, which the
	 * kernel and libc print alike. May be NULL.
	 */
	__attribute__((format(printf, 3, 0))) void (*log)(void *cookie, enum agx_log_level level,
							  const char *format, va_list args);
};

__attribute__((format(printf, 3, 4))) static inline void
agx_log(const struct agx_platform *platform, enum agx_log_level level, const char *format, ...)
{
	va_list args;

	if (!platform->log)
		return;
	va_start(args, format);
	platform->log(platform->cookie, level, format, args);
	va_end(args);
}

/*
 * Accesses to memory that the other side reads or writes at the same time: once, whole, and not
 * reordered by the compiler beyond what the barriers allow.
 */
#define agx_load(ptr)         __atomic_load_n((ptr), __ATOMIC_RELAXED)
#define agx_store(ptr, value) __atomic_store_n((ptr), (value), __ATOMIC_RELAXED)

#endif
