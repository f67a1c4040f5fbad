// SPDX-License-Identifier: MIT
/*
 * Shaders: each different code is shown once. The same code is recognised by its hash, and at an
 * address that was met before by the memory's stamp, without looking at it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "agx_isa_program.h"
#include "decode_internal.h"

#define FIRST_READ    4096u
#define MAX_SIZE      (4u << 20)
#define MAX_UNKNOWN   16 /* instructions of a shader that are reported one by one */
#define MAX_SHADERS   (1u << 24)
#define MAX_ADDRESSES (1u << 20) /* more than these: begin anew */

/* What a look at code has found. */
struct extent {
	uint32_t size; /* up to the stop that ends it, or what could be read */
	uint32_t instructions;
	uint32_t unknown;
	bool ended;
	bool started; /* something is there */
	uint32_t unknown_at[MAX_UNKNOWN];
	uint64_t read[4], written[4]; /* texture states */
	unsigned int num_loads;
	struct shader_load loads[MAX_LOADS];
};

/* Room for size bytes of code. */
static bool need_code(struct agx_decode *d, uint32_t size)
{
	uint8_t *code;

	if (size <= d->code_capacity)
		return true;
	code = realloc(d->code, size);
	if (!code) {
		d->failed = true;
		return false;
	}
	d->code = code;
	d->code_capacity = size;
	return true;
}

static void note_load(struct extent *extent, const struct agx_isa_instr *instr, bool sampler)
{
	const struct agx_isa_operand *state = agx_isa_operand(instr, AGX_ISA_ROLE_D);
	const struct agx_isa_operand *heap = agx_isa_operand(instr, AGX_ISA_ROLE_HEAP);
	const struct agx_isa_operand *offset = agx_isa_operand(instr, AGX_ISA_ROLE_OFFSET);

	if (extent->num_loads == MAX_LOADS || !state || !heap || !offset ||
	    heap->kind != AGX_ISA_UNIFORM || offset->kind != AGX_ISA_IMM || offset->value < 0 ||
	    state->value < 0 || state->value > 255)
		return;
	extent->loads[extent->num_loads++] = (struct shader_load){
		.sampler = sampler,
		.index = state->value,
		.heap = heap->value,
		.offset = offset->value,
	};
}

/* Notes which texture states an instruction reads by the texture unit, and which it writes. */
static void note_textures(struct extent *extent, const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *texture;
	uint64_t *bits;

	switch (instr->op) {
	case AGX_ISA_OP_TEX_STATE_STORE_IMM:
	case AGX_ISA_OP_SAMPLER_STATE_STORE_IMM:
		note_load(extent, instr, instr->op == AGX_ISA_OP_SAMPLER_STATE_STORE_IMM);
		return;
	case AGX_ISA_OP_SMPF:
	case AGX_ISA_OP_SMPI:
		bits = extent->read;
		break;
	case AGX_ISA_OP_IMGW:
	case AGX_ISA_OP_IMGWBLK:
		bits = extent->written;
		break;
	default:
		return;
	}
	texture = agx_isa_operand(instr, AGX_ISA_ROLE_TEXTURE);
	if (texture && texture->kind == AGX_ISA_TS && texture->value >= 0 && texture->value < 256)
		bits[texture->value / 64] |= 1ull << texture->value % 64;
}

/*
 * Goes on through code from where it stopped before. True: the end was found. A stop ends a program
 * unless an earlier jump leads behind it.
 */
static bool scan(const uint8_t *code, uint32_t size, uint32_t *at, uint32_t *reach,
		 struct extent *extent, bool final)
{
	while (*at < size) {
		struct agx_isa_instr instr;
		int ret = agx_isa_decode(code + *at, size - *at, &instr);
		unsigned int i;

		if (!final && size - *at < AGX_ISA_MAX_LENGTH)
			return false;
		if (!instr.length)
			return false;
		extent->instructions++;
		if (ret < 0 || instr.unknown[0] | instr.unknown[1]) {
			if (extent->unknown < MAX_UNKNOWN)
				extent->unknown_at[extent->unknown] = *at;
			extent->unknown++;
		}
		for (i = 0; i < instr.operand_count; i++) {
			int64_t target = (int64_t)*at + instr.operands[i].value;

			if (instr.operands[i].kind == AGX_ISA_TARGET && target > *reach &&
			    target < MAX_SIZE)
				*reach = target;
		}
		note_textures(extent, &instr);
		*at += instr.length;
		if (instr.op == AGX_ISA_OP_STOP && *at > *reach)
			return true;
	}
	return false;
}

/* Reads a program into d->code and finds its end. False: out of memory. */
static bool read_program(struct agx_decode *d, uint64_t address, struct extent *extent)
{
	uint32_t want = FIRST_READ, got, at = 0, reach = 0;

	memset(extent, 0, sizeof(*extent));
	for (;;) {
		if (!need_code(d, want))
			return false;
		got = decode_read(d, address, d->code, want);
		extent->started = got;
		extent->ended =
			scan(d->code, got, &at, &reach, extent, got < want || want == MAX_SIZE);
		extent->size = extent->ended ? at : got;
		if (extent->ended || got < want || want == MAX_SIZE)
			return true;
		want = want * 4 < MAX_SIZE ? want * 4 : MAX_SIZE;
	}
}

/*
 * The table by hash.
 */

static uint32_t *hash_slot(uint32_t *table, uint32_t capacity, const struct shader *shaders,
			   const uint64_t hash[2])
{
	uint32_t i = hash[0] & (capacity - 1);

	while (table[i] && (shaders[table[i] - 1].hash[0] != hash[0] ||
			    shaders[table[i] - 1].hash[1] != hash[1]))
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static bool grow_hash(struct agx_decode *d)
{
	uint32_t capacity = d->by_hash_capacity ? d->by_hash_capacity * 2 : 256, i;
	uint32_t *table;

	if (d->num_shaders * 2 < d->by_hash_capacity)
		return true;
	table = calloc(capacity, sizeof(*table));
	if (!table)
		return false;
	for (i = 0; i < d->num_shaders; i++)
		*hash_slot(table, capacity, d->shaders, d->shaders[i].hash) = i + 1;
	free(d->by_hash);
	d->by_hash = table;
	d->by_hash_capacity = capacity;
	return true;
}

/* The shader's number; *fresh: it is new. 0: out of memory. */
static uint32_t add_shader(struct agx_decode *d, const struct shader *shader, bool *fresh)
{
	uint32_t *slot;

	*fresh = false;
	if (!grow_hash(d))
		return SHADER_NONE;
	slot = hash_slot(d->by_hash, d->by_hash_capacity, d->shaders, shader->hash);
	if (*slot)
		return *slot;
	if (d->num_shaders == d->shaders_capacity) {
		uint32_t capacity = d->shaders_capacity ? d->shaders_capacity * 2 : 64;
		struct shader *shaders;

		if (capacity > MAX_SHADERS)
			return SHADER_NONE;
		shaders = reallocarray(d->shaders, capacity, sizeof(*shaders));
		if (!shaders)
			return SHADER_NONE;
		d->shaders = shaders;
		d->shaders_capacity = capacity;
	}
	d->shaders[d->num_shaders++] = *shader;
	*slot = d->num_shaders;
	*fresh = true;
	d->stats.shaders++;
	d->stats.shader_bytes += shader->size;
	return d->num_shaders;
}

/*
 * The table by address.
 */

static struct shader_at *at_slot(struct shader_at *table, uint32_t capacity, uint64_t address)
{
	uint32_t i = (address * 0x9e3779b97f4a7c15ull >> 32) & (capacity - 1);

	while (table[i].number && table[i].address != address)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static uint64_t stamp_of(struct agx_decode *d, uint64_t address, uint32_t size)
{
	return d->memory->stamp ? d->memory->stamp(d->memory->cookie, address, size) : 0;
}

/* The shader that is known to be at an address, or SHADER_NONE. */
static uint32_t known_shader(struct agx_decode *d, uint64_t address)
{
	struct shader_at *at;

	if (!d->at_capacity)
		return SHADER_NONE;
	at = at_slot(d->at, d->at_capacity, address);
	if (!at->number || !at->stamp ||
	    at->stamp != stamp_of(d, address, d->shaders[at->number - 1].size))
		return SHADER_NONE;
	return at->number;
}

static void remember_shader(struct agx_decode *d, uint64_t address, uint32_t number)
{
	struct shader_at *slot;
	uint32_t i;

	if (d->num_at > MAX_ADDRESSES) {
		memset(d->at, 0, d->at_capacity * sizeof(*d->at));
		d->num_at = 0;
	}
	if (d->num_at * 2 >= d->at_capacity) {
		uint32_t capacity = d->at_capacity ? d->at_capacity * 2 : 256;
		struct shader_at *table = calloc(capacity, sizeof(*table));

		if (!table) {
			d->failed = true;
			return;
		}
		for (i = 0; i < d->at_capacity; i++) {
			if (d->at[i].number)
				*at_slot(table, capacity, d->at[i].address) = d->at[i];
		}
		free(d->at);
		d->at = table;
		d->at_capacity = capacity;
	}
	slot = at_slot(d->at, d->at_capacity, address);
	if (!slot->number)
		d->num_at++;
	slot->address = address;
	slot->number = number;
	slot->stamp = stamp_of(d, address, d->shaders[number - 1].size);
}

/*
 * Showing.
 */

/* The shader at an address, and what was found when it had to be looked at. */
static uint32_t find_shader(struct agx_decode *d, const char *stage, uint64_t address,
			    struct extent *extent)
{
	struct shader shader = {.address = address, .stage = stage};
	XXH128_hash_t hash;
	uint32_t number;
	bool fresh;

	if (!read_program(d, address, extent)) {
		d->failed = true;
		return SHADER_NONE;
	}
	if (!extent->started)
		return SHADER_NONE;
	hash = XXH3_128bits(d->code, extent->size);
	shader.hash[0] = hash.low64;
	shader.hash[1] = hash.high64;
	shader.size = extent->size;
	shader.instructions = extent->instructions;
	shader.unknown = extent->unknown;
	memcpy(shader.read, extent->read, sizeof(shader.read));
	memcpy(shader.written, extent->written, sizeof(shader.written));
	shader.num_loads = extent->num_loads;
	memcpy(shader.loads, extent->loads, extent->num_loads * sizeof(*extent->loads));
	number = add_shader(d, &shader, &fresh);
	if (!number) {
		d->failed = true;
		return SHADER_NONE;
	}
	remember_shader(d, address, number);
	return number;
}

uint32_t decode_shader_find(struct agx_decode *d, const char *stage, uint64_t address)
{
	uint32_t number = known_shader(d, address);
	struct extent extent;

	return number ? number : find_shader(d, stage, address, &extent);
}

static void show_problems(struct agx_decode *d, uint64_t address, const struct extent *extent)
{
	uint32_t i;

	for (i = 0; i < extent->unknown && i < MAX_UNKNOWN; i++)
		decode_problem(d, AGX_CS_INSTRUCTION, address + extent->unknown_at[i],
			       "no known instruction");
	if (extent->unknown > MAX_UNKNOWN) {
		d->stats.unknown_instructions += extent->unknown - MAX_UNKNOWN;
		d->stats.problems[AGX_CS_INSTRUCTION] += extent->unknown - MAX_UNKNOWN;
	}
	if (!extent->ended)
		decode_problem(d, AGX_CS_TRUNCATED, address + extent->size,
			       "the code has no end that can be read");
}

/* What the code in d->code uses, where it uses any. */
static void show_use(struct agx_decode *d, uint32_t size)
{
	struct agx_isa_program program;
	unsigned int i;

	if (!d->sink.number)
		return;
	agx_isa_analyse(d->code, size, true, NULL, &program);
	const struct {
		const char *name;
		uint32_t value;
	} uses[] = {
		{"registers", program.registers},
		{"uniforms", program.uniforms},
		{"uniforms_set", program.uniforms_set},
		{"texture_states", program.texture_states},
		{"sampler_states", program.sampler_states},
		{"coefficients", program.coefficients},
		{"stack_bytes", program.stack_bytes},
		{"threads", program.threads},
		{"loops", program.loops},
		{"loads", program.loads},
		{"stores", program.stores},
		{"atomics", program.atomics},
		{"texture_reads", program.textures},
		{"image_writes", program.images},
		{"spills", program.spills},
		{"fills", program.fills},
	};

	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		if (uses[i].value)
			decode_number(d, uses[i].name, uses[i].value, AGX_DECODE_DEC);
	}
}

/* extent: of the code in d->code, which is shown for the first time; NULL: a reference. */
static void show_shader(struct agx_decode *d, uint32_t number, uint64_t address,
			const struct extent *extent)
{
	const struct shader *shader = &d->shaders[number - 1];
	struct agx_decode_node node = {
		.kind = AGX_DECODE_SHADER,
		.title = "shader",
		.address = address,
		.size = shader->size,
		.number = number,
		.reference = !extent,
	};
	char hash[17];

	decode_begin(d, &node, true);
	if (extent) {
		snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)shader->hash[1]);
		decode_text(d, "stage", shader->stage);
		decode_number(d, "bytes", shader->size, AGX_DECODE_DEC);
		decode_number(d, "instructions", shader->instructions, AGX_DECODE_DEC);
		decode_text(d, "hash", hash);
		show_use(d, shader->size);
		if (d->sink.code)
			d->sink.code(d->sink.cookie, address, d->code, shader->size);
		show_problems(d, address, extent);
	}
	decode_end(d);
}

uint32_t decode_shader(struct agx_decode *d, const char *stage, uint64_t address)
{
	uint32_t number = known_shader(d, address);
	struct extent extent;

	if (number && d->shaders[number - 1].shown) {
		show_shader(d, number, address, NULL);
		return number;
	}
	number = find_shader(d, stage, address, &extent);
	if (!number) {
		if (!d->failed)
			decode_problem(d, AGX_CS_UNMAPPED, address, "shader code");
		return SHADER_NONE;
	}
	if (d->shaders[number - 1].shown) {
		show_shader(d, number, address, NULL);
		return number;
	}
	d->shaders[number - 1].shown = true;
	show_shader(d, number, address, &extent);
	if (d->config.shader)
		d->config.shader(d->config.cookie, number, stage, address, d->code, extent.size);
	return number;
}

void decode_shader_use(struct agx_decode *d, uint32_t number, enum agx_decode_kind kind,
		       uint32_t index)
{
	struct shader *shader;

	if (!number)
		return;
	shader = &d->shaders[number - 1];
	shader->last = (struct shader_use){
		.submit = d->submit,
		.command = d->command,
		.kind = kind,
		.number = index,
	};
	if (!shader->uses++)
		shader->first = shader->last;
}

static void use_text(const struct shader_use *use, char *buf, size_t size)
{
	if (use->kind == AGX_DECODE_COMMAND)
		snprintf(buf, size, "submit %llu command %u", (unsigned long long)use->submit,
			 use->command);
	else
		snprintf(buf, size, "submit %llu command %u %s %u", (unsigned long long)use->submit,
			 use->command, agx_decode_kind_name(use->kind), use->number);
}

bool agx_decode_shader(const struct agx_decode *decode, uint64_t index,
		       struct agx_decode_shader *out)
{
	/* The texts are the decoder's, as the interface says; nothing else changes. */
	struct agx_decode *d = (struct agx_decode *)decode;
	const struct shader *shader;

	if (index >= d->num_shaders)
		return false;
	shader = &d->shaders[index];
	use_text(&shader->first, d->first_use, sizeof(d->first_use));
	use_text(&shader->last, d->last_use, sizeof(d->last_use));
	*out = (struct agx_decode_shader){
		.number = index + 1,
		.stage = shader->stage,
		.address = shader->address,
		.size = shader->size,
		.hash = {shader->hash[0], shader->hash[1]},
		.uses = shader->uses,
		.first_use = d->first_use,
		.last_use = d->last_use,
	};
	return true;
}
