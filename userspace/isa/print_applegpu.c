// SPDX-License-Identifier: MIT
/*
 * Prints instructions as dougallj/applegpu does (disassemble.py): mnemonic, then the fields of the
 * encoding in the order in which applegpu.py lists them, among them bits that have no name in
 * Mesa's syntax.
 *
 * An instruction's line is described by a string of items, separated by spaces:
 *
 *	D, A, imm16  the operand that applegpu calls so (agx2.isa has these names)
 *	#8:2         the bits 8 and 9 as a number; #28:7+40:2 joins two ranges, lowest first
 *	%8:2         the same in binary
 *	&name        a field with a form of its own, see special()
 *	'0           this text
 */
#include <string.h>

#include "applegpu.h"
#include "isa_format.h"

static const char *const formats[AGX_ISA_OPS] = {
	[AGX_ISA_OP_LDIMM16] = "D imm16",
	[AGX_ISA_OP_LDIMM32] = "D imm32 %62:1",
	[AGX_ISA_OP_MFSR] = "D &sr",
	[AGX_ISA_OP_SR_THING] = "D &sr",
	[AGX_ISA_OP_IADD] = "D A B &lsl",
	[AGX_ISA_OP_ISUB] = "D A B &lsl",
	[AGX_ISA_OP_IMUL] = "D A B '0",
	[AGX_ISA_OP_IMADD] = "D A B C &lsl",
	[AGX_ISA_OP_IMSUB] = "D A B C &lsl",
	[AGX_ISA_OP_U8_TO_F] = "'u8_to_f D src &round",
	[AGX_ISA_OP_S8_TO_F] = "'s8_to_f D src &round",
	[AGX_ISA_OP_F_TO_U16] = "'f_to_u16 D src &round",
	[AGX_ISA_OP_F_TO_S16] = "'f_to_s16 D src &round",
	[AGX_ISA_OP_U16_TO_F] = "'u16_to_f D src &round",
	[AGX_ISA_OP_S16_TO_F] = "'s16_to_f D src &round",
	[AGX_ISA_OP_F_TO_U32] = "'f_to_u32 D src &round",
	[AGX_ISA_OP_F_TO_S32] = "'f_to_s32 D src &round",
	[AGX_ISA_OP_U32_TO_F] = "'u32_to_f D src &round",
	[AGX_ISA_OP_S32_TO_F] = "'s32_to_f D src &round",
	[AGX_ISA_OP_CONVERT] = "#16:6 D src &round",
	[AGX_ISA_OP_SHL] = "D '0 B C",
	[AGX_ISA_OP_SHR] = "D '0 B C",
	[AGX_ISA_OP_BFI] = "D A B C &m",
	[AGX_ISA_OP_BFEIL] = "D A B C &m",
	[AGX_ISA_OP_EXTR] = "D A B C &m",
	[AGX_ISA_OP_SHLHI] = "D A B C &m",
	[AGX_ISA_OP_SHRHI] = "D A B C &m",
	[AGX_ISA_OP_ASR] = "D A B",
	[AGX_ISA_OP_ASRH] = "D A B",
	[AGX_ISA_OP_FUNOP] = "D A %28:6",
	[AGX_ISA_OP_POP_EXEC] = "&r0l n",
	[AGX_ISA_OP_POP_EXEC2] = "&r0l n",
	[AGX_ISA_OP_IF_ICMP] = "&r0l &icond A B n",
	[AGX_ISA_OP_ELSE_ICMP] = "&r0l &icond A B n",
	[AGX_ISA_OP_WHILE_ICMP] = "&r0l &icond A B n",
	[AGX_ISA_OP_IF_FCMP] = "&r0l &fcond A B n",
	[AGX_ISA_OP_ELSE_FCMP] = "&r0l &fcond A B n",
	[AGX_ISA_OP_WHILE_FCMP] = "&r0l &fcond A B n",
	[AGX_ISA_OP_UPDATE_EXEC] = "&r0l",
	[AGX_ISA_OP_ICSEL] = "&icond D A B X Y",
	[AGX_ISA_OP_FCSEL] = "&fcond D A B X Y",
	[AGX_ISA_OP_BALLOT] = "D 'nueq '1 '0",
	[AGX_ISA_OP_ICMP_BALLOT] = "D &icond A B",
	[AGX_ISA_OP_FCMP_BALLOT] = "D &fcond A B",
	[AGX_ISA_OP_WAIT] = "#8:1",
	[AGX_ISA_OP_MEMORY_BARRIER] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_MEMORY_BARRIER_2] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_MEMORY_BARRIER_3] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_IMAGE_BARRIER_1] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_IMAGE_BARRIER_2] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_IMAGE_BARRIER_3] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_IMAGE_BARRIER_4] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_FLUSH_MEMORY_TO_TEXTURE] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_UNKNOWN_BARRIER_1] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_UNKNOWN_BARRIER_2] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_DEVICE_BARRIER_1] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_DEVICE_BARRIER_2] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_MEMORY_BARRIER_OTHER] = "#10:2 #8:2 #12:4",
	[AGX_ISA_OP_NO_VAR] = "#31:1 &r &I",
	[AGX_ISA_OP_ST_VAR] = "#31:1 r I",
	[AGX_ISA_OP_LOAD] = "#30:1 &F7:3+48:1 &mask52:4 &R A &O &Ou &shift",
	[AGX_ISA_OP_STORE] = "#30:1 &F7:3+48:1 &mask52:4 &R A &O &Ou &shift #44:1",
	[AGX_ISA_OP_UNIFORM_STORE] = "#25:2 &F7:2 &mask52:4 #44:3 &R &O &shift",
	[AGX_ISA_OP_UNIFORM_STORE_UNK] = "#25:2 &F7:2 &mask52:4 #44:3 &R &O &shift",
	[AGX_ISA_OP_ATOMIC] = "&atomic #30:1 R A &O &Ou S #26:1 #28:2 #31:1 #42:3 #45:2",
	[AGX_ISA_OP_LATOMIC] = "&atomic R &A O S #6:2 #35:3 #40:8 #72:8",
	[AGX_ISA_OP_ASYNC_LOAD] = "&copy &async A",
	[AGX_ISA_OP_ASYNC_STORE] = "&copy &async A",
	[AGX_ISA_OP_STACK_GET_PTR] = "&R &F8:2+50:2 #26:1 #36:3 &mask52:4 #44:3 &O #30:1",
	[AGX_ISA_OP_STACK_LOAD] = "&R &F8:2+50:2 #26:1 #36:3 &mask52:4 #44:3 &O #30:1",
	[AGX_ISA_OP_STACK_STORE] = "&F8:2+50:2 #26:1 #36:3 &mask52:4 #44:3 &R &O #30:1",
	[AGX_ISA_OP_STACK_ADJUST] = "&F8:2+50:2 #26:1 #36:3 &mask52:4 #44:3 &R &O #30:1",
	[AGX_ISA_OP_TEX_STATE_STORE] = "TS &heap58:6 &O32",
	[AGX_ISA_OP_TEX_STATE_STORE_IMM] = "TS &heap58:6 &O32",
	[AGX_ISA_OP_SAMPLER_STATE_STORE] = "&SS &heap58:6 &O32",
	[AGX_ISA_OP_SAMPLER_STATE_STORE_IMM] = "&SS &heap58:6 &O32",
	[AGX_ISA_OP_LLOAD] = "&F24:4 &mask36:4 &Rlocal &A O",
	[AGX_ISA_OP_LSTORE] = "&F24:4 &mask36:4 &Rlocal &A O",
	[AGX_ISA_OP_MAP] = "&target R &v %8:2 %30:1 %37:3 %42:5 %48:8",
	[AGX_ISA_OP_UNMAP] = "&target R &v %8:2 %30:1 %37:3 %42:5 %48:8",
	[AGX_ISA_OP_UNK75_ALT] = "#16:4 #24:2 #27:3 #31:1 R &v %8:2",
	[AGX_ISA_OP_LD_TILE] = "&Rlocal &F24:4 #35:1 &mask36:4 O S #16:6+58:2",
	[AGX_ISA_OP_ST_TILE] = "&Rlocal &F24:4 #35:1 &mask36:4 O S #16:6+58:2",
	[AGX_ISA_OP_SAMPLE_MASK] = "S M",
	[AGX_ISA_OP_ZS_EMIT] = "S &zs #22:2",
	[AGX_ISA_OP_ITER] =
		"D I &sample &fwd &elide &interpolation %52:1 #40:6 #47:1 #50:2 #53:3 #62:2",
	[AGX_ISA_OP_ITERPROJ] =
		"D I J &sample &fwd &elide &interpolation %52:1 #40:6 #47:1 #50:2 #53:3 #62:2",
	[AGX_ISA_OP_LDCF] = "D I",
	[AGX_ISA_OP_SMPF] =
		"#23:1 &lodmode %43:4 %63:1 &gather &samplemask %69:2 &Rsample &heap64:5 "
		"&T S &dim &C &lod &D &offset",
	[AGX_ISA_OP_SMPI] =
		"#23:1 &lodmode %43:4 %63:1 &gather &samplemask %69:2 &Rsample &heap64:5 "
		"&T S &dim &C &lod &D &offset",
	[AGX_ISA_OP_IMGW] = "R &C D &heap48:5 &T &dim &rounding #23:1 #30:1 #43:4 #54:1",
	[AGX_ISA_OP_IMGWBLK] = "R &C D &T &dim &rounding &F8:1+64:3 #23:1 #43:4 #67:1",
};

static void item(struct applegpu_line *l, const char *start, size_t length)
{
	const struct agx_isa_operand *o;
	unsigned int value, width;
	char name[32];

	if (length >= sizeof(name))
		return;
	memcpy(name, start, length);
	name[length] = '\0';
	switch (name[0]) {
	case '#':
		applegpu_number(l, applegpu_ranges(l, name + 1, &width));
		return;
	case '%':
		value = applegpu_ranges(l, name + 1, &width);
		applegpu_next(l);
		applegpu_text(l, "0b");
		while (width--)
			applegpu_text(l, value >> width & 1 ? "1" : "0");
		return;
	case '&':
		applegpu_special(l, name + 1);
		return;
	case '\'':
		applegpu_word(l, name + 1);
		return;
	default:
		o = applegpu_find(l, name, length);
		if (o)
			applegpu_operand(l, o);
	}
}

static void items(struct applegpu_line *l, const char *format)
{
	size_t n;

	while (*format) {
		n = strcspn(format, " ");
		item(l, format, n);
		format += n;
		while (*format == ' ')
			format++;
	}
}

static void mnemonic(struct applegpu_line *l, const char *name)
{
	applegpu_text(l, name);
	if (l->instr->modifiers[AGX_ISA_MODIFIER_SAT])
		applegpu_text(l, ".sat");
	do
		applegpu_text(l, " ");
	while (l->used < 17);
}

/* The two-source bit operations: names for some truth tables. */
static void bit_operation(struct applegpu_line *l)
{
	static const struct {
		const char *table, *name;
	} names[] = {{"0001", "and"},  {"0111", "or"},  {"0110", "xor"},
		     {"1110", "nand"}, {"1000", "nor"}, {"1001", "xnor"}};
	const struct agx_isa_operand *b = applegpu_find(l, "B", 1);
	bool unary = !b || (b->kind == AGX_ISA_IMM && !b->value);
	unsigned int i;
	char table[5] = {'0' + applegpu_bits(l, 26, 1), '0' + applegpu_bits(l, 27, 1),
			 '0' + applegpu_bits(l, 38, 1), '0' + applegpu_bits(l, 39, 1), '\0'};
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(table, names[i].table)) {
			mnemonic(l, names[i].name);
			items(l, b ? "D A B" : "D A '0");
			return;
		}
	}
	if (unary && (!strcmp(table, "1010") || !strcmp(table, "0101"))) {
		mnemonic(l, table[0] == '1' ? "not" : "mov");
		items(l, "D A");
		return;
	}
	mnemonic(l, !strcmp(table, "0011") || !strcmp(table, "1100") ? "bitop_mov_a" : "bitop");
	applegpu_word(l, table);
	items(l, b ? "D A B" : "D A '0");
}

static void shuffle(struct applegpu_line *l)
{
	static const char *const ways[4] = {"", "_xor", "_up", "_down"};
	const struct agx_isa_operand *b = applegpu_find(l, "B", 1);
	bool simd = applegpu_bits(l, 26, 1), rotate = applegpu_bits(l, 47, 1);
	unsigned int way = applegpu_bits(l, 38, 2);
	char name[32];

	if ((rotate && way != 2) || applegpu_bits(l, 27, 1)) {
		mnemonic(l, "simd_shuf_op");
		items(l, "%47:1 %38:2 %26:2 D A B");
		return;
	}
	isa_format(name, sizeof(name), "%s_shuffle%s", simd ? "simd" : "quad",
		   rotate ? "_rotate_up" : ways[way]);
	mnemonic(l, name);
	items(l, "D A");
	if (simd && b && b->kind == AGX_ISA_REG && b->bits == 32 && !applegpu_without_hint(l, b)) {
		/* The index is read as 16 bits here. */
		struct agx_isa_operand narrow = *b;

		narrow.bits = 16;
		applegpu_operand(l, &narrow);
	} else if (b) {
		applegpu_operand(l, b);
	}
}

static void reduction(struct applegpu_line *l)
{
	static const char *const names[32] = {
		[0] = "and",    [1] = "fadd",   [2] = "or",     [3] = "fmul",
		[4] = "xor",    [5] = "min.f",  [7] = "max.f",  [16] = "iadd",
		[20] = "min.s", [22] = "max.s", [28] = "min.u", [30] = "max.u",
	};
	bool simd = applegpu_bits(l, 29, 1), prefix = applegpu_bits(l, 30, 1);
	unsigned int op = l->instr->modifiers[AGX_ISA_MODIFIER_REDUCE];
	/* Exclusive prefixes are not known of all. */
	uint32_t prefixes = simd ? 0x5051001fu : 0x0001000au;
	char name[32];

	if (op > 31 || !names[op] || (prefix && !(prefixes >> op & 1)) || applegpu_bits(l, 26, 2) ||
	    applegpu_bits(l, 31, 7) || applegpu_bits(l, 41, 1)) {
		mnemonic(l, "simd_op");
		items(l, "%47:1 %26:16 D A");
		return;
	}
	isa_format(name, sizeof(name), "%s_%s%s", simd ? "simd" : "quad", prefix ? "prefix_" : "",
		   names[op]);
	mnemonic(l, name);
	items(l, "D A");
}

/* Instructions whose name depends on more than the opcode; false: it does not. */
static bool renamed(struct applegpu_line *l)
{
	const struct agx_isa_instr *instr = l->instr;
	const char *format = formats[instr->op];
	const struct agx_isa_operand *a, *b;

	if (!strncmp(l->row->info.applegpu, "bitop", 5) ||
	    l->row->info.class == AGX_ISA_CLASS_BIT) {
		if (applegpu_bits(l, 0, 7) == 0x7e) {
			bit_operation(l);
			return true;
		}
	}
	switch (instr->op) {
	case AGX_ISA_OP_MOV:
		bit_operation(l);
		return true;
	case AGX_ISA_OP_IF_FCMP:
		a = applegpu_find(l, "A", 1);
		b = applegpu_find(l, "B", 1);
		if (!a || !b || instr->modifiers[AGX_ISA_MODIFIER_FCOND] ||
		    a->kind != AGX_ISA_FIMM || b->kind != AGX_ISA_FIMM || a->value || b->value ||
		    (a->flags | b->flags) & (AGX_ISA_ABS | AGX_ISA_NEG))
			return false;
		mnemonic(l, applegpu_bits(l, 11, 2) ? "push_exec" : "update_exec");
		items(l, applegpu_bits(l, 11, 2) ? "&r0l n" : "&r0l");
		return true;
	case AGX_ISA_OP_ICMP_BALLOT:
	case AGX_ISA_OP_FCMP_BALLOT:
		if (instr->modifiers[AGX_ISA_MODIFIER_QUAD])
			return false;
		mnemonic(l, instr->op == AGX_ISA_OP_ICMP_BALLOT ? "icmp_quad_ballot"
								: "fcmp_quad_ballot");
		items(l, format);
		return true;
	case AGX_ISA_OP_SHUFFLE:
		shuffle(l);
		return true;
	case AGX_ISA_OP_QUAD:
	case AGX_ISA_OP_SIMD:
		reduction(l);
		return true;
	case AGX_ISA_OP_ST_VAR:
		if (!instr->modifiers[AGX_ISA_MODIFIER_LAST])
			return false;
		mnemonic(l, "st_var_final");
		items(l, format);
		return true;
	case AGX_ISA_OP_LOAD:
		if (applegpu_bits(l, 26, 1) == 1 && !applegpu_bits(l, 28, 2) &&
		    applegpu_bits(l, 44, 3) == 4 && !applegpu_bits(l, 50, 2))
			return false;
		mnemonic(l, "device_load.TODO");
		items(l, format);
		items(l, "#26:1 #28:2 #44:3 #50:2");
		return true;
	case AGX_ISA_OP_STORE:
		if (applegpu_bits(l, 26, 1) == 1 && !applegpu_bits(l, 28, 2) &&
		    applegpu_bits(l, 45, 2) == 2 && !applegpu_bits(l, 50, 2))
			return false;
		mnemonic(l, "device_store.TODO");
		items(l, format);
		items(l, "#26:1 #28:2 #45:2 #50:2");
		return true;
	/* applegpu takes these for the load and the store, which come first in its list. */
	case AGX_ISA_OP_STACK_GET_PTR:
	case AGX_ISA_OP_STACK_ADJUST:
		mnemonic(l, applegpu_bits(l, 7, 1) ? "stack_store" : "stack_load");
		items(l, format);
		return true;
	case AGX_ISA_OP_UNK75_ALT:
		if (applegpu_bits(l, 24, 2) != 1 || applegpu_bits(l, 27, 3) ||
		    applegpu_bits(l, 31, 1))
			return false;
		mnemonic(l, "TODO.map");
		items(l, "#16:4 &target R &v %8:2 %30:1 %37:3 %42:5 %48:8");
		return true;
	case AGX_ISA_OP_MAP:
	case AGX_ISA_OP_UNMAP:
		if (!applegpu_bits(l, 27, 3) && !applegpu_bits(l, 31, 1))
			return false;
		mnemonic(l, "TODO.unk75_alt");
		items(l, "#16:4 #24:2 #27:3 #31:1 R &v %8:2");
		return true;
	default:
		return false;
	}
}

size_t agx_isa_print_applegpu(const struct agx_isa_instr *instr, uint32_t offset, char *buf)
{
	struct applegpu_line l = {.instr = instr, .offset = offset, .buf = buf};
	uint8_t code[AGX_ISA_MAX_LENGTH];
	int i, length;

	length = agx_isa_encode(instr, code, NULL);
	if (instr->op == AGX_ISA_OP_DATA || instr->op >= AGX_ISA_OPS || length < 0)
		return agx_isa_print_mesa(instr, offset, buf);
	for (i = 0; i < length; i++)
		l.code[i >> 3] |= (uint64_t)code[i] << (i & 7) * 8;
	l.row = &agx_isa_op_rows[instr->op];
	if (!renamed(&l)) {
		mnemonic(&l, l.row->info.applegpu);
		if (formats[instr->op]) {
			items(&l, formats[instr->op]);
		} else {
			for (i = 0; i < l.row->operand_count; i++)
				applegpu_operand(&l, &instr->operands[i]);
		}
	}
	while (l.used && buf[l.used - 1] == ' ')
		l.used--;
	buf[l.used] = '\0';
	return l.used;
}
