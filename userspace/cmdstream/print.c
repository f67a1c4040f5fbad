// SPDX-License-Identifier: MIT
/*
 * Values as text. This runs for every field of every draw that is decoded, hence no printf: numbers
 * are written here.
 */
#include <string.h>

#include "agx_cmdstream.h"
#include "pack_bits.h"

static char *put(char *out, const char *text)
{
	const size_t length = strlen(text);

	memcpy(out, text, length);
	return out + length;
}

static char *decimal(char *out, uint64_t value)
{
	char digits[20];
	unsigned int count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count)
		*out++ = digits[--count];
	return out;
}

static char *hex(char *out, uint64_t value)
{
	unsigned int shift = value ? (63 - (unsigned int)__builtin_clzll(value)) & ~3u : 0;

	*out++ = '0';
	*out++ = 'x';
	for (;; shift -= 4) {
		*out++ = "0123456789abcdef"[value >> shift & 15];
		if (!shift)
			return out;
	}
}

/* Fraction bits of a power of two have as many decimal digits: exact. */
static char *fixed(char *out, uint64_t value, unsigned int fraction)
{
	uint64_t rest = value & ((1ull << fraction) - 1);

	out = decimal(out, value >> fraction);
	if (rest)
		*out++ = '.';
	while (rest) {
		rest *= 10;
		*out++ = (char)('0' + (rest >> fraction));
		rest &= (1ull << fraction) - 1;
	}
	return out;
}

/* 10 to the power of n, 0 to 54; from 23 on rounded. */
static const double tens[] = {
	1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
	1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27,
	1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41,
	1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54,
};

static double scale(double value, int power)
{
	return power < 0 ? value / tens[-power] : value * tens[power];
}

/* digits * 10^power, digits having count figures. */
static char *figures(char *out, uint64_t digits, int count, int power)
{
	char text[20];
	int point = count + power; /* figures before the point */

	decimal(text, digits);
	if (point > 9 || point < -3) {
		*out++ = text[0];
		if (count > 1) {
			*out++ = '.';
			memcpy(out, text + 1, (size_t)count - 1);
			out += count - 1;
		}
		*out++ = 'e';
		if (point - 1 < 0)
			*out++ = '-';
		return decimal(out, (uint64_t)(point - 1 < 0 ? 1 - point : point - 1));
	}
	if (point <= 0) {
		out = put(out, "0.");
		while (point++ < 0)
			*out++ = '0';
		memcpy(out, text, (size_t)count);
		return out + count;
	}
	for (int i = 0; i < (count > point ? count : point); i++) {
		if (i == point)
			*out++ = '.';
		*out++ = i < count ? text[i] : '0';
	}
	return out;
}

/*
 * The shortest figures that read back as this float: the numbers halfway to its neighbours are
 * exact as double, and whatever lies between them reads back. The bounds are drawn in by more than
 * the error of the arithmetic in double; nine figures always lie within.
 */
static char *shortest(char *out, uint32_t bits)
{
	const double value = (double)agx_cs_float(bits);
	const double below = (double)agx_cs_float(bits - 1), above = value + (value - below);
	const double next = bits < 0x7f7fffff ? (double)agx_cs_float(bits + 1) : above;
	const double low = (value + below) / 2 * (1 + 1e-14);
	const double high = (value + next) / 2 * (1 - 1e-14);
	int power = -45; /* of the first figure */

	if (bits >= 0x00800000) /* log10 of a power of two, rounded down */
		power = (((int)(bits >> 23) - 127) * 1233 - 4095) / 4096;
	while (scale(value, -power) >= 10)
		power++;
	for (int count = 1;; count++) {
		const int last = power - count + 1;
		const double digits = (double)(uint64_t)(scale(value, -last) + 0.5);
		const double back = scale(digits, last);

		if ((back >= low && back <= high) || count == 9) {
			const uint64_t whole = (uint64_t)digits;
			const int more = digits >= tens[count];

			return figures(out, more ? whole / 10 : whole, count, last + more);
		}
	}
}

static char *real(char *out, uint32_t bits)
{
	const uint32_t magnitude = bits & 0x7fffffff;
	const float value = agx_cs_float(magnitude);

	if (magnitude > 0x7f800000) {
		out = put(out, "nan(");
		out = hex(out, bits);
		*out++ = ')';
		return out;
	}
	if (bits != magnitude)
		*out++ = '-';
	if (magnitude == 0x7f800000)
		return put(out, "inf");
	if (value < 16777216.0f && value == (float)(uint32_t)value)
		return decimal(out, (uint32_t)value);
	return shortest(out, magnitude);
}

size_t agx_cs_print(const struct agx_cs_field *field, uint64_t value, char *buf)
{
	char *out = buf;
	const char *name;

	switch (field->type) {
	case AGX_CS_BOOL:
		out = put(out, value ? "true" : "false");
		break;
	case AGX_CS_INT:
		if ((int64_t)value < 0) {
			*out++ = '-';
			value = -value;
		}
		out = decimal(out, value);
		break;
	case AGX_CS_HEX:
	case AGX_CS_ADDRESS:
	case AGX_CS_USC:
		out = hex(out, value);
		break;
	case AGX_CS_FLOAT:
		out = real(out, (uint32_t)value);
		break;
	case AGX_CS_HALF:
		out = real(out, agx_cs_widen_half((uint16_t)value));
		break;
	case AGX_CS_FIXED:
		out = fixed(out, value, field->fraction);
		break;
	case AGX_CS_ENUM:
		name = agx_cs_value_name(&agx_cs_enums[field->values], value);
		if (name) {
			out = put(out, name);
		} else {
			out = put(out, "unknown ");
			out = decimal(out, value);
		}
		break;
	default:
		out = decimal(out, value);
		break;
	}
	*out = '\0';
	return (size_t)(out - buf);
}

enum agx_cs_form agx_cs_form(const struct agx_cs_field *field, uint64_t value)
{
	switch (field->type) {
	case AGX_CS_BOOL:
		return AGX_CS_FORM_WORD;
	case AGX_CS_FLOAT:
		return (value & 0x7f800000) == 0x7f800000 ? AGX_CS_FORM_STRING : AGX_CS_FORM_NUMBER;
	case AGX_CS_HALF:
		return (value & 0x7c00) == 0x7c00 ? AGX_CS_FORM_STRING : AGX_CS_FORM_NUMBER;
	case AGX_CS_UINT:
	case AGX_CS_INT:
	case AGX_CS_FIXED:
		return AGX_CS_FORM_NUMBER;
	default:
		return AGX_CS_FORM_STRING;
	}
}

size_t agx_cs_show(const struct agx_cs_struct *desc, const void *record, char *buf, size_t size)
{
	const char *text = agx_cs_text(desc->show);
	char value[AGX_CS_TEXT];
	size_t length = 0;

	/* In the text, a byte of 128 and more is the field of that number less 128. */
	for (; *text && size; text++) {
		const unsigned char byte = (unsigned char)*text;
		size_t count = 1;

		value[0] = *text;
		if (byte >= 128) {
			const struct agx_cs_field *field = &desc->fields[byte - 128];

			count = agx_cs_print(field, agx_cs_get(field, record), value);
		}
		if (count > size - 1 - length)
			count = size - 1 - length;
		memcpy(buf + length, value, count);
		length += count;
	}
	if (size)
		buf[length] = '\0';
	return length;
}

bool agx_cs_shows(const struct agx_cs_struct *desc, const struct agx_cs_field *field)
{
	return desc->show && strchr(agx_cs_text(desc->show), (char)(128 + (field - desc->fields)));
}
