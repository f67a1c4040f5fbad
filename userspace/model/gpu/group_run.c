// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "group_order.h"
#include "group_run.h"
#include "stacks.h"
#include "watch.h"

/* No operation is free, and SIMD groups without loops have to end somewhere. */
#define SIMD_COST 16

/*
 * Operations of a SIMD group, counted where jumps go back, before the others of its threadgroup have a turn too: it may
 * wait for one of them without a barrier. With another order than the usual one turns are short.
 */
#define TURN       (1 << 16)
#define TURN_SHORT 64

#define POISON 0xa5

void group_runner_init(struct group_runner *runner, const struct agx_walker *walker)
{
	agx_memory_init(&runner->memory, walker);
}

void group_runner_finish(struct group_runner *runner)
{
	for (unsigned int i = 0; i < GROUP_SIMDS; i++) {
		if (!runner->slots[i])
			continue;
		free(runner->slots[i]->stack);
		free(runner->slots[i]);
		runner->slots[i] = NULL;
	}
	free(runner->local);
	runner->local = NULL;
}

static void swap_order(uint8_t *order, uint32_t a, uint32_t b)
{
	const uint8_t number = order[a];

	order[a] = order[b];
	order[b] = number;
}

void group_start(struct group_runner *runner, const struct group_launch *launch, uint64_t number,
		 uint32_t threads)
{
	runner->launch = launch;
	runner->threads = threads;
	runner->simds = runner->turns = (threads + AGX_LANES - 1) / AGX_LANES;
	runner->next = runner->kept = runner->waits = 0;
	runner->first = true;
	runner->resumes = false;
	runner->used = 0;
	runner->trapped = NULL;
	runner->group.local = NULL;
	runner->group.local_size = launch->local_size;
	runner->group.get_stack = launch->stacks ? stacks_get : NULL;
	runner->group.stack_cookie = launch->stacks;
	if (runner->watch)
		agx_shader_watch_group(runner->watch, &runner->group, launch->program, threads);
	if (!launch->order)
		return;
	runner->random = agx_order_mix(launch->order, number);
	for (uint32_t i = 0; i < runner->simds; i++)
		runner->order[i] = (uint8_t)i;
	for (uint32_t i = runner->simds; i > 1; i--)
		swap_order(runner->order, i - 1, agx_order_draw(&runner->random, i));
}

static bool prepare_slot(struct group_runner *runner, unsigned int slot)
{
	struct agx_simd *simd = runner->slots[slot];

	if (!simd) {
		simd = aligned_alloc(AGX_ROW_ALIGN, (sizeof(*simd) + AGX_ROW_ALIGN - 1) /
							    AGX_ROW_ALIGN * AGX_ROW_ALIGN);
		if (!simd)
			return false;
		memset(simd, 0, sizeof(*simd));
		simd->memory = &runner->memory;
		runner->slots[slot] = simd;
	}
	simd->stack_room = 0;
	return true;
}

static bool prepare_local(struct group_runner *runner)
{
	const uint32_t size = runner->launch->local_size;

	if (!size || runner->group.local)
		return true;
	if (!runner->local)
		runner->local = malloc(AGX_LOCAL_MEMORY);
	if (!runner->local)
		return false;
	memset(runner->local, runner->launch->poison ? POISON : 0,
	       size < AGX_LOCAL_MEMORY ? size : AGX_LOCAL_MEMORY);
	runner->group.local = runner->local;
	return true;
}

static bool start_simd(struct group_runner *runner)
{
	const uint32_t index = runner->launch->order ? runner->order[runner->next] : runner->next;
	const uint32_t left = runner->threads - index * AGX_LANES;

	if (!prepare_slot(runner, runner->kept))
		return false;
	agx_simd_start(runner->slots[runner->kept], runner->launch->program, &runner->group, index,
		       left < AGX_LANES ? left : AGX_LANES);
	runner->simds_started++;
	return true;
}

static enum agx_exec_result run_simd(struct group_runner *runner, struct agx_simd *simd,
				     int64_t *budget)
{
	const int64_t limit = *budget < runner->turn ? *budget : runner->turn;
	const uint32_t from = simd->pc;
	const enum agx_exec_result result =
		runner->watch ? agx_shader_watch_run(runner->watch, simd, (uint64_t)limit)
			      : agx_exec_run(simd, (uint64_t)limit);
	/* Where it is now is where it was, and all it passed, less what jumps went back. */
	const int64_t jumped = limit - simd->budget;
	const int64_t passed = jumped + simd->pc - from;

	runner->turn -= jumped;
	*budget -= passed + SIMD_COST;
	runner->used += (uint64_t)passed + SIMD_COST;
	runner->operations += (uint64_t)passed;
	return result;
}

static void swap_slots(struct group_runner *runner, unsigned int a, unsigned int b)
{
	struct agx_simd *simd = runner->slots[a];

	runner->slots[a] = runner->slots[b];
	runner->slots[b] = simd;
}

/*
 * SIMD groups that are done give their slot to the next one, so that programs without barriers stay within one
 * and the host's cache. Those that are not are kept in the first slots, in order.
 */
static void keep(struct group_runner *runner, unsigned int slot, bool waits)
{
	swap_slots(runner, slot, runner->kept);
	/* Bits behind this one belong to slots that are not kept, or are still to come. */
	runner->waits &= ~(1u << runner->kept);
	runner->waits |= (uint32_t)waits << runner->kept;
	runner->kept++;
}

/* When all that are left wait for each other, they go on. False: none is left. */
static bool next_round(struct group_runner *runner)
{
	if (!runner->kept)
		return false;
	runner->turns = runner->kept;
	runner->waits &= UINT32_MAX >> (GROUP_SIMDS - runner->kept);
	if (runner->waits == UINT32_MAX >> (GROUP_SIMDS - runner->kept)) {
		runner->waits = 0;
		if (runner->watch)
			agx_shader_watch_barrier(runner->watch);
	}
	runner->first = false;
	runner->next = runner->kept = 0;
	if (!runner->launch->order)
		return true;
	for (uint32_t i = runner->turns; i > 1; i--) {
		const uint32_t j = agx_order_draw(&runner->random, i);
		const uint32_t differ = (runner->waits >> (i - 1) ^ runner->waits >> j) & 1;

		runner->waits ^= differ << (i - 1) | differ << j;
		swap_slots(runner, i - 1, j);
	}
	return true;
}

static bool begin_turn(struct group_runner *runner)
{
	if (runner->resumes)
		return true;
	runner->turn =
		runner->launch->order ? 1 + agx_order_draw(&runner->random, TURN_SHORT) : TURN;
	return !runner->first || start_simd(runner);
}

enum group_result group_run(struct group_runner *runner, int64_t *budget)
{
	if (!prepare_local(runner))
		return GROUP_NO_MEMORY;
	do {
		for (; runner->next < runner->turns; runner->next++) {
			const unsigned int slot = runner->first ? runner->kept : runner->next;

			if (!runner->first && runner->waits >> slot & 1) {
				keep(runner, slot, true);
				continue;
			}
			if (*budget <= 0)
				return GROUP_BUDGET;
			if (!begin_turn(runner))
				return GROUP_NO_MEMORY;
			runner->resumes = false;
			switch (run_simd(runner, runner->slots[slot], budget)) {
			case AGX_EXEC_DONE:
				break;
			case AGX_EXEC_BARRIER:
				keep(runner, slot, true);
				break;
			case AGX_EXEC_BUDGET:
				if (runner->turn > 0) {
					runner->resumes = true;
					return GROUP_BUDGET;
				}
				keep(runner, slot, false);
				break;
			case AGX_EXEC_TRAPPED:
				runner->trapped = runner->slots[slot];
				return GROUP_TRAPPED;
			}
		}
	} while (next_round(runner));
	return GROUP_DONE;
}
