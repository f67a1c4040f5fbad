/* SPDX-License-Identifier: MIT */
/*
 * The run directory: what makes a virtual node visible to one command and its children.
 *
 *   dev/dri/                     the machine's nodes as links, the marker files renderDNNN, cardN
 *   sys/dev/char/226:NNN         and the rest of what libdrm reads of a node's sysfs
 *   stats/                       counters of each process that opened the node
 *   log                          named pipe: messages from those processes
 */
#ifndef RUNDIR_H
#define RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "private_dir.h"

struct agx_soc;

struct rundir {
	struct private_dir dir;
	unsigned int minor; /* the render node is renderD<minor> */
	unsigned int card;  /* the primary one card<card> */
	dev_t marker_dev;
	ino_t marker_ino, card_ino;
	int log; /* read end of the pipe, non-blocking */
};

/*
 * Makes one for soc. minor: of the node, or -1 for the first that is free beside the machine's
 * nodes. 0, or a negative errno with a sentence in error.
 */
int rundir_create(struct rundir *run, const struct agx_soc *soc, int minor, char *error,
		  size_t error_size);

/* Removes it with everything in it. */
void rundir_destroy(struct rundir *run);

/* What goes into the environment besides AGX_RUN_DIR and AGX_NODE. */
struct rundir_options {
	const char *gpu;
	const char *firmware;   /* version, NULL: the GPU's oldest */
	const char *inject;     /* faults on purpose, NULL: none */
	const char *transcript; /* absolute path, NULL: none */
	uint64_t memory;        /* bytes, 0: the node's default */
	const char *log;        /* level, NULL: the default */
	int report;             /* look for leaks at exit */
	bool critic;            /* the GPU judges all that commands lead to */
	bool exec;              /* and executes what is modelled */
	int exec_threads; /* with so many threads; 0: one for each CPU, -1: the preload's choice */
	uint64_t exec_order; /* and in this order; 0: ascending */
	bool races;          /* and finds accesses that nothing orders */
};

/*
 * Sets the variables in this process's environment, for the command to inherit. Puts the
 * preload object first in LD_PRELOAD, before what is there. To be called in the child.
 * 0, or a negative errno with a sentence in error.
 */
int rundir_set_environment(const struct rundir *run, const struct rundir_options *options,
			   char *error, size_t error_size);

/*
 * Puts another object before all others in LD_PRELOAD, by a link in run where the loader could
 * not read its path (a space or a colon). run may be NULL: -EINVAL for such a path then.
 */
int rundir_preload(const struct rundir *run, const char *object);

/*
 * Where name (libagx-*.so) is: beside this executable in the build tree, or installed.
 * 0, or -ENOENT with a sentence in error.
 */
int rundir_find_object(const char *name, char *path, size_t size, char *error, size_t error_size);

/* Passes on to standard error what has been logged. */
void rundir_drain_log(const struct rundir *run);

#endif
