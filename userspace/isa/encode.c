// SPDX-License-Identifier: MIT
/*
 * From instructions to bytes.
 *
 * An encoding is found by fixing bits one after the other: those of the form, of the modifiers,
 * and then of each operand in the first of its cases that fits and agrees with what is fixed
 * already. Some modifiers share bits with operands (the write mask, the LOD type, the atomic
 * operation): they must agree, which also chooses between cases that look alike.
 */
#include <errno.h>
#include <string.h>

#include "isa_encode.h"
#include "isa_table.h"

/* Bits of an instruction that have been decided. */
struct code {
	uint64_t bits[2];
	uint64_t known[2];
};

static uint64_t ones(unsigned int count)
{
	return count >= 64 ? ~0ull : (1ull << count) - 1;
}

/* Fixes one bit; false if it is fixed to the other value. */
static bool put_bit(struct code *code, unsigned int bit, bool value)
{
	uint64_t one = 1ull << (bit & 63);
	uint64_t *bits = &code->bits[bit >> 6], *known = &code->known[bit >> 6];

	if (*known & one)
		return !(*bits & one) == !value;
	*known |= one;
	if (value)
		*bits |= one;
	return true;
}

/* Fixes the bits of a field that are in which, to those of value. */
static bool put(struct code *code, const struct agx_isa_field *field, uint64_t value,
		uint64_t which)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < field->ranges; i++) {
		for (j = 0; j < field->range[i].size; j++, n++) {
			if (which >> n & 1 &&
			    !put_bit(code, field->range[i].start + j, value >> n & 1))
				return false;
		}
	}
	return true;
}

static uint64_t get(const struct code *code, const struct agx_isa_field *field)
{
	unsigned int i, j, bit, n = 0;
	uint64_t value = 0;

	for (i = 0; i < field->ranges; i++) {
		for (j = 0; j < field->range[i].size; j++, n++) {
			bit = field->range[i].start + j;
			value |= (code->bits[bit >> 6] >> (bit & 63) & 1) << n;
		}
	}
	return value;
}

/* The value of an operand, scattered over the operand's own bits. */
static uint32_t scatter(const struct agx_isa_field *field, uint32_t value, uint32_t *which)
{
	unsigned int i, n = 0;
	uint32_t out = 0, mask;

	for (i = 0; i < field->ranges; i++) {
		mask = ones(field->range[i].size);
		out |= (value >> n & mask) << field->range[i].start;
		*which |= mask << field->range[i].start;
		n += field->range[i].size;
	}
	return out;
}

static bool value_fits(const struct agx_isa_case *c, const struct agx_isa_operand *operand,
		       uint32_t *raw)
{
	int64_t value = operand->value;
	unsigned int width = c->value.width;

	/* A 32-bit number may come as either of its two readings. */
	if (width == 32 && !c->shift) {
		*raw = operand->value;
		return true;
	}
	if (value & (int64_t)ones(c->shift))
		return false;
	value >>= c->shift;
	if (c->is_signed && width) {
		if (value < -(1ll << (width - 1)) || value >= 1ll << (width - 1))
			return false;
	} else if (value < 0 || (uint64_t)value > ones(width)) {
		return false;
	}
	*raw = value & ones(width);
	return true;
}

/*
 * A single bit that says something about the operand; there may be none, then it must not be
 * wanted.
 */
static bool put_flag(uint8_t bit, bool wanted, uint32_t *raw, uint32_t *which)
{
	if (bit == AGX_ISA_NO_BIT)
		return !wanted;
	*which |= 1u << bit;
	*raw |= (uint32_t)wanted << bit;
	return true;
}

static bool put_size(const struct agx_isa_case *c, const struct agx_isa_operand *operand,
		     uint32_t *raw, uint32_t *which)
{
	bool has32 = c->size32 != AGX_ISA_NO_BIT, has64 = c->size64 != AGX_ISA_NO_BIT;
	bool is64 = operand->bits == 64;

	if (!has32 && !has64)
		return c->bits == operand->bits;
	if (is64 && !has64)
		return false;
	if (!has32 && !is64)
		return c->bits == operand->bits && put_flag(c->size64, false, raw, which);
	if (operand->bits != 16 && operand->bits != 32 && !is64)
		return false;
	if (has64 && !put_flag(c->size64, is64, raw, which))
		return false;
	/* Both bits are set in a 64-bit register; only that is ever seen. */
	return !has32 || put_flag(c->size32, operand->bits >= 32, raw, which);
}

/*
 * The bits that a case gives an operand: which of them it decides, and to what. The write mask may
 * be left to the modifier that shares its bits.
 */
static bool case_fits(const struct agx_isa_case *c, const struct agx_isa_operand *operand,
		      uint32_t *bits, uint32_t *which)
{
	uint32_t raw = 0, decided = 0, value;
	unsigned int hint;
	bool sx = operand->flags & AGX_ISA_SX, cache = operand->flags & AGX_ISA_CACHE;
	bool last = operand->flags & AGX_ISA_DISCARD;

	if (c->kind != operand->kind)
		return false;
	if (c->kind == AGX_ISA_NONE) {
		if (c->bits != operand->bits)
			return false;
		goto done;
	}
	if (!value_fits(c, operand, &value) || !put_size(c, operand, &raw, &decided))
		return false;
	raw |= scatter(&c->value, value, &decided);

	if (!put_flag(c->abs, operand->flags & AGX_ISA_ABS, &raw, &decided) ||
	    !put_flag(c->neg, operand->flags & AGX_ISA_NEG, &raw, &decided))
		return false;
	if (c->zx != AGX_ISA_NO_BIT)
		put_flag(c->zx, !sx, &raw, &decided);
	else if (!put_flag(c->sx, sx, &raw, &decided))
		return false;
	/* Which of the two readings of an index is meant. */
	if ((operand->flags ^ c->flags) & AGX_ISA_UNSIGNED)
		return false;
	if (c->hint != AGX_ISA_NO_BIT) {
		if (cache && last)
			return false;
		hint = cache ? 2 : last ? 3 : !!(operand->flags & AGX_ISA_HINTED);
		raw |= hint << c->hint;
		decided |= 3u << c->hint;
	} else if (!put_flag(c->cache, cache, &raw, &decided) ||
		   !put_flag(c->last, last, &raw, &decided)) {
		return false;
	}
	if (c->mask_bit != AGX_ISA_NO_BIT) {
		if (operand->mask > 15)
			return false;
		if (operand->mask) {
			raw |= (uint32_t)operand->mask << c->mask_bit;
			decided |= 15u << c->mask_bit;
		}
	} else if (c->count_bit != AGX_ISA_NO_BIT) {
		if (!operand->count || operand->count > 4)
			return false;
		raw |= (operand->count & 3u) << c->count_bit;
		decided |= 3u << c->count_bit;
	} else if ((c->count ? c->count : 1) != operand->count) {
		return false;
	}
	if ((raw ^ c->match) & decided & c->mask)
		return false;
done:
	*bits = raw | c->match;
	*which = decided | c->mask;
	return true;
}

bool isa_case_holds(const struct agx_isa_case *c, const struct agx_isa_operand *operand)
{
	uint32_t bits, which;

	return case_fits(c, operand, &bits, &which);
}

static unsigned int population(unsigned int mask)
{
	unsigned int count = __builtin_popcount(mask & 15);

	return count ? count : 1;
}

static bool put_operand(struct code *code, const struct agx_isa_operand_row *row,
			const struct agx_isa_operand *operand)
{
	const struct agx_isa_encoding *encoding = &agx_isa_encodings[row->encoding];
	const struct agx_isa_case *c;
	struct code attempt;
	uint32_t bits, which, all;
	unsigned int i, j;

	for (i = 0; i < encoding->case_count; i++) {
		c = &encoding->cases[i];
		if (!case_fits(c, operand, &bits, &which))
			continue;
		attempt = *code;
		if (!put(&attempt, &row->field, bits, which))
			continue;
		/* Whoever decodes this must come to the same case, and to the same count. */
		all = get(&attempt, &row->field);
		for (j = 0; j < i; j++) {
			if ((all & encoding->cases[j].mask) == encoding->cases[j].match)
				break;
		}
		if (j < i)
			continue;
		if (c->kind != AGX_ISA_NONE && c->mask_bit != AGX_ISA_NO_BIT &&
		    population(all >> c->mask_bit) != operand->count)
			continue;
		put(&attempt, &row->field, all, ones(row->field.width));
		*code = attempt;
		return true;
	}
	return false;
}

static bool beyond(const struct code *code, unsigned int length)
{
	unsigned int bits = length * 8;

	return bits >= 64 ? code->bits[1] & ~ones(bits - 64)
			  : (code->bits[0] & ~ones(bits)) || code->bits[1];
}

/*
 * expected: the form whose expected bits are taken; the long one where a length is to be chosen,
 * for an instruction is not cut short where that would lose a bit that is always seen.
 */
static int encode_form(const struct agx_isa_op_row *row, const struct agx_isa_form *form,
		       const struct agx_isa_form *expected, const struct agx_isa_instr *instr,
		       struct code *code, struct isa_encode_error *error)
{
	const struct agx_isa_modifier_row *modifier;
	unsigned int i;
	uint8_t value;

	for (i = 0; i < 2; i++) {
		code->bits[i] = form->match[i];
		code->known[i] = form->mask[i];
	}
	error->operand = error->modifier = -1;
	for (i = 0; i < row->modifier_count; i++) {
		modifier = &row->modifiers[i];
		value = instr->modifiers[modifier->modifier];
		error->modifier = i;
		if (value > ones(modifier->field.width)) {
			error->why = "a modifier's value is too large";
			return -EINVAL;
		}
		if (!put(code, &modifier->field, value, ones(modifier->field.width))) {
			error->why = "a modifier contradicts another part of the instruction";
			return -EINVAL;
		}
	}
	error->modifier = -1;
	for (i = 0; i < row->operand_count; i++) {
		error->operand = i;
		if (!put_operand(code, &row->operands[i], &instr->operands[i])) {
			error->why = "does not fit the rest of the instruction";
			return -EINVAL;
		}
	}
	error->operand = -1;
	for (i = 0; i < 2; i++) {
		if (instr->unknown[i] & form->covered[i]) {
			error->why = "an unknown bit is a known one";
			return -EINVAL;
		}
		code->bits[i] |= (expected->expected[i] ^ instr->unknown[i]) & ~form->covered[i];
	}
	if (beyond(code, form->length)) {
		error->why = "does not fit this length";
		return -EINVAL;
	}
	return form->length;
}

static void store(const struct code *code, unsigned int length, uint8_t *out)
{
	unsigned int i;

	for (i = 0; i < length; i++)
		out[i] = code->bits[i >> 3] >> (i & 7) * 8;
}

int isa_encode(const struct agx_isa_instr *instr, uint8_t out[AGX_ISA_MAX_LENGTH],
	       struct isa_encode_error *error)
{
	const struct agx_isa_op_row *row;
	struct code code;
	unsigned int i, n;
	int length;

	*error = (struct isa_encode_error){"no such length", -1, -1};
	if (instr->op == AGX_ISA_OP_DATA) {
		memcpy(code.bits, instr->unknown, sizeof(code.bits));
		if (!instr->length || instr->length > AGX_ISA_MAX_LENGTH)
			return -EINVAL;
		store(&code, instr->length, out);
		return instr->length;
	}
	if (instr->op >= AGX_ISA_OPS) {
		error->why = "no such instruction";
		return -EINVAL;
	}
	row = &agx_isa_op_rows[instr->op];
	if (instr->operand_count != row->operand_count) {
		error->why = "wrong number of operands";
		return -EINVAL;
	}
	for (i = 0; i < row->form_count; i++) {
		n = i;
		/* Compilers always write the long form of some. */
		if (!instr->length && row->info.properties & AGX_ISA_PROPERTY_LONG)
			n = row->form_count - 1 - i;
		if (instr->length && instr->length != row->forms[n].length)
			continue;
		length = encode_form(row, &row->forms[n],
				     &row->forms[instr->length ? n : row->form_count - 1u], instr,
				     &code, error);
		if (length > 0) {
			store(&code, length, out);
			return length;
		}
	}
	return -EINVAL;
}

int agx_isa_encode(const struct agx_isa_instr *instr, uint8_t out[AGX_ISA_MAX_LENGTH],
		   const char **why)
{
	struct isa_encode_error error;
	int length = isa_encode(instr, out, &error);

	if (why)
		*why = length < 0 ? error.why : NULL;
	return length;
}
