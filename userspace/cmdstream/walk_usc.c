// SPDX-License-Identifier: MIT
/* USC lists, coefficient bindings, and the descriptors that lists name. */
#include "walk_internal.h"

#define USC_WORD_MAX 8
#define CF_WORDS     128 /* the count has seven bits */

#define UNIFORM_HIGH 256 /* first register of the words for the upper half */

#define DESC(name) (&agx_cs_structs[AGX_CS_ID_##name])

/* Registers that a list has set, to find those that are set twice, and how many the program has. */
struct registers_set {
	uint64_t uniforms[8]; /* 512 halves */
	uint64_t textures[4], samplers[4];
	uint16_t limits[AGX_CS_BINDING_KINDS];
};

/* Notes the registers; true: some were set before. */
static bool set_registers(uint64_t *bits, unsigned int limit, unsigned int start,
			  unsigned int count)
{
	bool twice = false;

	for (unsigned int i = start; i < limit && i - start < count; i++) {
		twice |= bits[i / 64] >> i % 64 & 1;
		bits[i / 64] |= 1ull << i % 64;
	}
	return twice;
}

/* --- Descriptors --- */

/*
 * Texture and PBE begin alike. A texture's swizzle takes twelve bits, three for each channel, of which 6
 * and 7 name none; a PBE has width minus 1 from bit 24, where a texture has the rest of the swizzle.
 */
const struct agx_cs_struct *agx_cs_guess_texture(const void *record)
{
	const unsigned int as_texture = agx_cs_check(DESC(TEXTURE), record, NULL, NULL);

	if (!as_texture)
		return DESC(TEXTURE);
	return agx_cs_check(DESC(PBE), record, NULL, NULL) < as_texture ? DESC(PBE) : DESC(TEXTURE);
}

/* Entries of a table, each of one or two structures. False: the walk is over. */
static bool show_table(struct walk *walk, const struct agx_cs_visit *visit)
{
	const bool textures = visit->place == AGX_CS_IN_TEXTURES;
	const size_t size = textures          ? AGX_CS_TEXTURE_SIZE
			    : visit->extended ? AGX_CS_SAMPLER_SIZE + AGX_CS_BORDER_SIZE
					      : AGX_CS_SAMPLER_SIZE;
	uint8_t record[32] __attribute__((aligned(8)));
	struct agx_cs_event event = {
		.place = visit->place,
		.depth = walk->depth,
		.linked = walk->linked,
		.record = record,
	};
	size_t got;

	for (unsigned int i = 0; i < visit->count; i++) {
		const uint64_t at = (visit->address + i * size) & AGX_CS_ADDRESS_MASK;

		if (walk_fetch(walk, &walk->table, at, record, size, &got) != WALK_ALL)
			return walk_missing(walk, at, got, textures ? "textures" : "samplers");
		event.index = (uint16_t)(visit->start + i);
		event.address = at;
		event.first = true;
		event.record = record;
		event.desc = textures ? agx_cs_guess_texture(record) : DESC(SAMPLER);
		if (!walk_emit(walk, &event))
			return false;
		if (textures || !visit->extended)
			continue;
		event.first = false;
		event.desc = DESC(BORDER);
		event.address = at + AGX_CS_SAMPLER_SIZE;
		event.record = record + AGX_CS_SAMPLER_SIZE;
		if (!walk_emit(walk, &event))
			return false;
	}
	return true;
}

static bool walk_table(struct walk *walk, const struct agx_cs_visit *list, enum agx_cs_place place,
		       const struct agx_cs_binding *binding)
{
	const struct agx_cs_visit visit = {
		.place = (uint8_t)place,
		.stage = list->stage,
		.linked = list->linked,
		.extended = place == AGX_CS_IN_SAMPLERS && list->extended,
		.start = binding->start,
		.count = binding->count,
		.address = binding->address,
		.from = binding->from,
	};
	const uint8_t before = walk->place;
	bool more;

	if (walk->start->walk_depth < AGX_CS_WALK_DESCRIPTORS || !walk_enter(walk, &visit))
		return true;
	walk->place = (uint8_t)place;
	walk->from = binding->from;
	more = show_table(walk, &visit);
	walk->place = before;
	walk_leave(walk, &visit, NULL);
	return more;
}

/* --- Lists --- */

static bool bind(struct walk *walk, const struct agx_cs_visit *visit,
		 struct agx_cs_pipeline *pipeline, struct registers_set *set,
		 const struct agx_cs_struct *desc, const struct agx_cs_binding *binding)
{
	static const char *const twice[AGX_CS_BINDING_KINDS] = {
		[AGX_CS_BINDING_UNIFORM] = "uniform registers are set twice",
		[AGX_CS_BINDING_TEXTURE] = "texture registers are set twice",
		[AGX_CS_BINDING_SAMPLER] = "sampler registers are set twice",
	};
	const uint16_t limit = set->limits[binding->kind];
	uint64_t *const bits = binding->kind == AGX_CS_BINDING_UNIFORM   ? set->uniforms
			       : binding->kind == AGX_CS_BINDING_TEXTURE ? set->textures
									 : set->samplers;
	const uint64_t registers = (uint64_t)binding->start << 32 | binding->count;

	if (pipeline->bindings < AGX_CS_BINDINGS)
		pipeline->binding[pipeline->bindings++] = *binding;
	else
		pipeline->more_bindings++;
	if (walk->start->judge && binding->start + binding->count > limit &&
	    !walk_trouble(walk, AGX_CS_RANGE, desc, binding->from, registers,
			  "registers behind the last that the program has"))
		return false;
	if (walk->start->judge && set_registers(bits, limit, binding->start, binding->count) &&
	    !walk_trouble(walk, AGX_CS_OVERLAP, desc, binding->from, registers,
			  twice[binding->kind]))
		return false;
	if (binding->kind == AGX_CS_BINDING_UNIFORM)
		return true;
	return walk_table(walk, visit,
			  binding->kind == AGX_CS_BINDING_TEXTURE ? AGX_CS_IN_TEXTURES
								  : AGX_CS_IN_SAMPLERS,
			  binding);
}

/* What a word says. False: the walk is over. */
static bool take_usc_word(struct walk *walk, const struct agx_cs_visit *visit,
			  struct agx_cs_pipeline *pipeline, struct registers_set *set,
			  const struct agx_cs_struct *desc, uint64_t at, const uint8_t *record)
{
	struct agx_cs_binding binding = {.from = at};
	union {
		struct agx_cs_usc_uniform uniform;
		struct agx_cs_usc_uniform_high uniform_high;
		struct agx_cs_usc_texture texture;
		struct agx_cs_usc_sampler sampler;
		struct agx_cs_usc_shader shader;
		struct agx_cs_usc_preshader preshader;
		struct agx_cs_usc_registers registers;
	} word;

	switch (desc->id) {
	case AGX_CS_ID_USC_UNIFORM:
		agx_cs_usc_uniform_unpack(&word.uniform, record);
		binding.kind = AGX_CS_BINDING_UNIFORM;
		binding.start = (uint16_t)word.uniform.start;
		binding.count = (uint16_t)word.uniform.size;
		binding.address = word.uniform.buffer;
		return bind(walk, visit, pipeline, set, desc, &binding);
	case AGX_CS_ID_USC_UNIFORM_HIGH:
		agx_cs_usc_uniform_high_unpack(&word.uniform_high, record);
		binding.kind = AGX_CS_BINDING_UNIFORM;
		binding.start = (uint16_t)(UNIFORM_HIGH + word.uniform_high.start);
		binding.count = (uint16_t)word.uniform_high.size;
		binding.address = word.uniform_high.buffer;
		return bind(walk, visit, pipeline, set, desc, &binding);
	case AGX_CS_ID_USC_TEXTURE:
		agx_cs_usc_texture_unpack(&word.texture, record);
		binding.kind = AGX_CS_BINDING_TEXTURE;
		binding.start = (uint16_t)word.texture.start;
		binding.count = (uint16_t)word.texture.count;
		binding.address = word.texture.buffer;
		return bind(walk, visit, pipeline, set, desc, &binding);
	case AGX_CS_ID_USC_SAMPLER:
		agx_cs_usc_sampler_unpack(&word.sampler, record);
		binding.kind = AGX_CS_BINDING_SAMPLER;
		binding.start = (uint16_t)word.sampler.start;
		binding.count = (uint16_t)word.sampler.count;
		binding.address = word.sampler.buffer;
		return bind(walk, visit, pipeline, set, desc, &binding);
	case AGX_CS_ID_USC_SHADER:
		agx_cs_usc_shader_unpack(&word.shader, record);
		if (pipeline->has_shader && walk->start->judge &&
		    !walk_trouble(walk, AGX_CS_OVERLAP, desc, at, word.shader.code,
				  "a list names two shaders"))
			return false;
		pipeline->has_shader = true;
		pipeline->shader = (uint32_t)word.shader.code;
		pipeline->shader_address = walk_usc_address(walk, pipeline->shader);
		return true;
	case AGX_CS_ID_USC_PRESHADER:
		agx_cs_usc_preshader_unpack(&word.preshader, record);
		pipeline->has_preshader = true;
		pipeline->preshader = (uint32_t)word.preshader.code;
		pipeline->preshader_address = walk_usc_address(walk, pipeline->preshader);
		return true;
	case AGX_CS_ID_USC_REGISTERS:
		agx_cs_usc_registers_unpack(&word.registers, record);
		pipeline->has_registers = true;
		pipeline->registers = (uint16_t)word.registers.register_count;
		pipeline->spill_size = (uint8_t)word.registers.spill_size;
		return true;
	case AGX_CS_ID_USC_SHARED:
		pipeline->has_shared = true;
		pipeline->shared = walk_word(record);
		return true;
	case AGX_CS_ID_USC_FRAGMENT_PROPERTIES:
		pipeline->has_fragment_properties = true;
		pipeline->fragment_properties = walk_word(record);
		return true;
	default:
		return true;
	}
}

/* How many registers of each kind there are: as the word of counts says, or as many as there can be. */
static void set_limits(struct registers_set *set, const struct agx_cs_visit *visit)
{
	static const uint16_t samplers[8] = {
		[AGX_CS_SAMPLER_STATES_COMPACT_4] = 4,   [AGX_CS_SAMPLER_STATES_COMPACT_8] = 8,
		[AGX_CS_SAMPLER_STATES_COMPACT_12] = 12, [AGX_CS_SAMPLER_STATES_COMPACT_16] = 16,
		[AGX_CS_SAMPLER_STATES_EXTENDED_8] = 8,  [AGX_CS_SAMPLER_STATES_EXTENDED_16] = 16,
	};
	struct agx_cs_counts counts;

	set->limits[AGX_CS_BINDING_UNIFORM] = 512;
	set->limits[AGX_CS_BINDING_TEXTURE] = 256;
	set->limits[AGX_CS_BINDING_SAMPLER] = 256;
	if (!visit->has_counts)
		return;
	agx_cs_counts_unpack(&counts, &visit->counts);
	set->limits[AGX_CS_BINDING_UNIFORM] = (uint16_t)counts.uniform_register_count;
	set->limits[AGX_CS_BINDING_TEXTURE] = (uint16_t)counts.texture_state_register_count;
	set->limits[AGX_CS_BINDING_SAMPLER] =
		samplers[(unsigned int)counts.sampler_state_register_count % 8];
}

/* The words of a list. False: the walk is over. */
static bool show_list(struct walk *walk, const struct agx_cs_visit *visit,
		      struct agx_cs_pipeline *pipeline)
{
	uint8_t bytes[USC_WORD_MAX] __attribute__((aligned(8)));
	struct registers_set set = {{0}, {0}, {0}, {0}};
	struct agx_cs_event event = {
		.place = AGX_CS_IN_USC,
		.depth = walk->depth,
		.linked = walk->linked,
		.first = true,
		.record = bytes,
	};
	uint64_t at = visit->address;
	size_t got;

	set_limits(&set, visit);
	for (unsigned int i = 0; i < AGX_CS_LIST_WORDS; i++) {
		const struct agx_cs_block *block;

		walk_fetch(walk, &walk->list, at, bytes, sizeof(bytes), &got);
		if (!got)
			return walk_missing(walk, visit->address, at - visit->address,
					    i ? "USC list" : "USC program of a block");
		block = agx_cs_block_at(&agx_cs_usc, walk_word(bytes));
		if (!block)
			return walk_trouble(walk, AGX_CS_UNKNOWN_WORD, NULL, at, bytes[0],
					    "no word of a USC list");
		event.desc = block->parts[0].desc;
		event.block = block;
		event.part = &block->parts[0];
		event.address = at;
		if (event.desc->size > got)
			return walk_missing(walk, at, got, "USC list");
		pipeline->size = (uint32_t)(at - visit->address) + event.desc->size;
		if (!walk_emit(walk, &event) ||
		    !take_usc_word(walk, visit, pipeline, &set, event.desc, at, bytes))
			return false;
		at += event.desc->size;
		if (block->otherwise == AGX_CS_END) {
			pipeline->ended = true;
			return true;
		}
	}
	return walk_trouble(walk, AGX_CS_UNTERMINATED, NULL, visit->address, AGX_CS_LIST_WORDS,
			    "a USC list without an end");
}

bool walk_usc_list(struct walk *walk, const struct agx_cs_visit *visit,
		   struct agx_cs_pipeline *pipeline)
{
	const unsigned int problems = walk->problems;
	const uint8_t place = walk->place, stage = walk->stage;
	bool more;

	memset(pipeline, 0, offsetof(struct agx_cs_pipeline, binding));
	pipeline->address = visit->address;
	pipeline->stage = visit->stage;
	walk->place = AGX_CS_IN_USC;
	walk->stage = visit->stage;
	walk->from = visit->from;
	more = show_list(walk, visit, pipeline);
	if (more && walk->start->judge && pipeline->ended && !pipeline->has_shader)
		more = walk_trouble(walk, AGX_CS_INCOMPLETE, NULL, visit->address, 0,
				    "a USC list without a shader");
	pipeline->problems = (uint16_t)(walk->problems - problems);
	walk->place = place;
	walk->stage = stage;
	return more;
}

bool agx_cs_extended_samplers(uint32_t counts)
{
	struct agx_cs_counts unpacked;

	agx_cs_counts_unpack(&unpacked, &counts);
	return unpacked.sampler_state_register_count == AGX_CS_SAMPLER_STATES_EXTENDED_8 ||
	       unpacked.sampler_state_register_count == AGX_CS_SAMPLER_STATES_EXTENDED_16;
}

bool walk_program_list(struct walk *walk, enum agx_cs_stage stage,
		       const struct agx_cs_program *program, uint64_t from)
{
	const struct agx_cs_visit visit = {
		.place = AGX_CS_IN_USC,
		.stage = (uint8_t)stage,
		.linked = walk->linked,
		.extended = agx_cs_extended_samplers(program->counts),
		.has_counts = true,
		.counts = program->counts,
		.address = program->list,
		.from = from,
	};
	struct agx_cs_pipeline pipeline;
	bool more;

	if (walk->start->walk_depth < AGX_CS_WALK_LISTS || !walk_enter(walk, &visit))
		return true;
	more = walk_usc_list(walk, &visit, &pipeline);
	walk_leave(walk, &visit, &pipeline);
	return more;
}

bool agx_cs_walk_usc(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visit *visit, const struct agx_cs_visitor *visitor,
		     struct agx_cs_pipeline *pipeline)
{
	static const struct agx_cs_visitor nobody = {};
	struct walk walk;

	walk_begin(&walk, memory, start, visitor ? visitor : &nobody);
	walk.linked = visit->linked;
	walk_usc_list(&walk, visit, pipeline);
	return !walk.stopped;
}

/* --- Bindings of coefficient registers --- */

/* Bindings fill different registers, and the header says how many in all. */
static bool judge_bindings(struct walk *walk, uint64_t address, const uint8_t *bytes,
			   unsigned int count)
{
	struct agx_cs_cf_binding_header header;
	uint64_t registers[4] = {0, 0, 0, 0};
	unsigned int filled = 0;

	agx_cs_cf_binding_header_unpack(&header, bytes);
	for (unsigned int i = 0; i < count; i++) {
		const uint64_t at = address + AGX_CS_CF_BINDING_HEADER_SIZE +
				    (uint64_t)i * AGX_CS_CF_BINDING_SIZE;
		struct agx_cs_cf_binding binding;

		agx_cs_cf_binding_unpack(&binding, bytes + (at - address));
		filled += (unsigned int)binding.components;
		if (set_registers(registers, 256, (unsigned int)binding.base_coefficient_register,
				  (unsigned int)binding.components) &&
		    !walk_trouble(walk, AGX_CS_OVERLAP, DESC(CF_BINDING), at, i,
				  "coefficient registers are bound twice"))
			return false;
	}
	return filled == header.number_of_coefficient_registers ||
	       walk_trouble(walk, AGX_CS_SIZE, DESC(CF_BINDING_HEADER), address, filled,
			    "bindings fill another number of coefficient registers than is said");
}

bool walk_cf_bindings(struct walk *walk, uint64_t address, unsigned int count, uint64_t from)
{
	const struct agx_cs_visit visit = {
		.place = AGX_CS_IN_CF,
		.stage = AGX_CS_STAGE_FRAGMENT,
		.linked = walk->linked,
		.count = (uint16_t)count,
		.address = address,
		.from = from,
	};
	const struct agx_cs_block *block = agx_cs_block_at(&agx_cs_cf, 0);
	uint8_t bytes[4 * (CF_WORDS + 1)] __attribute__((aligned(8)));
	const uint8_t place = walk->place;
	struct agx_cs_parts parts;
	struct agx_cs_event event = {
		.place = AGX_CS_IN_CF,
		.depth = walk->depth,
		.first = true,
		.linked = walk->linked,
		.block = block,
	};
	bool more = true;
	size_t got;

	if (walk->start->walk_depth < AGX_CS_WALK_LISTS || !walk_enter(walk, &visit))
		return true;
	walk->place = AGX_CS_IN_CF;
	walk->stage = AGX_CS_STAGE_FRAGMENT;
	walk->from = from;
	walk_fetch(walk, &walk->table, address, bytes, 4 * (count + 1), &got);
	agx_cs_parts(&parts, block, walk_word(bytes), AGX_CS_ALL, (uint16_t)count);
	while (more && agx_cs_next_part(&parts)) {
		if (parts.end > got) {
			more = walk_missing(walk, address, got,
					    "bindings of coefficient registers");
			break;
		}
		event.desc = parts.part->desc;
		event.part = parts.part;
		event.index = parts.index;
		event.address = address + parts.offset;
		event.record = bytes + parts.offset;
		more = walk_emit(walk, &event);
		event.first = false;
	}
	if (more && walk->start->judge && got >= 4 * (count + 1))
		more = judge_bindings(walk, address, bytes, count);
	walk_leave(walk, &visit, NULL);
	walk->place = place;
	walk->stage = AGX_CS_STAGE_NONE;
	return more;
}
