// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "agx_args.h"

#include "agx_limits.h"

static int zero(struct agx_reject *why, uint64_t value, const char *what)
{
	return value ? agx_reject(why, -EINVAL, what, "0", value) : 0;
}

static int aligned(struct agx_reject *why, uint64_t value, const char *what)
{
	return value & AGX_PAGE_MASK ? agx_reject(why, -EINVAL, what, "a multiple of 0x4000", value)
				     : 0;
}

/* [start, end) of an operation lies in the user's part of the address space, or is empty. */
static bool in_user_range(uint64_t start, uint64_t end)
{
	return start >= end || (start >= AGX_VM_USER_START && end <= AGX_VM_USER_END);
}

static bool overlaps(uint64_t a_start, uint64_t a_end, uint64_t b_start, uint64_t b_end)
{
	return a_start < a_end && b_start < b_end && a_start < b_end && b_start < a_end;
}

int agx_check_get_params(const struct drm_asahi_get_params *args, struct agx_reject *why)
{
	if (args->param_group)
		return agx_reject(why, -EINVAL, "param_group", "0", args->param_group);
	return zero(why, args->pad, "pad");
}

int agx_check_get_time(const struct drm_asahi_get_time *args, struct agx_reject *why)
{
	return zero(why, args->flags, "flags");
}

int agx_check_vm_create(const struct drm_asahi_vm_create *args, uint64_t *start, uint64_t *end,
			struct agx_reject *why)
{
	uint64_t mask = AGX_VM_KERNEL_ALIGNMENT - 1;
	int err;

	if (args->kernel_start < AGX_VM_USER_START)
		return agx_reject(why, -EINVAL, "kernel_start", "at least vm_start",
				  args->kernel_start);
	if (args->kernel_end > AGX_VM_USER_END)
		return agx_reject(why, -EINVAL, "kernel_end", "at most vm_end", args->kernel_end);
	if (args->kernel_start >= args->kernel_end)
		return agx_reject(why, -EINVAL, "kernel_end", "above kernel_start",
				  args->kernel_end);
	if (args->kernel_end - args->kernel_start < AGX_VM_KERNEL_MIN_SIZE)
		return agx_reject(why, -EINVAL, "kernel_end - kernel_start",
				  "at least vm_kernel_min_size",
				  args->kernel_end - args->kernel_start);
	err = aligned(why, args->kernel_start, "kernel_start");
	if (!err)
		err = aligned(why, args->kernel_end, "kernel_end");
	if (!err)
		err = zero(why, args->pad, "pad"); /* stricter */
	if (err)
		return err;

	*start = (args->kernel_start + mask) & ~mask;
	*end = args->kernel_end & ~mask;
	return 0;
}

int agx_check_vm_destroy(const struct drm_asahi_vm_destroy *args, struct agx_reject *why)
{
	return zero(why, args->pad, "pad"); /* stricter */
}

int agx_check_vm_bind(const struct drm_asahi_vm_bind *args, uint64_t *size, struct agx_reject *why)
{
	if (!args->stride)
		return agx_reject(why, -EINVAL, "stride", "the size of an operation", 0);
	if (args->pad)
		return agx_reject(why, -EINVAL, "pad", "0", args->pad);

	*size = (uint64_t)args->stride * args->num_binds;
	if (*size > AGX_MAX_COPY)
		return agx_reject(why, -ENOMEM, "stride * num_binds", "at most 32 MiB", *size);
	return 0;
}

int agx_vm_bind_op(const struct drm_asahi_vm_bind *args, const void *array, uint32_t index,
		   struct drm_asahi_gem_bind_op *op, struct agx_reject *why)
{
	const uint8_t *src = (const uint8_t *)array + (uint64_t)args->stride * index;
	uint32_t known = args->stride < sizeof(*op) ? args->stride : sizeof(*op);
	uint32_t i;

	agx_core_memset(op, 0, sizeof(*op));
	agx_core_memcpy(op, src, known);
	for (i = known; i < args->stride; i++)
		if (src[i])
			return agx_reject(why, -EINVAL, "bytes past the operation", "0", src[i]);
	return 0;
}

int agx_check_bind_op(const struct drm_asahi_gem_bind_op *op, struct agx_reject *why)
{
	const uint32_t known =
		DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE;
	uint64_t end;
	int err;

	if (op->flags & DRM_ASAHI_BIND_UNBIND) {
		if (op->offset)
			return agx_reject(why, -EINVAL, "offset of an unbind", "0", op->offset);
		if (op->flags != DRM_ASAHI_BIND_UNBIND)
			return agx_reject(why, -EINVAL, "flags of an unbind", "UNBIND alone",
					  op->flags);
		if (op->handle)
			return agx_reject(why, -EINVAL, "handle of an unbind", "0", op->handle);
	}

	err = aligned(why, op->addr, "addr");
	if (!err)
		err = aligned(why, op->range, "range");
	if (!err)
		err = aligned(why, op->offset, "offset");
	if (err)
		return err;

	if (!(op->flags & DRM_ASAHI_BIND_UNBIND)) {
		if (op->flags & ~known)
			return agx_reject(why, -EINVAL, "flags",
					  "READ, WRITE, SINGLE_PAGE, or UNBIND", op->flags);
		return 0; /* the rest after the look-up of the handle */
	}

	if (__builtin_add_overflow(op->addr, op->range, &end))
		return agx_reject(why, -EINVAL, "addr + range", "no overflow", op->addr);
	if (!in_user_range(op->addr, end))
		return agx_reject(why, -EINVAL, "addr", "a range inside [vm_start, vm_end)",
				  op->addr);
	return 0;
}

int agx_check_bind_object(const struct drm_asahi_gem_bind_op *op, uint64_t bo_size,
			  struct agx_reject *why)
{
	uint64_t length = op->flags & DRM_ASAHI_BIND_SINGLE_PAGE ? AGX_PAGE_SIZE : op->range;
	uint64_t end, end_offset;

	if (__builtin_add_overflow(op->addr, op->range, &end))
		return agx_reject(why, -EINVAL, "addr + range", "no overflow", op->addr);
	if (__builtin_add_overflow(op->offset, length, &end_offset))
		return agx_reject(why, -EINVAL, "offset + range", "no overflow", op->offset);
	if (end_offset > bo_size)
		return agx_reject(why, -EINVAL, "offset + range", "at most the object's size",
				  end_offset);
	if (!in_user_range(op->addr, end))
		return agx_reject(why, -EINVAL, "addr", "a range inside [vm_start, vm_end)",
				  op->addr);
	if (!(op->flags & (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)))
		return agx_reject(why, -EINVAL, "flags", "READ or WRITE", op->flags);
	return 0;
}

int agx_check_bind_vm(const struct drm_asahi_gem_bind_op *op, uint64_t kernel_start,
		      uint64_t kernel_end, bool foreign, struct agx_reject *why)
{
	if (overlaps(op->addr, op->addr + op->range, kernel_start, kernel_end))
		return agx_reject(why, -EINVAL, "addr", "a range outside the VM's kernel window",
				  op->addr);
	if (op->flags & DRM_ASAHI_BIND_UNBIND)
		return 0;
	if (!op->range)
		return agx_reject(why, -EINVAL, "range", "above 0", 0); /* stricter */
	if (foreign)
		return agx_reject(why, -EINVAL, "handle", "an object of this VM, or a shared one",
				  op->handle); /* stricter */
	return 0;
}

int agx_check_gem_create(const struct drm_asahi_gem_create *args, struct agx_reject *why)
{
	if (args->flags & ~(DRM_ASAHI_GEM_WRITEBACK | DRM_ASAHI_GEM_VM_PRIVATE))
		return agx_reject(why, -EINVAL, "flags", "WRITEBACK, VM_PRIVATE", args->flags);
	if (args->vm_id && !(args->flags & DRM_ASAHI_GEM_VM_PRIVATE))
		return agx_reject(why, -EINVAL, "vm_id without VM_PRIVATE", "0", args->vm_id);
	return zero(why, args->pad, "pad"); /* stricter */
}

int agx_check_gem_size(const struct drm_asahi_gem_create *args, uint64_t *size,
		       struct agx_reject *why)
{
	if (!args->size)
		return agx_reject(why, -EINVAL, "size", "above 0", 0);
	if (__builtin_add_overflow(args->size, AGX_PAGE_MASK, size))
		return agx_reject(why, -EINVAL, "size", "no overflow when rounded to pages",
				  args->size);
	*size &= ~AGX_PAGE_MASK;
	return 0;
}

int agx_check_gem_mmap_offset(const struct drm_asahi_gem_mmap_offset *args, struct agx_reject *why)
{
	return zero(why, args->flags, "flags");
}

int agx_check_gem_bind_object(const struct drm_asahi_gem_bind_object *args, struct agx_reject *why)
{
	uint64_t end;
	int err;

	if (args->pad)
		return agx_reject(why, -EINVAL, "pad", "0", args->pad);
	if (args->vm_id)
		return agx_reject(why, -EINVAL, "vm_id", "0", args->vm_id);

	switch (args->op) {
	case DRM_ASAHI_BIND_OBJECT_OP_BIND:
		err = aligned(why, args->range, "range");
		if (!err)
			err = aligned(why, args->offset, "offset");
		if (err)
			return err;
		if (args->flags != DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS)
			return agx_reject(why, -EINVAL, "flags", "USAGE_TIMESTAMPS", args->flags);
		if (__builtin_add_overflow(args->offset, args->range, &end))
			return agx_reject(why, -EINVAL, "offset + range", "no overflow",
					  args->offset);
		return 0;
	case DRM_ASAHI_BIND_OBJECT_OP_UNBIND:
		err = zero(why, args->range, "range of an unbind");
		if (!err)
			err = zero(why, args->offset, "offset of an unbind");
		if (!err)
			err = zero(why, args->flags, "flags of an unbind");
		if (!err)
			err = zero(why, args->handle, "handle of an unbind");
		return err;
	default:
		return agx_reject(why, -EINVAL, "op", "BIND or UNBIND", args->op);
	}
}

int agx_check_gem_bind_object_bo(const struct drm_asahi_gem_bind_object *args, uint64_t bo_size,
				 bool vm_private, struct agx_reject *why)
{
	if (args->offset + args->range > bo_size)
		return agx_reject(why, -EINVAL, "offset + range", "at most the object's size",
				  args->offset + args->range);
	if (vm_private)
		return agx_reject(why, -EINVAL, "handle", "an object without VM_PRIVATE",
				  args->handle);
	if (!args->range)
		return agx_reject(why, -EINVAL, "range", "above 0", 0); /* stricter */
	return 0;
}

int agx_check_queue_create(const struct drm_asahi_queue_create *args, struct agx_reject *why)
{
	if (args->flags)
		return agx_reject(why, -EINVAL, "flags", "0", args->flags);
	if (args->priority >= DRM_ASAHI_PRIORITY_HIGH)
		return agx_reject(why, -EINVAL, "priority", "LOW or MEDIUM", args->priority);
	return 0;
}

int agx_check_queue_destroy(const struct drm_asahi_queue_destroy *args, struct agx_reject *why)
{
	return zero(why, args->pad, "pad"); /* stricter */
}

int agx_check_submit(const struct drm_asahi_submit *args, struct agx_reject *why)
{
	if (args->flags)
		return agx_reject(why, -EINVAL, "flags", "0", args->flags);
	return zero(why, args->pad, "pad");
}

int agx_check_submit_syncs(const struct drm_asahi_submit *args, uint32_t *count,
			   struct agx_reject *why)
{
	uint64_t total = (uint64_t)args->in_sync_count + args->out_sync_count;

	if (total > AGX_MAX_COPY / sizeof(struct drm_asahi_sync))
		return agx_reject(why, -ENOMEM, "in_sync_count + out_sync_count",
				  "an array of at most 32 MiB", total);
	*count = (uint32_t)total;
	return 0;
}

int agx_check_submit_size(const struct drm_asahi_submit *args, struct agx_reject *why)
{
	if (args->cmdbuf_size > AGX_MAX_COPY)
		return agx_reject(why, -ENOMEM, "cmdbuf_size", "at most 32 MiB", args->cmdbuf_size);
	return 0;
}

int agx_check_sync(const struct drm_asahi_sync *sync, struct agx_reject *why)
{
	switch (sync->sync_type) {
	case DRM_ASAHI_SYNC_SYNCOBJ:
		return zero(why, sync->timeline_value, "timeline_value of a binary sync");
	case DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ:
		return 0;
	default:
		return agx_reject(why, -EINVAL, "sync_type", "SYNCOBJ or TIMELINE_SYNCOBJ",
				  sync->sync_type);
	}
}
