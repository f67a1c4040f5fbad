/* SPDX-License-Identifier: MIT */
/*
 * One thread of the host runs one threadgroup at a time: its SIMD groups one after the other, each to its end, to
 * the next barrier or for a turn, as long as a budget lasts. What comes out does not depend on budgets.
 */
#ifndef AGX_GROUP_RUN_H
#define AGX_GROUP_RUN_H

#include "exec.h"
#include "memory.h"
#include "simd.h"

#define GROUP_SIMDS 32 /* a threadgroup has 1024 threads at most */

/* What all groups of a launch have in common. */
struct group_launch {
	const struct agx_program *program;
	struct stacks *stacks; /* who gives them; NULL: the program asks for none */
	uint32_t local_size;   /* bytes */
	bool poison;           /* threadgroup memory starts with garbage rather than with zeros */
	uint64_t order;        /* 0: SIMD groups take turns in order; else a seed of another one */
};

struct group_runner {
	struct agx_memory memory;
	struct agx_shader_watch *watch; /* NULL: nobody watches */
	struct agx_group group;
	const struct group_launch *launch;
	struct agx_simd *slots[GROUP_SIMDS]; /* as many as were ever needed */
	uint8_t *local;

	/* Of the group under way. */
	uint32_t threads, simds;
	uint32_t next;              /* SIMD group to be started, or slot to be run, in this round */
	uint32_t turns;             /* how many of them the round has */
	uint32_t kept;              /* slots that have more to do after this round */
	uint32_t waits;             /* bits of slots that have come to the barrier */
	bool first;                 /* round: SIMD groups are started */
	bool resumes;               /* the current slot has not ended its turn */
	int64_t turn;               /* operations that are left of it */
	uint64_t random;            /* state, with another order than the usual one */
	uint8_t order[GROUP_SIMDS]; /* SIMD groups of the first round, likewise */
	uint64_t used; /* operations of this group, and something for each SIMD group */
	struct agx_simd *trapped;

	/* Of all groups since they were cleared. */
	uint64_t operations, simds_started;
};

enum group_result {
	GROUP_DONE,
	GROUP_BUDGET,    /* go on with another group_run() */
	GROUP_TRAPPED,   /* see runner->trapped */
	GROUP_NO_MEMORY, /* of the host */
};

/* The runner is all zeros; walker: agx_memory_init(). */
void group_runner_init(struct group_runner *runner, const struct agx_walker *walker);
void group_runner_finish(struct group_runner *runner);

/*
 * Makes a group ready: id, size, full_size, stage and bindings of runner->group are set. threads: those of
 * it that there are, mostly the product of its size. number: of the group, for launch->order.
 */
void group_start(struct group_runner *runner, const struct group_launch *launch, uint64_t number,
		 uint32_t threads);

/* Runs for about *budget operations, which is counted down and may become negative. */
enum group_result group_run(struct group_runner *runner, int64_t *budget);

#endif
