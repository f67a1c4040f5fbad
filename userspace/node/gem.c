// SPDX-License-Identifier: MIT
/*
 * Buffer objects: memory, handles, the way to an mmap().
 *
 * A BO is a range of the node's RAM. Its fake mmap offset is that range's place plus a constant,
 * so offsets are unique and finding a BO by its offset is a look-up in the RAM's page records.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agx_args.h"
#include "host.h"
#include "node_internal.h"
#include "ram.h"
#include "resv.h"

/* Where drm_vma_manager starts, and above what a 32-bit mmap() reaches by accident. */
#define MMAP_OFFSET_BASE 0x100000000ull

int agx_bo_create(struct agx_node *node, uint64_t size, uint32_t flags, struct agx_bo **out)
{
	struct agx_bo *bo = calloc(1, sizeof(*bo));
	int64_t ram;

	if (!bo)
		return -ENOMEM;
	ram = agx_ram_alloc(node->ram, size, bo);
	if (ram < 0) {
		free(bo);
		return (int)ram;
	}
	bo->node = node;
	atomic_init(&bo->refs, 1);
	bo->size = size;
	bo->flags = flags;
	bo->ram = (uint64_t)ram;
	bo->fd = -1;
	list_init(&bo->mappings);
	list_init(&bo->dmabuf_link);

	node->stats.live_bos++;
	node->stats.live_bytes += size;
	if (node->stats.live_bytes > node->stats.peak_bytes)
		node->stats.peak_bytes = node->stats.live_bytes;
	*out = bo;
	return 0;
}

static void free_bo(struct agx_bo *bo)
{
	struct agx_node *node = bo->node;

	agx_resv_destroy(bo->resv);
	if (bo->fd >= 0) {
		list_del(&bo->dmabuf_link);
		if (agx_dmabuf_is_open(bo))
			host_close(bo->fd);
	}
	agx_ram_free(node->ram, bo->ram, bo->touched);
	agx_node_vm_put(bo->vm);
	node->stats.live_bos--;
	node->stats.live_bytes -= bo->size;
	free(bo);
}

struct agx_bo *agx_bo_get(struct agx_bo *bo)
{
	atomic_fetch_add_explicit(&bo->refs, 1, memory_order_relaxed);
	return bo;
}

struct agx_bo *agx_bo_get_unless_zero(struct agx_bo *bo)
{
	unsigned int refs = atomic_load_explicit(&bo->refs, memory_order_relaxed);

	while (refs)
		if (atomic_compare_exchange_weak_explicit(
			    &bo->refs, &refs, refs + 1, memory_order_relaxed, memory_order_relaxed))
			return bo;
	return NULL;
}

void agx_bo_put_locked(struct agx_bo *bo)
{
	if (bo && atomic_fetch_sub_explicit(&bo->refs, 1, memory_order_acq_rel) == 1)
		free_bo(bo);
}

void agx_bo_put(struct agx_bo *bo)
{
	struct agx_node *node;
	bool last;

	if (!bo)
		return;
	node = bo->node;
	if (atomic_fetch_sub_explicit(&bo->refs, 1, memory_order_acq_rel) != 1)
		return;
	agx_node_lock(node);
	free_bo(bo);
	last = node->destroyed && !node->stats.live_bos;
	agx_node_unlock(node);
	if (last)
		agx_node_free(node);
}

struct agx_bo *agx_bo_lookup(struct agx_file *file, uint32_t handle)
{
	struct agx_bo_handle *entry = agx_idr_find(&file->handles, handle);

	return entry ? entry->bo : NULL;
}

uint32_t agx_bo_find_handle(const struct agx_bo *bo, const struct agx_file *file)
{
	const struct agx_bo_handle *entry;

	if (bo->first.file == file)
		return bo->first.handle;
	for (entry = bo->more; entry; entry = entry->next)
		if (entry->file == file)
			return entry->handle;
	return 0;
}

int agx_bo_add_handle(struct agx_bo *bo, struct agx_file *file)
{
	struct agx_bo_handle *entry = &bo->first;
	int handle;

	if (entry->file) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
	}
	handle = agx_idr_alloc(&file->handles, entry);
	if (handle < 0) {
		if (entry != &bo->first)
			free(entry);
		return handle;
	}
	entry->file = file;
	entry->bo = agx_bo_get(bo);
	entry->handle = (uint32_t)handle;
	if (entry != &bo->first) {
		entry->next = bo->more;
		bo->more = entry;
	}
	return handle;
}

int agx_bo_close_handle(struct agx_file *file, uint32_t handle)
{
	struct agx_bo_handle *entry = agx_idr_remove(&file->handles, handle);
	struct agx_bo_handle **link;
	struct agx_bo *bo;

	if (!entry)
		return -EINVAL;
	bo = entry->bo;
	agx_vm_unbind_bo(file, bo);
	if (entry == &bo->first) {
		memset(entry, 0, sizeof(*entry));
	} else {
		for (link = &bo->more; *link != entry; link = &(*link)->next)
			;
		*link = entry->next;
		free(entry);
	}
	agx_bo_put_locked(bo);
	return 0;
}

long agx_ioctl_gem_create(struct agx_file *file, void *arg)
{
	struct agx_node *node = file->node;
	struct drm_asahi_gem_create *args = arg;
	struct agx_vm *vm = NULL;
	struct agx_reject why;
	struct agx_bo *bo;
	uint64_t size;
	int err, handle;

	err = agx_check_gem_create(args, &why);
	if (!err && args->flags & DRM_ASAHI_GEM_VM_PRIVATE) {
		vm = agx_idr_find(&file->vms, args->vm_id);
		if (!vm)
			err = agx_reject(&why, -ENOENT, "vm_id", "a VM of this file", args->vm_id);
	}
	if (!err)
		err = agx_check_gem_size(args, &size, &why);
	if (err)
		return agx_log_reject(node, "ASAHI_GEM_CREATE", err, &why);

	err = agx_bo_create(node, size, args->flags, &bo);
	if (err) {
		agx_reject(&why, err, "size", "free memory", size);
		return agx_log_reject(node, "ASAHI_GEM_CREATE", err, &why);
	}
	bo->vm = agx_node_vm_get(vm);
	handle = agx_bo_add_handle(bo, file);
	agx_bo_put_locked(bo);
	if (handle < 0)
		return handle;
	args->handle = (uint32_t)handle;
	return 0;
}

long agx_ioctl_gem_mmap_offset(struct agx_file *file, void *arg)
{
	struct drm_asahi_gem_mmap_offset *args = arg;
	struct agx_reject why;
	struct agx_bo *bo = NULL;
	int err = agx_check_gem_mmap_offset(args, &why);

	if (!err) {
		bo = agx_bo_lookup(file, args->handle);
		if (!bo)
			err = agx_reject(&why, -ENOENT, "handle", "a GEM handle", args->handle);
	}
	if (err)
		return agx_log_reject(file->node, "ASAHI_GEM_MMAP_OFFSET", err, &why);
	args->offset = MMAP_OFFSET_BASE + bo->ram;
	return 0;
}

long agx_ioctl_gem_close(struct agx_file *file, void *arg)
{
	const struct drm_gem_close *args = arg;
	int err = agx_bo_close_handle(file, args->handle);

	if (err) {
		struct agx_reject why;

		agx_reject(&why, err, "handle", "a GEM handle", args->handle);
		return agx_log_reject(file->node, "GEM_CLOSE", err, &why);
	}
	return 0;
}

static int map_bo(struct agx_file *file, uint64_t offset, uint64_t size, struct agx_mmap *map)
{
	struct agx_node *node = file->node;
	struct agx_bo *bo;
	int fd, err;

	bo = offset < MMAP_OFFSET_BASE ? NULL : agx_ram_owner(node->ram, offset - MMAP_OFFSET_BASE);
	if (!bo)
		return -EINVAL;
	if (!agx_bo_find_handle(bo, file))
		return -EACCES;
	if (!size || size > bo->size)
		return -EINVAL;

	/*
	 * Whoever maps a shareable BO may export it later and expects to see what others write,
	 * so from here on it has to be the file that gets exported. Where nobody else is, the
	 * mapping is agx_bo_memory(), which an export leaves where it is.
	 */
	if (!(bo->flags & DRM_ASAHI_GEM_VM_PRIVATE) && (!node->config.alone || bo->fd >= 0)) {
		err = agx_bo_make_dmabuf(bo);
		if (err)
			return err;
		if (!agx_dmabuf_is_open(bo))
			return -EBADF;
		map->fd = bo->fd;
		map->offset = 0;
	} else {
		fd = agx_ram_fd(node->ram, bo->ram);
		if (fd < 0)
			return fd;
		map->fd = fd;
		map->offset = bo->ram;
	}
	bo->touched = true;
	map->bo = agx_bo_get(bo);
	return 0;
}

int agx_file_mmap(struct agx_file *file, uint64_t offset, uint64_t size, struct agx_mmap *map)
{
	int err;

	agx_node_lock(file->node);
	err = map_bo(file, offset, size, map);
	if (err)
		agx_node_log(file->node, AGX_NODE_LOG_DEBUG, "mmap: offset %#llx, %llu bytes: %s",
			     (unsigned long long)offset, (unsigned long long)size, strerror(-err));
	agx_node_unlock(file->node);
	return err;
}

void *agx_bo_memory(struct agx_bo *bo)
{
	return agx_ram_pointer(bo->node->ram, bo->ram);
}
