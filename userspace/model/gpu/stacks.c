// SPDX-License-Identifier: MIT
#include "stacks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_walk_stream.h"
#include "exec.h"
#include "helper.h"
#include "memory.h"

/* Operations that a helper program may take for an answer, counted where jumps go back. */
#define ANSWER_OPS (1 << 16)

/* Blocks: 8 << 2k words for each lane; k of the largest (Mesa, src/asahi/lib/agx_scratch.c). */
#define BLOCK_BYTES  (8ull * 4 * AGX_LANES)
#define BLOCK_LEVELS 7
#define BLOCK_SHIFT  8 /* of addresses */

_Static_assert(BLOCK_BYTES == (uint64_t)AGX_STACK_CHUNK * AGX_LANES, "a chunk is a block");

/* A helper program on a core. */
struct core {
	struct agx_helper helper;
	struct agx_simd *simd; /* NULL: it was never needed */
	bool running;
};

/* A stack that is out. */
struct loan {
	unsigned int core; /* index */
	uint32_t block[AGX_HELPER_BLOCKS];
	uint64_t start[AGX_HELPER_BLOCKS];
	uint64_t bytes; /* of a block */
	unsigned int blocks;
};

struct stacks {
	struct agx_walker walker;
	struct agx_memory memory;
	struct agx_bindings bindings; /* nothing is bound */
	struct agx_group group;
	struct core core[STACKS_CORES];
	unsigned int cores;

	struct stacks_command command;
	const struct agx_program *program;
	unsigned int class;
	unsigned int current; /* index of the core of the threadgroup under way */

	struct loan *loans; /* in the order in which they were given */
	size_t count, capacity;

	bool troubled;
	struct stacks_trouble trouble;
};

__attribute__((format(printf, 4, 5))) static bool
fail(struct stacks *stacks, enum agx_gpu_finding_id id, uint64_t address, const char *format, ...)
{
	va_list args;

	if (stacks->troubled)
		return false;
	stacks->troubled = true;
	stacks->trouble.id = id;
	stacks->trouble.address = address;
	va_start(args, format);
	vsnprintf(stacks->trouble.text, sizeof(stacks->trouble.text), format, args);
	va_end(args);
	return false;
}

struct stacks *stacks_new(const struct agx_walker *walker, const uint8_t *cores, unsigned int count)
{
	struct stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return NULL;
	stacks->walker = *walker;
	agx_memory_init(&stacks->memory, &stacks->walker);
	stacks->group = (struct agx_group){
		.bindings = &stacks->bindings,
		.size = {1, 1, 1},
		.full_size = {1, 1, 1},
		.stage = AGX_STAGE_COMPUTE,
	};
	stacks->cores = count < STACKS_CORES ? count : STACKS_CORES;
	for (unsigned int i = 0; i < stacks->cores; i++)
		stacks->core[i].helper.core = cores[i];
	return stacks;
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	for (unsigned int i = 0; i < stacks->cores; i++)
		free(stacks->core[i].simd);
	free(stacks->loans);
	free(stacks);
}

void stacks_begin(struct stacks *stacks, const struct stacks_command *command)
{
	stacks->command = *command;
	stacks->program = NULL;
	stacks->count = 0;
	stacks->troubled = false;
	for (unsigned int i = 0; i < stacks->cores; i++)
		stacks->core[i].running = false;
	agx_memory_start(&stacks->memory, command->context, command->soft_faults);
}

void stacks_launch(struct stacks *stacks, const struct agx_program *helper, unsigned int class)
{
	stacks->program = helper;
	stacks->class = class;
	stacks->current = 0;
}

bool stacks_wanted(const struct agx_program *program)
{
	for (uint32_t i = 0; i < program->count; i++) {
		const struct agx_isa_instr *instr = &program->instrs[i];

		if (instr->op == AGX_ISA_OP_STACK_ADJUST && instr->operands[0].value > 0)
			return true;
	}
	return false;
}

const struct stacks_trouble *stacks_trouble(const struct stacks *stacks)
{
	return stacks->troubled ? &stacks->trouble : NULL;
}

/* --- Asking --- */

/* What stopped it, and where. */
static bool stopped(struct stacks *stacks, struct core *core)
{
	const struct agx_simd *simd = core->simd;
	const uint64_t at = (stacks->program->address + simd->trap_offset) & AGX_CS_ADDRESS_MASK;
	char line[AGX_ISA_LINE] = "";

	core->running = false;
	if (simd->pc < stacks->program->count)
		agx_isa_print(&stacks->program->instrs[simd->pc], simd->trap_offset,
			      AGX_ISA_SYNTAX_MESA, line);
	if (simd->trap == AGX_TRAP_FAULT)
		return fail(stacks, AGX_GPU_FINDING_HELPER_PROGRAM, stacks->memory.fault_address,
			    "the helper program on core %u at +0x%x: no access to 0x%llx: %.80s",
			    core->helper.core, simd->trap_offset,
			    (unsigned long long)stacks->memory.fault_address, line);
	return fail(stacks, AGX_GPU_FINDING_HELPER_PROGRAM, at,
		    "the helper program on core %u at +0x%x: %s: %.80s", core->helper.core,
		    simd->trap_offset, simd->trap_what ? simd->trap_what : "", line);
}

/* Runs to the next request that it waits for, or to its end. */
static bool run(struct stacks *stacks, struct core *core, bool ends)
{
	const uint64_t address = stacks->program->address;

	switch (agx_exec_run(core->simd, ANSWER_OPS)) {
	case AGX_EXEC_BARRIER:
		if (!ends)
			return true;
		core->running = false;
		return fail(stacks, AGX_GPU_FINDING_HELPER_PROGRAM, address,
			    "the helper program on core %u goes on when it is to end",
			    core->helper.core);
	case AGX_EXEC_DONE:
		core->running = false;
		return ends ||
		       fail(stacks, AGX_GPU_FINDING_HELPER_PROGRAM, address,
			    "the helper program on core %u ends, and nobody has asked it to",
			    core->helper.core);
	case AGX_EXEC_BUDGET:
		core->running = false;
		return fail(stacks, AGX_GPU_FINDING_HELPER_ENDLESS, address,
			    "the helper program on core %u has no answer after %u operations",
			    core->helper.core, ANSWER_OPS);
	default:
		return stopped(stacks, core);
	}
}

static bool start(struct stacks *stacks, struct core *core)
{
	if (!core->simd) {
		const size_t size =
			(sizeof(*core->simd) + AGX_ROW_ALIGN - 1) / AGX_ROW_ALIGN * AGX_ROW_ALIGN;

		core->simd = aligned_alloc(AGX_ROW_ALIGN, size);
		if (!core->simd)
			return fail(stacks, AGX_GPU_FINDING_HELPER_PROGRAM, 0,
				    "the host has no memory for the helper program");
		memset(core->simd, 0, size);
		core->simd->memory = &stacks->memory;
		core->simd->helper = &core->helper;
	}
	core->helper = (struct agx_helper){
		.core = core->helper.core,
		.data = stacks->command.data,
	};
	agx_simd_start(core->simd, stacks->program, &stacks->group, 0, 1);
	core->running = true;
	return run(stacks, core, false);
}

/* The answer is in the helper's structure. */
static bool ask(struct stacks *stacks, struct core *core, enum agx_helper_op op)
{
	struct agx_helper *helper = &core->helper;

	if (stacks->troubled)
		return false;
	if (!core->running && !start(stacks, core))
		return false;
	/* An end is not answered. */
	helper->asked = op != AGX_HELPER_END;
	helper->refused = false;
	helper->op = op;
	helper->arg = stacks->class;
	return run(stacks, core, op == AGX_HELPER_END);
}

/* --- Blocks --- */

static bool bad_block(struct stacks *stacks, const struct core *core, uint32_t block,
		      unsigned int slot, const char *why)
{
	return fail(stacks, AGX_GPU_FINDING_HELPER_BLOCK, (uint64_t)block << BLOCK_SHIFT,
		    "the helper program on core %u gives block %u as 0x%08x: %s", core->helper.core,
		    slot, block, why);
}

/* Where the blocks are, if they say so. */
static bool read_blocks(struct stacks *stacks, const struct core *core, struct loan *loan)
{
	const uint32_t *block = core->helper.block;
	unsigned int level = 0;
	uint32_t bits;

	memcpy(loan->block, block, sizeof(loan->block));
	loan->blocks = 0;
	while (level < BLOCK_LEVELS && block[0] >> level & 1)
		level++;
	if (!level)
		return bad_block(stacks, core, block[0], 0, "bit 0 expected, for it is one");
	level--;
	loan->bytes = BLOCK_BYTES << 2 * level;
	bits = (uint32_t)(loan->bytes >> BLOCK_SHIFT) - 1;
	if ((block[0] & bits) != (2u << level) - 1)
		return bad_block(stacks, core, block[0], 0,
				 "an address that is a multiple of the size expected");
	for (unsigned int i = 0; i < AGX_HELPER_BLOCKS; i++) {
		if (!block[i])
			continue;
		if (i != loan->blocks)
			return bad_block(stacks, core, block[i], i, "one before it is missing");
		if (i && (block[i] & bits) != 1)
			return bad_block(stacks, core, block[i], i,
					 "bit 0 and a multiple of the first one's size expected");
		loan->start[loan->blocks++] = (uint64_t)(block[i] & ~bits) << BLOCK_SHIFT;
	}
	return true;
}

static bool overlap(const struct loan *a, const struct loan *b, uint64_t *where)
{
	for (unsigned int i = 0; i < a->blocks; i++) {
		for (unsigned int j = a == b ? i + 1 : 0; j < b->blocks; j++) {
			if (a->start[i] >= b->start[j] + b->bytes ||
			    b->start[j] >= a->start[i] + a->bytes)
				continue;
			*where = a->start[i];
			return true;
		}
	}
	return false;
}

static bool check_use(struct stacks *stacks, const struct core *core, const struct loan *loan)
{
	uint64_t where;

	for (size_t i = 0; i <= stacks->count; i++) {
		const struct loan *other = i < stacks->count ? &stacks->loans[i] : loan;

		if (overlap(loan, other, &where))
			return fail(stacks, AGX_GPU_FINDING_HELPER_TWICE, where,
				    "the helper program on core %u gives a block at 0x%llx that a "
				    "stack on core %u has",
				    core->helper.core, (unsigned long long)where,
				    stacks->core[other->core].helper.core);
	}
	return true;
}

/* The stack's memory, as far as a program can use it; all of it has to be there. */
static bool map_blocks(struct stacks *stacks, const struct core *core, const struct loan *loan,
		       struct agx_simd *simd)
{
	const uint32_t pointers = (uint32_t)(loan->bytes / BLOCK_BYTES * loan->blocks);
	uint32_t at = 0;

	if (pointers > simd->stack_pointers) {
		uint8_t **larger = realloc(simd->stack, pointers * sizeof(*larger));

		if (!larger)
			return fail(stacks, AGX_GPU_FINDING_PROGRAM_STACK, 0,
				    "the host has no memory for a stack");
		simd->stack = larger;
		simd->stack_pointers = pointers;
	}
	for (unsigned int i = 0; i < loan->blocks; i++) {
		for (uint64_t byte = 0; byte < loan->bytes; byte += BLOCK_BYTES) {
			const uint64_t address = loan->start[i] + byte;
			uint8_t *host =
				agx_memory_translate(&stacks->memory, address, AGX_ACCESS_ATOMIC);

			if (!host) {
				char why[80];

				snprintf(why, sizeof(why),
					 "0x%llx of it cannot be read and written",
					 (unsigned long long)address);
				return bad_block(stacks, core, loan->block[i], i, why);
			}
			simd->stack[at++] = host;
		}
	}
	simd->stack_room = pointers * AGX_STACK_CHUNK;
	return true;
}

/* --- Stacks --- */

static bool lend(struct stacks *stacks, struct agx_simd *simd)
{
	struct core *core = &stacks->core[stacks->current];
	struct loan loan = {.core = stacks->current};

	if (!stacks->program)
		return fail(stacks, AGX_GPU_FINDING_HELPER_MISSING, 0,
			    "the command has no helper program, which would give a stack");
	if (stacks->count == stacks->capacity) {
		const size_t capacity = stacks->capacity ? 2 * stacks->capacity : 64;
		struct loan *larger = realloc(stacks->loans, capacity * sizeof(*larger));

		if (!larger)
			return fail(stacks, AGX_GPU_FINDING_PROGRAM_STACK, 0,
				    "the host has no memory for a stack");
		stacks->loans = larger;
		stacks->capacity = capacity;
	}
	memset(core->helper.block, 0, sizeof(core->helper.block));
	if (!ask(stacks, core, AGX_HELPER_GET_STACK))
		return false;
	if (core->helper.refused)
		return fail(stacks, AGX_GPU_FINDING_HELPER_REFUSED, stacks->program->address,
			    "the helper program on core %u refuses a stack of class %u; %zu are "
			    "out on all cores",
			    core->helper.core, stacks->class, stacks->count);
	if (!read_blocks(stacks, core, &loan) || !check_use(stacks, core, &loan) ||
	    !map_blocks(stacks, core, &loan, simd))
		return false;
	stacks->loans[stacks->count++] = loan;
	return true;
}

const char *stacks_get(void *cookie, struct agx_simd *simd)
{
	struct stacks *stacks = cookie;

	return !stacks->troubled && lend(stacks, simd) ? NULL : stacks->trouble.text;
}

static void take_back(struct stacks *stacks, const struct loan *loan)
{
	struct core *core = &stacks->core[loan->core];

	memcpy(core->helper.block, loan->block, sizeof(loan->block));
	if (!ask(stacks, core, AGX_HELPER_PUT_STACK))
		return;
	if (core->helper.refused)
		fail(stacks, AGX_GPU_FINDING_HELPER_REFUSED, stacks->program->address,
		     "the helper program on core %u does not take a stack back", core->helper.core);
}

void stacks_core(struct stacks *stacks, uint64_t place)
{
	size_t kept = 0;

	stacks->current = (unsigned int)(place % stacks->cores);
	for (size_t i = 0; i < stacks->count; i++) {
		if (stacks->loans[i].core == stacks->current)
			take_back(stacks, &stacks->loans[i]);
		else
			stacks->loans[kept++] = stacks->loans[i];
	}
	stacks->count = kept;
}

bool stacks_launched(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->count; i++)
		take_back(stacks, &stacks->loans[i]);
	stacks->count = 0;
	return !stacks->troubled;
}

bool stacks_end(struct stacks *stacks)
{
	for (unsigned int i = 0; i < stacks->cores; i++) {
		if (stacks->core[i].running)
			ask(stacks, &stacks->core[i], AGX_HELPER_END);
	}
	return !stacks->troubled;
}
