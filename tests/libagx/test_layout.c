// SPDX-License-Identifier: MIT
/*
 * Layouts: against sizes that Metal allocates, against the order of texels found bit by bit, and against what the
 * modelled GPU makes of a descriptor. Copies: against single texels.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <agx/layout.h>

#include "format_table.h"
#include "layout.h" /* the modelled GPU's */
#include "metal_layouts.h"

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 32) % below);
}

static void init(struct agx_layout *layout, const struct agx_layout_params *params)
{
	const char *why;

	if (agx_layout_init(layout, params, &why))
		fail_msg("%s", why);
}

static void sizes_are_those_that_metal_allocates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(metal_sizes) / sizeof(metal_sizes[0]); i++) {
		const struct metal_size *m = &metal_sizes[i];
		const struct agx_layout_params params = {
			.format = m->format,
			.dimension = AGX_DIMENSION_2D,
			.tiling = AGX_TILING_TWIDDLED,
			.width = m->width,
			.height = m->height,
			.layers = m->layers,
			.levels = m->levels,
			.samples = m->samples,
		};
		struct agx_layout layout;

		init(&layout, &params);
		if (layout.size != m->size)
			fail_msg("%s, %ux%u, %u layers, %u levels, %u samples: 0x%llx bytes, "
				 "expected 0x%llx",
				 agx_format_info(m->format)->name, m->width, m->height, m->layers,
				 m->levels, m->samples, (unsigned long long)layout.size,
				 (unsigned long long)m->size);
	}
}

static void levels_are_where_metal_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(metal_miptrees) / sizeof(metal_miptrees[0]); i++) {
		const struct metal_miptree *m = &metal_miptrees[i];
		const struct agx_layout_params params = {
			.format = m->format,
			.dimension = AGX_DIMENSION_2D,
			.tiling = AGX_TILING_TWIDDLED,
			.width = m->width,
			.height = m->height,
			.levels = m->levels,
		};
		struct agx_layout layout;

		init(&layout, &params);
		for (unsigned int l = 0; l < m->levels; l++) {
			if (layout.level[l].offset != m->offset[l])
				fail_msg("%s, %ux%u, level %u: at 0x%llx, expected 0x%llx",
					 agx_format_info(m->format)->name, m->width, m->height, l,
					 (unsigned long long)layout.level[l].offset,
					 (unsigned long long)m->offset[l]);
		}
	}
}

/* Mesa, src/asahi/layout/tests/test-layout.cpp: layers, faces, slices, and part of the levels. */
static void layers_are_as_far_apart_as_published(void **state)
{
	static const struct {
		struct agx_layout_params params;
		uint64_t layer_stride, size;
		uint64_t offset[5];
		bool pages;
	} cases[] = {
		{{.format = AGX_FORMAT_R8G8B8A8_UNORM,
		  .dimension = AGX_DIMENSION_CUBE,
		  .width = 512,
		  .height = 512,
		  .layers = 6},
		 0x100000,
		 0x600000,
		 {0},
		 false},
		{{.format = AGX_FORMAT_R32_FLOAT,
		  .dimension = AGX_DIMENSION_CUBE,
		  .width = 63,
		  .height = 63,
		  .layers = 6,
		  .levels = 6},
		 0x8000,
		 0x30000,
		 {0, 0x4000, 0x5000, 0x5400, 0x5500},
		 true},
		{{.format = AGX_FORMAT_R8G8B8A8_UINT,
		  .dimension = AGX_DIMENSION_2D,
		  .width = 1024,
		  .height = 1024,
		  .levels = 11},
		 0x555680,
		 0x555680,
		 {0},
		 false},
		{{.format = AGX_FORMAT_R8G8B8A8_UINT,
		  .dimension = AGX_DIMENSION_2D,
		  .width = 1024,
		  .height = 1024,
		  .levels = 4},
		 0x555680,
		 0x555680,
		 {0},
		 false},
		{{.format = AGX_FORMAT_R32_FLOAT,
		  .dimension = AGX_DIMENSION_2D,
		  .width = 32,
		  .height = 16,
		  .layers = 64,
		  .levels = 4},
		 0xc00,
		 0x30000,
		 {0},
		 false},
		{{.format = AGX_FORMAT_R32_FLOAT,
		  .dimension = AGX_DIMENSION_3D,
		  .width = 32,
		  .height = 16,
		  .depth = 64,
		  .levels = 4},
		 0xc80,
		 0x32000,
		 {0},
		 false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_layout_params params = cases[i].params;
		struct agx_layout layout;

		params.tiling = AGX_TILING_TWIDDLED;
		init(&layout, &params);
		assert_int_equal(layout.layer_stride, cases[i].layer_stride);
		assert_int_equal(layout.size, cases[i].size);
		assert_int_equal(layout.page_aligned_layers, cases[i].pages);
		for (unsigned int l = 1; l < 5 && cases[i].offset[l]; l++)
			assert_int_equal(layout.level[l].offset, cases[i].offset[l]);
	}
}

static uint32_t longest_of(const struct agx_layout_params *p)
{
	uint32_t longest = p->width > p->height ? p->width : p->height;

	return p->dimension == AGX_DIMENSION_3D && p->depth > longest ? p->depth : longest;
}

/* Parameters that nothing is to be said against. */
static struct agx_layout_params draw_params(uint32_t limit)
{
	const struct agx_format_info *format;
	struct agx_layout_params p = {.tiling = AGX_TILING_TWIDDLED};
	uint32_t levels = 0;

	p.format = (enum agx_format)(1 + draw(AGX_FORMATS - 1));
	format = agx_format_info(p.format);
	p.dimension = (enum agx_dimension)draw(4);
	if (p.dimension == AGX_DIMENSION_1D && format->compressed)
		p.dimension = AGX_DIMENSION_2D;
	p.width = 1 + draw(1 + draw(limit));
	p.height = p.dimension == AGX_DIMENSION_1D ? 1 : 1 + draw(1 + draw(limit));
	p.depth = p.layers = p.samples = 1;
	if (p.dimension == AGX_DIMENSION_CUBE) {
		p.height = p.width;
		p.layers = 6 * (1 + draw(2));
	} else if (p.dimension == AGX_DIMENSION_3D) {
		p.depth = 1 + draw(9);
	} else {
		p.layers = 1 + draw(3);
	}
	if (p.dimension == AGX_DIMENSION_2D && !format->compressed && !draw(4))
		p.samples = 2 << draw(2);
	while (longest_of(&p) >> levels)
		levels++;
	p.levels = p.samples > 1 ? 1 : 1 + draw(levels);
	p.writeable = !format->compressed && draw(2);
	if (p.dimension < AGX_DIMENSION_3D && p.levels == 1 && p.samples == 1 &&
	    !format->compressed && !draw(3)) {
		p.tiling = AGX_TILING_LINEAR;
		if (draw(2))
			p.pitch = ((p.width * format->bytes + 15) & ~15u) + 16 * draw(9);
	}
	return p;
}

/* Position in a tile, in elements: bits of x and y by turns, x first. */
static uint64_t weave(uint32_t x, uint32_t y, uint32_t tile_width, uint32_t tile_height)
{
	uint64_t woven = 0, weight = 1;

	for (; tile_width > 1 || tile_height > 1; tile_width /= 2, tile_height /= 2) {
		if (tile_width > 1) {
			woven += x % 2 * weight;
			weight *= 2;
			x /= 2;
		}
		if (tile_height > 1) {
			woven += y % 2 * weight;
			weight *= 2;
			y /= 2;
		}
		tile_width = tile_width ? tile_width : 1;
		tile_height = tile_height ? tile_height : 1;
	}
	return woven;
}

static uint64_t expected_offset(const struct agx_layout *layout, unsigned int level,
				unsigned int layer, uint32_t x, uint32_t y, uint32_t z,
				unsigned int sample)
{
	const struct agx_layout_params *p = &layout->params;
	const struct agx_layout_level *l = &layout->level[level];
	const struct agx_format_info *format = agx_format_info(p->format);
	const uint64_t start = l->offset + (layer + z) * layout->layer_stride;
	uint64_t tile;

	x /= format->width;
	y /= format->height;
	if (p->tiling == AGX_TILING_LINEAR)
		return start + (uint64_t)y * layout->pitch + x * format->bytes;
	tile = (uint64_t)(y / l->tile_height) * l->tiles_per_row + x / l->tile_width;
	tile *= l->tile_width * l->tile_height;
	tile += weave(x % l->tile_width, y % l->tile_height, l->tile_width, l->tile_height);
	return start + (tile * p->samples + sample) * format->bytes;
}

static void offsets_are_those_found_bit_by_bit(void **state)
{
	(void)state;
	seed = 1;
	for (unsigned int round = 0; round < 4000; round++) {
		const struct agx_layout_params params = draw_params(700);
		struct agx_layout layout;

		init(&layout, &params);
		for (unsigned int i = 0; i < 24; i++) {
			const unsigned int level = draw(params.levels);
			const unsigned int layer = draw(params.layers);
			const unsigned int sample = draw(params.samples);
			const struct agx_layout_level *l = &layout.level[level];
			const uint32_t x = draw(l->width), y = draw(l->height);
			const uint32_t z = draw(l->depth);
			const uint64_t at =
				agx_layout_offset(&layout, level, layer, x, y, z, sample);

			assert_int_equal(at,
					 expected_offset(&layout, level, layer, x, y, z, sample));
			assert_true(at + agx_format_info(params.format)->bytes <= layout.size);
		}
	}
}

/* No element shares a byte with another, and none is outside of its level. */
static void elements_do_not_overlap(void **state)
{
	(void)state;
	seed = 2;
	for (unsigned int round = 0; round < 300; round++) {
		const struct agx_layout_params params = draw_params(90);
		const struct agx_format_info *format = agx_format_info(params.format);
		struct agx_layout layout;
		uint8_t *taken;

		init(&layout, &params);
		taken = calloc(1, layout.size);
		assert_non_null(taken);
		for (unsigned int level = 0; level < params.levels; level++) {
			const struct agx_layout_level *l = &layout.level[level];
			const uint32_t elements =
				((l->width + format->width - 1) / format->width) *
				((l->height + format->height - 1) / format->height) * l->depth *
				params.layers * params.samples;
			const uint32_t across = (l->width + format->width - 1) / format->width;
			const uint32_t down = (l->height + format->height - 1) / format->height;

			for (uint32_t i = 0; i < elements; i++) {
				const uint32_t x = i % across, y = i / across % down;
				uint32_t rest = i / across / down;
				const uint32_t z = rest % l->depth;
				const unsigned int layer = rest / l->depth % params.layers;
				const unsigned int sample = rest / l->depth / params.layers;
				const uint64_t at =
					agx_layout_offset(&layout, level, layer, x * format->width,
							  y * format->height, z, sample);
				const uint64_t start =
					(layer + z) * layout.layer_stride + l->offset;

				assert_int_equal(at % format->bytes, 0);
				assert_true(at >= start && at + format->bytes <= start + l->size);
				for (unsigned int b = 0; b < format->bytes; b++)
					assert_int_equal(taken[at + b]++, 0);
			}
		}
		free(taken);
	}
}

/* What the texture unit is told: enough for it to find all texels. */
static struct agx_cs_texture describe(const struct agx_layout *layout)
{
	const struct agx_layout_params *p = &layout->params;
	const struct lib_format *format = lib_format(p->format);
	struct agx_cs_texture t;

	agx_cs_texture_init(&t);
	t.width = p->width;
	t.height = p->height;
	t.channels = format->channels;
	t.type = format->type;
	t.first_level = 0;
	t.last_level = p->levels - 1;
	t.mipmapped = p->levels > 1;
	switch (p->dimension) {
	case AGX_DIMENSION_1D:
		t.dimension = AGX_CS_TEXTURE_DIMENSION_1D_ARRAY;
		break;
	case AGX_DIMENSION_2D:
		t.dimension = p->samples > 1 ? AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED
					     : AGX_CS_TEXTURE_DIMENSION_2D_ARRAY;
		break;
	case AGX_DIMENSION_3D:
		t.dimension = AGX_CS_TEXTURE_DIMENSION_3D;
		break;
	default:
		t.dimension = AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY;
		break;
	}
	t.samples = p->samples == 4 ? AGX_CS_SAMPLE_COUNT_SAMPLES_4 : AGX_CS_SAMPLE_COUNT_SAMPLES_2;
	if (p->tiling == AGX_TILING_LINEAR) {
		t.layout = AGX_CS_LAYOUT_LINEAR;
		t.stride = layout->pitch;
		t.extended = true;
		t.depth_linear = p->layers;
		t.layer_stride_linear = (uint32_t)layout->layer_stride;
	} else {
		t.layout = AGX_CS_LAYOUT_GPU;
		t.depth = p->dimension == AGX_DIMENSION_CUBE ? p->layers / 6 : p->layers * p->depth;
		t.page_aligned_layers = layout->page_aligned_layers;
	}
	return t;
}

static void the_modelled_gpu_finds_the_same_texels(void **state)
{
	(void)state;
	seed = 3;
	for (unsigned int round = 0; round < 6000; round++) {
		const struct agx_layout_params params = draw_params(round % 8 ? 600 : 16384);
		struct agx_cs_texture texture;
		struct agx_layout layout;
		struct agx_image image;
		const char *why;

		init(&layout, &params);
		texture = describe(&layout);
		if (agx_image_of_texture(&image, &texture, &why))
			fail_msg("%s", why);
		assert_int_equal(image.size, layout.size);
		assert_int_equal(image.layer_stride, layout.layer_stride);
		for (unsigned int i = 0; i < 16; i++) {
			const unsigned int level = draw(params.levels);
			const unsigned int layer = draw(params.layers);
			const unsigned int sample = draw(params.samples);
			const struct agx_layout_level *l = &layout.level[level];
			const uint32_t x = draw(l->width), y = draw(l->height);
			const uint32_t z = draw(l->depth);

			assert_true(agx_image_has(&image, x, y, layer + z, level, sample));
			assert_int_equal(agx_layout_offset(&layout, level, layer, x, y, z, sample),
					 agx_image_offset(&image, x, y, layer + z, level, sample));
		}
	}
}

static struct agx_region draw_region(const struct agx_layout *layout)
{
	const struct agx_layout_params *p = &layout->params;
	const struct agx_format_info *format = agx_format_info(p->format);
	struct agx_region r = {
		.level = draw(p->levels), .layer = draw(p->layers), .sample = draw(p->samples)};
	const struct agx_layout_level *l = &layout->level[r.level];

	r.x = draw(l->width) / format->width * format->width;
	r.y = draw(l->height) / format->height * format->height;
	r.z = draw(l->depth);
	r.width = draw(l->width - r.x + 1);
	r.height = draw(l->height - r.y + 1);
	r.depth = draw(l->depth - r.z + 1);
	if (r.x + r.width < l->width)
		r.width -= r.width % format->width;
	if (r.y + r.height < l->height)
		r.height -= r.height % format->height;
	return r;
}

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)draw(256);
}

/* Stores a box texel by texel, then at once; loads it back into rows with untouched gaps. */
static void copies_are_those_of_single_texels(void **state)
{
	(void)state;
	seed = 4;
	for (unsigned int round = 0; round < 1200; round++) {
		const struct agx_layout_params params = draw_params(round % 4 ? 40 : 170);
		const struct agx_format_info *format = agx_format_info(params.format);
		const unsigned int bytes = format->bytes;
		uint8_t *image, *expected, *rows, *loaded, *gaps;
		uint32_t width, height, depth;
		const struct agx_layout_level *l;
		struct agx_layout layout;
		struct agx_region r;
		size_t pitch, slice, total;

		init(&layout, &params);
		r = draw_region(&layout);
		l = &layout.level[r.level];
		width = r.width ? r.width : l->width - r.x;
		height = r.height ? r.height : l->height - r.y;
		depth = r.depth ? r.depth : l->depth - r.z;
		width = (width + format->width - 1) / format->width;
		height = (height + format->height - 1) / format->height;
		pitch = width * bytes + draw(3) * 5;
		slice = pitch * height + draw(2) * 7;
		total = slice * depth;

		image = malloc(layout.size);
		expected = malloc(layout.size);
		rows = malloc(total);
		loaded = malloc(total);
		gaps = malloc(total);
		assert_true(image && expected && rows && loaded && gaps);
		fill(image, layout.size);
		memcpy(expected, image, layout.size);
		fill(rows, total);
		memset(loaded, 0xa5, total);
		memset(gaps, 0xa5, total);
		for (uint32_t z = 0; z < depth; z++) {
			for (uint32_t y = 0; y < height; y++) {
				for (uint32_t x = 0; x < width; x++) {
					const size_t at = z * slice + y * pitch + x * bytes;

					memcpy(expected + expected_offset(&layout, r.level, r.layer,
									  r.x + x * format->width,
									  r.y + y * format->height,
									  r.z + z, r.sample),
					       rows + at, bytes);
					memcpy(gaps + at, rows + at, bytes);
				}
			}
		}
		assert_int_equal(
			agx_layout_store(&layout, image, layout.size, &r, rows, pitch, slice), 0);
		assert_memory_equal(image, expected, layout.size);
		assert_int_equal(
			agx_layout_load(&layout, image, layout.size, &r, loaded, pitch, slice), 0);
		assert_memory_equal(loaded, gaps, total);
		free(image);
		free(expected);
		free(rows);
		free(loaded);
		free(gaps);
	}
}

static void packed_rows_need_no_pitch(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R16_UINT,
						 .dimension = AGX_DIMENSION_3D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 5,
						 .height = 3,
						 .depth = 2};
	const struct agx_region all = {0};
	uint16_t rows[2][3][5], back[2][3][5];
	struct agx_layout layout;
	uint8_t image[1024];

	(void)state;
	init(&layout, &params);
	assert_true(layout.size <= sizeof(image));
	fill((uint8_t *)rows, sizeof(rows));
	assert_int_equal(agx_layout_store(&layout, image, sizeof(image), &all, rows, 0, 0), 0);
	for (uint32_t z = 0; z < 2; z++) {
		for (uint32_t y = 0; y < 3; y++) {
			for (uint32_t x = 0; x < 5; x++)
				assert_memory_equal(
					image + agx_layout_offset(&layout, 0, 0, x, y, z, 0),
					&rows[z][y][x], 2);
		}
	}
	assert_int_equal(agx_layout_load(&layout, image, sizeof(image), &all, back, 0, 0), 0);
	assert_memory_equal(rows, back, sizeof(rows));
}

static void copies_outside_are_refused(void **state)
{
	static const struct {
		struct agx_region region;
		size_t pitch, slice;
	} cases[] = {
		{{.level = 3}, 0, 0},   {{.level = 16}, 0, 0},
		{{.level = ~0u}, 0, 0}, {{.layer = 2}, 0, 0},
		{{.layer = ~0u}, 0, 0}, {{.sample = 1}, 0, 0},
		{{.x = 40}, 0, 0},      {{.x = ~0u - 3}, 0, 0},
		{{.y = 24}, 0, 0},      {{.z = 1}, 0, 0},
		{{.width = 41}, 0, 0},  {{.x = 4, .width = ~0u}, 0, 0},
		{{.height = 25}, 0, 0}, {{.depth = 2}, 0, 0},
		{{.x = 2}, 0, 0},      /* not at a block */
		{{.y = 1}, 0, 0},      /* likewise */
		{{.width = 6}, 0, 0},  /* ends within a block */
		{{.height = 5}, 0, 0}, /* likewise */
		{{0}, 79, 0},          /* ten blocks of eight bytes */
		{{0}, 80, 479},        /* six rows of them */
		{{0}, (size_t)-1, 0},  /* beyond all memory */
	};
	const struct agx_layout_params params = {.format = AGX_FORMAT_BC1_UNORM,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 40,
						 .height = 24,
						 .layers = 2,
						 .levels = 3};
	const struct agx_region all = {0};
	struct agx_layout layout;
	uint8_t *image, rows[480] = {0};

	(void)state;
	init(&layout, &params);
	image = calloc(1, layout.size);
	assert_non_null(image);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(agx_layout_store(&layout, image, layout.size, &cases[i].region,
						  rows, cases[i].pitch, cases[i].slice),
				 -EINVAL);
		assert_int_equal(agx_layout_load(&layout, image, layout.size, &cases[i].region,
						 rows, cases[i].pitch, cases[i].slice),
				 -EINVAL);
	}
	assert_int_equal(agx_layout_store(&layout, image, layout.size - 1, &all, rows, 0, 0),
			 -EINVAL);
	assert_int_equal(agx_layout_store(&layout, image, layout.size, &all, rows, 0, 0), 0);
	free(image);
}

static void what_the_hardware_does_not_have_is_refused(void **state)
{
#define IMAGE(...)                                                                    \
	{                                                                             \
		.format = AGX_FORMAT_R8G8B8A8_UNORM, .dimension = AGX_DIMENSION_2D,   \
		.tiling = AGX_TILING_TWIDDLED, .width = 64, .height = 32, __VA_ARGS__ \
	}
	static const struct {
		const char *word; /* that the reason begins with */
		struct agx_layout_params params;
	} cases[] = {
		{"format", {.width = 1}},
		{"format", {.format = AGX_FORMATS}},
		{"dimension", {.format = AGX_FORMAT_R8_UINT, .dimension = (enum agx_dimension)4}},
		{"tiling", {.format = AGX_FORMAT_R8_UINT, .tiling = (enum agx_tiling)2}},
		{"width", {.format = AGX_FORMAT_R8_UINT, .width = 16385}},
		{"width", {.format = AGX_FORMAT_R8_UINT, .width = ~0u}},
		{"width", {.format = AGX_FORMAT_R8_UINT, .depth = ~0u}},
		{"layers", IMAGE(.layers = 2049)},
		{"samples", IMAGE(.samples = 3)},
		{"samples", IMAGE(.samples = 8)},
		{"samples", IMAGE(.samples = 4, .levels = 2)},
		{"height", {.format = AGX_FORMAT_R8_UINT, .width = 64, .height = 2}},
		{"depth", IMAGE(.depth = 2)},
		{"levels", IMAGE(.levels = 8)},
		{"levels", IMAGE(.levels = ~0u)},
		{"pitch", IMAGE(.pitch = 256)},
		{"layers",
		 {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_3D, .layers = 2}},
		{"layers",
		 {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_CUBE, .layers = 5}},
		{"layers",
		 {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_CUBE, .width = 2}},
		{"samples",
		 {.format = AGX_FORMAT_BC1_UNORM, .dimension = AGX_DIMENSION_2D, .samples = 2}},
		{"format", {.format = AGX_FORMAT_BC1_UNORM, .width = 64}},
		{"format", {.format = AGX_FORMAT_BC1_UNORM, .dimension = AGX_DIMENSION_2D}},
		{"writeable",
		 {.format = AGX_FORMAT_BC7_UNORM,
		  .dimension = AGX_DIMENSION_2D,
		  .tiling = AGX_TILING_TWIDDLED,
		  .writeable = true}},
		{"levels", {.format = AGX_FORMAT_R8_UINT, .width = 64, .levels = 2}},
		{"samples",
		 {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_2D, .samples = 2}},
		{"dimension", {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_3D}},
		{"dimension", {.format = AGX_FORMAT_R8_UINT, .dimension = AGX_DIMENSION_CUBE}},
		{"pitch", {.format = AGX_FORMAT_R8_UINT, .width = 64, .pitch = 72}},
		{"pitch", {.format = AGX_FORMAT_R8_UINT, .width = 64, .pitch = 48}},
		{"pitch", {.format = AGX_FORMAT_R8_UINT, .pitch = 0x200010}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct agx_layout layout;
		const char *why = NULL;

		if (agx_layout_init(&layout, &cases[i].params, &why) != -EINVAL)
			fail_msg("case %zu (%s) is not refused", i, cases[i].word);
		assert_non_null(why);
		if (strncmp(why, cases[i].word, strlen(cases[i].word)))
			fail_msg("case %zu (%s) is refused for another reason: %s", i,
				 cases[i].word, why);
		assert_int_equal(agx_layout_init(&layout, &cases[i].params, NULL), -EINVAL);
	}
}

static void images_beyond_all_addresses_are_refused(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R32G32B32A32_FLOAT,
						 .dimension = AGX_DIMENSION_2D,
						 .tiling = AGX_TILING_TWIDDLED,
						 .width = 16384,
						 .height = 16384,
						 .layers = 2048};
	struct agx_layout layout;
	const char *why;

	(void)state;
	assert_int_equal(agx_layout_init(&layout, &params, &why), -E2BIG);
	assert_non_null(why);
}

static void zeroes_stand_for_the_least(void **state)
{
	const struct agx_layout_params params = {.format = AGX_FORMAT_R8_UINT,
						 .dimension = AGX_DIMENSION_CUBE,
						 .tiling = AGX_TILING_TWIDDLED};
	const struct agx_layout_params row = {.format = AGX_FORMAT_R8G8B8A8_UNORM, .width = 33};
	struct agx_layout layout;

	(void)state;
	init(&layout, &params);
	assert_int_equal(layout.params.width, 1);
	assert_int_equal(layout.params.height, 1);
	assert_int_equal(layout.params.depth, 1);
	assert_int_equal(layout.params.layers, 6);
	assert_int_equal(layout.params.levels, 1);
	assert_int_equal(layout.params.samples, 1);
	assert_int_equal(layout.size, 6 * 128);
	init(&layout, &row);
	assert_int_equal(layout.pitch, 256);
	assert_int_equal(layout.size, 256);
}

/* Layers that are written begin at pages, and nothing else of the layout changes. */
static void written_layers_begin_at_pages(void **state)
{
	(void)state;
	seed = 5;
	for (unsigned int round = 0; round < 500; round++) {
		struct agx_layout_params params = draw_params(200);
		struct agx_layout written, read;

		if (params.tiling == AGX_TILING_LINEAR ||
		    agx_format_info(params.format)->compressed)
			continue;
		params.writeable = true;
		init(&written, &params);
		params.writeable = false;
		init(&read, &params);
		assert_true(written.page_aligned_layers);
		assert_int_equal(written.layer_stride % 0x4000, 0);
		assert_true(written.layer_stride - read.layer_stride < 0x4000);
		assert_memory_equal(written.level, read.level, sizeof(read.level));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_those_that_metal_allocates),
		cmocka_unit_test(levels_are_where_metal_has_them),
		cmocka_unit_test(layers_are_as_far_apart_as_published),
		cmocka_unit_test(offsets_are_those_found_bit_by_bit),
		cmocka_unit_test(elements_do_not_overlap),
		cmocka_unit_test(the_modelled_gpu_finds_the_same_texels),
		cmocka_unit_test(copies_are_those_of_single_texels),
		cmocka_unit_test(packed_rows_need_no_pitch),
		cmocka_unit_test(copies_outside_are_refused),
		cmocka_unit_test(what_the_hardware_does_not_have_is_refused),
		cmocka_unit_test(images_beyond_all_addresses_are_refused),
		cmocka_unit_test(zeroes_stand_for_the_least),
		cmocka_unit_test(written_layers_begin_at_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
