// SPDX-License-Identifier: MIT
/*
 * Waiting for syncobjs, and eventfds that wait instead of a thread.
 *
 * A wait first finds all fences; only with WAIT_FOR_SUBMIT or WAIT_AVAILABLE may some be missing,
 * and those entries hang in their syncobj's list until a fence for their point appears.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "node_internal.h"
#include "sched.h"
#include "sched_internal.h"
#include "syncobj_internal.h"
#include "syncobj_uapi.h"

/* How long TRANSFER waits for a point that nobody has submitted yet, as in the kernel. */
#define SUBMIT_TIMEOUT_NS 5000000000

/* The kernel's size of what it allocates per handle of a wait (64-bit): bounds the count. */
#define KERNEL_WAIT_ENTRY_SIZE 64

/* An eventfd to be written to when a point is there, or is signalled. */
struct syncobj_eventfd {
	struct list_head link;   /* agx_syncobj.eventfds, until the fence is there */
	struct agx_fence *fence; /* a reference */
	struct agx_fence_cb cb;
	uint64_t point;
	uint32_t flags;
	int fd; /* our duplicate */
};

/* Gives the entry its fence if the object has it now. False: not yet. */
static bool entry_find_fence(struct agx_syncobj *syncobj, struct agx_wait_entry *entry)
{
	return !agx_syncobj_get_fence(syncobj, entry->point, &entry->fence);
}

static void eventfd_free(struct syncobj_eventfd *entry)
{
	agx_fence_remove_callback(&entry->cb);
	list_del(&entry->link);
	agx_fence_put(entry->fence);
	host_close(entry->fd);
	free(entry);
}

static void eventfd_fire(struct syncobj_eventfd *entry)
{
	struct pollfd poll_fd = {.fd = entry->fd, .events = POLLOUT};
	uint64_t one = 1;

	/* A counter at its limit would block the writer; there is nothing to add to it. */
	if (host_poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT))
		host_write(entry->fd, &one, sizeof(one));
	eventfd_free(entry);
}

static void eventfd_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	(void)fence;
	eventfd_fire(list_entry(cb, struct syncobj_eventfd, cb));
}

/* Moves an eventfd on when its point is there. */
static void eventfd_update(struct agx_syncobj *syncobj, struct syncobj_eventfd *entry)
{
	if (agx_syncobj_get_fence(syncobj, entry->point, &entry->fence))
		return;
	list_del(&entry->link);
	if ((entry->flags & AGX_SYNCOBJ_WAIT_AVAILABLE) ||
	    agx_fence_add_callback(entry->fence, &entry->cb, eventfd_signalled))
		eventfd_fire(entry);
}

void agx_syncobj_notify(struct agx_syncobj *syncobj)
{
	struct agx_wait_entry *wait, *next_wait;
	struct syncobj_eventfd *entry, *next;

	list_for_each_entry_safe(wait, next_wait, &syncobj->waits, link) {
		if (entry_find_fence(syncobj, wait)) {
			list_del(&wait->link);
			agx_waiter_wake(&wait->wait->waiter);
		}
	}
	list_for_each_entry_safe(entry, next, &syncobj->eventfds, link)
		eventfd_update(syncobj, entry);
}

void agx_syncobj_drop_eventfds(struct agx_syncobj *syncobj)
{
	while (!list_empty(&syncobj->eventfds))
		eventfd_free(list_first_entry(&syncobj->eventfds, struct syncobj_eventfd, link));
}

/* Hangs an entry without a fence into its object's list. */
static void entry_await(struct agx_syncobj *syncobj, struct agx_wait_entry *entry)
{
	list_add_tail(&entry->link, &syncobj->waits);
	if (syncobj->share)
		agx_share_follow(syncobj);
}

int agx_syncobj_wait_fence(struct agx_syncobj *syncobj, uint64_t point, struct agx_fence **fence)
{
	struct agx_node *node = syncobj->node;
	struct agx_wait_entry *entry;
	struct agx_wait *wait;
	int64_t deadline;
	int ret;

	if (!agx_syncobj_get_fence(syncobj, point, fence))
		return 0;
	wait = agx_wait_create(node, 1);
	if (!wait)
		return -ENOMEM;
	entry = &wait->entries[0];
	entry->point = point;
	entry_await(syncobj, entry);
	deadline = (int64_t)agx_node_now(node) + SUBMIT_TIMEOUT_NS;
	ret = 0;
	while (!entry->fence && !ret)
		ret = agx_waiter_sleep(node, &wait->waiter, deadline);
	if (entry->fence) {
		*fence = agx_fence_get(entry->fence);
		ret = 0;
	}
	agx_wait_free(wait);
	return ret;
}

/* Whether the wait is over, and by which entry (all: untouched, as the kernel leaves it). */
static bool wait_is_over(struct agx_wait *wait, uint32_t flags, uint32_t *first)
{
	uint32_t signalled = 0;

	for (uint32_t i = 0; i < wait->count; i++) {
		struct agx_wait_entry *entry = &wait->entries[i];

		if (!entry->fence)
			continue;
		if (!(flags & AGX_SYNCOBJ_WAIT_AVAILABLE)) {
			if (entry->cb.func && !entry->fence->signalled)
				continue;
			if (!entry->cb.func && !agx_fence_add_callback(entry->fence, &entry->cb,
								       agx_wait_fence_signalled))
				continue;
		}
		if (!(flags & AGX_SYNCOBJ_WAIT_ALL)) {
			*first = i;
			return true;
		}
		signalled++;
	}
	return signalled == wait->count;
}

static int wait_syncobjs(struct agx_node *node, struct agx_syncobj **syncobjs, uint32_t count,
			 const uint64_t *points, uint32_t flags, int64_t timeout, uint32_t *first)
{
	const uint32_t may_be_missing = AGX_SYNCOBJ_WAIT_FOR_SUBMIT | AGX_SYNCOBJ_WAIT_AVAILABLE;
	uint32_t signalled = 0;
	struct agx_wait *wait;
	int ret;

	if (count > AGX_KMALLOC_MAX / KERNEL_WAIT_ENTRY_SIZE)
		return -ENOMEM;
	wait = agx_wait_create(node, count);
	if (!wait)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct agx_wait_entry *entry = &wait->entries[i];

		entry->point = points ? points[i] : 0;
		ret = agx_syncobj_get_fence(syncobjs[i], entry->point, &entry->fence);
		if (ret) {
			entry->fence = NULL;
			if (flags & may_be_missing)
				continue;
			goto out;
		}
		if ((flags & AGX_SYNCOBJ_WAIT_AVAILABLE) || agx_fence_is_signalled(entry->fence)) {
			if (!signalled++)
				*first = i;
		}
	}
	ret = 0;
	if (signalled == count || (signalled && !(flags & AGX_SYNCOBJ_WAIT_ALL)))
		goto out;

	for (uint32_t i = 0; (flags & may_be_missing) && i < count; i++)
		if (!wait->entries[i].fence)
			entry_await(syncobjs[i], &wait->entries[i]);
	while (!wait_is_over(wait, flags, first)) {
		ret = agx_waiter_sleep(node, &wait->waiter, timeout);
		if (ret && !wait_is_over(wait, flags, first))
			goto out;
		ret = 0;
	}
out:
	agx_wait_free(wait);
	return ret;
}

static long wait_arrays(struct agx_file *file, uint64_t handles, uint64_t user_points,
			uint32_t count, uint32_t flags, int64_t timeout, uint32_t *first_signaled)
{
	uint32_t first = UINT32_MAX;
	struct agx_syncobj **syncobjs;
	uint64_t *points = NULL;
	int ret;

	if (!count) /* nothing to wait for, and first_signaled stays as it is */
		return 0;
	ret = agx_syncobj_array_find(file, handles, count, &syncobjs);
	if (ret)
		return ret;
	if (user_points) {
		points = agx_kalloc(count, sizeof(*points));
		ret = points ? 0 : -ENOMEM;
		if (!ret && agx_copy_from(file->node, points, user_points, count * sizeof(*points)))
			ret = -EFAULT;
	}
	if (!ret)
		ret = wait_syncobjs(file->node, syncobjs, count, points, flags, timeout, &first);
	if (!ret)
		*first_signaled = first;
	free(points);
	agx_syncobj_array_free(syncobjs, count);
	return ret;
}

long agx_syncobj_ioctl_wait(struct agx_file *file, void *arg)
{
	struct agx_arg_syncobj_wait *args = arg;

	if (args->flags &
	    ~(AGX_SYNCOBJ_WAIT_ALL | AGX_SYNCOBJ_WAIT_FOR_SUBMIT | AGX_SYNCOBJ_WAIT_DEADLINE))
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_WAIT: flags 0x%x", args->flags);
	return wait_arrays(file, args->handles, 0, args->count_handles, args->flags,
			   args->timeout_nsec, &args->first_signaled);
}

long agx_syncobj_ioctl_timeline_wait(struct agx_file *file, void *arg)
{
	struct agx_arg_syncobj_timeline_wait *args = arg;

	if (args->flags & ~(AGX_SYNCOBJ_WAIT_ALL | AGX_SYNCOBJ_WAIT_FOR_SUBMIT |
			    AGX_SYNCOBJ_WAIT_AVAILABLE | AGX_SYNCOBJ_WAIT_DEADLINE))
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_TIMELINE_WAIT: flags 0x%x",
				  args->flags);
	return wait_arrays(file, args->handles, args->points, args->count_handles, args->flags,
			   args->timeout_nsec, &args->first_signaled);
}

/* 0, -EBADF, or -EINVAL: not an eventfd. */
static int check_eventfd(int fd)
{
	static const char expected[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(expected)];
	long length;

	if (host_fcntl(fd, F_GETFD, 0) < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = host_readlink(path, target, sizeof(target));
	if (length != (long)sizeof(expected) - 1 || memcmp(target, expected, sizeof(expected) - 1))
		return -EINVAL;
	return 0;
}

long agx_syncobj_ioctl_eventfd(struct agx_file *file, void *arg)
{
	struct agx_arg_syncobj_eventfd *args = arg;
	struct syncobj_eventfd *entry;
	struct agx_syncobj *syncobj;
	int ret;

	if ((args->flags & ~AGX_SYNCOBJ_WAIT_AVAILABLE) || args->pad)
		return agx_refuse(file->node, -EINVAL, "SYNCOBJ_EVENTFD: flags 0x%x pad 0x%x",
				  args->flags, args->pad);
	syncobj = agx_syncobj_lookup(file, args->handle);
	if (!syncobj)
		return agx_refuse(file->node, -ENOENT, "SYNCOBJ_EVENTFD: no handle %u",
				  args->handle);
	entry = NULL;
	ret = check_eventfd(args->fd);
	if (ret)
		goto out;
	entry = calloc(1, sizeof(*entry));
	ret = entry ? host_dup(args->fd) : -ENOMEM;
	if (ret < 0) {
		free(entry);
		goto out;
	}
	entry->fd = ret;
	entry->point = args->point;
	entry->flags = args->flags;
	list_add_tail(&entry->link, &syncobj->eventfds);
	ret = 0;
	if (syncobj->share)
		agx_share_follow(syncobj);
	eventfd_update(syncobj, entry);
out:
	agx_syncobj_put(syncobj);
	return ret;
}
