// SPDX-License-Identifier: MIT
/*
 * Streams, lists and descriptors are judged each time that they are met: that takes less than remembering them
 * would. Programs are judged once for each address space, address and content.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agx_cs_pack.h"
#include "agx_isa.h"
#include "agx_isa_program.h"
#include "critic.h"

/* Programs that are remembered; a power of two. */
#define PROGRAMS 4096

/* No compiler makes longer ones: a program that has not ended by then is judged endless. */
#define PROGRAM_MAX (1u << 20)

#define CHUNK 4096 /* bytes of code that are looked at together */

/* Halves; Mesa, src/asahi/compiler/agx_register_allocate.c. */
#define HELPER_REGISTERS 32

#define WINDOW (1ull << 32) /* bytes that USC addresses reach */

#define DRAW_ARGUMENTS         16
#define DRAW_INDEXED_ARGUMENTS 20

struct program {
	uint64_t address;
	uint64_t hash; /* of size bytes; 0: none is remembered here */
	uint32_t context;
	uint32_t size;
	bool stack; /* it asks for one */
};

struct gpu_critic {
	const struct agx_null_gpu_config *config;
	struct program programs[PROGRAMS];

	/* Of the work that is judged. */
	const struct stream *stream;
	struct agx_gpu_place place;
	unsigned int next; /* number of the draw or launch to come */
	uint64_t list;     /* that is open; 0: none */
	uint8_t stage;
	uint64_t vertex_list, fragment_list;
	bool helper;
};

struct gpu_critic *gpu_critic_create(const struct agx_null_gpu_config *config)
{
	struct gpu_critic *critic = calloc(1, sizeof(*critic));

	if (critic)
		critic->config = config;
	return critic;
}

void gpu_critic_destroy(struct gpu_critic *critic)
{
	free(critic);
}

/* --- Complaints --- */

/* What the complaint is about, with its program. */
static void set_place(struct gpu_critic *critic, struct agx_gpu_place *place)
{
	const uint64_t list = critic->list ? critic->list : critic->vertex_list;
	const unsigned int stage = critic->list ? critic->stage : AGX_CS_STAGE_VERTEX;

	*place = critic->place;
	if (place->kind != AGX_GPU_AT_COMMAND)
		place->number = critic->next;
	if (list)
		stream_program(critic->stream, stage, list, place);
}

static void complain(struct gpu_critic *critic, struct agx_gpu_complaint *complaint)
{
	set_place(critic, &complaint->place);
	if (!complaint->structure)
		complaint->structure = "";
	if (!complaint->field)
		complaint->field = "";
	critic->config->complain(critic->config->cookie, complaint);
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct gpu_critic *critic = cookie;
	struct agx_gpu_complaint complaint;

	/* What a program on the GPU writes is not judged where none runs. */
	if (trouble->linked || trouble->problem == AGX_CS_UNWRITTEN)
		return true;
	complaint = (struct agx_gpu_complaint){
		.id = stream_finding(trouble),
		.address = trouble->address,
		.value = trouble->value,
		.structure = trouble->desc ? trouble->desc->name : NULL,
		.field = trouble->field ? trouble->field->name : NULL,
		.text = trouble->what,
	};
	complain(critic, &complaint);
	return true;
}

static void complain_of(struct gpu_critic *critic, enum agx_gpu_finding_id id, uint64_t address,
			uint64_t value, const char *structure, const char *text)
{
	struct agx_gpu_complaint complaint = {
		.id = id,
		.address = address,
		.value = value,
		.structure = structure,
		.text = text,
	};

	complain(critic, &complaint);
}

/* --- Programs --- */

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	uint64_t word;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	for (; size; bytes++, size--)
		hash = (hash ^ *bytes) * 0x100000001b3ull;
	return hash | 1;
}

/* Whether these very bytes were judged before. */
static bool is_known(struct gpu_critic *critic, const struct program *program, uint64_t address)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)critic->stream};
	uint8_t bytes[CHUNK];
	uint64_t hash = 0;

	if (!program->hash || program->address != address ||
	    program->context != critic->stream->context)
		return false;
	for (uint32_t at = 0; at < program->size; at += CHUNK) {
		const uint32_t size = program->size - at < CHUNK ? program->size - at : CHUNK;

		if (agx_cs_read(&memory, address + at, bytes, size) != size)
			return false;
		hash = hash_bytes(hash, bytes, size);
	}
	return hash == program->hash;
}

/* Where a program's instructions may still go on behind an end. */
static void note_target(const struct agx_isa_instr *instr, uint32_t at, uint32_t *reach)
{
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *operand = &instr->operands[i];

		if (operand->kind == AGX_ISA_TARGET && operand->value > 0 &&
		    at + (uint32_t)operand->value > *reach)
			*reach = at + (uint32_t)operand->value;
	}
}

/* Bytes of the program, up to its end or to where it was given up. *stack: it asks for one. */
static uint32_t judge_code(struct gpu_critic *critic, uint64_t address, bool *stack)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)critic->stream};
	const uint64_t offset = (address - critic->stream->usc_base) & AGX_CS_ADDRESS_MASK;
	uint8_t bytes[CHUNK + AGX_ISA_MAX_LENGTH];
	uint32_t at = 0, start = 0, reach = 0;
	size_t have = 0;

	while (at < PROGRAM_MAX) {
		struct agx_isa_instr instr;
		int length;

		if (have - (at - start) < AGX_ISA_MAX_LENGTH && (!have || have == CHUNK)) {
			start = at;
			have = agx_cs_read(&memory, address + at, bytes, CHUNK);
		}
		if (offset + at >= WINDOW) {
			complain_of(critic, AGX_GPU_FINDING_PROGRAM_WINDOW, address + at, address,
				    "shader", "code leaves what USC addresses reach");
			return at;
		}
		length = agx_isa_decode(bytes + (at - start), have - (at - start), &instr);
		if (length == -ENODATA) {
			complain_of(critic, AGX_GPU_FINDING_PROGRAM_MEMORY, address + start + have,
				    address, "shader", "code where the GPU may not read");
			return at;
		}
		if (length < 0) {
			complain_of(critic, AGX_GPU_FINDING_PROGRAM_INSTRUCTION, address + at,
				    instr.unknown[0], "shader", "no known instruction");
			return at + instr.length;
		}
		note_target(&instr, at, &reach);
		*stack |= instr.op == AGX_ISA_OP_STACK_ADJUST && instr.operands[0].value > 0;
		at += (uint32_t)length;
		if (agx_isa_op_info(instr.op)->flow == AGX_ISA_FLOW_STOP && at > reach)
			return at;
	}
	complain_of(critic, AGX_GPU_FINDING_PROGRAM_ENDLESS, address, at, "shader",
		    "no end of the program");
	return at;
}

/* Whether it asks for a stack. */
static bool judge_program(struct gpu_critic *critic, uint64_t address)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)critic->stream};
	struct program *program =
		&critic->programs[(address * 0x9e3779b97f4a7c15ull >> 40) % PROGRAMS];
	uint8_t bytes[CHUNK];

	if (is_known(critic, program, address))
		return program->stack;
	*program = (struct program){
		.address = address,
		.context = critic->stream->context,
	};
	program->size = judge_code(critic, address, &program->stack);
	for (uint32_t at = 0; at < program->size; at += CHUNK) {
		const uint32_t size = program->size - at < CHUNK ? program->size - at : CHUNK;

		if (agx_cs_read(&memory, address + at, bytes, size) != size) {
			program->hash = 0;
			break;
		}
		program->hash = hash_bytes(program->hash, bytes, size);
	}
	return program->stack;
}

/* Stacks come from the command's helper program; of fragment shaders another command tells. */
static void judge_stack(struct gpu_critic *critic, const struct agx_cs_pipeline *pipeline,
			bool program, bool preamble)
{
	if (program && !pipeline->spill_size)
		complain_of(critic, AGX_GPU_FINDING_STACK_CLASS, pipeline->address, 0,
			    "usc_registers", "the program has a stack");
	if ((program || preamble) && !critic->helper &&
	    (critic->stage == AGX_CS_STAGE_VERTEX || critic->stage == AGX_CS_STAGE_COMPUTE))
		complain_of(critic, AGX_GPU_FINDING_HELPER_MISSING, pipeline->address, 0, NULL,
			    preamble ? "the preamble has a stack" : "the program has a stack");
}

/* --- Lists --- */

static bool on_enter(void *cookie, const struct agx_cs_visit *visit)
{
	struct gpu_critic *critic = cookie;

	if (visit->place == AGX_CS_IN_USC) {
		critic->list = visit->address;
		critic->stage = visit->stage;
		if (visit->stage == AGX_CS_STAGE_VERTEX)
			critic->vertex_list = visit->address;
		if (visit->stage == AGX_CS_STAGE_FRAGMENT)
			critic->fragment_list = visit->address;
	} else if (visit->place == AGX_CS_IN_CF) {
		critic->list = critic->fragment_list;
		critic->stage = visit->stage;
	}
	return !visit->linked;
}

static void judge_bindings(struct gpu_critic *critic, const struct agx_cs_pipeline *pipeline)
{
	for (unsigned int i = 0; i < pipeline->bindings; i++) {
		const struct agx_cs_binding *binding = &pipeline->binding[i];

		if (binding->kind == AGX_CS_BINDING_UNIFORM &&
		    !stream_readable(critic->stream, binding->address, 2ull * binding->count))
			complain_of(critic, AGX_GPU_FINDING_LIST_UNIFORMS, binding->address,
				    binding->from, "usc_uniform",
				    "uniforms from where the GPU may not read");
	}
}

static void on_leave(void *cookie, const struct agx_cs_visit *visit,
		     const struct agx_cs_pipeline *pipeline)
{
	struct gpu_critic *critic = cookie;
	bool program = false, preamble = false;

	if (!pipeline) {
		if (visit->place == AGX_CS_IN_CF)
			critic->list = 0;
		return;
	}
	judge_bindings(critic, pipeline);
	if (pipeline->has_shader)
		program = judge_program(critic, pipeline->shader_address);
	if (pipeline->has_preshader)
		preamble = judge_program(critic, pipeline->preshader_address);
	if (program || preamble)
		judge_stack(critic, pipeline, program, preamble);
	critic->list = 0;
}

/* --- Draws and launches --- */

static bool on_draw(void *cookie, const struct agx_cs_draw *draw)
{
	struct gpu_critic *critic = cookie;
	uint64_t size = 0;

	if (draw->indexed && !draw->linked && !draw->tessellate) {
		size = draw->indirect ? draw->index_size : (uint64_t)draw->count * draw->index_size;
		if (draw->has_buffer_size && size > draw->index_buffer_size)
			size = draw->index_buffer_size;
	}
	if (size && !stream_readable(critic->stream, draw->index_buffer, size))
		complain_of(critic, AGX_GPU_FINDING_DRAW_MEMORY, draw->index_buffer, size,
			    "index_list", "indices where the GPU may not read");
	if (draw->indirect && !draw->linked &&
	    !stream_readable(critic->stream, draw->indirect_buffer,
			     draw->indexed ? DRAW_INDEXED_ARGUMENTS : DRAW_ARGUMENTS))
		complain_of(critic, AGX_GPU_FINDING_DRAW_MEMORY, draw->indirect_buffer, 0,
			    "index_list", "arguments where the GPU may not read");
	critic->next = draw->number + 1;
	return true;
}

static bool on_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch)
{
	struct gpu_critic *critic = cookie;

	if (dispatch->mode != AGX_CS_CDM_MODE_DIRECT && !dispatch->linked &&
	    !stream_readable(critic->stream, dispatch->indirect_buffer,
			     dispatch->mode == AGX_CS_CDM_MODE_INDIRECT_GLOBAL ? 12 : 24))
		complain_of(critic, AGX_GPU_FINDING_LAUNCH_MEMORY, dispatch->indirect_buffer, 0,
			    "cdm_indirect", "arguments where the GPU may not read");
	critic->next = dispatch->number + 1;
	return true;
}

/* --- Work --- */

static void begin(struct gpu_critic *critic, const struct stream *stream,
		  const struct agx_gpu_place *place)
{
	critic->stream = stream;
	critic->place = *place;
	critic->next = 0;
	critic->list = critic->vertex_list = critic->fragment_list = 0;
}

static struct agx_cs_visitor visitor_of(struct gpu_critic *critic)
{
	return (struct agx_cs_visitor){
		.cookie = critic,
		.problem = on_problem,
		.draw = on_draw,
		.dispatch = on_dispatch,
		.enter = on_enter,
		.leave = on_leave,
	};
}

void gpu_critic_stream(struct gpu_critic *critic, const struct stream *stream, bool helper,
		       const struct agx_gpu_place *place)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.address = stream->address,
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_DESCRIPTORS,
		.judge = true,
	};
	const struct agx_cs_visitor visitor = visitor_of(critic);
	struct agx_cs_walk_result result;

	begin(critic, stream, place);
	critic->helper = helper;
	critic->place.kind = stream->compute ? AGX_GPU_AT_LAUNCH : AGX_GPU_AT_DRAW;
	(stream->compute ? agx_cs_walk_cdm : agx_cs_walk_vdm)(&memory, &start, &visitor, &result);
}

void gpu_critic_list(struct gpu_critic *critic, const struct stream *stream, unsigned int stage,
		     uint64_t list, uint32_t counts, const struct agx_gpu_place *place)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_DESCRIPTORS,
		.judge = true,
	};
	const struct agx_cs_visitor visitor = visitor_of(critic);
	struct agx_cs_visit visit = {
		.place = AGX_CS_IN_USC,
		.stage = (uint8_t)stage,
		.extended = agx_cs_extended_samplers(counts),
		.has_counts = true,
		.counts = counts,
		.address = list,
	};
	struct agx_cs_pipeline pipeline;

	begin(critic, stream, place);
	on_enter(critic, &visit);
	agx_cs_walk_usc(&memory, &start, &visit, &visitor, &pipeline);
	on_leave(critic, &visit, &pipeline);
}

void gpu_critic_helper(struct gpu_critic *critic, const struct stream *stream, uint64_t address,
		       const struct agx_gpu_place *place)
{
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	struct agx_isa_program program;
	uint8_t bytes[CHUNK];

	begin(critic, stream, place);
	critic->place.shader = address;
	judge_program(critic, address);
	agx_isa_analyse(bytes, agx_cs_read(&memory, address, bytes, sizeof(bytes)), false, NULL,
			&program);
	if (program.registers > HELPER_REGISTERS)
		complain_of(critic, AGX_GPU_FINDING_HELPER_PROGRAM, address, program.registers,
			    NULL, "more than 32 halves of registers");
}
