// SPDX-License-Identifier: MIT
/* The fields of instructions as applegpu prints them. */
#include <stdarg.h>
#include <string.h>

#include "applegpu.h"
#include "isa_format.h"

static const char *const icond[16] = {
	"ueq",  "ult",  "ugt",  NULL, "seq",  "slt",  "sgt",  NULL,
	"nueq", "ugte", "ulte", NULL, "nseq", "sgte", "slte",
};

static const char *const fcond[16] = {
	"eq",  "lt",  "gt",  "ltn",  NULL, "gte",  "lte",  "gtn",
	"neq", "nlt", "ngt", "nltn", NULL, "ngte", "nlte", "ngtn",
};

static const char *const memory_formats[16] = {
	"i8",      "i16", "i32",    "f16", "u8norm",   "s8norm", "u16norm",      "s16norm",
	"rgb10a2", NULL,  "srgba8", NULL,  "rg11b10f", "rgb9e5", "rg11b10f.rtz", "rgb9e5.rtz",
};

/* Special registers whose names differ from Mesa's. */
static const struct {
	uint8_t number;
	const char *name;
} special_names[] = {
	{0, "threadgroup_position_in_grid.x"},
	{1, "threadgroup_position_in_grid.y"},
	{2, "threadgroup_position_in_grid.z"},
	{4, "threads_per_threadgroup.x"},
	{5, "threads_per_threadgroup.y"},
	{6, "threads_per_threadgroup.z"},
	{8, "dispatch_threads_per_threadgroup.x"},
	{9, "dispatch_threads_per_threadgroup.y"},
	{10, "dispatch_threads_per_threadgroup.z"},
	{12, NULL},
	{13, NULL},
	{14, NULL},
	{48, "thread_position_in_threadgroup.x"},
	{49, "thread_position_in_threadgroup.y"},
	{50, "thread_position_in_threadgroup.z"},
	{57, NULL},
	{59, NULL},
	{80, "thread_position_in_grid.x"},
	{81, "thread_position_in_grid.y"},
	{82, "thread_position_in_grid.z"},
	{144, "opfifo_cmd"},
	{146, "opfifo_data_l"},
	{147, "opfifo_data_h"},
};

/* Coordinates, and whether there is a layer, a sample or both, of each texture dimension. */
static const uint8_t coordinates[9][2] = {
	{1, 0}, {1, 1}, {2, 0}, {2, 1}, {2, 1}, {3, 0}, {3, 0}, {3, 1}, {2, 2},
};

void applegpu_text(struct applegpu_line *l, const char *string)
{
	size_t n = strlen(string);

	if (n > AGX_ISA_LINE - 1 - l->used)
		n = AGX_ISA_LINE - 1 - l->used;
	memcpy(l->buf + l->used, string, n);
	l->used += n;
}

static void textf(struct applegpu_line *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void textf(struct applegpu_line *l, const char *format, ...)
{
	char part[64];
	va_list ap;

	va_start(ap, format);
	isa_vformat(part, sizeof(part), format, ap);
	va_end(ap);
	applegpu_text(l, part);
}

/* Begins an operand. */
void applegpu_next(struct applegpu_line *l)
{
	if (l->operands)
		applegpu_text(l, ", ");
	l->operands = true;
}

void applegpu_word(struct applegpu_line *l, const char *string)
{
	if (!*string)
		return;
	applegpu_next(l);
	applegpu_text(l, string);
}

void applegpu_number(struct applegpu_line *l, int64_t value)
{
	applegpu_next(l);
	textf(l, "%lld", (long long)value);
}

/* A number that has names; it is written itself where it has none. */
static void named(struct applegpu_line *l, const char *const *names, unsigned int count,
		  unsigned int value)
{
	if (value < count && names[value])
		applegpu_word(l, names[value]);
	else
		applegpu_number(l, value);
}

unsigned int applegpu_bits(const struct applegpu_line *l, unsigned int start, unsigned int size)
{
	unsigned int i, value = 0;

	for (i = 0; i < size && start + i < 128; i++)
		value |= (l->code[(start + i) >> 6] >> ((start + i) & 63) & 1) << i;
	return value;
}

/* "28:7+40:2" */
unsigned int applegpu_ranges(const struct applegpu_line *l, const char *ranges, unsigned int *width)
{
	unsigned int start, size, value = 0;

	*width = 0;
	for (;;) {
		for (start = 0; *ranges >= '0' && *ranges <= '9'; ranges++)
			start = start * 10 + (*ranges - '0');
		if (*ranges++ != ':')
			return value;
		for (size = 0; *ranges >= '0' && *ranges <= '9'; ranges++)
			size = size * 10 + (*ranges - '0');
		value |= applegpu_bits(l, start, size) << *width;
		*width += size;
		if (*ranges++ != '+')
			return value;
	}
}

/* count registers of one size, joined by '_'; half: index of the first in halves. */
static void registers(struct applegpu_line *l, char file, unsigned int half, unsigned int size,
		      unsigned int count)
{
	unsigned int i, index;

	for (i = 0; i < count; i++) {
		index = half + i * (size / 16);
		if (i)
			applegpu_text(l, "_");
		if (size == 16)
			textf(l, "%c%u%c", file, index >> 1, "lh"[index & 1]);
		else if (size == 64)
			textf(l, "%c%u_%c%u", file, index >> 1, file, (index >> 1) + 1);
		else
			textf(l, "%c%u", file, index >> 1);
	}
}

static void tuple(struct applegpu_line *l, unsigned int half, unsigned int size, unsigned int count)
{
	if (!count)
		return;
	applegpu_next(l);
	registers(l, 'r', half, size, count);
}

const struct agx_isa_operand *applegpu_find(const struct applegpu_line *l, const char *name,
					    size_t length)
{
	unsigned int i;

	for (i = 0; i < l->row->operand_count; i++) {
		const char *own = l->row->operands[i].applegpu;

		if (strlen(own) == length && !memcmp(own, name, length))
			return &l->instr->operands[i];
	}
	return NULL;
}

/* A register of an encoding with hints that has none of them. */
bool applegpu_without_hint(const struct applegpu_line *l, const struct agx_isa_operand *o)
{
	const struct agx_isa_encoding *encoding;
	unsigned int i = o - l->instr->operands, j;

	if (o->kind != AGX_ISA_REG || i >= l->row->operand_count ||
	    o->flags & (AGX_ISA_HINTED | AGX_ISA_CACHE | AGX_ISA_DISCARD))
		return false;
	encoding = &agx_isa_encodings[l->row->operands[i].encoding];
	for (j = 0; j < encoding->case_count; j++) {
		if (encoding->cases[j].kind == AGX_ISA_REG &&
		    encoding->cases[j].hint != AGX_ISA_NO_BIT)
			return true;
	}
	return false;
}

static bool has_number(const struct applegpu_line *l, const struct agx_isa_operand *o)
{
	const struct agx_isa_operand_row *row = &l->row->operands[o - l->instr->operands];
	const struct agx_isa_encoding *encoding = &agx_isa_encodings[row->encoding];
	unsigned int i;

	for (i = 0; i < encoding->case_count; i++) {
		if (encoding->cases[i].kind == AGX_ISA_FIMM)
			return o->bits == 16 &&
			       encoding->cases[encoding->case_count - 1].size32 == AGX_ISA_NO_BIT;
	}
	return false;
}

void applegpu_operand(struct applegpu_line *l, const struct agx_isa_operand *o)
{
	struct agx_isa_operand number_with_sign;
	int64_t target;
	char name[16];

	applegpu_next(l);
	if (applegpu_without_hint(l, o)) {
		/*
		 * Of a half-precision source, applegpu takes that for a number, whatever its sign
		 * bits.
		 */
		if (!has_number(l, o)) {
			applegpu_text(l, "None");
			return;
		}
		number_with_sign = *o;
		number_with_sign.kind = AGX_ISA_FIMM;
		o = &number_with_sign;
	}
	switch (o->kind) {
	case AGX_ISA_NONE:
		applegpu_text(l, "None");
		return;
	case AGX_ISA_REG:
		registers(l, 'r', o->value, o->bits ? o->bits : 16, o->count);
		break;
	case AGX_ISA_UNIFORM:
		registers(l, 'u', o->value, o->bits ? o->bits : 16, o->count);
		break;
	case AGX_ISA_IMM:
		if (o->flags & AGX_ISA_UNSIGNED)
			textf(l, "%u", (uint32_t)o->value);
		else
			textf(l, "%d", o->value);
		return;
	case AGX_ISA_FIMM:
		isa_format_float(name, agx_isa_minifloat(o->value));
		applegpu_text(l, name);
		break;
	case AGX_ISA_TS:
		textf(l, "ts%d", o->value);
		break;
	case AGX_ISA_SS:
		textf(l, "ss%d", o->value);
		break;
	case AGX_ISA_CF:
		textf(l, "cf%d", o->value);
		break;
	case AGX_ISA_TARGET:
		/* The short jumps are signed, too. */
		target = l->instr->length == 4 ? (int8_t)o->value : o->value;
		target += l->offset;
		textf(l, "%s%llX", target < 0 ? "0x-" : "0x",
		      (unsigned long long)(target < 0 ? -target : target));
		return;
	default:
		textf(l, "%d", o->value);
		return;
	}
	if (o->flags & AGX_ISA_CACHE)
		applegpu_text(l, ".cache");
	if (o->flags & AGX_ISA_DISCARD)
		applegpu_text(l, ".discard");
	if (o->flags & AGX_ISA_ABS)
		applegpu_text(l, ".abs");
	if (o->flags & AGX_ISA_NEG)
		applegpu_text(l, ".neg");
	if (o->flags & AGX_ISA_SX)
		applegpu_text(l, ".sx");
}

static void special_register(struct applegpu_line *l)
{
	unsigned int i, value = applegpu_bits(l, 16, 6) | applegpu_bits(l, 26, 2) << 6;
	const char *name = agx_isa_special_register_name(value);

	for (i = 0; i < sizeof(special_names) / sizeof(special_names[0]); i++) {
		if (special_names[i].number == value)
			name = special_names[i].name;
	}
	applegpu_next(l);
	textf(l, "sr%u", value);
	if (name)
		textf(l, " (%s)", name);
}

static void texture(struct applegpu_line *l)
{
	const struct agx_isa_operand *o = applegpu_find(l, "T", 1);

	if (!o)
		return;
	if (o->kind == AGX_ISA_IMM && o->value)
		tuple(l, o->value, 16, 1);
	else
		applegpu_operand(l, o);
}

static void coordinate(struct applegpu_line *l)
{
	const struct agx_isa_operand *o = applegpu_find(l, "C", 1);
	unsigned int dim = l->instr->modifiers[AGX_ISA_MODIFIER_DIM], count, extra;

	if (!o || dim >= 9)
		return;
	count = coordinates[dim][0];
	extra = coordinates[dim][1];
	if (o->bits == 16)
		tuple(l, o->value, 16, count + extra);
	else if (extra)
		tuple(l, o->value, 16, count * 2 + 1);
	else
		tuple(l, o->value, 32, count);
	if (o->flags & AGX_ISA_DISCARD)
		applegpu_text(l, ".discard");
}

static void level(struct applegpu_line *l)
{
	const struct agx_isa_operand *o = applegpu_find(l, "D", 1);
	unsigned int dim = l->instr->modifiers[AGX_ISA_MODIFIER_DIM], lod = applegpu_bits(l, 52, 4);

	if (!o)
		return;
	if (dim < 9 && (lod == 4 || lod == 12))
		tuple(l, o->value, 32, coordinates[dim][0] * 2 + (lod == 12));
	else
		applegpu_operand(l, o);
}

/* Reference to compare with, then offset. */
static void offset(struct applegpu_line *l)
{
	unsigned int half = applegpu_bits(l, 80, 6) | applegpu_bits(l, 94, 2) << 6;
	bool compare = applegpu_bits(l, 23, 1), offset = applegpu_bits(l, 91, 1);

	if (compare || offset)
		applegpu_next(l);
	if (compare)
		registers(l, 'r', half & ~1u, 32, 1);
	if (compare && offset)
		applegpu_text(l, "_");
	if (offset)
		registers(l, 'r', half + (compare ? 2 : 0), 16, 1);
}

static void mask(struct applegpu_line *l, unsigned int value)
{
	char name[5];
	unsigned int i, n = 0;

	for (i = 0; i < 4; i++) {
		if (value >> i & 1)
			name[n++] = "xyzw"[i];
	}
	name[n] = '\0';
	applegpu_word(l, name);
}

/* A 32-bit register's number in halves. */
static unsigned int even(unsigned int half, unsigned int is32)
{
	return is32 ? half & ~1u : half;
}

void applegpu_special(struct applegpu_line *l, const char *name)
{
	static const char *const rounds[] = {"rtz", "rte"}, *const copies[] = {"copy_1d",
									       "copy_2d"};
	static const char *const atomics[] = {"add",  "sub",  "xchg", "cmpxchg", "umin", "imin",
					      "umax", "imax", "and",  "or",      "xor"};
	static const char *const dims[] = {"tex_1d",       "tex_1d_array",   "tex_2d",
					   "tex_2d_array", "tex_2d_ms",      "tex_3d",
					   "tex_cube",     "tex_cube_array", "tex_2d_ms_array"};
	static const char *const lods[] = {"auto_lod",    "auto_lod_bias",
					   "lod_min",     NULL,
					   "lod_grad",    "auto_lod_bias",
					   "lod_min",     NULL,
					   NULL,          NULL,
					   NULL,          NULL,
					   "lod_grad_min"};
	static const char *const gathers[] = {
		"none", "compare", "gather_r", "gather_depth", NULL, NULL, "gather_g", NULL,
		NULL,   NULL,      "gather_b", NULL,           NULL, NULL, "gather_a"};
	static const char *const interpolations[] = {"center", "sample", "centroid", "sample"};
	static const char *const modes[] = {"", NULL, "query_lod"};
	const uint8_t *modifiers = l->instr->modifiers;
	const struct agx_isa_operand *o;
	unsigned int value, width;

#define IS(what) (!strcmp(name, what))
	if (IS("sr")) {
		special_register(l);
	} else if (IS("lsl") || IS("shift")) {
		value = modifiers[AGX_ISA_MODIFIER_SHIFT];
		if (value) {
			applegpu_next(l);
			textf(l, "lsl %u", value);
		}
	} else if (IS("round")) {
		named(l, rounds, 2, applegpu_bits(l, 26, 2));
	} else if (IS("m")) {
		value = applegpu_bits(l, 38, 2) | applegpu_bits(l, 50, 2) << 2 |
			applegpu_bits(l, 63, 1) << 4;
		if (value) {
			applegpu_next(l);
			textf(l, "mask 0x%llX", (1ull << value) - 1);
		}
	} else if (IS("r0l")) {
		applegpu_word(l, applegpu_bits(l, 7, 1) ? "r0l.cache" : "r0l");
	} else if (IS("icond")) {
		named(l, icond, 16, modifiers[AGX_ISA_MODIFIER_ICOND]);
	} else if (IS("fcond")) {
		named(l, fcond, 16, modifiers[AGX_ISA_MODIFIER_FCOND]);
	} else if (IS("r")) {
		tuple(l, (applegpu_bits(l, 10, 5) | applegpu_bits(l, 24, 2) << 5) * 2, 32, 1);
	} else if (IS("I")) {
		value = applegpu_bits(l, 16, 6) | applegpu_bits(l, 26, 2) << 6;
		if (applegpu_bits(l, 23, 1))
			applegpu_number(l, value);
		else
			tuple(l, value, 16, 1);
	} else if (name[0] == 'F') {
		named(l, memory_formats, 16, applegpu_ranges(l, name + 1, &width));
	} else if (!strncmp(name, "mask", 4)) {
		mask(l, applegpu_ranges(l, name + 4, &width));
	} else if (IS("samplemask")) {
		value = applegpu_bits(l, 48, 4);
		if (value)
			mask(l, value);
		else
			applegpu_number(l, 0);
	} else if (IS("R")) {
		tuple(l,
		      even(applegpu_bits(l, 10, 6) | applegpu_bits(l, 40, 2) << 6,
			   applegpu_bits(l, 49, 1)),
		      16 << applegpu_bits(l, 49, 1), __builtin_popcount(applegpu_bits(l, 52, 4)));
	} else if (IS("Rlocal")) {
		tuple(l,
		      even(applegpu_bits(l, 9, 6) | applegpu_bits(l, 60, 2) << 6,
			   applegpu_bits(l, 8, 1)),
		      16 << applegpu_bits(l, 8, 1), __builtin_popcount(applegpu_bits(l, 36, 4)));
	} else if (IS("Rsample")) {
		tuple(l,
		      even(applegpu_bits(l, 9, 6) | applegpu_bits(l, 72, 2) << 6,
			   applegpu_bits(l, 8, 1)),
		      16 << applegpu_bits(l, 8, 1), __builtin_popcount(applegpu_bits(l, 48, 4)));
	} else if (IS("O")) {
		value = applegpu_bits(l, 20, 4) | applegpu_bits(l, 32, 4) << 4 |
			applegpu_bits(l, 56, 8) << 8;
		if (applegpu_bits(l, 24, 1))
			applegpu_number(l, (int16_t)value);
		else
			tuple(l, value & ~1u, 32, 1);
	} else if (IS("Ou")) {
		applegpu_word(l, applegpu_bits(l, 25, 1) ? "unsigned" : "signed");
	} else if (IS("v")) {
		value = applegpu_bits(l, 20, 4) | applegpu_bits(l, 32, 4) << 4 |
			applegpu_bits(l, 56, 8) << 8;
		applegpu_number(l, (int16_t)value);
	} else if (IS("atomic")) {
		named(l, atomics, 11, modifiers[AGX_ISA_MODIFIER_ATOMIC]);
	} else if (IS("A")) {
		o = applegpu_find(l, "A", 1);
		if (o && o->kind == AGX_ISA_NONE)
			applegpu_number(l, 0);
		else if (o)
			applegpu_operand(l, o);
	} else if (IS("copy")) {
		named(l, copies, 2, applegpu_bits(l, 47, 1));
	} else if (IS("async")) {
		applegpu_next(l);
		registers(l, applegpu_bits(l, 8, 1) ? 'u' : 'r', applegpu_bits(l, 9, 6) & ~1u, 64,
			  1);
	} else if (!strncmp(name, "heap", 4)) {
		value = applegpu_ranges(l, name + 4, &width);
		applegpu_next(l);
		/*
		 * A state store names a pair by the number of its first register, a texture by the
		 * pair's.
		 */
		if (width == 6)
			registers(l, 'u', value * 2, 64, 1);
		else if (applegpu_bits(l, 39, 1))
			registers(l, 'u', value * 4, 64, 1);
		else
			applegpu_text(l, "None");
	} else if (IS("SS")) {
		applegpu_next(l);
		textf(l, "ss%u", applegpu_bits(l, 8, 5));
	} else if (IS("O32")) {
		tuple(l, applegpu_bits(l, 27, 7) * 2, 32, 1);
	} else if (IS("target")) {
		applegpu_word(l, applegpu_bits(l, 36, 1) ? "target1" : "target0");
	} else if (IS("zs")) {
		tuple(l, applegpu_bits(l, 16, 6) | applegpu_bits(l, 26, 2) << 6, 16,
		      applegpu_bits(l, 29, 1) * 2 + applegpu_bits(l, 30, 1));
	} else if (IS("sample")) {
		o = applegpu_find(l, "S", 1);
		if (o && o->kind != AGX_ISA_NONE)
			applegpu_operand(l, o);
	} else if (IS("fwd")) {
		applegpu_word(l, applegpu_bits(l, 22, 1) ? "forward" : "");
	} else if (IS("elide")) {
		applegpu_word(l, applegpu_bits(l, 46, 1) ? "elide" : "");
	} else if (IS("interpolation")) {
		applegpu_word(l, interpolations[applegpu_bits(l, 48, 2)]);
	} else if (IS("lodmode")) {
		named(l, modes, 3, applegpu_bits(l, 30, 2));
	} else if (IS("gather")) {
		named(l, gathers, 15, applegpu_bits(l, 86, 5));
	} else if (IS("T")) {
		texture(l);
	} else if (IS("dim")) {
		named(l, dims, 9, modifiers[AGX_ISA_MODIFIER_DIM]);
	} else if (IS("C")) {
		coordinate(l);
	} else if (IS("lod")) {
		named(l, lods, 13, applegpu_bits(l, 52, 4));
	} else if (IS("D")) {
		level(l);
	} else if (IS("offset")) {
		offset(l);
	} else if (IS("rounding")) {
		applegpu_word(l, applegpu_bits(l, 53, 1) ? "rtz" : "rte");
	}
#undef IS
}
