// SPDX-License-Identifier: MIT
#include "faulty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <drm.h>

#include "vm_internal.h"

static struct faulty_page *find(const struct faulty *f, uint32_t vm, uint64_t address)
{
	for (unsigned int i = 0; i < f->page_count; i++)
		if (f->pages[i].vm == vm && f->pages[i].address == address)
			return (struct faulty_page *)&f->pages[i];
	return NULL;
}

static void remove_page(struct faulty *f, struct faulty_page *page)
{
	*page = f->pages[--f->page_count];
}

/* False: there was nothing to unbind. */
static bool note_op(struct faulty *f, uint32_t vm, const struct drm_asahi_gem_bind_op *op)
{
	unsigned int removed = 0;

	for (uint64_t at = 0; at < op->range; at += AGX_PAGE_SIZE) {
		struct faulty_page *page = find(f, vm, op->addr + at);

		if (page) {
			remove_page(f, page);
			removed++;
		}
		if (op->flags & DRM_ASAHI_BIND_UNBIND)
			continue;
		if (f->page_count == FAULTY_PAGES)
			abort();
		f->pages[f->page_count++] = (struct faulty_page){
			.vm = vm,
			.address = op->addr + at,
			.handle = op->handle,
			.offset = op->flags & DRM_ASAHI_BIND_SINGLE_PAGE ? op->offset
									 : op->offset + at,
		};
	}
	return removed || !(op->flags & DRM_ASAHI_BIND_UNBIND);
}

static void note_binds(struct faulty *f, const struct drm_asahi_vm_bind *args)
{
	const struct drm_asahi_gem_bind_op *ops = (const void *)(uintptr_t)args->userptr;

	for (uint32_t i = 0; i < args->num_binds; i++)
		if (!note_op(f, args->vm_id, &ops[i]) && args->num_binds == 1)
			f->unbound_nothing++;
}

static void note(struct faulty *f, enum faulty_kind kind, uint32_t id, bool live)
{
	if (id >= FAULTY_IDS)
		abort();
	f->live[kind][id] = live;
}

static void note_close(struct faulty *f, uint32_t handle)
{
	note(f, FAULTY_GEM, handle, false);
	for (unsigned int i = 0; i < f->page_count; i++)
		f->closed_bound += f->pages[i].handle == handle;
}

static void note_object(struct faulty *f, const struct drm_asahi_gem_bind_object *args)
{
	note(f, FAULTY_OBJECT, args->object_handle, args->op == DRM_ASAHI_BIND_OBJECT_OP_BIND);
}

static void note_vm_destroy(struct faulty *f, uint32_t id)
{
	note(f, FAULTY_VM, id, false);
	for (unsigned int i = f->page_count; i-- > 0;)
		if (f->pages[i].vm == id)
			remove_page(f, &f->pages[i]);
}

/* A call that went well. */
static void note_call(struct faulty *f, unsigned long request, const void *arg)
{
	const struct drm_syncobj_handle *handle = arg;

	switch (request) {
	case DRM_IOCTL_ASAHI_GEM_CREATE:
		note(f, FAULTY_GEM, ((const struct drm_asahi_gem_create *)arg)->handle, true);
		break;
	case DRM_IOCTL_PRIME_FD_TO_HANDLE:
		note(f, FAULTY_GEM, ((const struct drm_prime_handle *)arg)->handle, true);
		break;
	case DRM_IOCTL_GEM_CLOSE:
		note_close(f, ((const struct drm_gem_close *)arg)->handle);
		break;
	case DRM_IOCTL_SYNCOBJ_CREATE:
		note(f, FAULTY_SYNCOBJ, ((const struct drm_syncobj_create *)arg)->handle, true);
		break;
	case DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE:
		if (!(handle->flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE))
			note(f, FAULTY_SYNCOBJ, handle->handle, true);
		break;
	case DRM_IOCTL_SYNCOBJ_DESTROY:
		note(f, FAULTY_SYNCOBJ, ((const struct drm_syncobj_destroy *)arg)->handle, false);
		break;
	case DRM_IOCTL_ASAHI_VM_CREATE:
		note(f, FAULTY_VM, ((const struct drm_asahi_vm_create *)arg)->vm_id, true);
		break;
	case DRM_IOCTL_ASAHI_VM_DESTROY:
		note_vm_destroy(f, ((const struct drm_asahi_vm_destroy *)arg)->vm_id);
		break;
	case DRM_IOCTL_ASAHI_QUEUE_CREATE:
		note(f, FAULTY_QUEUE, ((const struct drm_asahi_queue_create *)arg)->queue_id, true);
		break;
	case DRM_IOCTL_ASAHI_QUEUE_DESTROY:
		note(f, FAULTY_QUEUE, ((const struct drm_asahi_queue_destroy *)arg)->queue_id,
		     false);
		break;
	case DRM_IOCTL_ASAHI_GEM_BIND_OBJECT:
		note_object(f, arg);
		break;
	case DRM_IOCTL_ASAHI_VM_BIND:
		note_binds(f, arg);
		break;
	default:
		break;
	}
}

static bool counts(const struct faulty *f, unsigned long request)
{
	switch (f->whose) {
	case FAULTY_BINDS:
		return request == DRM_IOCTL_ASAHI_VM_BIND;
	case FAULTY_ASAHI:
		return request == DRM_IOCTL_ASAHI_VM_CREATE ||
		       request == DRM_IOCTL_ASAHI_QUEUE_CREATE ||
		       request == DRM_IOCTL_ASAHI_SUBMIT || request == DRM_IOCTL_ASAHI_GET_TIME ||
		       request == DRM_IOCTL_ASAHI_GEM_BIND_OBJECT;
	default:
		return true;
	}
}

static bool fails(struct faulty *f, unsigned long request)
{
	if (!counts(f, request))
		return false;
	f->calls++;
	if (f->calls != f->second && !(f->interrupts && f->calls & 1) &&
	    (!f->first || f->calls < f->first || (f->count && f->calls - f->first >= f->count)))
		return false;
	if (!f->failed++)
		f->request = request;
	return true;
}

static long pass(struct faulty *f, unsigned long request, void *arg)
{
	const long ret = f->inner->ops->ioctl(f->inner, request, arg);

	if (ret >= 0)
		note_call(f, request, arg);
	return ret;
}

/* A part of it takes effect. */
static void fail_bind(struct faulty *f, const struct drm_asahi_vm_bind *args)
{
	const struct drm_asahi_gem_bind_op *ops = (const void *)(uintptr_t)args->userptr;
	const uint32_t count = f->carried_out < args->num_binds ? f->carried_out : args->num_binds;
	struct drm_asahi_vm_bind part = *args;

	part.num_binds = count;
	if (count)
		pass(f, DRM_IOCTL_ASAHI_VM_BIND, &part);
	if (f->empties && count < args->num_binds) {
		const struct drm_asahi_gem_bind_op op = {
			.flags = DRM_ASAHI_BIND_UNBIND,
			.range = ops[count].range,
			.addr = ops[count].addr,
		};

		part.num_binds = 1;
		part.userptr = (uintptr_t)&op;
		pass(f, DRM_IOCTL_ASAHI_VM_BIND, &part);
	}
}

static long faulty_ioctl(struct agx_backend *backend, unsigned long request, void *arg)
{
	struct faulty *f = (struct faulty *)backend;

	if (!fails(f, request))
		return pass(f, request, arg);
	if (request == DRM_IOCTL_ASAHI_VM_BIND && f->calls != f->second)
		fail_bind(f, arg);
	return f->error;
}

static int faulty_map(struct agx_backend *backend, uint64_t offset, size_t size, void **map)
{
	struct faulty *f = (struct faulty *)backend;

	/* mmap() is not interrupted. */
	if (f->error != -EINTR && f->error != -EAGAIN && fails(f, 0))
		return f->error;
	return f->inner->ops->map(f->inner, offset, size, map);
}

static void faulty_unmap(struct agx_backend *backend, void *map, size_t size)
{
	struct faulty *f = (struct faulty *)backend;

	f->inner->ops->unmap(f->inner, map, size);
}

static long faulty_fd_ioctl(struct agx_backend *backend, int fd, unsigned long request, void *arg)
{
	struct faulty *f = (struct faulty *)backend;

	if (fails(f, request))
		return f->error;
	return f->inner->ops->fd_ioctl(f->inner, fd, request, arg);
}

static void faulty_close_fd(struct agx_backend *backend, int fd)
{
	struct faulty *f = (struct faulty *)backend;

	f->inner->ops->close_fd(f->inner, fd);
}

static void faulty_destroy(struct agx_backend *backend)
{
	struct faulty *f = (struct faulty *)backend;

	f->inner->ops->destroy(f->inner);
}

static const struct agx_backend_ops ops = {
	.ioctl = faulty_ioctl,
	.map = faulty_map,
	.unmap = faulty_unmap,
	.fd_ioctl = faulty_fd_ioctl,
	.close_fd = faulty_close_fd,
	.destroy = faulty_destroy,
};

void faulty_install(struct faulty *f, struct agx_device *device)
{
	f->base = (struct agx_backend){.ops = &ops, .fd = device->backend->fd};
	f->inner = device->backend;
	device->backend = &f->base;
}

void faulty_fail(struct faulty *f, enum faulty_whose whose, unsigned int first, unsigned int count,
		 int error)
{
	f->whose = whose;
	f->calls = 0;
	f->first = first;
	f->count = count;
	f->error = error;
	f->failed = 0;
	f->request = 0;
}

unsigned int faulty_live(const struct faulty *f)
{
	unsigned int live = f->page_count;

	for (unsigned int kind = 0; kind < FAULTY_KINDS; kind++)
		for (unsigned int id = 0; id < FAULTY_IDS; id++)
			live += f->live[kind][id];
	return live;
}

unsigned int faulty_bound(const struct faulty *f, const struct agx_vm *vm, uint64_t start,
			  uint64_t end)
{
	unsigned int bound = 0;

	for (unsigned int i = 0; i < f->page_count; i++)
		bound += f->pages[i].vm == vm->id && f->pages[i].address >= start &&
			 f->pages[i].address < end;
	return bound;
}

bool faulty_ends(unsigned long request)
{
	return request == DRM_IOCTL_GEM_CLOSE || request == DRM_IOCTL_SYNCOBJ_DESTROY ||
	       request == DRM_IOCTL_ASAHI_VM_DESTROY || request == DRM_IOCTL_ASAHI_QUEUE_DESTROY ||
	       request == DRM_IOCTL_ASAHI_GEM_BIND_OBJECT;
}

static int check_page(const struct faulty_page *page, struct agx_vm *vm)
{
	const struct lib_bound *bound =
		(const struct lib_bound *)lib_ranges_from(&vm->bound, page->address);
	uint64_t offset;

	if (!bound || bound->range.start > page->address) {
		fprintf(stderr, "%#llx: handle %u is bound, and the library does not know\n",
			(unsigned long long)page->address, page->handle);
		return -1;
	}
	offset = bound->offset;
	if (!(bound->flags & DRM_ASAHI_BIND_SINGLE_PAGE))
		offset += page->address - bound->range.start;
	if (bound->buffer->handle == page->handle && offset == page->offset)
		return 0;
	fprintf(stderr, "%#llx: handle %u at %#llx is bound, the library thinks %u at %#llx\n",
		(unsigned long long)page->address, page->handle, (unsigned long long)page->offset,
		bound->buffer->handle, (unsigned long long)offset);
	return -1;
}

int faulty_agrees(const struct faulty *f, struct agx_vm *vm)
{
	const struct lib_range *range;
	uint64_t pages = 0, known = 0;

	for (unsigned int i = 0; i < f->page_count; i++) {
		if (f->pages[i].vm != vm->id)
			continue;
		pages++;
		if (check_page(&f->pages[i], vm))
			return -1;
		if (lib_va_alloc_at(&vm->va, f->pages[i].address, AGX_PAGE_SIZE, LIB_VA_CALLER) !=
		    -EBUSY) {
			fprintf(stderr, "%#llx: it is bound, and nobody has the address\n",
				(unsigned long long)f->pages[i].address);
			return -1;
		}
	}
	for (range = lib_ranges_from(&vm->bound, 0); range;
	     range = lib_ranges_from(&vm->bound, range->end)) {
		const struct lib_bound *bound = (const struct lib_bound *)range;

		known += (range->end - range->start) / AGX_PAGE_SIZE;
		if (!f->live[FAULTY_GEM][bound->buffer->handle]) {
			fprintf(stderr,
				"%#llx: handle %u is closed, and the library has it bound\n",
				(unsigned long long)range->start, bound->buffer->handle);
			return -1;
		}
	}
	if (known == pages)
		return 0;
	fprintf(stderr, "%llu pages are bound, the library thinks %llu\n",
		(unsigned long long)pages, (unsigned long long)known);
	return -1;
}
