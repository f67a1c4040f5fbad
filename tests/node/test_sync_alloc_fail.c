// SPDX-License-Identifier: MIT
/*
 * Out of memory at every point of the fences, as test_alloc_fail.c does it for the rest: a call
 * may then fail with ENOMEM, and what follows from that; nothing may hang or be left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "alloc_fail.h"
#include "asahi_drm.h"
#include "sync_fixture.h"

/* A call's result: not negative, or, once an allocation has failed, any of these. */
static bool good(long ret)
{
	if (ret >= 0)
		return true;
	assert_true(failed);
	assert_true(ret == -ENOMEM || ret == -EINVAL || ret == -ETIME || ret == -ENOENT);
	return false;
}

static uint32_t create(struct sync_fixture *f, uint32_t flags)
{
	struct drm_syncobj_create args = {.flags = flags};

	return good(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_CREATE, &args)) ? args.handle : 0;
}

static void use_sync_files(struct sync_fixture *f, uint32_t a, uint32_t b, int pending)
{
	struct sync_merge_data merge = {0};
	struct sync_fence_info fences[4];
	struct sync_file_info info = {.num_fences = 4, .sync_fence_info = (uintptr_t)fences};
	int fd;

	good(sync_import_file(f, a, 3, pending));
	good(sync_import_file(f, b, 0, pending));
	good(sync_transfer(f, b, 5, a, 2, 0));
	fd = sync_export_file(f, a, 3);
	if (!good(fd))
		return;
	merge.fd2 = sync_export_file(f, b, 0);
	if (good(merge.fd2)) {
		if (good(agx_node_syncfile_ioctl(f->node, fd, SYNC_IOC_MERGE, (uintptr_t)&merge))) {
			good(agx_node_syncfile_ioctl(f->node, merge.fence, SYNC_IOC_FILE_INFO,
						     (uintptr_t)&info));
			close(merge.fence);
		}
		close(merge.fd2);
	}
	close(fd);
}

static void use_waits(struct sync_fixture *f, uint32_t a, uint32_t b)
{
	struct agx_arg_syncobj_eventfd event = {.handle = a, .point = 9};
	uint32_t handles[2] = {a, b};
	uint64_t points[2] = {1, 0};
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)handles,
		.points = (uintptr_t)points,
		.count_handles = 2,
		.flags = AGX_SYNCOBJ_WAIT_ALL | AGX_SYNCOBJ_WAIT_AVAILABLE,
	};

	event.fd = eventfd(0, EFD_CLOEXEC);
	good(sync_ioctl(f, AGX_IOCTL_SYNCOBJ_EVENTFD, &event));
	good(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait));
	good(sync_timeline_signal(f, a, 9));
	close(event.fd);
}

static void use_share(struct sync_fixture *f, struct sync_fixture *other, uint32_t a)
{
	struct drm_syncobj_handle handle = {.handle = a, .fd = -1};
	uint64_t point;

	if (!good(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &handle)))
		return;
	if (good(sync_ioctl(other, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &handle))) {
		good(sync_query(other, handle.handle, &point, 0));
		good(sync_timeline_signal(other, handle.handle, 12));
		good(sync_timeline_wait(f, a, 12, AGX_SYNCOBJ_WAIT_AVAILABLE, 0));
		good(sync_signal(f, a));
		good(sync_wait(other, handle.handle, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 0));
	}
	close(handle.fd);
}

static void use_dmabuf(struct sync_fixture *f, int pending)
{
	struct drm_asahi_gem_create gem = {.size = 0x4000};
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC};
	struct {
		uint32_t flags;
		int32_t fd;
	} file = {DMA_BUF_SYNC_WRITE, pending};

	if (!good(sync_ioctl(f, DRM_IOCTL_ASAHI_GEM_CREATE, &gem)))
		return;
	prime.handle = gem.handle;
	if (!good(sync_ioctl(f, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime)))
		return;
	good(agx_node_dmabuf_ioctl(f->node, prime.fd, _IOW(DMA_BUF_BASE, 3, file),
				   (uintptr_t)&file));
	if (good(agx_node_dmabuf_ioctl(f->node, prime.fd, _IOWR(DMA_BUF_BASE, 2, file),
				       (uintptr_t)&file)))
		close(file.fd);
	close(prime.fd);
}

static void scenario(void)
{
	struct sync_fixture *f = sync_open(true), *other = sync_open(true);
	struct sync_pending pending = sync_pending_begin();
	uint32_t a, b;

	a = create(f, 0);
	b = create(f, DRM_SYNCOBJ_CREATE_SIGNALED);
	if (a && b) {
		use_sync_files(f, a, b, pending.read_fd);
		use_waits(f, a, b);
		use_share(f, other, a);
		use_dmabuf(f, pending.read_fd);
	}
	countdown = 0;
	sync_pending_end(&pending, 0);
	agx_node_step(f->node);
	agx_node_step(other->node);
	sync_close(other);
	sync_close(f);
}

static void every_allocation_may_fail(void **state)
{
	int fds = sync_count_fds();
	unsigned long n, first;

	(void)state;
	/* The fixture's own allocations must succeed: they come first and are counted. */
	failed = false;
	countdown = 1ul << 40;
	sync_close(sync_open(true));
	sync_close(sync_open(true));
	first = (1ul << 40) - countdown;
	scenario();
	for (n = first + 1; n == first + 1 || failed; n++) {
		failed = false;
		countdown = n;
		scenario();
	}
	assert_in_range(n - first, 20, 10000); /* it did run through */
	assert_int_equal(sync_count_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
