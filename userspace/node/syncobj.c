// SPDX-License-Identifier: MIT
/*
 * Syncobjs: objects, handles, and the ioctls that do not wait.
 *
 * Each handler follows the kernel's order of checks (Linux 6.16, drivers/gpu/drm/drm_syncobj.c),
 * because programs see which of several errors comes first. A change of a shared object goes
 * through the shared page, see syncobj_share.c; for the rest there is no difference.
 */
#include "syncobj.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host.h"
#include "node_internal.h"
#include "sched.h"
#include "syncfile.h"
#include "syncobj_internal.h"
#include "syncobj_uapi.h"

struct agx_syncobj_table {
	struct agx_node *node;
	struct agx_idr handles; /* handle -> struct agx_syncobj, a reference */
};

void *agx_kalloc(size_t count, size_t size)
{
	if (count > AGX_KMALLOC_MAX / size)
		return NULL;
	return calloc(count, size);
}

struct agx_syncobj *agx_syncobj_create(struct agx_node *node)
{
	struct agx_syncobj *syncobj = calloc(1, sizeof(*syncobj));

	if (!syncobj)
		return NULL;
	syncobj->node = node;
	syncobj->refs = 1;
	list_init(&syncobj->waits);
	list_init(&syncobj->eventfds);
	node->stats.live_syncobjs++;
	return syncobj;
}

struct agx_syncobj *agx_syncobj_get(struct agx_syncobj *syncobj)
{
	syncobj->refs++;
	return syncobj;
}

void agx_syncobj_put(struct agx_syncobj *syncobj)
{
	if (!syncobj || --syncobj->refs)
		return;
	syncobj->node->stats.live_syncobjs--;
	agx_syncobj_drop_eventfds(syncobj);
	agx_share_release(syncobj->share);
	agx_fence_put(syncobj->fence);
	free(syncobj);
}

struct agx_syncobj_table *agx_syncobj_table_create(struct agx_node *node)
{
	struct agx_syncobj_table *table = calloc(1, sizeof(*table));

	if (table)
		table->node = node;
	return table;
}

void agx_syncobj_table_destroy(struct agx_syncobj_table *table)
{
	struct agx_syncobj *syncobj;
	uint32_t handle = 1;

	if (!table)
		return;
	while ((syncobj = agx_idr_next(&table->handles, &handle))) {
		agx_idr_remove(&table->handles, handle);
		agx_syncobj_put(syncobj);
	}
	agx_idr_finish(&table->handles);
	free(table);
}

/* Gives the object a handle, which takes over the caller's reference. */
static int add_handle(struct agx_file *file, struct agx_syncobj *syncobj, uint32_t *handle)
{
	int ret = agx_idr_alloc(&file->syncobjs->handles, syncobj);

	if (ret < 0) {
		agx_syncobj_put(syncobj);
		return ret;
	}
	*handle = (uint32_t)ret;
	return 0;
}

struct agx_syncobj *agx_syncobj_lookup(struct agx_file *file, uint32_t handle)
{
	struct agx_syncobj *syncobj = agx_idr_find(&file->syncobjs->handles, handle);

	if (!syncobj)
		return NULL;
	if (syncobj->share)
		agx_share_refresh(syncobj);
	return agx_syncobj_get(syncobj);
}

int agx_syncobj_array_find(struct agx_file *file, uint64_t handles, uint32_t count,
			   struct agx_syncobj ***out)
{
	uint32_t *values = agx_kalloc(count, sizeof(*values));
	struct agx_syncobj **syncobjs = NULL;
	uint32_t found = 0;
	int ret;

	if (!values)
		return -ENOMEM;
	ret = -EFAULT;
	if (agx_copy_from(file->node, values, handles, count * sizeof(*values)))
		goto out;
	ret = -ENOMEM;
	syncobjs = agx_kalloc(count, sizeof(struct agx_syncobj *));
	if (!syncobjs)
		goto out;
	for (; found < count; found++) {
		syncobjs[found] = agx_syncobj_lookup(file, values[found]);
		if (!syncobjs[found]) {
			ret = agx_refuse(file->node, -ENOENT, "syncobj: no handle %u",
					 values[found]);
			agx_syncobj_array_free(syncobjs, found);
			goto out;
		}
	}
	*out = syncobjs;
	ret = 0;
out:
	free(values);
	return ret;
}

void agx_syncobj_array_free(struct agx_syncobj **syncobjs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		agx_syncobj_put(syncobjs[i]);
	free(syncobjs);
}

int agx_syncobj_get_fence(struct agx_syncobj *syncobj, uint64_t point, struct agx_fence **out)
{
	struct agx_fence *fence = agx_fence_get(syncobj->fence);
	int ret;

	if (!fence)
		return -EINVAL;
	ret = agx_fence_chain_find(&fence, point);
	if (ret) {
		agx_fence_put(fence);
		return ret;
	}
	*out = fence ? fence : agx_fence_stub(syncobj->node);
	return 0;
}

void agx_syncobj_set_fence(struct agx_syncobj *syncobj, struct agx_fence *fence)
{
	struct agx_fence *old = syncobj->fence;

	syncobj->fence = agx_fence_get(fence);
	if (fence != old)
		agx_syncobj_notify(syncobj);
	agx_fence_put(old);
}

/* Replaces the fence, by one or by none, in a local or shared object. place: shared only. */
static void replace_fence(struct agx_syncobj *syncobj, struct agx_fence *fence, void *place)
{
	if (!syncobj->share) {
		agx_syncobj_set_fence(syncobj, fence);
		return;
	}
	agx_share_begin(syncobj);
	agx_syncobj_set_fence(syncobj, fence);
	agx_share_publish(syncobj, place);
}

/* Adds a point; chain is used up. fence is no container. */
static void add_point(struct agx_syncobj *syncobj, struct agx_fence_chain *chain,
		      struct agx_fence *fence, uint64_t point, void *place)
{
	struct agx_fence *link;

	if (syncobj->share)
		agx_share_begin(syncobj);
	agx_fence_chain_init(syncobj->node, chain, agx_fence_get(syncobj->fence), fence, point);
	agx_syncobj_set_fence(syncobj, &chain->base);
	/* Drop the links that have signalled by now, so that the chain stays short. */
	link = &chain->base;
	while (link)
		link = agx_fence_chain_walk(link);
	if (syncobj->share)
		agx_share_publish(syncobj, place);
}

static int reserve(struct agx_syncobj *syncobj, void **place)
{
	*place = NULL;
	return syncobj->share ? agx_share_reserve(syncobj, place) : 0;
}

/* The kernel's name for the two: a new stub fence that has signalled now. */
static int assign_signalled(struct agx_syncobj *syncobj)
{
	struct agx_fence *fence = agx_fence_create_signalled(syncobj->node);

	if (!fence)
		return -ENOMEM;
	replace_fence(syncobj, fence, NULL);
	agx_fence_put(fence);
	return 0;
}

static long ioctl_create(struct agx_file *file, struct drm_syncobj_create *args)
{
	struct agx_syncobj *syncobj;
	int ret;

	if (args->flags & ~(uint32_t)DRM_SYNCOBJ_CREATE_SIGNALED)
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_CREATE: flags 0x%x", args->flags);
	syncobj = agx_syncobj_create(file->node);
	if (!syncobj)
		return -ENOMEM;
	if (args->flags & DRM_SYNCOBJ_CREATE_SIGNALED) {
		ret = assign_signalled(syncobj);
		if (ret) {
			agx_syncobj_put(syncobj);
			return ret;
		}
	}
	return add_handle(file, syncobj, &args->handle);
}

static long ioctl_destroy(struct agx_file *file, struct drm_syncobj_destroy *args)
{
	struct agx_syncobj *syncobj;

	if (args->pad)
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_DESTROY: pad 0x%x", args->pad);
	syncobj = agx_idr_remove(&file->syncobjs->handles, args->handle);
	if (!syncobj)
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_DESTROY: no handle %u",
				  args->handle);
	agx_syncobj_put(syncobj);
	return 0;
}

static long export_sync_file(struct agx_file *file, struct agx_arg_syncobj_handle *args,
			     uint64_t point)
{
	struct agx_fence *fence;
	int ret = agx_syncobj_find_fence(file, args->handle, true, point, &fence);

	if (ret)
		return agx_refuse(file->node, ret,
				  "SYNCOBJ_HANDLE_TO_FD: no fence for handle %u point %llu",
				  args->handle, (unsigned long long)point);
	ret = agx_syncfile_export(file->node, fence);
	agx_fence_put(fence);
	if (ret < 0)
		return ret;
	args->fd = ret;
	return 0;
}

static bool check_handle_args(struct agx_file *file, const char *name,
			      struct agx_arg_syncobj_handle *args, uint64_t *point)
{
	*point = args->flags & AGX_SYNCOBJ_FLAG_TIMELINE ? args->point : 0;
	if (!args->pad &&
	    !(args->flags & ~(AGX_SYNCOBJ_FLAG_SYNC_FILE | AGX_SYNCOBJ_FLAG_TIMELINE)))
		return true;
	agx_refuse(file->node, 0, "%s: flags 0x%x pad 0x%x", name, args->flags, args->pad);
	return false;
}

static long ioctl_handle_to_fd(struct agx_file *file, struct agx_arg_syncobj_handle *args)
{
	struct agx_syncobj *syncobj;
	uint64_t point;
	int fd;

	if (!check_handle_args(file, "SYNCOBJ_HANDLE_TO_FD", args, &point))
		return -EINVAL;
	if (args->flags & AGX_SYNCOBJ_FLAG_SYNC_FILE)
		return export_sync_file(file, args, point);
	/* A point without a sync file has no meaning, whether the flag says that it counts or not. */
	if (args->point)
		return -EINVAL;
	syncobj = agx_syncobj_lookup(file, args->handle);
	if (!syncobj)
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_HANDLE_TO_FD: no handle %u",
				  args->handle);
	fd = agx_share_export(syncobj);
	agx_syncobj_put(syncobj);
	if (fd < 0)
		return fd;
	args->fd = fd;
	return 0;
}

static long import_sync_file(struct agx_file *file, struct agx_arg_syncobj_handle *args,
			     uint64_t point)
{
	struct agx_node *node = file->node;
	struct agx_fence_chain *chain = NULL;
	struct agx_syncobj *syncobj;
	struct agx_fence *fence, *flat;
	void *place;
	int ret;

	ret = agx_syncfile_import(node, args->fd, &fence);
	if (ret)
		return agx_refuse(node, ret, "SYNCOBJ_FD_TO_HANDLE: fd %d is no sync file",
				  args->fd);
	syncobj = agx_syncobj_lookup(file, args->handle);
	if (!syncobj) {
		agx_fence_put(fence);
		return agx_refuse(node, -ENOENT, "SYNCOBJ_FD_TO_HANDLE: no handle %u",
				  args->handle);
	}
	if (point) {
		/* A timeline point is never a container, see fence.c. */
		flat = agx_fence_merge(node, &fence, 1);
		agx_fence_put(fence);
		fence = flat;
		chain = agx_fence_chain_alloc();
	}
	ret = fence && (chain || !point) ? reserve(syncobj, &place) : -ENOMEM;
	if (ret)
		agx_fence_chain_free(chain);
	else if (point)
		add_point(syncobj, chain, fence, point, place);
	else
		replace_fence(syncobj, fence, place);
	agx_fence_put(fence);
	agx_syncobj_put(syncobj);
	return ret;
}

static long ioctl_fd_to_handle(struct agx_file *file, struct agx_arg_syncobj_handle *args)
{
	struct agx_syncobj *syncobj;
	uint64_t point;
	int ret;

	if (!check_handle_args(file, "SYNCOBJ_FD_TO_HANDLE", args, &point))
		return -EINVAL;
	if (args->flags & AGX_SYNCOBJ_FLAG_SYNC_FILE)
		return import_sync_file(file, args, point);
	if (args->point)
		return -EINVAL;
	ret = agx_share_import(file->node, args->fd, &syncobj);
	if (ret)
		return agx_refuse(file->node, ret, "SYNCOBJ_FD_TO_HANDLE: fd %d is no syncobj",
				  args->fd);
	return add_handle(file, syncobj, &args->handle);
}

static long ioctl_reset(struct agx_file *file, struct drm_syncobj_array *args)
{
	struct agx_syncobj **syncobjs;
	int ret;

	if (args->pad || !args->count_handles)
		return -EINVAL;
	ret = agx_syncobj_array_find(file, args->handles, args->count_handles, &syncobjs);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < args->count_handles; i++)
		replace_fence(syncobjs[i], NULL, NULL);
	agx_syncobj_array_free(syncobjs, args->count_handles);
	return 0;
}

static long ioctl_signal(struct agx_file *file, struct drm_syncobj_array *args)
{
	struct agx_syncobj **syncobjs;
	int ret;

	if (args->pad || !args->count_handles)
		return -EINVAL;
	ret = agx_syncobj_array_find(file, args->handles, args->count_handles, &syncobjs);
	if (ret)
		return ret;
	for (uint32_t i = 0; !ret && i < args->count_handles; i++)
		ret = assign_signalled(syncobjs[i]);
	agx_syncobj_array_free(syncobjs, args->count_handles);
	return ret;
}

static long ioctl_timeline_signal(struct agx_file *file, struct drm_syncobj_timeline_array *args)
{
	uint32_t count = args->count_handles;
	struct agx_fence_chain **chains = NULL;
	struct agx_syncobj **syncobjs;
	struct agx_fence *stub;
	uint64_t *points;
	int ret;

	if (args->flags || !count)
		return -EINVAL;
	ret = agx_syncobj_array_find(file, args->handles, count, &syncobjs);
	if (ret)
		return ret;
	ret = -ENOMEM;
	points = agx_kalloc(count, sizeof(*points));
	if (!points)
		goto out;
	ret = -EFAULT;
	if (args->points &&
	    agx_copy_from(file->node, points, args->points, count * sizeof(*points)))
		goto out;
	ret = -ENOMEM;
	chains = agx_kalloc(count, sizeof(struct agx_fence_chain *));
	if (!chains)
		goto out;
	for (uint32_t i = 0; i < count; i++) {
		chains[i] = agx_fence_chain_alloc();
		if (!chains[i])
			goto out;
	}
	/* Nothing fails from here on. */
	stub = agx_fence_stub(file->node);
	for (uint32_t i = 0; i < count; i++) {
		add_point(syncobjs[i], chains[i], stub, points[i], NULL);
		chains[i] = NULL;
	}
	agx_fence_put(stub);
	ret = 0;
out:
	for (uint32_t i = 0; chains && i < count; i++)
		agx_fence_chain_free(chains[i]);
	free(chains);
	free(points);
	agx_syncobj_array_free(syncobjs, count);
	return ret;
}

/* The highest point that is reached; submitted: that is known. */
static uint64_t query_point(struct agx_syncobj *syncobj, bool submitted)
{
	struct agx_fence_chain *chain = agx_fence_to_chain(syncobj->fence);
	struct agx_fence *link, *last;
	uint64_t context, point;

	if (!chain)
		return 0;
	if (submitted)
		return chain->base.seqno;
	/* The oldest link of the ordered part that is still there has the answer. */
	context = chain->base.context;
	last = agx_fence_get(&chain->base);
	link = agx_fence_get(&chain->base);
	while (link && link->context == context) {
		agx_fence_put(last);
		last = agx_fence_get(link);
		link = agx_fence_chain_walk(link);
	}
	agx_fence_put(link);
	chain = agx_fence_to_chain(last);
	point = agx_fence_is_signalled(last) ? last->seqno : chain ? chain->prev_seqno : 0;
	agx_fence_put(last);
	return point;
}

static long ioctl_query(struct agx_file *file, struct drm_syncobj_timeline_array *args)
{
	struct agx_syncobj **syncobjs;
	int ret;

	if ((args->flags & ~AGX_SYNCOBJ_QUERY_SUBMITTED) || !args->count_handles)
		return -EINVAL;
	ret = agx_syncobj_array_find(file, args->handles, args->count_handles, &syncobjs);
	if (ret)
		return ret;
	for (uint32_t i = 0; !ret && i < args->count_handles; i++) {
		uint64_t point = query_point(syncobjs[i], args->flags);

		if (agx_copy_to(file->node, args->points + i * sizeof(point), &point,
				sizeof(point)))
			ret = -EFAULT;
	}
	agx_syncobj_array_free(syncobjs, args->count_handles);
	return ret;
}

static long ioctl_transfer(struct agx_file *file, struct drm_syncobj_transfer *args)
{
	struct agx_syncobj *dst, *src;
	struct agx_fence_chain *chain = NULL;
	struct agx_fence *fence, *flat;
	void *place;
	int ret;

	if (args->pad)
		return -EINVAL;
	dst = agx_syncobj_lookup(file, args->dst_handle);
	if (!dst)
		return agx_refuse(file->node, -ENOENT, "SYNCOBJ_TRANSFER: no dst_handle %u",
				  args->dst_handle);
	src = agx_syncobj_lookup(file, args->src_handle);
	ret = -ENOENT;
	if (!src)
		goto out;
	ret = -EINVAL;
	if (args->flags & ~AGX_SYNCOBJ_WAIT_FOR_SUBMIT)
		goto out;
	if (args->flags & AGX_SYNCOBJ_WAIT_FOR_SUBMIT)
		ret = agx_syncobj_wait_fence(src, args->src_point, &fence);
	else
		ret = agx_syncobj_get_fence(src, args->src_point, &fence);
	if (ret)
		goto out;
	if (args->dst_point) {
		flat = agx_fence_merge(file->node, &fence, 1);
		agx_fence_put(fence);
		fence = flat;
		chain = agx_fence_chain_alloc();
	}
	ret = fence && (chain || !args->dst_point) ? reserve(dst, &place) : -ENOMEM;
	if (ret)
		agx_fence_chain_free(chain);
	else if (args->dst_point)
		add_point(dst, chain, fence, args->dst_point, place);
	else
		replace_fence(dst, fence, place);
	agx_fence_put(fence);
out:
	agx_syncobj_put(src);
	agx_syncobj_put(dst);
	return ret;
}

size_t agx_syncobj_arg_size(unsigned int nr)
{
	switch (nr) {
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_CREATE):
		return sizeof(struct drm_syncobj_create);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY):
		return sizeof(struct drm_syncobj_destroy);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD):
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE):
		return sizeof(struct agx_arg_syncobj_handle);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT):
		return sizeof(struct agx_arg_syncobj_wait);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_RESET):
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_SIGNAL):
		return sizeof(struct drm_syncobj_array);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT):
		return sizeof(struct agx_arg_syncobj_timeline_wait);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_QUERY):
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL):
		return sizeof(struct drm_syncobj_timeline_array);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TRANSFER):
		return sizeof(struct drm_syncobj_transfer);
	case AGX_NR_SYNCOBJ_EVENTFD:
		return sizeof(struct agx_arg_syncobj_eventfd);
	default:
		return 0;
	}
}

static long dispatch(struct agx_file *file, unsigned long request, void *arg)
{
	switch (_IOC_NR(request)) {
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_CREATE):
		return ioctl_create(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY):
		return ioctl_destroy(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD):
		return ioctl_handle_to_fd(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE):
		return ioctl_fd_to_handle(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT):
		return agx_syncobj_ioctl_wait(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_RESET):
		return ioctl_reset(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_SIGNAL):
		return ioctl_signal(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT):
		return agx_syncobj_ioctl_timeline_wait(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_QUERY):
		return ioctl_query(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TRANSFER):
		return ioctl_transfer(file, arg);
	case _IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL):
		return ioctl_timeline_signal(file, arg);
	case AGX_NR_SYNCOBJ_EVENTFD:
		return agx_syncobj_ioctl_eventfd(file, arg);
	default:
		return -ENOTTY;
	}
}

long agx_syncobj_ioctl(struct agx_file *file, unsigned long request, void *arg)
{
	long ret = dispatch(file, request, arg);

	agx_sched_settle_locked(file->node);
	return ret;
}

int agx_syncobj_find_fence(struct agx_file *file, uint32_t handle, bool timeline, uint64_t point,
			   struct agx_fence **fence)
{
	struct agx_syncobj *syncobj = agx_syncobj_lookup(file, handle);
	int ret;

	if (!syncobj)
		return -ENOENT;
	ret = agx_syncobj_get_fence(syncobj, timeline ? point : 0, fence);
	agx_syncobj_put(syncobj);
	return ret;
}

int agx_syncobj_prepare(struct agx_file *file, uint32_t handle, bool timeline, uint64_t point,
			struct agx_syncobj_attach *attach)
{
	int ret;

	*attach = (struct agx_syncobj_attach){.point = point};
	attach->syncobj = agx_syncobj_lookup(file, handle);
	if (!attach->syncobj)
		return -ENOENT;
	if (timeline) {
		attach->chain = agx_fence_chain_alloc();
		if (!attach->chain) {
			agx_syncobj_cancel(attach);
			return -ENOMEM;
		}
	}
	ret = reserve(attach->syncobj, &attach->reserved);
	if (ret)
		agx_syncobj_cancel(attach);
	return ret;
}

void agx_syncobj_commit(struct agx_syncobj_attach *attach, struct agx_fence *fence)
{
	/* It may have been shared since the preparation: then the page gives what it has left. */
	if (attach->chain)
		add_point(attach->syncobj, attach->chain, fence, attach->point, attach->reserved);
	else
		replace_fence(attach->syncobj, fence, attach->reserved);
	agx_syncobj_put(attach->syncobj);
	*attach = (struct agx_syncobj_attach){0};
}

void agx_syncobj_cancel(struct agx_syncobj_attach *attach)
{
	if (attach->reserved)
		agx_share_cancel(attach->syncobj, attach->reserved);
	agx_fence_chain_free(attach->chain);
	agx_syncobj_put(attach->syncobj);
	*attach = (struct agx_syncobj_attach){0};
}
