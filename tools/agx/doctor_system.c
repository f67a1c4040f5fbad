// SPDX-License-Identifier: MIT
/* What is around the module: memory, the display's driver, Mesa, rights. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define SYSTEM "system"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MEMINFO_LIMIT 65536

/* Firmware heaps, tables and a desktop's buffers; a guess on the safe side. */
#define LEAST_AVAILABLE_KIB (512u << 10)

/* Mesa's asahi drivers speak Linux's uAPI (6.16) since then; before, a downstream one. */
#define MESA_MAJOR 25
#define MESA_MINOR 1

static void check_memory(struct doctor *doctor)
{
	unsigned long long available = 0;
	const char *at = NULL;
	char *data = NULL;
	size_t size;

	if (!doctor_read(doctor, "/proc/meminfo", MEMINFO_LIMIT, &data, &size))
		at = strstr(data, "MemAvailable:");
	if (!at || sscanf(at, "MemAvailable: %llu kB", &available) != 1)
		doctor_add(doctor, DOCTOR_WARN, SYSTEM, "memory", "512 MiB available",
			   "run it where /proc is mounted", "/proc does not say");
	else
		doctor_add(doctor, available >= LEAST_AVAILABLE_KIB ? DOCTOR_OK : DOCTOR_WARN,
			   SYSTEM, "memory", "512 MiB available", "close programs",
			   "%llu MiB available", available >> 10);
	free(data);
}

/* The display is driven by another driver than the GPU; without it, a desktop is not seen. */
static void check_display(struct doctor *doctor)
{
	char **names, path[PATH_MAX], *driver, *found = NULL;
	size_t count = 0, i;

	if (doctor->machine != DOCTOR_MAC)
		return;
	if (doctor_list(doctor, "/sys/class/drm", &names, &count))
		names = NULL;
	for (i = 0; i < count && !found; i++) {
		if (strncmp(names[i], "card", 4) || strchr(names[i], '-') ||
		    snprintf(path, sizeof(path), "/sys/class/drm/%s/device/driver", names[i]) >=
			    PATH_MAX)
			continue;
		driver = doctor_link(doctor, path);
		if (driver && strcmp(driver, "asahi"))
			found = driver;
		else
			free(driver);
	}
	doctor_list_free(names, count);
	doctor_add(doctor, found ? DOCTOR_OK : DOCTOR_WARN, SYSTEM, "display driver",
		   "a display driver of its own (apple-drm, simple-framebuffer)",
		   "have another way in (ssh) before the GPU's driver is changed", "%s",
		   found ? found : "none");
	free(found);
}

/* libgallium-25.1.4-1.so and the like, which Mesa has since 24.2. */
static bool mesa_version(const struct doctor *doctor, unsigned int *major, unsigned int *minor)
{
	static const char *const folders[] = {"/usr/lib64", "/usr/lib/aarch64-linux-gnu",
					      "/usr/lib"};
	unsigned int a, b;
	bool found = false;
	size_t count, i, j;
	char **names;

	for (i = 0; i < COUNT(folders); i++) {
		if (doctor_list(doctor, folders[i], &names, &count))
			continue;
		for (j = 0; j < count; j++) {
			if (sscanf(names[j], "libgallium-%u.%u", &a, &b) != 2)
				continue;
			/* Several: the newest is what the loader most likely finds. */
			if (!found || a > *major || (a == *major && b > *minor)) {
				*major = a;
				*minor = b;
			}
			found = true;
		}
		doctor_list_free(names, count);
	}
	return found;
}

static void check_mesa(struct doctor *doctor)
{
	static const char *const folders[] = {"/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"};
	unsigned int major = 0, minor = 0;
	bool vulkan = false, good;
	size_t count, i, j;
	char **names;

	if (!mesa_version(doctor, &major, &minor)) {
		doctor_add(doctor, DOCTOR_WARN, SYSTEM, "Mesa", "25.1 or later",
			   "install the distribution's Mesa; 24.1 and older are not recognised",
			   "not found");
	} else {
		good = major > MESA_MAJOR || (major == MESA_MAJOR && minor >= MESA_MINOR);
		doctor_add(doctor, good ? DOCTOR_OK : DOCTOR_FAIL, SYSTEM, "Mesa", "25.1 or later",
			   "update Mesa: older ones do not speak Linux's asahi uAPI", "%u.%u",
			   major, minor);
	}
	for (i = 0; i < COUNT(folders); i++) {
		if (doctor_list(doctor, folders[i], &names, &count))
			continue;
		for (j = 0; j < count; j++)
			vulkan |= !strncmp(names[j], "asahi_icd", 9);
		doctor_list_free(names, count);
	}
	doctor_add(doctor, vulkan ? DOCTOR_OK : DOCTOR_WARN, SYSTEM, "Mesa's Vulkan driver",
		   "asahi_icd*.json in /usr/share/vulkan/icd.d",
		   "install mesa-vulkan-drivers; OpenGL works without it", "%s",
		   vulkan ? "there" : "not found");
}

/* Render nodes, if there are any yet, as udev should have made them. */
static void check_nodes(struct doctor *doctor)
{
	char **names, full[PATH_MAX];
	unsigned int nodes = 0, closed = 0;
	size_t count = 0, i;
	struct stat st;

	if (doctor_list(doctor, "/dev/dri", &names, &count))
		names = NULL;
	for (i = 0; i < count; i++) {
		if (strncmp(names[i], "renderD", 7) ||
		    snprintf(full, sizeof(full), "%s/dev/dri/%s", doctor->sysroot, names[i]) >=
			    PATH_MAX ||
		    stat(full, &st))
			continue;
		nodes++;
		/* access() tells of this user; of a copied tree only the mode can tell. */
		if (*doctor->sysroot ? (st.st_mode & 060) != 060 : access(full, R_OK | W_OK))
			closed++;
	}
	doctor_list_free(names, count);
	if (!nodes)
		doctor_add(doctor, DOCTOR_OK, SYSTEM, "render nodes", NULL, NULL,
			   "none yet; the module makes one");
	else
		doctor_add(doctor, closed ? DOCTOR_WARN : DOCTOR_OK, SYSTEM, "render nodes",
			   "readable and writable for you",
			   "log in at the machine, or add yourself to the group render",
			   "%u, %u of "
			   "them closed to you",
			   nodes, closed);
}

void doctor_system(struct doctor *doctor)
{
	check_memory(doctor);
	check_display(doctor);
	check_mesa(doctor);
	check_nodes(doctor);
}
