// SPDX-License-Identifier: MIT
/* Values as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cs_members.h"

static const struct agx_cs_field *field_of(enum agx_cs_id id, const char *name)
{
	const struct agx_cs_field *field = agx_cs_find_field(&agx_cs_structs[id], name);

	assert_non_null(field);
	return field;
}

static void expect(const struct agx_cs_field *field, uint64_t value, const char *text)
{
	char buf[AGX_CS_TEXT];

	assert_int_equal(agx_cs_print(field, value, buf), strlen(text));
	assert_string_equal(buf, text);
}

static void test_integers(void **state)
{
	const struct agx_cs_field *count = field_of(AGX_CS_ID_INDEX_LIST_COUNT, "count");
	const struct agx_cs_field *start = field_of(AGX_CS_ID_INDEX_LIST_START, "start");
	const struct agx_cs_field *address = field_of(AGX_CS_ID_TEXTURE, "address");
	const struct agx_cs_field *flag = field_of(AGX_CS_ID_TEXTURE, "srgb");
	uint8_t record[4] = {0xfe, 0xff, 0xff, 0xff};

	expect(count, 0, "0");
	expect(count, 4294967295, "4294967295");
	expect(count, UINT64_MAX, "18446744073709551615");
	expect(start, agx_cs_get(start, record), "-2");
	expect(start, 0x7fffffff, "2147483647");
	expect(start, 1ull << 63, "-9223372036854775808");
	expect(address, 0, "0x0");
	expect(address, 0x1100ab0010, "0x1100ab0010");
	expect(address, UINT64_MAX, "0xffffffffffffffff");
	expect(flag, 0, "false");
	expect(flag, 1, "true");
	assert_int_equal(agx_cs_form(count, 1), AGX_CS_FORM_NUMBER);
	assert_int_equal(agx_cs_form(flag, 1), AGX_CS_FORM_WORD);
	assert_int_equal(agx_cs_form(address, 1), AGX_CS_FORM_STRING);
}

static void test_fixed(void **state)
{
	const struct agx_cs_field *lod = field_of(AGX_CS_ID_SAMPLER, "maximum_lod");
	const struct agx_cs_field *width = field_of(AGX_CS_ID_FRAGMENT_FACE, "line_width");
	uint8_t record[4] = {0};
	char buf[AGX_CS_TEXT];

	expect(lod, 0, "0");
	expect(lod, 64 * 14, "14");
	expect(lod, 32, "0.5");
	expect(lod, 1, "0.015625");
	expect(lod, 64 + 63, "1.984375");
	expect(width, agx_cs_get(width, record), "0.0625");
	record[1] = 15;
	expect(width, agx_cs_get(width, record), "1");
	for (uint64_t value = 0; value < 1024; value++) {
		agx_cs_print(lod, value, buf);
		assert_true(strtod(buf, NULL) == (double)value / 64);
	}
}

static void test_floats(void **state)
{
	const struct agx_cs_field *z = field_of(AGX_CS_ID_SCISSOR, "min_z");
	const struct agx_cs_field *scale = field_of(AGX_CS_ID_VDM_TESSELLATION_SCALE, "scale");
	static const struct {
		float value;
		const char *text;
	} cases[] = {
		{0.0f, "0"},
		{-0.0f, "-0"},
		{1.0f, "1"},
		{-1.5f, "-1.5"},
		{400.0f, "400"},
		{0.1f, "0.1"},
		{1e-10f, "1e-10"},
		{1.0f / 3, "0.33333334"},
		{3.14159274f, "3.1415927"},
		{1e9f, "1e9"},
		{16777216.0f, "16777216"},
		{0.001f, "0.001"},
		{0.0001f, "0.0001"},
		{0.00001f, "1e-5"},
		{3.4028235e38f, "3.4028235e38"},
		{1.1754944e-38f, "1.1754944e-38"},
		{1e-45f, "1e-45"},
		{960.5f, "960.5"},
		{1.7320508f, "1.7320508"},
		{123456.79f, "123456.79"},
		{1e38f, "1e38"},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(z, agx_cs_bits_of_float(cases[i].value), cases[i].text);
	expect(z, 0x7f800000, "inf");
	expect(z, 0xff800000, "-inf");
	expect(z, 0x7fc00000, "nan(0x7fc00000)");
	expect(scale, 0x3c00, "1");
	expect(scale, 0x3800, "0.5");
	expect(scale, 0xfc00, "-inf");
	assert_int_equal(agx_cs_form(z, 0x3f800000), AGX_CS_FORM_NUMBER);
	assert_int_equal(agx_cs_form(z, 0x7f800000), AGX_CS_FORM_STRING);
	assert_int_equal(agx_cs_form(scale, 0x7c01), AGX_CS_FORM_STRING);
}

/* Whatever the float, its text reads back as it, and is as short as can be but for rare ties. */
static void test_floats_read_back(void **state)
{
	const struct agx_cs_field *z = field_of(AGX_CS_ID_SCISSOR, "min_z");
	struct cs_random random = {5};
	unsigned int longer = 0;

	for (unsigned int round = 0; round < 200000; round++) {
		const uint32_t bits = round < 4096 ? 0x00800000 + round - 2048
						   : (uint32_t)(cs_random(&random) >> 20);
		char buf[AGX_CS_TEXT], other[AGX_CS_TEXT];

		if ((bits & 0x7f800000) == 0x7f800000)
			continue;
		agx_cs_print(z, bits, buf);
		if (agx_cs_bits_of_float(strtof(buf, NULL)) != bits)
			fail_msg("%08x is printed as %s", bits, buf);
		for (int figures = 1; round % 8 == 0; figures++) {
			unsigned int count = 0;

			snprintf(other, sizeof(other), "%.*e", figures - 1,
				 (double)agx_cs_float(bits));
			if (agx_cs_bits_of_float(strtof(other, NULL)) != bits)
				continue;
			for (const char *at = buf; *at && *at != 'e'; at++)
				count += *at >= '0' && *at <= '9';
			/* zeros that hold a place are no figures */
			longer += strchr(buf, 'e') && count > (unsigned int)figures;
			break;
		}
	}
	assert_true(longer < 25);
}

static void test_enums(void **state)
{
	const struct agx_cs_field *primitive = field_of(AGX_CS_ID_INDEX_LIST, "primitive");

	expect(primitive, 6, "triangles");
	expect(primitive, 9, "triangle_strip");
	expect(primitive, 2, "unknown 2");
	expect(primitive, UINT64_MAX, "unknown 18446744073709551615");
	assert_int_equal(agx_cs_form(primitive, 6), AGX_CS_FORM_STRING);
	for (unsigned int id = 0; id < AGX_CS_IDS; id++)
		for (unsigned int i = 0; i < agx_cs_structs[id].field_count; i++) {
			const struct agx_cs_field *field = &agx_cs_structs[id].fields[i];
			const struct agx_cs_enum *values = agx_cs_field_enum(field);

			for (unsigned int k = 0; values && k < values->count; k++)
				expect(field, values->values[k].value, values->values[k].name);
		}
}

/* No value of any field needs more room than promised. */
static void test_room(void **state)
{
	struct cs_random random = {6};

	for (unsigned int id = 0; id < AGX_CS_IDS; id++)
		for (unsigned int i = 0; i < agx_cs_structs[id].field_count; i++)
			for (unsigned int round = 0; round < 100; round++) {
				const uint64_t value =
					cs_random(&random) >> cs_random(&random) % 64;
				char buf[AGX_CS_TEXT + 1];
				size_t length;

				buf[AGX_CS_TEXT] = '#';
				length = agx_cs_print(&agx_cs_structs[id].fields[i], value, buf);
				assert_true(length > 0 && length < AGX_CS_TEXT);
				assert_int_equal(strlen(buf), length);
				assert_int_equal(buf[AGX_CS_TEXT], '#');
			}
}

static void test_show(void **state)
{
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_TEXTURE];
	struct agx_cs_texture texture;
	uint8_t record[24];
	char buf[128];

	agx_cs_texture_init(&texture);
	texture.dimension = AGX_CS_TEXTURE_DIMENSION_2D;
	texture.width = 1024;
	texture.height = 768;
	texture.channels = AGX_CS_CHANNELS_R8G8B8A8;
	texture.layout = AGX_CS_LAYOUT_GPU;
	agx_cs_texture_pack(record, &texture);
	assert_int_equal(agx_cs_show(desc, record, buf, sizeof(buf)), 30);
	assert_string_equal(buf, "2d 1024x768 r8g8b8a8 unorm gpu");
	for (size_t size = 1; size < 40; size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(agx_cs_show(desc, record, buf, size),
				 size - 1 < 30 ? size - 1 : 30);
		assert_int_equal(buf[size], '#');
	}
	assert_int_equal(agx_cs_show(desc, record, buf, 0), 0);
	assert_true(agx_cs_shows(desc, field_of(AGX_CS_ID_TEXTURE, "width")));
	assert_false(agx_cs_shows(desc, field_of(AGX_CS_ID_TEXTURE, "srgb")));
	assert_false(agx_cs_shows(&agx_cs_structs[AGX_CS_ID_CULL],
				  field_of(AGX_CS_ID_CULL, "cull_front")));
	assert_int_equal(agx_cs_show(&agx_cs_structs[AGX_CS_ID_CULL], record, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

/* Channels: sizes that the texture unit's formats must have. */
static void test_channels(void **state)
{
	const struct agx_cs_enum *values = &agx_cs_enums[AGX_CS_ENUM_CHANNELS];
	unsigned int known = 0;

	for (unsigned int i = 0; i < 128; i++) {
		const struct agx_cs_channels_info *info = &agx_cs_channels_info[i];
		unsigned int sum = 0;

		assert_int_equal(info->bits != 0, agx_cs_value_name(values, i) != NULL);
		if (!info->bits)
			continue;
		known++;
		for (unsigned int k = 0; k < 4; k++) {
			sum += info->component[k];
			if (!info->compressed)
				assert_int_equal(info->component[k] != 0, k < info->components);
		}
		assert_int_equal(sum, info->compressed ? 0 : info->bits);
		assert_true(info->width && info->height && info->components);
	}
	assert_int_equal(known, values->count);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_R8G8B8A8].bits, 32);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_R5G6B5].component[1], 6);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_BC1].bits, 64);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_BC7].width, 4);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_ASTC_12X10].height, 10);
	assert_int_equal(agx_cs_channels_info[AGX_CS_CHANNELS_R32G32B32A32].bits, 128);
	assert_true(agx_cs_channels_info[AGX_CS_CHANNELS_R9G9B9E5].compressed);
	/* Of one component, but of blocks. */
	assert_true(agx_cs_channels_info[AGX_CS_CHANNELS_BC4].compressed);
	assert_true(agx_cs_channels_info[AGX_CS_CHANNELS_EAC_R11].compressed);
	assert_false(agx_cs_channels_info[AGX_CS_CHANNELS_R32].compressed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_floats),   cmocka_unit_test(test_floats_read_back),
		cmocka_unit_test(test_enums),    cmocka_unit_test(test_room),
		cmocka_unit_test(test_show),     cmocka_unit_test(test_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
