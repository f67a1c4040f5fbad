// SPDX-License-Identifier: MIT
/*
 * What the instructions of a program say: what it uses, and whether hardware would run it to an
 * end.
 *
 * Everything up to the last instruction is looked at, reached or not: data between instructions is
 * refused, for nothing tells it from a mistake.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa.h"
#include "agx_isa_program.h"

#include "scratch.h"
#include "shader_internal.h"

#define ALL_SAMPLES 0xff /* as a mask: those that there are */

struct walk {
	const uint8_t *code;
	size_t size;
	enum agx_stage stage;
	bool preamble;
	struct lib_shader_code *out;
	char *error;
	size_t error_size;
	size_t at;
	struct agx_isa_instr instr;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct walk *w, int ret, const char *format,
							...)
{
	char line[AGX_ISA_LINE], why[200];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	agx_isa_print(&w->instr, (uint32_t)w->at, AGX_ISA_SYNTAX_MESA, line);
	snprintf(w->error, w->error_size, "offset 0x%zx, '%.80s': %s", w->at, line, why);
	return ret;
}

static void set_bits(struct lib_bits *bits, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count && i < LIB_UNIFORMS; i++)
		bits->words[i / 64] |= 1ull << (i % 64);
}

/* What is set before it is read in the order of the code is nobody else's to give. */
static void read_bits(struct lib_bits *bits, const struct lib_bits *set, unsigned int first,
		      unsigned int count)
{
	for (unsigned int i = first; i < first + count && i < LIB_UNIFORMS; i++) {
		if (!lib_bit(set, i))
			bits->words[i / 64] |= 1ull << (i % 64);
	}
}

static int use_registers(struct walk *w, bool dest)
{
	struct lib_shader_code *out = w->out;

	for (unsigned int i = 0; i < w->instr.operand_count; i++) {
		const struct agx_isa_operand *o = &w->instr.operands[i];
		const unsigned int halves = agx_isa_operand_halves(&w->instr, i);
		const unsigned int first = o->value < 0 ? 0 : (unsigned int)o->value;

		if (!!(o->flags & AGX_ISA_DEST) != dest)
			continue;
		switch (o->kind) {
		case AGX_ISA_REG:
			if (first + halves > 256)
				return refuse(w, -EINVAL,
					      "it goes beyond the last register: 256 halves exist");
			if (out->registers < first + halves)
				out->registers = first + halves;
			break;
		case AGX_ISA_UNIFORM:
			if (first + halves > LIB_UNIFORMS)
				return refuse(w, -EINVAL,
					      "it goes beyond the last uniform: %u halves exist",
					      LIB_UNIFORMS);
			if (dest)
				set_bits(&out->uniforms_set, first, halves);
			else
				read_bits(&out->uniforms, &out->uniforms_set, first, halves);
			break;
		case AGX_ISA_TS:
			if (first >= LIB_TEXTURES)
				return refuse(w, -EINVAL, "texture states end at ts%u",
					      LIB_TEXTURES - 1);
			if (dest)
				set_bits(&out->textures_set, first, 1);
			else
				read_bits(&out->textures, &out->textures_set, first, 1);
			break;
		case AGX_ISA_SS:
			if (first >= LIB_SAMPLERS)
				return refuse(w, -EINVAL, "sampler states end at ss%u",
					      LIB_SAMPLERS - 1);
			if (dest)
				set_bits(&out->samplers_set, first, 1);
			else
				read_bits(&out->samplers, &out->samplers_set, first, 1);
			if (!dest && w->instr.op != AGX_ISA_OP_SMPI)
				read_bits(&out->filtered, &out->samplers_set, first, 1);
			break;
		case AGX_ISA_CF: {
			/*
			 * The coefficients that are interpolated, in front of their divisor, are
			 * several.
			 */
			const bool several = i == 1 && (w->instr.op == AGX_ISA_OP_ITER ||
							w->instr.op == AGX_ISA_OP_ITERPROJ);
			const unsigned int count = several ? w->instr.operands[0].count : 1;

			if (out->coefficients < first + count)
				out->coefficients = first + count;
			break;
		}
		default:
			break;
		}
	}
	return 0;
}

static bool is_fragment(enum agx_stage stage)
{
	return stage == AGX_STAGE_FRAGMENT || stage == AGX_STAGE_BACKGROUND ||
	       stage == AGX_STAGE_END_OF_TILE;
}

/* Is it of this stage? */
static bool moves_tile(const struct agx_isa_instr *instr)
{
	return instr->op == AGX_ISA_OP_LD_TILE || instr->op == AGX_ISA_OP_ST_TILE ||
	       instr->op == AGX_ISA_OP_IMGWBLK;
}

static int check_stage(struct walk *w, const struct agx_isa_op_info *info)
{
	const uint32_t properties = info->properties;
	const char *stage = lib_stage_name(w->stage);

	if (properties & AGX_ISA_PROPERTY_HELPER)
		return refuse(w, -EINVAL, "only the helper program has it");
	if (w->preamble && properties & (AGX_ISA_PROPERTY_FRAGMENT | AGX_ISA_PROPERTY_VERTEX))
		return refuse(w, -EINVAL, "a preamble does not have it");
	if (!w->preamble && properties & AGX_ISA_PROPERTY_PREAMBLE)
		return refuse(w, -EINVAL, "only preambles have it, and this is the program");
	if (w->stage == AGX_STAGE_COMPUTE && moves_tile(&w->instr)) {
		if (!w->instr.modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS])
			return refuse(
				w, -EINVAL,
				"explicit coordinates expected: compute shaders have no pixel");
	} else if (properties & AGX_ISA_PROPERTY_FRAGMENT && !is_fragment(w->stage))
		return refuse(w, -EINVAL, "%s shaders do not have it, only those of fragments",
			      stage);
	if (properties & AGX_ISA_PROPERTY_VERTEX && w->stage != AGX_STAGE_VERTEX)
		return refuse(w, -EINVAL, "%s shaders do not have it, only vertex shaders", stage);
	if ((info->class == AGX_ISA_CLASS_LOCAL || w->instr.op == AGX_ISA_OP_BARRIER) &&
	    (w->stage != AGX_STAGE_COMPUTE || w->preamble))
		return refuse(w, -EINVAL, "only programs of compute shaders have threadgroups");
	return 0;
}

/*
 * What is given back is not counted: which way leads to it is not known. A loop that asks for more
 * in each round is not seen, which is what .scratch is for.
 */
static int adjust_stack(struct walk *w)
{
	const struct agx_isa_operand *words = &w->instr.operands[0];
	struct lib_shader_code *out = w->out;

	if (words->kind != AGX_ISA_IMM)
		return refuse(w, -EINVAL, "a number of words expected");
	if (words->value > 0)
		out->stack_words += (unsigned int)words->value;
	if (out->stack_words > LIB_SCRATCH_WORDS)
		return refuse(w, -EINVAL, "a thread has at most %u words of stack",
			      LIB_SCRATCH_WORDS);
	out->instructions++;
	return 0;
}

/* Bytes of a sample's record that a store fills; 0 where that depends on registers or samples. */
static uint64_t stored_bytes(const struct agx_isa_instr *instr)
{
	static const uint8_t bytes[16] = {
		[AGX_ISA_FORMAT_I8] = 1,      [AGX_ISA_FORMAT_I16] = 2,
		[AGX_ISA_FORMAT_I32] = 4,     [AGX_ISA_FORMAT_F16] = 2,
		[AGX_ISA_FORMAT_U8NORM] = 1,  [AGX_ISA_FORMAT_S8NORM] = 1,
		[AGX_ISA_FORMAT_U16NORM] = 2, [AGX_ISA_FORMAT_S16NORM] = 2,
		[AGX_ISA_FORMAT_SRGBA8] = 1,
	};
	const struct agx_isa_operand *samples = agx_isa_operand(instr, AGX_ISA_ROLE_SAMPLES);
	const struct agx_isa_operand *offset = agx_isa_operand(instr, AGX_ISA_ROLE_OFFSET);
	const unsigned int size = bytes[instr->modifiers[AGX_ISA_MODIFIER_FORMAT] & 15];
	const unsigned int mask = instr->modifiers[AGX_ISA_MODIFIER_MASK];
	uint64_t stored = 0;

	if (samples->kind != AGX_ISA_IMM || (samples->value & 15) != 15 ||
	    instr->modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS] || offset->value < 0 ||
	    offset->value >= 64)
		return 0;
	/* Packed formats are one word. */
	if (!size)
		return 0xfull << offset->value;
	for (unsigned int c = 0; c < 4; c++) {
		if (mask >> c & 1)
			stored |= ((1ull << size) - 1) << (size * c);
	}
	return stored << offset->value;
}

/* Which samples and bytes of them a tile has to have; what registers say is not known. */
static void look_at_tile(struct walk *w)
{
	const struct agx_isa_operand *samples = agx_isa_operand(&w->instr, AGX_ISA_ROLE_SAMPLES);
	const struct agx_isa_operand *offset = agx_isa_operand(&w->instr, AGX_ISA_ROLE_OFFSET);
	struct lib_shader_code *out = w->out;

	if (offset && offset->kind == AGX_ISA_IMM && offset->value >= 0 &&
	    offset->value >= (int64_t)out->tile_bytes)
		out->tile_bytes = (unsigned int)offset->value + 1;
	if (!samples || samples->kind != AGX_ISA_IMM || samples->value == ALL_SAMPLES)
		return;
	for (unsigned int i = 0; i < 8; i++) {
		if (samples->value >> i & 1 && out->tile_samples <= i)
			out->tile_samples = i + 1;
	}
}

/* Only fragments have an interest in it: what their draws may do out of order, or leave out. */
static void look_at_effects(struct walk *w, const struct agx_isa_op_info *info)
{
	const unsigned int lod = w->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE];
	struct lib_shader_code *out = w->out;

	switch (info->class) {
	case AGX_ISA_CLASS_TILE:
		out->reads_tile |= w->instr.op == AGX_ISA_OP_LD_TILE;
		if (w->instr.op == AGX_ISA_OP_ST_TILE)
			out->tile_written |= stored_bytes(&w->instr);
		break;
	case AGX_ISA_CLASS_MEMORY:
	case AGX_ISA_CLASS_IMAGE:
		if (info->properties & (AGX_ISA_PROPERTY_STORE | AGX_ISA_PROPERTY_ATOMIC))
			out->writes_memory = true;
		break;
	case AGX_ISA_CLASS_TEXTURE:
		/* Implicit levels come from differences within a quad. */
		if (w->instr.op == AGX_ISA_OP_SMPF &&
		    (lod == AGX_ISA_LOD_TYPE_AUTO_LOD ||
		     lod == AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_UNIFORM ||
		     lod == AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_REG ||
		     lod == AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_MIN_UNIFORM ||
		     lod == AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_MIN_REG))
			out->shares = true;
		break;
	default:
		break;
	}
	if (info->properties & AGX_ISA_PROPERTY_SHARES)
		out->shares = true;
	if (w->instr.op == AGX_ISA_OP_ZS_EMIT) {
		const struct agx_isa_operand *zs = agx_isa_operand(&w->instr, AGX_ISA_ROLE_ZS);

		/* One register of 32 bits is depth, three of 16 are depth and stencil. */
		out->writes_depth |= zs->kind == AGX_ISA_REG && (zs->bits == 32 || zs->count == 3);
	}
}

static int look(struct walk *w)
{
	const struct agx_isa_op_info *info = agx_isa_op_info(w->instr.op);
	struct lib_shader_code *out = w->out;
	int ret;

	if (w->instr.op == AGX_ISA_OP_DATA)
		return refuse(w, -EINVAL, "no known instruction: data, or an unknown encoding");
	ret = check_stage(w, info);
	if (!ret)
		ret = use_registers(w, false);
	if (!ret)
		ret = use_registers(w, true);
	if (ret)
		return ret;
	switch (info->class) {
	case AGX_ISA_CLASS_STACK:
		out->stack = true;
		if (w->instr.op == AGX_ISA_OP_STACK_ADJUST)
			return adjust_stack(w);
		break;
	case AGX_ISA_CLASS_LOCAL:
		out->local = true;
		break;
	case AGX_ISA_CLASS_TILE:
		if (info->properties & (AGX_ISA_PROPERTY_LOAD | AGX_ISA_PROPERTY_STORE))
			out->tile = true;
		look_at_tile(w);
		break;
	default:
		break;
	}
	look_at_effects(w, info);
	out->discards |= w->instr.op == AGX_ISA_OP_SAMPLE_MASK || w->instr.op == AGX_ISA_OP_ZS_EMIT;
	out->barriers |= w->instr.op == AGX_ISA_OP_BARRIER;
	out->instructions++;
	return 0;
}

/* Jumps lead to instructions of the program. */
static int check_jump(struct walk *w, const uint8_t *starts, size_t size)
{
	const struct agx_isa_operand *target = agx_isa_operand(&w->instr, AGX_ISA_ROLE_TARGET);
	int64_t to;

	if (!target || target->kind != AGX_ISA_TARGET)
		return 0;
	to = (int64_t)w->at + target->value;
	if (to < 0 || (uint64_t)to >= size)
		return refuse(w, -EINVAL,
			      "it leads to offset %lld, outside of the %zu bytes of code",
			      (long long)to, size);
	if (to & 1 || !(starts[to >> 4] >> (to >> 1 & 7) & 1))
		return refuse(w, -EINVAL, "it leads to offset 0x%llx, into an instruction",
			      (unsigned long long)to);
	return 0;
}

/* What is behind the last instruction that is no trap does not count. */
static size_t without_traps(const uint8_t *code, size_t size, bool *stops, bool *ends)
{
	struct agx_isa_instr instr;
	size_t end = 0, at;

	*stops = *ends = false;
	for (at = 0; at < size; at += instr.length) {
		unsigned int flow;

		agx_isa_decode(code + at, size - at, &instr);
		flow = agx_isa_op_info(instr.op)->flow;
		if (flow == AGX_ISA_FLOW_TRAP)
			continue;
		end = at + instr.length;
		*stops |= flow == AGX_ISA_FLOW_STOP;
		*ends = flow == AGX_ISA_FLOW_STOP || flow == AGX_ISA_FLOW_RETURN;
	}
	return end;
}

static int walk_code(struct walk *w, uint8_t *starts)
{
	const size_t size = w->out->size;
	int ret;

	for (w->at = 0; w->at < size; w->at += w->instr.length) {
		agx_isa_decode(w->code + w->at, size - w->at, &w->instr);
		starts[w->at >> 4] |= (uint8_t)(1u << (w->at >> 1 & 7));
		ret = look(w);
		if (ret)
			return ret;
	}
	for (w->at = 0; w->at < size; w->at += w->instr.length) {
		agx_isa_decode(w->code + w->at, size - w->at, &w->instr);
		ret = check_jump(w, starts, size);
		if (ret)
			return ret;
	}
	return 0;
}

int lib_shader_code(const void *code, size_t size, enum agx_stage stage, bool preamble,
		    struct lib_shader_code *out, char *error, size_t error_size)
{
	struct walk w = {
		.code = code,
		.stage = stage,
		.preamble = preamble,
		.out = out,
		.error = error,
		.error_size = error_size,
	};
	struct agx_isa_program program;
	bool stops, ends;
	uint8_t *starts;
	int ret;

	memset(out, 0, sizeof(*out));
	error[0] = '\0';
	if (size > LIB_SHADER_CODE_MAX) {
		snprintf(error, error_size, "a program has at most %zu bytes, got %zu",
			 LIB_SHADER_CODE_MAX, size);
		return -EINVAL;
	}
	out->size = without_traps(code, size, &stops, &ends);
	if (!out->size) {
		snprintf(error, error_size, "there are no instructions");
		return -EINVAL;
	}
	starts = calloc(1, out->size / 16 + 1);
	if (!starts) {
		snprintf(error, error_size, "no memory");
		return -ENOMEM;
	}
	ret = walk_code(&w, starts);
	free(starts);
	if (ret)
		return ret;
	if (!stops || !ends) {
		snprintf(error, error_size,
			 "no stop where the code ends, at offset 0x%zx: what is behind it in "
			 "memory would run",
			 out->size);
		return -EINVAL;
	}
	if (out->stack) {
		agx_isa_analyse(code, out->size, true, NULL, &program);
		if (!out->stack_words) {
			snprintf(error, error_size,
				 "it uses the stack, and no stack_adjust asks for some");
			return -EINVAL;
		}
		if (program.stack_bytes > out->stack_words * 4) {
			snprintf(error, error_size,
				 "it uses %u bytes of stack, and stack_adjust asks for %u words",
				 program.stack_bytes, out->stack_words);
			return -EINVAL;
		}
	}
	return 0;
}
