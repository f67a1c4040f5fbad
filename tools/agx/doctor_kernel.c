// SPDX-License-Identifier: MIT
/*
 * The running kernel, against what the module is built for and links with (kernel/Kbuild,
 * docs/linux-module.md).
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define KERNEL "kernel"

#define CONFIG_LIMIT  (8u << 20)
#define PAGE_SIZE_16K 16384

/* The versions that the module is compiled for. */
#define OLDEST_MAJOR 6
#define OLDEST_MINOR 12
#define NEWEST_MAJOR 7
#define NEWEST_MINOR 3

#define ADVICE_KERNEL "boot the distribution's kernel for Apple Silicon, with 16 KiB pages"

enum need {
	NEED_BUILT_IN = 1, /* y */
	NEED_PRESENT,      /* y or m */
	NICE,              /* something is lost without it */
	NEED_NOT_OFF,      /* kernels that do not name it have it always */
	UNWANTED_BUILT_IN, /* y stands in the way */
};

static const struct option {
	const char *name;
	enum need need;
	bool mac; /* only there */
	const char *advice;
} options[] = {
	{"CONFIG_MODULES", NEED_BUILT_IN, false, ADVICE_KERNEL},
	{"CONFIG_ARM64_16K_PAGES", NEED_BUILT_IN, false, ADVICE_KERNEL},
	{"CONFIG_ARCH_APPLE", NEED_BUILT_IN, true, ADVICE_KERNEL},
	{"CONFIG_ARM64_TLB_RANGE", NEED_NOT_OFF, true, ADVICE_KERNEL},
	{"CONFIG_APPLE_MAILBOX", NEED_PRESENT, true, ADVICE_KERNEL},
	{"CONFIG_APPLE_RTKIT", NEED_PRESENT, true, ADVICE_KERNEL},
	{"CONFIG_APPLE_PMGR_PWRSTATE", NEED_BUILT_IN, true, ADVICE_KERNEL},
	{"CONFIG_PM", NEED_BUILT_IN, true, ADVICE_KERNEL},
	{"CONFIG_PCI", NEED_BUILT_IN, false, ADVICE_KERNEL},
	{"CONFIG_DRM", NEED_PRESENT, false, ADVICE_KERNEL},
	{"CONFIG_DRM_EXEC", NEED_PRESENT, false, ADVICE_KERNEL},
	{"CONFIG_DRM_GEM_SHMEM_HELPER", NEED_PRESENT, false, ADVICE_KERNEL},
	{"CONFIG_DRM_GPUVM", NEED_PRESENT, false, ADVICE_KERNEL},
	{"CONFIG_DRM_SCHED", NEED_PRESENT, false, ADVICE_KERNEL},
	{"CONFIG_SYNC_FILE", NEED_BUILT_IN, false, ADVICE_KERNEL},
	{"CONFIG_DEV_COREDUMP", NICE, false,
	 "a kernel with it keeps a dump of each fault (docs/devcoredump.md)"},
	{"CONFIG_TRACEPOINTS", NICE, false, "a kernel with it can trace the module"},
	{"CONFIG_DRM_ASAHI", UNWANTED_BUILT_IN, true,
	 "boot a kernel that has the Rust driver as a module; a built-in one takes the GPU first"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 'y', 'm', 'n' (also: a value that is something else), or 0: the option is not named. */
static char option_value(const char *config, const char *name)
{
	static const char off[] = " is not set";
	size_t length = strlen(name);
	const char *at = config;

	while ((at = strstr(at, name))) {
		if (at == config || at[-1] == '\n') {
			if (at[length] == '=')
				return at[length + 1] == 'y' || at[length + 1] == 'm'
					       ? at[length + 1]
					       : 'n';
		}
		if (at - config >= 2 && !memcmp(at - 2, "# ", 2) &&
		    !strncmp(at + length, off, sizeof(off) - 1))
			return 'n';
		at += length;
	}
	return 0;
}

static bool satisfied(enum need need, char value)
{
	switch (need) {
	case NEED_BUILT_IN:
		return value == 'y';
	case NEED_PRESENT:
	case NICE:
		return value == 'y' || value == 'm';
	case NEED_NOT_OFF:
		return value != 'n';
	case UNWANTED_BUILT_IN:
		return value != 'y';
	}
	return false;
}

static void check_release(struct doctor *doctor)
{
	unsigned int major = 0, minor = 0;
	bool old, newer;

	doctor->release = doctor_line(doctor, "/proc/sys/kernel/osrelease");
	if (!doctor->release || sscanf(doctor->release, "%u.%u", &major, &minor) != 2) {
		doctor_add(doctor, DOCTOR_WARN, KERNEL, "release", "6.12 to 7.3",
			   "run it where /proc is mounted", "%s",
			   doctor->release ? doctor->release : "/proc does not say");
		return;
	}
	old = major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR);
	newer = major > NEWEST_MAJOR || (major == NEWEST_MAJOR && minor > NEWEST_MINOR);
	doctor_add(doctor,
		   old     ? DOCTOR_FAIL
		   : newer ? DOCTOR_WARN
			   : DOCTOR_OK,
		   KERNEL, "release", "6.12 to 7.3",
		   old ? "boot a kernel of 6.12 or later"
		       : "the module was not compiled for it yet: build it and see",
		   "%s", doctor->release);
}

/* From the auxiliary vector of this process: pairs of words, 6 is AT_PAGESZ. */
static void check_page_size(struct doctor *doctor)
{
	uint64_t pair[2], page_size = 0;
	size_t size, i;
	char *data;

	if (!doctor_read(doctor, "/proc/self/auxv", 65536, &data, &size)) {
		for (i = 0; i + sizeof(pair) <= size; i += sizeof(pair)) {
			memcpy(pair, data + i, sizeof(pair));
			if (pair[0] == 6)
				page_size = pair[1];
		}
		free(data);
	}
	if (!page_size)
		doctor_add(doctor, DOCTOR_WARN, KERNEL, "page size", "16384 bytes",
			   "run it where /proc is mounted", "/proc does not say");
	else
		doctor_add(doctor, page_size == PAGE_SIZE_16K ? DOCTOR_OK : DOCTOR_FAIL, KERNEL,
			   "page size", "16384 bytes, as the GPU has", ADVICE_KERNEL,
			   "%" PRIu64 " bytes", page_size);
}

static int read_config(struct doctor *doctor, char **config, char where[PATH_MAX])
{
	static const char *const patterns[] = {
		"/proc/config.gz",
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/usr/lib/modules/%s/config",
	};
	int err = -ENOENT, last;
	size_t i;

	for (i = 0; i < COUNT(patterns); i++) {
		if (!i)
			snprintf(where, PATH_MAX, "%s", patterns[i]);
		else if (!doctor->release || strchr(doctor->release, '/'))
			continue;
		else if (i == 1)
			snprintf(where, PATH_MAX, "/boot/config-%s", doctor->release);
		else
			snprintf(where, PATH_MAX, "%s/lib/modules/%s/config", i == 2 ? "" : "/usr",
				 doctor->release);
		last = doctor_read_gz(doctor, where, CONFIG_LIMIT, config);
		if (!last)
			return 0;
		if (last != -ENOENT)
			err = last;
	}
	return err;
}

static void check_option(struct doctor *doctor, const struct option *option, const char *config)
{
	static const char *const expected[] = {
		[NEED_BUILT_IN] = "y", [NEED_PRESENT] = "y or m",         [NICE] = "y or m",
		[NEED_NOT_OFF] = "y",  [UNWANTED_BUILT_IN] = "m or none",
	};
	char value = option_value(config, option->name);

	if (satisfied(option->need, value)) {
		if (value && value != 'n')
			doctor_add(doctor, DOCTOR_OK, KERNEL, option->name, NULL, NULL, "%c",
				   value);
		return;
	}
	doctor_add(doctor, option->need == NICE ? DOCTOR_WARN : DOCTOR_FAIL, KERNEL, option->name,
		   expected[option->need], option->advice, "%s",
		   value == 'y'   ? "y"
		   : value == 'm' ? "m"
				  : "not set");
}

static void check_config(struct doctor *doctor)
{
	char where[PATH_MAX], *config, *text;
	size_t i;
	int err = read_config(doctor, &config, where);

	if (err) {
		doctor_add(doctor, DOCTOR_WARN, KERNEL, "configuration",
			   "/proc/config.gz, /boot/config-RELEASE or /lib/modules/RELEASE/config",
			   "load the module configs (modprobe configs), or install the kernel's "
			   "configuration file; its options are not checked",
			   "%s", err == -ENOENT ? "none of them" : strerror(-err));
		return;
	}
	text = doctor_text(where, strlen(where));
	doctor_add(doctor, DOCTOR_OK, KERNEL, "configuration", NULL, NULL, "%s", text ? text : "?");
	free(text);
	for (i = 0; i < COUNT(options); i++)
		if (!options[i].mac || doctor->machine == DOCTOR_MAC)
			check_option(doctor, &options[i], config);
	free(config);
}

/* Would an unsigned module be refused? */
static void check_signatures(struct doctor *doctor)
{
	char *enforce = doctor_line(doctor, "/sys/module/module/parameters/sig_enforce");
	char *lockdown = doctor_line(doctor, "/sys/kernel/security/lockdown");
	bool forced = enforce && *enforce == 'Y';
	bool locked = lockdown && strchr(lockdown, '[') && !strstr(lockdown, "[none]");

	doctor_add(doctor, forced || locked ? DOCTOR_FAIL : DOCTOR_OK, KERNEL, "module signatures",
		   "not enforced, kernel not locked down",
		   "boot without module.sig_enforce=1 and lockdown=, or sign the module with a key "
		   "that the kernel trusts",
		   "%s, lockdown %s",
		   !enforce ? "enforcement unknown"
		   : forced ? "enforced"
			    : "not enforced",
		   lockdown ? lockdown : "not built in or not readable");
	free(enforce);
	free(lockdown);
}

void doctor_kernel(struct doctor *doctor)
{
	check_release(doctor);
	check_page_size(doctor);
	check_config(doctor);
	check_signatures(doctor);
}
