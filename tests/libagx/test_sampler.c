// SPDX-License-Identifier: MIT
/* Samplers: each parameter in its field, what is refused, and colours beyond edges. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <agx/texture.h>

#include "agx_cs_pack.h"

static struct agx_cs_sampler init(const struct agx_sampler_params *params)
{
	struct agx_sampler sampler;
	struct agx_cs_sampler state;

	assert_int_equal(agx_sampler_init(NULL, params, &sampler), 0);
	agx_cs_sampler_unpack(&state, sampler.bytes);
	return state;
}

static void all_zero_reads_the_nearest_texel(void **state)
{
	const struct agx_cs_sampler s = init(&(struct agx_sampler_params){0});

	(void)state;
	assert_int_equal(s.magnify, AGX_CS_FILTER_NEAREST);
	assert_int_equal(s.minify, AGX_CS_FILTER_NEAREST);
	assert_int_equal(s.mip_filter, AGX_CS_MIP_FILTER_NONE);
	assert_int_equal(s.wrap_s, AGX_CS_WRAP_CLAMP_TO_EDGE);
	assert_true(s.minimum_lod == 0 && s.maximum_lod == 14);
	assert_int_equal(s.maximum_anisotropy, 1);
	assert_false(s.compare_enable || s.pixel_coordinates || s.seamful_cube_maps);
}

static void parameters_are_in_their_fields(void **state)
{
	const struct agx_sampler_params params = {
		.magnify = AGX_FILTER_LINEAR,
		.minify = AGX_FILTER_NEAREST,
		.mip = AGX_MIP_LINEAR,
		.wrap = {AGX_WRAP_MIRRORED_REPEAT, AGX_WRAP_CLAMP_TO_BORDER,
			 AGX_WRAP_MIRRORED_CLAMP_TO_EDGE},
		.border = AGX_BORDER_OPAQUE_WHITE,
		.min_lod = 1.5f,
		.max_lod = 3.25f,
		.anisotropy = 8,
		.compare = true,
		.compare_function = AGX_COMPARE_GREATER_EQUAL,
	};
	const struct agx_cs_sampler s = init(&params);

	(void)state;
	assert_int_equal(s.magnify, AGX_CS_FILTER_LINEAR);
	assert_int_equal(s.minify, AGX_CS_FILTER_NEAREST);
	assert_int_equal(s.mip_filter, AGX_CS_MIP_FILTER_LINEAR);
	assert_int_equal(s.wrap_s, AGX_CS_WRAP_MIRRORED_REPEAT);
	assert_int_equal(s.wrap_t, AGX_CS_WRAP_CLAMP_TO_BORDER);
	assert_int_equal(s.wrap_r, AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE);
	assert_int_equal(s.border_colour, AGX_CS_BORDER_COLOUR_OPAQUE_WHITE);
	assert_true(s.minimum_lod == 1.5f && s.maximum_lod == 3.25f);
	assert_int_equal(s.maximum_anisotropy, 8);
	assert_true(s.compare_enable);
	assert_int_equal(s.compare_func, AGX_CS_COMPARE_FUNC_GEQUAL);
}

/* Mesa's drivers have no levels in this way. */
static void pixels_are_of_the_first_level(void **state)
{
	const struct agx_cs_sampler s = init(&(struct agx_sampler_params){
		.pixel_coordinates = true, .magnify = AGX_FILTER_LINEAR});

	(void)state;
	assert_true(s.pixel_coordinates);
	assert_int_equal(s.magnify, AGX_CS_FILTER_LINEAR);
	assert_int_equal(s.mip_filter, AGX_CS_MIP_FILTER_NEAREST);
	assert_true(s.minimum_lod == 0 && s.maximum_lod == 0);
}

static void cube_maps_may_have_seams(void **state)
{
	(void)state;
	assert_true(
		init(&(struct agx_sampler_params){.seamful_cube_maps = true}).seamful_cube_maps);
}

static void comparisons_have_the_samplers_numbers(void **state)
{
	static const enum agx_cs_compare_func expected[] = {
		AGX_CS_COMPARE_FUNC_NEVER,   AGX_CS_COMPARE_FUNC_LESS,
		AGX_CS_COMPARE_FUNC_EQUAL,   AGX_CS_COMPARE_FUNC_LEQUAL,
		AGX_CS_COMPARE_FUNC_GREATER, AGX_CS_COMPARE_FUNC_NOT_EQUAL,
		AGX_CS_COMPARE_FUNC_GEQUAL,  AGX_CS_COMPARE_FUNC_ALWAYS,
	};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		const struct agx_sampler_params params = {.compare = true,
							  .compare_function = (enum agx_compare)i};

		assert_int_equal(init(&params).compare_func, expected[i]);
	}
}

static void borders_are_coded_as_texels(void **state)
{
	static const struct {
		enum agx_format format;
		float colour[4];
		uint32_t words[4];
	} cases[] = {
		{AGX_FORMAT_R8G8B8A8_UNORM, {0, 1, 0.5f, 2}, {0, 255, 128, 255}},
		{AGX_FORMAT_B8G8R8A8_UNORM, {0, 1, 0.5f, 2}, {128, 255, 0, 255}},
		{AGX_FORMAT_R8G8B8A8_SRGB, {1, 0.5f, 0, 0.5f}, {4095, 2048, 0, 128}},
		{AGX_FORMAT_R16_SNORM, {-1, 1, 1, 1}, {0x8001}},
		{AGX_FORMAT_R16G16_FLOAT, {1, -2, 1, 1}, {0x3c00, 0xc000}},
		{AGX_FORMAT_R32_FLOAT, {1, 0, 0, 0}, {0x3f800000}},
		{AGX_FORMAT_BC5_UNORM, {1, 0.5f, 1, 1}, {16383, 8192}},
		{AGX_FORMAT_BC7_UNORM, {1, 0, 1, 0}, {255, 0, 255, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_sampler_params params = {
			.wrap = {AGX_WRAP_CLAMP_TO_BORDER},
			.border = AGX_BORDER_CUSTOM,
			.border_format = cases[i].format,
		};
		struct agx_sampler sampler;
		struct agx_cs_sampler s;

		memcpy(params.border_colour.f, cases[i].colour, sizeof(cases[i].colour));
		assert_int_equal(agx_sampler_init(NULL, &params, &sampler), 0);
		agx_cs_sampler_unpack(&s, sampler.bytes);
		assert_true(sampler.custom_border);
		assert_int_equal(s.border_colour, AGX_CS_BORDER_COLOUR_CUSTOM);
		assert_memory_equal(sampler.border, cases[i].words, sizeof(sampler.border));
		/* Without an edge that shows it there is none. */
		params.wrap[0] = AGX_WRAP_REPEAT;
		assert_int_equal(agx_sampler_init(NULL, &params, &sampler), 0);
		assert_false(sampler.custom_border);
	}
}

static void what_the_hardware_does_not_have_is_refused(void **state)
{
	static const struct {
		const char *word;
		struct agx_sampler_params params;
	} cases[] = {
		{"magnify", {.magnify = (enum agx_filter)2}},
		{"magnify", {.minify = (enum agx_filter) - 1}},
		{"mip", {.mip = (enum agx_mip_filter)3}},
		{"wrap", {.wrap = {0, 0, (enum agx_wrap)5}}},
		{"wrap", {.wrap = {AGX_WRAP_REPEAT}, .pixel_coordinates = true}},
		{"border", {.border = (enum agx_border)4}},
		{"border_format",
		 {.wrap = {AGX_WRAP_CLAMP_TO_BORDER}, .border = AGX_BORDER_CUSTOM}},
		{"border_format",
		 {.wrap = {AGX_WRAP_CLAMP_TO_BORDER},
		  .border = AGX_BORDER_CUSTOM,
		  .border_format = AGX_FORMAT_ASTC_4X4_UNORM}},
		{"compare", {.compare = true, .compare_function = (enum agx_compare)8}},
		{"lod", {.min_lod = -1}},
		{"lod", {.min_lod = 15}},
		{"lod", {.max_lod = NAN}},
		{"max_lod", {.min_lod = 3, .max_lod = 2}},
		{"anisotropy", {.anisotropy = 3}},
		{"anisotropy", {.anisotropy = 32}},
		{"pixel_coordinates", {.pixel_coordinates = true, .anisotropy = 2}},
		{"pixel_coordinates", {.pixel_coordinates = true, .mip = AGX_MIP_NEAREST}},
		{"pixel_coordinates", {.pixel_coordinates = true, .min_lod = 1}},
		{"pixel_coordinates", {.pixel_coordinates = true, .max_lod = 1}},
	};
	struct agx_context *ctx;

	(void)state;
	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_sampler sampler;

		if (agx_sampler_init(ctx, &cases[i].params, &sampler) != -EINVAL)
			fail_msg("case %zu (%s) is not refused", i, cases[i].word);
		assert_non_null(strstr(agx_error(ctx), cases[i].word));
	}
	agx_context_destroy(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_zero_reads_the_nearest_texel),
		cmocka_unit_test(parameters_are_in_their_fields),
		cmocka_unit_test(pixels_are_of_the_first_level),
		cmocka_unit_test(cube_maps_may_have_seams),
		cmocka_unit_test(comparisons_have_the_samplers_numbers),
		cmocka_unit_test(borders_are_coded_as_texels),
		cmocka_unit_test(what_the_hardware_does_not_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
