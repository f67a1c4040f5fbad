// SPDX-License-Identifier: MIT
/*
 * Text in Mesa's syntax: mnemonic in eight columns, destinations, sources, immediates, modifiers.
 *
 * Nothing is formatted at run time but numbers: texts are copied in whole fixed-size pieces and only
 * the cursor advances by the length, which is why the caller's buffer has to have AGX_ISA_LINE bytes.
 */
#include <string.h>

#include "isa_table.h"

struct text {
	char text[23];
	uint8_t length;
};

struct mnemonic {
	char text[31];
	uint8_t length;
};

struct long_text {
	char text[39];
	uint8_t length;
};

struct modifier_text {
	const struct text *texts; /* with ", " in front; empty where nothing is printed */
	uint8_t count;
	uint32_t known; /* bit set of known values */
};

struct modifier_list {
	uint8_t count;
	uint8_t modifiers[15];
};

#include "isa_text_gen.h"

/* No decoded operand has more. */
#define MAX_COMPONENTS 5

/*
 * Longer than any operand or modifier with the separator in front and what is copied too much. Lines of
 * decoded instructions are half as long as a buffer; this is for structures that nobody decoded.
 */
#define MAX_ITEM 72

#define COPY(cursor, from)                                          \
	do {                                                        \
		memcpy(cursor, (from)->text, sizeof((from)->text)); \
		cursor += (from)->length;                           \
	} while (0)

static inline char *put(char *p, const char *text)
{
	size_t length = strlen(text);

	memcpy(p, text, length);
	return p + length;
}

static inline char *put_unsigned(char *p, uint32_t value)
{
	char digits[10];
	unsigned int count = 0;

	if (value < 10) {
		*p++ = (char)('0' + value);
		return p;
	}
	if (value < 100) {
		*p++ = (char)('0' + value / 10);
		*p++ = (char)('0' + value % 10);
		return p;
	}
	while (value) {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	}
	while (count)
		*p++ = digits[--count];
	return p;
}

static char *put_signed(char *p, int32_t value)
{
	if (value < 0) {
		*p++ = '-';
		return put_unsigned(p, 0u - (uint32_t)value);
	}
	return put_unsigned(p, (uint32_t)value);
}

static char *put_hex(char *p, uint64_t value, unsigned int digits)
{
	while (digits--)
		*p++ = "0123456789abcdef"[value >> (digits * 4) & 15];
	return p;
}

/* r0l_r0h, r0_r1, dr0_dr2: the components of a register operand. */
static inline char *put_registers(char *p, const struct agx_isa_operand *o)
{
	char prefix = o->kind == AGX_ISA_REG ? 'r' : 'u';
	unsigned int count = o->count <= MAX_COMPONENTS ? o->count : MAX_COMPONENTS;
	uint32_t index = (uint32_t)o->value & 0x1ffff;

	for (unsigned int i = 0; i < count; i++) {
		if (i)
			*p++ = '_';
		if (o->bits == 64)
			*p++ = 'd';
		*p++ = prefix;
		p = put_unsigned(p, index >> 1);
		if (o->bits == 16)
			*p++ = index & 1 ? 'h' : 'l';
		index += o->bits / 16;
	}
	return p;
}

static inline char *put_numbered(char *p, const char prefix[2], int32_t value)
{
	*p++ = prefix[0];
	*p++ = prefix[1];
	return put_unsigned(p, (uint32_t)value);
}

static inline char *put_operand(char *p, const struct agx_isa_operand *o, bool first)
{
	if (o->kind == AGX_ISA_NONE) {
		if (!(o->flags & AGX_ISA_DEST))
			return p;
		p = put(p, first ? " " : ", ");
		*p++ = '_';
		return p;
	}

	if (!first)
		*p++ = ',';
	*p++ = ' ';
	if (o->flags & AGX_ISA_DISCARD)
		*p++ = '^';
	if (o->flags & AGX_ISA_CACHE)
		*p++ = '$';

	switch (o->kind) {
	case AGX_ISA_REG:
	case AGX_ISA_UNIFORM:
		p = put_registers(p, o);
		break;
	case AGX_ISA_IMM:
		if (o->flags & AGX_ISA_UNSIGNED)
			p = put_unsigned(p, (uint32_t)o->value);
		else
			p = put_signed(p, o->value);
		break;
	case AGX_ISA_TARGET:
		p = put_signed(p, o->value);
		break;
	case AGX_ISA_FIMM:
		COPY(p, &minifloats[o->value & 0xff]);
		break;
	case AGX_ISA_SR:
		if (special_registers[o->value & 0xff].length)
			COPY(p, &special_registers[o->value & 0xff]);
		else
			p = put_numbered(p, "sr", o->value);
		break;
	case AGX_ISA_TS:
		p = put_numbered(p, "ts", o->value);
		break;
	case AGX_ISA_SS:
		p = put_numbered(p, "ss", o->value);
		break;
	case AGX_ISA_CF:
		p = put_numbered(p, "cf", o->value);
		break;
	default:
		*p++ = '?';
		break;
	}

	if (o->flags & (AGX_ISA_ABS | AGX_ISA_NEG | AGX_ISA_SX)) {
		if (o->flags & AGX_ISA_ABS)
			p = put(p, ".abs");
		if (o->flags & AGX_ISA_NEG)
			p = put(p, ".neg");
		if (o->flags & AGX_ISA_SX)
			p = put(p, ".sx");
	}
	return p;
}

static char *put_unknown_bits(char *p, const char *end, const uint64_t unknown[2])
{
	p = put(p, " # unknown bits:");
	for (unsigned int i = 0; i < AGX_ISA_MAX_LENGTH * 8 && end - p >= MAX_ITEM; i++) {
		if (unknown[i / 64] >> (i % 64) & 1) {
			*p++ = ' ';
			p = put_unsigned(p, i);
		}
	}
	return p;
}

static size_t print_data(const struct agx_isa_instr *instr, char *buf)
{
	unsigned int length = instr->length <= AGX_ISA_MAX_LENGTH ? instr->length : 0;
	unsigned int step = length % 2 ? 1 : 2;
	char *p = put(buf, length % 2 ? ".u8" : ".u16");

	for (unsigned int i = 0; i < length; i += step) {
		uint64_t parcel = instr->unknown[i / 8] >> (i % 8 * 8);

		p = put_hex(put(p, i ? ", 0x" : " 0x"), parcel, step * 2);
	}
	*p = '\0';
	return (size_t)(p - buf);
}

/*
 * A register in a field with hints of which none is set. Encodings without hints look alike in the
 * operand, so this asks the row, which only instructions with such a register pay for.
 */
static bool lacks_hint(const struct agx_isa_instr *instr, unsigned int index)
{
	const struct agx_isa_encoding *encoding =
		&agx_isa_encodings[agx_isa_op_rows[instr->op].operands[index].encoding];

	for (unsigned int i = 0; i < encoding->case_count; i++) {
		if (encoding->cases[i].kind == AGX_ISA_REG)
			return encoding->cases[i].hint != AGX_ISA_NO_BIT;
	}
	return false;
}

size_t agx_isa_print_mesa(const struct agx_isa_instr *instr, uint32_t offset, char *buf)
{
	const uint8_t hints = AGX_ISA_HINTED | AGX_ISA_CACHE | AGX_ISA_DISCARD | AGX_ISA_DEST;

	if (instr->op == AGX_ISA_OP_DATA || instr->op >= AGX_ISA_OPS)
		return print_data(instr, buf);

	unsigned int count = agx_isa_op_rows[instr->op].operand_count;
	const struct modifier_list *list = &modifier_lists[instr->op];
	const char *end = buf + AGX_ISA_LINE;
	char *p = buf, *operands;

	COPY(p, &mnemonics[instr->op]);
	operands = p;

	for (unsigned int i = 0; i < count && end - p >= MAX_ITEM; i++) {
		const struct agx_isa_operand *o = &instr->operands[i];

		bool first = p == operands;

		if (o->kind == AGX_ISA_REG && !(o->flags & hints) && lacks_hint(instr, i))
			p = put(p, "# missing hint");
		p = put_operand(p, o, first);
	}

	for (unsigned int i = 0; i < list->count && end - p >= MAX_ITEM; i++) {
		const struct modifier_text *m = &modifier_texts[list->modifiers[i]];
		unsigned int value = instr->modifiers[list->modifiers[i]];

		if (value >= m->count || !(m->known >> value & 1)) {
			p = put(p, p == operands ? " " : ", ");
			p = put(p, agx_isa_modifier_table[list->modifiers[i]].name);
			*p++ = '=';
			p = put_unsigned(p, value);
		} else if (p == operands && m->texts[value].length) {
			/* The first word has no comma in front. */
			memcpy(p, m->texts[value].text + 1, sizeof(m->texts[value].text) - 1);
			p += m->texts[value].length - 1;
		} else {
			COPY(p, &m->texts[value]);
		}
	}

	if ((instr->unknown[0] | instr->unknown[1]) && end - p >= MAX_ITEM)
		p = put_unknown_bits(p, end, instr->unknown);
	*p = '\0';
	return (size_t)(p - buf);
}

size_t agx_isa_print(const struct agx_isa_instr *instr, uint32_t offset, enum agx_isa_syntax syntax,
		     char *buf)
{
	if (syntax == AGX_ISA_SYNTAX_APPLEGPU)
		return agx_isa_print_applegpu(instr, offset, buf);
	return agx_isa_print_mesa(instr, offset, buf);
}
