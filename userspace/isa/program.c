// SPDX-License-Identifier: MIT
/* Programs: their end, their jumps, what they use. */
#include <string.h>

#include "agx_isa_program.h"

/* Mesa, src/asahi/compiler/agx_performance.c. */
static const struct {
	uint16_t registers, threads;
} occupancy[] = {
	{104, 1024}, {112, 896}, {128, 832}, {136, 768}, {144, 704},
	{160, 640},  {184, 576}, {208, 512}, {232, 448}, {256, 384},
};

unsigned int agx_isa_threads(unsigned int registers)
{
	size_t i;

	for (i = 0; i < sizeof(occupancy) / sizeof(occupancy[0]); i++) {
		if (registers <= occupancy[i].registers)
			return occupancy[i].threads;
	}
	return 0;
}

static void at_least(uint32_t *value, uint32_t least)
{
	if (*value < least)
		*value = least;
}

static void use_operands(struct agx_isa_program *p, const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *o;
	unsigned int i, halves;

	for (i = 0; i < instr->operand_count; i++) {
		o = &instr->operands[i];
		switch (o->kind) {
		case AGX_ISA_REG:
			at_least(&p->registers, o->value + agx_isa_operand_halves(instr, i));
			break;
		case AGX_ISA_UNIFORM:
			halves = agx_isa_operand_halves(instr, i);
			at_least(&p->uniforms, o->value + halves);
			if (o->flags & AGX_ISA_DEST)
				p->uniforms_set += halves;
			if (o->role == AGX_ISA_ROLE_HEAP)
				p->bindless = true;
			break;
		case AGX_ISA_TS:
			at_least(&p->texture_states, o->value + 1);
			break;
		case AGX_ISA_SS:
			at_least(&p->sampler_states, o->value + 1);
			break;
		case AGX_ISA_CF:
			at_least(&p->coefficients, o->value + 1);
			break;
		default:
			break;
		}
	}
}

/* Bytes of one element of a memory format. */
static unsigned int format_bytes(unsigned int format)
{
	switch (format) {
	case AGX_ISA_FORMAT_I32:
	case AGX_ISA_FORMAT_RGB10A2:
	case AGX_ISA_FORMAT_RG11B10F:
	case AGX_ISA_FORMAT_RGB9E5:
	case AGX_ISA_FORMAT_RG11B10F_RTZ:
	case AGX_ISA_FORMAT_RGB9E5_RTZ:
		return 4;
	case AGX_ISA_FORMAT_I8:
	case AGX_ISA_FORMAT_U8NORM:
	case AGX_ISA_FORMAT_S8NORM:
	case AGX_ISA_FORMAT_SRGBA8:
		return 1;
	default:
		return 2;
	}
}

static void use_stack(struct agx_isa_program *p, const struct agx_isa_instr *instr,
		      const struct agx_isa_op_info *info)
{
	const struct agx_isa_operand *index = agx_isa_operand(instr, AGX_ISA_ROLE_INDEX);
	const struct agx_isa_operand *data = agx_isa_operand(instr, AGX_ISA_ROLE_DATA);

	p->stack = true;
	p->fills += !!(info->properties & AGX_ISA_PROPERTY_LOAD);
	p->spills += !!(info->properties & AGX_ISA_PROPERTY_STORE);
	if (index && data && index->kind == AGX_ISA_IMM && index->value >= 0)
		at_least(&p->stack_bytes,
			 index->value +
				 data->count *
					 format_bytes(instr->modifiers[AGX_ISA_MODIFIER_FORMAT]));
}

static void use(struct agx_isa_program *p, const struct agx_isa_instr *instr)
{
	const struct agx_isa_op_info *info = agx_isa_op_info(instr->op);
	uint32_t properties = info->properties;

	p->instructions++;
	p->classes[info->class]++;
	if (instr->op == AGX_ISA_OP_DATA) {
		p->unknown++;
		return;
	}
	if (instr->unknown[0] || instr->unknown[1])
		p->odd++;
	use_operands(p, instr);
	p->waits += !!(properties & AGX_ISA_PROPERTY_WAIT);
	p->barriers += !!(properties & AGX_ISA_PROPERTY_BARRIER);
	p->helper |= !!(properties & AGX_ISA_PROPERTY_HELPER);
	switch (info->class) {
	case AGX_ISA_CLASS_MEMORY:
		if (properties & AGX_ISA_PROPERTY_ATOMIC) {
			p->atomics++;
			break;
		}
		p->loads += !!(properties & AGX_ISA_PROPERTY_LOAD);
		p->stores += !!(properties & AGX_ISA_PROPERTY_STORE);
		break;
	case AGX_ISA_CLASS_STACK:
		use_stack(p, instr, info);
		break;
	case AGX_ISA_CLASS_LOCAL:
		p->local = true;
		break;
	case AGX_ISA_CLASS_TEXTURE:
		p->textures++;
		break;
	case AGX_ISA_CLASS_IMAGE:
		p->images++;
		break;
	case AGX_ISA_CLASS_TILE:
		if (properties & (AGX_ISA_PROPERTY_LOAD | AGX_ISA_PROPERTY_STORE))
			p->tile = true;
		else
			p->discards = true;
		break;
	default:
		break;
	}
}

static unsigned int nest_of(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *nest = agx_isa_operand(instr, AGX_ISA_ROLE_NEST);

	return nest && nest->value > 0 ? nest->value : 0;
}

static bool is_target(const uint8_t *targets, size_t at)
{
	return targets && !(at & 1) && targets[at >> 4] >> (at >> 1 & 7) & 1;
}

/* The walk of agx_isa_analyse(). */
struct walk {
	struct agx_isa_program *p;
	uint8_t *targets;
	size_t size, at;
	uint64_t furthest; /* that a jump leads to */
	uint32_t depth, lost;
};

/* Where a jump goes; may be outside of the program. */
static int64_t target_of(const struct agx_isa_instr *instr, size_t at)
{
	const struct agx_isa_operand *target = agx_isa_operand(instr, AGX_ISA_ROLE_TARGET);

	return target ? (int64_t)at + target->value : -1;
}

static void follow(struct walk *w, const struct agx_isa_instr *instr)
{
	int64_t target = target_of(instr, w->at);

	if (target < 0 || target & 1 || (uint64_t)target >= w->size) {
		w->p->wild++;
		return;
	}
	if ((uint64_t)target > w->furthest)
		w->furthest = target;
	if (w->targets)
		w->targets[target >> 4] |= 1u << (target >> 1 & 7);
}

static void flow(struct walk *w, const struct agx_isa_instr *instr, unsigned int flow)
{
	unsigned int nest;

	switch (flow) {
	case AGX_ISA_FLOW_JUMP:
		w->p->jumps++;
		if (target_of(instr, w->at) <= (int64_t)w->at)
			w->p->loops++;
		follow(w, instr);
		break;
	case AGX_ISA_FLOW_CALL:
		w->p->calls++;
		if (agx_isa_operand(instr, AGX_ISA_ROLE_TARGET))
			follow(w, instr);
		else
			w->p->indirect = true;
		break;
	case AGX_ISA_FLOW_RETURN:
		w->p->indirect = true;
		break;
	case AGX_ISA_FLOW_IF:
		w->depth += nest_of(instr);
		at_least(&w->p->max_depth, w->depth);
		break;
	case AGX_ISA_FLOW_POP:
		nest = nest_of(instr);
		w->depth -= nest < w->depth ? nest : w->depth;
		break;
	default:
		break;
	}
}

static bool ends_block(unsigned int flow)
{
	return flow == AGX_ISA_FLOW_JUMP || flow == AGX_ISA_FLOW_RETURN ||
	       flow == AGX_ISA_FLOW_STOP;
}

/* Jumps into the middle of an instruction have no label. */
static void drop_inner_targets(struct walk *w, const struct agx_isa_instr *instr, size_t at)
{
	size_t i;

	for (i = at + 2; i < at + instr->length; i += 2) {
		if (!is_target(w->targets, i))
			continue;
		w->targets[i >> 4] &= ~(1u << (i >> 1 & 7));
		w->p->wild++;
	}
}

/* What is known only when all jumps are. */
static void look_again(struct walk *w, const uint8_t *code)
{
	struct agx_isa_instr instr;
	bool leader = true;
	size_t at = 0;

	w->p->blocks = 0;
	while (at < w->p->size) {
		if ((leader || is_target(w->targets, at)) && at < w->p->code_size)
			w->p->blocks++;
		agx_isa_decode(code + at, w->size - at, &instr);
		leader = ends_block(agx_isa_op_info(instr.op)->flow);
		drop_inner_targets(w, &instr, at);
		at += instr.length;
	}
}

void agx_isa_analyse(const void *code, size_t size, bool whole, uint8_t *targets,
		     struct agx_isa_program *out)
{
	struct walk w = {.p = out, .targets = targets, .size = size};
	const uint8_t *bytes = code;
	struct agx_isa_instr instr;
	unsigned int kind;
	bool ended = false, leader = true;

	memset(out, 0, sizeof(*out));
	out->end = AGX_ISA_END_CODE;
	/* Places in a program are 32-bit numbers. */
	if (w.size > UINT32_MAX - 16)
		w.size = UINT32_MAX - 16;
	while (w.at < w.size) {
		agx_isa_decode(bytes + w.at, w.size - w.at, &instr);
		kind = agx_isa_op_info(instr.op)->flow;
		if (ended && (kind != AGX_ISA_FLOW_TRAP || is_target(targets, w.at))) {
			if (!whole)
				break;
			ended = false;
		}
		w.lost = instr.op == AGX_ISA_OP_DATA ? w.lost + 1 : 0;
		if (w.lost >= AGX_ISA_LOST && !whole) {
			out->end = AGX_ISA_END_LOST;
			break;
		}
		if (!ended) {
			out->blocks += leader;
			leader = ends_block(kind);
			use(out, &instr);
			flow(&w, &instr, kind);
			out->code_size = w.at + instr.length;
			if ((kind == AGX_ISA_FLOW_STOP || kind == AGX_ISA_FLOW_RETURN) &&
			    w.furthest <= w.at) {
				ended = true;
				out->end = kind == AGX_ISA_FLOW_STOP ? AGX_ISA_END_STOP
								     : AGX_ISA_END_RETURN;
			}
		}
		w.at += instr.length;
	}
	out->size = w.at;
	out->threads = agx_isa_threads(out->registers);
	if (targets && out->jumps + out->calls)
		look_again(&w, bytes);
}
