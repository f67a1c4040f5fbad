// SPDX-License-Identifier: MIT
/*
 * Layouts of images: against what Metal was seen to allocate (layout_cases.txt), against a slow computation
 * in Python (layout_vectors.py), and for what must hold of any image.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "layout_vectors.h"

static const char *cases_path;

static unsigned int channels_of(const char *name)
{
	const struct agx_cs_enum *channels = &agx_cs_enums[AGX_CS_ENUM_CHANNELS];

	if (!strcmp(name, "z32"))
		return AGX_CS_CHANNELS_R32;
	if (!strcmp(name, "s8"))
		return AGX_CS_CHANNELS_R8;
	for (unsigned int i = 0; i < channels->count; i++)
		if (!strcmp(channels->values[i].name, name))
			return channels->values[i].value;
	fail_msg("no channels of the name %s", name);
	return 0;
}

static struct agx_cs_texture texture_of(unsigned int channels, uint32_t width, uint32_t height,
					uint32_t layers, bool mipmapped, unsigned int samples)
{
	struct agx_cs_texture t;

	memset(&t, 0, sizeof(t));
	t.dimension = samples > 1 ? AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED
				  : AGX_CS_TEXTURE_DIMENSION_2D_ARRAY;
	t.layout = AGX_CS_LAYOUT_GPU;
	t.channels = (enum agx_cs_channels)channels;
	t.width = width;
	t.height = height;
	t.depth = layers;
	t.mipmapped = mipmapped;
	t.samples = samples == 4 ? AGX_CS_SAMPLE_COUNT_SAMPLES_4 : AGX_CS_SAMPLE_COUNT_SAMPLES_2;
	t.address = 0x1100000000;
	return t;
}

static void resolve(struct agx_image *image, const struct agx_cs_texture *texture)
{
	const char *why = NULL;

	if (agx_image_of_texture(image, texture, &why))
		fail_msg("refused: %s", why);
}

/* As the drivers do: layers of more than a page start at pages if there are levels. */
static void check_size(const char *line)
{
	char kind[8], name[32];
	unsigned int width, height, layers, levels, samples;
	uint64_t metadata, size;
	struct agx_cs_texture t;
	struct agx_image image;
	bool depth;

	assert_int_equal(sscanf(line, "%7s %31s %u %u %u %u %u %" SCNx64 " %" SCNx64, kind, name,
				&width, &height, &layers, &levels, &samples, &metadata, &size),
			 9);
	t = texture_of(channels_of(name), width, height, layers, levels > 1, samples);
	t.compressed = t.extended = !strcmp(kind, "comp");
	depth = !strcmp(name, "z32") || !strcmp(name, "s8");
	resolve(&image, &t);
	t.page_aligned_layers =
		levels > 1 && image.layer_stride > AGX_IMAGE_PAGE && (layers > 1 || depth);
	resolve(&image, &t);
	if (image.levels != levels || ((image.size + image.metadata_size + 127) & ~127ull) != size)
		fail_msg("%s: size %#" PRIx64 " + %#" PRIx64 ", %u levels", line, image.size,
			 image.metadata_size, image.levels);
	if (metadata && image.size != metadata)
		fail_msg("%s: metadata at %#" PRIx64, line, image.size);
}

static void check_levels(const char *line)
{
	char name[32];
	unsigned int width, height;
	struct agx_cs_texture t;
	struct agx_image image;
	int at = 0, length;
	uint64_t offset;

	assert_int_equal(sscanf(line, "levels %31s %u %u%n", name, &width, &height, &at), 3);
	t = texture_of(channels_of(name), width, height, 1, true, 1);
	resolve(&image, &t);
	for (unsigned int l = 0; sscanf(line + at, "%" SCNx64 "%n", &offset, &length) == 1; l++) {
		if (l >= image.levels || image.level[l].offset != offset)
			fail_msg("%s: level %u at %#" PRIx64, line, l, image.level[l].offset);
		at += length;
	}
}

static void test_hardware(void **state)
{
	FILE *file = fopen(cases_path, "r");
	unsigned int sizes = 0, chains = 0;
	char line[512];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "levels ", 7)) {
			check_levels(line);
			chains++;
		} else if (*line && *line != '#') {
			check_size(line);
			sizes++;
		}
	}
	fclose(file);
	assert_true(sizes > 500);
	assert_true(chains > 70);
}

static struct agx_cs_texture texture_of_vector(const struct layout_vector *v)
{
	struct agx_cs_texture t =
		texture_of(v->channels, v->width, v->height, v->layers, v->mipmapped, v->samples);

	t.dimension = (enum agx_cs_texture_dimension)v->dimension;
	t.layout = (enum agx_cs_layout)v->layout;
	t.page_aligned_layers = v->page_aligned;
	t.compressed = v->compressed;
	t.extended = v->compressed || v->layout == AGX_CS_LAYOUT_LINEAR;
	t.acceleration_buffer = 0x1200000000;
	t.stride = v->stride;
	t.depth_linear = v->layers;
	t.layer_stride_linear = v->layer_stride;
	return t;
}

static void test_reference(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(layout_vectors) / sizeof(*layout_vectors); i++) {
		const struct layout_vector *v = &layout_vectors[i];
		const struct agx_cs_texture t = texture_of_vector(v);
		struct agx_image image;
		uint64_t got;

		resolve(&image, &t);
		if (!agx_image_has(&image, v->x, v->y, v->layer, v->level, v->sample))
			fail_msg("vector %u: no such texel", i);
		got = agx_image_address(&image, v->x, v->y, v->layer, v->level, v->sample);
		if (got != 0x1100000000 + v->offset)
			fail_msg("vector %u: %#" PRIx64 ", expected %#" PRIx64, i,
				 got - 0x1100000000, v->offset);
		if (image.size != v->size)
			fail_msg("vector %u: size %#" PRIx64 ", expected %#" PRIx64, i, image.size,
				 v->size);
		if (image.level[v->level].compressed != (v->metadata != UINT64_MAX))
			fail_msg("vector %u: compressed?", i);
		if (v->metadata == UINT64_MAX)
			continue;
		got = agx_image_metadata(&image, v->x, v->y, v->layer, v->level, v->sample);
		if (got != 0x1200000000 + v->metadata)
			fail_msg("vector %u: metadata %#" PRIx64 ", expected %#" PRIx64, i,
				 got - 0x1200000000, v->metadata);
	}
}

/* No two texels are in one place, none is outside; all samples of a tile have the same metadata. */
static void check_disjoint(const struct agx_image *image)
{
	const uint64_t units = image->size / image->element_bytes;
	uint8_t *seen = calloc(1, units);
	uint64_t *tiles = calloc(image->metadata_size / 8 + 1, sizeof(*tiles));

	assert_non_null(seen);
	assert_non_null(tiles);
	for (unsigned int level = 0; level < image->levels; level++) {
		const struct agx_image_level *l = &image->level[level];
		const uint32_t bw = image->block_width, bh = image->block_height;

		for (uint32_t z = 0; z < l->depth; z++)
			for (uint32_t y = 0; y < l->height; y += bh)
				for (uint32_t x = 0; x < l->width; x += bw)
					for (unsigned int s = 0; s < image->samples; s++) {
						const uint64_t o =
							agx_image_offset(image, x, y, z, level, s);
						const uint64_t unit = o / image->element_bytes;
						uint64_t m;

						assert_true(o % image->element_bytes == 0);
						assert_true(unit < units);
						assert_false(seen[unit]);
						seen[unit] = 1;
						if (!l->compressed)
							continue;
						m = agx_image_metadata(image, x, y, z, level, s) -
						    image->metadata;
						assert_true(m % 8 == 0);
						assert_true(m < image->metadata_size);
						tiles[m / 8]++;
						assert_true(tiles[m / 8] <= 256);
						assert_true(agx_image_solid(image, x, y, z, level,
									    s) <= o);
					}
	}
	free(tiles);
	free(seen);
}

static void test_disjoint(void **state)
{
	static const uint8_t formats[] = {
		AGX_CS_CHANNELS_R8,           AGX_CS_CHANNELS_R16,
		AGX_CS_CHANNELS_R8G8B8A8,     AGX_CS_CHANNELS_R16G16B16A16,
		AGX_CS_CHANNELS_R32G32B32A32, AGX_CS_CHANNELS_BC1,
		AGX_CS_CHANNELS_BC7,          AGX_CS_CHANNELS_ASTC_10X6,
	};
	uint32_t random = 12345;

	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		const unsigned int channels = formats[i % 8];
		const bool blocks = agx_cs_channels_info[channels].width > 1;
		struct agx_cs_texture t;
		struct agx_image image;
		uint32_t width, height, samples = 1;

		random = random * 1664525 + 1013904223;
		width = 1 + (random >> 20) % (blocks ? 700 : 150);
		random = random * 1664525 + 1013904223;
		height = 1 + (random >> 20) % (blocks ? 500 : 150);
		random = random * 1664525 + 1013904223;
		if (!blocks && (random >> 30) == 3)
			samples = random >> 29 & 1 ? 4 : 2;
		t = texture_of(channels, width, height, 1 + (random >> 20) % 3,
			       samples == 1 && random >> 28 & 1, samples);
		t.page_aligned_layers = random >> 27 & 1;
		if (samples == 1 && random >> 26 & 1)
			t.dimension = AGX_CS_TEXTURE_DIMENSION_3D;
		if (random >> 25 & 1 && !blocks) {
			t.compressed = t.extended = true;
			t.acceleration_buffer = 0x1200000000;
		} else if (samples == 1 && random >> 24 & 1) {
			t.layout = AGX_CS_LAYOUT_TWIDDLED;
		}
		resolve(&image, &t);
		check_disjoint(&image);
	}
}

static void test_linear(void **state)
{
	struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R8G8B8A8, 33, 7, 5, false, 1);
	struct agx_image image;
	const char *why;

	(void)state;
	t.layout = AGX_CS_LAYOUT_LINEAR;
	t.stride = 144;
	t.extended = true;
	t.depth_linear = 5;
	t.layer_stride_linear = 1024;
	resolve(&image, &t);
	assert_int_equal(image.layers, 5);
	assert_int_equal(agx_image_offset(&image, 32, 6, 4, 0, 0), 4096 + 6 * 144 + 128);
	check_disjoint(&image);
	assert_false(agx_image_has(&image, 33, 0, 0, 0, 0));
	assert_false(agx_image_has(&image, 0, 7, 0, 0, 0));
	assert_false(agx_image_has(&image, 0, 0, 5, 0, 0));
	assert_false(agx_image_has(&image, 0, 0, 0, 1, 0));
	assert_false(agx_image_has(&image, 0, 0, 0, 0, 1));
	t.extended = false;
	resolve(&image, &t);
	assert_int_equal(image.layers, 1);
	assert_int_equal(image.layer_stride, 1024);
	t.stride = 128;
	assert_int_equal(agx_image_of_texture(&image, &t, &why), -EINVAL);
	assert_string_equal(why, "a row that is longer than the stride");
}

static void test_pbe(void **state)
{
	struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R16, 100, 60, 3, true, 1);
	struct agx_image a, b;
	struct agx_cs_pbe p;
	const char *why;

	(void)state;
	memset(&p, 0, sizeof(p));
	t.page_aligned_layers = true;
	p.dimension = t.dimension;
	p.layout = t.layout;
	p.channels = t.channels;
	p.width = 100;
	p.height = 60;
	p.layers = 3;
	p.levels = 7;
	p.level = 2;
	p.mipmapped = true;
	p.page_aligned_layers = true;
	p.buffer = t.address;
	resolve(&a, &t);
	assert_int_equal(agx_image_of_pbe(&b, &p, &why), 0);
	assert_int_equal(b.first_level, 2);
	for (uint32_t y = 0; y < 15; y++)
		for (uint32_t x = 0; x < 25; x++)
			assert_int_equal(agx_image_address(&a, x, y, 2, 2, 0),
					 agx_image_address(&b, x, y, 2, 2, 0));
	p.rotate_90 = true;
	assert_int_equal(agx_image_of_pbe(&b, &p, &why), -ENOTSUP);
	p.rotate_90 = false;
	p.level = 9;
	assert_int_equal(agx_image_of_pbe(&b, &p, &why), -EINVAL);
}

static void test_cube(void **state)
{
	struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R8G8B8A8, 16, 16, 2, false, 1);
	struct agx_image image;

	(void)state;
	t.dimension = AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY;
	resolve(&image, &t);
	assert_int_equal(image.layers, 12);
	assert_true(agx_image_has(&image, 0, 0, 11, 0, 0));
	assert_false(agx_image_has(&image, 0, 0, 12, 0, 0));
	t.dimension = AGX_CS_TEXTURE_DIMENSION_2D;
	resolve(&image, &t);
	assert_int_equal(image.layers, 1);
}

static void test_sparse(void **state)
{
	struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R8G8B8A8, 2048, 1024, 2, false, 1);
	struct agx_image image;
	uint64_t page;

	(void)state;
	t.mode = AGX_CS_IMAGE_MODE_SPARSE;
	t.page_aligned_layers = true;
	resolve(&image, &t);
	assert_true(image.sparse);
	/* 8 MiB a layer: two folios. */
	assert_int_equal(image.folios_per_layer, 2);
	assert_int_equal(agx_image_sparse_entry(&image, 0, 0), t.address);
	assert_int_equal(agx_image_sparse_entry(&image, 0, 0x7fff), t.address + 4);
	assert_int_equal(agx_image_sparse_entry(&image, 0, 0x400000), t.address + 2048);
	assert_int_equal(agx_image_sparse_entry(&image, 1, 0x800000 + 0x404000),
			 t.address + 3 * 2048 + 4);
	assert_false(agx_image_sparse_page(0x40000001, &page));
	assert_true(agx_image_sparse_page(0xc0000003, &page));
	assert_int_equal(page, 0xc000);
}

static void test_tiles(void **state)
{
	struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R8G8B8A8, 40, 40, 1, false, 4);
	struct agx_image image;

	(void)state;
	t.compressed = t.extended = true;
	resolve(&image, &t);
	assert_int_equal(agx_image_raw_metadata(&image), 0x7f7f7f7f7f7f7f7full);
	assert_int_equal(agx_image_tile(&image, 0x7f7f7f7f7f7f7f7full), AGX_IMAGE_TILE_RAW);
	assert_int_equal(agx_image_tile(&image, 0x0303030303030303ull), AGX_IMAGE_TILE_SOLID);
	/* Parts that were never written are raw too, beside raw ones. */
	assert_int_equal(agx_image_tile(&image, 0), AGX_IMAGE_TILE_RAW);
	assert_int_equal(agx_image_tile(&image, 0x7f00007f00000000ull), AGX_IMAGE_TILE_RAW);
	assert_int_equal(agx_image_tile(&image, 0x0000000000000003ull), AGX_IMAGE_TILE_UNKNOWN);
	assert_int_equal(agx_image_tile(&image, 0x0500000000000000ull), AGX_IMAGE_TILE_UNKNOWN);
	assert_int_equal(agx_image_tile(&image, 0x7f7f7f7f7f7f7f03ull), AGX_IMAGE_TILE_UNKNOWN);
	/* 16x16 samples are 8x8 pixels. */
	assert_int_equal(agx_image_solid(&image, 13, 7, 0, 0, 3),
			 agx_image_offset(&image, 8, 0, 0, 0, 0));
}

struct refusal {
	const char *why;
	int error;
	void (*spoil)(struct agx_cs_texture *t);
};

static void set_interchange(struct agx_cs_texture *t)
{
	t->layout = AGX_CS_LAYOUT_INTERCHANGE;
}

static void set_pvrtc(struct agx_cs_texture *t)
{
	t->channels = AGX_CS_CHANNELS_PVRTC_4BPP;
}

static void set_unknown(struct agx_cs_texture *t)
{
	t->channels = (enum agx_cs_channels)0x7f;
}

static void set_counters(struct agx_cs_texture *t)
{
	t->mode = AGX_CS_IMAGE_MODE_COUNTERS;
}

static void set_compressed(struct agx_cs_texture *t)
{
	t->compressed = true;
}

static void set_dimension(struct agx_cs_texture *t)
{
	t->dimension = (enum agx_cs_texture_dimension)15;
}

static void set_levels(struct agx_cs_texture *t)
{
	t->mipmapped = true;
	t->first_level = 12;
	t->last_level = 15;
}

static void set_multisampled_levels(struct agx_cs_texture *t)
{
	t->dimension = AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED;
	t->mipmapped = true;
}

static void test_refusals(void **state)
{
	static const struct refusal refusals[] = {
		{"an image in the interchange layout", -ENOTSUP, set_interchange},
		{"PVRTC", -ENOTSUP, set_pvrtc},
		{"channels with an unknown code", -ENOTSUP, set_unknown},
		{"an image with counters", -ENOTSUP, set_counters},
		{"a compressed image without the address of its metadata", -EINVAL, set_compressed},
		{"an unknown dimension", -EINVAL, set_dimension},
		{"a first level behind the last", -EINVAL, set_levels},
		{"a multisampled image with levels", -EINVAL, set_multisampled_levels},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct agx_cs_texture t = texture_of(AGX_CS_CHANNELS_R8, 64, 64, 1, false, 1);
		struct agx_image image;
		const char *why = NULL;

		refusals[i].spoil(&t);
		assert_int_equal(agx_image_of_texture(&image, &t, &why), refusals[i].error);
		assert_string_equal(why, refusals[i].why);
	}
}

/* Any 24 bytes: an error, or an image whose texels are inside of it. */
static void test_hostile(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15ull;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint8_t record[24];
		struct agx_cs_texture t;
		struct agx_cs_pbe p;
		struct agx_image image;
		const char *why;
		int error;

		for (unsigned int b = 0; b < sizeof(record); b++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			record[b] = (uint8_t)(random >> 32);
		}
		if (i & 1) {
			agx_cs_texture_unpack(&t, record);
			error = agx_image_of_texture(&image, &t, &why);
		} else {
			agx_cs_pbe_unpack(&p, record);
			error = agx_image_of_pbe(&image, &p, &why);
		}
		if (error)
			continue;
		for (unsigned int l = 0; l < image.levels; l++) {
			const struct agx_image_level *at = &image.level[l];
			uint64_t end = agx_image_offset(&image, at->width - 1, at->height - 1,
							at->depth - 1, l, image.samples - 1u);

			if (image.layout == AGX_CS_LAYOUT_LINEAR)
				continue; /* layers may overlap: the descriptor says their stride */
			assert_true(end + image.element_bytes <= image.size);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hardware), cmocka_unit_test(test_reference),
		cmocka_unit_test(test_disjoint), cmocka_unit_test(test_linear),
		cmocka_unit_test(test_pbe),      cmocka_unit_test(test_cube),
		cmocka_unit_test(test_sparse),   cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_hostile),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_layout CASES\n");
		return 2;
	}
	cases_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
