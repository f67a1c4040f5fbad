// SPDX-License-Identifier: MIT
/*
 * make-traces KIND FILE [NUMBER]: writes a trace that is recorded from a virtual node.
 *
 *   pass       a program that does NUMBER submits (default 10)
 *   fail       the same, but one result is not what a node gives
 *   soc SOC    an open of a node of that SoC
 *   cut        as a killed recorder leaves it: no index, a call without return
 *   newer      of a later format version
 *   shared     two processes that share a buffer
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "asahi_drm.h"
#include "recorder.h"

static uint32_t start(struct recorder *rec, uint32_t *file, uint32_t *queue, uint32_t *bo)
{
	uint32_t vm;

	*file = recorder_open(rec, 0);
	vm = recorder_vm_create(rec, *file);
	*queue = recorder_queue_create(rec, *file, vm);
	*bo = recorder_gem_create(rec, *file, 1 << 20);
	recorder_bind(rec, *file, vm, *bo, 0x100000000, 1 << 20);
	return recorder_syncobj_create(rec, *file);
}

static void work(struct recorder *rec, unsigned int submits, bool wrong)
{
	uint32_t file, queue, bo, sync = start(rec, &file, &queue, &bo);
	uint8_t *pages = calloc(4, 4096);
	unsigned int i;

	if (!pages)
		abort();
	for (i = 0; i < submits; i++) {
		struct drm_syncobj_wait wait = {
			.handles = (uintptr_t)&sync,
			.count_handles = 1,
			.timeout_nsec = INT64_MAX,
		};

		pages[i % 4096] = (uint8_t)i;
		pages[8192 + i * 13 % 4096] = (uint8_t)(i + 1);
		recorder_pages(rec, file, bo, 4 * (i % 60), 4, pages, 0);
		recorder_submit(rec, file, queue, sync);
		recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
		recorder_marker(rec, 0);
	}
	if (wrong) {
		struct drm_gem_close gem_close = {.handle = 99};

		recorder_pretend(rec, file, DRM_IOCTL_GEM_CLOSE, &gem_close, 0, 0);
	}
	recorder_close(rec, file);
	free(pages);
}

static void cut(struct recorder *rec)
{
	uint32_t file, queue, bo, sync = start(rec, &file, &queue, &bo);
	struct drm_syncobj_destroy destroy = {.handle = sync};

	recorder_submit(rec, file, queue, sync);
	recorder_begin(rec, file, 1, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
	recorder_abandon(rec);
}

static void share(struct recorder *rec)
{
	uint32_t file[2] = {recorder_open(rec, 0), recorder_open(rec, 1)};
	uint32_t bo = recorder_gem_create(rec, file[0], 0x8000);
	struct drm_prime_handle out = {.handle = bo, .flags = O_CLOEXEC | O_RDWR}, in = {0};
	XXH128_canonical_t hash;
	uint8_t page[4096];

	memset(page, 0x77, sizeof(page));
	if (recorder_ioctl(rec, file[0], DRM_IOCTL_PRIME_HANDLE_TO_FD, &out))
		abort();
	in.fd = out.fd;
	if (recorder_ioctl(rec, file[1], DRM_IOCTL_PRIME_FD_TO_HANDLE, &in))
		abort();
	recorder_pages(rec, file[1], in.handle, 0, 1, page, 0);
	XXH128_canonicalFromHash(&hash, XXH3_128bits(page, sizeof(page)));
	recorder_result(rec, file[0], bo, 0, 4096, hash.digest);
	recorder_fd_close(rec, 0, out.fd);
	recorder_close(rec, file[0]);
	recorder_close(rec, file[1]);
}

/* Raises the major version of a finished file. */
static void make_newer(const char *path)
{
	struct agxt_file_header header;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		abort();
	header.major = AGXT_VERSION_MAJOR + 1;
	header.hash = XXH3_64bits(&header, offsetof(struct agxt_file_header, hash));
	if (pwrite(fd, &header, sizeof(header), 0) != sizeof(header))
		abort();
	close(fd);
}

int main(int argc, char **argv)
{
	struct recorder_params params = {.chunk_size = 64 << 10};
	const char *kind = argc > 2 ? argv[1] : "";
	unsigned int number = argc > 3 ? (unsigned int)atoi(argv[3]) : 10;
	struct recorder *rec;

	if (argc < 3)
		return 2;
	if (!strcmp(kind, "soc"))
		params.soc = argc > 3 ? argv[3] : NULL;
	rec = recorder_create(argv[2], &params);
	if (!strcmp(kind, "cut")) {
		cut(rec);
		return 0;
	}
	if (!strcmp(kind, "pass") || !strcmp(kind, "newer"))
		work(rec, number, false);
	else if (!strcmp(kind, "fail"))
		work(rec, number, true);
	else if (!strcmp(kind, "soc"))
		recorder_close(rec, recorder_open(rec, 0));
	else if (!strcmp(kind, "shared"))
		share(rec);
	else
		return 2;
	recorder_finish(rec);
	if (!strcmp(kind, "newer"))
		make_newer(argv[2]);
	return 0;
}
