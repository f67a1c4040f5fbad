// SPDX-License-Identifier: MIT
/* What libdrm, and programs on their own, find of the node in /dev and /sys. */
#include "client.h"

#include <sys/sysmacros.h>

static void libdrm_lists_the_device(void **state)
{
	drmDevicePtr devices[16];
	int i, found = 0, count = drmGetDevices2(0, devices, 16);

	assert_true(count >= 1);
	for (i = 0; i < count; i++) {
		if (!(devices[i]->available_nodes & (1 << DRM_NODE_RENDER)) ||
		    strcmp(devices[i]->nodes[DRM_NODE_RENDER], node_path()))
			continue;
		found++;
		assert_int_equal(devices[i]->bustype, DRM_BUS_PLATFORM);
		assert_string_equal(devices[i]->businfo.platform->fullname, "/soc/gpu@206400000");
		assert_string_equal(devices[i]->deviceinfo.platform->compatible[0],
				    "apple,agx-g13g");
		assert_null(devices[i]->deviceinfo.platform->compatible[1]);
	}
	assert_int_equal(found, 1);
	drmFreeDevices(devices, count);
}

static void libdrm_knows_an_open_node(void **state)
{
	int fd = open_node();
	drmDevicePtr device, again;
	drmVersionPtr version;
	struct stat st;
	char *name;

	version = drmGetVersion(fd);
	assert_non_null(version);
	assert_string_equal(version->name, "asahi");
	drmFreeVersion(version);
	assert_int_equal(drmGetNodeTypeFromFd(fd), DRM_NODE_RENDER);
	name = drmGetDeviceNameFromFd2(fd);
	assert_non_null(name);
	assert_string_equal(name, node_path());
	free(name);
	name = drmGetRenderDeviceNameFromFd(fd);
	assert_non_null(name);
	assert_string_equal(name, node_path());
	free(name);
	assert_int_equal(drmGetDevice2(fd, 0, &device), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(drmGetDeviceFromDevId(st.st_rdev, 0, &again), 0);
	assert_true(drmDevicesEqual(device, again));
	drmFreeDevice(&device);
	drmFreeDevice(&again);
	close(fd);
}

static void the_primary_node_is_the_same_device(void **state)
{
	int fd = open_node(), primary;
	drmDevicePtr device, other;
	struct stat st;
	char *name;

	assert_int_equal(drmGetDevice2(fd, 0, &device), 0);
	assert_true(device->available_nodes & (1 << DRM_NODE_PRIMARY));
	name = drmGetPrimaryDeviceNameFromFd(fd);
	assert_non_null(name);
	assert_string_equal(name, device->nodes[DRM_NODE_PRIMARY]);
	free(name);
	primary = open(device->nodes[DRM_NODE_PRIMARY], O_RDWR | O_CLOEXEC);
	assert_true(primary >= 0);
	assert_int_equal(try_node(primary), 0);
	assert_int_equal(fstat(primary, &st), 0);
	assert_int_equal(major(st.st_rdev), 226);
	assert_true(minor(st.st_rdev) < 128);
	assert_int_equal(drmGetNodeTypeFromFd(primary), DRM_NODE_PRIMARY);
	name = drmGetRenderDeviceNameFromFd(primary);
	assert_string_equal(name, node_path());
	free(name);
	assert_int_equal(drmGetDevice2(primary, 0, &other), 0);
	assert_true(drmDevicesEqual(device, other));
	drmFreeDevice(&device);
	drmFreeDevice(&other);
	close(primary);
	close(fd);
}

static void check_stat(const struct stat *st)
{
	assert_true(S_ISCHR(st->st_mode));
	assert_int_equal(major(st->st_rdev), 226);
	assert_int_equal(minor(st->st_rdev), strtol(getenv("AGX_NODE"), NULL, 10));
}

static void stat_tells_of_a_character_device(void **state)
{
	int fd = open_node(), dir = open("/dev/dri", O_RDONLY | O_DIRECTORY | O_CLOEXEC), other;
	const char *name = strrchr(node_path(), '/') + 1;
	struct statx stx;
	struct stat st;

	assert_true(dir >= 0);
	assert_int_equal(stat(node_path(), &st), 0);
	check_stat(&st);
	assert_int_equal(lstat(node_path(), &st), 0);
	check_stat(&st);
	assert_int_equal(fstat(fd, &st), 0);
	check_stat(&st);
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	check_stat(&st);
	assert_int_equal(fstatat(AT_FDCWD, node_path(), &st, AT_SYMLINK_NOFOLLOW), 0);
	check_stat(&st);
	assert_int_equal(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx), 0);
	assert_true(S_ISCHR(stx.stx_mode));
	assert_int_equal(stx.stx_rdev_major, 226);

	/* A relative open below a descriptor of the directory is one of the node too. */
	other = openat(dir, name, O_RDWR | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(try_node(other), 0);
	close(other);
	close(dir);
	close(fd);
}

static int is_node(const struct dirent *entry)
{
	return !strcmp(entry->d_name, strrchr(node_path(), '/') + 1);
}

static void directories_list_the_node(void **state)
{
	static const char *const dirs[] = {"/dev/dri", "/dev/dri/", "/sys/class/drm"};
	struct dirent **list, *entry;
	size_t i;
	int n, found;
	DIR *dir;

	for (i = 0; i < 3; i++) {
		n = scandir(dirs[i], &list, is_node, NULL);
		assert_int_equal(n, 1);
		free(list[0]);
		free(list);
		found = 0;
		dir = opendir(dirs[i]);
		assert_non_null(dir);
		while ((entry = readdir(dir)))
			found += is_node(entry);
		closedir(dir);
		assert_int_equal(found, 1);
	}
}

static void paths_do_not_betray_the_run_directory(void **state)
{
	int fd = open_node(), minor = (int)strtol(getenv("AGX_NODE"), NULL, 10);
	char link[64], text[PATH_MAX], *path;
	ssize_t n;

	path = realpath(node_path(), NULL);
	assert_non_null(path);
	assert_string_equal(path, node_path());
	free(path);
	snprintf(link, sizeof(link), "/sys/dev/char/226:%d/device", minor);
	path = canonicalize_file_name(link);
	assert_non_null(path);
	assert_int_equal(strncmp(path, "/sys/devices/platform/", 22), 0);
	/* What it says exists. */
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(eaccess(path, R_OK), 0);
	free(path);
	strcat(link, "/subsystem");
	n = readlink(link, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(strrchr(text, '/'), "/platform");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlinkat(AT_FDCWD, link, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, node_path());
	close(fd);
}

static void uevent_is_a_file_like_any(void **state)
{
	int minor = (int)strtol(getenv("AGX_NODE"), NULL, 10);
	char path[64], line[128], expected[64];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/char/226:%d/uevent", minor);
	snprintf(expected, sizeof(expected), "DEVNAME=dri/renderD%d\n", minor);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		found += !strcmp(line, expected);
	fclose(file);
	assert_int_equal(found, 1);
}

static void other_paths_are_left_alone(void **state)
{
	/* By a pointer: sanitizers know that open() takes no null pointer. */
	int (*volatile open_path)(const char *, int, ...) = open;
	char text[PATH_MAX], *path;
	struct stat st;
	int fd;

	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(major(st.st_rdev), 1);
	fd = open("/dev/drip", O_RDONLY);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(open("/dev/dri/renderD", O_RDWR), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(access("/sys/dev/char/226:9999", F_OK), -1);
	assert_int_equal(open_path(NULL, O_RDWR), -1);
	assert_int_equal(errno, EFAULT);
	path = realpath("/proc/self/root", text);
	assert_string_equal(path, "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libdrm_lists_the_device),
		cmocka_unit_test(libdrm_knows_an_open_node),
		cmocka_unit_test(the_primary_node_is_the_same_device),
		cmocka_unit_test(stat_tells_of_a_character_device),
		cmocka_unit_test(directories_list_the_node),
		cmocka_unit_test(paths_do_not_betray_the_run_directory),
		cmocka_unit_test(uevent_is_a_file_like_any),
		cmocka_unit_test(other_paths_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
