// SPDX-License-Identifier: MIT
/*
 * Binding. The kernel's page tables hold no reference on a buffer's handle that helps us: memory
 * stays mapped after GEM_CLOSE, but its handle could not be mapped again, and nobody could say what
 * is where. So what is bound is written down, range by range, and pins its buffer.
 */
#include <stdlib.h>
#include <string.h>

#include "vm_internal.h"

/* So many operations do without an allocation. */
#define FEW 16

/* Each operation parts at most one range in two, and adds one. */
static int ensure_spares(struct agx_vm *vm, size_t count)
{
	while (vm->spares < count) {
		struct lib_bound *bound = calloc(1, sizeof(*bound));

		if (!bound)
			return -ENOMEM;
		bound->range.right = (struct lib_range *)vm->spare;
		vm->spare = bound;
		vm->spares++;
	}
	return 0;
}

static struct lib_bound *take_spare(struct agx_vm *vm)
{
	struct lib_bound *bound = vm->spare;

	vm->spare = (struct lib_bound *)bound->range.right;
	vm->spares--;
	return bound;
}

static void drop(struct agx_vm *vm, struct lib_bound *bound)
{
	lib_ranges_remove(&vm->bound, &bound->range);
	lib_buffer_unpin(bound->buffer);
	if (vm->spares >= 2 * FEW) {
		free(bound);
		return;
	}
	bound->range.right = (struct lib_range *)vm->spare;
	vm->spare = bound;
	vm->spares++;
}

static void add(struct agx_vm *vm, uint64_t start, uint64_t end, struct agx_buffer *buffer,
		uint64_t offset, uint32_t flags)
{
	struct lib_bound *bound = take_spare(vm);

	bound->range = (struct lib_range){.start = start, .end = end};
	bound->buffer = buffer;
	bound->offset = offset;
	bound->flags = flags;
	lib_buffer_pin(buffer);
	lib_ranges_insert(&vm->bound, &bound->range);
}

/* Where in the buffer address is, which lies in what is bound. */
static uint64_t offset_at(const struct lib_bound *bound, uint64_t address)
{
	if (bound->flags & DRM_ASAHI_BIND_SINGLE_PAGE)
		return bound->offset;
	return bound->offset + (address - bound->range.start);
}

/* Nothing is bound in [start, end) any more. */
static void forget(struct agx_vm *vm, uint64_t start, uint64_t end)
{
	struct lib_bound *bound;

	while ((bound = (struct lib_bound *)lib_ranges_from(&vm->bound, start)) &&
	       bound->range.start < end) {
		const uint64_t old_end = bound->range.end;

		if (bound->range.start < start) {
			lib_ranges_change(&vm->bound, &bound->range, bound->range.start, start, 0);
			if (old_end > end)
				add(vm, end, old_end, bound->buffer, offset_at(bound, end),
				    bound->flags);
		} else if (old_end > end) {
			bound->offset = offset_at(bound, end);
			lib_ranges_change(&vm->bound, &bound->range, end, old_end, 0);
		} else {
			drop(vm, bound);
		}
	}
}

static int vm_bind(struct agx_vm *vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count)
{
	struct drm_asahi_vm_bind args = {
		.vm_id = vm->id,
		.num_binds = count,
		.stride = sizeof(*ops),
		.userptr = (uintptr_t)ops,
	};

	return lib_ioctl(vm->device, DRM_IOCTL_ASAHI_VM_BIND, &args);
}

int lib_vm_unbind_locked(struct agx_vm *vm, uint64_t start, uint64_t end)
{
	const struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_UNBIND,
		.range = end - start,
		.addr = start,
	};
	const struct lib_range *first = lib_ranges_from(&vm->bound, start);
	int ret;

	if ((!first || first->start >= end) && !vm->unsure)
		return 0;
	ret = ensure_spares(vm, 1);
	if (!ret)
		ret = vm_bind(vm, &op, 1);
	if (!ret)
		forget(vm, start, end);
	return ret;
}

int lib_vm_bind_own(struct agx_vm *vm, struct agx_buffer *buffer)
{
	const struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | (buffer->read_only ? 0 : DRM_ASAHI_BIND_WRITE),
		.handle = buffer->handle,
		.range = buffer->size,
		.addr = buffer->address,
	};
	int ret;

	pthread_mutex_lock(&vm->lock);
	ret = ensure_spares(vm, 1);
	if (!ret)
		ret = vm_bind(vm, &op, 1);
	if (!ret)
		add(vm, buffer->address, buffer->address + buffer->size, buffer, 0, op.flags);
	pthread_mutex_unlock(&vm->lock);
	return ret;
}

void lib_vm_bound_finish(struct agx_vm *vm)
{
	struct lib_bound *bound;
	size_t i;

	while ((bound = (struct lib_bound *)vm->bound.root))
		drop(vm, bound);
	while ((bound = vm->spare)) {
		vm->spare = (struct lib_bound *)bound->range.right;
		free(bound);
	}
	for (i = 0; i < vm->stuck_count; i++)
		lib_buffer_unpin(vm->stuck[i]);
	free(vm->stuck);
}

static int check_memory(const struct agx_vm *vm, unsigned int index, const struct agx_bind *bind)
{
	const uint64_t length = bind->op == AGX_BIND_REPEAT ? AGX_PAGE_SIZE : bind->size;
	const struct agx_buffer *buffer = bind->buffer;
	struct agx_context *ctx = vm->device->ctx;

	if (!buffer)
		return lib_fail(ctx, -EINVAL, "binds[%u].buffer: a buffer expected, got NULL",
				index);
	if (buffer->device != vm->device || (!buffer->shared && buffer->vm != vm))
		return lib_fail(
			ctx, -EINVAL,
			"binds[%u].buffer: one of this VM expected, or an exportable one of "
			"this device; got one of another",
			index);
	if (length > buffer->size || bind->offset > buffer->size - length)
		return lib_fail(ctx, -EINVAL,
				"binds[%u]: pages of a buffer of %#llx bytes expected, got %#llx "
				"bytes at offset %#llx",
				index, (unsigned long long)buffer->size, (unsigned long long)length,
				(unsigned long long)bind->offset);
	if (buffer->read_only && (bind->flags & AGX_BIND_WRITE))
		return lib_fail(ctx, -EINVAL,
				"binds[%u].flags: no AGX_BIND_WRITE expected of a read-only buffer",
				index);
	return 0;
}

/* With the lock held: whose the addresses are may change otherwise. */
static int check(const struct agx_vm *vm, unsigned int index, const struct agx_bind *bind)
{
	struct agx_context *ctx = vm->device->ctx;
	uint64_t end;

	if (bind->op != AGX_BIND_MAP && bind->op != AGX_BIND_UNMAP && bind->op != AGX_BIND_REPEAT)
		return lib_fail(ctx, -EINVAL, "binds[%u].op: MAP, UNMAP or REPEAT expected, got %u",
				index, (unsigned int)bind->op);
	if (bind->flags & ~(AGX_BIND_READ | AGX_BIND_WRITE))
		return lib_fail(ctx, -EINVAL,
				"binds[%u].flags: AGX_BIND_READ, AGX_BIND_WRITE expected, got %#x",
				index, bind->flags);
	if ((bind->address | bind->size | bind->offset) & LIB_PAGE_MASK)
		return lib_fail(ctx, -EINVAL,
				"binds[%u]: multiples of 16384 expected, got address %#llx, size "
				"%#llx, offset %#llx",
				index, (unsigned long long)bind->address,
				(unsigned long long)bind->size, (unsigned long long)bind->offset);
	if (!bind->size || __builtin_add_overflow(bind->address, bind->size, &end) ||
	    !lib_va_bindable(&vm->va, bind->address, end))
		return lib_fail(
			ctx, -EINVAL,
			"binds[%u]: addresses expected that are reserved or a buffer's, got "
			"%#llx bytes at %#llx",
			index, (unsigned long long)bind->size, (unsigned long long)bind->address);
	if (bind->op != AGX_BIND_UNMAP)
		return check_memory(vm, index, bind);
	if (bind->buffer || bind->offset || bind->flags)
		return lib_fail(
			ctx, -EINVAL,
			"binds[%u]: UNMAP takes no buffer, offset and flags: zeros expected",
			index);
	return 0;
}

static struct drm_asahi_gem_bind_op operation(const struct agx_bind *bind)
{
	struct drm_asahi_gem_bind_op op = {.range = bind->size, .addr = bind->address};

	if (bind->op == AGX_BIND_UNMAP) {
		op.flags = DRM_ASAHI_BIND_UNBIND;
		return op;
	}
	op.handle = bind->buffer->handle;
	op.offset = bind->offset;
	if (!bind->flags || (bind->flags & AGX_BIND_READ))
		op.flags |= DRM_ASAHI_BIND_READ;
	if (bind->flags ? bind->flags & AGX_BIND_WRITE : !bind->buffer->read_only)
		op.flags |= DRM_ASAHI_BIND_WRITE;
	if (bind->op == AGX_BIND_REPEAT)
		op.flags |= DRM_ASAHI_BIND_SINGLE_PAGE;
	return op;
}

/* Binds what is written down of [start, end), piece by piece; with the gaps unbound. */
static int restore_range(struct agx_vm *vm, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct lib_bound *bound =
			(const struct lib_bound *)lib_ranges_from(&vm->bound, start);
		struct drm_asahi_gem_bind_op op = {.addr = start};
		uint64_t stop = end;
		int ret;

		if (bound && bound->range.start <= start) {
			stop = bound->range.end;
			op.flags = bound->flags;
			op.handle = bound->buffer->handle;
			op.offset = offset_at(bound, start);
		} else {
			op.flags = DRM_ASAHI_BIND_UNBIND;
			if (bound)
				stop = bound->range.start;
		}
		if (stop > end)
			stop = end;
		op.range = stop - start;
		ret = vm_bind(vm, &op, 1);
		if (ret < 0)
			return ret;
		start = stop;
	}
	return 0;
}

/*
 * After a failure some of the operations have taken effect, or none; and the kernel may have taken
 * away what was where the one that failed was to go. All is put back as it was.
 */
static int restore(struct agx_vm *vm, const struct agx_bind *binds, unsigned int count)
{
	int ret = 0;

	for (unsigned int i = 0; i < count && !ret; i++)
		ret = restore_range(vm, binds[i].address, binds[i].address + binds[i].size);
	return ret;
}

/*
 * It could not be put back: both what was bound there and what was to be stays until the VM ends,
 * or an unbinding takes effect. There is room for count more.
 */
static void keep_all(struct agx_vm *vm, const struct agx_bind *binds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!binds[i].buffer)
			continue;
		lib_buffer_pin(binds[i].buffer);
		vm->stuck[vm->stuck_count++] = binds[i].buffer;
	}
	lib_log(vm->device->ctx, AGX_LOG_ERROR,
		"%s: VM_BIND failed within %u operations, and could not be taken back: their "
		"buffers are kept until VM %u ends",
		vm->device->name, count, vm->id);
	vm->unsure = true;
}

static int make_room(struct agx_vm *vm, unsigned int count)
{
	struct agx_buffer **stuck;

	stuck = reallocarray(vm->stuck, vm->stuck_count + count, sizeof(struct agx_buffer *));
	if (!stuck)
		return -ENOMEM;
	vm->stuck = stuck;
	return 0;
}

static int bind_locked(struct agx_vm *vm, const struct agx_bind *binds,
		       struct drm_asahi_gem_bind_op *ops, unsigned int count)
{
	struct agx_context *ctx = vm->device->ctx;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = check(vm, i, &binds[i]);
		if (ret)
			return ret;
		ops[i] = operation(&binds[i]);
	}
	ret = ensure_spares(vm, 2 * (size_t)count);
	if (!ret)
		ret = make_room(vm, count);
	if (ret)
		return lib_fail(ctx, ret, "bind: no memory for %u operations", count);
	ret = vm_bind(vm, ops, count);
	if (ret < 0) {
		const int undo = restore(vm, binds, count);

		if (undo)
			keep_all(vm, binds, count);
		return lib_fail(
			ctx, ret, "bind: VM_BIND of %u operations: %s; %s", count, lib_reason(ret),
			undo ? "what is bound there now is not known" : "nothing has changed");
	}
	for (i = 0; i < count; i++) {
		const uint64_t end = binds[i].address + binds[i].size;

		forget(vm, binds[i].address, end);
		if (binds[i].op != AGX_BIND_UNMAP)
			add(vm, binds[i].address, end, binds[i].buffer, ops[i].offset,
			    ops[i].flags);
	}
	return 0;
}

int agx_vm_bind(struct agx_vm *vm, const struct agx_bind *binds, unsigned int count)
{
	struct drm_asahi_gem_bind_op few[FEW], *ops = few;
	int ret;

	if (!count)
		return 0;
	if (count > FEW) {
		ops = calloc(count, sizeof(*ops));
		if (!ops)
			return lib_fail(vm->device->ctx, -ENOMEM,
					"bind: no memory for %u operations", count);
	}
	pthread_mutex_lock(&vm->lock);
	ret = bind_locked(vm, binds, ops, count);
	pthread_mutex_unlock(&vm->lock);
	if (ops != few)
		free(ops);
	return ret;
}
