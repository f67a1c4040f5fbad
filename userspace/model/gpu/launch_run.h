/* SPDX-License-Identifier: MIT */
/*
 * A launch under way: its threadgroups, taken one after the other by as many runners as there are threads, in slices.
 * All of it happens within launch_run_slice(); in between nothing runs.
 *
 * Which group runs where has no influence on what programs without races do. Of groups that cannot go on, the first in
 * the order counts: those before it are finished, those behind it may have run.
 */
#ifndef AGX_LAUNCH_RUN_H
#define AGX_LAUNCH_RUN_H

#include "cdm.h"
#include "exec_gpu.h"
#include "group_run.h"
#include "page_set.h"
#include "pool.h"

struct launch_run_config {
	const struct agx_walker *walker;
	unsigned int threads;           /* 1 to AGX_POOL_MAX */
	uint64_t order;                 /* of groups; 0: that of the grid */
	uint64_t limit;                 /* operations of a group */
	bool note_pages;                /* that are written */
	struct agx_shader_watch *watch; /* of all runners, which is one then; NULL: none */

	/*
	 * Before a page is written to for the first time in a launch, by any thread that runs groups, and perhaps
	 * again; arguments as of agx_memory.written. NULL: nobody wants to know.
	 */
	void (*writing)(void *cookie, uint64_t address, uint64_t pa, const uint8_t *page);
	void *writing_cookie;
};

enum launch_result {
	LAUNCH_DONE,
	LAUNCH_BUSY,
	LAUNCH_TRAPPED, /* see launch_run_trapped() */
	LAUNCH_HUNG,    /* a group has used more than the limit */
	LAUNCH_NO_MEMORY,
};

/* What a launch did so far. */
struct launch_counts {
	uint64_t operations; /* of SIMD groups, those included that jumps forward passed over */
	uint64_t simds, groups;
	struct agx_exec_traffic traffic;
};

struct launch_run;

/* -ENOMEM. */
int launch_run_create(const struct launch_run_config *config, struct launch_run **run);

/* Accepts NULL. */
void launch_run_destroy(struct launch_run *run);

/* Before a command: another context perhaps, and nothing translated. */
void launch_run_command(struct launch_run *run, uint32_t context, bool soft_faults);

/* Before a launch: counts and pages start anew. */
void launch_run_clear(struct launch_run *run);

/*
 * Makes the preamble or the groups of a launch ready; everything stays where it is until they have ended. number: of
 * the launch, for the order.
 */
void launch_run_preamble(struct launch_run *run, const struct group_launch *launch,
			 const struct cdm_grid *grid, struct agx_bindings *bindings);
void launch_run_groups(struct launch_run *run, const struct group_launch *launch,
		       const struct cdm_grid *grid, struct agx_bindings *bindings, uint32_t number);

/*
 * Goes on for about *budget operations of each thread, which is counted down and may become negative. After
 * anything but BUSY there is nothing to go on with.
 */
enum launch_result launch_run_slice(struct launch_run *run, int64_t *budget);

/* Of the SIMD group that counts. */
const struct agx_simd *launch_run_trapped(const struct launch_run *run);

void launch_run_count(const struct launch_run *run, struct launch_counts *counts);

/* Pages that were written since launch_run_clear(); the host may have had no memory to note all: lost. */
struct page_set *launch_run_pages(struct launch_run *run);

#endif
