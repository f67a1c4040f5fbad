// SPDX-License-Identifier: MIT
/*
 * Runs the uAPI cases on a DRM node by the system calls: on a real machine's driver, or on
 * whatever answers in its place.
 *
 * usage: uapi_check [--tap] [NODE]      default: the first render node whose driver is asahi
 *
 * --tap: a line for each table, as the Test Anything Protocol has it.
 * Exit: 0 all as expected, 1 a case differs, 77 there is no such node.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

static void fd_close(void *ctx, int fd)
{
	close(fd);
}

static const char *text(long result)
{
	return result == UAPI_WRONG_OUTPUT ? "wrong output" : strerror((int)-result);
}

/* 0: as expected; 1: not, and said so; SKIPPED: the node has gone. */
static int run_case(const char *path, const struct uapi_case *test)
{
	int fd = open_asahi(path);
	const struct uapi_target target = {fd_ioctl, fd_close, &fd};
	struct uapi_env env;
	long ret, want = test->expect;

	if (fd < 0) {
		fprintf(stderr, "%s is no node of the asahi driver\n", path);
		return SKIPPED;
	}
	ret = uapi_env_init(&env, &target);
	if (ret)
		fprintf(stderr, "%s: cannot make the objects: %s\n", test->name, text(ret));
	else
		ret = uapi_case_run(&env, test);
	uapi_env_finish(&env);
	close(fd);
	if (ret == want)
		return 0;
	fprintf(stderr, "%s: expected %ld (%s), got %ld (%s)\n", test->name, want, text(want), ret,
		text(ret));
	return 1;
}

int main(int argc, char **argv)
{
	static const struct uapi_table *const lists[] = {uapi_tables, drm_tables};
	const struct uapi_table *table;
	unsigned int run = 0, failed = 0, tables = 0, bad;
	bool tap = argc > 1 && !strcmp(argv[1], "--tap");
	char found[32];
	const char *path;
	size_t list, i;
	int ret;

	if (tap)
		argc--, argv++;
	path = argc > 1 ? argv[1] : find_node(found, sizeof(found));
	if (!path) {
		fprintf(stderr, "no render node with the asahi driver\n");
		return SKIPPED;
	}
	for (list = 0; list < 2; list++) {
		for (table = lists[list]; table->name; table++) {
			for (i = 0, bad = 0; i < table->count; i++) {
				ret = run_case(path, &table->cases[i]);
				if (ret == SKIPPED)
					return SKIPPED;
				bad += (unsigned int)ret;
			}
			run += (unsigned int)table->count;
			failed += bad;
			tables++;
			if (tap)
				printf("%sok %u - %s: %zu cases\n", bad ? "not " : "", tables,
				       table->name, table->count);
		}
	}
	if (tap)
		printf("1..%u\n", tables);
	else
		printf("%s: %u cases, %u failed\n", path, run, failed);
	return !!failed;
}
