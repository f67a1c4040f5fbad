/* SPDX-License-Identifier: MIT */
/*
 * A GPU (agx_gpu.h) that computes: compute work is executed, launch by launch and threadgroup by threadgroup, by
 * the shader core (shader/). Vertex and fragment work is looked at as by the null GPU, and draws nothing.
 *
 * Work is done inside of state(), a bounded slice of it in each call, by who polls: start() returns before the first
 * operation, as that of hardware does, so that a time taken after it is one from before the work. Within a call other threads may help; nothing runs
 * between calls: stop() has nothing to wait for, and a fork takes everything along. What comes out depends on memory
 * and work alone, unless programs race.
 *
 * A program that does not come to an end stops after a limit of operations: its unit stays busy without progress,
 * which is for the firmware's watchdog to see.
 */
#ifndef AGX_EXEC_GPU_H
#define AGX_EXEC_GPU_H

#include "null.h"

struct agx_exec_gpu;
struct agx_watch_config;

/* A page that a launch has written to, its preamble included. */
struct agx_exec_written {
	uint32_t context;
	uint64_t address;      /* GPU address of the page, of AGX_UAT_PAGE_SIZE bytes */
	uint32_t launch;       /* number in the control stream, from 0 */
	uint64_t list, shader; /* GPU addresses: USC words, code */
};

/* How a launch ended. */
enum agx_exec_launch_result {
	AGX_EXEC_LAUNCH_DONE,
	AGX_EXEC_LAUNCH_FAULTED, /* memory, or a program that cannot go on */
	AGX_EXEC_LAUNCH_HUNG,    /* a threadgroup does not come to an end */
	AGX_EXEC_LAUNCH_STOPPED, /* by the firmware */
};

/* What a launch has done, the preamble included. */
struct agx_exec_traffic {
	uint64_t loads, stores; /* of device memory, one lane each; atomics are both */
	uint64_t bytes_loaded, bytes_stored;
	uint64_t tlb_misses;
	uint64_t soft_loads, soft_stores; /* that a soft fault answered */
	uint64_t local_strays;            /* accesses beyond threadgroup memory */
	uint64_t odd_tiles; /* reads of compressed tiles with metadata that is not known */
	uint64_t odd_tile;  /* address of the metadata of one of them */
	uint8_t odd_metadata;
};

struct agx_program;

/* A launch that has ended, or will not. Valid during the call. */
struct agx_exec_launch {
	struct agx_gpu_place place; /* AGX_GPU_AT_LAUNCH */
	enum agx_exec_launch_result result;
	uint64_t size[3]; /* threads of the grid */
	uint32_t local[3];
	uint64_t groups,
		simds; /* threadgroups and SIMD groups that were started, the preamble's too */
	uint64_t operations; /* of SIMD groups; those that jumps forward passed over count too */
	uint64_t preshader;  /* GPU address of the preamble's code, 0: none */
	struct agx_exec_traffic traffic;
	const struct agx_program *program;
	const struct agx_program *preamble; /* NULL: none */
	uint64_t code[2];                   /* hash of the program's code */
};

struct agx_exec_gpu_config {
	struct agx_null_gpu_config
		null;     /* what both need, and the tests' for vertex and fragment */
	bool soft_faults; /* loads of what is not mapped give 0, stores there are dropped */
	bool poison;      /* threadgroup memory starts with garbage: with zeros otherwise */
	uint64_t slice;   /* operations of SIMD groups in a call; 0: a few milliseconds' worth */
	uint64_t
		limit; /* operations of a threadgroup that are believed to end; 0: some ten seconds' worth */
	unsigned int
		threads; /* of the host that work, the caller included; 0: one for each CPU, at most AGX_POOL_MAX */
	uint64_t order; /* of threadgroups and of SIMD groups in them: 0: ascending, else a seed */

	/* Numbers of the cores that there are, as helper programs know them; none: there is one, 0. */
	const uint8_t *cores;
	unsigned int core_count;

	/*
	 * Called by the thread that calls state() or stop(), when no program runs; must not call back.
	 * written: once for each page that a launch has written to, in ascending order, after it has ended however
	 * it did. launched: after that. Launches of empty grids are none. Each may be NULL, which costs nothing.
	 */
	void (*written)(void *cookie, const struct agx_exec_written *written);
	/*
	 * Unlike the others: before a launch writes to a page for the first time, by any thread that runs a program,
	 * and perhaps again. address, pa: of the page; page: what it holds.
	 */
	void (*writing)(void *cookie, uint64_t address, uint64_t pa, const uint8_t *page);
	void (*launched)(void *cookie, const struct agx_exec_launch *launch);
	/*
	 * For who makes a clock of it: after each launch that came to its end and at the end of each stream, what
	 * that cost. Operations of SIMD groups and a fixed amount, so the same whatever the host and its threads do.
	 */
	void (*executed)(void *cookie, uint64_t operations);
	void *hook_cookie;

	/*
	 * Who watches programs (agx_watch.h), copied; NULL: nobody, which costs nothing. They run on one thread and in
	 * ascending order then, whatever threads and order say.
	 */
	const struct agx_watch_config *watch;
};

/* -ENOMEM. */
int agx_exec_gpu_create(const struct agx_exec_gpu_config *config, struct agx_exec_gpu **gpu);

/* Accepts NULL. */
void agx_exec_gpu_destroy(struct agx_exec_gpu *gpu);

/* Is there work that another call of state() gets on with? */
bool agx_exec_gpu_computing(const struct agx_exec_gpu *gpu);

/* Its functions take the struct agx_exec_gpu. */
extern const struct agx_gpu_ops agx_exec_gpu_ops;

#endif
