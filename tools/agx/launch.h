/* SPDX-License-Identifier: MIT */
/* Runs a command as a launcher does: signals go through, its exit status comes back. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <signal.h>

struct launch {
	char **argv;
	sigset_t mask; /* set by launch_init() */
	/* In the child before the command starts; a negative errno ends it. May be NULL. */
	int (*prepare)(void *data);
	/* In the parent, when fd is readable, and once after the end. May be NULL, with fd -1. */
	void (*readable)(void *data);
	void *data;
	int fd;
};

/*
 * Blocks the signals that launch_run() will pass on, for the rest of this process's life: what
 * has to be cleaned up after the command is, whenever they come. To be called before it is made.
 */
void launch_init(struct launch *launch);

/*
 * Status as of a shell: the command's own, 128+N when signal N killed it, 126 or 127 when it
 * could not be started (with a message). A negative errno when prepare failed, or fork did.
 */
int launch_run(const struct launch *launch);

#endif
