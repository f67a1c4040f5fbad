// SPDX-License-Identifier: MIT
/*
 * PRIME: buffers as file descriptors, within a process and between processes.
 *
 * A dma-buf is a memfd of the BO's own, sealed so that its size is fixed, and laid over the BO's
 * range of RAM. The kernel gives it everything else that a dma-buf has: a size by lseek(), mmap(),
 * a life of its own, passing by SCM_RIGHTS. Descriptors of one buffer are told by device and
 * inode; a buffer of another process by the memfd's name and seals.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "agx_limits.h"
#include "agx_types.h"
#include "asahi_drm.h"
#include "fdtrack.h"
#include "host.h"
#include "node_internal.h"
#include "ram.h"
#include "resv.h"

#define MEMFD_NAME "agx-dmabuf"
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

bool agx_dmabuf_is_open(const struct agx_bo *bo)
{
	struct stat st;

	return bo->fd >= 0 && !host_fstat(bo->fd, &st) && st.st_dev == bo->dev &&
	       st.st_ino == bo->ino;
}

bool agx_dmabuf_is_ours(int fd)
{
	static const char prefix[] = "/memfd:" MEMFD_NAME;
	char path[64], target[64];
	long len;

	if (host_fcntl(fd, F_GET_SEALS, 0) != SEALS)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = host_readlink(path, target, sizeof(target));
	/* Without /proc the seals have to do; they are what makes a mapping of it safe. */
	if (len == -ENOENT)
		return true;
	return len >= (long)sizeof(prefix) - 1 && !memcmp(target, prefix, sizeof(prefix) - 1);
}

static struct list_head *bucket(struct agx_node *node, uint64_t ino)
{
	return &node->dmabufs[ino % AGX_DMABUF_BUCKETS];
}

static void set_dmabuf(struct agx_bo *bo, int fd, const struct stat *st)
{
	bo->fd = fd;
	bo->dev = st->st_dev;
	bo->ino = st->st_ino;
	list_add(&bo->dmabuf_link, bucket(bo->node, bo->ino));
}

/* Copies the BO's content into its new file. */
static int copy_content(struct agx_bo *bo, int fd)
{
	const uint8_t *src = agx_ram_pointer(bo->node->ram, bo->ram);
	uint64_t done = 0;
	long n;

	while (done < bo->size) {
		n = host_call(SYS_pwrite64, fd, src + done, bo->size - done, done);
		if (n < 0)
			return (int)n;
		done += (uint64_t)n;
	}
	return 0;
}

int agx_bo_make_dmabuf(struct agx_bo *bo)
{
	struct rlimit limit;
	struct stat st;
	int fd, low, err;

	if (bo->fd >= 0)
		return 0;
	/* Beyond the limit ftruncate() would not only fail but raise SIGXFSZ. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < bo->size)
		return -EFBIG;
	low = (int)host_call(SYS_memfd_create, MEMFD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (low < 0)
		return low;
	fd = host_dup(low);
	host_close(low);
	if (fd < 0)
		return fd;
	err = (int)host_call(SYS_ftruncate, fd, bo->size);
	if (!err)
		err = host_fcntl(fd, F_ADD_SEALS, SEALS);
	if (!err)
		err = host_fstat(fd, &st);
	if (!err && bo->touched)
		err = copy_content(bo, fd);
	if (!err)
		err = agx_ram_overlay(bo->node->ram, bo->ram, bo->size, fd);
	if (err) {
		host_close(fd);
		return err;
	}
	set_dmabuf(bo, fd, &st);
	return 0;
}

static struct agx_bo *find_dmabuf(struct agx_node *node, struct agx_fd_identity identity)
{
	struct agx_bo *bo;

	list_for_each_entry(bo, bucket(node, identity.ino), dmabuf_link)
		if (bo->ino == identity.ino && bo->dev == identity.dev)
			return agx_bo_get_unless_zero(bo);
	return NULL;
}

/*
 * The BO behind fd, with a reference, without a system call where the number is known. 0, *bo
 * NULL and *st filled: no BO of this node's. A negative errno: fd is not open.
 */
static int lookup(struct agx_node *node, int fd, struct stat *st, struct agx_bo **bo)
{
	struct agx_fd_identity identity = {0};
	int err;

	if (agx_fdtrack_find(fd, AGX_FD_DMABUF, &identity)) {
		*bo = find_dmabuf(node, identity);
		if (*bo)
			return 0;
	}
	err = host_fstat(fd, st);
	identity = err ? (struct agx_fd_identity){0}
		       : (struct agx_fd_identity){st->st_dev, st->st_ino};
	agx_fdtrack_checked(fd, identity);
	*bo = err ? NULL : find_dmabuf(node, identity);
	return err;
}

struct agx_bo *agx_dmabuf_lookup_locked(struct agx_node *node, int fd)
{
	struct agx_bo *bo;
	struct stat st;

	return lookup(node, fd, &st, &bo) ? NULL : bo;
}

/* Opens the file behind a descriptor once more, with an access mode of its own. */
static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return host_open(path, flags);
}

/*
 * A descriptor for the client. Without DRM_RDWR it can be mapped for reading only; where there is
 * no /proc it can be written as well.
 */
static int export(const struct agx_bo *bo, uint32_t flags)
{
	int fd = -ENOENT;

	if (!(flags & DRM_RDWR))
		fd = reopen(bo->fd, O_RDONLY | (flags & DRM_CLOEXEC ? O_CLOEXEC : 0));
	if (fd == -ENOENT || fd == -EACCES) {
		fd = agx_fdtrack_dup(bo->fd, flags & DRM_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD);
		if (fd >= 0)
			agx_fdtrack_made(fd, AGX_FD_DMABUF,
					 (struct agx_fd_identity){bo->dev, bo->ino});
	}
	return fd;
}

/* Makes a BO of a dma-buf that this node does not know yet. */
static int import(struct agx_node *node, int fd, const struct stat *st, struct agx_bo **out)
{
	uint64_t size = (uint64_t)st->st_size;
	struct agx_bo *bo;
	int err, low, own;

	if (!size || size & AGX_PAGE_MASK)
		return -EINVAL;
	/* The exporter's descriptor may be for reading only. */
	low = reopen(fd, O_RDWR | O_CLOEXEC);
	own = host_dup(low >= 0 ? low : fd);
	if (low >= 0)
		host_close(low);
	if (own < 0)
		return own;
	err = agx_bo_create(node, size, 0, &bo);
	if (err)
		goto close_fd;
	err = agx_ram_overlay(node->ram, bo->ram, size, own);
	if (err) {
		agx_bo_put_locked(bo);
		goto close_fd;
	}
	bo->touched = true;
	set_dmabuf(bo, own, st);
	*out = bo;
	return 0;

close_fd:
	host_close(own);
	return err;
}

long agx_ioctl_prime_handle_to_fd(struct agx_file *file, void *arg)
{
	struct drm_prime_handle *args = arg;
	struct agx_node *node = file->node;
	struct agx_reject why;
	struct agx_bo *bo = NULL;
	int err = 0, fd;

	if (args->flags & ~(DRM_CLOEXEC | DRM_RDWR))
		err = agx_reject(&why, -EINVAL, "flags", "CLOEXEC, RDWR", args->flags);
	if (!err) {
		bo = agx_bo_lookup(file, args->handle);
		if (!bo)
			err = agx_reject(&why, -ENOENT, "handle", "a GEM handle", args->handle);
		else if (bo->flags & DRM_ASAHI_GEM_VM_PRIVATE)
			err = agx_reject(&why, -EINVAL, "handle", "an object without VM_PRIVATE",
					 args->handle);
	}
	if (err)
		return agx_log_reject(node, "PRIME_HANDLE_TO_FD", err, &why);

	err = agx_bo_make_dmabuf(bo);
	if (err)
		return err;
	if (!agx_dmabuf_is_open(bo))
		return -EBADF;
	fd = export(bo, args->flags);
	if (fd < 0)
		return fd;
	args->fd = fd;
	return 0;
}

long agx_ioctl_prime_fd_to_handle(struct agx_file *file, void *arg)
{
	struct drm_prime_handle *args = arg;
	struct agx_node *node = file->node;
	struct agx_reject why;
	struct agx_bo *bo;
	struct stat st;
	uint32_t known;
	int err, handle;

	if (lookup(node, args->fd, &st, &bo)) {
		agx_reject(&why, -EBADF, "fd", "an open descriptor", (uint64_t)args->fd);
		return agx_log_reject(node, "PRIME_FD_TO_HANDLE", -EBADF, &why);
	}
	if (!bo) {
		if (!agx_dmabuf_is_ours(args->fd)) {
			agx_reject(&why, -EINVAL, "fd", "a dma-buf of a virtual node",
				   (uint64_t)args->fd);
			return agx_log_reject(node, "PRIME_FD_TO_HANDLE", -EINVAL, &why);
		}
		err = import(node, args->fd, &st, &bo);
		if (err)
			return err;
	}

	known = agx_bo_find_handle(bo, file);
	handle = known ? (int)known : agx_bo_add_handle(bo, file);
	agx_bo_put_locked(bo);
	if (handle < 0)
		return handle;
	args->handle = (uint32_t)handle;
	return 0;
}

long agx_node_dmabuf_ioctl(struct agx_node *node, int fd, unsigned long request, uint64_t arg)
{
	struct agx_bo *bo;
	struct stat st;
	long ret;

	agx_node_lock(node);
	ret = lookup(node, fd, &st, &bo);
	/* One of another process, which this one only waits for: known from now on. */
	if (!ret && !bo)
		ret = agx_dmabuf_is_ours(fd) ? import(node, fd, &st, &bo) : -ENOTTY;
	if (!ret) {
		ret = agx_resv_ioctl(bo, fd, request, arg);
		agx_bo_put_locked(bo);
	}
	agx_node_unlock(node);
	return ret;
}
