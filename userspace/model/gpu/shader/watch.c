// SPDX-License-Identifier: MIT
/*
 * Each operation is looked at twice: before it is executed (begin) and when the next one comes, or the run has ended
 * (end). Between the two lie the rows of registers that it names, as they were, and where it accesses memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "watch.h"
#include "watch_access.h"
#include "watch_race.h"

#define GROUP_SIMDS   32
#define RACES_MAX     64 /* pairs of instructions that are told apart */
#define ELEMENT_BYTES 16 /* of a lane's access at most */
#define NO_SHADER     UINT32_MAX

/* What is remembered of a SIMD group. */
struct simd_past {
	uint64_t number; /* instructions so far */
	uint32_t depth;
	struct agx_watch_past last[AGX_WATCH_LAST]; /* a ring, by number */
	const struct agx_op *calls[AGX_WATCH_CALLS];
	uint64_t call_depth;
};

struct race_pair {
	uint64_t program;
	uint32_t first, second;
	uint8_t space;
};

struct agx_shader_watch {
	struct agx_watch_config config;
	struct agx_watch_gpu gpu;
	struct agx_gpu_place at;
	struct agx_watch_place place;
	bool stopped;

	/* The group under way. */
	const struct agx_program *program;
	bool tracing; /* some of its SIMD groups */
	bool traced;  /* the one that was to be traced has been */
	bool trace_over;
	uint32_t shader; /* of the statistics */
	struct simd_past past[GROUP_SIMDS];

	/* The operation under way. */
	const struct agx_op *op;
	const struct agx_isa_instr *instr;
	uint32_t lanes;
	bool accesses;
	struct agx_watch_access access;
	uint32_t mapped; /* lanes whose memory is there */
	uint64_t strays; /* accesses so far of what is not there */
	agx_u32s *before;
	uint8_t old[AGX_LANES][ELEMENT_BYTES]; /* of the memory that a store is about to write */

	struct agx_race *race;
	struct race_pair pairs[RACES_MAX];
	uint32_t pair_count;
};

int agx_shader_watch_create(const struct agx_watch_config *config, const struct agx_watch_gpu *gpu,
			    struct agx_shader_watch **out)
{
	struct agx_shader_watch *watch = calloc(1, sizeof(*watch));
	const size_t rows = AGX_REGISTERS * sizeof(agx_u32s);

	if (!watch)
		return -ENOMEM;
	watch->config = *config;
	watch->gpu = *gpu;
	watch->before = aligned_alloc(AGX_ROW_ALIGN, rows);
	if (config->races)
		watch->race = agx_race_create(config->race_memory ? config->race_memory
								  : AGX_WATCH_RACE_MEMORY);
	if (!watch->before || (config->races && !watch->race)) {
		agx_shader_watch_destroy(watch);
		return -ENOMEM;
	}
	memset(watch->before, 0, rows);
	*out = watch;
	return 0;
}

void agx_shader_watch_destroy(struct agx_shader_watch *watch)
{
	if (!watch)
		return;
	agx_race_destroy(watch->race);
	free(watch->before);
	free(watch);
}

/* --- Launches and groups --- */

void agx_shader_watch_launch(struct agx_shader_watch *watch, uint32_t context, uint64_t shader,
			     const uint64_t groups[3], const uint32_t size[3])
{
	struct agx_watch_place *place = &watch->place;

	watch->gpu.place(watch->gpu.cookie, &watch->at);
	*place = (struct agx_watch_place){
		.dispatch = watch->at.number,
		.context = context,
		.shader = shader,
	};
	if (watch->config.locate)
		place->known = watch->config.locate(watch->config.cookie, &watch->at,
						    &place->submit, &place->command);
	for (unsigned int i = 0; i < 3; i++)
		place->groups[i] = groups[i] < UINT32_MAX ? (uint32_t)groups[i] : UINT32_MAX;
	memcpy(place->size, size, sizeof(place->size));
	watch->program = NULL;
	if (watch->race)
		agx_race_launch(watch->race, groups[0] * groups[1] * groups[2]);
}

static bool is_in(const struct agx_program *program, uint64_t address)
{
	const uint64_t mask = (1ull << AGX_MEMORY_ADDRESS_BITS) - 1;

	return (address & mask) >= (program->address & mask) &&
	       (address & mask) - (program->address & mask) < program->size;
}

static bool is_traced(const struct agx_shader_watch *watch, const struct agx_group *group,
		      const struct agx_program *program)
{
	const struct agx_watch_trace *trace = &watch->config.trace;

	if (!trace->on || watch->trace_over || !is_in(program, trace->address))
		return false;
	if (!trace->any_submit && !(watch->place.known && watch->place.submit == trace->submit))
		return false;
	if (trace->any_group)
		return true;
	if (trace->one_group)
		return group->stage == AGX_STAGE_PREAMBLE ||
		       !memcmp(group->id, trace->group, sizeof(trace->group));
	return !watch->traced;
}

/* Of the statistics; NO_SHADER: there are none, or too many. */
static uint32_t find_shader(struct agx_shader_watch *watch, const struct agx_program *program,
			    enum agx_stage stage)
{
	struct agx_watch_stats *stats = watch->config.stats;
	struct agx_watch_shader *shader;
	uint32_t i;

	if (!stats)
		return NO_SHADER;
	for (i = 0; i < stats->count; i++) {
		shader = &stats->shaders[i];
		if (shader->address == program->address && shader->hash == program->hash[0] &&
		    shader->size == program->size && shader->stage == (uint32_t)stage)
			return i;
	}
	if (stats->count == AGX_WATCH_SHADERS)
		return NO_SHADER;
	shader = &stats->shaders[stats->count];
	shader->address = program->address;
	shader->hash = program->hash[0];
	shader->size = program->size;
	shader->stage = (uint32_t)stage;
	return stats->count++;
}

static struct agx_watch_shader *shader_of(struct agx_shader_watch *watch)
{
	return watch->shader == NO_SHADER ? NULL : &watch->config.stats->shaders[watch->shader];
}

void agx_shader_watch_group(struct agx_shader_watch *watch, const struct agx_group *group,
			    const struct agx_program *program, uint32_t threads)
{
	const bool preamble = group->stage == AGX_STAGE_PREAMBLE;
	struct agx_watch_shader *shader;

	if (watch->stopped)
		return;
	watch->shader = find_shader(watch, program, group->stage);
	shader = shader_of(watch);
	if (shader) {
		shader->launches += watch->program != program;
		shader->groups++;
		shader->threads += threads;
		shader->simds += (threads + AGX_LANES - 1) / AGX_LANES;
	}
	watch->program = program;
	watch->tracing = is_traced(watch, group, program);
	watch->traced |= watch->tracing;
	memset(watch->past, 0, sizeof(watch->past));
	if (watch->race && !preamble)
		agx_race_group(watch->race,
			       group->id[0] +
				       (uint64_t)watch->place.groups[0] *
					       (group->id[1] +
						(uint64_t)watch->place.groups[1] * group->id[2]));
}

void agx_shader_watch_barrier(struct agx_shader_watch *watch)
{
	if (watch->race && !watch->stopped)
		agx_race_barrier(watch->race);
}

/* --- Steps --- */

static bool is_preamble(const struct agx_simd *simd)
{
	return simd->group->stage == AGX_STAGE_PREAMBLE;
}

static uint64_t count_strays(const struct agx_simd *simd)
{
	const struct agx_memory *memory = simd->memory;

	return memory->soft_loads + memory->soft_stores + memory->local_strays;
}

static void keep_rows(struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	/* The counter of the execution mask. */
	watch->before[0] = simd->r[0];
	for (unsigned int i = 0; i < watch->instr->operand_count; i++) {
		const struct agx_isa_operand *operand = &watch->instr->operands[i];
		const unsigned int halves =
			operand->kind == AGX_ISA_REG
				? agx_watch_components(watch->instr, i) * operand->bits / 16
				: 0;
		const unsigned int row = (unsigned int)operand->value / 2;

		for (unsigned int k = 0; k < (halves + 1 + (operand->value & 1)) / 2 && halves; k++)
			if (row + k < AGX_REGISTERS)
				watch->before[row + k] = simd->r[row + k];
	}
}

/* Which lanes access what is there. */
static uint32_t mapped_lanes(const struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	const struct agx_watch_access *access = &watch->access;
	const bool write = access->kind != AGX_WATCH_LOAD;
	uint32_t lanes = 0;

	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		bool there = access->lanes >> lane & 1;

		for (unsigned int i = 0; i < access->count && there; i++) {
			const uint64_t at = access->address[lane] + access->offset[i];

			if (access->space == AGX_WATCH_LOCAL)
				there = at + access->size <= simd->group->local_size;
			else if (access->space == AGX_WATCH_DEVICE)
				there = agx_memory_page(simd->memory, at, write) != NULL;
		}
		lanes |= (uint32_t)there << lane;
	}
	return lanes;
}

/* The bytes of a lane's access; zeros where there is no memory. */
static void peek(const struct agx_shader_watch *watch, const struct agx_simd *simd,
		 unsigned int lane, uint8_t to[ELEMENT_BYTES])
{
	const struct agx_watch_access *access = &watch->access;

	memset(to, 0, ELEMENT_BYTES);
	for (unsigned int i = 0; i < access->count && (i + 1) * access->size <= ELEMENT_BYTES;
	     i++) {
		const uint64_t at = access->address[lane] + access->offset[i];
		const uint8_t *host = access->space == AGX_WATCH_LOCAL
					      ? simd->group->local + at
					      : agx_memory_page(simd->memory, at, false);

		if (host)
			memcpy(to + i * access->size, host, access->size);
	}
}

static bool is_checked(const struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	return watch->race && watch->accesses && watch->access.space != AGX_WATCH_STACK &&
	       !is_preamble(simd) && watch->place.shader;
}

static bool is_shown(const struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	const struct agx_watch_trace *trace = &watch->config.trace;

	return watch->tracing && !watch->trace_over &&
	       (trace->any_simd || trace->any_group || is_preamble(simd) ||
		simd->index == trace->simd);
}

static void begin(struct agx_shader_watch *watch, const struct agx_simd *simd,
		  const struct agx_op *op)
{
	const bool shown = is_shown(watch, simd);
	struct simd_past *past = &watch->past[simd->index % GROUP_SIMDS];

	watch->op = op;
	/* The operation behind the last one has no instruction. */
	watch->instr =
		op < simd->program->ops + simd->program->count ? agx_op_instr(simd, op) : NULL;
	watch->lanes = simd->exec_mask;
	watch->accesses = false;
	past->last[past->number % AGX_WATCH_LAST] = (struct agx_watch_past){op, watch->lanes};
	if (!watch->instr)
		return;
	if (shown || watch->config.stops)
		keep_rows(watch, simd);
	if (shown || watch->config.stops || watch->race || watch->config.stats)
		watch->accesses = agx_watch_access(simd, watch->instr, &watch->access);
	if (is_checked(watch, simd)) {
		watch->mapped = mapped_lanes(watch, simd);
		keep_rows(watch, simd);
		for (unsigned int lane = 0;
		     lane < AGX_LANES && watch->access.kind == AGX_WATCH_STORE; lane++)
			if (watch->mapped >> lane & 1)
				peek(watch, simd, lane, watch->old[lane]);
	}
	watch->strays = count_strays(simd);
}

static void count(struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	const struct agx_isa_op_info *info = agx_isa_op_info(watch->instr->op);
	const struct agx_watch_access *access = &watch->access;
	const uint64_t lanes = (uint64_t)__builtin_popcount(watch->lanes);
	const uint64_t bytes = lanes * access->count * access->size;
	struct agx_watch_shader *shader = shader_of(watch);

	if (!shader) {
		if (watch->config.stats)
			watch->config.stats->lost++;
		return;
	}
	shader->instructions++;
	shader->lanes += lanes;
	shader->room += (uint64_t)__builtin_popcount(simd->lanes);
	shader->divergent += watch->lanes && watch->lanes != simd->lanes;
	shader->classes[info->class]++;
	shader->barriers += watch->instr->op == AGX_ISA_OP_BARRIER;
	shader->strays += count_strays(simd) - watch->strays;
	if (info->class == AGX_ISA_CLASS_TEXTURE)
		shader->texture_reads += lanes;
	if (info->class == AGX_ISA_CLASS_IMAGE)
		shader->image_writes += lanes;
	if (!watch->accesses)
		return;

	const bool load = access->kind != AGX_WATCH_STORE, store = access->kind != AGX_WATCH_LOAD;
	const bool atomic = access->kind == AGX_WATCH_ATOMIC;

	switch (access->space) {
	case AGX_WATCH_DEVICE:
		shader->loads += load && !atomic ? lanes : 0;
		shader->stores += store && !atomic ? lanes : 0;
		shader->atomics += atomic ? lanes : 0;
		shader->bytes_loaded += load ? bytes : 0;
		shader->bytes_stored += store ? bytes : 0;
		break;
	case AGX_WATCH_LOCAL:
		shader->local_loads += load && !atomic ? lanes : 0;
		shader->local_stores += store && !atomic ? lanes : 0;
		shader->local_atomics += atomic ? lanes : 0;
		shader->local_bytes_loaded += load ? bytes : 0;
		shader->local_bytes_stored += store ? bytes : 0;
		break;
	default:
		shader->stack_loads += load ? lanes : 0;
		shader->stack_stores += store ? lanes : 0;
		shader->stack_bytes_loaded += load ? bytes : 0;
		shader->stack_bytes_stored += store ? bytes : 0;
		break;
	}
}

static void fill_step(const struct agx_shader_watch *watch, const struct agx_simd *simd,
		      const struct agx_op *next, struct agx_watch_step *step)
{
	const struct simd_past *past = &watch->past[simd->index % GROUP_SIMDS];

	*step = (struct agx_watch_step){
		.place = &watch->place,
		.simd = simd,
		.op = watch->op,
		.instr = watch->instr,
		.before = watch->before,
		.access = watch->accesses ? &watch->access : NULL,
		.next = next,
		.number = past->number,
		.lanes = watch->lanes,
		.depth = past->depth,
	};
}

/* --- Reasons to stop --- */

static void stop(struct agx_shader_watch *watch, const struct agx_simd *simd, uint32_t reason,
		 const char *what, unsigned int lane, const uint64_t *address)
{
	const struct simd_past *past = &watch->past[simd->index % GROUP_SIMDS];
	const uint64_t count = past->number + 1;
	struct agx_watch_stop stop = {
		.reason = reason,
		.what = what,
		.lane = lane,
		.has_address = address,
		.address = address ? *address : 0,
	};
	struct agx_watch_step step;

	watch->stopped = true;
	stop.last_count = count < AGX_WATCH_LAST ? (uint32_t)count : AGX_WATCH_LAST;
	for (uint32_t i = 0; i < stop.last_count; i++)
		stop.last[i] = past->last[(count - stop.last_count + i) % AGX_WATCH_LAST];
	stop.call_count =
		past->call_depth < AGX_WATCH_CALLS ? (uint32_t)past->call_depth : AGX_WATCH_CALLS;
	stop.calls_lost = past->call_depth - stop.call_count;
	for (uint32_t i = 0; i < stop.call_count; i++)
		stop.calls[i] = past->calls[(stop.calls_lost + i) % AGX_WATCH_CALLS];
	if (!watch->config.stop)
		return;
	/* Of instructions that jump this is not so; they give no reason to stop but that they cannot go on. */
	fill_step(watch, simd, reason == AGX_WATCH_FAULT ? NULL : watch->op + 1, &step);
	stop.step = &step;
	watch->config.stop(watch->config.data, &stop);
}

static bool is_nan(uint64_t value, unsigned int bits)
{
	return bits == 16 ? (value & 0x7fff) > 0x7c00 : (value & 0x7fffffff) > 0x7f800000;
}

/* A lane that has a NaN among the instruction's float operands of one kind. */
static bool has_nan(const struct agx_watch_step *step, unsigned int lane, bool dest)
{
	for (unsigned int i = 0; i < step->instr->operand_count; i++) {
		const struct agx_isa_operand *operand = &step->instr->operands[i];

		if (!!(operand->flags & AGX_ISA_DEST) != dest ||
		    agx_watch_type(step->instr, i) != AGX_WATCH_FLOAT ||
		    (operand->bits != 16 && operand->bits != 32))
			continue;
		for (unsigned int c = 0; c < agx_watch_components(step->instr, i); c++)
			if (is_nan(agx_watch_value(step, i, c, lane, dest), operand->bits))
				return true;
	}
	return false;
}

/* Of a reduction any lane's operand may be it. */
static bool shares(const struct agx_isa_instr *instr)
{
	return agx_isa_op_info(instr->op)->properties & AGX_ISA_PROPERTY_SHARES;
}

static void check_nan(struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	struct agx_watch_step step;
	bool any = false;

	fill_step(watch, simd, NULL, &step);
	for (unsigned int lane = 0; lane < AGX_LANES && shares(watch->instr); lane++)
		any |= watch->lanes >> lane & 1 && has_nan(&step, lane, false);
	for (unsigned int lane = 0; lane < AGX_LANES && !any; lane++) {
		if (!(watch->lanes >> lane & 1) || !has_nan(&step, lane, true) ||
		    has_nan(&step, lane, false))
			continue;
		stop(watch, simd, AGX_WATCH_NAN, "a NaN comes out of numbers", lane, NULL);
		return;
	}
}

static void check_bounds(struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	const struct agx_watch_access *access = &watch->access;
	uint32_t missing;
	uint64_t address;
	unsigned int lane;

	if (count_strays(simd) == watch->strays)
		return;
	missing = watch->accesses ? access->lanes & ~mapped_lanes(watch, simd) : 0;
	if (!missing) {
		stop(watch, simd, AGX_WATCH_OOB, "an access to what is not mapped",
		     watch->lanes ? (unsigned int)__builtin_ctz(watch->lanes) : 0, NULL);
		return;
	}
	lane = (unsigned int)__builtin_ctz(missing);
	address = access->address[lane];
	stop(watch, simd, AGX_WATCH_OOB,
	     access->space == AGX_WATCH_LOCAL  ? "an access beyond the group's threadgroup memory"
	     : access->kind == AGX_WATCH_LOAD  ? "a load from what is not mapped"
	     : access->kind == AGX_WATCH_STORE ? "a store to what is not mapped"
					       : "an atomic on what is not mapped",
	     lane, &address);
}

static void check_stops(struct agx_shader_watch *watch, const struct agx_simd *simd, bool trapped)
{
	const uint32_t stops = watch->config.stops;

	if (trapped) {
		const uint64_t address = simd->memory->fault_address;

		if (stops & AGX_WATCH_FAULT)
			stop(watch, simd, AGX_WATCH_FAULT, simd->trap_what, simd->trap_lane,
			     simd->trap == AGX_TRAP_FAULT ? &address : NULL);
		return;
	}
	if (stops & AGX_WATCH_OOB)
		check_bounds(watch, simd);
	if (stops & AGX_WATCH_NAN && !watch->stopped)
		check_nan(watch, simd);
}

/* --- Races --- */

static void fill_racer(const struct agx_shader_watch *watch, const struct agx_simd *simd,
		       const struct agx_race_side *side, struct agx_watch_racer *racer)
{
	const struct agx_program *program = simd->program;
	const uint32_t op = side->op < program->count ? side->op : 0;
	const uint32_t *groups = watch->place.groups;
	struct agx_group group = *simd->group;
	uint64_t number = side->group;

	*racer = (struct agx_watch_racer){
		.kind = side->atomic  ? AGX_WATCH_ATOMIC
			: side->write ? AGX_WATCH_STORE
				      : AGX_WATCH_LOAD,
		.offset = program->ops[op].offset,
		.instr = &program->instrs[op],
	};
	for (unsigned int i = 0; i < 3; i++) {
		racer->group[i] = (uint32_t)(i < 2 ? number % groups[i] : number);
		number /= groups[i];
	}
	/* A group at the grid's edge may be smaller than the current one. */
	if (memcmp(racer->group, group.id, sizeof(group.id)))
		memcpy(group.size, group.full_size, sizeof(group.size));
	agx_watch_thread(&group, side->thread, racer->thread);
}

static bool is_new(struct agx_shader_watch *watch, const struct race_pair *pair)
{
	for (uint32_t i = 0; i < watch->pair_count; i++) {
		const struct race_pair *known = &watch->pairs[i];

		if (known->program == pair->program && known->first == pair->first &&
		    known->second == pair->second && known->space == pair->space)
			return false;
	}
	if (watch->pair_count == RACES_MAX)
		return false;
	watch->pairs[watch->pair_count++] = *pair;
	return true;
}

static const char *const kind_names[] = {
	[AGX_WATCH_LOAD] = "load",
	[AGX_WATCH_STORE] = "store",
	[AGX_WATCH_ATOMIC] = "atomic",
};

static void tell_race(struct agx_shader_watch *watch, const struct agx_simd *simd,
		      const struct agx_race_conflict *conflict)
{
	const struct agx_watch_config *config = &watch->config;
	const struct race_pair pair = {simd->program->hash[0], conflict->first.op,
				       conflict->second.op, watch->access.space};
	struct agx_watch_race race = {
		.place = &watch->place,
		.program = simd->program->address,
		.space = watch->access.space,
		.address = conflict->address,
		.rule = conflict->rule,
	};
	const struct agx_watch_racer *a = &race.first, *b = &race.second;
	char text[320];

	if (!is_new(watch, &pair))
		return;
	fill_racer(watch, simd, &conflict->first, &race.first);
	fill_racer(watch, simd, &conflict->second, &race.second);
	if (config->describe && race.space == AGX_WATCH_DEVICE &&
	    !config->describe(config->cookie, &watch->at, race.address, race.buffer,
			      sizeof(race.buffer)))
		race.buffer[0] = '\0';
	/* The finding's address is the one that both access. */
	snprintf(text, sizeof(text),
		 "%s: %s +0x%x by thread (%u,%u,%u) of group (%u,%u,%u), then %s +0x%x by thread "
		 "(%u,%u,%u) of group (%u,%u,%u); %s",
		 race.rule, kind_names[a->kind], a->offset, a->thread[0], a->thread[1],
		 a->thread[2], a->group[0], a->group[1], a->group[2], kind_names[b->kind],
		 b->offset, b->thread[0], b->thread[1], b->thread[2], b->group[0], b->group[1],
		 b->group[2],
		 race.space == AGX_WATCH_LOCAL ? "threadgroup memory"
		 : race.buffer[0]              ? race.buffer
					       : "device memory");
	watch->gpu.complain(watch->gpu.cookie, false, race.address, text);
	if (config->race)
		config->race(config->data, &race);
}

/* All lanes store the same registers' values. */
static bool stores_same(const struct agx_shader_watch *watch)
{
	const struct agx_isa_operand *data = &watch->instr->operands[0];
	const unsigned int first = (unsigned int)__builtin_ctz(watch->lanes);
	const unsigned int halves = agx_watch_components(watch->instr, 0) * data->bits / 16;

	for (unsigned int half = (unsigned int)data->value, i = 0; i < halves; i++, half++) {
		const agx_u32s *row = &watch->before[half / 2];

		for (unsigned int lane = first + 1; lane < AGX_LANES; lane++)
			if (watch->lanes >> lane & 1 &&
			    (((*row)[lane] ^ (*row)[first]) >> 16 * (half & 1) & 0xffff))
				return false;
	}
	return true;
}

static void check_races(struct agx_shader_watch *watch, const struct agx_simd *simd)
{
	const bool store = watch->access.kind == AGX_WATCH_STORE;
	const uint64_t mask = (1ull << AGX_MEMORY_ADDRESS_BITS) - 1;
	struct agx_race_conflict conflict;
	uint8_t now[ELEMENT_BYTES];
	uint32_t silent = 0;
	uint64_t address;

	if (!watch->lanes)
		return;
	for (unsigned int lane = 0; lane < AGX_LANES && store; lane++) {
		if (!(watch->mapped >> lane & 1))
			continue;
		peek(watch, simd, lane, now);
		silent |= (uint32_t)!memcmp(now, watch->old[lane], sizeof(now)) << lane;
	}
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		watch->access.address[lane] &= mask;
	if (agx_race_access(watch->race, &watch->access, simd->index,
			    (uint32_t)(watch->op - simd->program->ops), watch->mapped, silent,
			    store && stores_same(watch), &conflict))
		tell_race(watch, simd, &conflict);
	if (agx_race_limited(watch->race, &address))
		watch->gpu.complain(
			watch->gpu.cookie, true, address,
			"the memory for finding races is used up: of this launch's further "
			"accesses some are not checked");
}

/* --- The loop --- */

/* Keeps calls and levels. next: NULL at the end. */
static void follow(struct simd_past *past, const struct agx_op *op,
		   const struct agx_isa_instr *instr)
{
	const unsigned int flow = agx_isa_op_info(instr->op)->flow;

	switch (flow) {
	case AGX_ISA_FLOW_CALL:
		past->calls[past->call_depth++ % AGX_WATCH_CALLS] = op;
		break;
	case AGX_ISA_FLOW_RETURN:
		past->call_depth -= past->call_depth > 0;
		break;
	case AGX_ISA_FLOW_IF:
		past->depth += op->shift;
		break;
	case AGX_ISA_FLOW_POP:
		past->depth -= op->shift < past->depth ? op->shift : past->depth;
		break;
	default:
		break;
	}
	past->number++;
}

/* The operation under way has been executed. next: NULL: it was the last. */
static void end(struct agx_shader_watch *watch, const struct agx_simd *simd,
		const struct agx_op *next, bool trapped)
{
	struct simd_past *past = &watch->past[simd->index % GROUP_SIMDS];
	struct agx_watch_step step;

	if (!watch->op)
		return;
	if (watch->instr) {
		if (watch->config.stats)
			count(watch, simd);
		if (is_shown(watch, simd) && watch->config.step) {
			fill_step(watch, simd, next, &step);
			watch->trace_over |= !watch->config.step(watch->config.data, &step);
		}
		if (!trapped && is_checked(watch, simd))
			check_races(watch, simd);
	}
	if (watch->config.stops)
		check_stops(watch, simd, trapped);
	if (watch->instr && !watch->stopped)
		follow(past, watch->op, watch->instr);
	watch->op = watch->stopped ? watch->op : NULL;
}

static bool look(void *data, const struct agx_simd *simd, const struct agx_op *op)
{
	struct agx_shader_watch *watch = data;

	end(watch, simd, op, false);
	if (watch->stopped)
		return false;
	begin(watch, simd, op);
	return true;
}

enum agx_exec_result agx_shader_watch_run(struct agx_shader_watch *watch, struct agx_simd *simd,
					  uint64_t budget)
{
	enum agx_exec_result result;
	bool trapped;

	if (watch->stopped)
		return agx_exec_run(simd, budget);
	watch->op = NULL;
	result = agx_exec_run_watched(simd, budget, look, watch);
	trapped = result == AGX_EXEC_TRAPPED;
	if (!watch->stopped)
		end(watch, simd,
		    result == AGX_EXEC_BARRIER || result == AGX_EXEC_BUDGET
			    ? &simd->program->ops[simd->pc]
			    : NULL,
		    trapped);
	if (watch->stopped && !trapped) {
		agx_simd_trap(simd, watch->op, AGX_TRAP_STOPPED, 0, "stopped by who watches");
		result = AGX_EXEC_TRAPPED;
	}
	return result;
}
