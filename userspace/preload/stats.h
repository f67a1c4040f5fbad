/* SPDX-License-Identifier: MIT */
/*
 * Counters that each process which opened the virtual node leaves in the run directory, as
 * RUN_DIR/stats/PID.N. The file is mapped shared: what a killed process counted up to its
 * end is there. Written by the preload object, read by `agx run`; both are of one build.
 */
#ifndef AGX_PRELOAD_STATS_H
#define AGX_PRELOAD_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../model/gpu/shader/usage.h"
#include "../node/agx_node.h"
#include "findings.h"

#define PRELOAD_STATS_MAGIC   0x7478677874617473ull
#define PRELOAD_STATS_SIZE    16384
#define PRELOAD_STATS_UNKNOWN 64

struct preload_unknown {
	_Atomic uint32_t request; /* 0: free */
	_Atomic uint32_t reserved;
	_Atomic uint64_t count;
};

struct preload_stats {
	uint64_t magic; /* written last */
	uint32_t pid;
	uint32_t forked; /* made by a fork of a process that had the node */
	char command[16];
	_Atomic uint64_t opens;
	_Atomic uint64_t ioctls;
	_Atomic uint64_t unknown_ioctls;
	_Atomic uint64_t mmaps;
	_Atomic uint32_t exited; /* the object's destructor ran */
	/* After everything that the process left open was closed; exited and AGX_REPORT only. */
	_Atomic uint32_t leak_checked;
	_Atomic uint64_t leaked_bos;
	_Atomic uint64_t leaked_bytes;
	/* What existed only because a file was open, when that was closed before the exit. */
	_Atomic uint64_t abandoned_bos, abandoned_vms, abandoned_queues, abandoned_syncobjs;
	struct agx_node_stats node; /* the last look at the node, at exit before closing */
	struct preload_unknown unknown[PRELOAD_STATS_UNKNOWN];
	struct findings findings; /* of the firmware model */
	struct agx_usage usage;   /* of programs that were executed */
};

_Static_assert(sizeof(struct preload_stats) <= PRELOAD_STATS_SIZE, "whole pages of any host");

/* The process's counters; a private page when the run directory is gone. Never NULL. */
struct preload_stats *preload_stats_open(bool forked);

void preload_stats_unknown(struct preload_stats *stats, uint32_t request);

#endif
