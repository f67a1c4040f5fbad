// SPDX-License-Identifier: MIT
/*
 * Reservations of dma-bufs.
 *
 * A pending fence that was imported into a buffer is told to other processes by a shared lock on
 * one byte of the buffer's memfd, at an offset that no content has, through an open file
 * description of this node's own. The kernel drops the locks when the process dies, so nobody
 * waits for the dead. Whoever wants to know asks whether an exclusive lock would be granted
 * (F_OFD_GETLK) and never takes one, so asking disturbs nobody.
 *
 * The byte's offset is the time at which the fence was added (CLOCK_MONOTONIC, which the
 * machine's processes have in common). Who asks looks at the bytes up to now only: a fence that
 * is added later is not waited for. Otherwise two processes that use a buffer in turns could
 * wait for each other.
 */
#include "resv.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdtrack.h"
#include "host.h"
#include "node_internal.h"
#include "sched.h"
#include "sched_internal.h"
#include "syncfile.h"
#include "watch.h"

#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
/* Linux 6.0 */
struct dma_buf_export_sync_file {
	uint32_t flags;
	int32_t fd;
};
struct dma_buf_import_sync_file {
	uint32_t flags;
	int32_t fd;
};
#define DMA_BUF_IOCTL_EXPORT_SYNC_FILE _IOWR(DMA_BUF_BASE, 2, struct dma_buf_export_sync_file)
#define DMA_BUF_IOCTL_IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct dma_buf_import_sync_file)
#endif

/* Offsets far beyond any size a buffer can have: these plus the time in ns. */
#define WRITERS_BASE ((int64_t)1 << 62)
#define READERS_BASE (WRITERS_BASE + ((int64_t)1 << 61))
#define MAX_TIME     (((int64_t)1 << 61) - 1)

struct resv_fence {
	struct list_head link;   /* agx_resv.fences[write] */
	struct agx_bo *bo;       /* a reference: like the kernel's, fences stay with the buffer */
	struct agx_fence *fence; /* a reference */
	struct agx_fence_cb cb;
	int64_t offset; /* of its lock, 0: none */
	bool write;
};

struct agx_resv {
	struct list_head fences[2]; /* pending: readers', writers' */
	int64_t last_time;          /* of a lock */
	int fd;                     /* for our locks; -1: none so far */
	char name[DMA_BUF_NAME_LEN];
};

/* One byte of the file: F_RDLCK, F_UNLCK. */
static int set_lock(int fd, short type, int64_t offset)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

	return host_fcntl(fd, F_OFD_SETLK, (long)(intptr_t)&lock);
}

/* Whether another description has a lock at base up to and including time. */
static bool is_locked(int fd, int64_t base, uint64_t time)
{
	struct flock lock = {.l_type = F_WRLCK,
			     .l_whence = SEEK_SET,
			     .l_start = base,
			     .l_len = (int64_t)time + 1};

	return !host_fcntl(fd, F_OFD_GETLK, (long)(intptr_t)&lock) && lock.l_type != F_UNLCK;
}

static int check_writers(int fd, uint64_t time)
{
	return !is_locked(fd, WRITERS_BASE, time);
}

static int check_all(int fd, uint64_t time)
{
	/* Mostly one question will do: about both, and with them writers added after time. */
	if (!is_locked(fd, WRITERS_BASE, (uint64_t)(READERS_BASE - WRITERS_BASE) + time))
		return 1;
	return !is_locked(fd, WRITERS_BASE, time) && !is_locked(fd, READERS_BASE, time);
}

static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return host_open(path, O_RDWR | O_CLOEXEC);
}

static struct agx_resv *get_resv(struct agx_bo *bo)
{
	struct agx_resv *resv = bo->resv;

	if (!resv) {
		resv = calloc(1, sizeof(*resv));
		if (!resv)
			return NULL;
		resv->fd = -1;
		list_init(&resv->fences[0]);
		list_init(&resv->fences[1]);
		bo->resv = resv;
	}
	return resv;
}

static void fence_free(struct resv_fence *entry)
{
	struct agx_resv *resv = entry->bo->resv;

	agx_fence_remove_callback(&entry->cb);
	list_del(&entry->link);
	if (entry->offset && resv->fd >= 0)
		set_lock(resv->fd, F_UNLCK, entry->offset);
	agx_fence_put(entry->fence);
	agx_bo_put_locked(entry->bo);
	free(entry);
}

static void fence_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	(void)fence;
	fence_free(list_entry(cb, struct resv_fence, cb));
}

static void close_description(struct agx_resv *resv)
{
	if (resv->fd >= 0) {
		agx_fdtrack_closed(resv->fd);
		host_close(resv->fd);
	}
	resv->fd = -1;
}

void agx_resv_destroy(struct agx_resv *resv)
{
	/* No fences are left: each holds the BO. */
	if (resv)
		close_description(resv);
	free(resv);
}

void agx_resv_fork_child_locked(struct agx_node *node)
{
	struct agx_bo *bo;

	for (int i = 0; i < AGX_DMABUF_BUCKETS; i++) {
		list_for_each_entry(bo, &node->dmabufs[i], dmabuf_link) {
			if (bo->resv)
				close_description(bo->resv);
		}
	}
}

static bool is_buffer(const struct agx_bo *bo, int fd)
{
	struct stat st;

	return !host_fstat(fd, &st) && st.st_ino == bo->ino && st.st_dev == bo->dev;
}

static int open_description(struct agx_bo *bo)
{
	int fd = reopen(bo->fd), copy;

	if (fd < 0)
		return fd;
	/* The program may have closed the buffer's own descriptor. */
	copy = !is_buffer(bo, fd)      ? -EBADF
	       : agx_fdtrack_enabled() ? agx_fdtrack_dup(fd, F_DUPFD_CLOEXEC)
				       : host_dup(fd);
	host_close(fd);
	return copy;
}

/*
 * The description for this node's locks on a buffer with a memfd. Where closes are reported, one
 * that the program closed is made anew: its number may be another file's, and the locks are gone.
 */
static int own_description(struct agx_bo *bo, struct agx_resv *resv)
{
	struct agx_fd_identity known, identity = {bo->dev, bo->ino};

	if (resv->fd >= 0 && agx_fdtrack_enabled() &&
	    !agx_fdtrack_find(resv->fd, AGX_FD_DMABUF, &known)) {
		if (is_buffer(bo, resv->fd))
			agx_fdtrack_own(resv->fd, AGX_FD_DMABUF, identity);
		else
			resv->fd = -1;
	}
	if (resv->fd < 0) {
		resv->fd = open_description(bo);
		if (resv->fd >= 0)
			agx_fdtrack_made(resv->fd, AGX_FD_DMABUF, identity);
	}
	return resv->fd;
}

/* A lock for a new fence, so that other processes see it. */
static int lock_for_others(struct agx_bo *bo, struct agx_resv *resv, struct resv_fence *entry)
{
	int64_t time = (int64_t)agx_monotonic_now();
	int fd;

	if (bo->fd < 0 || bo->node->config.alone)
		return 0;
	fd = own_description(bo, resv);
	if (fd < 0)
		return fd;
	if (time <= resv->last_time)
		time = resv->last_time + 1;
	if (time > MAX_TIME)
		return -ERANGE;
	resv->last_time = time;
	entry->offset = (entry->write ? WRITERS_BASE : READERS_BASE) + time;
	return set_lock(fd, F_RDLCK, entry->offset);
}

int agx_resv_add_fence(struct agx_bo *bo, struct agx_fence *fence, bool write)
{
	struct agx_resv *resv = get_resv(bo);
	struct resv_fence *entry;
	int ret;

	if (agx_fence_is_signalled(fence))
		return 0;
	entry = resv ? calloc(1, sizeof(*entry)) : NULL;
	if (!entry)
		return -ENOMEM;
	entry->bo = bo;
	entry->write = write;
	ret = lock_for_others(bo, resv, entry);
	if (ret) {
		free(entry);
		return ret;
	}
	agx_bo_get(bo);
	entry->fence = agx_fence_get(fence);
	list_add_tail(&entry->link, &resv->fences[write]);
	agx_fence_add_callback(fence, &entry->cb, fence_signalled);
	return 0;
}

/* A fence for other processes' accesses, or NULL in *fence when there are none. */
static int foreign_fence(struct agx_bo *bo, bool write, struct agx_fence **fence)
{
	int (*check)(int fd, uint64_t time) = write ? check_all : check_writers;
	struct agx_resv *resv;
	uint64_t now;
	int fd;

	*fence = NULL;
	if (bo->fd < 0 || bo->node->config.alone)
		return 0;
	/* Asked through the description that has our own locks: those do not count then. */
	resv = get_resv(bo);
	if (!resv)
		return -ENOMEM;
	fd = own_description(bo, resv);
	if (fd < 0)
		return fd;
	now = agx_monotonic_now();
	if (check(fd, now))
		return 0;
	fd = host_dup(fd);
	if (fd < 0)
		return fd;
	return agx_watch_create(bo->node, fd, false, "dma-buf", check, now, fence);
}

int agx_resv_get_fence(struct agx_bo *bo, bool write, struct agx_fence **out)
{
	struct agx_fence **fences, *foreign;
	struct resv_fence *entry;
	size_t count = 0, room = 1;
	struct agx_resv *resv;
	int ret;

	ret = foreign_fence(bo, write, &foreign);
	if (ret)
		return ret;
	resv = bo->resv;
	if (!foreign &&
	    (!resv || (list_empty(&resv->fences[1]) && (!write || list_empty(&resv->fences[0]))))) {
		*out = agx_fence_stub(bo->node);
		return 0;
	}
	for (int kind = write ? 0 : 1; resv && kind < 2; kind++)
		list_for_each_entry(entry, &resv->fences[kind], link)
			room++;
	fences = calloc(room, sizeof(struct agx_fence *));
	if (!fences) {
		agx_fence_put(foreign);
		return -ENOMEM;
	}
	if (foreign)
		fences[count++] = foreign;
	for (int kind = write ? 0 : 1; resv && kind < 2; kind++)
		list_for_each_entry(entry, &resv->fences[kind], link)
			fences[count++] = entry->fence;
	*out = agx_fence_merge(bo->node, fences, count);
	free(fences);
	agx_fence_put(foreign);
	return *out ? 0 : -ENOMEM;
}

static long ioctl_sync(struct agx_bo *bo, uint64_t arg)
{
	struct agx_node *node = bo->node;
	struct dma_buf_sync sync;
	struct agx_fence *fence;
	int ret;

	if (agx_copy_from(node, &sync, arg, sizeof(sync)))
		return -EFAULT;
	if ((sync.flags & ~(uint64_t)DMA_BUF_SYNC_VALID_FLAGS_MASK) ||
	    !(sync.flags & DMA_BUF_SYNC_RW))
		return agx_refuse(node, -EINVAL, "DMA_BUF_IOCTL_SYNC: flags 0x%llx",
				  (unsigned long long)sync.flags);
	if (sync.flags & DMA_BUF_SYNC_END)
		return 0;
	ret = agx_resv_get_fence(bo, sync.flags & DMA_BUF_SYNC_WRITE, &fence);
	if (ret)
		return ret;
	ret = agx_fence_wait(fence, INT64_MAX);
	agx_fence_put(fence);
	return ret;
}

static bool valid_rw(uint32_t flags)
{
	return !(flags & ~(uint32_t)DMA_BUF_SYNC_RW) && flags;
}

static long ioctl_export_sync_file(struct agx_bo *bo, uint64_t arg)
{
	struct dma_buf_export_sync_file args;
	struct agx_node *node = bo->node;
	struct agx_fence *fence;
	int ret;

	if (agx_copy_from(node, &args, arg, sizeof(args)))
		return -EFAULT;
	if (!valid_rw(args.flags))
		return agx_refuse(node, -EINVAL, "DMA_BUF_IOCTL_EXPORT_SYNC_FILE: flags 0x%x",
				  args.flags);
	ret = agx_resv_get_fence(bo, args.flags & DMA_BUF_SYNC_WRITE, &fence);
	if (ret)
		return ret;
	ret = agx_syncfile_export(node, fence);
	agx_fence_put(fence);
	if (ret < 0)
		return ret;
	args.fd = ret;
	if (agx_copy_to(node, arg, &args, sizeof(args))) {
		agx_syncfile_close(node, args.fd);
		return -EFAULT;
	}
	return 0;
}

static long ioctl_import_sync_file(struct agx_bo *bo, uint64_t arg)
{
	struct dma_buf_import_sync_file args;
	struct agx_node *node = bo->node;
	struct agx_fence *fence;
	int ret;

	if (agx_copy_from(node, &args, arg, sizeof(args)))
		return -EFAULT;
	if (!valid_rw(args.flags))
		return agx_refuse(node, -EINVAL, "DMA_BUF_IOCTL_IMPORT_SYNC_FILE: flags 0x%x",
				  args.flags);
	ret = agx_syncfile_import(node, args.fd, &fence);
	if (ret)
		return ret;
	ret = agx_resv_add_fence(bo, fence, args.flags & DMA_BUF_SYNC_WRITE);
	agx_fence_put(fence);
	return ret;
}

/* The name is for debugging; the kernel shows it in debugfs and so do our logs. */
static long ioctl_set_name(struct agx_bo *bo, uint64_t arg)
{
	char name[DMA_BUF_NAME_LEN];
	struct agx_resv *resv;

	for (size_t i = 0; i < sizeof(name); i++) {
		if (agx_copy_from(bo->node, &name[i], arg + i, 1))
			return -EFAULT;
		if (!name[i]) {
			resv = get_resv(bo);
			if (!resv)
				return -ENOMEM;
			memcpy(resv->name, name, i + 1);
			return 0;
		}
	}
	return -EINVAL;
}

long agx_resv_ioctl(struct agx_bo *bo, int fd, unsigned long request, uint64_t arg)
{
	switch (request) {
	case DMA_BUF_IOCTL_SYNC:
		return ioctl_sync(bo, arg);
	case DMA_BUF_IOCTL_EXPORT_SYNC_FILE:
		return ioctl_export_sync_file(bo, arg);
	case DMA_BUF_IOCTL_IMPORT_SYNC_FILE:
		return ioctl_import_sync_file(bo, arg);
	case DMA_BUF_SET_NAME_A:
	case DMA_BUF_SET_NAME_B:
		return ioctl_set_name(bo, arg);
	default:
		return -ENOTTY;
	}
}
