// SPDX-License-Identifier: MIT
/* What is under way at each place of a program, as a data flow over its registers. */
#include <stdbool.h>

#include "agx_isa.h"
#include "agx_isa_program.h"
#include "agx_isa_waits.h"
#include "isa_format.h"

#define WORDS (256 / 64)

/* What may be under way when control comes to a place. */
struct pending {
	uint64_t halves[AGX_ISA_GROUPS][WORDS]; /* that will be written */
	uint8_t count[AGX_ISA_GROUPS]; /* of instructions, at most AGX_ISA_MAX_PENDING + 1 */
	bool reached;
};

struct flow {
	const uint8_t *code;
	size_t size;
	uint8_t *targets;      /* bits of parcels that jumps lead to */
	uint32_t *place;       /* of a parcel that is a target: its number */
	struct pending *enter; /* of each target */
	bool again;            /* a jump backwards brought something new */

	struct agx_isa_hazard *hazards; /* NULL: they are not looked for yet */
	unsigned int max, count;
};

static bool is_target(const struct flow *f, size_t at)
{
	return f->targets[at >> 4] >> (at >> 1 & 7) & 1;
}

/* Adds what comes along one way; true: that is new. */
static bool join(struct pending *to, const struct pending *from)
{
	bool changed = !to->reached;

	for (unsigned int g = 0; g < AGX_ISA_GROUPS; g++) {
		for (unsigned int i = 0; i < WORDS; i++) {
			changed |= (from->halves[g][i] & ~to->halves[g][i]) != 0;
			to->halves[g][i] |= from->halves[g][i];
		}
		if (to->count[g] < from->count[g]) {
			to->count[g] = from->count[g];
			changed = true;
		}
	}
	to->reached = true;
	return changed;
}

static void go_to(struct flow *f, const struct agx_isa_instr *instr, size_t at,
		  const struct pending *now)
{
	const struct agx_isa_operand *target = agx_isa_operand(instr, AGX_ISA_ROLE_TARGET);
	int64_t to = target ? (int64_t)at + target->value : -1;

	if (to < 0 || to & 1 || (uint64_t)to >= f->size || !is_target(f, (size_t)to))
		return;
	if (join(&f->enter[f->place[to / 2]], now) && to <= (int64_t)at)
		f->again = true;
}

static bool goes_on(const struct agx_isa_instr *instr)
{
	return agx_isa_op_info(instr->op)->properties & AGX_ISA_PROPERTY_ASYNC ||
	       instr->op == AGX_ISA_OP_STORE || instr->op == AGX_ISA_OP_STACK_STORE;
}

static bool fills(const struct agx_isa_instr *instr, unsigned int half, unsigned int group)
{
	if (!goes_on(instr) || instr->modifiers[AGX_ISA_MODIFIER_GROUP] != group)
		return false;
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *o = &instr->operands[i];

		if (o->kind == AGX_ISA_REG && o->flags & AGX_ISA_DEST &&
		    half - (unsigned int)o->value < agx_isa_operand_halves(instr, i))
			return true;
	}
	return false;
}

/* The nearest in front of it in the text; in a loop it may be behind it. */
static uint32_t find_load(const struct flow *f, size_t before, unsigned int half,
			  unsigned int group)
{
	struct agx_isa_instr instr;
	uint32_t found = (uint32_t)before;
	bool any = false;

	for (size_t at = 0; at < f->size && (at < before || !any); at += instr.length) {
		agx_isa_decode(f->code + at, f->size - at, &instr);
		if (fills(&instr, half, group)) {
			found = (uint32_t)at;
			any = true;
		}
	}
	return found;
}

static void report(struct flow *f, size_t at, enum agx_isa_hazard_kind kind, unsigned int half,
		   unsigned int group)
{
	if (f->count < f->max)
		f->hazards[f->count] = (struct agx_isa_hazard){
			.at = (uint32_t)at,
			.load = kind == AGX_ISA_HAZARD_FULL ? (uint32_t)at
							    : find_load(f, at, half, group),
			.half = (uint16_t)half,
			.group = (uint8_t)group,
			.kind = (uint8_t)kind,
		};
	f->count++;
}

/* The first half of those that are under way; -1: none is. */
static int under_way(const struct pending *now, const struct agx_isa_instr *instr, bool dest,
		     unsigned int *group)
{
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *o = &instr->operands[i];
		const unsigned int halves = agx_isa_operand_halves(instr, i);

		if (o->kind != AGX_ISA_REG || !!(o->flags & AGX_ISA_DEST) != dest)
			continue;
		for (unsigned int h = (unsigned int)o->value; h < o->value + halves && h < 256;
		     h++) {
			for (unsigned int g = 0; g < AGX_ISA_GROUPS; g++) {
				if (now->halves[g][h / 64] >> (h % 64) & 1) {
					*group = g;
					return (int)h;
				}
			}
		}
	}
	return -1;
}

static void look_for_hazards(struct flow *f, size_t at, const struct agx_isa_instr *instr,
			     const struct pending *now)
{
	unsigned int group = 0;
	int half;

	half = under_way(now, instr, false, &group);
	if (half >= 0) {
		report(f, at, AGX_ISA_HAZARD_READ, (unsigned int)half, group);
		return;
	}
	half = under_way(now, instr, true, &group);
	if (half >= 0) {
		report(f, at, AGX_ISA_HAZARD_WRITE, (unsigned int)half, group);
		return;
	}
	group = instr->modifiers[AGX_ISA_MODIFIER_GROUP] % AGX_ISA_GROUPS;
	if (goes_on(instr) && now->count[group] >= AGX_ISA_MAX_PENDING)
		report(f, at, AGX_ISA_HAZARD_FULL, 0, group);
}

static void start(struct pending *now, const struct agx_isa_instr *instr)
{
	const unsigned int group = instr->modifiers[AGX_ISA_MODIFIER_GROUP] % AGX_ISA_GROUPS;

	if (now->count[group] <= AGX_ISA_MAX_PENDING)
		now->count[group]++;
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *o = &instr->operands[i];
		const unsigned int halves = agx_isa_operand_halves(instr, i);

		if (o->kind != AGX_ISA_REG || !(o->flags & AGX_ISA_DEST))
			continue;
		for (unsigned int h = (unsigned int)o->value; h < o->value + halves && h < 256; h++)
			now->halves[group][h / 64] |= 1ull << (h % 64);
	}
}

static void run(struct flow *f, size_t at, const struct agx_isa_instr *instr, struct pending *now)
{
	const struct agx_isa_op_info *info = agx_isa_op_info(instr->op);
	const unsigned int group = instr->modifiers[AGX_ISA_MODIFIER_GROUP] % AGX_ISA_GROUPS;

	if (f->hazards)
		look_for_hazards(f, at, instr, now);
	if (instr->op == AGX_ISA_OP_WAIT) {
		for (unsigned int i = 0; i < WORDS; i++)
			now->halves[group][i] = 0;
		now->count[group] = 0;
	}
	if (goes_on(instr))
		start(now, instr);
	switch (info->flow) {
	case AGX_ISA_FLOW_JUMP:
		go_to(f, instr, at, now);
		break;
	case AGX_ISA_FLOW_CALL:
		go_to(f, instr, at, now);
		*now = (struct pending){.reached = true};
		break;
	case AGX_ISA_FLOW_RETURN:
	case AGX_ISA_FLOW_STOP:
	case AGX_ISA_FLOW_TRAP:
		*now = (struct pending){0};
		break;
	default:
		break;
	}
}

static void walk(struct flow *f)
{
	struct pending now = {.reached = true};
	struct agx_isa_instr instr;

	f->again = false;
	for (size_t at = 0; at < f->size; at += instr.length) {
		agx_isa_decode(f->code + at, f->size - at, &instr);
		if (is_target(f, at)) {
			struct pending *enter = &f->enter[f->place[at / 2]];

			if (now.reached)
				join(enter, &now);
			now = *enter;
		}
		if (now.reached)
			run(f, at, &instr, &now);
	}
}

/* A jump has four bytes at least, so there are no more targets than that. */
static size_t most_targets(size_t size)
{
	return size / 4 + 1;
}

size_t agx_isa_hazards_memory(size_t size)
{
	return most_targets(size) * sizeof(struct pending) + (size / 2 + 1) * sizeof(uint32_t) +
	       size / 16 + 1;
}

static void number_targets(struct flow *f)
{
	uint32_t count = 0;

	for (size_t at = 0; at < f->size; at += 2) {
		if (is_target(f, at))
			f->place[at / 2] = count++;
	}
}

unsigned int agx_isa_find_hazards(const void *code, size_t size, void *memory,
				  struct agx_isa_hazard *hazards, unsigned int max)
{
	struct agx_isa_hazard none;
	struct agx_isa_program program;
	struct flow f = {.code = code, .enter = memory};

	f.place = (uint32_t *)(f.enter + most_targets(size));
	f.targets = (uint8_t *)(f.place + size / 2 + 1);
	agx_isa_analyse(code, size, true, f.targets, &program);
	f.size = program.size;
	number_targets(&f);
	for (unsigned int i = 0; i < AGX_ISA_WAIT_ROUNDS; i++) {
		walk(&f);
		if (!f.again)
			break;
	}
	f.hazards = max ? hazards : &none;
	f.max = max;
	walk(&f);
	return f.count;
}

static const char *wait_name(unsigned int group)
{
	return group ? "wait b" : "wait a";
}

void agx_isa_hazard_text(const struct agx_isa_hazard *hazard, char *buf, size_t size)
{
	if (hazard->kind == AGX_ISA_HAZARD_FULL)
		isa_format(buf, size,
			   "it is the ninth of its group that goes on at once, and there is room "
			   "for %u: %s expected in front of it",
			   AGX_ISA_MAX_PENDING, wait_name(hazard->group));
	else
		isa_format(buf, size,
			   "it %s r%u%c, which the instruction at offset 0x%x is still to fill: %s "
			   "expected in between",
			   hazard->kind == AGX_ISA_HAZARD_READ ? "reads" : "writes",
			   hazard->half / 2, hazard->half & 1 ? 'h' : 'l', hazard->load,
			   wait_name(hazard->group));
}
