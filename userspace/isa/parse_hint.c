// SPDX-License-Identifier: MIT
/* What a message about a line of text adds for those who write one for the first time. */
#include <string.h>

#include "isa_format.h"
#include "isa_parse.h"
#include "isa_table.h"

struct hint {
	char *out;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void say(struct hint *h, const char *format, ...)
{
	va_list ap;

	if (h->length + 1 >= h->size)
		return;
	va_start(ap, format);
	h->length += isa_vformat(h->out + h->length, h->size - h->length, format, ap);
	va_end(ap);
}

static bool equal(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

static bool is_mnemonic(const char *text, size_t length)
{
	for (unsigned int op = 0; op < AGX_ISA_OPS; op++) {
		if (agx_isa_op_rows[op].form_count &&
		    equal(text, length, agx_isa_op_rows[op].info.mnemonic))
			return true;
	}
	return false;
}

/* The mnemonics that are the word behind a letter: iadd, fadd and hadd for "add". */
static unsigned int with_letter(struct hint *h, const char *word, size_t length)
{
	static const char letters[] = "ifhl";
	unsigned int count = 0;
	char name[32];

	if (length + 1 > sizeof(name))
		return 0;
	memcpy(name + 1, word, length);
	for (const char *letter = letters; *letter; letter++) {
		name[0] = *letter;
		if (!is_mnemonic(name, length + 1))
			continue;
		say(h, "%s%c", count++ ? ", " : "there is ", *letter);
		for (size_t i = 0; i < length; i++)
			say(h, "%c", word[i]);
	}
	return count;
}

/* What other assemblers, languages and applegpu call it. */
static void other_name(struct hint *h, const char *word, size_t length)
{
	static const struct {
		const char *words; /* between spaces */
		const char *here;
	} others[] = {
		{" sub fsub hsub ", "isub, or fadd with a negated operand: r1.neg"},
		{" max min fmax fmin imax imin umax umin smax smin cmp cmpsel select sel ",
		 "csel: D = A condition B ? X : Y"},
		{" mad fmad madd fmadd ", "ffma, hfma or imadd"},
		{" div fdiv idiv ", "rcp, and fmul by it"},
		{" sqrt ", "rsqrt, and fmul by it"},
		{" exp log sin cos ", "exp2, log2; sinr and sinc"},
		{" abs neg fabs fneg ", "suffixes of an operand: r1.abs, r1.neg"},
		{" bra branch b br jmp jump goto ", "jmp_any, jmp_none; if, else, while, pop_exec"},
		{" endif end_if fi endwhile endloop ", "pop_exec"},
		{" exit end return ", "stop"},
		{" cvt convert itof ftoi i2f f2i u2f f2u ",
		 "u32_to_f, s32_to_f, f_to_u32, f_to_s32"},
		{" movi mov_imm li ", "ldimm, or mov for numbers up to 255"},
		{" lsl sll ", "shl"},
		{" lsr srl ", "shr"},
		{" sra ", "asr"},
		{" ld ldg global_load ", "load"},
		{" st stg global_store ", "store"},
		{" bar sync threadgroup_barrier ", "barrier"},
		{" tex texture_sample sample ", "smpf; smpi for whole coordinates"},
		{" waitcnt wait_all ", "wait a, wait b"},
	};
	char padded[32];

	for (unsigned int op = 0; op < AGX_ISA_OPS; op++) {
		const struct agx_isa_op_row *row = &agx_isa_op_rows[op];

		if (row->form_count && equal(word, length, row->info.applegpu) &&
		    !strchr(row->info.applegpu, '.')) {
			say(h, "it is called %s here", row->info.mnemonic);
			return;
		}
	}
	if (length + 3 > sizeof(padded))
		return;
	padded[0] = padded[length + 1] = ' ';
	memcpy(padded + 1, word, length);
	padded[length + 2] = '\0';
	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strstr(others[i].words, padded)) {
			say(h, "there is %s", others[i].here);
			return;
		}
	}
	with_letter(h, word, length);
}

static unsigned int sizes_of(const struct agx_isa_case *c)
{
	if (c->size64 != AGX_ISA_NO_BIT)
		return 16 | 32 | 64;
	if (c->size32 != AGX_ISA_NO_BIT)
		return 16 | 32;
	return c->bits;
}

/* A register or uniform register of a size, a number or a count that the operand does not take. */
static void no_register(struct hint *h, const struct agx_isa_encoding *encoding,
			const struct agx_isa_operand *found)
{
	const char *file = found->kind == AGX_ISA_REG ? "r" : "u";
	const int n = found->value / 2, last = found->kind == AGX_ISA_REG ? 127 : 255;
	unsigned int sizes = 0, count = 0;

	for (unsigned int i = 0; i < encoding->case_count; i++) {
		const struct agx_isa_case *c = &encoding->cases[i];

		if (c->kind == found->kind) {
			sizes |= sizes_of(c);
			count = c->count > count ? c->count : count;
		}
	}
	if (n > last)
		say(h, "the last one is %s%d", file, last);
	else if (found->bits && sizes == 64 && found->bits != 64)
		say(h, "64 bits are wanted: d%s%d", file, n & ~1);
	else if (found->bits && sizes == 16 && found->bits != 16)
		say(h, "16 bits are wanted: %s%dl or %s%dh", file, n, file, n);
	else if (found->bits && sizes == 32 && found->bits != 32)
		say(h, "32 bits are wanted: %s%d", file, n);
	else if (found->bits == 64 && !(sizes & 64))
		say(h, "16 or 32 bits are wanted: %s%dl, %s%d", file, n, file, n);
	else if (count > 1 && found->count != count)
		say(h, "%u of them are wanted, joined by _", count);
}

static void no_number(struct hint *h, const struct agx_isa_encoding *encoding, int64_t number)
{
	int64_t low = 0, high = -1;
	bool reg = false;

	for (unsigned int i = 0; i < encoding->case_count; i++) {
		const struct agx_isa_case *c = &encoding->cases[i];
		const int64_t end = 1ll << c->value.width << c->shift;

		reg |= c->kind == AGX_ISA_REG;
		if ((c->kind != AGX_ISA_IMM && c->kind != AGX_ISA_TARGET) || !c->value.width)
			continue;
		if (c->is_signed && low > -end / 2)
			low = -end / 2;
		if (high < (c->is_signed ? end / 2 : end) - 1)
			high = (c->is_signed ? end / 2 : end) - 1;
	}
	if (high < 0 || (number >= low && number <= high))
		return;
	say(h, "numbers from %lld to %lld fit", (long long)low, (long long)high);
	if (reg)
		say(h, "; ldimm puts others into a register");
}

static void bits_of(struct hint *h, double value)
{
	const float f = (float)value;
	uint32_t bits;
	char digits[9];

	memcpy(&bits, &f, sizeof(bits));
	for (int i = 0; i < 8; i++)
		digits[i] = "0123456789abcdef"[bits >> (28 - 4 * i) & 15];
	digits[8] = '\0';
	say(h, "0x%s", digits);
}

static void no_minifloat(struct hint *h, double value)
{
	double best = 0, least = -1;
	char number[24];

	for (int i = 0; i < 256; i++) {
		const double candidate = agx_isa_minifloat(i);
		const double off = candidate < value ? value - candidate : candidate - value;

		if (least < 0 || off < least) {
			least = off;
			best = candidate;
		}
	}
	isa_format_float(number, (float)best);
	say(h,
	    "the nearest floating-point number that fits is %s; others come from ldimm: ", number);
	bits_of(h, value);
}

static bool can_be_nothing(const struct agx_isa_operand_row *operand)
{
	const struct agx_isa_encoding *encoding = &agx_isa_encodings[operand->encoding];

	for (unsigned int i = 0; i < encoding->case_count; i++) {
		if (encoding->cases[i].kind == AGX_ISA_NONE && !(operand->flags & AGX_ISA_DEST))
			return true;
	}
	return false;
}

/* The instruction as it is written: operands in capitals, what can be left out in brackets. */
static void syntax(struct hint *h, const struct agx_isa_op_row *row)
{
	unsigned int i, j;

	say(h, "it is written %s", row->info.mnemonic);
	for (i = 0; i < row->operand_count; i++) {
		const bool optional = can_be_nothing(&row->operands[i]);

		say(h, "%s%s", i ? ", " : " ", optional ? "[" : "");
		for (const char *p = agx_isa_role_names[row->operands[i].role]; *p; p++)
			say(h, "%c", *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
		say(h, "%s", optional ? "]" : "");
	}
	for (j = 0; j < row->modifier_count; j++) {
		const struct agx_isa_modifier_values *values =
			&agx_isa_modifier_table[row->modifiers[j].modifier];
		bool optional = !values->value_count;

		for (unsigned int k = 0; k < values->value_count; k++)
			optional |= values->values[k].silent;
		say(h, "%s%s%s%s", i + j ? ", " : " ", optional ? "[" : "",
		    values->value_count ? values->name : values->text, optional ? "]" : "");
	}
}

static bool has_mask(const struct agx_isa_op_row *row)
{
	for (unsigned int i = 0; i < row->modifier_count; i++) {
		if (row->modifiers[i].modifier == AGX_ISA_MODIFIER_MASK)
			return true;
	}
	return false;
}

void isa_parse_hint(const char *line, const struct isa_parse_error *error, char *out, size_t size)
{
	const char *word = line + error->start;
	const size_t length = error->end - error->start;
	struct agx_isa_operand found;
	struct hint h = {out, size, 0};
	bool fraction;
	int64_t number;
	double value;

	out[0] = '\0';
	if (error->unknown) {
		other_name(&h, word, length);
		return;
	}
	if (!error->row || !length) {
		if (error->row && (error->expected || error->modifier_count))
			syntax(&h, error->row);
		return;
	}
	fraction = isa_parse_fraction(word, length, &value) == length;
	if (error->encoding && isa_parse_registers(word, length, &found))
		no_register(&h, error->encoding, &found);
	else if (error->encoding && isa_parse_number(word, length, &number) == length)
		no_number(&h, error->encoding, number);
	else if (error->encoding && fraction)
		no_minifloat(&h, value);
	else if (!error->encoding && length > 1 && *word == '-' &&
		 isa_parse_registers(word + 1, length - 1, &found))
		say(&h, "negation is a suffix: .neg");
	else if (!error->encoding && fraction && memchr(word, '.', length) &&
		 error->expected & ISA_EXPECT_NUMBER) {
		say(&h, "in single precision it is ");
		bits_of(&h, value);
	} else if (error->expected || error->modifier_count) {
		syntax(&h, error->row);
	} else if (error->refused && has_mask(error->row) &&
		   isa_parse_registers(word, length, &found)) {
		say(&h, "a register for each component of the mask: r0_r1 for xy");
	}
}
