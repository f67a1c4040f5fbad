// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private_dir.h"

/* Longest folder to put one in: sockets inside have short paths only. */
#define MAX_BASE 64

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* What was left behind: nobody has the lock. One in the making, not locked yet, is still empty. */
static void sweep(const char *base, const char *prefix, const char *content)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	DIR *dir;
	int fd;

	dir = opendir(base);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, entry->d_name);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && st.st_uid == geteuid() && !flock(fd, LOCK_EX | LOCK_NB) &&
		    !faccessat(fd, content, F_OK, AT_SYMLINK_NOFOLLOW))
			remove_tree(path);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

int private_dir_create(struct private_dir *dir, const char *prefix, const char *content,
		       mode_t rights)
{
	const char *bases[] = {getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
	int ret = -ENOENT;
	size_t i;

	dir->lock = -1;
	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (!bases[i] || bases[i][0] != '/' || strlen(bases[i]) > MAX_BASE)
			continue;
		sweep(bases[i], prefix, content);
		snprintf(dir->path, sizeof(dir->path), "%s/%sXXXXXX", bases[i], prefix);
		if (!mkdtemp(dir->path)) {
			ret = -errno;
			continue;
		}
		dir->lock = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir->lock >= 0 && !flock(dir->lock, LOCK_EX) && !chmod(dir->path, rights))
			return 0;
		ret = -errno;
		if (dir->lock >= 0)
			close(dir->lock);
		dir->lock = -1;
		rmdir(dir->path);
	}
	dir->path[0] = '\0';
	return ret;
}

void private_dir_destroy(struct private_dir *dir)
{
	if (dir->path[0])
		remove_tree(dir->path);
	if (dir->lock >= 0)
		close(dir->lock);
	dir->path[0] = '\0';
	dir->lock = -1;
}
