// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "stats.h"

static union {
	struct preload_stats stats;
	char page[PRELOAD_STATS_SIZE];
} nowhere;

/* A new file: the same process may have run another program before. -1: cannot be. */
static int create_file(int pid)
{
	char path[sizeof(preload_config.run_dir) + 64];
	unsigned int n;
	long fd;

	for (n = 0; n < 1000; n++) {
		snprintf(path, sizeof(path), "%s/stats/%d.%u", preload_config.run_dir, pid, n);
		fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			     0600);
		if (fd >= 0 || errno != EEXIST)
			return (int)fd;
	}
	return -1;
}

struct preload_stats *preload_stats_open(bool forked)
{
	struct preload_stats *stats = &nowhere.stats;
	int pid = getpid(), fd = create_file(pid);
	void *page;

	if (fd >= 0) {
		if (!ftruncate(fd, PRELOAD_STATS_SIZE)) {
			page = mmap(NULL, PRELOAD_STATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				    fd, 0);
			if (page != MAP_FAILED)
				stats = page;
		}
		syscall(SYS_close, fd);
	}
	if (stats == &nowhere.stats)
		memset(&nowhere, 0, sizeof(nowhere));
	stats->pid = (uint32_t)pid;
	stats->forked = forked;
	prctl(PR_GET_NAME, stats->command, 0, 0, 0);
	atomic_thread_fence(memory_order_release);
	stats->magic = PRELOAD_STATS_MAGIC;
	return stats;
}

void preload_stats_unknown(struct preload_stats *stats, uint32_t request)
{
	uint32_t found;
	unsigned int i;

	atomic_fetch_add_explicit(&stats->unknown_ioctls, 1, memory_order_relaxed);
	for (i = 0; i < PRELOAD_STATS_UNKNOWN; i++) {
		found = 0;
		if (atomic_compare_exchange_strong(&stats->unknown[i].request, &found, request) ||
		    found == request) {
			atomic_fetch_add_explicit(&stats->unknown[i].count, 1,
						  memory_order_relaxed);
			return;
		}
	}
}
