// SPDX-License-Identifier: MIT
/* Descriptors of textures, PBEs and samplers; formats and layouts. */
#include <string.h>

#include "world.h"

static void texture_default(struct world *w, unsigned int i)
{
	const enum agx_format format = AGX_FORMAT_R32_UINT;

	if (i == 1)
		MUST(w, agx_pbe_of_buffer(w->data, 0, format, 64, &w->textures[i]));
	else
		MUST(w, agx_texture_of_buffer(w->data, 0, format, 64, &w->textures[i]));
}

void describe_defaults(struct world *w)
{
	const struct agx_sampler_params sampler = {0};

	for (unsigned int i = 0; i < TEXTURES; i++)
		texture_default(w, i);
	for (unsigned int i = 0; i < SAMPLERS; i++)
		MUST(w, agx_sampler_init(sequence_context(w->device), &sampler, &w->samplers[i]));
}

/*
 * The first two are what programs name: a texture of two dimensions that is read, and one that is
 * written. The others are bound, and judged.
 */
static void make_texture(struct world *w)
{
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, TEXTURES);
	struct image *image = &w->images[choose(c, IMAGES)];
	const bool pbe = i == 1 || (i > 1 && choose_chance(c, 100));
	struct agx_view view = {0};
	int ret;

	if (!image->image)
		return;
	if (i < 2) {
		view = (struct agx_view){.as = true, .dimension = AGX_DIMENSION_2D, .layers = 1};
		/* Samples take an instruction of another form. */
		if (image->params.samples > 1)
			return;
	} else if (choose_chance(c, 160)) {
		view.as = choose_chance(c, 128);
		view.dimension = (enum agx_dimension)choose(c, 4);
		view.array = choose_chance(c, 100);
		view.layers = choose(c, 7);
	}
	if (choose_chance(c, 100))
		view.format = (enum agx_format)choose(c, AGX_FORMATS);
	view.level = choose_chance(c, 80) ? choose(c, 4) : 0;
	view.levels = pbe ? 1 : choose_chance(c, 80) ? choose(c, 4) : 0;
	view.layer = choose_chance(c, 80) ? choose(c, 6) : 0;
	for (unsigned int k = 0; k < 4 && !pbe; k++)
		view.swizzle[k] =
			choose_chance(c, 50) ? (enum agx_swizzle)choose(c, 7) : AGX_SWIZZLE_SAME;
	if (choose_wrong(c))
		view.swizzle[choose(c, 4)] = (enum agx_swizzle)choose(c, 256);
	if (choose_wrong(c))
		view.level = choose_word(c);
	if (choose_wrong(c))
		view.layer = choose_word(c);
	if (choose_wrong(c))
		view.levels = choose_word(c);
	if (choose_wrong(c))
		view.layers = choose_word(c);
	if (choose_wrong(c))
		view.dimension = (enum agx_dimension)choose_word(c);
	texture_default(w, i);
	ret = pbe ? CALL(w, MAY_INVAL, agx_pbe_of(image->image, &view, &w->textures[i]))
		  : CALL(w, MAY_INVAL, agx_texture_of(image->image, &view, &w->textures[i]));
	if (ret)
		texture_default(w, i);
	else
		image->used = true;
}

static void make_buffer_texture(struct world *w)
{
	static const uint32_t counts[] = {1, 16, 100, 4096, 16384, 16385, 0, 1u << 28, UINT32_MAX};
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, TEXTURES);
	const bool pbe = i == 1 || (i > 1 && choose_chance(c, 100));
	const enum agx_format format = choose_chance(c, 160)
					       ? (enum agx_format)choose(c, AGX_FORMATS + 2)
					       : AGX_FORMAT_R32_UINT;
	const uint64_t offset = 16 * choose(c, 256) + (choose_wrong(c) ? 8 : 0) +
				(choose_wrong(c) ? UINT64_MAX - 4095 : 0);
	const uint32_t count = choose_wrong(c) ? CHOOSE(c, counts) : counts[choose(c, 5)];
	int ret;

	ret = pbe ? CALL(w, MAY_INVAL,
			 agx_pbe_of_buffer(w->data, offset, format, count, &w->textures[i]))
		  : CALL(w, MAY_INVAL,
			 agx_texture_of_buffer(w->data, offset, format, count, &w->textures[i]));
	if (ret)
		texture_default(w, i);
}

static void make_sampler(struct world *w)
{
	static const float lods[] = {0, 0.5f, 1, 3.25f, 14, 13.999f, 1000};
	static const float wrong_lods[] = {-1, 1001, __builtin_nanf(""), __builtin_inff(), 14.5f};
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, SAMPLERS);
	struct agx_sampler_params p = {
		.magnify = (enum agx_filter)choose(c, 2),
		.minify = (enum agx_filter)choose(c, 2),
		.mip = (enum agx_mip_filter)choose(c, 3),
		/* Its coding has to be the texture's, which programs meet at run time. */
		.border = (enum agx_border)choose(c, i < 2 ? 3 : 4),
		.border_format = (enum agx_format)choose(c, AGX_FORMATS),
		.min_lod = choose_chance(c, 60) ? CHOOSE(c, lods) : 0,
		.max_lod = choose_chance(c, 60) ? CHOOSE(c, lods) : 0,
		.anisotropy = choose_chance(c, 60) ? 1u << choose(c, 5) : 0,
		.pixel_coordinates = choose_chance(c, 40),
		.compare = choose_chance(c, 60),
		.seamful_cube_maps = choose_chance(c, 40),
		.compare_function = (enum agx_compare)choose(c, 8),
	};

	for (unsigned int k = 0; k < 3; k++)
		p.wrap[k] = (enum agx_wrap)choose(c, 5);
	/* They go with little else. */
	if (p.pixel_coordinates && choose_chance(c, 200)) {
		p.mip = AGX_MIP_NONE;
		p.min_lod = p.max_lod = 0;
		p.anisotropy = 0;
		p.compare = false;
		for (unsigned int k = 0; k < 3; k++)
			p.wrap[k] = AGX_WRAP_CLAMP_TO_EDGE;
	}
	for (unsigned int k = 0; k < 4; k++)
		p.border_colour.u[k] = choose_chance(c, 60) ? choose_word(c) : 0x3f800000;
	if (choose_wrong(c))
		p.min_lod = CHOOSE(c, wrong_lods);
	if (choose_wrong(c))
		p.max_lod = CHOOSE(c, wrong_lods);
	if (choose_wrong(c))
		p.anisotropy = choose_word(c);
	if (choose_wrong(c))
		p.wrap[choose(c, 3)] = (enum agx_wrap)choose_word(c);
	if (choose_wrong(c))
		p.border = (enum agx_border)(4 + choose_byte(c));
	if (choose_wrong(c))
		p.border_format = (enum agx_format)choose_word(c);
	if (choose_wrong(c))
		p.compare_function = (enum agx_compare)choose_word(c);
	if (choose_wrong(c))
		p.mip = (enum agx_mip_filter)choose_word(c);
	/* What is refused is all zeroes, which is no sampler. */
	if (CALL(w, MAY_INVAL,
		 agx_sampler_init(sequence_context(w->device), &p, &w->samplers[i]))) {
		memset(&p, 0, sizeof(p));
		MUST(w, agx_sampler_init(sequence_context(w->device), &p, &w->samplers[i]));
	}
}

/* Packs what it unpacked to what it was. */
static void convert(struct world *w)
{
	struct choices *c = &w->choices;
	const enum agx_format format = (enum agx_format)choose(c, AGX_FORMATS + 3);
	const struct agx_format_info *info = agx_format_info(format);
	uint8_t memory[16] = {0}, packed[16] = {0};
	union agx_texel texel, again;
	int ret;

	for (unsigned int i = 0; i < sizeof(memory); i++)
		memory[i] = choose_byte(c);
	w->call = "agx_format_unpack(format, memory, &texel)";
	ret = agx_format_unpack(format, memory, &texel);
	if (ret != (info && !info->compressed ? 0 : -EINVAL))
		sequence_fail(w, "format %u: got %d", format, ret);
	if (ret)
		return;
	if (agx_format_pack(format, &texel, packed) || agx_format_unpack(format, packed, &again))
		sequence_fail(w, "%s is not packed", info->name);
	for (unsigned int i = 0; i < 4; i++) {
		const bool nan = !info->integer && texel.f[i] != texel.f[i];

		if (!nan && texel.u[i] != again.u[i])
			sequence_fail(w, "%s: 0x%x was packed and is 0x%x", info->name, texel.u[i],
				      again.u[i]);
	}
	if (agx_format_find(info->name) != format)
		sequence_fail(w, "%s is not found", info->name);
}

void describe_call(struct world *w)
{
	switch (choose(&w->choices, 8)) {
	case 0:
		make_buffer_texture(w);
		break;
	case 1:
	case 2:
		make_sampler(w);
		break;
	case 3:
		convert(w);
		break;
	default:
		make_texture(w);
	}
}
