/* SPDX-License-Identifier: MIT */
/*
 * What `agx run` tells the preload object through the environment. Read once, without system
 * calls; never changes afterwards. docs of each variable are in agx-run's manual page.
 */
#ifndef AGX_PRELOAD_CONFIG_H
#define AGX_PRELOAD_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PRELOAD_ENV_RUN_DIR    "AGX_RUN_DIR" /* the run directory, absolute */
#define PRELOAD_ENV_NODE       "AGX_NODE" /* RENDER:DEVICE:INODE:CARD:INODE, decimal; see below */
#define PRELOAD_ENV_GPU        "AGX_GPU"  /* SoC name */
#define PRELOAD_ENV_FIRMWARE   "AGX_FIRMWARE" /* version; unset: the SoC's oldest */
#define PRELOAD_ENV_INJECT     "AGX_INJECT" /* faults on purpose, userspace/model/inject/agx_inject.h */
#define PRELOAD_ENV_TRANSCRIPT "AGX_TRANSCRIPT" /* file to add the firmware transcript to */
#define PRELOAD_ENV_EXEC       "AGX_EXEC"       /* none, full */
#define PRELOAD_ENV_MEMORY     "AGX_MEMORY"     /* bytes */
/* With full: host threads (0: one for each CPU; unset: 1 while recording, else 0), seed of the order. */
#define PRELOAD_ENV_EXEC_THREADS "AGX_EXEC_THREADS"
#define PRELOAD_ENV_EXEC_ORDER   "AGX_EXEC_ORDER"
#define PRELOAD_ENV_EXEC_CHECK   "AGX_EXEC_CHECK" /* races: look for them */
/* With full: set while what launches change is recorded; bytes of content for each submission. */
#define PRELOAD_ENV_RESULTS "AGX_RESULTS"
#define PRELOAD_ENV_LOG     "AGX_LOG"    /* error, warn, debug */
#define PRELOAD_ENV_REPORT  "AGX_REPORT" /* set: look for leaks when the process exits */
#define PRELOAD_ENV_CRITIC  "AGX_CRITIC" /* set: the GPU judges all that commands lead to */

#define PRELOAD_TRANSCRIPT_MAX 512 /* bytes of these, with their end */
#define PRELOAD_INJECT_MAX     512

/* The DRM subsystem's character device major, Linux Documentation/admin-guide/devices.txt. */
#define PRELOAD_DRM_MAJOR 226

/*
 * The device's nodes, as DRM gives a driver without displays: the render node first, then the
 * primary one. A marker file stands for each; both are on one file system.
 */
enum {
	PRELOAD_RENDER,
	PRELOAD_PRIMARY,
	PRELOAD_NODES,
};

struct preload_node {
	unsigned int minor;
	ino_t ino;          /* of the marker file */
	char name[24];      /* renderDNNN, cardN */
	char char_name[24]; /* 226:NNN */
};

struct preload_config {
	char run_dir[128];
	unsigned int run_dir_length;
	dev_t marker_dev;
	struct preload_node node[PRELOAD_NODES];
	char gpu[16]; /* "": the node's default */
	char firmware[12];
	char inject[PRELOAD_INJECT_MAX];         /* "": none */
	char transcript[PRELOAD_TRANSCRIPT_MAX]; /* "": none */
	uint64_t memory;                         /* 0: the node's default */
	int log_level;                           /* enum agx_node_log_level, or -1: silent */
	bool report;
	bool critic;
	bool exec;                 /* the GPU executes */
	unsigned int exec_threads; /* 0: one for each CPU */
	uint64_t exec_order;       /* 0: ascending */
	bool races;                /* the GPU looks for them */
	bool results;              /* what launches change is recorded, see results.h */
	uint64_t result_content;   /* bytes for each submission */
};

enum preload_state {
	PRELOAD_UNKNOWN, /* initial */
	PRELOAD_OFF,     /* not under agx run */
	PRELOAD_ON,
};

extern struct preload_config preload_config; /* valid when preload_active() */
extern atomic_int preload_state;

bool preload_configure(void);

/* Whether there is a virtual node to show. */
static inline bool preload_active(void)
{
	int state = atomic_load_explicit(&preload_state, memory_order_acquire);

	return __builtin_expect(state == PRELOAD_UNKNOWN, 0) ? preload_configure()
							     : state == PRELOAD_ON;
}

/* Which node the file dev, ino stands for; NULL: it is no marker. */
static inline const struct preload_node *preload_find_marker(dev_t dev, ino_t ino)
{
	const struct preload_config *config = &preload_config;

	if (__builtin_expect(dev != config->marker_dev, 1))
		return NULL;
	if (ino == config->node[PRELOAD_RENDER].ino)
		return &config->node[PRELOAD_RENDER];
	return ino == config->node[PRELOAD_PRIMARY].ino ? &config->node[PRELOAD_PRIMARY] : NULL;
}

#endif
