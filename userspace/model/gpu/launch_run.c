// SPDX-License-Identifier: MIT
#include "launch_run.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "group_order.h"
#include "stacks.h"

/* A launch is known to be worth other threads when one has worked on it for so many operations. */
#define ALONE_OPS (1 << 13)

/* What a thread does between two looks at whether the slice is over. */
#define PIECE_OPS (1 << 15)

#define NOWHERE UINT64_MAX

struct runner {
	struct launch_run *run;
	struct group_runner groups;
	struct page_set pages;
	bool at_work;           /* on a group */
	uint64_t place;         /* of the group in the order */
	enum launch_result end; /* of the group, TRAPPED and later ones: it cannot go on */
	uint64_t count;         /* of groups that it has started */
};

struct launch_run {
	struct launch_run_config config;
	struct agx_walker walker;
	struct agx_pool *pool;
	struct runner *runners[AGX_POOL_MAX]; /* made when they are needed */
	unsigned int made;
	uint32_t context;
	bool soft_faults;
	struct page_set pages;

	/* The launch. */
	const struct group_launch *launch;
	const struct cdm_grid *grid;
	struct agx_bindings *bindings;
	enum agx_stage stage;
	struct group_launch ordered; /* with an order: launch, and the seed of this launch */
	uint64_t count;              /* of groups */
	unsigned int threads;        /* that may work on it */
	uint64_t alone;              /* operations by one thread */
	unsigned int turn;           /* which runner the caller has, when there are several */
	const struct runner *first;  /* that cannot go on */

	/* Between threads. */
	_Atomic uint64_t next; /* place of the next group */
	_Atomic uint64_t stop; /* lowest place of those that cannot go on */
	_Atomic bool over;     /* the slice is: the caller has done its part */

	/* The slice. */
	unsigned int active[AGX_POOL_MAX];
	int64_t budgets[AGX_POOL_MAX];
};

static void note_page(void *cookie, uint32_t context, uint64_t address, uint64_t pa,
		      const uint8_t *page)
{
	struct runner *runner = cookie;
	const struct launch_run_config *config = &runner->run->config;

	(void)context;
	if (config->note_pages)
		page_set_add(&runner->pages, address);
	if (config->writing)
		config->writing(config->writing_cookie, address, pa, page);
}

static bool notes_writes(const struct launch_run *run)
{
	return run->config.note_pages || run->config.writing;
}

static void clear_runner(struct launch_run *run, struct runner *runner)
{
	struct agx_memory *memory = &runner->groups.memory;

	memory->loads = memory->stores = 0;
	memory->bytes_loaded = memory->bytes_stored = 0;
	memory->misses = memory->soft_loads = memory->soft_stores = memory->local_strays = 0;
	memory->odd_tiles = 0;
	runner->groups.operations = runner->groups.simds_started = 0;
	runner->count = 0;
	if (!notes_writes(run))
		return;
	/* So that the first write to a page is seen in each launch. */
	agx_memory_flush(memory);
	page_set_clear(&runner->pages);
}

static bool make_runner(struct launch_run *run)
{
	struct runner *runner = calloc(1, sizeof(*runner));

	if (!runner)
		return false;
	runner->run = run;
	group_runner_init(&runner->groups, &run->walker);
	runner->groups.watch = run->config.watch;
	if (notes_writes(run)) {
		runner->groups.memory.written = note_page;
		runner->groups.memory.written_cookie = runner;
	}
	agx_memory_start(&runner->groups.memory, run->context, run->soft_faults);
	run->runners[run->made++] = runner;
	return true;
}

void launch_run_command(struct launch_run *run, uint32_t context, bool soft_faults)
{
	run->context = context;
	run->soft_faults = soft_faults;
	for (unsigned int i = 0; i < run->made; i++)
		agx_memory_start(&run->runners[i]->groups.memory, context, soft_faults);
}

void launch_run_clear(struct launch_run *run)
{
	for (unsigned int i = 0; i < run->made; i++)
		clear_runner(run, run->runners[i]);
}

/* --- Groups --- */

static void begin(struct launch_run *run, const struct group_launch *launch,
		  const struct cdm_grid *grid, struct agx_bindings *bindings)
{
	run->launch = launch;
	run->grid = grid;
	run->bindings = bindings;
	/* What a helper program writes, and where stacks are, is to be the same whatever the host's threads do. */
	run->threads = launch->stacks ? 1 : run->config.threads;
	run->alone = 0;
	run->turn = 0;
	run->first = NULL;
	for (unsigned int i = 0; i < run->made; i++) {
		run->runners[i]->at_work = false;
		run->runners[i]->end = LAUNCH_DONE;
	}
	atomic_store_explicit(&run->next, 0, memory_order_relaxed);
	atomic_store_explicit(&run->stop, NOWHERE, memory_order_relaxed);
}

void launch_run_preamble(struct launch_run *run, const struct group_launch *launch,
			 const struct cdm_grid *grid, struct agx_bindings *bindings)
{
	begin(run, launch, grid, bindings);
	run->stage = AGX_STAGE_PREAMBLE;
	run->count = 1;
}

void launch_run_groups(struct launch_run *run, const struct group_launch *launch,
		       const struct cdm_grid *grid, struct agx_bindings *bindings, uint32_t number)
{
	begin(run, launch, grid, bindings);
	run->stage = AGX_STAGE_COMPUTE;
	run->count = grid->count;
	if (!run->config.order)
		return;
	run->ordered = *launch;
	/* 0 would be the usual order. */
	run->ordered.order = agx_order_mix(run->config.order, number) | 1;
	run->launch = &run->ordered;
}

static uint32_t place_group(const struct launch_run *run, struct agx_group *group, uint64_t number)
{
	const struct cdm_grid *grid = run->grid;
	uint32_t threads = 1;

	for (unsigned int i = 0; i < 3; i++) {
		const uint64_t at = i < 2 ? number % grid->groups[i] : number;
		const uint64_t left = grid->size[i] - at * grid->local[i];

		number /= grid->groups[i];
		group->id[i] = (uint32_t)at;
		group->full_size[i] = grid->local[i];
		group->size[i] = left < grid->local[i] ? (uint32_t)left : grid->local[i];
		threads *= group->size[i];
	}
	return threads;
}

/* As a thread of its own, with the size of a full group. */
static void place_preamble(const struct launch_run *run, struct agx_group *group)
{
	memset(group->id, 0, sizeof(group->id));
	for (unsigned int i = 0; i < 3; i++)
		group->size[i] = group->full_size[i] = run->grid->local[i];
}

/* False: there is none left to take. */
static bool take_group(struct launch_run *run, struct runner *runner)
{
	struct agx_group *group = &runner->groups.group;
	uint64_t end = atomic_load_explicit(&run->stop, memory_order_relaxed), number;
	uint32_t threads = 1;

	if (end > run->count)
		end = run->count;
	if (atomic_load_explicit(&run->next, memory_order_relaxed) >= end)
		return false;
	runner->place = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed);
	if (runner->place >= end)
		return false;
	number = runner->place;
	if (run->launch->order)
		number = agx_order_at(run->launch->order, run->count, number);
	if (run->stage == AGX_STAGE_PREAMBLE)
		place_preamble(run, group);
	else
		threads = place_group(run, group, number);
	group->bindings = run->bindings;
	group->stage = run->stage;
	if (run->launch->stacks)
		stacks_core(run->launch->stacks, runner->place);
	group_start(&runner->groups, run->launch, number, threads);
	runner->at_work = true;
	runner->count++;
	return true;
}

/* The group cannot go on, and none behind it has to. */
static void end_group(struct launch_run *run, struct runner *runner, enum launch_result end)
{
	uint64_t stop = atomic_load_explicit(&run->stop, memory_order_relaxed);

	runner->end = end;
	while (runner->place < stop &&
	       !atomic_compare_exchange_weak_explicit(&run->stop, &stop, runner->place,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

static void run_group(struct launch_run *run, struct runner *runner, int64_t *budget)
{
	switch (group_run(&runner->groups, budget)) {
	case GROUP_DONE:
		runner->at_work = false;
		break;
	case GROUP_BUDGET:
		if (runner->groups.used > run->config.limit)
			end_group(run, runner, LAUNCH_HUNG);
		break;
	case GROUP_TRAPPED:
		end_group(run, runner, LAUNCH_TRAPPED);
		break;
	case GROUP_NO_MEMORY:
		end_group(run, runner, LAUNCH_NO_MEMORY);
		break;
	}
}

/* Whether a runner's group is one to go on with. */
static bool goes_on(const struct launch_run *run, const struct runner *runner)
{
	return runner->at_work && runner->end == LAUNCH_DONE &&
	       runner->place < atomic_load_explicit(&run->stop, memory_order_relaxed);
}

/* A runner's part of a slice. */
static void run_runner(struct launch_run *run, struct runner *runner, int64_t *budget)
{
	while (*budget > 0 && !atomic_load_explicit(&run->over, memory_order_relaxed)) {
		const int64_t piece = *budget < PIECE_OPS ? *budget : PIECE_OPS;
		int64_t left = piece;

		if (!runner->at_work && !take_group(run, runner))
			return;
		if (!goes_on(run, runner))
			return;
		run_group(run, runner, &left);
		*budget -= piece - left;
	}
}

/* --- Slices --- */

static uint64_t groups_left(const struct launch_run *run)
{
	const uint64_t next = atomic_load_explicit(&run->next, memory_order_relaxed);

	if (atomic_load_explicit(&run->stop, memory_order_relaxed) != NOWHERE)
		return 0;
	return next < run->count ? run->count - next : 0;
}

static enum launch_result state_of(struct launch_run *run)
{
	const uint64_t stop = atomic_load_explicit(&run->stop, memory_order_relaxed);

	if (groups_left(run))
		return LAUNCH_BUSY;
	for (unsigned int i = 0; i < run->made; i++)
		if (goes_on(run, run->runners[i]))
			return LAUNCH_BUSY;
	for (unsigned int i = 0; i < run->made && !run->first; i++)
		if (run->runners[i]->end != LAUNCH_DONE && run->runners[i]->place == stop)
			run->first = run->runners[i];
	return run->first ? run->first->end : LAUNCH_DONE;
}

/* Those that have something to do, first who is in the middle of a group: the caller has one of these. */
static unsigned int find_active(struct launch_run *run)
{
	uint64_t left = groups_left(run);
	unsigned int count = 0;

	for (unsigned int i = 0; i < run->made; i++) {
		const unsigned int index = (i + run->turn) % run->made;

		if (goes_on(run, run->runners[index]))
			run->active[count++] = index;
	}
	for (unsigned int i = 0; i < run->threads && left; i++) {
		if (i == run->made && !make_runner(run))
			break;
		if (run->runners[i]->at_work)
			continue;
		run->active[count++] = i;
		left--;
	}
	return count;
}

static void work(void *data, unsigned int index)
{
	struct launch_run *run = data;

	run_runner(run, run->runners[run->active[index]], &run->budgets[index]);
	if (!index && run->budgets[0] <= 0)
		atomic_store_explicit(&run->over, true, memory_order_relaxed);
}

static void run_together(struct launch_run *run, int64_t *budget)
{
	const unsigned int count = find_active(run);
	int64_t least = *budget;
	bool missed = false;

	for (unsigned int i = 0; i < count; i++)
		run->budgets[i] = *budget;
	if (count)
		agx_pool_run(run->pool, count, work, run);
	for (unsigned int i = 0; i < count; i++) {
		missed |= run->budgets[i] == *budget;
		if (run->budgets[i] < least)
			least = run->budgets[i];
	}
	run->turn += missed;
	*budget = least;
}

static void run_alone(struct launch_run *run, int64_t *budget, int64_t most)
{
	const int64_t given = *budget < most ? *budget : most;
	int64_t left = given;

	run_runner(run, run->runners[0], &left);
	run->alone += (uint64_t)(given - left);
	*budget -= given - left;
}

enum launch_result launch_run_slice(struct launch_run *run, int64_t *budget)
{
	enum launch_result state = LAUNCH_BUSY;

	if (!run->made && !make_runner(run))
		return LAUNCH_NO_MEMORY;
	atomic_store_explicit(&run->over, false, memory_order_relaxed);
	while (*budget > 0 && state == LAUNCH_BUSY) {
		if (run->threads == 1 || run->count == 1)
			run_alone(run, budget, INT64_MAX);
		else if (run->alone < ALONE_OPS)
			run_alone(run, budget, (int64_t)(ALONE_OPS - run->alone));
		else
			run_together(run, budget);
		state = state_of(run);
	}
	return state;
}

/* --- What is told --- */

const struct agx_simd *launch_run_trapped(const struct launch_run *run)
{
	return run->first->groups.trapped;
}

void launch_run_count(const struct launch_run *run, struct launch_counts *counts)
{
	struct agx_exec_traffic *traffic = &counts->traffic;

	*counts = (struct launch_counts){0};
	for (unsigned int i = 0; i < run->made; i++) {
		const struct runner *runner = run->runners[i];
		const struct agx_memory *memory = &runner->groups.memory;

		counts->operations += runner->groups.operations;
		counts->simds += runner->groups.simds_started;
		counts->groups += runner->count;
		traffic->loads += memory->loads;
		traffic->stores += memory->stores;
		traffic->bytes_loaded += memory->bytes_loaded;
		traffic->bytes_stored += memory->bytes_stored;
		traffic->tlb_misses += memory->misses;
		traffic->soft_loads += memory->soft_loads;
		traffic->soft_stores += memory->soft_stores;
		traffic->local_strays += memory->local_strays;
		if (memory->odd_tiles && !traffic->odd_tiles) {
			traffic->odd_tile = memory->odd_tile;
			traffic->odd_metadata = memory->odd_metadata;
		}
		traffic->odd_tiles += memory->odd_tiles;
	}
}

struct page_set *launch_run_pages(struct launch_run *run)
{
	page_set_clear(&run->pages);
	for (unsigned int i = 0; i < run->made; i++)
		page_set_merge(&run->pages, &run->runners[i]->pages);
	return &run->pages;
}

/* --- Life --- */

int launch_run_create(const struct launch_run_config *config, struct launch_run **out)
{
	struct launch_run *run = calloc(1, sizeof(*run));

	if (!run)
		return -ENOMEM;
	run->config = *config;
	run->walker = *config->walker;
	run->pool = agx_pool_new();
	if (!run->pool) {
		free(run);
		return -ENOMEM;
	}
	*out = run;
	return 0;
}

void launch_run_destroy(struct launch_run *run)
{
	if (!run)
		return;
	agx_pool_free(run->pool);
	for (unsigned int i = 0; i < run->made; i++) {
		group_runner_finish(&run->runners[i]->groups);
		page_set_free(&run->runners[i]->pages);
		free(run->runners[i]);
	}
	page_set_free(&run->pages);
	free(run);
}
