// SPDX-License-Identifier: MIT
/* Listings of programs. Like the printer, nothing is formatted at run time but numbers. */
#include <string.h>

#include "agx_isa_program.h"
#include "isa_table.h"

#define BYTES_COLUMN (AGX_ISA_MAX_LENGTH * 2)
#define MAX_INDENT   16

static const char digits[] = "0123456789abcdef";

static char *put_hex(char *p, uint64_t value, unsigned int least)
{
	unsigned int n = least;

	while (n < 16 && value >> n * 4)
		n++;
	while (n--)
		*p++ = digits[value >> n * 4 & 15];
	return p;
}

static char *put_text(char *p, const char *text)
{
	while (*text)
		*p++ = *text++;
	return p;
}

static char *put_note(char *p, const char *note)
{
	*p++ = ' ';
	return put_text(p, note);
}

/* The length that the assembler chooses; see agx_isa_encode(). */
static unsigned int usual_length(const struct agx_isa_op_row *row, const uint8_t *code,
				 unsigned int length)
{
	const struct agx_isa_form *first = &row->forms[0], *last = &row->forms[row->form_count - 1];
	unsigned int i;

	if (row->info.properties & AGX_ISA_PROPERTY_LONG)
		return last->length;
	for (i = first->length; i < last->length; i++) {
		uint8_t expected = last->expected[i >> 3] >> (i & 7) * 8;

		/* Of a short one, what would be expected in the rest. */
		if (length > first->length ? code[i] : expected)
			return last->length;
	}
	return first->length;
}

size_t agx_isa_notes(const struct agx_isa_instr *instr, const void *code, char *buf)
{
	const struct agx_isa_op_row *row;
	unsigned int i, length, usual;
	char *p = buf;

	*p = '\0';
	if (instr->op == AGX_ISA_OP_DATA || instr->op >= AGX_ISA_OPS)
		return 0;
	row = &agx_isa_op_rows[instr->op];
	length = instr->length;
	if (row->form_count > 1) {
		usual = usual_length(row, code, length);
		if (usual < length)
			p = put_note(p, "!long");
		else if (usual > length)
			p = put_note(p, "!short");
	}
	for (i = 0; i < instr->operand_count; i++) {
		const struct agx_isa_operand *o = &instr->operands[i];

		if (o->kind == AGX_ISA_IMM && o->role == AGX_ISA_ROLE_INDEX &&
		    o->flags & AGX_ISA_UNSIGNED && o->value < 0x8000)
			p = put_note(p, "!zx");
		else if (o->kind == AGX_ISA_NONE && o->bits)
			p = put_note(p, "!wide");
	}
	*p = '\0';
	return p - buf;
}

static bool is_target(const struct agx_isa_listing *l)
{
	return l->targets && !(l->at & 1) && l->targets[l->at >> 4] >> (l->at >> 1 & 7) & 1;
}

static char *put_label(char *p, uint64_t offset)
{
	*p++ = 'L';
	return put_hex(p, offset, 1);
}

/*
 * The place of a jump's operand may be named by a label, if one is there and the assembler would
 * come to the same bytes: the text ends with a number that says the same.
 */
static char *put_target(const struct agx_isa_listing *l, const struct agx_isa_instr *instr,
			char *start, char *p)
{
	const struct agx_isa_operand *target = agx_isa_operand(instr, AGX_ISA_ROLE_TARGET);
	int64_t to;
	char *number;

	if (!target || target->kind != AGX_ISA_TARGET || !l->targets)
		return p;
	to = (int64_t)l->at + target->value;
	if (to < 0 || to & 1 || (uint64_t)to >= l->size ||
	    !(l->targets[to >> 4] >> (to >> 1 & 7) & 1))
		return p;
	for (number = p; number > start && number[-1] != ' '; number--)
		;
	/* Anything behind the number (unknown bits) stays as it is. */
	if (number == p || !(*number == '-' || (*number >= '0' && *number <= '9')) ||
	    instr->unknown[0] || instr->unknown[1])
		return p;
	return put_label(number, to);
}

static char *put_columns(const struct agx_isa_listing *l, const struct agx_isa_instr *instr,
			 char *p)
{
	uint64_t address = l->base + l->at;
	unsigned int i, n;
	char *start = p;

	if (l->addresses) {
		/* The assembler knows an address by its first digit. */
		n = 4;
		while (n < 16 && address >> n * 4)
			n++;
		if (address >> (n - 1) * 4 > 9 && n < 16)
			n++;
		if (n == 16 && address >> 60 > 9)
			*p++ = '0';
		p = put_hex(p, address, n);
		*p++ = ':';
		*p++ = ' ';
		*p++ = ' ';
	} else if (l->bytes) {
		memcpy(p, "0:  ", 4);
		p += 4;
	} else {
		*p++ = '\t';
	}
	if (!l->bytes)
		return p;
	start = p;
	for (i = 0; i < instr->length; i++) {
		*p++ = digits[l->code[l->at + i] >> 4];
		*p++ = digits[l->code[l->at + i] & 15];
	}
	while (p < start + BYTES_COLUMN)
		*p++ = ' ';
	memcpy(p, " |  ", 4);
	return p + 4;
}

static unsigned int nest_of(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *nest = agx_isa_operand(instr, AGX_ISA_ROLE_NEST);

	return nest && nest->value > 0 ? nest->value : 0;
}

static char *put_line(struct agx_isa_listing *l, char *p)
{
	struct agx_isa_instr instr;
	unsigned int flow, nest, indent;
	char *start;

	agx_isa_decode(l->code + l->at, l->size - l->at, &instr);
	if (is_target(l)) {
		p = put_label(p, l->at);
		*p++ = ':';
		*p++ = '\n';
	}
	flow = agx_isa_op_info(instr.op)->flow;
	indent = l->depth;
	if (flow == AGX_ISA_FLOW_IF) {
		l->depth += nest_of(&instr);
	} else if (flow == AGX_ISA_FLOW_POP) {
		nest = nest_of(&instr);
		l->depth -= nest < l->depth ? nest : l->depth;
		indent = l->depth;
	} else if ((flow == AGX_ISA_FLOW_ELSE || flow == AGX_ISA_FLOW_WHILE) && indent) {
		indent--;
	}
	p = put_columns(l, &instr, p);
	if (l->indent) {
		if (indent > MAX_INDENT)
			indent = MAX_INDENT;
		memset(p, ' ', indent * 2);
		p += indent * 2;
	}
	start = p;
	p += agx_isa_print(&instr, l->base + l->at, l->syntax, p);
	if (l->syntax == AGX_ISA_SYNTAX_MESA) {
		p = put_target(l, &instr, start, p);
		p += agx_isa_notes(&instr, l->code + l->at, p);
	}
	*p++ = '\n';
	l->instructions++;
	l->unknown += instr.op == AGX_ISA_OP_DATA;
	l->at += instr.length;
	return p;
}

size_t agx_isa_listing(struct agx_isa_listing *l, char *buf, size_t capacity)
{
	char *p = buf;

	while (l->at < l->size && capacity - (p - buf) >= AGX_ISA_LISTING_LINE)
		p = put_line(l, p);
	return p - buf;
}
