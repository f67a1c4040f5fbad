/* SPDX-License-Identifier: MIT */
/*
 * A directory for the time that a command runs, in memory where there is such a place. It carries a
 * lock, by which the next run tells one that was left behind from one in use.
 */
#ifndef PRIVATE_DIR_H
#define PRIVATE_DIR_H

#include <sys/types.h>

#define PRIVATE_DIR_PATH 96

struct private_dir {
	char path[PRIVATE_DIR_PATH];
	int lock; /* descriptor of the directory, locked; closed on exec */
};

/*
 * Makes a directory prefixXXXXXX with the given rights, and removes those that killed runs of this user
 * left beside it. content: something that every such directory holds once it is locked. Returns 0 or
 * a negative errno.
 */
int private_dir_create(struct private_dir *dir, const char *prefix, const char *content,
		       mode_t rights);

/* Removes the directory with everything in it. */
void private_dir_destroy(struct private_dir *dir);

#endif
