// SPDX-License-Identifier: MIT
/*
 * Samplers. Facts: Mesa, src/asahi/vulkan/hk_sampler.c; custom border colours:
 * src/asahi/lib/agx_border.c.
 */
#include <string.h>

#include "format_table.h"
#include "internal.h"

#define MAX_LOD 14.0f /* what the field of a sampler goes to */

static const enum agx_cs_wrap wraps[] = {
	[AGX_WRAP_CLAMP_TO_EDGE] = AGX_CS_WRAP_CLAMP_TO_EDGE,
	[AGX_WRAP_REPEAT] = AGX_CS_WRAP_REPEAT,
	[AGX_WRAP_MIRRORED_REPEAT] = AGX_CS_WRAP_MIRRORED_REPEAT,
	[AGX_WRAP_CLAMP_TO_BORDER] = AGX_CS_WRAP_CLAMP_TO_BORDER,
	[AGX_WRAP_MIRRORED_CLAMP_TO_EDGE] = AGX_CS_WRAP_MIRRORED_CLAMP_TO_EDGE,
};

static const enum agx_cs_mip_filter mips[] = {
	[AGX_MIP_NONE] = AGX_CS_MIP_FILTER_NONE,
	[AGX_MIP_NEAREST] = AGX_CS_MIP_FILTER_NEAREST,
	[AGX_MIP_LINEAR] = AGX_CS_MIP_FILTER_LINEAR,
};

static const enum agx_cs_compare_func compares[] = {
	[AGX_COMPARE_NEVER] = AGX_CS_COMPARE_FUNC_NEVER,
	[AGX_COMPARE_LESS] = AGX_CS_COMPARE_FUNC_LESS,
	[AGX_COMPARE_EQUAL] = AGX_CS_COMPARE_FUNC_EQUAL,
	[AGX_COMPARE_LESS_EQUAL] = AGX_CS_COMPARE_FUNC_LEQUAL,
	[AGX_COMPARE_GREATER] = AGX_CS_COMPARE_FUNC_GREATER,
	[AGX_COMPARE_NOT_EQUAL] = AGX_CS_COMPARE_FUNC_NOT_EQUAL,
	[AGX_COMPARE_GREATER_EQUAL] = AGX_CS_COMPARE_FUNC_GEQUAL,
	[AGX_COMPARE_ALWAYS] = AGX_CS_COMPARE_FUNC_ALWAYS,
};

static const enum agx_cs_border_colour borders[] = {
	[AGX_BORDER_TRANSPARENT_BLACK] = AGX_CS_BORDER_COLOUR_TRANSPARENT_BLACK,
	[AGX_BORDER_OPAQUE_BLACK] = AGX_CS_BORDER_COLOUR_OPAQUE_BLACK,
	[AGX_BORDER_OPAQUE_WHITE] = AGX_CS_BORDER_COLOUR_OPAQUE_WHITE,
	[AGX_BORDER_CUSTOM] = AGX_CS_BORDER_COLOUR_CUSTOM,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool clamps(enum agx_wrap wrap)
{
	return wrap == AGX_WRAP_CLAMP_TO_EDGE || wrap == AGX_WRAP_CLAMP_TO_BORDER;
}

/* NULL: nothing is wrong. */
static const char *refuse(const struct agx_sampler_params *p)
{
	if ((unsigned int)p->magnify > AGX_FILTER_LINEAR ||
	    (unsigned int)p->minify > AGX_FILTER_LINEAR)
		return "magnify, minify: of enum agx_filter";
	if ((unsigned int)p->mip >= COUNT(mips))
		return "mip: of enum agx_mip_filter";
	for (unsigned int i = 0; i < 3; i++) {
		if ((unsigned int)p->wrap[i] >= COUNT(wraps))
			return "wrap: of enum agx_wrap";
		if (p->pixel_coordinates && !clamps(p->wrap[i]))
			return "wrap: clamped to edge or border with pixel_coordinates";
	}
	if ((unsigned int)p->border >= COUNT(borders))
		return "border: of enum agx_border";
	if (p->compare && (unsigned int)p->compare_function >= COUNT(compares))
		return "compare_function: of enum agx_compare";
	if (!(p->min_lod >= 0 && p->min_lod <= MAX_LOD) || !(p->max_lod >= 0 && p->max_lod <= 1000))
		return "min_lod, max_lod: from 0, min_lod to 14";
	if (p->max_lod > 0 && p->max_lod < p->min_lod)
		return "max_lod: at least min_lod";
	if (p->anisotropy > 16 || (p->anisotropy & (p->anisotropy - 1)))
		return "anisotropy: 0 or a power of two up to 16";
	if (p->pixel_coordinates && (p->compare || p->anisotropy > 1 || p->mip != AGX_MIP_NONE ||
				     p->min_lod > 0 || p->max_lod > 0))
		return "pixel_coordinates: no comparison, anisotropy or levels";
	return NULL;
}

/* Bits of a component of which the texture unit makes a border's; 0: not known. */
static unsigned int border_bits(const struct lib_format *format, unsigned int c)
{
	switch (format->channels) {
	case AGX_CS_CHANNELS_BC4:
	case AGX_CS_CHANNELS_BC5:
		return 14;
	case AGX_CS_CHANNELS_BC1:
	case AGX_CS_CHANNELS_BC3:
	case AGX_CS_CHANNELS_BC7:
	case AGX_CS_CHANNELS_ETC2_RGB8:
		return 8;
	default:
		if (format->info.srgb && format->place[c] < 3)
			return 12;
		return format->kind == LIB_KIND_BLOCKS || format->kind == LIB_KIND_EXPONENT
			       ? 0
			       : format->bits[c];
	}
}

static uint32_t scaled(float value, uint32_t scale)
{
	const double exact = (double)value * scale;
	const int64_t down = (int64_t)exact - (exact < (double)(int64_t)exact);
	const double rest = exact - (double)down;

	return (uint32_t)(down + (rest > 0.5 || (rest == 0.5 && (down & 1))));
}

static float limited(float value, float low)
{
	if (!(value > low))
		return value == value ? low : 0;
	return value < 1 ? value : 1;
}

/* A component as the texture's memory has it, in a word of its own. */
static uint32_t border_component(const struct lib_format *format, unsigned int bits, float f,
				 uint32_t u)
{
	const uint32_t mask = bits < 32 ? (1u << bits) - 1 : UINT32_MAX;
	const int32_t most = (int32_t)(mask >> 1);
	const int32_t i = (int32_t)u;

	switch (format->kind) {
	case LIB_KIND_SNORM:
		return scaled(limited(f, -1), (uint32_t)most) & mask;
	case LIB_KIND_UINT:
		return u < mask ? u : mask;
	case LIB_KIND_SINT:
		return (i > most        ? (uint32_t)most
			: i < -most - 1 ? (uint32_t)(-most - 1)
					: u) &
		       mask;
	case LIB_KIND_FLOAT:
		return bits == 32 ? u : agx_cs_to_half(f);
	default: /* UNORM, and blocks, all of which are */
		return scaled(limited(f, 0), mask);
	}
}

static bool pack_border(const struct agx_sampler_params *p, void *bytes)
{
	const struct lib_format *format = lib_format(p->border_format);
	uint32_t words[4] = {0};
	struct agx_cs_border border;

	if (!format)
		return false;
	for (unsigned int c = 0; c < format->info.components; c++) {
		const unsigned int place = format->info.compressed ? c : format->place[c];
		const unsigned int bits = border_bits(format, c);

		if (!bits)
			return false;
		words[c] = border_component(format, bits, p->border_colour.f[place],
					    p->border_colour.u[place]);
	}
	border = (struct agx_cs_border){words[0], words[1], words[2], words[3]};
	agx_cs_border_pack(bytes, &border);
	return true;
}

int agx_sampler_init(struct agx_context *ctx, const struct agx_sampler_params *p,
		     struct agx_sampler *sampler)
{
	const char *why = refuse(p);
	struct agx_cs_sampler state;
	bool border = false;

	memset(sampler, 0, sizeof(*sampler));
	if (why)
		return lib_fail(ctx, -EINVAL, "sampler: %s expected", why);
	for (unsigned int i = 0; i < 3; i++)
		border |= p->wrap[i] == AGX_WRAP_CLAMP_TO_BORDER;
	if (border && p->border == AGX_BORDER_CUSTOM) {
		if (!pack_border(p, sampler->border))
			return lib_fail(ctx, -EINVAL,
					"sampler: border_format: a format whose border colours are "
					"known expected, got %u",
					(unsigned int)p->border_format);
		sampler->custom_border = true;
	}

	agx_cs_sampler_init(&state);
	state.minimum_lod = p->min_lod;
	state.maximum_lod = p->max_lod > 0 && p->max_lod < MAX_LOD ? p->max_lod : MAX_LOD;
	state.maximum_anisotropy = p->anisotropy ? p->anisotropy : 1;
	state.magnify =
		p->magnify == AGX_FILTER_LINEAR ? AGX_CS_FILTER_LINEAR : AGX_CS_FILTER_NEAREST;
	state.minify =
		p->minify == AGX_FILTER_LINEAR ? AGX_CS_FILTER_LINEAR : AGX_CS_FILTER_NEAREST;
	state.mip_filter = mips[p->mip];
	state.wrap_s = wraps[p->wrap[0]];
	state.wrap_t = wraps[p->wrap[1]];
	state.wrap_r = wraps[p->wrap[2]];
	state.seamful_cube_maps = p->seamful_cube_maps;
	state.pixel_coordinates = p->pixel_coordinates;
	/* No levels, as Mesa's drivers say it. */
	if (p->pixel_coordinates) {
		state.mip_filter = AGX_CS_MIP_FILTER_NEAREST;
		state.maximum_lod = 0;
	}
	state.compare_enable = p->compare;
	if (p->compare)
		state.compare_func = compares[p->compare_function];
	if (border)
		state.border_colour = borders[p->border];
	agx_cs_sampler_pack(sampler->bytes, &state);
	return 0;
}
