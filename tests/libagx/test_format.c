// SPDX-License-Identifier: MIT
/*
 * Formats: the table against what the descriptors' tables say, values against arithmetic that is written down here
 * anew, in doubles, from the definitions of Vulkan and Direct3D.
 */
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <agx/format.h>

#include "agx_cmdstream.h"
#include "format_table.h"
#include "texel.h" /* the modelled GPU's */

static uint64_t seed;

static uint32_t draw(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 32);
}

static float as_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t as_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static bool is_texel(enum agx_format format)
{
	const struct agx_format_info *info = agx_format_info(format);

	return info && !info->compressed;
}

static bool has(enum agx_format format, const char *part)
{
	return strstr(agx_format_info(format)->name, part);
}

/* What a format's name says: components and bits from the lowest, letter by letter. */
struct named {
	unsigned int components;
	unsigned int bits[4], place[4];
};

static struct named parse(const char *name)
{
	static const char letters[] = "rgba";
	struct named n = {0};

	while (*name && *name != '_') {
		const char *letter = strchr(letters, *name == 'd' || *name == 's' ? 'r' : *name);

		if (*name == 'e') { /* the exponent is no component */
			name += 2;
			continue;
		}
		assert_non_null(letter);
		n.place[n.components] = (unsigned int)(letter - letters);
		for (name++; *name >= '0' && *name <= '9'; name++)
			n.bits[n.components] =
				n.bits[n.components] * 10 + (unsigned int)(*name - '0');
		n.components++;
	}
	return n;
}

static uint64_t take(const uint8_t *memory, unsigned int start, unsigned int bits)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bits; i++)
		value |= (uint64_t)(memory[(start + i) / 8] >> (start + i) % 8 & 1) << i;
	return value;
}

static double small_float(uint32_t code, unsigned int fraction_bits)
{
	const uint32_t fraction = code & ((1u << fraction_bits) - 1);
	const uint32_t exponent = code >> fraction_bits & 31;

	if (exponent == 31)
		return fraction ? NAN : INFINITY;
	if (!exponent)
		return ldexp(fraction, -14 - (int)fraction_bits);
	return ldexp(fraction + (1u << fraction_bits), (int)exponent - 15 - (int)fraction_bits);
}

static double srgb_to_linear(double s)
{
	return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

/* A component as a double: exact for integers of 32 bits as well. */
static double value_of(enum agx_format format, uint64_t code, unsigned int bits, unsigned int place)
{
	const double most = ldexp(1, (int)bits) - 1;
	const int64_t with_sign = (int64_t)code - (code >> (bits - 1) & 1 ? (int64_t)1 << bits : 0);

	if (has(format, "_srgb"))
		return place < 3 ? srgb_to_linear(code / most) : code / most;
	if (has(format, "_unorm"))
		return code / most;
	if (has(format, "_snorm"))
		return fmax(with_sign / (ldexp(1, (int)bits - 1) - 1), -1);
	if (has(format, "_uint"))
		return (double)code;
	if (has(format, "_sint"))
		return (double)with_sign;
	if (bits == 32)
		return as_float((uint32_t)code);
	if (bits == 16)
		return small_float(code & 0x7fff, 10) * (code >> 15 ? -1 : 1);
	return small_float((uint32_t)code, bits - 5);
}

/* Compares what is unpacked with a double: rounded once. */
static void check_unpacked(enum agx_format format, const union agx_texel *texel, unsigned int place,
			   double expected)
{
	const struct agx_format_info *info = agx_format_info(format);

	if (info->integer) {
		const double got = has(format, "_sint") ? texel->i[place] : (double)texel->u[place];

		if (got != expected)
			fail_msg("%s: component %u is %.17g, expected %.17g", info->name, place,
				 got, expected);
	} else if (isnan(expected)) {
		assert_true(isnan(texel->f[place]));
	} else if (as_bits(texel->f[place]) != as_bits((float)expected)) {
		fail_msg("%s: component %u is %.9g, expected %.9g", info->name, place,
			 (double)texel->f[place], expected);
	}
}

static void check_element(enum agx_format format, const uint8_t *memory)
{
	const struct agx_format_info *info = agx_format_info(format);
	const struct named n = parse(info->name);
	bool stored[4] = {false};
	union agx_texel texel;
	unsigned int start = 0;

	assert_int_equal(agx_format_unpack(format, memory, &texel), 0);
	for (unsigned int c = 0; c < n.components; c++) {
		double expected;

		if (has(format, "e5"))
			expected = ldexp((double)take(memory, start, 9),
					 (int)take(memory, 27, 5) - 24);
		else
			expected = value_of(format, take(memory, start, n.bits[c]), n.bits[c],
					    n.place[c]);
		check_unpacked(format, &texel, n.place[c], expected);
		start += n.bits[c];
		stored[n.place[c]] = true;
	}
	for (unsigned int i = 0; i < 4; i++) {
		if (!stored[i])
			assert_int_equal(texel.u[i], i < 3 ? 0 : info->integer ? 1 : as_bits(1));
	}
}

/* Bytes of 8 and 16 bits: all of them; larger elements: all codes of 16 bits everywhere, and random ones. */
static void every_code_is_unpacked_exactly(void **state)
{
	(void)state;
	seed = 1;
	for (unsigned int f = 1; f < AGX_FORMATS; f++) {
		const enum agx_format format = (enum agx_format)f;
		uint8_t memory[16];

		if (!is_texel(format))
			continue;
		for (uint32_t code = 0; code < 0x10000; code++) {
			for (unsigned int i = 0; i < 16; i += 2)
				memcpy(memory + i, &code, 2);
			check_element(format, memory);
		}
		for (unsigned int i = 0; i < 20000; i++) {
			for (unsigned int b = 0; b < 16; b += 4) {
				const uint32_t word = draw();

				memcpy(memory + b, &word, 4);
			}
			check_element(format, memory);
		}
	}
}

/* What has been unpacked becomes the same bits, where there is one code for a value. */
static void what_was_unpacked_packs_to_the_same(void **state)
{
	(void)state;
	seed = 2;
	for (unsigned int f = 1; f < AGX_FORMATS; f++) {
		const enum agx_format format = (enum agx_format)f;

		if (!is_texel(format))
			continue;
		for (uint32_t i = 0; i < 0x10000 + 20000; i++) {
			const unsigned int bytes = agx_format_info(format)->bytes;
			uint8_t memory[16] = {0}, again[16];
			union agx_texel texel, second;

			for (unsigned int b = 0; b < bytes; b += 2) {
				const uint32_t code = i < 0x10000 ? i : draw();

				memcpy(memory + b, &code, bytes < 2 ? 1 : 2);
			}
			assert_int_equal(agx_format_unpack(format, memory, &texel), 0);
			memset(again, 0x5a, sizeof(again));
			assert_int_equal(agx_format_pack(format, &texel, again), 0);
			for (unsigned int b = bytes; b < 16; b++)
				assert_int_equal(again[b], 0x5a);
			assert_int_equal(agx_format_unpack(format, again, &second), 0);
			for (unsigned int c = 0; c < 4; c++) {
				if (texel.u[c] != second.u[c] &&
				    !(isnan(texel.f[c]) && isnan(second.f[c])))
					fail_msg("%s: %#x comes back as %#x",
						 agx_format_info(format)->name, texel.u[c],
						 second.u[c]);
			}
			/* -1 has two codes, an exponent may be larger than need be. */
			if (!has(format, "snorm") && !has(format, "e5") && !has(format, "float"))
				assert_memory_equal(memory, again, bytes);
		}
	}
}

/* Of all codes of a component the one that is nearest to a value; of two the even one. */
static uint32_t nearest(enum agx_format format, unsigned int bits, unsigned int place, double value)
{
	const bool is_signed = has(format, "snorm");
	uint32_t best = 0, codes = 1u << bits;
	double distance = INFINITY;

	/* Beyond all formats, and all distances still differ. */
	value = fmin(fmax(value, -1e6), 1e6);
	/* What is rounded is the place on the curve. */
	if (has(format, "_srgb") && place < 3) {
		value = fmin(fmax(value, 0), 1);
		value = value <= 0.04045 / 12.92 ? 12.92 * value
						 : 1.055 * pow(value, 1 / 2.4) - 0.055;
		return (uint32_t)rint(value * 255);
	}
	for (uint32_t code = 0; code < codes; code++) {
		const double at = value_of(format, code, bits, place);
		const double d = fabs(at - value);

		if (is_signed && code == codes / 2) /* the other code of -1 */
			continue;
		if (isnan(at) || isinf(at))
			continue;
		if (d < distance || (d == distance && !(code & 1))) {
			distance = d;
			best = code;
		}
	}
	return best;
}

/* Values between codes, at codes, half way, and out of range. */
static float draw_value(unsigned int i)
{
	static const float special[] = {0.0f,       -0.0f,     1.0f,    -1.0f, 0.5f,    -0.5f,
					1e-30f,     -1e-30f,   2.0f,    -2.0f, 1e30f,   -1e30f,
					INFINITY,   -INFINITY, 65504,   65505, 64512,   65024,
					0.0031308f, 6.1e-5f,   5.9e-8f, 3e-8f, 0.0031f, 1e-45f};
	const uint32_t bits = draw();

	if (i < sizeof(special) / sizeof(special[0]))
		return special[i];
	switch (i % 4) {
	case 0:
		return (float)bits / 4294967296.0f;
	case 1:
		return (float)(int32_t)bits / 2147483648.0f;
	case 2:
		return (float)(bits % 511) / 510; /* codes of 8 bits, and half way between */
	default:
		return as_float((bits & 0x83ffffff) | (96 + bits % 48) << 23);
	}
}

static void floats_are_packed_to_the_nearest_code(void **state)
{
	static const struct {
		enum agx_format format;
		unsigned int component, bits, place, start;
		unsigned int rounds;
	} cases[] = {
		{AGX_FORMAT_R8_UNORM, 0, 8, 0, 0, 2000},
		{AGX_FORMAT_R8_SNORM, 0, 8, 0, 0, 2000},
		{AGX_FORMAT_B8G8R8A8_UNORM, 2, 8, 0, 16, 1000},
		{AGX_FORMAT_R8G8B8A8_SRGB, 1, 8, 1, 8, 1000},
		{AGX_FORMAT_R8G8B8A8_SRGB, 3, 8, 3, 24, 1000},
		{AGX_FORMAT_B8G8R8A8_SRGB, 0, 8, 2, 0, 1000},
		{AGX_FORMAT_R5G6B5_UNORM, 1, 6, 1, 5, 2000},
		{AGX_FORMAT_R5G6B5_UNORM, 2, 5, 2, 11, 2000},
		{AGX_FORMAT_R5G5B5A1_UNORM, 3, 1, 3, 15, 2000},
		{AGX_FORMAT_R4G4B4A4_UNORM, 0, 4, 0, 0, 2000},
		{AGX_FORMAT_R10G10B10A2_UNORM, 1, 10, 1, 10, 500},
		{AGX_FORMAT_R10G10B10A2_UNORM, 3, 2, 3, 30, 1000},
		{AGX_FORMAT_R16_UNORM, 0, 16, 0, 0, 60},
		{AGX_FORMAT_R16G16_SNORM, 1, 16, 1, 16, 60},
		{AGX_FORMAT_D16_UNORM, 0, 16, 0, 0, 60},
		{AGX_FORMAT_R11G11B10_FLOAT, 0, 11, 0, 0, 800},
		{AGX_FORMAT_R11G11B10_FLOAT, 1, 11, 1, 11, 800},
		{AGX_FORMAT_R11G11B10_FLOAT, 2, 10, 2, 22, 800},
	};

	(void)state;
	seed = 3;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int k = 0; k < cases[i].rounds; k++) {
			union agx_texel texel = {0};
			uint8_t memory[16];
			uint32_t expected;
			float value = draw_value(k);

			texel.f[cases[i].place] = value;
			assert_int_equal(agx_format_pack(cases[i].format, &texel, memory), 0);
			if (isinf(value) && value > 0 && has(cases[i].format, "float"))
				expected = 0x1fu << (cases[i].bits - 5);
			else
				expected = nearest(cases[i].format, cases[i].bits, cases[i].place,
						   value);
			if (take(memory, cases[i].start, cases[i].bits) != expected)
				fail_msg("%s, component %u: %.9g becomes %#llx, expected %#x",
					 agx_format_info(cases[i].format)->name, cases[i].component,
					 (double)value,
					 (unsigned long long)take(memory, cases[i].start,
								  cases[i].bits),
					 expected);
		}
	}
}

static void ties_go_to_even(void **state)
{
	static const struct {
		enum agx_format format;
		float value;
		uint32_t code;
	} cases[] = {
		/* Exactly half way: 0.5 / 1, of one bit; 0.5 * 15 and 0.5 * 3 are halves as well. */
		{AGX_FORMAT_R4G4B4A4_UNORM, 0.5f, 8},   {AGX_FORMAT_R8_UNORM, 0.5f, 128},
		{AGX_FORMAT_R16_UNORM, 0.5f, 32768},    {AGX_FORMAT_R8_SNORM, 0.5f, 64},
		{AGX_FORMAT_R8_SNORM, -0.5f, 0xc0},     {AGX_FORMAT_D16_UNORM, 0.25f, 16384},
		{AGX_FORMAT_R16_FLOAT, 2049, 0x6800},   {AGX_FORMAT_R16_FLOAT, 2051, 0x6802},
		{AGX_FORMAT_R16_FLOAT, 65519, 0x7bff},  {AGX_FORMAT_R16_FLOAT, 65520, 0x7c00},
		{AGX_FORMAT_R16_FLOAT, -65520, 0xfc00},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union agx_texel texel = {.f = {cases[i].value}};
		uint32_t code = 0;

		assert_int_equal(agx_format_pack(cases[i].format, &texel, &code), 0);
		code &= agx_format_info(cases[i].format)->bytes == 1 ? 0xff : 0xffff;
		if (cases[i].format == AGX_FORMAT_R4G4B4A4_UNORM)
			code &= 15;
		assert_int_equal(code, cases[i].code);
	}
}

static void shared_exponents_lose_as_little_as_possible(void **state)
{
	(void)state;
	seed = 4;
	for (unsigned int i = 0; i < 20000; i++) {
		union agx_texel texel, again;
		double largest = 0, unit;
		uint32_t word;

		for (unsigned int c = 0; c < 3; c++) {
			texel.f[c] = draw_value(i + c);
			largest = fmax(largest, fmin(texel.f[c], 65408));
		}
		texel.f[3] = 5;
		assert_int_equal(agx_format_pack(AGX_FORMAT_R9G9B9E5_FLOAT, &texel, &word), 0);
		assert_int_equal(agx_format_unpack(AGX_FORMAT_R9G9B9E5_FLOAT, &word, &again), 0);
		unit = ldexp(1, (int)(word >> 27) - 24);
		/* No smaller unit would have held the largest. */
		if (word >> 27)
			assert_true(rint(largest / (unit / 2)) > 511);
		for (unsigned int c = 0; c < 3; c++) {
			const double wanted = fmin(fmax(texel.f[c], 0), 65408);

			assert_true(again.f[c] == rint(wanted / unit) * unit);
		}
	}
}

static void nan_is_zero_where_there_is_none(void **state)
{
	(void)state;
	for (unsigned int f = 1; f < AGX_FORMATS; f++) {
		const enum agx_format format = (enum agx_format)f;
		union agx_texel texel = {.f = {NAN, NAN, NAN, NAN}}, again;
		uint8_t memory[16], zero[16] = {0};

		if (!is_texel(format) || agx_format_info(format)->integer)
			continue;
		assert_int_equal(agx_format_pack(format, &texel, memory), 0);
		assert_int_equal(agx_format_unpack(format, memory, &again), 0);
		if (has(format, "float") && !has(format, "e5"))
			assert_true(isnan(again.f[0]));
		else
			assert_memory_equal(memory, zero, agx_format_info(format)->bytes);
	}
}

static void integers_are_clamped(void **state)
{
	static const struct {
		enum agx_format format;
		int32_t value; /* of all components */
		uint32_t word; /* the first */
	} cases[] = {
		{AGX_FORMAT_R8_UINT, 256, 0xff},
		{AGX_FORMAT_R8_UINT, -1, 0xff},
		{AGX_FORMAT_R8_SINT, 128, 0x7f},
		{AGX_FORMAT_R8_SINT, -129, 0x80},
		{AGX_FORMAT_R8_SINT, -128, 0x80},
		{AGX_FORMAT_R8_SINT, -1, 0xff},
		{AGX_FORMAT_R16_UINT, 65536, 0xffff},
		{AGX_FORMAT_R16G16_SINT, INT32_MAX, 0x7fff7fff},
		{AGX_FORMAT_R16G16_SINT, INT32_MIN, 0x80008000},
		{AGX_FORMAT_R32_UINT, -1, 0xffffffff},
		{AGX_FORMAT_R32_SINT, INT32_MIN, 0x80000000},
		{AGX_FORMAT_R32G32B32A32_SINT, -7, 0xfffffff9},
		{AGX_FORMAT_R10G10B10A2_UINT, 1000, 0xfe8fa3e8 | 0xc0000000},
		{AGX_FORMAT_S8_UINT, 300, 0xff},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union agx_texel texel;
		uint32_t words[4] = {0};

		for (unsigned int c = 0; c < 4; c++)
			texel.i[c] = cases[i].value;
		assert_int_equal(agx_format_pack(cases[i].format, &texel, words), 0);
		assert_int_equal(words[0], cases[i].word);
	}
}

/* Results do not depend on the rounding mode that a caller left behind. */
static void rounding_is_the_same_in_every_mode(void **state)
{
	static const int modes[] = {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};

	(void)state;
	for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		seed = 5;
		for (unsigned int i = 0; i < 2000; i++) {
			const float value = draw_value(i);
			const enum agx_format formats[] = {
				AGX_FORMAT_R16_UNORM, AGX_FORMAT_R8_SNORM,
				AGX_FORMAT_R11G11B10_FLOAT, AGX_FORMAT_R16_FLOAT};
			union agx_texel texel = {.f = {value, value, value, value}};

			for (size_t f = 0; f < 4; f++) {
				uint32_t here = 0, there = 0;

				agx_format_pack(formats[f], &texel, &here);
				fesetround(modes[m]);
				agx_format_pack(formats[f], &texel, &there);
				fesetround(FE_TONEAREST);
				assert_int_equal(here, there);
			}
		}
	}
}

/* The modelled GPU reads and writes texels by code of its own: both mean the same. */
static void the_modelled_gpu_means_the_same(void **state)
{
	(void)state;
	seed = 6;
	for (unsigned int f = 1; f < AGX_FORMATS; f++) {
		const struct lib_format *entry = lib_format((enum agx_format)f);
		struct agx_texel_format format;

		if (!entry || entry->kind == LIB_KIND_BLOCKS)
			continue;
		format = (struct agx_texel_format){entry->channels, entry->type, entry->info.srgb};
		assert_null(agx_texel_refuse_read(&format));
		for (unsigned int i = 0; i < 5000; i++) {
			uint8_t memory[16], written[16] = {0}, expected[16] = {0};
			uint32_t rgba[4], stored[4] = {0};
			union agx_texel texel;

			for (unsigned int b = 0; b < 16; b += 4) {
				const uint32_t word = draw();

				memcpy(memory + b, &word, 4);
			}
			agx_texel_decode(&format, memory, 0, 0, rgba);
			agx_format_unpack((enum agx_format)f, memory, &texel);
			for (unsigned int c = 0; c < entry->info.components; c++) {
				const uint32_t got = texel.u[entry->place[c]];

				if (got != rgba[c] &&
				    !(isnan(as_float(got)) && isnan(as_float(rgba[c]))))
					fail_msg("%s, component %u: %#x, the GPU reads %#x",
						 entry->info.name, c, got, rgba[c]);
			}
			if (!entry->info.stored)
				continue;
			for (unsigned int c = 0; c < 4; c++)
				texel.f[c] = draw_value(i + c);
			if (entry->info.integer) {
				for (unsigned int c = 0; c < 4; c++)
					texel.u[c] = draw() >> draw() % 32;
			}
			for (unsigned int c = 0; c < entry->info.components; c++)
				stored[c] = texel.u[entry->place[c]];
			agx_format_pack((enum agx_format)f, &texel, expected);
			agx_texel_encode(&format, stored, false, written);
			if (memcmp(written, expected, entry->info.bytes))
				fail_msg(
					"%s: %.9g %.9g %.9g %.9g (%#x ...): %#x..., the GPU writes "
					"%#x...",
					entry->info.name, (double)texel.f[0], (double)texel.f[1],
					(double)texel.f[2], (double)texel.f[3], texel.u[0],
					expected[0] | expected[1] << 8,
					written[0] | written[1] << 8);
		}
	}
}

static void the_table_agrees_with_that_of_descriptors(void **state)
{
	(void)state;
	for (unsigned int f = 1; f < AGX_FORMATS; f++) {
		const struct lib_format *entry = lib_format((enum agx_format)f);
		const struct agx_cs_channels_info *info;

		assert_non_null(entry);
		info = &agx_cs_channels_info[entry->channels];
		assert_int_equal(info->bits, 8 * entry->info.bytes);
		assert_int_equal(info->width, entry->info.width);
		assert_int_equal(info->height, entry->info.height);
		assert_int_equal(info->components, entry->info.components);
		assert_int_equal(entry->info.compressed, entry->kind == LIB_KIND_BLOCKS);
		assert_int_equal(entry->info.compressed, info->width > 1);
		if (entry->info.compressed || entry->kind == LIB_KIND_EXPONENT)
			continue;
		for (unsigned int c = 0; c < info->components; c++)
			assert_int_equal(info->component[c], entry->bits[c]);
	}
}

static void formats_are_found_by_name(void **state)
{
	(void)state;
	assert_null(agx_format_info(AGX_FORMAT_NONE));
	assert_null(agx_format_info(AGX_FORMATS));
	assert_null(agx_format_info((enum agx_format) - 1));
	assert_int_equal(agx_format_find("no such format"), AGX_FORMAT_NONE);
	assert_int_equal(agx_format_find(""), AGX_FORMAT_NONE);
	assert_int_equal(agx_format_find(NULL), AGX_FORMAT_NONE);
	for (unsigned int f = 1; f < AGX_FORMATS; f++)
		assert_int_equal(agx_format_find(agx_format_info((enum agx_format)f)->name), f);
	/* Part of the ABI. */
	assert_int_equal(agx_format_find("r8_unorm"), 1);
	assert_int_equal(agx_format_find("r8g8b8a8_unorm"), 9);
	assert_int_equal(agx_format_find("astc_4x4_unorm"), AGX_FORMATS - 1);
}

static void blocks_and_what_is_no_format_are_refused(void **state)
{
	uint8_t memory[16] = {0};
	union agx_texel texel = {0};

	(void)state;
	assert_int_equal(agx_format_unpack(AGX_FORMAT_BC1_UNORM, memory, &texel), -EINVAL);
	assert_int_equal(agx_format_pack(AGX_FORMAT_BC1_UNORM, &texel, memory), -EINVAL);
	assert_int_equal(agx_format_unpack(AGX_FORMAT_NONE, memory, &texel), -EINVAL);
	assert_int_equal(agx_format_pack(AGX_FORMATS, &texel, memory), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_unpacked_exactly),
		cmocka_unit_test(what_was_unpacked_packs_to_the_same),
		cmocka_unit_test(floats_are_packed_to_the_nearest_code),
		cmocka_unit_test(ties_go_to_even),
		cmocka_unit_test(shared_exponents_lose_as_little_as_possible),
		cmocka_unit_test(nan_is_zero_where_there_is_none),
		cmocka_unit_test(integers_are_clamped),
		cmocka_unit_test(rounding_is_the_same_in_every_mode),
		cmocka_unit_test(the_modelled_gpu_means_the_same),
		cmocka_unit_test(the_table_agrees_with_that_of_descriptors),
		cmocka_unit_test(formats_are_found_by_name),
		cmocka_unit_test(blocks_and_what_is_no_format_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
