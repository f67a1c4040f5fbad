// SPDX-License-Identifier: MIT
/*
 * The sampler against a plain one that is written here after the Vulkan specification's formulas: one coordinate
 * at a time, with the C library's mathematics, on texels that are a function of their place.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cube.h"
#include "numeric.h"
#include "sampler.h"

#define ROUNDS 3000

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(random_state >> 33) % below;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double number(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

/* Texels of small whole numbers: sums are exact, only the weights' steps make a difference. */
static double texel_at(uint32_t x, uint32_t y, uint32_t layer, unsigned int level, unsigned int c)
{
	return (double)((x * 7 + y * 13 + layer * 29 + level * 5 + c * 3 + x * y) % 64);
}

static const struct agx_image *source_image;

static bool give_texel(void *cookie, uint32_t x, uint32_t y, uint32_t layer, unsigned int level,
		       uint32_t rgba[4])
{
	(void)cookie;
	assert_true(agx_image_has(source_image, x, y, layer, level, 0));
	for (unsigned int c = 0; c < 4; c++)
		rgba[c] = bits_of((float)texel_at(x, y, layer, level, c));
	return true;
}

static const struct agx_sample_source source = {give_texel, NULL};

static struct agx_image make_image(enum agx_cs_texture_dimension dimension, uint32_t width,
				   uint32_t height, uint32_t depth)
{
	const struct agx_cs_texture texture = {
		.dimension = dimension,
		.layout = AGX_CS_LAYOUT_GPU,
		.channels = AGX_CS_CHANNELS_R32G32B32A32,
		.type = AGX_CS_TEXTURE_TYPE_FLOAT,
		.width = width,
		.height = height,
		.depth = depth,
		.mipmapped = true,
		.last_level = 15,
	};
	struct agx_image image;
	const char *why = NULL;

	assert_int_equal(agx_image_of_texture(&image, &texture, &why), 0);
	return image;
}

static struct agx_sampler make_sampler(void)
{
	return (struct agx_sampler){
		.state = {.maximum_lod = 14, .maximum_anisotropy = 1},
		.border = {0x42c80000, 0x42c80000, 0x42c80000, 0x42c80000}, /* 100 */
	};
}

/* --- The plain sampler --- */

static int64_t modulo(int64_t a, int64_t n)
{
	return (a % n + n) % n;
}

/* -1: border. */
static int64_t plain_wrap(unsigned int mode, int64_t i, int64_t n)
{
	switch (mode) {
	case AGX_CS_WRAP_REPEAT:
		return modulo(i, n);
	case AGX_CS_WRAP_MIRRORED_REPEAT:
		i = modulo(i, 2 * n) - n;
		return n - 1 - (i >= 0 ? i : -(1 + i));
	case AGX_CS_WRAP_CLAMP_TO_EDGE:
		return i < 0 ? 0 : i > n - 1 ? n - 1 : i;
	case AGX_CS_WRAP_CLAMP_TO_BORDER:
		return i < 0 || i > n - 1 ? -1 : i;
	default:
		i = i >= 0 ? i : -(1 + i);
		return i > n - 1 ? n - 1 : i;
	}
}

struct plain {
	unsigned int wrap[3];
	const double *at;
	const int32_t *offset;
	uint32_t layer;
	unsigned int dims;
};

static double plain_texel(const struct plain *p, const int64_t raw[3],
			  const struct agx_image *image, unsigned int level, unsigned int c)
{
	const struct agx_image_level *l = &image->level[level];
	const uint32_t size[3] = {l->width, l->height, l->depth};
	int64_t i[3] = {0, 0, 0};

	for (unsigned int d = 0; d < p->dims; d++) {
		i[d] = plain_wrap(p->wrap[d], raw[d] + p->offset[d], size[d]);
		if (i[d] < 0)
			return 100;
	}
	return texel_at((uint32_t)i[0], (uint32_t)i[1], p->dims == 3 ? (uint32_t)i[2] : p->layer,
			level, c);
}

static double plain_level(const struct plain *p, const struct agx_image *image, unsigned int level,
			  bool linear, unsigned int c)
{
	const struct agx_image_level *l = &image->level[level];
	const uint32_t size[3] = {l->width, l->height, l->depth};
	int64_t raw[3] = {0, 0, 0}, corner[3];
	double weight[3] = {0, 0, 0}, sum = 0;

	for (unsigned int d = 0; d < p->dims; d++) {
		const double u = p->at[d] * size[d] - (linear ? 0.5 : 0);

		raw[d] = (int64_t)floor(u);
		if (linear)
			weight[d] = floor((u - floor(u)) * 256 + 0.5) / 256;
	}
	for (unsigned int i = 0; i < 8; i++) {
		double part = 1;

		for (unsigned int d = 0; d < 3; d++) {
			corner[d] = raw[d] + (i >> d & 1);
			part *= i >> d & 1 ? weight[d] : 1 - weight[d];
		}
		if (part != 0)
			sum += part * plain_texel(p, corner, image, level, c);
	}
	return sum;
}

static double plain_lod(double lod, double *fraction, unsigned int mip, unsigned int last)
{
	*fraction = 0;
	if (mip == AGX_CS_MIP_FILTER_NONE)
		return 0;
	if (mip == AGX_CS_MIP_FILTER_NEAREST)
		return fmin(fmax(ceil(lod + 0.5) - 1, 0), last);
	lod = fmin(fmax(lod, 0), last);
	*fraction = floor((lod - floor(lod)) * 256 + 0.5) / 256;
	return floor(lod);
}

static void test_filters(void **state)
{
	static const enum agx_cs_texture_dimension dimensions[] = {
		AGX_CS_TEXTURE_DIMENSION_1D, AGX_CS_TEXTURE_DIMENSION_1D_ARRAY,
		AGX_CS_TEXTURE_DIMENSION_2D, AGX_CS_TEXTURE_DIMENSION_2D_ARRAY,
		AGX_CS_TEXTURE_DIMENSION_3D,
	};
	static const unsigned int wraps[] = {
		AGX_CS_WRAP_CLAMP_TO_EDGE,          AGX_CS_WRAP_REPEAT,
		AGX_CS_WRAP_MIRRORED_REPEAT,        AGX_CS_WRAP_CLAMP_TO_BORDER,
		AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE,
	};

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const unsigned int kind = draw(5);
		const unsigned int dims = kind < 2 ? 1 : kind < 4 ? 2 : 3;
		const uint32_t width = 1 + draw(20), height = dims > 1 ? 1 + draw(20) : 1;
		const struct agx_image image =
			make_image(dimensions[kind], width, height, kind == 2 || !kind ? 1 : 5);
		struct agx_sampler sampler = make_sampler();
		struct agx_sample sample = {.gather = -1, .least = AGX_LOD_LEAST};
		struct plain plain = {.dims = dims, .offset = sample.offset};
		double at[3], fraction, lod, level;
		bool linear;
		uint32_t rgba[4];

		source_image = &image;
		sampler.state.magnify = draw(2);
		sampler.state.minify = draw(2);
		sampler.state.mip_filter = draw(3);
		sampler.state.minimum_lod = (float)draw(2);
		sampler.state.maximum_lod = (float)(1 + draw(4));
		for (unsigned int d = 0; d < 3; d++) {
			const float value = ((float)draw(4096) - 2048) / 512;

			plain.wrap[d] = wraps[draw(5)];
			sample.coordinate[d] = bits_of(value);
			at[d] = (double)value;
			sample.offset[d] = (int32_t)draw(16) - 8;
		}
		sampler.state.wrap_s = plain.wrap[0];
		sampler.state.wrap_t = plain.wrap[1];
		sampler.state.wrap_r = plain.wrap[2];
		plain.at = at;
		sample.layer = plain.layer = kind == 1 || kind == 3 ? draw(5) : 0;
		sample.lod = ((double)draw(2048) - 512) / 256;
		lod = fmin(fmax(sample.lod, (double)sampler.state.minimum_lod),
			   (double)sampler.state.maximum_lod);
		linear = (lod > 0 ? sampler.state.minify : sampler.state.magnify) ==
			 AGX_CS_FILTER_LINEAR;
		level = plain_lod(lod, &fraction, sampler.state.mip_filter, image.last_level);
		assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
		for (unsigned int c = 0; c < 4; c++) {
			double expected =
				plain_level(&plain, &image, (unsigned int)level, linear, c);

			if (fraction > 0)
				expected =
					(1 - fraction) * expected +
					fraction * plain_level(&plain, &image,
							       (unsigned int)level + 1, linear, c);
			assert_true(fabs(number(rgba[c]) - expected) < 1e-5);
		}
	}
}

/* --- Cubes --- */

/* Vulkan's table: from a face and its sc, tc in -1 to 1 to the direction. */
static void plain_direction(unsigned int face, double sc, double tc, double v[3])
{
	const double table[6][3] = {
		{1, -tc, -sc}, {-1, -tc, sc}, {sc, 1, tc},
		{sc, -1, -tc}, {sc, -tc, 1},  {-sc, -tc, -1},
	};

	memcpy(v, table[face], sizeof(table[face]));
}

static void test_cube_faces(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const unsigned int face = draw(6);
		const double sc = ((double)draw(1999) - 999) / 1000;
		const double tc = ((double)draw(1999) - 999) / 1000;
		const double length = (1 + draw(1000)) / 10.0;
		double v[3], none[3][2] = {{0}};
		struct agx_cube_place place;

		plain_direction(face, sc, tc, v);
		for (unsigned int i = 0; i < 3; i++)
			v[i] *= length;
		place = agx_cube_project(v, none);
		assert_int_equal(place.face, face);
		assert_true(fabs(place.s - (sc + 1) / 2) < 1e-12);
		assert_true(fabs(place.t - (tc + 1) / 2) < 1e-12);
	}
	/* Ties: z before y before x. */
	assert_int_equal(agx_cube_project((const double[3]){1, 1, 1}, (double[3][2]){{0}}).face, 4);
	assert_int_equal(agx_cube_project((const double[3]){1, -1, 0}, (double[3][2]){{0}}).face,
			 3);
	assert_int_equal(agx_cube_project((const double[3]){0, 0, 0}, (double[3][2]){{0}}).face, 4);
}

/* The texel of another face that lies nearest to a texel at an edge, by looking at all of them. */
static void nearest_neighbour(uint32_t n, unsigned int face, int32_t x, int32_t y, bool across_x,
			      unsigned int *found_face, int32_t *found_x, int32_t *found_y)
{
	double own[3], edge[3], best = 1e9;

	plain_direction(face, (2 * x + 1.0) / n - 1, (2 * y + 1.0) / n - 1, own);
	/* The middle of the edge between them. */
	plain_direction(face, across_x ? (x ? 1 : -1) : (2 * x + 1.0) / n - 1,
			across_x ? (2 * y + 1.0) / n - 1 : (y ? 1 : -1), edge);
	for (unsigned int f = 0; f < 6; f++) {
		for (uint32_t i = 0; f != face && i < n * n; i++) {
			double v[3], distance = 0;

			plain_direction(f, (2.0 * (i % n) + 1) / n - 1, (2.0 * (i / n) + 1) / n - 1,
					v);
			for (unsigned int d = 0; d < 3; d++)
				distance += (v[d] - edge[d]) * (v[d] - edge[d]);
			if (distance < best - 1e-9) {
				best = distance;
				*found_face = f;
				*found_x = (int32_t)(i % n);
				*found_y = (int32_t)(i / n);
			}
		}
	}
}

static void test_cube_edges(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 4, 7};

	(void)state;
	for (unsigned int s = 0; s < 5; s++) {
		const uint32_t n = sizes[s];
		const int32_t last = (int32_t)n - 1;

		for (unsigned int i = 0; i < 6 * n * 4; i++) {
			const unsigned int face = i % 6, side = i / 6 % 4;
			const int32_t along = (int32_t)(i / 24);
			const bool across_x = side < 2;
			/* With one texel both edges are its own. */
			int32_t x = across_x ? (side ? last : 0) : along;
			int32_t y = across_x ? along : (side == 3 ? last : 0);
			unsigned int expected_face = 9, got = face;
			int32_t expected_x = -1, expected_y = -1;

			if (n == 1 && (side == 0 || side == 2))
				continue;
			if (n == 1)
				x = y = 1; /* nearest_neighbour() asks which side */
			nearest_neighbour(n, face, n == 1 && !across_x ? 0 : x,
					  n == 1 && across_x ? 0 : y, across_x, &expected_face,
					  &expected_x, &expected_y);
			if (n == 1) {
				x = across_x ? 1 : 0;
				y = across_x ? 0 : 1;
			} else {
				x += across_x ? (side ? 1 : -1) : 0;
				y += across_x ? 0 : (side == 3 ? 1 : -1);
			}
			agx_cube_step(n, &got, &x, &y);
			assert_int_equal(got, expected_face);
			assert_int_equal(x, expected_x);
			assert_int_equal(y, expected_y);
		}
	}
}

static double face_mean(unsigned int a, int ax, int ay, unsigned int b, int bx, int by,
			unsigned int c, int cx, int cy)
{
	return (texel_at((uint32_t)ax, (uint32_t)ay, a, 0, 0) +
		texel_at((uint32_t)bx, (uint32_t)by, b, 0, 0) +
		texel_at((uint32_t)cx, (uint32_t)cy, c, 0, 0)) /
	       3;
}

static void test_cube_filter(void **state)
{
	const struct agx_image image = make_image(AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY, 4, 4, 2);
	struct agx_sampler sampler = make_sampler();
	struct agx_sample sample = {.gather = -1, .least = AGX_LOD_LEAST};
	uint32_t rgba[4];
	double mean;

	(void)state;
	source_image = &image;
	sampler.state.magnify = sampler.state.minify = AGX_CS_FILTER_LINEAR;
	/* The middle of the edge between +x and +z, at the height of a texel's row: half of both. */
	sample.coordinate[0] = sample.coordinate[2] = bits_of(1);
	sample.coordinate[1] = bits_of(-0.25f); /* t 0.625: row 2 */
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == (texel_at(3, 2, 4, 0, 0) + texel_at(0, 2, 0, 0, 0)) / 2);
	/* Another cube of the array. */
	sample.layer = 1;
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == (texel_at(3, 2, 10, 0, 0) + texel_at(0, 2, 6, 0, 0)) / 2);
	sample.layer = 0;
	/* The corner of three faces: the mean of their corner texels, all weights alike. */
	sample.coordinate[1] = bits_of(1);
	mean = face_mean(4, 3, 0, 0, 0, 0, 2, 3, 3);
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(fabs(number(rgba[0]) - mean) < 1e-4);
	/* Without seams a face is an image of its own. */
	sampler.state.seamful_cube_maps = true;
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == texel_at(3, 0, 4, 0, 0));
	sampler.state.seamful_cube_maps = false;
	/* A gather at the edge, in the order of Vulkan; at the corner the own texel stands for the fourth. */
	sample.gather = 0;
	sample.coordinate[1] = bits_of(0);
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == texel_at(3, 2, 4, 0, 0));
	assert_true(number(rgba[1]) == texel_at(0, 2, 0, 0, 0));
	assert_true(number(rgba[2]) == texel_at(0, 1, 0, 0, 0));
	assert_true(number(rgba[3]) == texel_at(3, 1, 4, 0, 0));
	sample.coordinate[1] = bits_of(1);
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[2]) == texel_at(3, 0, 4, 0, 0));
}

/* --- Gradients --- */

static void test_gradients(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		double gradient[3][2], size[3], rho[2] = {0, 0}, largest, least, ratio;
		const unsigned int anisotropy = 1u << draw(5);
		struct agx_footprint footprint;

		for (unsigned int i = 0; i < 3; i++) {
			size[i] = 1 + draw(300);
			for (unsigned int d = 0; d < 2; d++) {
				gradient[i][d] = ((double)draw(2001) - 1000) / (1 + draw(9999));
				rho[d] += pow(gradient[i][d] * size[i], 2);
			}
		}
		largest = sqrt(fmax(rho[0], rho[1]));
		least = sqrt(fmin(rho[0], rho[1]));
		ratio = fmin(largest / least, anisotropy);
		footprint = agx_footprint_of((const double(*)[2])gradient, size, anisotropy);
		assert_true(fabs(footprint.lod - log2(largest / ratio)) < 1e-3);
		assert_int_equal(footprint.probes, (unsigned int)ceil(ratio - 1e-12));
	}
	/* Nothing moves. */
	assert_true(
		agx_footprint_of((const double[3][2]){{0}}, (const double[3]){8, 8, 8}, 16).lod ==
		AGX_LOD_LEAST);
	/* Along one line only: all samples that there may be. */
	assert_int_equal(
		agx_footprint_of((const double[3][2]){{1, 0}}, (const double[3]){64, 64, 0}, 8)
			.probes,
		8);
}

/* The gradient of a cube's face, against differences of places near it. */
static void test_cube_gradients(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const double step = 1e-6;
		double v[3], moved[3], gradient[3][2], none[3][2] = {{0}};
		struct agx_cube_place here, there;

		plain_direction(draw(6), ((double)draw(1600) - 800) / 1000,
				((double)draw(1600) - 800) / 1000, v);
		for (unsigned int i = 0; i < 3; i++) {
			gradient[i][0] = ((double)draw(2000) - 1000) / 1000;
			gradient[i][1] = 0;
			moved[i] = v[i] + step * gradient[i][0];
		}
		here = agx_cube_project(v, gradient);
		there = agx_cube_project(moved, none);
		assert_int_equal(here.face, there.face);
		assert_true(fabs((there.s - here.s) / step - gradient[0][0]) < 1e-3);
		assert_true(fabs((there.t - here.t) / step - gradient[1][0]) < 1e-3);
		assert_true(gradient[2][0] == 0 && gradient[0][1] == 0);
	}
}

static void test_lod(void **state)
{
	const struct agx_image image = make_image(AGX_CS_TEXTURE_DIMENSION_2D, 64, 64, 1);
	struct agx_sampler sampler = make_sampler();
	struct agx_sample sample = {.gather = -1, .least = AGX_LOD_LEAST};
	uint32_t result[2], rgba[4];

	(void)state;
	source_image = &image;
	sampler.state.mip_filter = AGX_CS_MIP_FILTER_LINEAR;
	sample.has_gradients = true;
	sample.gradient[0][0] = bits_of(1.0f / 16); /* 4 texels */
	agx_sampler_query(&sampler, &image, &sample, result);
	assert_true(number(result[0]) == 2 && number(result[1]) == 2);
	/* The instruction's bound, then the sampler's. */
	sample.least = 3.5;
	agx_sampler_query(&sampler, &image, &sample, result);
	assert_true(number(result[0]) == 3.5 && number(result[1]) == 3.5);
	sampler.state.maximum_lod = 3;
	agx_sampler_query(&sampler, &image, &sample, result);
	assert_true(number(result[0]) == 3 && number(result[1]) == 3.5);
	sampler.state.mip_filter = AGX_CS_MIP_FILTER_NEAREST;
	sampler.state.maximum_lod = 2.5f;
	agx_sampler_query(&sampler, &image, &sample, result);
	assert_true(number(result[0]) == 2);
	/* No level behind the view's last one. */
	sampler.state.maximum_lod = 14;
	sample.least = 12;
	agx_sampler_query(&sampler, &image, &sample, result);
	assert_true(number(result[0]) == 6 && number(result[1]) == 12);
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == texel_at(0, 0, 0, 6, 0));
	/* Larger and smaller than pixels: level of detail 0 is still the former. */
	sample = (struct agx_sample){.gather = -1, .least = AGX_LOD_LEAST};
	sampler.state.magnify = AGX_CS_FILTER_LINEAR;
	sampler.state.mip_filter = AGX_CS_MIP_FILTER_NONE;
	sample.coordinate[0] = bits_of(1.0f / 64);
	sample.coordinate[1] = bits_of(0.5f / 64);
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == (texel_at(0, 0, 0, 0, 0) + texel_at(1, 0, 0, 0, 0)) / 2);
	sample.lod = 0.01;
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(number(rgba[0]) == texel_at(1, 0, 0, 0, 0));
}

static void test_anisotropy(void **state)
{
	const struct agx_image image = make_image(AGX_CS_TEXTURE_DIMENSION_2D, 64, 64, 1);
	struct agx_sampler sampler = make_sampler();
	struct agx_sample sample = {.gather = -1, .least = AGX_LOD_LEAST};
	uint32_t rgba[4];
	double expected = 0;

	(void)state;
	source_image = &image;
	sampler.state.maximum_anisotropy = 4;
	/* A footprint of 4 x 1 texels around texel 32.5: samples at -0.3, -0.1, 0.1 and 0.3 of it. */
	sample.coordinate[0] = bits_of(32.5f / 64);
	sample.coordinate[1] = bits_of(8.5f / 64);
	sample.has_gradients = true;
	sample.gradient[0][0] = bits_of(4.0f / 64);
	sample.gradient[1][1] = bits_of(1.0f / 64);
	for (int i = 1; i <= 4; i++)
		expected += texel_at((uint32_t)floor(32.5 + 4 * (i / 5.0 - 0.5)), 8, 0, 0, 0) / 4;
	assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
	assert_true(fabs(number(rgba[0]) - expected) < 1e-5);
}

/* Coordinates that are none: a texel or the border, whatever the filter. */
static void test_strange(void **state)
{
	static const uint32_t strange[] = {
		0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f7fffff,
		0xff7fffff, 0x00000001, 0x80000000, 0x4f000000, 0xcf800000,
	};
	static const enum agx_cs_texture_dimension dimensions[] = {
		AGX_CS_TEXTURE_DIMENSION_1D,         AGX_CS_TEXTURE_DIMENSION_2D,
		AGX_CS_TEXTURE_DIMENSION_3D,         AGX_CS_TEXTURE_DIMENSION_CUBE,
		AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY,
	};

	(void)state;
	for (unsigned int i = 0; i < 10 * 10 * 5 * 6 * 2; i++) {
		const unsigned int kind = i % 5, wrap = i / 5 % 6;
		const struct agx_image image = make_image(dimensions[kind], 5, kind ? 5 : 1, 1);
		struct agx_sampler sampler = make_sampler();
		struct agx_sample sample = {
			.coordinate = {strange[i / 30 % 10], strange[i / 300 % 10],
				       strange[(i / 30 + i / 300) % 10]},
			.gather = -1,
			.least = AGX_LOD_LEAST,
			.lod = i & 1 ? 1e30 : -1e30,
			.has_gradients = i / 3000,
			.gradient = {{strange[i % 10], strange[i / 7 % 10]}},
		};
		uint32_t rgba[4];

		source_image = &image;
		sampler.state.magnify = sampler.state.minify = AGX_CS_FILTER_LINEAR;
		sampler.state.mip_filter = AGX_CS_MIP_FILTER_LINEAR;
		sampler.state.maximum_anisotropy = 16;
		sampler.state.wrap_s = sampler.state.wrap_t = sampler.state.wrap_r = wrap;
		assert_true(agx_sampler_sample(&sampler, &image, &source, &sample, rgba));
		assert_true(number(rgba[0]) >= 0 && number(rgba[0]) <= 100);
		/* NaN counts as 0. */
		if (kind == 0 && !sample.has_gradients && sample.coordinate[0] == 0x7fc00000 &&
		    wrap == AGX_CS_WRAP_CLAMP_TO_EDGE && !(i & 1))
			assert_true(number(rgba[0]) == texel_at(0, 0, 0, 0, 0));
	}
}

/* What texels that are no numbers make of a sum: one NaN on every host. */
static bool give_nan(void *cookie, uint32_t x, uint32_t y, uint32_t layer, unsigned int level,
		     uint32_t rgba[4])
{
	(void)cookie;
	(void)y;
	(void)layer;
	(void)level;
	rgba[0] = x & 1 ? 0x7f800000 : 0xff800000;
	rgba[1] = 0xffc12345;
	rgba[2] = 1;
	rgba[3] = 0x7f800000;
	return true;
}

static void test_sums(void **state)
{
	const struct agx_image image = make_image(AGX_CS_TEXTURE_DIMENSION_2D, 4, 4, 1);
	const struct agx_sample_source odd = {give_nan, NULL};
	struct agx_sampler sampler = make_sampler();
	const struct agx_sample sample = {
		.coordinate = {0x3f000000, 0x3f000000, 0}, .gather = -1, .least = AGX_LOD_LEAST};
	uint32_t rgba[4];

	(void)state;
	sampler.state.magnify = AGX_CS_FILTER_LINEAR;
	assert_true(agx_sampler_sample(&sampler, &image, &odd, &sample, rgba));
	assert_int_equal(rgba[0], AGX_F32_NAN);
	assert_int_equal(rgba[1], AGX_F32_NAN);
	assert_int_equal(rgba[2], 0);
	assert_int_equal(rgba[3], 0x7f800000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),    cmocka_unit_test(test_cube_faces),
		cmocka_unit_test(test_cube_edges), cmocka_unit_test(test_cube_filter),
		cmocka_unit_test(test_gradients),  cmocka_unit_test(test_cube_gradients),
		cmocka_unit_test(test_lod),        cmocka_unit_test(test_anisotropy),
		cmocka_unit_test(test_strange),    cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
