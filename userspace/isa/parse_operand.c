// SPDX-License-Identifier: MIT
/* Operands in the text of an instruction. */
#include <string.h>

#include "isa_parse.h"

static bool starts(const char *text, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && !memcmp(text, word, n);
}

static bool equal(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

static int digit_of(char c)
{
	if (isa_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

size_t isa_parse_number(const char *text, size_t length, int64_t *value)
{
	size_t i = 0, first;
	bool negative = false;
	uint64_t number = 0;
	int base = 10, digit;

	if (i < length && (text[i] == '-' || text[i] == '+'))
		negative = text[i++] == '-';
	if (length - i > 2 && text[i] == '0' && (text[i + 1] == 'x' || text[i + 1] == 'X'))
		base = 16;
	else if (length - i > 2 && text[i] == '0' && (text[i + 1] == 'b' || text[i + 1] == 'B'))
		base = 2;
	if (base != 10)
		i += 2;
	for (first = i; i < length; i++) {
		digit = digit_of(text[i]);
		if (digit >= base)
			break;
		number = number * base + digit;
		if (number >> 40)
			return 0; /* larger than any field */
	}
	if (i == first)
		return 0;
	*value = negative ? -(int64_t)number : (int64_t)number;
	return i;
}

/* A decimal fraction, exact for every minifloat. */
size_t isa_parse_fraction(const char *text, size_t length, double *value)
{
	size_t i = 0, first;
	bool negative = false, point = false;
	double number = 0, scale = 1;

	if (i < length && (text[i] == '-' || text[i] == '+'))
		negative = text[i++] == '-';
	for (first = i; i < length && i < first + 20; i++) {
		/* A point that no digit follows begins a suffix. */
		if (text[i] == '.' && !point && i > first && i + 1 < length &&
		    isa_is_digit(text[i + 1])) {
			point = true;
			continue;
		}
		if (!isa_is_digit(text[i]))
			break;
		number = number * 10 + (text[i] - '0');
		if (point)
			scale *= 10;
	}
	if (i == first)
		return 0;
	*value = negative ? -(number / scale) : number / scale;
	return i;
}

static bool minifloat_of(double value, int32_t *bits)
{
	int i;

	for (i = 0; i < 256; i++) {
		double candidate = agx_isa_minifloat(i);

		if (candidate == value &&
		    !__builtin_signbit(candidate) == !__builtin_signbit(value)) {
			*bits = i;
			return true;
		}
	}
	return false;
}

/* .abs, .neg, .sx after an operand; all of the rest must be that. */
static bool parse_suffixes(const char *text, size_t length, uint8_t *flags)
{
	static const struct {
		const char *name;
		uint8_t flag;
	} suffixes[] = {{".abs", AGX_ISA_ABS}, {".neg", AGX_ISA_NEG}, {".sx", AGX_ISA_SX}};
	size_t i, n;

	while (length) {
		for (i = 0; i < 3; i++) {
			if (starts(text, length, suffixes[i].name))
				break;
		}
		if (i == 3 || *flags & suffixes[i].flag)
			return false;
		*flags |= suffixes[i].flag;
		n = strlen(suffixes[i].name);
		text += n;
		length -= n;
	}
	return true;
}

/* One register of a list: "r1l", "du4", "ts0". Returns the characters that it took. */
static size_t parse_register(const char *text, size_t length, struct agx_isa_operand *out)
{
	static const struct {
		const char *prefix;
		uint8_t kind, bits;
	} files[] = {
		{"dr", AGX_ISA_REG, 64},    {"du", AGX_ISA_UNIFORM, 64}, {"r", AGX_ISA_REG, 32},
		{"u", AGX_ISA_UNIFORM, 32}, {"ts", AGX_ISA_TS, 0},       {"ss", AGX_ISA_SS, 0},
		{"cf", AGX_ISA_CF, 0},
	};
	int32_t number = 0;
	size_t i, n, first;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		n = strlen(files[i].prefix);
		if (starts(text, length, files[i].prefix) && n < length && isa_is_digit(text[n]))
			break;
	}
	if (i == sizeof(files) / sizeof(files[0]))
		return 0;
	for (first = n; n < length && isa_is_digit(text[n]); n++) {
		number = number * 10 + (text[n] - '0');
		if (n - first >= 5)
			return 0;
	}
	*out = (struct agx_isa_operand){.kind = files[i].kind, .bits = files[i].bits, .count = 1};
	out->value = out->bits ? number * 2 : number;
	if (out->bits == 32 && n < length && (text[n] == 'l' || text[n] == 'h')) {
		out->bits = 16;
		out->value += text[n] == 'h';
		n++;
	}
	return n;
}

bool isa_parse_registers(const char *text, size_t length, struct agx_isa_operand *out)
{
	struct agx_isa_operand next;
	uint8_t flags = 0;
	size_t n;

	for (; length && (*text == '^' || *text == '$'); text++, length--)
		flags |= *text == '^' ? AGX_ISA_DISCARD : AGX_ISA_CACHE;
	n = parse_register(text, length, out);
	if (!n)
		return false;
	while (n < length && text[n] == '_') {
		text += n + 1;
		length -= n + 1;
		n = parse_register(text, length, &next);
		if (!n || next.kind != out->kind || next.bits != out->bits || out->count >= 16 ||
		    next.value != out->value + out->count * (out->bits ? out->bits / 16 : 1))
			return false;
		out->count++;
	}
	out->flags = flags;
	return parse_suffixes(text + n, length - n, &out->flags);
}

/* A special register by its name, or "sr37". */
static bool parse_special(const char *text, size_t length, struct agx_isa_operand *out)
{
	const char *name;
	int64_t number;

	if (starts(text, length, "sr") && length > 2 && isa_is_digit(text[2])) {
		if (isa_parse_number(text + 2, length - 2, &number) != length - 2 || number > 255)
			return false;
		out->value = number;
		return true;
	}
	for (out->value = 0; out->value < 256; out->value++) {
		name = agx_isa_special_register_name(out->value);
		if (name && equal(text, length, name))
			return true;
	}
	return false;
}

/* A number, an immediate or a target, where the case of an encoding wants one. */
bool isa_parse_value(const char *text, size_t length, uint8_t kind, const struct isa_labels *labels,
		     struct agx_isa_operand *out)
{
	size_t n;
	int64_t number;
	double fraction;

	*out = (struct agx_isa_operand){.kind = kind, .count = 1};
	switch (kind) {
	case AGX_ISA_FIMM:
		n = isa_parse_fraction(text, length, &fraction);
		return n && minifloat_of(fraction, &out->value) &&
		       parse_suffixes(text + n, length - n, &out->flags);
	case AGX_ISA_TARGET:
		if (length && isa_is_letter(*text)) {
			if (!labels || !labels->find ||
			    !labels->find(labels->cookie, text, length, &number))
				return false;
			n = length;
			break;
		}
		/* fall through */
	case AGX_ISA_IMM:
		n = isa_parse_number(text, length, &number);
		break;
	case AGX_ISA_SR:
		return parse_special(text, length, out);
	default:
		return false;
	}
	if (!n || number < INT32_MIN || number > UINT32_MAX)
		return false;
	out->value = (int32_t)(uint32_t)number;
	return parse_suffixes(text + n, length - n, &out->flags);
}
