// SPDX-License-Identifier: MIT
/*
 * Texels from and to memory. Values are exact and rounded once, to nearest with ties to even; what
 * is out of range is clamped to what the format holds. NaN becomes 0 where there is none. Sums and
 * products are of binary64, in which all intermediate values here are exact.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "format_table.h"
#include "srgb_tables.h"

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint32_t mask_of(unsigned int bits)
{
	return bits < 32 ? (1u << bits) - 1 : UINT32_MAX;
}

/* A value from 0 to 2^32, to nearest, ties to even, whatever mode the caller's thread rounds in. */
static uint32_t round_even(double value)
{
	const uint32_t low = (uint32_t)value;
	const double rest = value - low;

	return low + (rest > 0.5 || (rest == 0.5 && (low & 1)));
}

static double clamp(double value, double low, double high)
{
	if (!(value > low)) /* NaN as well; low is -1 or 0 */
		return value == value ? low : 0;
	return value < high ? value : high;
}

/*
 * Floats of 11 and 10 bits: 5 of exponent, 6 or 5 of fraction, no sign. As halves without the sign
 * and with a shorter fraction.
 */
static float unsigned_float(uint32_t code, unsigned int fraction_bits)
{
	return float_of(agx_cs_widen_half((uint16_t)(code << (10 - fraction_bits))));
}

static uint32_t to_unsigned_float(float value, unsigned int fraction_bits)
{
	const uint32_t infinity = 0x1fu << fraction_bits;
	const uint32_t bits = bits_of(value);
	int exponent;
	uint32_t code;

	if (value != value)
		return infinity | 1;
	if (bits >> 31)
		return 0;
	if (bits == 0x7f800000)
		return infinity;
	/*
	 * A float is a whole number of units of its exponent; below 2^-14 the unit gets no smaller.
	 */
	exponent = (int)(bits >> 23) - 127;
	if (exponent > 15)
		return infinity - 1;
	if (exponent < -14)
		exponent = -14;
	code = round_even(ldexp(value, (int)fraction_bits - exponent));
	/* The leading 1 of a normal number counts the exponent up by one. */
	code += (uint32_t)(exponent + 14) << fraction_bits;
	return code < infinity ? code : infinity - 1;
}

static uint32_t srgb_code(float value)
{
	unsigned int low = 0, high = 255;

	if (!(value > 0))
		return 0;
	while (low < high) {
		const unsigned int middle = (low + high) / 2;

		if (bits_of(value) >= srgb_encode[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void unpack_component(const struct lib_format *format, unsigned int c, uint32_t code,
			     union agx_texel *texel)
{
	const unsigned int bits = format->bits[c], place = format->place[c];
	const uint32_t mask = mask_of(bits), sign = 1u << (bits - 1);

	switch (format->kind) {
	case LIB_KIND_UNORM:
		if (format->info.srgb && place < 3)
			texel->f[place] = float_of(srgb_decode[code]);
		else
			texel->f[place] = (float)((double)code / mask);
		break;
	case LIB_KIND_SNORM: {
		const int32_t value = (int32_t)(code ^ sign) - (int32_t)sign;

		/* The lowest two codes are both -1. */
		texel->f[place] = (float)clamp((double)value / (mask >> 1), -1, 1);
		break;
	}
	case LIB_KIND_UINT:
		texel->u[place] = code;
		break;
	case LIB_KIND_SINT:
		texel->u[place] = (code ^ sign) - sign;
		break;
	default: /* LIB_KIND_FLOAT */
		if (bits == 32)
			texel->u[place] = code;
		else if (bits == 16)
			texel->u[place] = agx_cs_widen_half((uint16_t)code);
		else
			texel->f[place] = unsigned_float(code, bits - 5);
		break;
	}
}

static uint32_t pack_component(const struct lib_format *format, unsigned int c,
			       const union agx_texel *texel)
{
	const unsigned int bits = format->bits[c], place = format->place[c];
	const uint32_t mask = mask_of(bits);
	const int32_t most = (int32_t)(mask >> 1);
	const float value = texel->f[place];

	switch (format->kind) {
	case LIB_KIND_UNORM:
		if (format->info.srgb && place < 3)
			return srgb_code(value);
		return round_even(clamp(value, 0, 1) * mask);
	case LIB_KIND_SNORM: {
		const double scaled = clamp(value, -1, 1) * most;

		return (scaled < 0 ? 0 - round_even(-scaled) : round_even(scaled)) & mask;
	}
	case LIB_KIND_UINT:
		return texel->u[place] < mask ? texel->u[place] : mask;
	case LIB_KIND_SINT:
		if (texel->i[place] > most)
			return (uint32_t)most;
		return (texel->i[place] < -most - 1 ? (uint32_t)(-most - 1) : texel->u[place]) &
		       mask;
	default: /* LIB_KIND_FLOAT */
		if (bits == 32)
			return texel->u[place];
		if (bits == 16)
			return agx_cs_to_half(value);
		return to_unsigned_float(value, bits - 5);
	}
}

/* Fractions of 9 bits, all in units of 2^(exponent - 24). */
static void unpack_exponent(uint32_t word, union agx_texel *texel)
{
	const int exponent = (int)(word >> 27) - 24;

	for (unsigned int c = 0; c < 3; c++)
		texel->f[c] = (float)ldexp(word >> 9 * c & 0x1ff, exponent);
}

static uint32_t pack_exponent(const union agx_texel *texel)
{
	double value[3], largest = 0;
	uint32_t word = 0;
	int exponent = 0;

	for (unsigned int c = 0; c < 3; c++) {
		value[c] = clamp(texel->f[c], 0, ldexp(511, 31 - 24));
		if (value[c] > largest)
			largest = value[c];
	}
	/*
	 * The least exponent with which the largest fits when it has been rounded: half of 511 and
	 * 512 goes up.
	 */
	while (ldexp(largest, 24 - exponent) >= 511.5)
		exponent++;
	for (unsigned int c = 0; c < 3; c++)
		word |= round_even(ldexp(value[c], 24 - exponent)) << 9 * c;
	return word | (uint32_t)exponent << 27;
}

/* Bits of an element that is 1, 2, 4, 8 or 16 bytes; no component crosses a word. */
static void load_words(const void *memory, unsigned int bytes, uint32_t words[4])
{
	memset(words, 0, 4 * sizeof(*words));
	memcpy(words, memory, bytes);
}

static void unpack(const struct lib_format *format, const void *memory, union agx_texel *texel)
{
	uint32_t words[4];
	unsigned int start = 0;

	load_words(memory, format->info.bytes, words);
	memset(texel, 0, sizeof(*texel));
	if (format->info.integer)
		texel->u[3] = 1;
	else
		texel->f[3] = 1;
	if (format->kind == LIB_KIND_EXPONENT) {
		unpack_exponent(words[0], texel);
		return;
	}
	for (unsigned int c = 0; c < format->info.components; c++) {
		const unsigned int bits = format->bits[c];

		unpack_component(format, c, words[start / 32] >> start % 32 & mask_of(bits), texel);
		start += bits;
	}
}

static void pack(const struct lib_format *format, const union agx_texel *texel, void *memory)
{
	uint32_t words[4] = {0};
	unsigned int start = 0;

	if (format->kind == LIB_KIND_EXPONENT) {
		words[0] = pack_exponent(texel);
	} else {
		for (unsigned int c = 0; c < format->info.components; c++) {
			words[start / 32] |= pack_component(format, c, texel) << start % 32;
			start += format->bits[c];
		}
	}
	memcpy(memory, words, format->info.bytes);
}

void lib_format_unpack(const struct lib_format *format, const void *memory, union agx_texel *texels,
		       unsigned int count)
{
	const uint8_t *from = memory;

	for (unsigned int i = 0; i < count; i++)
		unpack(format, from + (size_t)i * format->info.bytes, &texels[i]);
}

void lib_format_pack(const struct lib_format *format, const union agx_texel *texels, void *memory,
		     unsigned int count)
{
	uint8_t *to = memory;

	for (unsigned int i = 0; i < count; i++)
		pack(format, &texels[i], to + (size_t)i * format->info.bytes);
}

int agx_format_unpack(enum agx_format format, const void *memory, union agx_texel *texel)
{
	const struct lib_format *entry = lib_format(format);

	if (!entry || entry->kind == LIB_KIND_BLOCKS)
		return -EINVAL;
	unpack(entry, memory, texel);
	return 0;
}

int agx_format_pack(enum agx_format format, const union agx_texel *texel, void *memory)
{
	const struct lib_format *entry = lib_format(format);

	if (!entry || entry->kind == LIB_KIND_BLOCKS)
		return -EINVAL;
	pack(entry, texel, memory);
	return 0;
}
