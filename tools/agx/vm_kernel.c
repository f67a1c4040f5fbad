// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm.h"

/* The only folder below lib/modules that has a list of dependencies. */
static int find_release(struct vm_kernel *kernel, char *error, size_t size)
{
	char base[3100];
	struct dirent *entry;
	DIR *dir;

	snprintf(base, sizeof(base), "%s/lib/modules", kernel->folder);
	dir = opendir(base);
	while (dir && (entry = readdir(dir))) {
		char list[3500];

		if (*entry->d_name == '.' || strlen(entry->d_name) >= sizeof(kernel->release))
			continue;
		snprintf(list, sizeof(list), "%s/%s/modules.dep", base, entry->d_name);
		if (access(list, R_OK))
			continue;
		snprintf(kernel->release, sizeof(kernel->release), "%s", entry->d_name);
		snprintf(kernel->modules, sizeof(kernel->modules), "%s/%s", base, kernel->release);
		closedir(dir);
		return 0;
	}
	if (dir)
		closedir(dir);
	snprintf(error, size, "%s: there is no lib/modules/RELEASE/modules.dep", kernel->folder);
	return -ENOENT;
}

static int open_folder(const char *folder, struct vm_kernel *kernel, char *error, size_t size)
{
	char *real = realpath(folder, NULL);
	int ret;

	if (!real || strlen(real) >= sizeof(kernel->folder)) {
		ret = real ? -ENAMETOOLONG : -errno;
		snprintf(error, size, "%s: %s", folder, strerror(-ret));
		free(real);
		return ret;
	}
	snprintf(kernel->folder, sizeof(kernel->folder), "%s", real);
	free(real);
	snprintf(kernel->image, sizeof(kernel->image), "%s/vmlinuz", kernel->folder);
	if (access(kernel->image, R_OK)) {
		ret = -errno;
		snprintf(error, size, "%s: %s", kernel->image, strerror(-ret));
		return ret;
	}
	return find_release(kernel, error, size);
}

int vm_kernel_find(const char *base, const char *name, struct vm_kernel *kernel, char *error,
		   size_t size)
{
	char folder[3000], best[256] = "";
	struct dirent *entry;
	size_t length = strlen(name);
	bool newest = !strcmp(name, "newest");
	DIR *dir;

	if (strchr(name, '/'))
		return open_folder(name, kernel, error, size);
	snprintf(folder, sizeof(folder), "%s/kernels", base);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		const char *this = entry->d_name;
		char next = strncmp(this, name, length) ? '?' : this[length];

		/* "6.1" is not the beginning of 6.12. */
		if (*this == '.' || strstr(this, ".partial") ||
		    (!newest && next && next != '.' && next != '-' && next != '+'))
			continue;
		if (strverscmp(this, best) > 0)
			snprintf(best, sizeof(best), "%s", this);
	}
	if (dir)
		closedir(dir);
	if (!*best) {
		snprintf(
			error, size,
			"there is no kernel %s in %s; `tools/vm-root setup --kernel %s` fetches it",
			name, folder, name);
		return -ENOENT;
	}
	snprintf(folder, sizeof(folder), "%s/kernels/%s", base, best);
	return open_folder(folder, kernel, error, size);
}
