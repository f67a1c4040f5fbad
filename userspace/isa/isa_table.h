/* SPDX-License-Identifier: MIT */
/*
 * The rows that gen_isa.py makes of agx2.isa, as data. The decoder is generated as code from the same
 * rows; everything else (encoder, printers, assembler, reference page) walks these.
 *
 * Bits of an instruction are numbered from bit 0 of its first byte; those beyond the chosen length
 * are zero. Bits of an operand are numbered within the operand's own field, which is gathered from the
 * instruction by its struct agx_isa_field.
 */
#ifndef AGX_ISA_TABLE_H
#define AGX_ISA_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_isa.h"

#define AGX_ISA_NO_BIT 0xff

/* A value gathered from up to four ranges of bits, least significant range first. */
struct agx_isa_field {
	uint8_t width;  /* bits of the value; 0: there is no such field */
	uint8_t ranges; /* used entries of range[] */
	struct {
		uint8_t start; /* first bit */
		uint8_t size;  /* bits */
	} range[4];
};

/*
 * One way to encode an operand. A decoder takes the first case of an encoding with
 * (field & mask) == match; an encoder takes the first case whose kind, size, count and value fit and
 * whose bits do not contradict bits that are already fixed (some modifiers share bits with operands).
 */
struct agx_isa_case {
	uint32_t mask, match;       /* condition on the operand's field */
	uint8_t kind;               /* enum agx_isa_kind */
	uint8_t bits;               /* component size where size32/size64 do not say it; 0: none */
	uint8_t count;              /* components; 0: from mask_bit or count_bit */
	uint8_t shift;              /* the operand's value is the field's value << shift */
	uint8_t flags;              /* always set: AGX_ISA_UNSIGNED or 0 */
	bool is_signed;             /* the field's value is two's complement */
	struct agx_isa_field value; /* width 0: the value is 0 */
	/* Single bits, AGX_ISA_NO_BIT where there is none. */
	uint8_t size32; /* 1: 32-bit components, else 16 */
	uint8_t size64; /* 1: 64-bit components; size32 is then 1 too */
	uint8_t abs, neg;
	uint8_t sx;    /* 1: AGX_ISA_SX */
	uint8_t zx;    /* 0: AGX_ISA_SX */
	uint8_t cache; /* 1: AGX_ISA_CACHE */
	uint8_t last;  /* 1: AGX_ISA_DISCARD */
	/* First bit of wider fields, AGX_ISA_NO_BIT where there is none. */
	uint8_t hint;     /* two bits: 1 none (AGX_ISA_HINTED), 2 cache, 3 discard, 0 missing */
	uint8_t mask_bit; /* four bits: agx_isa_operand.mask; count is its population, at least 1 */
	uint8_t count_bit; /* two bits: 1, 2, 3, and 0 for 4 */
};

struct agx_isa_encoding {
	const char *name;
	uint8_t width; /* bits of the operand's field */
	uint8_t case_count;
	const struct agx_isa_case *cases;
};

/* An operand of an instruction. operands[] of struct agx_isa_instr has them in this order. */
struct agx_isa_operand_row {
	uint8_t role;               /* enum agx_isa_role */
	uint8_t flags;              /* AGX_ISA_DEST or 0 */
	uint8_t encoding;           /* index into agx_isa_encodings[] */
	char applegpu[9];           /* name of the field in applegpu */
	struct agx_isa_field field; /* its bits in the instruction */
};

/* A modifier of an instruction, in the order of the syntax. */
struct agx_isa_modifier_row {
	uint8_t modifier; /* enum agx_isa_modifier */
	struct agx_isa_field field;
};

/*
 * One length of an instruction: it is this form if (code & mask) == match. Bits outside covered have
 * the value of expected unless struct agx_isa_instr.unknown says otherwise. Nothing lies beyond length.
 */
struct agx_isa_form {
	uint16_t op; /* enum agx_isa_op */
	uint8_t length;
	uint8_t shape; /* of the decoder */
	uint64_t mask[2], match[2];
	uint64_t covered[2];  /* bits of mask, operands and modifiers */
	uint64_t expected[2]; /* the rest: 1 where a 1 is always seen */
};

struct agx_isa_op_row {
	struct agx_isa_op_info info;
	uint8_t operand_count, modifier_count, form_count;
	const struct agx_isa_operand_row *operands;
	const struct agx_isa_modifier_row *modifiers;
	const struct agx_isa_form *forms; /* shortest first */
};

/* Values of a modifier. A flag has none: its name is printed when it is 1. */
struct agx_isa_value {
	uint8_t value;
	bool silent;   /* the default: the syntax leaves it out */
	char text[36]; /* as printed, "" if silent; may be the same for several values */
	char name[36]; /* of the table */
};

struct agx_isa_modifier_values {
	const char *name;
	const char *text;    /* of a flag, as it is printed */
	uint8_t value_count; /* 0: a flag */
	const struct agx_isa_value *values;
};

/* Coordinates of a texture dimension. */
struct agx_isa_dimension {
	uint8_t coords; /* of 16 or 32 bits */
	uint8_t parts;  /* 16-bit parts behind them: layer, sample */
};

extern const struct agx_isa_dimension agx_isa_dimensions[16];
extern const struct agx_isa_encoding agx_isa_encodings[];
extern const struct agx_isa_op_row agx_isa_op_rows[AGX_ISA_OPS];
extern const char agx_isa_op_docs[];
extern const struct agx_isa_form agx_isa_forms[];
extern const struct agx_isa_modifier_values agx_isa_modifier_table[AGX_ISA_MODIFIERS];
extern const struct agx_isa_modifier_values agx_isa_special_registers;
extern const char *const agx_isa_class_names[AGX_ISA_CLASSES];
extern const char *const agx_isa_flow_names[AGX_ISA_FLOWS];
extern const char *const agx_isa_role_names[AGX_ISA_ROLES];

/* Prints in the two syntaxes; see agx_isa_print(). */
size_t agx_isa_print_mesa(const struct agx_isa_instr *instr, uint32_t offset, char *buf);
size_t agx_isa_print_applegpu(const struct agx_isa_instr *instr, uint32_t offset, char *buf);

#endif
