// SPDX-License-Identifier: MIT
/*
 * VM_BIND on the node, against an array of pages. The input is operations of 8 bytes: what, VM,
 * object, where, how many, offset, flags, pages of an object. After every operation the page
 * tables, walked as the GPU walks them, hold what the array says of each page, and the node's
 * books agree.
 *
 * Everything that may fail is tried as well: binds over the ends of objects, into the driver's
 * window, of closed handles. What the array expects of those is the errno of a plain reading of
 * the uAPI.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_node.h"
#include "asahi_drm.h"
#include "mapping.h"
#include "ram.h"
#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE      0x4000ull
#define VMS       3u
#define OBJECTS   6u
#define WINDOWS   3u
#define PAGES     96u
#define MAX_PAGES 48u /* of an object */
#define MAX_OPS   400u

#define KERNEL_START 0x2001000000ull
#define KERNEL_END   (KERNEL_START + 0x20000000ull)

/* Around ends of tables of levels 3 and 2, and up to the driver's window. */
static const uint64_t windows[WINDOWS] = {
	0x2000000ull - PAGES / 2 * PAGE,
	0x1000000000ull - PAGES / 2 * PAGE,
	KERNEL_START - PAGES *PAGE,
};

struct page {
	uint32_t bo; /* number of the object + 1; 0: nothing */
	uint64_t offset;
	uint32_t flags;
};

struct fuzz {
	struct agx_node *node;
	struct agx_file *file;
	uint32_t vms[VMS], handles[OBJECTS]; /* 0: none */
	uint32_t sizes[OBJECTS];             /* pages */
	uint32_t private[OBJECTS];           /* number of the object's VM + 1 */
	struct page pages[VMS][WINDOWS][PAGES];
	unsigned int vm, mapped;
};

static void fail(const char *what, uint64_t value)
{
	fprintf(stderr, "fuzz_vm_bind: %s: 0x%llx\n", what, (unsigned long long)value);
	abort();
}

static long call(struct fuzz *fuzz, unsigned long request, void *arg)
{
	return agx_file_ioctl(fuzz->file, request, (uintptr_t)arg);
}

static bool check_page(void *cookie, uint64_t va, uint64_t entry)
{
	struct fuzz *fuzz = cookie;
	unsigned int i;

	for (i = 0; i < WINDOWS; i++) {
		const struct page *page;
		const struct agx_bo *bo;
		bool uncertain;

		if (va < windows[i] || va - windows[i] >= PAGES * PAGE)
			continue;
		page = &fuzz->pages[fuzz->vm][i][(va - windows[i]) / PAGE];
		if (!page->bo)
			fail("a page is mapped that is not", va);
		bo = agx_bo_lookup(fuzz->file, fuzz->handles[page->bo - 1]);
		if ((entry & AGX_UAT_ADDRESS) != AGX_RAM_BASE + bo->ram + page->offset)
			fail("a page is mapped to another", va);
		if (agx_walk_rights(entry, AGX_WALK_GPU, &uncertain) != vm_walk_rights(page->flags))
			fail("a page has other rights", va);
		fuzz->mapped++;
		return true;
	}
	fail("a page is mapped where none can be", va);
	return false;
}

static void check(struct fuzz *fuzz)
{
	for (fuzz->vm = 0; fuzz->vm < VMS; fuzz->vm++) {
		const struct agx_vm *vm = agx_idr_find(&fuzz->file->vms, fuzz->vms[fuzz->vm]);
		unsigned int i, j, expected = 0;
		struct vm_walk walk;

		if (!fuzz->vms[fuzz->vm])
			continue;
		fuzz->mapped = 0;
		vm_walk_init(&walk, vm);
		vm_walk_all(&walk, check_page, fuzz);
		for (i = 0; i < WINDOWS; i++)
			for (j = 0; j < PAGES; j++)
				expected += !!fuzz->pages[fuzz->vm][i][j].bo;
		if (fuzz->mapped != expected)
			fail("pages are missing", expected - fuzz->mapped);
		if (!vm_walk_agrees(vm))
			fail("the node's books say something else", fuzz->vm);
	}
}

/* The array's part of unmapping. */
static void forget(struct fuzz *fuzz, unsigned int vm, uint32_t bo)
{
	unsigned int i, j;

	for (i = 0; i < WINDOWS; i++)
		for (j = 0; j < PAGES; j++)
			if (!bo || fuzz->pages[vm][i][j].bo == bo)
				fuzz->pages[vm][i][j] = (struct page){0};
}

static void toggle_vm(struct fuzz *fuzz, unsigned int vm)
{
	struct drm_asahi_vm_create create = {.kernel_start = KERNEL_START,
					     .kernel_end = KERNEL_END};
	struct drm_asahi_vm_destroy destroy = {.vm_id = fuzz->vms[vm]};
	unsigned int i;

	if (!fuzz->vms[vm]) {
		if (call(fuzz, DRM_IOCTL_ASAHI_VM_CREATE, &create))
			fail("no VM", vm);
		fuzz->vms[vm] = create.vm_id;
		return;
	}
	if (call(fuzz, DRM_IOCTL_ASAHI_VM_DESTROY, &destroy))
		fail("a VM stays", vm);
	fuzz->vms[vm] = 0;
	forget(fuzz, vm, 0);
	/* Objects that were private to it can be bound nowhere any more. */
	for (i = 0; i < OBJECTS; i++)
		if (fuzz->private[i] == vm + 1)
			fuzz->private[i] = UINT32_MAX;
}

static void toggle_object(struct fuzz *fuzz, unsigned int object, const uint8_t *op)
{
	struct drm_asahi_gem_create create = {.size = (op[7] % MAX_PAGES + 1) * PAGE};
	struct drm_gem_close close = {.handle = fuzz->handles[object]};
	unsigned int vm = op[1] % VMS, i;

	if (fuzz->handles[object]) {
		if (call(fuzz, DRM_IOCTL_GEM_CLOSE, &close))
			fail("an object stays", object);
		fuzz->handles[object] = 0;
		for (i = 0; i < VMS; i++)
			forget(fuzz, i, object + 1);
		return;
	}
	if (op[6] & 1 && fuzz->vms[vm]) {
		create.flags = DRM_ASAHI_GEM_VM_PRIVATE;
		create.vm_id = fuzz->vms[vm];
	}
	if (call(fuzz, DRM_IOCTL_ASAHI_GEM_CREATE, &create))
		fail("no object", object);
	fuzz->handles[object] = create.handle;
	fuzz->sizes[object] = (uint32_t)(create.size / PAGE);
	fuzz->private[object] = create.vm_id ? vm + 1 : 0;
}

/* What a bind has to say, in the order of the uAPI's rules. */
static int verdict(const struct fuzz *fuzz, const struct drm_asahi_gem_bind_op *op, unsigned int vm,
		   unsigned int object)
{
	uint64_t pages = op->flags & DRM_ASAHI_BIND_SINGLE_PAGE ? 1 : op->range / PAGE;

	if (!(op->flags & DRM_ASAHI_BIND_UNBIND)) {
		if (!op->handle)
			return -ENOENT;
		if (op->offset / PAGE + pages > fuzz->sizes[object])
			return -EINVAL;
		if (!(op->flags & (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)))
			return -EINVAL;
	}
	if (!fuzz->vms[vm])
		return -ENOENT;
	if (op->addr < KERNEL_END && op->addr + op->range > KERNEL_START)
		return -EINVAL;
	if (op->flags & DRM_ASAHI_BIND_UNBIND)
		return 0;
	if (!op->range || (fuzz->private[object] && fuzz->private[object] != vm + 1))
		return -EINVAL;
	return 0;
}

static void bind(struct fuzz *fuzz, unsigned int vm, unsigned int object, const uint8_t *op,
		 bool unbind)
{
	unsigned int window = op[3] / PAGES % WINDOWS, first = op[3] % PAGES;
	unsigned int count = op[4] % (PAGES - first + 1), i;
	struct drm_asahi_gem_bind_op bind_op = {
		.flags = unbind ? DRM_ASAHI_BIND_UNBIND : (op[6] % 8u) << 1,
		.handle = unbind ? 0 : fuzz->handles[object],
		.offset = unbind ? 0 : op[5] % (MAX_PAGES + 2) * PAGE,
		.range = count * PAGE,
		.addr = windows[window] + first * PAGE,
	};
	struct drm_asahi_vm_bind args = {
		.vm_id = fuzz->vms[vm],
		.num_binds = 1,
		.stride = sizeof(bind_op),
		.userptr = (uintptr_t)&bind_op,
	};
	int expected;
	long ret;

	/* Sometimes over the start of the driver's window. */
	if (window == WINDOWS - 1 && op[7] > 250)
		bind_op.range += PAGES * PAGE;
	expected = verdict(fuzz, &bind_op, vm, object);
	ret = call(fuzz, DRM_IOCTL_ASAHI_VM_BIND, &args);
	if (ret != expected)
		fail("another errno", (uint64_t)-ret);
	for (i = 0; !ret && i < count; i++)
		fuzz->pages[vm][window][first + i] =
			unbind ? (struct page){0}
			       : (struct page){
					 .bo = object + 1,
					 .offset = bind_op.offset +
						   (bind_op.flags & DRM_ASAHI_BIND_SINGLE_PAGE
							    ? 0
							    : i * PAGE),
					 .flags = bind_op.flags,
				 };
}

static void run_op(struct fuzz *fuzz, const uint8_t *op)
{
	unsigned int vm = op[1] % VMS, object = op[2] % OBJECTS;

	switch (op[0] % 16) {
	case 0:
		toggle_vm(fuzz, vm);
		break;
	case 1:
	case 2:
		toggle_object(fuzz, object, op);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		bind(fuzz, vm, object, op, true);
		break;
	default:
		bind(fuzz, vm, object, op, false);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agx_node_config config = {.memory_limit = 64 << 20, .single_step = true};
	static struct fuzz fuzz;
	struct agx_node_stats stats;
	unsigned int ops;

	memset(&fuzz, 0, sizeof(fuzz));
	if (agx_node_create(&config, &fuzz.node) || agx_file_open(fuzz.node, &fuzz.file))
		abort();
	for (ops = 0; size >= 8 && ops < MAX_OPS; ops++, data += 8, size -= 8) {
		run_op(&fuzz, data);
		check(&fuzz);
	}
	agx_file_put(fuzz.file);
	agx_node_stats(fuzz.node, &stats);
	if (stats.live_bos || stats.live_vms || stats.live_bytes)
		fail("something is left", stats.live_bos);
	agx_node_destroy(fuzz.node);
	return 0;
}
