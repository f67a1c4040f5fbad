// SPDX-License-Identifier: MIT
#include "sampler.h"

#include <string.h>

#include "cube.h"
#include "numeric.h"
#include "texel.h"

#define WEIGHT_ONE 256 /* of one axis */

/* A row of texels in one direction: two neighbours and the weight of the second. */
struct axis {
	int32_t index[2]; /* -1: border */
	uint32_t weight;
};

static double value_of(uint32_t bits)
{
	float value;

	/* Denormals and NaN count as 0. */
	if (!(bits & 0x7f800000) || (bits & 0x7fffffff) > 0x7f800000)
		return 0;
	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

/* As value_of(), but what is not a number stays so. */
static double texel_value(uint32_t bits)
{
	float value;

	if (!(bits & 0x7f800000))
		return 0;
	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

/* One NaN, and no denormals: whatever the host makes of them. */
static uint32_t bits_of(double value)
{
	const float single = (float)value;
	uint32_t bits;

	if (value != value)
		return AGX_F32_NAN;
	if (value < 0x1p-126 && value > -0x1p-126)
		return 0;

	memcpy(&bits, &single, sizeof(bits));
	return bits;
}

static double limit(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* Of values of a magnitude below 2^51. */
static double floor_of(double value)
{
	const double whole = (double)(int64_t)value;

	return whole > value ? whole - 1 : whole;
}

const char *agx_sampler_refuse(const struct agx_cs_sampler *state)
{
	if (state->magnify > AGX_CS_FILTER_LINEAR || state->minify > AGX_CS_FILTER_LINEAR)
		return "a cubic filter";
	if (state->mip_filter > AGX_CS_MIP_FILTER_LINEAR)
		return "an unknown filter of levels";
	if (state->wrap_s > AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE ||
	    state->wrap_t > AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE ||
	    state->wrap_r > AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE)
		return "an unknown wrap mode";
	return NULL;
}

const char *agx_sampler_set_border(struct agx_sampler *sampler,
				   const struct agx_texel_format *format, const uint32_t custom[4])
{
	const uint32_t one = agx_texel_is_integer(format->type) ? 1 : AGX_F32_ONE;
	const char *why;

	memset(sampler->border, 0, sizeof(sampler->border));
	switch (sampler->state.border_colour) {
	case AGX_CS_BORDER_COLOUR_CUSTOM:
		if (!custom)
			return "a border of its own from the heap";
		why = agx_texel_refuse_border(format);
		if (!why)
			agx_texel_decode_border(format, custom, sampler->border);
		return why;
	case AGX_CS_BORDER_COLOUR_OPAQUE_WHITE:
		sampler->border[0] = sampler->border[1] = sampler->border[2] = one;
		sampler->border[3] = one;
		return NULL;
	case AGX_CS_BORDER_COLOUR_OPAQUE_BLACK:
		sampler->border[3] = one;
		return NULL;
	default:
		return NULL;
	}
}

int32_t agx_sampler_wrap(enum agx_cs_wrap mode, int64_t index, uint32_t size)
{
	const int64_t n = size;

	switch (mode) {
	case AGX_CS_WRAP_REPEAT:
		index %= n;
		return (int32_t)(index < 0 ? index + n : index);
	case AGX_CS_WRAP_MIRRORED_REPEAT:
		index %= 2 * n;
		index = index < 0 ? index + 2 * n : index;
		return (int32_t)(index < n ? index : 2 * n - 1 - index);
	case AGX_CS_WRAP_CLAMP_TO_BORDER:
	case AGX_CS_WRAP_CLAMP_GL:
		return index < 0 || index >= n ? -1 : (int32_t)index;
	case AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE:
		index = index < 0 ? -1 - index : index;
		break;
	default:
		break;
	}
	return (int32_t)(index < 0 ? 0 : index >= n ? n - 1 : index);
}

unsigned int agx_sampler_nearest_level(double lod, unsigned int last)
{
	/* The larger level of two equally near: ceil(lod + 0.5) - 1. */
	const double level = lod <= 0.5 ? 0 : -floor_of(-(limit(lod, 0, 15) + 0.5)) - 1;

	return level > last ? last : (unsigned int)level;
}

static struct axis find_axis(const struct agx_sampler *sampler, enum agx_cs_wrap mode, double u,
			     int32_t offset, uint32_t size, bool linear)
{
	struct axis axis = {.weight = 0};
	double low;
	int64_t index;

	u = limit(u, -0x1p30, 0x1p30);
	if (!sampler->state.pixel_coordinates)
		u = limit(u * size, -0x1p40, 0x1p40);
	if (mode == AGX_CS_WRAP_CLAMP_GL) {
		u = limit(u, 0, size);
		/* Only filters reach the border. */
		if (!linear)
			mode = AGX_CS_WRAP_CLAMP_TO_EDGE;
	}
	if (!linear) {
		index = (int64_t)floor_of(u) + offset;
		axis.index[0] = axis.index[1] = agx_sampler_wrap(mode, index, size);
		return axis;
	}
	u -= 0.5;
	low = floor_of(u);
	axis.weight = (uint32_t)((u - low) * WEIGHT_ONE + 0.5);
	index = (int64_t)low + offset;
	axis.index[0] = agx_sampler_wrap(mode, index, size);
	axis.index[1] = agx_sampler_wrap(mode, index + 1, size);
	return axis;
}

/* Within a face of a cube: indices -1 and size are beyond an edge. */
static struct axis find_face_axis(double s, uint32_t size, bool linear)
{
	const double u = limit(s, 0, 1) * size;
	struct axis axis = {.weight = 0};

	if (!linear) {
		axis.index[0] = axis.index[1] = (int32_t)limit(floor_of(u), 0, size - 1.0);
		return axis;
	}
	axis.index[0] = (int32_t)floor_of(u - 0.5);
	axis.index[1] = axis.index[0] + 1;
	axis.weight = (uint32_t)((u - 0.5 - axis.index[0]) * WEIGHT_ONE + 0.5);
	return axis;
}

static uint32_t compare(enum agx_cs_compare_func func, uint32_t reference, uint32_t texel)
{
	const enum agx_order order = agx_f32_compare(reference, texel);
	bool holds;

	switch (func) {
	case AGX_CS_COMPARE_FUNC_LEQUAL:
		holds = order == AGX_LESS || order == AGX_EQUAL;
		break;
	case AGX_CS_COMPARE_FUNC_GEQUAL:
		holds = order == AGX_GREATER || order == AGX_EQUAL;
		break;
	case AGX_CS_COMPARE_FUNC_LESS:
		holds = order == AGX_LESS;
		break;
	case AGX_CS_COMPARE_FUNC_GREATER:
		holds = order == AGX_GREATER;
		break;
	case AGX_CS_COMPARE_FUNC_EQUAL:
		holds = order == AGX_EQUAL;
		break;
	case AGX_CS_COMPARE_FUNC_NOT_EQUAL:
		holds = order != AGX_EQUAL;
		break;
	default:
		holds = func == AGX_CS_COMPARE_FUNC_ALWAYS;
		break;
	}
	return holds ? AGX_F32_ONE : 0;
}

struct sampling {
	const struct agx_sampler *sampler;
	const struct agx_image *image;
	const struct agx_sample_source *source;
	const struct agx_sample *sample;
	uint32_t reference;
	double coordinate[3]; /* where it is sampled; of cubes within the face */
	unsigned int face;
	bool seamless;
	struct agx_footprint footprint;
	double gradient[3][2];
	double lod; /* clamped by the sampler and the instruction */
};

static bool is_cube(const struct agx_image *image)
{
	return image->dimension == AGX_CS_TEXTURE_DIMENSION_CUBE ||
	       image->dimension == AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY;
}

static bool get_texel(const struct sampling *s, uint32_t x, uint32_t y, uint32_t layer,
		      unsigned int level, uint32_t rgba[4])
{
	return s->source->texel(s->source->cookie, x, y, layer, level, rgba);
}

static void compare_texel(const struct sampling *s, uint32_t rgba[4])
{
	if (!s->sample->shadow)
		return;
	rgba[0] = compare(s->sampler->state.compare_func, s->reference, rgba[0]);
	rgba[1] = rgba[2] = 0;
	rgba[3] = AGX_F32_ONE;
}

/* A texel of the face, or one step beyond one of its edges. */
static bool face_texel(const struct sampling *s, int32_t x, int32_t y, unsigned int level,
		       uint32_t rgba[4])
{
	const uint32_t size = s->image->level[level].width;
	unsigned int face = s->face;

	if (x < 0 || y < 0 || x >= (int32_t)size || y >= (int32_t)size)
		agx_cube_step(size, &face, &x, &y);
	if (!get_texel(s, (uint32_t)x, (uint32_t)y, 6 * s->sample->layer + face, level, rgba))
		return false;
	compare_texel(s, rgba);
	return true;
}

static bool cube_texel(const struct sampling *s, int32_t x, int32_t y, unsigned int level,
		       uint32_t rgba[4])
{
	const int32_t last = (int32_t)s->image->level[level].width - 1;
	const int32_t inner_x = x < 0 ? 0 : x > last ? last : x;
	const int32_t inner_y = y < 0 ? 0 : y > last ? last : y;
	uint32_t other[2][4];

	if (x == inner_x || y == inner_y)
		return face_texel(s, x, y, level, rgba);
	if (!face_texel(s, inner_x, inner_y, level, rgba))
		return false;
	if (s->sample->gather >= 0)
		return true;
	if (!face_texel(s, x, inner_y, level, other[0]) ||
	    !face_texel(s, inner_x, y, level, other[1]))
		return false;
	for (unsigned int c = 0; c < 4; c++)
		rgba[c] = bits_of((texel_value(rgba[c]) + texel_value(other[0][c]) +
				   texel_value(other[1][c])) /
				  3);
	return true;
}

static bool texel(const struct sampling *s, int32_t x, int32_t y, int32_t z, unsigned int level,
		  uint32_t rgba[4])
{
	const bool volume = s->image->dimension == AGX_CS_TEXTURE_DIMENSION_3D;
	uint32_t layer = volume ? (uint32_t)z : s->sample->layer;

	if (s->seamless)
		return cube_texel(s, x, y, level, rgba);
	if (is_cube(s->image))
		layer = 6 * layer + s->face;
	if (x < 0 || y < 0 || z < 0)
		memcpy(rgba, s->sampler->border, sizeof(s->sampler->border));
	else if (!get_texel(s, (uint32_t)x, (uint32_t)y, layer, level, rgba))
		return false;
	compare_texel(s, rgba);
	return true;
}

static void find_axes(const struct sampling *s, unsigned int level, bool linear,
		      struct axis axis[3])
{
	const struct agx_cs_sampler *state = &s->sampler->state;
	const struct agx_image_level *size = &s->image->level[level];
	const enum agx_cs_texture_dimension dimension = s->image->dimension;
	const struct axis none = {.weight = 0};

	axis[1] = axis[2] = none;
	if (s->seamless) {
		axis[0] = find_face_axis(s->coordinate[0], size->width, linear);
		axis[1] = find_face_axis(s->coordinate[1], size->width, linear);
		return;
	}
	axis[0] = find_axis(s->sampler, state->wrap_s, s->coordinate[0], s->sample->offset[0],
			    size->width, linear);
	if (dimension == AGX_CS_TEXTURE_DIMENSION_1D ||
	    dimension == AGX_CS_TEXTURE_DIMENSION_1D_ARRAY)
		return;
	axis[1] = find_axis(s->sampler, state->wrap_t, s->coordinate[1], s->sample->offset[1],
			    size->height, linear);
	if (dimension == AGX_CS_TEXTURE_DIMENSION_3D)
		axis[2] = find_axis(s->sampler, state->wrap_r, s->coordinate[2],
				    s->sample->offset[2], size->depth, linear);
}

/* Adds the weighted texels of a level. */
static bool add_level(const struct sampling *s, unsigned int level, bool linear, double weight,
		      double sum[4])
{
	struct axis axis[3];
	uint32_t rgba[4];

	find_axes(s, level, linear, axis);
	for (unsigned int i = 0; i < 8; i++) {
		double part = weight;

		for (unsigned int a = 0; a < 3; a++)
			part *= (double)(i >> a & 1 ? axis[a].weight
						    : WEIGHT_ONE - axis[a].weight) /
				WEIGHT_ONE;
		if (part == 0)
			continue;
		if (!texel(s, axis[0].index[i & 1], axis[1].index[i >> 1 & 1],
			   axis[2].index[i >> 2], level, rgba))
			return false;
		for (unsigned int c = 0; c < 4; c++)
			sum[c] += part * texel_value(rgba[c]);
	}
	return true;
}

static bool gather(const struct sampling *s, uint32_t rgba[4])
{
	static const uint8_t order[4] = {2, 3, 1, 0}; /* x in bit 0, y in bit 1 */
	const unsigned int level = s->image->first_level;
	struct axis axis[3];

	find_axes(s, level, true, axis);
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t one[4];

		if (!texel(s, axis[0].index[order[i] & 1], axis[1].index[order[i] >> 1], 0, level,
			   one))
			return false;
		rgba[i] = one[s->sample->gather];
	}
	return true;
}

/* One texel, as it is: also of integers, which have no sum. */
static bool nearest(const struct sampling *s, unsigned int level, uint32_t rgba[4])
{
	struct axis axis[3];

	find_axes(s, level, false, axis);
	return texel(s, axis[0].index[0], axis[1].index[0], axis[2].index[0], level, rgba);
}

/* Coordinates, gradients and the level of detail before anything clamps it to what there is. */
static void prepare(struct sampling *s)
{
	const struct agx_cs_sampler *state = &s->sampler->state;
	const struct agx_image_level *base = &s->image->level[s->image->first_level];
	const bool volume = s->image->dimension == AGX_CS_TEXTURE_DIMENSION_3D;
	double size[3] = {base->width, base->height, volume ? base->depth : 0};

	for (unsigned int i = 0; i < 3; i++) {
		s->coordinate[i] = limit(value_of(s->sample->coordinate[i]), -0x1p60, 0x1p60);
		for (unsigned int d = 0; d < 2; d++)
			s->gradient[i][d] =
				limit(value_of(s->sample->gradient[i][d]), -0x1p60, 0x1p60);
		if (state->pixel_coordinates)
			size[i] = size[i] > 0;
	}
	s->face = 0;
	s->seamless = false;
	if (is_cube(s->image)) {
		const struct agx_cube_place place = agx_cube_project(s->coordinate, s->gradient);

		s->face = place.face;
		s->coordinate[0] = place.s;
		s->coordinate[1] = place.t;
		s->seamless = !state->seamful_cube_maps;
	}
	s->footprint = (struct agx_footprint){.lod = s->sample->lod, .probes = 1};
	if (s->sample->has_gradients)
		s->footprint = agx_footprint_of((const double(*)[2])s->gradient, size,
						state->maximum_anisotropy);
	s->lod = s->footprint.lod > s->sample->least ? s->footprint.lod : s->sample->least;
	s->lod = limit(s->lod, (double)state->minimum_lod, (double)state->maximum_lod);
}

/* What is sampled of which levels. */
struct levels {
	unsigned int first; /* of the image */
	double fraction;    /* of the next one */
	bool linear;
};

static struct levels find_levels(const struct sampling *s)
{
	const struct agx_cs_sampler *state = &s->sampler->state;
	const unsigned int last = s->image->last_level - s->image->first_level;
	const bool integer = agx_texel_is_integer(s->image->type);
	struct levels levels = {.linear = (s->lod > 0 ? state->minify : state->magnify) ==
						  AGX_CS_FILTER_LINEAR &&
					  !integer};
	double lod;

	if (state->mip_filter == AGX_CS_MIP_FILTER_NEAREST) {
		levels.first = agx_sampler_nearest_level(s->lod, last);
	} else if (state->mip_filter == AGX_CS_MIP_FILTER_LINEAR) {
		lod = limit(s->lod, 0, last);
		levels.first = (unsigned int)lod;
		if (!integer)
			levels.fraction =
				(double)(uint32_t)((lod - levels.first) * WEIGHT_ONE + 0.5) /
				WEIGHT_ONE;
	}
	levels.first += s->image->first_level;
	return levels;
}

bool agx_sampler_sample(const struct agx_sampler *sampler, const struct agx_image *image,
			const struct agx_sample_source *source, const struct agx_sample *sample,
			uint32_t rgba[4])
{
	struct sampling s = {.sampler = sampler,
			     .image = image,
			     .source = source,
			     .sample = sample,
			     .reference = sample->reference};
	double sum[4] = {0}, start[3];
	struct levels levels;

	/* Normalized depth holds nothing else. */
	if (sample->shadow && image->type == AGX_CS_TEXTURE_TYPE_UNORM)
		s.reference = agx_f32_saturate(s.reference);
	prepare(&s);
	if (sample->gather >= 0)
		return gather(&s, rgba);
	levels = find_levels(&s);
	if (agx_texel_is_integer(image->type))
		s.footprint.probes = 1;
	if (!levels.linear && levels.fraction == 0 && s.footprint.probes == 1)
		return nearest(&s, levels.first, rgba);
	memcpy(start, s.coordinate, sizeof(start));
	for (unsigned int i = 1; i <= s.footprint.probes; i++) {
		const double at = (double)i / (s.footprint.probes + 1) - 0.5;
		const double weight = 1.0 / s.footprint.probes;

		for (unsigned int c = 0; c < 3 && s.footprint.probes > 1; c++)
			s.coordinate[c] = start[c] + at * s.gradient[c][s.footprint.direction];
		if (!add_level(&s, levels.first, levels.linear, weight * (1 - levels.fraction),
			       sum))
			return false;
		if (levels.fraction > 0 &&
		    !add_level(&s, levels.first + 1, levels.linear, weight * levels.fraction, sum))
			return false;
	}
	for (unsigned int c = 0; c < 4; c++)
		rgba[c] = bits_of(sum[c]);
	return true;
}

void agx_sampler_query(const struct agx_sampler *sampler, const struct agx_image *image,
		       const struct agx_sample *sample, uint32_t result[2])
{
	struct sampling s = {.sampler = sampler, .image = image, .sample = sample};
	const unsigned int last = image->last_level - image->first_level;
	double level;

	prepare(&s);
	level = limit(s.lod, 0, last);
	if (sampler->state.mip_filter == AGX_CS_MIP_FILTER_NEAREST)
		level = agx_sampler_nearest_level(s.lod, last);
	else if (sampler->state.mip_filter == AGX_CS_MIP_FILTER_NONE)
		level = 0;
	result[0] = bits_of(level);
	result[1] = bits_of(s.footprint.lod > sample->least ? s.footprint.lod : sample->least);
}
