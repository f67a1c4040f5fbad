/* SPDX-License-Identifier: MIT */
/*
 * The AGX2 instruction set of G13 and G14: decoding, encoding, text in both directions.
 *
 * Everything is driven by one table, agx2.isa, from which agx_isa_ops.h (opcodes, roles, modifiers and
 * their values) and the decoding, encoding and printing tables are generated. Nothing here allocates,
 * prints to files or has state: any thread may call anything.
 *
 * Nothing here has run on a Mac: the encodings are those of Mesa, src/asahi/isa/AGX2.xml, and
 * dougallj/applegpu: applegpu.py.
 */
#ifndef AGX_ISA_H
#define AGX_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_isa_ops.h" /* generated: enum agx_isa_op, _role, _modifier, _class, _flow, values */

#define AGX_ISA_MAX_LENGTH   12 /* bytes of the longest instruction */
#define AGX_ISA_MIN_LENGTH   2  /* and of the shortest: code is a stream of 16-bit parcels */
#define AGX_ISA_MAX_OPERANDS 8

/* What an operand names. */
enum agx_isa_kind {
	AGX_ISA_NONE,    /* the operand is absent: "_" for a destination, nothing for a source */
	AGX_ISA_REG,     /* value: half index, 0 to 255; even for 32 and 64-bit components */
	AGX_ISA_UNIFORM, /* value: half index, 0 to 511; even for 32 and 64-bit components */
	AGX_ISA_IMM,     /* value: the number, an uint32_t with AGX_ISA_UNSIGNED */
	AGX_ISA_FIMM,    /* value: the eight bits of the minifloat, see agx_isa_minifloat() */
	AGX_ISA_TS,      /* value: texture state register */
	AGX_ISA_SS,      /* value: sampler state register */
	AGX_ISA_CF,      /* value: coefficient register */
	AGX_ISA_SR,      /* value: special register, enum agx_isa_sr */
	AGX_ISA_TARGET,  /* value: byte offset from the start of the instruction */
};

/* Flags of an operand. */
#define AGX_ISA_ABS      (1u << 0) /* |x|, before the negation */
#define AGX_ISA_NEG      (1u << 1)
#define AGX_ISA_SX       (1u << 2) /* sign-extended; without it zero-extended */
#define AGX_ISA_CACHE    (1u << 3) /* hint: keep in the register cache */
#define AGX_ISA_DISCARD  (1u << 4) /* hint: last use */
#define AGX_ISA_DEST     (1u << 5) /* written by the instruction */
#define AGX_ISA_HINTED   (1u << 6) /* the encoding has a hint field that says "none" */
#define AGX_ISA_UNSIGNED (1u << 7) /* of AGX_ISA_IMM: encoded without a sign */

struct agx_isa_operand {
	uint8_t kind;  /* enum agx_isa_kind */
	uint8_t flags; /* AGX_ISA_ABS... */
	uint8_t bits;  /* of one component: 16, 32 or 64; 0 where it has no meaning */
	uint8_t count; /* consecutive components, at least 1 */
	uint8_t mask;  /* of memory components (bit i: x, y, z, w), 0 where there is none */
	uint8_t role;  /* enum agx_isa_role: which operand of the instruction this is */
	uint8_t pad[2];
	int32_t value;
};

/*
 * One instruction, independent of its encoding but for what encode() needs to give the same bytes.
 *
 * operands[] are those of the table's row, in the order of the text; absent ones keep their place with
 * the kind AGX_ISA_NONE. Operand counts of coordinates and gradients depend on the modifier dim; as in
 * Mesa's syntax only the first register (or pair) is named.
 */
struct agx_isa_instr {
	uint16_t op;    /* enum agx_isa_op */
	uint8_t length; /* bytes */
	uint8_t operand_count;
	struct agx_isa_operand operands[AGX_ISA_MAX_OPERANDS];
	/* Values of the modifiers that the opcode has, by enum agx_isa_modifier; 0 elsewhere. */
	uint8_t modifiers[AGX_ISA_MODIFIERS];
	/*
	 * Bits that no field of the encoding holds, exclusive-or their expected values: not 0 means that
	 * the encoding is not quite understood. Of AGX_ISA_OP_DATA: the raw bytes, little-endian.
	 */
	uint64_t unknown[2];
};

/*
 * Decodes the instruction at code, of which size bytes may be read; at most AGX_ISA_MAX_LENGTH are.
 *
 * Returns its length. -EINVAL: no known encoding; -ENODATA: the code ends within the instruction (or
 * size is 0). With an error out->op is AGX_ISA_OP_DATA and out->length the bytes to take as data: with
 * -EINVAL the length of the first instruction whose fixed bits match but whose operands make no sense,
 * else 2; with -ENODATA all that is left.
 */
int agx_isa_decode(const void *code, size_t size, struct agx_isa_instr *out);

/*
 * Encodes an instruction. length 0 takes the shortest encoding that holds it, or the long one where
 * compilers always write that (AGX_ISA_PROPERTY_LONG). Returns the length, or -EINVAL when an operand
 * or modifier does not fit, *why is then a constant text (why may be NULL).
 */
int agx_isa_encode(const struct agx_isa_instr *instr, uint8_t out[AGX_ISA_MAX_LENGTH],
		   const char **why);

enum agx_isa_syntax {
	AGX_ISA_SYNTAX_MESA,     /* of Mesa's disassembler */
	AGX_ISA_SYNTAX_APPLEGPU, /* of dougallj's applegpu */
};

#define AGX_ISA_LINE 512 /* no line is longer, with its NUL */

/*
 * Writes one instruction without a newline, NUL-terminated. offset: of the instruction in its program,
 * for jump targets. Returns the length; buf has AGX_ISA_LINE bytes, all of which may be written.
 *
 * What Mesa's syntax has no words for is printed so: "name=9" for an unknown value of a modifier,
 * "# missing hint" behind a register without a hint, " # unknown bits: 26 46" for bits of unknown[],
 * ".u16 0x1234" for parcels of data and ".u8 0x12" for an odd byte at the end.
 */
size_t agx_isa_print(const struct agx_isa_instr *instr, uint32_t offset, enum agx_isa_syntax syntax,
		     char *buf);

/*
 * Parses one instruction in Mesa's syntax. 0, or -EINVAL with *why a constant text and *column the
 * place (from 0).
 */
int agx_isa_parse(const char *line, struct agx_isa_instr *out, const char **why,
		  unsigned int *column);

/* What the table says of an opcode. Texts lie in the structure: no relocations when a program starts. */
struct agx_isa_op_info {
	char name[25];     /* unique: that of Mesa's AGX2.xml, or applegpu's where Mesa has none */
	char mnemonic[25]; /* as Mesa prints it; several opcodes may share it */
	char applegpu[25]; /* as applegpu prints it, without suffixes */
	uint8_t class;     /* enum agx_isa_class */
	uint8_t flow;      /* enum agx_isa_flow */
	uint8_t generations; /* AGX_ISA_G13, AGX_ISA_G14: where it is documented */
	uint8_t length[2];   /* bytes: short, long; the same where there is one length */
	uint16_t doc;        /* place of agx_isa_op_doc() */
	uint32_t properties; /* AGX_ISA_PROPERTY_... */
};

#define AGX_ISA_G13 (1u << 0)
#define AGX_ISA_G14 (1u << 1)

/* Facts of an opcode; those of AGX_ISA_OP_DATA for unknown numbers. */
const struct agx_isa_op_info *agx_isa_op_info(uint16_t op);

/* What an opcode does, in a sentence. */
const char *agx_isa_op_doc(uint16_t op);

/* The unique name of an opcode, and its mnemonic; "?" for unknown numbers. */
const char *agx_isa_op_name(uint16_t op);
const char *agx_isa_op_mnemonic(uint16_t op);

/* Names as the table has them; "?" for unknown numbers. */
const char *agx_isa_class_name(unsigned int class);
const char *agx_isa_flow_name(unsigned int flow);
const char *agx_isa_role_name(unsigned int role);
const char *agx_isa_modifier_name(unsigned int modifier);

/* Text of a modifier's value ("" for the default that the syntax leaves out), NULL if it is unknown. */
const char *agx_isa_modifier_value_name(unsigned int modifier, unsigned int value);

/* Name of a special register, NULL if it is unknown. */
const char *agx_isa_special_register_name(unsigned int number);

/*
 * Halves that an operand reads or writes from its value on, 0 if it names no registers. This is more
 * than count components for coordinates and gradients, whose number depends on the dimension. The
 * residency of a sparse texture read and the registers beyond the mask that packed formats may write
 * are not known, and not counted.
 */
unsigned int agx_isa_operand_halves(const struct agx_isa_instr *instr, unsigned int index);

/* Value of a minifloat immediate. */
float agx_isa_minifloat(uint8_t bits);

/* The first operand with a role, NULL if the instruction has none. */
static inline const struct agx_isa_operand *agx_isa_operand(const struct agx_isa_instr *instr,
							    unsigned int role)
{
	for (unsigned int i = 0; i < instr->operand_count; i++) {
		if (instr->operands[i].role == role)
			return &instr->operands[i];
	}
	return NULL;
}

#endif
