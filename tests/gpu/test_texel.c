// SPDX-License-Identifier: MIT
/* Values of texels, against tables made with exact rationals (texel_vectors.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "numeric.h"
#include "texel.h"
#include "texel_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct agx_texel_format format_of(const struct texel_vector *v)
{
	return (struct agx_texel_format){
		.channels = (enum agx_cs_channels)v->channels,
		.type = (enum agx_cs_texture_type)v->type,
		.srgb = v->srgb,
	};
}

static void test_reads(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(texel_reads); i++) {
		const struct texel_vector *v = &texel_reads[i];
		const struct agx_texel_format format = format_of(v);
		uint32_t rgba[4];

		if (agx_texel_refuse_read(&format))
			fail_msg("vector %u: refused: %s", i, agx_texel_refuse_read(&format));
		agx_texel_decode(&format, v->bytes, v->extra % 4, v->extra / 4, rgba);
		for (unsigned int c = 0; c < 4; c++)
			if (rgba[c] != v->rgba[c])
				fail_msg(
					"vector %u (%#x type %u srgb %u) component %u: %#x, not %#x",
					i, v->channels, v->type, v->srgb, c, rgba[c], v->rgba[c]);
	}
}

static void test_writes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(texel_writes); i++) {
		const struct texel_vector *v = &texel_writes[i];
		const struct agx_texel_format format = format_of(v);
		const unsigned int size = agx_cs_channels_info[v->channels].bits / 8;
		uint8_t bytes[AGX_TEXEL_BYTES];

		assert_null(agx_texel_refuse_write(&format));
		memset(bytes, 0xa5, sizeof(bytes));
		agx_texel_encode(&format, v->rgba, v->extra, bytes);
		for (unsigned int b = 0; b < size; b++)
			if (bytes[b] != v->bytes[b])
				fail_msg("vector %u (%#x type %u) byte %u: %#x, not %#x", i,
					 v->channels, v->type, b, bytes[b], v->bytes[b]);
		for (unsigned int b = size; b < sizeof(bytes); b++)
			assert_int_equal(bytes[b], 0xa5);
	}
}

/* What is read and written again is as before, where values have one form only. */
static void test_round_trip(void **state)
{
	unsigned int formats = 0;

	(void)state;
	for (unsigned int channels = 0; channels < 128; channels++)
		for (unsigned int type = 0; type < 8; type++)
			for (unsigned int srgb = 0; srgb < 2; srgb++) {
				const struct agx_texel_format format = {
					(enum agx_cs_channels)channels,
					(enum agx_cs_texture_type)type, srgb};
				const unsigned int size = agx_cs_channels_info[channels].bits / 8;
				uint32_t random = 7, rgba[4];
				uint8_t in[AGX_TEXEL_BYTES], out[AGX_TEXEL_BYTES];

				if (agx_texel_refuse_write(&format))
					continue;
				formats++;
				for (unsigned int i = 0; i < 2000; i++) {
					for (unsigned int b = 0; b < size; b++) {
						random = random * 1664525 + 1013904223;
						in[b] = (uint8_t)(random >> 24);
					}
					if (type == AGX_CS_TEXTURE_TYPE_SNORM ||
					    channels == AGX_CS_CHANNELS_R9G9B9E5)
						memset(in, (int)(i & 0x7f), size);
					if (channels == AGX_CS_CHANNELS_R9G9B9E5)
						in[1] = 0xff;
					agx_texel_decode(&format, in, 0, 0, rgba);
					agx_texel_encode(&format, rgba, i & 1, out);
					agx_texel_decode(&format, out, 0, 0, rgba);
					if (type == AGX_CS_TEXTURE_TYPE_FLOAT ||
					    type == AGX_CS_TEXTURE_TYPE_SNORM) {
						uint8_t again[AGX_TEXEL_BYTES];

						agx_texel_encode(&format, rgba, false, again);
						assert_memory_equal(out, again, size);
					} else {
						assert_memory_equal(in, out, size);
					}
				}
			}
	assert_int_equal(formats, 57);
}

static void test_packed(void **state)
{
	const struct agx_texel_format small = {AGX_CS_CHANNELS_R11G11B10, AGX_CS_TEXTURE_TYPE_FLOAT,
					       false};
	const struct agx_texel_format shared = {AGX_CS_CHANNELS_R9G9B9E5, AGX_CS_TEXTURE_TYPE_FLOAT,
						false};
	const uint32_t halves[4] = {0x3f000000, AGX_F32_ONE, 0xbf800000, 0};
	uint8_t bytes[4];

	(void)state;
	agx_texel_encode(&small, halves, false, bytes);
	assert_int_equal(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24,
			 14u << 6 | 15u << 17);
	agx_texel_encode(&shared, halves, false, bytes);
	assert_int_equal(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24,
			 128u | 256u << 9 | 16u << 27);
}

static void test_swizzle(void **state)
{
	const enum agx_cs_channel order[4] = {AGX_CS_CHANNEL_B, AGX_CS_CHANNEL_ONE,
					      AGX_CS_CHANNEL_ZERO, AGX_CS_CHANNEL_R};
	const uint32_t in[4] = {5, 6, 7, 8};
	uint32_t out[4];

	(void)state;
	agx_texel_swizzle(order, true, in, out);
	assert_int_equal(out[0], 7);
	assert_int_equal(out[1], 1);
	assert_int_equal(out[2], 0);
	assert_int_equal(out[3], 5);
	agx_texel_swizzle(order, false, in, out);
	assert_int_equal(out[1], AGX_F32_ONE);
}

static void test_refusals(void **state)
{
	static const struct {
		struct agx_texel_format format;
		const char *why;
	} refusals[] = {
		{{AGX_CS_CHANNELS_ASTC_6X6, AGX_CS_TEXTURE_TYPE_SNORM, false},
		 "a block format with a type that it does not have"},
		{{AGX_CS_CHANNELS_BC6H, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 "a block format with a type that it does not have"},
		{{AGX_CS_CHANNELS_BC7, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		 "a block format with a type that it does not have"},
		{{AGX_CS_CHANNELS_ASTC_4X4, AGX_CS_TEXTURE_TYPE_FLOAT, true},
		 "sRGB of other components than unorm"},
		{{AGX_CS_CHANNELS_PVRTC_2BPP, AGX_CS_TEXTURE_TYPE_UNORM, false}, "PVRTC"},
		{{AGX_CS_CHANNELS_R10G10B10A2, AGX_CS_TEXTURE_TYPE_XR, false},
		 "extended range (xr)"},
		{{AGX_CS_CHANNELS_R32, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 "normalized components of 32 bits"},
		{{AGX_CS_CHANNELS_R8, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		 "floats of other sizes than 16 and 32 bits"},
		{{(enum agx_cs_channels)0x7f, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 "channels with an unknown code"},
		{{AGX_CS_CHANNELS_R8G8B8A8, (enum agx_cs_texture_type)7, false},
		 "an unknown type of components"},
		{{AGX_CS_CHANNELS_R16, AGX_CS_TEXTURE_TYPE_UNORM, true},
		 "sRGB of other components than 8 bits"},
	};
	const struct agx_texel_format bc1 = {AGX_CS_CHANNELS_BC1, AGX_CS_TEXTURE_TYPE_UNORM, false};

	(void)state;
	for (unsigned int i = 0; i < COUNT(refusals); i++) {
		assert_non_null(agx_texel_refuse_read(&refusals[i].format));
		assert_string_equal(agx_texel_refuse_read(&refusals[i].format), refusals[i].why);
	}
	assert_null(agx_texel_refuse_read(&bc1));
	assert_string_equal(agx_texel_refuse_write(&bc1), "writes of block-compressed texels");
}

static void test_borders(void **state)
{
	static const struct {
		struct agx_texel_format format;
		uint32_t words[4], rgba[4];
	} cases[] = {
		/* All bits above a code's are dropped. */
		{{AGX_CS_CHANNELS_R8, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 {0xffffff33, 255, 255, 255},
		 {0x3e4ccccd, 0, 0, AGX_F32_ONE}}, /* 0.2 */
		{{AGX_CS_CHANNELS_R8G8B8A8, AGX_CS_TEXTURE_TYPE_SNORM, false},
		 {0x80, 0x81, 0x7f, 0},
		 {0xbf800000, 0xbf800000, AGX_F32_ONE, 0}},
		/* Linear, with four bits more. */
		{{AGX_CS_CHANNELS_R8G8B8A8, AGX_CS_TEXTURE_TYPE_UNORM, true},
		 {4095, 819, 0, 51},
		 {AGX_F32_ONE, 0x3e4ccccd, 0, 0x3e4ccccd}},
		{{AGX_CS_CHANNELS_BC3, AGX_CS_TEXTURE_TYPE_UNORM, true},
		 {819, 4095, 0, 51},
		 {0x3e4ccccd, AGX_F32_ONE, 0, 0x3e4ccccd}},
		{{AGX_CS_CHANNELS_BC1, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 {51, 255, 0, 255},
		 {0x3e4ccccd, AGX_F32_ONE, 0, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_EAC_R11, AGX_CS_TEXTURE_TYPE_SNORM, false},
		 {0x401, 1, 1, 1},
		 {0xbf800000, 0, 0, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_EAC_RG11, AGX_CS_TEXTURE_TYPE_UNORM, false},
		 {2047, 0, 1, 1},
		 {AGX_F32_ONE, 0, 0, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_BC5, AGX_CS_TEXTURE_TYPE_SNORM, false},
		 {0x1fff, 0x2001, 1, 1},
		 {AGX_F32_ONE, 0xbf800000, 0, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_BC6H, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		 {0x3c00, 0xc000, 0x3800, 0},
		 {AGX_F32_ONE, 0xc0000000, 0x3f000000, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_R11G11B10, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		 {0x3c00, 0x4000, 0x3800, 0},
		 {AGX_F32_ONE, 0x40000000, 0x3f000000, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_R32, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		 {0x3dcccccd, 1, 1, 1},
		 {0x3dcccccd, 0, 0, AGX_F32_ONE}},
		{{AGX_CS_CHANNELS_R10G10B10A2, AGX_CS_TEXTURE_TYPE_UINT, false},
		 {1023, 5, 0, 3},
		 {1023, 5, 0, 3}},
		{{AGX_CS_CHANNELS_R16G16, AGX_CS_TEXTURE_TYPE_SINT, false},
		 {0x8000, 5, 1, 1},
		 {0xffff8000, 5, 0, 1}},
	};
	static const struct agx_texel_format unknown[] = {
		{AGX_CS_CHANNELS_R9G9B9E5, AGX_CS_TEXTURE_TYPE_FLOAT, false},
		{AGX_CS_CHANNELS_ASTC_4X4, AGX_CS_TEXTURE_TYPE_UNORM, false},
		{AGX_CS_CHANNELS_R8, AGX_CS_TEXTURE_TYPE_FLOAT, false},
	};

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		uint32_t rgba[4];

		assert_null(agx_texel_refuse_border(&cases[i].format));
		agx_texel_decode_border(&cases[i].format, cases[i].words, rgba);
		for (unsigned int c = 0; c < 4; c++)
			if (rgba[c] != cases[i].rgba[c])
				fail_msg("case %u component %u: %#x, not %#x", i, c, rgba[c],
					 cases[i].rgba[c]);
	}
	for (unsigned int i = 0; i < COUNT(unknown); i++)
		assert_non_null(agx_texel_refuse_border(&unknown[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),      cmocka_unit_test(test_writes),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_packed),
		cmocka_unit_test(test_swizzle),    cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
