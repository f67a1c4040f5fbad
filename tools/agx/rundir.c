// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agx.h"
#include "agx_soc.h"
#include "preload/config.h"
#include "preload/log.h"
#include "preload/paths.h"
#include "rundir.h"

#define NAME_PREFIX "agx-run-"
#define FIRST_MINOR 128 /* of render nodes, Linux drivers/gpu/drm/drm_drv.c */
#define LAST_MINOR  191
#define LAST_CARD   63
#define RENDER      "renderD"
#define PRIMARY     "card"

static int fail(char *error, size_t size, int err, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(error, size, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < size)
		snprintf(error + n, size - (size_t)n, ": %s", strerror(-err));
	return err;
}

/* mkdir -p of path in the run directory. */
static int make_dirs(const struct rundir *run, const char *path)
{
	char full[PATH_MAX], *slash;

	snprintf(full, sizeof(full), "%s%s/", run->dir.path, path);
	for (slash = full + strlen(run->dir.path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

__attribute__((format(printf, 3, 4))) static int
write_file(const struct rundir *run, const char *path, const char *format, ...)
{
	char full[PATH_MAX];
	FILE *file;
	va_list ap;
	int ret;

	snprintf(full, sizeof(full), "%s%s", run->dir.path, path);
	file = fopen(full, "we");
	if (!file)
		return -errno;
	va_start(ap, format);
	ret = vfprintf(file, format, ap) < 0 ? -EIO : 0;
	va_end(ap);
	if (fclose(file))
		ret = -errno;
	return ret;
}

static int make_link(const struct rundir *run, const char *path, const char *target)
{
	char full[PATH_MAX + sizeof(run->dir.path)];

	snprintf(full, sizeof(full), "%s%s", run->dir.path, path);
	return symlink(target, full) ? -errno : 0;
}

/* Links to what dir has in fact, so that a listing of it shows the machine's nodes too. */
static int link_real(const struct rundir *run, const char *dir)
{
	char path[64 + sizeof(((struct dirent *)NULL)->d_name)];
	struct dirent *entry;
	DIR *d = opendir(dir);
	int ret = 0;

	while (d && !ret && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		ret = make_link(run, path, path);
	}
	if (d)
		closedir(d);
	return ret;
}

static bool is_taken(const char *name, unsigned int minor)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/dri/%s%u", name, minor);
	if (!lstat(path, &st))
		return true;
	snprintf(path, sizeof(path), "/sys/dev/char/%d:%u", PRELOAD_DRM_MAJOR, minor);
	return !lstat(path, &st);
}

static int choose_minors(struct rundir *run, int minor, char *error, size_t error_size)
{
	unsigned int m = minor < 0 ? FIRST_MINOR : (unsigned int)minor, card = 0;

	if (minor >= 0 && is_taken(RENDER, m))
		return fail(error, error_size, -EBUSY, "renderD%u exists on this machine", m);
	while (minor < 0 && is_taken(RENDER, m))
		if (++m > LAST_MINOR)
			return fail(error, error_size, -EBUSY, "renderD%d to renderD%d all exist",
				    FIRST_MINOR, LAST_MINOR);
	while (is_taken(PRIMARY, card))
		if (++card > LAST_CARD)
			return fail(error, error_size, -EBUSY, "card0 to card%d all exist",
				    LAST_CARD);
	run->minor = m;
	run->card = card;
	return 0;
}

/* The sysfs entries of one node of the device. */
static int make_node(const struct rundir *run, const char *unit, const char *name,
		     unsigned int minor)
{
	char dir[96], path[128], text[128];
	int ret;

	snprintf(dir, sizeof(dir), PATHS_SOC "/%s.gpu/drm/%s%u", unit, name, minor);
	ret = make_dirs(run, dir);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/uevent", dir);
	ret = write_file(run, path, "MAJOR=%d\nMINOR=%u\nDEVNAME=dri/%s%u\nDEVTYPE=drm_minor\n",
			 PRELOAD_DRM_MAJOR, minor, name, minor);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/dev", dir);
	ret = write_file(run, path, "%d:%u\n", PRELOAD_DRM_MAJOR, minor);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/device", dir);
	snprintf(text, sizeof(text), "../../../%s.gpu", unit);
	ret = make_link(run, path, text);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/subsystem", dir);
	ret = make_link(run, path, "../../../../../../class/drm");
	if (ret)
		return ret;

	snprintf(text, sizeof(text), "../../devices/platform/agx-soc/%s.gpu/drm/%s%u", unit, name,
		 minor);
	snprintf(path, sizeof(path), "/sys/dev/char/%d:%u", PRELOAD_DRM_MAJOR, minor);
	ret = make_link(run, path, text);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/class/drm/%s%u", name, minor);
	return make_link(run, path, text);
}

/*
 * A device as the device tree of a Mac gives it: the unit addresses and compatible strings
 * are those of Linux Documentation/devicetree/bindings/gpu/apple,agx.yaml and
 * arch/arm64/boot/dts/apple; the chips that are cut from a bigger one name both.
 */
static int make_device(const struct rundir *run, const struct agx_soc *soc)
{
	const char *unit = soc->variant == 'G' ? "206400000" : "406400000";
	char device[64], path[160], core[16], compatible[256];
	size_t i;
	int ret;

	for (i = 0; i + 1 < sizeof(core) && soc->core[i]; i++)
		core[i] = (char)tolower((unsigned char)soc->core[i]);
	core[i] = '\0';
	if (soc->variant == 'C' || soc->variant == 'D')
		snprintf(compatible, sizeof(compatible),
			 "OF_COMPATIBLE_0=apple,agx-%s\nOF_COMPATIBLE_1=apple,agx-g%us\n"
			 "OF_COMPATIBLE_N=2\n"
			 "MODALIAS=of:NgpuT(null)Capple,agx-%sCapple,agx-g%us\n",
			 core, soc->generation, core, soc->generation);
	else
		snprintf(compatible, sizeof(compatible),
			 "OF_COMPATIBLE_0=apple,agx-%s\nOF_COMPATIBLE_N=1\n"
			 "MODALIAS=of:NgpuT(null)Capple,agx-%s\n",
			 core, core);

	snprintf(device, sizeof(device), PATHS_SOC "/%s.gpu", unit);
	ret = make_dirs(run, device);
	if (ret)
		return ret;

	snprintf(path, sizeof(path), "%s/uevent", device);
	ret = write_file(run, path,
			 "DRIVER=asahi\nOF_NAME=gpu\nOF_FULLNAME=/soc/gpu@%s\n%sOF_ALIAS_0=gpu\n",
			 unit, compatible);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/subsystem", device);
	ret = make_link(run, path, "../../../../bus/platform");
	if (ret)
		return ret;
	ret = make_node(run, unit, RENDER, run->minor);
	return ret ?: make_node(run, unit, PRIMARY, run->card);
}

static int make_marker(const struct rundir *run, const char *name, unsigned int minor, dev_t *dev,
		       ino_t *ino)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/dev/dri/%s%u", run->dir.path, name, minor);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0666) || fstat(fd, &st)) {
		ret = -errno;
	} else {
		*dev = st.st_dev;
		*ino = st.st_ino;
	}
	close(fd);
	return ret;
}

static int make_log(struct rundir *run)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" PRELOAD_LOG_PIPE, run->dir.path);
	if (mkfifo(path, 0622) || chmod(path, 0622))
		return -errno;
	/* For writing too: the pipe then never reports its end. */
	run->log = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return run->log < 0 ? -errno : 0;
}

static int populate(struct rundir *run, const struct agx_soc *soc)
{
	static const char *const dirs[] = {"/dev/dri", "/sys/dev/char", "/sys/class/drm",
					   "/sys/bus/platform", "/stats"};
	char stats[PATH_MAX];
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		ret = make_dirs(run, dirs[i]);
	snprintf(stats, sizeof(stats), "%s/stats", run->dir.path);
	if (!ret && chmod(stats, 01777))
		ret = -errno;
	ret = ret ?: link_real(run, "/dev/dri");
	ret = ret ?: link_real(run, "/sys/class/drm");
	ret = ret ?: make_device(run, soc);
	ret = ret ?: make_marker(run, RENDER, run->minor, &run->marker_dev, &run->marker_ino);
	ret = ret ?: make_marker(run, PRIMARY, run->card, &run->marker_dev, &run->card_ino);
	return ret ?: make_log(run);
}

int rundir_create(struct rundir *run, const struct agx_soc *soc, int minor, char *error,
		  size_t error_size)
{
	int ret;

	*run = (struct rundir){.dir = {.lock = -1}, .log = -1};
	ret = choose_minors(run, minor, error, error_size);
	if (ret)
		return ret;
	ret = private_dir_create(&run->dir, NAME_PREFIX, "dev", 0755);
	if (ret)
		return fail(error, error_size, ret, "no run directory can be made");
	ret = populate(run, soc);
	if (ret) {
		fail(error, error_size, ret, "%s cannot be filled", run->dir.path);
		rundir_destroy(run);
	}
	return ret;
}

void rundir_destroy(struct rundir *run)
{
	private_dir_destroy(&run->dir);
	if (run->log >= 0)
		close(run->log);
	run->log = -1;
}

int rundir_find_object(const char *name, char *path, size_t size, char *error, size_t error_size)
{
	static const char *const places[] = {"../../userspace/preload", AGX_OBJECT_DIR};
	char self[PATH_MAX], candidate[PATH_MAX + 128], resolved[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (length <= 0)
		return fail(error, error_size, -ENOENT, "/proc/self/exe");
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i][0] == '/')
			snprintf(candidate, sizeof(candidate), "%s/%s", places[i], name);
		else
			snprintf(candidate, sizeof(candidate), "%s/%s/%s", self, places[i], name);
		if (!realpath(candidate, resolved) || strlen(resolved) >= size)
			continue;
		strcpy(path, resolved);
		return 0;
	}
	return fail(error, error_size, -ENOENT, "%s is neither in %s/%s nor in %s", name, self,
		    places[0], places[1]);
}

/* Puts object first in LD_PRELOAD. */
static int prepend(const char *object)
{
	const char *others = getenv("LD_PRELOAD");
	char *value;
	int ret = 0;

	/* The loader splits LD_PRELOAD at both, and has no way to quote them. */
	if (strpbrk(object, ": "))
		return -EINVAL;
	if (!others || !*others)
		return setenv("LD_PRELOAD", object, 1) ? -errno : 0;
	if (asprintf(&value, "%s:%s", object, others) < 0)
		return -ENOMEM;
	if (setenv("LD_PRELOAD", value, 1))
		ret = -errno;
	free(value);
	return ret;
}

#ifdef __SANITIZE_ADDRESS__
extern void __asan_init(void);

/* The sanitizer's run-time must come before the objects that are built with it. */
static int preload_sanitizer(void)
{
	Dl_info info;

	/* Programs that are not under test are not checked for leaks. */
	setenv("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0", 0);
	if (!dladdr((void *)__asan_init, &info) || !strstr(info.dli_fname, ".so"))
		return 0;
	return prepend(info.dli_fname);
}
#else
static int preload_sanitizer(void)
{
	return 0;
}
#endif

int rundir_preload(const struct rundir *run, const char *object)
{
	char link[sizeof(run->dir.path) + NAME_MAX + 2];

	/* A link whose path the loader can split. */
	if (run && strpbrk(object, ": ")) {
		snprintf(link, sizeof(link), "%s/%s", run->dir.path, strrchr(object, '/') + 1);
		if (symlink(object, link) && errno != EEXIST)
			return -errno;
		object = link;
	}
	return prepend(object) ?: preload_sanitizer();
}

static int set_number(const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return setenv(name, text, 1) ? -errno : 0;
}

int rundir_set_environment(const struct rundir *run, const struct rundir_options *options,
			   char *error, size_t error_size)
{
	char object[PATH_MAX], node[96];
	int ret;

	ret = rundir_find_object("libagx-preload.so", object, sizeof(object), error, error_size);
	if (ret)
		return ret;
	ret = rundir_preload(run, object);
	if (ret == -EINVAL)
		return fail(error, error_size, ret,
			    "%s: LD_PRELOAD cannot hold a path with a space or a colon",
			    run->dir.path);

	snprintf(node, sizeof(node), "%u:%llu:%llu:%u:%llu", run->minor,
		 (unsigned long long)run->marker_dev, (unsigned long long)run->marker_ino,
		 run->card, (unsigned long long)run->card_ino);
	if (!ret &&
	    (setenv(PRELOAD_ENV_RUN_DIR, run->dir.path, 1) || setenv(PRELOAD_ENV_NODE, node, 1) ||
	     setenv(PRELOAD_ENV_GPU, options->gpu, 1) ||
	     setenv(PRELOAD_ENV_EXEC, options->exec ? "full" : "none", 1)))
		ret = -errno;
	if (!ret && options->memory)
		ret = set_number(PRELOAD_ENV_MEMORY, options->memory);
	if (!ret && options->log && setenv(PRELOAD_ENV_LOG, options->log, 1))
		ret = -errno;
	if (!ret && options->firmware && setenv(PRELOAD_ENV_FIRMWARE, options->firmware, 1))
		ret = -errno;
	if (!ret && options->inject && setenv(PRELOAD_ENV_INJECT, options->inject, 1))
		ret = -errno;
	if (!ret && options->transcript && setenv(PRELOAD_ENV_TRANSCRIPT, options->transcript, 1))
		ret = -errno;
	if (!ret && options->exec_threads >= 0)
		ret = set_number(PRELOAD_ENV_EXEC_THREADS, (uint64_t)options->exec_threads);
	if (!ret && options->exec_order)
		ret = set_number(PRELOAD_ENV_EXEC_ORDER, options->exec_order);
	if (!ret && options->races && setenv(PRELOAD_ENV_EXEC_CHECK, "races", 1))
		ret = -errno;
	if (!ret && options->critic && setenv(PRELOAD_ENV_CRITIC, "1", 1))
		ret = -errno;
	if (!ret && options->report && setenv(PRELOAD_ENV_REPORT, "1", 1))
		ret = -errno;
	return ret ? fail(error, error_size, ret, "the environment cannot be set") : 0;
}

void rundir_drain_log(const struct rundir *run)
{
	char text[4096];
	ssize_t n;

	/* Whole lines: writers write less than a pipe takes at once. */
	while ((n = read(run->log, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stderr);
}
