// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "program.h"

#define FETCH_STEP    4096u
#define NO_OP         UINT32_MAX
#define CACHE_BUCKETS 256
#define CACHE_MAX     2048 /* programs; more are forgotten all at once, at the next check */

/* Under construction. */
struct builder {
	uint64_t address;
	agx_fetch_fn fetch;
	void *data;

	uint8_t *code;
	size_t size, capacity;
	bool ended; /* no more code can be read */

	struct agx_isa_instr *instrs;
	uint32_t *offsets;
	uint32_t count, room;
};

/* Makes at least want bytes available, if there are so many. False: no memory. */
static bool need_code(struct builder *b, size_t want)
{
	while (b->size < want && !b->ended) {
		size_t got;

		if (b->size + FETCH_STEP > b->capacity) {
			const size_t capacity = b->capacity * 2 + FETCH_STEP;
			uint8_t *code = realloc(b->code, capacity);

			if (!code)
				return false;
			b->code = code;
			b->capacity = capacity;
		}
		got = b->fetch(b->data, b->address + b->size, b->code + b->size, FETCH_STEP);
		if (got > FETCH_STEP)
			got = FETCH_STEP;
		b->size += got;
		b->ended = got < FETCH_STEP;
	}
	return true;
}

static bool need_room(struct builder *b)
{
	const uint32_t room = b->room * 2 + 64;
	struct agx_isa_instr *instrs;
	uint32_t *offsets;

	if (b->count < b->room)
		return true;
	instrs = realloc(b->instrs, room * sizeof(*instrs));
	if (instrs)
		b->instrs = instrs;
	offsets = realloc(b->offsets, room * sizeof(*offsets));
	if (offsets)
		b->offsets = offsets;
	if (!instrs || !offsets)
		return false;
	b->room = room;
	return true;
}

static bool target_of(const struct agx_isa_instr *instr, uint32_t offset, int64_t *target)
{
	const struct agx_isa_operand *operand = agx_isa_operand(instr, AGX_ISA_ROLE_TARGET);

	if (!operand || operand->kind != AGX_ISA_TARGET)
		return false;
	*target = (int64_t)offset + operand->value;
	return true;
}

/* Nothing that follows is reached but by a jump. */
static bool ends(const struct agx_isa_instr *instr)
{
	const unsigned int flow = agx_isa_op_info(instr->op)->flow;

	return instr->op == AGX_ISA_OP_DATA || flow == AGX_ISA_FLOW_STOP ||
	       flow == AGX_ISA_FLOW_TRAP || flow == AGX_ISA_FLOW_RETURN;
}

/* From the first instruction to the last that falling through or a jump reaches. False: no memory. */
static bool decode_all(struct builder *b, uint32_t *size)
{
	uint32_t offset = 0, furthest = 0;

	for (;;) {
		struct agx_isa_instr *instr;
		int64_t target;

		if (!need_code(b, (size_t)offset + AGX_ISA_MAX_LENGTH) || !need_room(b))
			return false;
		if (b->size < (size_t)offset + AGX_ISA_MIN_LENGTH || offset >= AGX_PROGRAM_MAX)
			break;
		instr = &b->instrs[b->count];
		memset(instr, 0, sizeof(*instr));
		agx_isa_decode(b->code + offset, b->size - offset, instr);
		if (!instr->length)
			break;
		if (target_of(instr, offset, &target) && target > furthest &&
		    target < AGX_PROGRAM_MAX)
			furthest = (uint32_t)target;
		b->offsets[b->count++] = offset;
		offset += instr->length;
		if (ends(instr) && offset > furthest)
			break;
	}
	*size = offset;
	return true;
}

/* Registers and uniforms that an operand names exist. */
static bool in_range(const struct agx_isa_operand *operand)
{
	const int32_t halves = operand->bits / 16 * (operand->count ? operand->count : 1);
	const int32_t limit = operand->kind == AGX_ISA_REG ? AGX_HALVES : AGX_UNIFORMS;

	if (operand->value < 0 || (operand->bits > 16 && operand->value & 1))
		return false;
	return operand->value + halves <= limit;
}

static uint32_t float_number(const struct agx_isa_operand *operand)
{
	const float value = agx_isa_minifloat((uint8_t)operand->value);
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	if (operand->flags & AGX_ISA_ABS)
		bits &= 0x7fffffff;
	if (operand->flags & AGX_ISA_NEG)
		bits ^= 0x80000000;
	return bits;
}

static bool take_source(const struct agx_isa_operand *operand, struct agx_source *source)
{
	source->flags = operand->flags & (AGX_ISA_ABS | AGX_ISA_NEG | AGX_ISA_SX);
	switch (operand->kind) {
	case AGX_ISA_IMM:
		source->kind = AGX_SOURCE_NUMBER;
		source->value = (uint32_t)operand->value;
		return true;
	case AGX_ISA_FIMM:
		source->kind = AGX_SOURCE_NUMBER;
		source->value = float_number(operand);
		source->flags = 0;
		return true;
	case AGX_ISA_UNIFORM:
		if (!in_range(operand) || operand->count > 1)
			return false;
		source->kind = operand->bits == 16   ? AGX_SOURCE_UNIFORM16
			       : operand->bits == 32 ? AGX_SOURCE_UNIFORM32
						     : AGX_SOURCE_UNIFORM64;
		source->index = (uint16_t)operand->value;
		return true;
	case AGX_ISA_REG:
		if (!in_range(operand) || operand->count > 1)
			return false;
		source->index = (uint16_t)(operand->value / 2);
		if (operand->bits == 16)
			source->kind = operand->value & 1 ? AGX_SOURCE_HIGH : AGX_SOURCE_LOW;
		else
			source->kind = operand->bits == 32 ? AGX_SOURCE_ROW : AGX_SOURCE_PAIR;
		return true;
	default:
		return false;
	}
}

static bool take_dest(const struct agx_isa_operand *operand, struct agx_op *op)
{
	if (operand->kind != AGX_ISA_REG || !in_range(operand) || operand->count > 1)
		return false;
	op->dest = (uint16_t)(operand->value / 2);
	if (operand->bits == 16)
		op->dest_kind = operand->value & 1 ? AGX_DEST_HIGH : AGX_DEST_LOW;
	else
		op->dest_kind = operand->bits == 32 ? AGX_DEST_ROW : AGX_DEST_PAIR;
	return true;
}

static bool is_arithmetic(const struct agx_isa_instr *instr)
{
	switch (agx_isa_op_info(instr->op)->class) {
	case AGX_ISA_CLASS_MOVE:
	case AGX_ISA_CLASS_FLOAT:
	case AGX_ISA_CLASS_INT:
	case AGX_ISA_CLASS_BIT:
	case AGX_ISA_CLASS_CONVERT:
	case AGX_ISA_CLASS_SPECIAL:
	case AGX_ISA_CLASS_SELECT:
	case AGX_ISA_CLASS_FLOW:
	case AGX_ISA_CLASS_SIMD:
		return true;
	default:
		return false;
	}
}

static bool is_splat(const struct agx_source *source)
{
	return source->kind == AGX_SOURCE_NUMBER || source->kind == AGX_SOURCE_UNIFORM32;
}

/* Where the order of the first two sources makes no difference a row comes first: fewer forms. */
static void put_row_first(struct agx_op *op)
{
	const struct agx_source first = op->source[0];

	switch (op->op) {
	case AGX_ISA_OP_IADD:
		if (op->shift) /* of the second */
			return;
		break;
	case AGX_ISA_OP_IMUL:
	case AGX_ISA_OP_IMADD:
	case AGX_ISA_OP_AND:
	case AGX_ISA_OP_OR:
	case AGX_ISA_OP_XOR:
	case AGX_ISA_OP_FADD:
	case AGX_ISA_OP_FMUL:
	case AGX_ISA_OP_FFMA:
		break;
	default:
		return;
	}
	if (is_splat(&first) && op->source[1].kind == AGX_SOURCE_ROW) {
		op->source[0] = op->source[1];
		op->source[1] = first;
	}
}

/* False: a form that cannot be executed. */
static bool take_operands(const struct agx_isa_instr *instr, struct agx_op *op)
{
	for (unsigned int i = 0; i < 4; i++)
		op->source[i].kind = AGX_SOURCE_NUMBER; /* 0: aliases leave operands out */

	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *operand = &instr->operands[i];

		switch (operand->role) {
		case AGX_ISA_ROLE_D:
			if (!take_dest(operand, op))
				return false;
			break;
		case AGX_ISA_ROLE_A:
		case AGX_ISA_ROLE_LINK:
			if (!take_source(operand, &op->source[0]))
				return false;
			break;
		case AGX_ISA_ROLE_B:
			if (!take_source(operand, &op->source[1]))
				return false;
			break;
		case AGX_ISA_ROLE_C:
		case AGX_ISA_ROLE_X:
			if (!take_source(operand, &op->source[2]))
				return false;
			break;
		case AGX_ISA_ROLE_Y:
			if (!take_source(operand, &op->source[3]))
				return false;
			break;
		case AGX_ISA_ROLE_IMM:
		case AGX_ISA_ROLE_SR:
		case AGX_ISA_ROLE_MODE:
			op->extra = (uint32_t)operand->value;
			break;
		case AGX_ISA_ROLE_BITMASK:
			op->extra = operand->value & 31 ? (1u << (operand->value & 31)) - 1
							: UINT32_MAX;
			break;
		case AGX_ISA_ROLE_NEST:
			op->shift = (uint8_t)operand->value;
			break;
		case AGX_ISA_ROLE_TARGET:
			break;
		default:
			return false;
		}
	}
	if (instr->op == AGX_ISA_OP_SHL || instr->op == AGX_ISA_OP_SHR)
		op->extra = UINT32_MAX;

	op->saturate = instr->modifiers[AGX_ISA_MODIFIER_SAT];
	op->condition = instr->modifiers[AGX_ISA_MODIFIER_ICOND] |
			instr->modifiers[AGX_ISA_MODIFIER_FCOND] |
			instr->modifiers[AGX_ISA_MODIFIER_ROUND];
	op->shift |= instr->modifiers[AGX_ISA_MODIFIER_SHIFT];
	put_row_first(op);
	return true;
}

static const struct agx_op *op_end(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_CODE, 0,
			     "beyond the program's end, or a jump to where no instruction begins");
}

static const struct agx_op *op_data(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_CODE, 0, "no known instruction");
}

static const struct agx_op *op_odd(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0,
			     "an encoding with bits whose meaning is not known");
}

static const struct agx_op *op_operand(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(
		simd, op, AGX_TRAP_NOT_MODELLED, 0,
		"an operand beyond the register file, or of a kind that is not modelled");
}

static uint32_t index_at(const struct agx_program *program, int64_t offset)
{
	uint32_t low = 0, high = program->count;

	if (offset < 0 || offset >= program->size)
		return NO_OP;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (program->ops[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < program->count && program->ops[low].offset == offset ? low : NO_OP;
}

const struct agx_op *agx_program_at(const struct agx_program *program, int64_t offset)
{
	const uint32_t index = index_at(program, offset);

	return &program->ops[index == NO_OP ? program->count : index];
}

static void bind(struct agx_program *program, const struct agx_exec *exec)
{
	for (uint32_t i = 0; i < program->count; i++) {
		const struct agx_isa_instr *instr = &program->instrs[i];
		struct agx_op *op = &program->ops[i];
		int64_t target;

		if (instr->op == AGX_ISA_OP_DATA) {
			op->fn = op_data;
		} else if (instr->unknown[0] || instr->unknown[1]) {
			op->fn = op_odd;
		} else if (is_arithmetic(instr) && !take_operands(instr, op)) {
			op->fn = op_operand;
		} else {
			if (target_of(instr, op->offset, &target))
				op->extra = (uint32_t)(agx_program_at(program, target) - op);
			op->fn = exec->bind(op, instr);
		}
	}
}

/* To tell programs apart, not to withstand anybody. */
static void hash_code(const uint8_t *code, size_t size, uint64_t hash[2])
{
	hash[0] = 0xcbf29ce484222325 ^ size;
	hash[1] = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < size; i++) {
		hash[0] = (hash[0] ^ code[i]) * 0x100000001b3;
		hash[1] = (hash[1] << 7 | hash[1] >> 57) * 0xff51afd7ed558ccd + code[i];
	}
}

struct agx_program *agx_program_decode(uint64_t address, agx_fetch_fn fetch, void *data,
				       const struct agx_exec *exec)
{
	struct builder b = {.address = address, .fetch = fetch, .data = data};
	struct agx_program *program = calloc(1, sizeof(*program));

	if (!program || !decode_all(&b, &program->size))
		goto no_memory;
	program->ops = calloc((size_t)b.count + 1, sizeof(*program->ops));
	if (!program->ops)
		goto no_memory;
	program->address = address;
	program->count = b.count;
	program->instrs = b.instrs;
	program->code = b.code;
	for (uint32_t i = 0; i < b.count; i++) {
		program->ops[i].op = b.instrs[i].op;
		program->ops[i].offset = b.offsets[i];
		program->ops[i].length = b.instrs[i].length;
	}
	program->ops[b.count].offset = program->size;
	program->ops[b.count].fn = op_end;
	free(b.offsets);
	hash_code(program->code, program->size, program->hash);
	bind(program, exec);
	return program;

no_memory:
	free(b.code);
	free(b.instrs);
	free(b.offsets);
	free(program);
	return NULL;
}

void agx_program_free(struct agx_program *program)
{
	if (!program)
		return;
	free(program->code);
	free(program->ops);
	free(program->instrs);
	free(program);
}

struct cache_entry {
	struct cache_entry *next;
	struct agx_program *program;
	uint64_t checked; /* the check at which it was last compared */
};

struct agx_program_cache {
	const struct agx_exec *exec;
	uint64_t check;
	uint32_t count;
	struct cache_entry *buckets[CACHE_BUCKETS];
};

struct agx_program_cache *agx_program_cache_new(const struct agx_exec *exec)
{
	struct agx_program_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		cache->exec = exec;
	return cache;
}

static void forget(struct agx_program_cache *cache)
{
	for (unsigned int i = 0; i < CACHE_BUCKETS; i++) {
		while (cache->buckets[i]) {
			struct cache_entry *entry = cache->buckets[i];

			cache->buckets[i] = entry->next;
			agx_program_free(entry->program);
			free(entry);
		}
	}
	cache->count = 0;
}

void agx_program_cache_free(struct agx_program_cache *cache)
{
	if (!cache)
		return;
	forget(cache);
	free(cache);
}

void agx_program_cache_check(struct agx_program_cache *cache)
{
	cache->check++;
	if (cache->count > CACHE_MAX)
		forget(cache);
}

/* Memory still holds the program that was decoded. */
static bool is_same(const struct agx_program *program, agx_fetch_fn fetch, void *data)
{
	uint8_t now[256];

	/* Where the program ended for lack of readable code, there may be more by now. */
	if (!program->size)
		return false;
	for (uint32_t offset = 0; offset < program->size; offset += sizeof(now)) {
		const size_t left = program->size - offset;
		const size_t size = left < sizeof(now) ? left : sizeof(now);

		if (fetch(data, program->address + offset, now, size) != size ||
		    memcmp(now, program->code + offset, size))
			return false;
	}
	return true;
}

const struct agx_program *agx_program_cache_get(struct agx_program_cache *cache, uint64_t address,
						agx_fetch_fn fetch, void *data)
{
	struct cache_entry **bucket, *entry;

	bucket = &cache->buckets[(address >> 6 ^ address >> 14) % CACHE_BUCKETS];
	for (entry = *bucket; entry && entry->program->address != address; entry = entry->next)
		;
	if (!entry) {
		struct agx_program *program;

		entry = calloc(1, sizeof(*entry));
		program = agx_program_decode(address, fetch, data, cache->exec);
		if (!entry || !program) {
			free(entry);
			agx_program_free(program);
			return NULL;
		}
		entry->program = program;
		entry->next = *bucket;
		*bucket = entry;
		cache->count++;
	} else if (entry->checked != cache->check && !is_same(entry->program, fetch, data)) {
		struct agx_program *program = agx_program_decode(address, fetch, data, cache->exec);

		if (!program)
			return NULL;
		agx_program_free(entry->program);
		entry->program = program;
	}
	entry->checked = cache->check;
	return entry->program;
}
