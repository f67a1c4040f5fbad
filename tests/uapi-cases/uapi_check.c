// SPDX-License-Identifier: MIT
/*
 * Runs the uAPI cases on a DRM node by the system calls: on a real machine's driver, or on
 * whatever answers in its place.
 *
 * usage: uapi_check [NODE]      default: the first render node whose driver is asahi
 *
 * Exit: 0 all as expected, 1 a case differs, 77 there is no such node.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "uapi_cases.h"

#define SKIPPED 77

static int open_asahi(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char name[8] = "";
	struct drm_version version = {.name = name, .name_len = sizeof(name) - 1};

	if (fd < 0)
		return -1;
	if (ioctl(fd, DRM_IOCTL_VERSION, &version) || strcmp(name, "asahi")) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *find_node(char *path, size_t size)
{
	int minor, fd;

	for (minor = 128; minor < 192; minor++) {
		snprintf(path, size, "/dev/dri/renderD%d", minor);
		fd = open_asahi(path);
		if (fd >= 0) {
			close(fd);
			return path;
		}
	}
	return NULL;
}

static long fd_ioctl(void *ctx, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(*(int *)ctx, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

int main(int argc, char **argv)
{
	const struct uapi_table *table;
	unsigned int run = 0, failed = 0;
	char found[32];
	const char *path = argc > 1 ? argv[1] : find_node(found, sizeof(found));
	size_t i;

	if (!path) {
		fprintf(stderr, "no render node with the asahi driver\n");
		return SKIPPED;
	}
	for (table = uapi_tables; table->name; table++) {
		for (i = 0; i < table->count; i++, run++) {
			const struct uapi_case *test = &table->cases[i];
			int fd = open_asahi(path);
			struct uapi_target target = {.ioctl = fd_ioctl, .ctx = &fd};
			struct uapi_env env;
			long ret;

			if (fd < 0) {
				fprintf(stderr, "%s is no node of the asahi driver\n", path);
				return SKIPPED;
			}
			ret = uapi_env_init(&env, &target);
			if (ret) {
				fprintf(stderr, "%s: cannot make the objects: %s\n", test->name,
					strerror((int)-ret));
				return 1;
			}
			ret = uapi_case_run(&env, test);
			close(fd);
			if (ret == test->expect)
				continue;
			fprintf(stderr, "%s: expected %d (%s), got %ld (%s)\n", test->name,
				test->expect, strerror(-test->expect), ret, strerror((int)-ret));
			failed++;
		}
	}
	printf("%s: %u cases, %u failed\n", path, run, failed);
	return !!failed;
}
