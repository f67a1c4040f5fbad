/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A client's GPU address space.
 */
#ifndef ASAHI_VM_H
#define ASAHI_VM_H

#include <drm/drm_gpuvm.h>
#include <linux/mutex.h>

#include "agx_work.h"
#include "asahi_file.h"

struct asahi_bo;

/**
 * struct asahi_vm - an address space
 *
 * Its file's table and its queues have references; what is mapped stays until VM_DESTROY or until
 * the last of them has gone.
 */
struct asahi_vm {
	/** @gpuvm: who is mapped where; holds the device, and outlives the rest of this */
	struct drm_gpuvm gpuvm;

	/** @refs: the file's table, queues, and whoever looked it up */
	struct kref refs;

	/** @adev: the device */
	struct asahi_device *adev;

	/** @core: the driver core's */
	struct agx_core_vm *core;

	/** @kernel_start: the driver's window; constant */
	u64 kernel_start;

	/** @kernel_end: its end; constant */
	u64 kernel_end;

	/**
	 * @lock: protects @gpuvm's tree, @closed, and the client's mappings in @core. Taken before
	 * reservations.
	 */
	struct mutex lock;

	/** @closed: VM_DESTROY has unmapped everything; nothing can be mapped any more */
	bool closed;
};

/* Of an id, with a reference; NULL: no such. */
struct asahi_vm *asahi_vm_lookup(struct asahi_file *afile, u32 id);
struct asahi_vm *asahi_vm_get(struct asahi_vm *vm);

/* Sleeps. Accepts NULL. */
void asahi_vm_put(struct asahi_vm *vm);

/* Unmaps a buffer object from a VM: its handle was closed. */
void asahi_vm_unbind_object(struct asahi_vm *vm, struct drm_gem_object *obj);

/* Drops a file's VMs. */
void asahi_vms_release(struct asahi_file *afile);

#endif
