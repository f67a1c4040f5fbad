// SPDX-License-Identifier: MIT
/*
 * Which driver has the GPU now, and which would get it. This module and the distribution's Rust
 * driver have the same name, asahi, so what blocks one blocks the other, and depmod keeps one.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define MODULE "module"

#define DEP_LIMIT     (16u << 20)
#define CONF_LIMIT    (256u << 10)
#define CMDLINE_LIMIT 65536
#define KO_LIMIT      (64u << 20)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ADVICE_ONE_BOOT \
	"boot once with modprobe.blacklist=asahi (docs/mac.md), then load the module by hand"

/* "asahi.ko", also compressed; length of the name without what follows. */
static bool is_module(const char *name, size_t length)
{
	static const char *const names[] = {"asahi.ko", "asahi.ko.xz", "asahi.ko.zst",
					    "asahi.ko.gz"};
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (length == strlen(names[i]) && !memcmp(name, names[i], length))
			return true;
	return false;
}

/*
 * A line of modules.dep (path: dependencies) or modules.builtin (path) whose file is asahi.ko.
 * The caller frees it.
 */
static char *find_line(const struct doctor *doctor, const char *file)
{
	char path[PATH_MAX], *data, *found = NULL;
	const char *line, *end, *name;
	size_t size, length, i;

	if (!doctor->release || strchr(doctor->release, '/'))
		return NULL;
	for (i = 0; i < 2 && !found; i++) {
		snprintf(path, sizeof(path), "%s/lib/modules/%s/%s", i ? "/usr" : "",
			 doctor->release, file);
		if (doctor_read(doctor, path, DEP_LIMIT, &data, &size))
			continue;
		for (line = data; line && *line && !found; line = end ? end + 1 : NULL) {
			end = strchr(line, '\n');
			length = strcspn(line, ":\n");
			name = memrchr(line, '/', length);
			name = name ? name + 1 : line;
			if (is_module(name, length - (size_t)(name - line)))
				found = doctor_text(line, length);
		}
		free(data);
	}
	return found;
}

/* A device whose driver is asahi. The caller frees it. */
static char *bound_device(const struct doctor *doctor)
{
	char **names, path[PATH_MAX], *driver, *found = NULL;
	size_t count, i;

	if (doctor_list(doctor, "/sys/bus/platform/devices", &names, &count))
		return NULL;
	for (i = 0; i < count && !found; i++) {
		if (!strstr(names[i], "gpu"))
			continue;
		if (snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/driver", names[i]) >=
		    PATH_MAX)
			continue;
		driver = doctor_link(doctor, path);
		if (driver && !strcmp(driver, "asahi"))
			found = doctor_text(names[i], strlen(names[i]));
		free(driver);
	}
	doctor_list_free(names, count);
	return found;
}

/* A module that is not of the kernel's own tree has an O among its taints. True: it is this one. */
static bool check_loaded(struct doctor *doctor)
{
	char *taint, *device, *builtin = find_line(doctor, "modules.builtin");
	bool ours;

	if (builtin) {
		doctor_add(doctor, DOCTOR_FAIL, MODULE, "loaded driver", "none, or this module",
			   "boot a kernel that has the Rust driver as a module",
			   "the Rust driver, built into the kernel (%s)", builtin);
		free(builtin);
		return false;
	}
	if (!doctor_exists(doctor, "/sys/module/asahi")) {
		doctor_add(doctor, DOCTOR_OK, MODULE, "loaded driver", NULL, NULL, "none");
		return false;
	}
	taint = doctor_line(doctor, "/sys/module/asahi/taint");
	device = bound_device(doctor);
	ours = taint && strchr(taint, 'O');
	if (ours)
		doctor_add(doctor, device ? DOCTOR_OK : DOCTOR_WARN, MODULE, "loaded driver",
			   "this module, bound to the GPU",
			   "look into the kernel's log for what it says about asahi",
			   "asahi, out of the kernel's tree: this module, %s%s",
			   device ? "bound to " : "bound to no GPU", device ? device : "");
	else
		doctor_add(doctor, DOCTOR_FAIL, MODULE, "loaded driver", "none, or this module",
			   ADVICE_ONE_BOOT "; do not unload a driver that a desktop uses",
			   "asahi, of the kernel's tree: the Rust driver, %s%s",
			   device ? "bound to " : "bound to no GPU", device ? device : "");
	free(taint);
	free(device);
	return ours;
}

static void check_installed(struct doctor *doctor)
{
	char *path = find_line(doctor, "modules.dep");
	bool headers = false;
	char build[PATH_MAX];

	if (doctor->release && !strchr(doctor->release, '/')) {
		snprintf(build, sizeof(build), "/lib/modules/%s/build/Makefile", doctor->release);
		headers = doctor_exists(doctor, build);
	}
	if (path && strncmp(path, "kernel/", 7))
		doctor_add(doctor, DOCTOR_OK, MODULE, "installed module", NULL, NULL,
			   "%s: modprobe asahi loads this module", path);
	else if (doctor->module)
		doctor_add(doctor, DOCTOR_OK, MODULE, "installed module", NULL, NULL,
			   "%s; the one to load is given by hand",
			   path ? "the kernel's own, the Rust driver" : "none");
	else
		doctor_add(
			doctor, DOCTOR_WARN, MODULE, "installed module",
			"asahi.ko below updates/ or extra/, or one given with --module",
			headers ? "build it (make -C kernel, or DKMS: docs/linux-module.md), and "
				  "run agx doctor --module on it"
				: "install the running kernel's headers, build the module "
				  "(docs/linux-module.md), and run agx doctor --module on it",
			"%s", path ? "only the kernel's own, the Rust driver" : "none");
	free(path);
	doctor_add(doctor, headers ? DOCTOR_OK : DOCTOR_WARN, MODULE, "kernel headers",
		   "/lib/modules/RELEASE/build",
		   "install the package with the running kernel's headers, to build the module",
		   "%s", headers ? "there" : "not there");
}

/* One word of the list behind "name=" on the command line. */
static bool listed(const char *cmdline, const char *name, const char *word)
{
	size_t length = strlen(name), want = strlen(word), have;
	const char *at = cmdline;

	while ((at = strstr(at, name))) {
		if (at != cmdline && at[-1] != ' ') {
			at += length;
			continue;
		}
		for (at += length;; at += have + 1) {
			have = strcspn(at, ", \n");
			if (have == want && !memcmp(at, word, want))
				return true;
			if (at[have] != ',')
				break;
		}
	}
	return false;
}

/* How a line of modprobe.d treats asahi. */
enum rule {
	RULE_NONE,
	RULE_BLACKLIST,
	RULE_INSTALL
};

static enum rule line_rule(const char *line)
{
	char verb[32], module[64];

	if (sscanf(line, " %31s %63s", verb, module) != 2 || strcmp(module, "asahi"))
		return RULE_NONE;
	if (!strcmp(verb, "blacklist"))
		return RULE_BLACKLIST;
	return strcmp(verb, "install") ? RULE_NONE : RULE_INSTALL;
}

static enum rule folder_rule(const struct doctor *doctor, const char *folder, char **where)
{
	char **names, path[PATH_MAX], *data, *line, *next;
	enum rule rule, found = RULE_NONE;
	size_t count, size, i, length;

	if (doctor_list(doctor, folder, &names, &count))
		return RULE_NONE;
	for (i = 0; i < count; i++) {
		length = strlen(names[i]);
		if (length < 5 || strcmp(names[i] + length - 5, ".conf") ||
		    snprintf(path, sizeof(path), "%s/%s", folder, names[i]) >= PATH_MAX ||
		    doctor_read(doctor, path, CONF_LIMIT, &data, &size))
			continue;
		for (line = data; line; line = next) {
			next = strchr(line, '\n');
			if (next)
				*next++ = '\0';
			rule = line_rule(line);
			if (rule <= found)
				continue;
			found = rule;
			free(*where);
			*where = doctor_text(path, strlen(path));
		}
		free(data);
	}
	doctor_list_free(names, count);
	return found;
}

static void check_rules(struct doctor *doctor)
{
	static const char *const folders[] = {"/etc/modprobe.d", "/run/modprobe.d",
					      "/usr/lib/modprobe.d", "/lib/modprobe.d"};
	enum rule rule, worst = RULE_NONE;
	char *cmdline = NULL, *where = NULL, *here;
	size_t size, i;

	if (doctor_read(doctor, "/proc/cmdline", CMDLINE_LIMIT, &cmdline, &size))
		cmdline = NULL;
	for (i = 0; i < COUNT(folders); i++) {
		here = NULL;
		rule = folder_rule(doctor, folders[i], &here);
		if (rule > worst) {
			worst = rule;
			free(where);
			where = here;
		} else {
			free(here);
		}
	}
	if (cmdline && listed(cmdline, "module_blacklist=", "asahi"))
		doctor_add(doctor, DOCTOR_FAIL, MODULE, "load rules",
			   "no rule that keeps every module named asahi out",
			   "take module_blacklist=asahi off the command line: it also blocks this "
			   "module, which has the same name; modprobe.blacklist=asahi does not",
			   "module_blacklist=asahi on the command line");
	else if (worst == RULE_INSTALL)
		doctor_add(doctor, DOCTOR_WARN, MODULE, "load rules",
			   "no rule that keeps every module named asahi out",
			   "load the module with insmod, or remove the rule",
			   "an install rule for asahi in %s", where ? where : "?");
	else if (cmdline && listed(cmdline, "modprobe.blacklist=", "asahi"))
		doctor_add(doctor, DOCTOR_OK, MODULE, "load rules", NULL, NULL,
			   "modprobe.blacklist=asahi: nothing is loaded by itself in this boot");
	else if (worst == RULE_BLACKLIST)
		doctor_add(doctor, DOCTOR_OK, MODULE, "load rules", NULL, NULL,
			   "a blacklist rule in %s: nothing is loaded by itself",
			   where ? where : "?");
	else
		doctor_add(doctor, DOCTOR_OK, MODULE, "load rules", NULL, NULL,
			   "none: what modprobe finds is loaded by itself");
	free(where);
	free(cmdline);
}

/* What a built module says of itself: "vermagic=6.12.0-16k SMP preempt mod_unload aarch64". */
static void check_given(struct doctor *doctor)
{
	struct doctor plain = {.sysroot = ""};
	char *data, *text = NULL;
	const char *magic;
	size_t size, length;
	bool fits, arch;
	int err;

	if (!doctor->module)
		return;
	err = doctor_read(&plain, doctor->module, KO_LIMIT, &data, &size);
	if (err) {
		doctor_add(doctor, DOCTOR_FAIL, MODULE, "given module", "a file asahi.ko",
			   "build it (docs/linux-module.md)", "%s", strerror(-err));
		return;
	}
	magic = size > 4 && !memcmp(data, "\177ELF", 4) ? memmem(data, size, "\0vermagic=", 10)
							: NULL;
	if (!magic) {
		doctor_add(doctor, DOCTOR_FAIL, MODULE, "given module",
			   "an ELF object with a vermagic, not compressed",
			   "give the file that the build made, or decompress it", "none");
		free(data);
		return;
	}
	magic += 10;
	length = strnlen(magic, size - (size_t)(magic - data));
	text = doctor_text(magic, length);
	fits = doctor->release && strlen(doctor->release) == strcspn(magic, " ") &&
	       !strncmp(magic, doctor->release, strlen(doctor->release));
	arch = text && strstr(text, "aarch64");
	doctor_add(doctor, fits && arch ? DOCTOR_OK : DOCTOR_FAIL, MODULE, "given module",
		   "built for the running kernel, for aarch64",
		   "build it with the headers of the running kernel", "%s", text ? text : "?");
	free(text);
	free(data);
}

void doctor_module(struct doctor *doctor)
{
	if (!check_loaded(doctor)) {
		check_installed(doctor);
		check_given(doctor);
	}
	check_rules(doctor);
}
