// SPDX-License-Identifier: MIT
/* Render passes: attachments that fit together, and some that do not. */
#include <string.h>

#include "agx_cs_pack.h"

#include "world.h"

static bool fits(const struct image *image, const struct agx_render_pass *pass, unsigned int level,
		 unsigned int samples)
{
	const struct agx_layout *layout;

	if (!image->image || image->params.dimension == AGX_DIMENSION_3D ||
	    image->params.samples != samples || level >= image->params.levels)
		return false;
	layout = agx_image_layout(image->image);
	return layout->level[level].width == pass->width &&
	       layout->level[level].height == pass->height;
}

static void choose_clear(struct choices *c, const struct image *image, union agx_texel *clear)
{
	static const float numbers[] = {0, 1, 0.5f, -1, 2, 1e30f, __builtin_nanf("")};
	const struct agx_format_info *info = agx_format_info(image->params.format);

	for (unsigned int i = 0; i < 4; i++) {
		if (info->stencil)
			clear->u[i] = choose_byte(c);
		else if (info->depth)
			clear->f[i] = (float)choose_byte(c) / 255;
		else if (info->integer)
			clear->u[i] = choose_word(c);
		else
			clear->f[i] = CHOOSE(c, numbers);
	}
	if (choose_wrong(c))
		clear->u[0] = choose_word(c);
}

static void choose_attachment(struct world *w, const struct agx_render_pass *pass,
			      struct image *image, struct agx_attachment *a, unsigned int level)
{
	struct choices *c = &w->choices;
	const unsigned int layers = pass->layers ? pass->layers : 1;

	a->image = image->image;
	a->level = level;
	a->load = (enum agx_load)choose(c, 3);
	a->discard = choose_chance(c, 60);
	if (image->params.layers > layers)
		a->layer = choose(c, image->params.layers - layers + 1);
	choose_clear(c, image, &a->clear);
	image->used = true;
	if (choose_wrong(c))
		a->level = choose_word(c);
	if (choose_wrong(c))
		a->layer = choose_word(c);
	if (choose_wrong(c))
		a->load = (enum agx_load)choose_word(c);
	if (choose_wrong(c))
		a->image = w->foreign_image;
}

/* The next image that goes into the pass, of a sort; NULL: there is none. */
static struct image *find(struct world *w, const struct agx_render_pass *pass, unsigned int level,
			  unsigned int samples, bool depth, bool stencil)
{
	const unsigned int first = choose(&w->choices, IMAGES);
	const bool any = choose_wrong(&w->choices);

	for (unsigned int i = 0; i < IMAGES; i++) {
		struct image *image = &w->images[(first + i) % IMAGES];
		const struct agx_format_info *info = agx_format_info(image->params.format);

		if (!image->image)
			continue;
		if (any)
			return image;
		if (info->depth != depth || info->stencil != stencil ||
		    (!depth && !stencil && !info->rendered) ||
		    (image->params.tiling == AGX_TILING_TWIDDLED && !image->params.writeable) ||
		    (image->params.tiling == AGX_TILING_LINEAR && (depth || stencil)) ||
		    (pass->layers > image->params.layers) || !fits(image, pass, level, samples))
			continue;
		return image;
	}
	return NULL;
}

static void choose_pass(struct world *w, struct agx_render_pass *pass)
{
	static const uint32_t sizes[] = {1, 31, 32, 64, 100, 1000, 16384};
	static const uint32_t wrong_sizes[] = {16385, 65536, UINT32_MAX, 0};
	struct choices *c = &w->choices;
	const struct image *lead = &w->images[choose(c, IMAGES)];
	unsigned int samples = 1, level = 0;

	memset(pass, 0, sizeof(*pass));
	/* Of an image's size, or of any when there are no attachments. */
	if (lead->image && choose_chance(c, 220)) {
		const struct agx_layout *layout = agx_image_layout(lead->image);

		level = choose_chance(c, 50) ? choose(c, lead->params.levels) : 0;
		pass->width = layout->level[level].width;
		pass->height = layout->level[level].height;
		samples = lead->params.samples;
		pass->layers = choose_chance(c, 60) ? choose(c, lead->params.layers + 1) : 0;
	} else {
		pass->width = CHOOSE(c, sizes);
		pass->height = CHOOSE(c, sizes);
		samples = 1u << choose(c, 3);
		/* Of both together the driver would want more memory than there is. */
		if (choose_chance(c, 60))
			pass->layers = choose(c, pass->width * pass->height > 10000 ? 5 : 2049);
	}
	pass->samples = samples;
	pass->colour_count = choose_chance(c, 60) ? choose(c, AGX_MAX_COLOURS + 1) : choose(c, 3);
	for (unsigned int i = 0; i < pass->colour_count; i++) {
		struct image *image = find(w, pass, level, samples, false, false);

		if (image && !choose_chance(c, 20))
			choose_attachment(w, pass, image, &pass->colour[i], level);
	}
	if (choose_chance(c, 128)) {
		struct image *image = find(w, pass, level, samples, true, false);

		if (image)
			choose_attachment(w, pass, image, &pass->depth, level);
	}
	if (choose_chance(c, 128)) {
		struct image *image = find(w, pass, level, samples, false, true);

		if (image)
			choose_attachment(w, pass, image, &pass->stencil, level);
	}
	/* What can be left open. */
	if (pass->colour_count && pass->colour[0].image && choose_chance(c, 60))
		pass->width = pass->height = pass->samples = 0;
	pass->overlap = choose_chance(c, 40);
	/* 32768 counters take more than the data has, but nothing is drawn here. */
	if (choose_chance(c, 60))
		pass->occlusion = world_address(w, w->data, 16384, 8);
	pass->vertex_timestamps = choose_stamps(w);
	pass->fragment_timestamps = choose_stamps(w);
	if (choose_wrong(c))
		pass->width = CHOOSE(c, wrong_sizes);
	if (choose_wrong(c))
		pass->height = CHOOSE(c, wrong_sizes);
	if (choose_wrong(c))
		pass->layers = 2049 + choose_word(c) % (UINT32_MAX - 2049);
	if (choose_wrong(c))
		pass->samples = choose_word(c);
	if (choose_wrong(c))
		pass->colour_count = choose_word(c);
	if (choose_wrong(c))
		pass->occlusion += 4;
}

void render_begin(struct world *w, struct cmdbuf *c)
{
	struct agx_render_pass pass;

	choose_pass(w, &pass);
	if (RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_render_begin(c->cmdbuf, &pass)))
		return;
	c->pass = PASS_RENDER;
	c->depth = pass.depth.image;
	c->stencil = pass.stencil.image;
	c->occlusion = pass.occlusion;
	c->layers = pass.layers;
	c->state = c->sized = c->unsized = false;
	/* Of an earlier pass they do not hold. */
	for (unsigned int i = 0; i < BOUNDS; i++) {
		if (c->bound_stage[i] >= AGX_STAGE_FRAGMENT)
			c->bound_stage[i] = SHADERS;
	}
}

static void viewports(struct world *w, struct cmdbuf *c)
{
	static const float places[] = {0, 1, -5, 100.5f, 16384, -16384};
	static const float lengths[] = {64, -64, 1, 0, 100, 0.25f, 16384, 32768};
	static const float depths[] = {0, 1, 0.5f, 0.25f};
	static const float wrong_numbers[] = {
		__builtin_nanf(""), __builtin_inff(), 3e38f, -3e38f, 2, -1};
	static const uint32_t edges[] = {0, 1, 31, 32, 33, 64, 1000, 16384, UINT32_MAX};
	struct choices *ch = &w->choices;
	unsigned int count = choose_chance(ch, 60) ? 1 + choose(ch, 16) : 1;
	struct agx_viewport v[16];
	struct agx_rect rects[16];

	for (unsigned int i = 0; i < count; i++) {
		v[i] = (struct agx_viewport){
			.x = CHOOSE(ch, places),
			.y = CHOOSE(ch, places),
			.width = CHOOSE(ch, lengths),
			.height = CHOOSE(ch, lengths),
			.near = CHOOSE(ch, depths),
			.far = CHOOSE(ch, depths),
		};
		rects[i] = (struct agx_rect){CHOOSE(ch, edges), CHOOSE(ch, edges),
					     CHOOSE(ch, edges), CHOOSE(ch, edges)};
		if (choose_wrong(ch)) {
			float *const members[] = {&v[i].x,      &v[i].y,    &v[i].width,
						  &v[i].height, &v[i].near, &v[i].far};

			*CHOOSE(ch, members) = CHOOSE(ch, wrong_numbers);
		}
	}
	if (choose_wrong(ch))
		count = choose_chance(ch, 128) ? 0 : 17;
	RECORD(w, c, MAY_INVAL | MAY_NOSPC | MAY_2BIG,
	       agx_render_viewports(c->cmdbuf, v, choose_chance(ch, 160) ? rects : NULL, count));
}

static void raw(struct world *w, struct cmdbuf *c)
{
	static const size_t sizes[] = {2, 6, 1028, 1u << 20};
	struct agx_cs_vdm_barrier barrier;
	uint8_t words[AGX_CS_VDM_BARRIER_SIZE];

	agx_cs_vdm_barrier_init(&barrier);
	barrier.usc_cache_invalidate = true;
	agx_cs_vdm_barrier_pack(words, &barrier);
	RECORD(w, c, MAY_INVAL | MAY_NOSPC,
	       agx_render_raw(c->cmdbuf, words,
			      choose_wrong(&w->choices) ? CHOOSE(&w->choices, sizes)
							: sizeof(words)));
}

/* Programs of the caller's at the ends of tiles, or the pass's own again. */
static void tile_programs(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;
	const enum agx_stage stages[] = {AGX_STAGE_BACKGROUND, AGX_STAGE_END_OF_TILE};
	const struct agx_bound *programs[2] = {NULL, NULL};
	unsigned int k;

	for (unsigned int i = 0; i < 2; i++) {
		for (k = 0; k < BOUNDS && c->bound_stage[k] != stages[i]; k++)
			;
		if (k < BOUNDS && choose_chance(ch, 200))
			programs[i] = &c->bounds[k];
		if (choose_wrong(ch))
			programs[i] = &c->bounds[choose(ch, BOUNDS)];
		if (k == BOUNDS && !c->error)
			bind_call(w, c, stages[i]);
	}
	RECORD(w, c, MAY_INVAL | MAY_NOSPC,
	       agx_render_tile_programs(c->cmdbuf, programs[0], programs[1]));
}

static void tile_offset(struct world *w, struct cmdbuf *c)
{
	unsigned int bytes = UINT32_MAX, colour = choose(&w->choices, 10);

	if (!CALL(w, MAY_INVAL, agx_render_tile_offset(c->cmdbuf, colour, &bytes)) && bytes >= 64)
		sequence_fail(w, "an offset within the sample's record expected, got %u", bytes);
}

void render_call(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;

	switch (choose(ch, 16)) {
	case 0:
	case 1:
		pass_end(w, c);
		break;
	case 2:
		viewports(w, c);
		break;
	case 3:
		raw(w, c);
		break;
	case 4:
		if (choose_chance(ch, 128))
			tile_offset(w, c);
		else
			tile_programs(w, c);
		break;
	case 5:
		bind_call(w, c, choose_chance(ch, 128) ? AGX_STAGE_VERTEX : AGX_STAGE_FRAGMENT);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		draw_state(w, c);
		break;
	default:
		draw_call(w, c);
	}
}
