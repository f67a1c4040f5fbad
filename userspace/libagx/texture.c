// SPDX-License-Identifier: MIT
/*
 * Descriptors of images: textures, which shaders read, and PBEs, which imgw and end-of-tile
 * programs write. They say little: both ends compute layouts from the size of level 0 (layout.c),
 * so a view changes what is shown of the levels and layers, never the sizes.
 *
 * Facts: Mesa, src/asahi/vulkan/hk_image_view.c and hk_buffer_view.c.
 */
#include <string.h>

#include "format_table.h"
#include "image_internal.h"

#define BUFFER_ROW 16384u /* texels in a row of a buffer that has several */
#define ADDRESS    16u    /* descriptors have no lower bits of addresses */

/* A view with all that zeroes stand for. */
struct shown {
	const struct lib_format *format;
	enum agx_dimension dimension;
	bool array;
	unsigned int level, levels, layer, layers;
};

static int refuse(const struct agx_image *image, const char *what, const char *why)
{
	const struct agx_layout_params *p = &image->layout.params;

	return lib_fail(
		lib_image_context(image), -EINVAL,
		"%s of an image of %ux%ux%u texels, %u levels, %u layers, %u samples, %s: %s", what,
		p->width, p->height, p->depth, p->levels, p->layers, p->samples,
		agx_format_info(p->format)->name, why);
}

/* Images that are made of the same slices can be seen as each other. */
static bool can_be_seen_as(const struct agx_layout_params *p, enum agx_dimension dimension)
{
	switch (dimension) {
	case AGX_DIMENSION_1D:
		return p->dimension != AGX_DIMENSION_3D && p->height == 1 && p->samples == 1;
	case AGX_DIMENSION_2D:
		return p->dimension != AGX_DIMENSION_3D;
	case AGX_DIMENSION_3D:
		return p->dimension == AGX_DIMENSION_3D;
	default: /* AGX_DIMENSION_CUBE */
		return p->dimension != AGX_DIMENSION_3D && p->width == p->height &&
		       p->samples == 1 && p->tiling == AGX_TILING_TWIDDLED;
	}
}

/* NULL: the view is of the image. */
static const char *resolve(const struct agx_image *image, const struct agx_view *view,
			   struct shown *s)
{
	static const struct agx_view whole;
	const struct agx_layout_params *p = &image->layout.params;
	const struct lib_format *own = lib_format(p->format);
	unsigned int unit;

	view = view ? view : &whole;
	s->format = view->format == AGX_FORMAT_NONE ? own : lib_format(view->format);
	if (!s->format)
		return "format of the view: of enum agx_format expected";
	if (s->format->info.bytes != own->info.bytes || s->format->info.width != own->info.width ||
	    s->format->info.height != own->info.height)
		return "format of the view: one with texels, or blocks, of the same size expected";
	s->dimension = view->as ? view->dimension : p->dimension;
	if ((unsigned int)s->dimension > AGX_DIMENSION_CUBE || !can_be_seen_as(p, s->dimension))
		return "dimension of the view: the image cannot be seen so";
	unit = s->dimension == AGX_DIMENSION_CUBE ? 6 : 1;
	s->array = view->as ? view->array : p->layers > unit;
	if (s->array && s->dimension == AGX_DIMENSION_3D)
		return "array of the view: there are none of 3D images";

	s->level = view->level;
	s->layer = view->layer;
	if (s->level >= p->levels || view->levels > p->levels - s->level)
		return "levels of the view: beyond those that there are";
	s->levels = view->levels ? view->levels : p->levels - s->level;
	if (s->layer >= p->layers || view->layers > p->layers - s->layer)
		return "layers of the view: beyond those that there are";
	s->layers = view->layers ? view->layers : s->array ? p->layers - s->layer : unit;
	if (s->layers % unit || s->layers > p->layers - s->layer)
		return "layers of the view: six for each cube expected";
	if (!s->array && s->layers != unit)
		return "layers of the view: as many as one image has, or array expected";
	if (!image->address)
		return "buffer: without addresses (AGX_BUFFER_UNBOUND)";
	if (image->address % ADDRESS)
		return "address: a multiple of 16 expected";
	return NULL;
}

static enum agx_cs_texture_dimension dimension_of(const struct shown *s, unsigned int samples)
{
	switch (s->dimension) {
	case AGX_DIMENSION_1D:
		return s->array ? AGX_CS_TEXTURE_DIMENSION_1D_ARRAY : AGX_CS_TEXTURE_DIMENSION_1D;
	case AGX_DIMENSION_2D:
		if (samples > 1)
			return s->array ? AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED
					: AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED;
		return s->array ? AGX_CS_TEXTURE_DIMENSION_2D_ARRAY : AGX_CS_TEXTURE_DIMENSION_2D;
	case AGX_DIMENSION_3D:
		return AGX_CS_TEXTURE_DIMENSION_3D;
	default:
		return s->array ? AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY
				: AGX_CS_TEXTURE_DIMENSION_CUBE;
	}
}

static enum agx_cs_sample_count samples_of(unsigned int samples)
{
	return samples == 4 ? AGX_CS_SAMPLE_COUNT_SAMPLES_4 : AGX_CS_SAMPLE_COUNT_SAMPLES_2;
}

/* Which channel of memory a component of texels is. */
static enum agx_cs_channel channel_of(const struct lib_format *format, unsigned int component)
{
	for (unsigned int c = 0; c < format->info.components; c++) {
		if ((format->info.compressed ? c : format->place[c]) == component)
			return (enum agx_cs_channel)c;
	}
	return component == 3 ? AGX_CS_CHANNEL_ONE : AGX_CS_CHANNEL_ZERO;
}

/* The order of memory and the one that is asked for are one swizzle to the hardware. */
static bool swizzle_texture(const struct lib_format *format, const enum agx_swizzle swizzle[4],
			    struct agx_cs_texture *t)
{
	enum agx_cs_channel channel[4];

	for (unsigned int i = 0; i < 4; i++) {
		switch (swizzle[i]) {
		case AGX_SWIZZLE_SAME:
			channel[i] = channel_of(format, i);
			break;
		case AGX_SWIZZLE_R:
		case AGX_SWIZZLE_G:
		case AGX_SWIZZLE_B:
		case AGX_SWIZZLE_A:
			channel[i] = channel_of(format, swizzle[i] - AGX_SWIZZLE_R);
			break;
		case AGX_SWIZZLE_0:
			channel[i] = AGX_CS_CHANNEL_ZERO;
			break;
		case AGX_SWIZZLE_1:
			channel[i] = AGX_CS_CHANNEL_ONE;
			break;
		default:
			return false;
		}
	}
	t->swizzle_r = channel[0];
	t->swizzle_g = channel[1];
	t->swizzle_b = channel[2];
	t->swizzle_a = channel[3];
	return true;
}

static void swizzle_pbe(const struct lib_format *format, struct agx_cs_pbe *p)
{
	enum agx_cs_channel *const channel[] = {&p->swizzle_r, &p->swizzle_g, &p->swizzle_b,
						&p->swizzle_a};

	for (unsigned int c = 0; c < format->info.components; c++)
		*channel[c] = (enum agx_cs_channel)format->place[c];
}

static void pack_texture(const struct agx_image *image, const struct shown *s,
			 struct agx_cs_texture *t, struct agx_texture *texture)
{
	const struct agx_layout *layout = &image->layout;
	const struct agx_layout_params *p = &layout->params;
	const bool linear = p->tiling == AGX_TILING_LINEAR;

	t->dimension = dimension_of(s, p->samples);
	t->layout = linear ? AGX_CS_LAYOUT_LINEAR : AGX_CS_LAYOUT_GPU;
	t->channels = s->format->channels;
	t->type = s->format->type;
	t->srgb = s->format->info.srgb;
	t->width = p->width;
	t->height = p->height;
	t->first_level = s->level;
	t->last_level = s->level + s->levels - 1;
	t->mipmapped = p->levels > 1;
	t->address = image->address + s->layer * layout->layer_stride;
	if (p->samples > 1)
		t->samples = samples_of(p->samples);
	if (linear) {
		t->stride = layout->pitch;
		t->extended = s->array;
		if (s->array) {
			t->depth_linear = s->layers;
			t->layer_stride_linear = layout->layer_stride;
		}
	} else {
		t->depth = s->dimension == AGX_DIMENSION_CUBE ? s->layers / 6
			   : s->dimension == AGX_DIMENSION_3D ? p->depth
							      : s->layers;
		t->page_aligned_layers = layout->page_aligned_layers;
	}
	agx_cs_texture_pack(texture->bytes, t);
}

static void pack_pbe(const struct agx_image *image, const struct shown *s, bool srgb,
		     struct agx_texture *texture)
{
	const struct agx_layout *layout = &image->layout;
	const struct agx_layout_params *p = &layout->params;
	const bool linear = p->tiling == AGX_TILING_LINEAR;
	struct agx_cs_pbe pbe;

	agx_cs_pbe_init(&pbe);
	swizzle_pbe(s->format, &pbe);
	pbe.dimension = dimension_of(s, p->samples);
	pbe.layout = linear ? AGX_CS_LAYOUT_LINEAR : AGX_CS_LAYOUT_GPU;
	pbe.channels = s->format->channels;
	pbe.type = s->format->type;
	pbe.srgb = srgb;
	pbe.width = p->width;
	pbe.height = p->height;
	pbe.level = s->level;
	pbe.mipmapped = p->levels > 1;
	pbe.buffer = image->address + s->layer * layout->layer_stride;
	if (p->samples > 1)
		pbe.samples = samples_of(p->samples);
	if (linear) {
		pbe.stride = layout->pitch;
		pbe.extended = s->array;
		if (s->array) {
			pbe.depth_linear = s->layers;
			pbe.layer_stride_linear = layout->layer_stride;
		}
	} else {
		pbe.levels = p->levels;
		pbe.layers = s->dimension == AGX_DIMENSION_3D ? p->depth : s->layers;
		pbe.page_aligned_layers = layout->page_aligned_layers;
	}
	agx_cs_pbe_pack(texture->bytes, &pbe);
}

int agx_texture_of(const struct agx_image *image, const struct agx_view *view,
		   struct agx_texture *texture)
{
	static const enum agx_swizzle same[4];
	struct agx_cs_texture t;
	struct shown s;
	const char *why = resolve(image, view, &s);

	memset(texture, 0, sizeof(*texture));
	if (why)
		return refuse(image, "texture", why);
	agx_cs_texture_init(&t);
	if (!swizzle_texture(s.format, view ? view->swizzle : same, &t))
		return refuse(image, "texture",
			      "swizzle of the view: of enum agx_swizzle expected");
	pack_texture(image, &s, &t, texture);
	return 0;
}

/* What is written, whatever writes it. */
static const char *refuse_write(const struct agx_image *image, const struct shown *s)
{
	const struct agx_layout_params *p = &image->layout.params;

	if (!s->format->info.stored)
		return "format: the hardware does not write it so";
	if (p->tiling == AGX_TILING_TWIDDLED && !p->writeable)
		return "writeable: was not set when the image was made";
	return NULL;
}

int agx_pbe_of(const struct agx_image *image, const struct agx_view *view, struct agx_texture *pbe)
{
	struct shown s;
	const char *why = resolve(image, view, &s);

	memset(pbe, 0, sizeof(*pbe));
	if (!why)
		why = refuse_write(image, &s);
	/* Of a view that names none the first is meant. */
	if (!why && s.levels > 1 && view && view->levels)
		why = "levels of the view: one expected";
	for (unsigned int i = 0; !why && view && i < 4; i++) {
		if (view->swizzle[i] != AGX_SWIZZLE_SAME && view->swizzle[i] != AGX_SWIZZLE_R + i)
			why = "swizzle of the view: what is written has none";
	}
	if (why)
		return refuse(image, "PBE", why);
	/* Faces are written as layers. */
	if (s.dimension == AGX_DIMENSION_CUBE) {
		s.dimension = AGX_DIMENSION_2D;
		s.array = true;
	}
	pack_pbe(image, &s, s.format->info.srgb, pbe);
	return 0;
}

static const char *resolve_attachment(const struct agx_image *image, unsigned int level,
				      unsigned int layer, unsigned int layers, struct shown *s)
{
	const struct agx_view view = {
		.dimension = AGX_DIMENSION_2D,
		.as = true,
		.array = layers > 0,
		.level = level,
		.levels = 1,
		.layer = layer,
		.layers = layers ? layers : 1,
	};

	if (image->layout.params.dimension == AGX_DIMENSION_3D)
		return "attachment: 3D images are not rendered to";
	return resolve(image, &view, s);
}

int lib_texture_of_attachment(const struct agx_image *image, unsigned int level, unsigned int layer,
			      unsigned int layers, struct agx_texture *texture)
{
	static const enum agx_swizzle same[4];
	struct agx_cs_texture t;
	struct shown s;
	const char *why = resolve_attachment(image, level, layer, layers, &s);

	memset(texture, 0, sizeof(*texture));
	if (why)
		return refuse(image, "texture", why);
	agx_cs_texture_init(&t);
	swizzle_texture(s.format, same, &t);
	pack_texture(image, &s, &t, texture);
	return 0;
}

int lib_pbe_of_attachment(const struct agx_image *image, unsigned int level, unsigned int layer,
			  unsigned int layers, struct agx_texture *pbe)
{
	struct shown s;
	const char *why = resolve_attachment(image, level, layer, layers, &s);

	memset(pbe, 0, sizeof(*pbe));
	if (!why)
		why = refuse_write(image, &s);
	if (why)
		return refuse(image, "PBE", why);
	pack_pbe(image, &s, false, pbe);
	return 0;
}

/* A buffer as a linear image of one row, or of rows of BUFFER_ROW texels. */
struct texels {
	const struct lib_format *format;
	uint64_t address;
	uint32_t width, height;
	uint32_t stride;
};

static int check_buffer(const struct agx_buffer *buffer, uint64_t offset, enum agx_format number,
			uint32_t count, struct texels *t)
{
	struct agx_context *ctx = lib_vm_context(lib_buffer_vm(buffer));
	const uint64_t size = agx_buffer_size(buffer);
	uint64_t bytes;

	t->format = lib_format(number);
	if (!t->format || t->format->info.compressed)
		return lib_fail(ctx, -EINVAL,
				"texels of a buffer: format: an uncompressed one expected, got %u",
				(unsigned int)number);
	if (!count || count > BUFFER_ROW * BUFFER_ROW)
		return lib_fail(ctx, -EINVAL,
				"texels of a buffer: count: 1 to 2^28 expected, got %u", count);
	t->width = count < BUFFER_ROW ? count : BUFFER_ROW;
	t->height = (count + t->width - 1) / t->width;
	t->stride = (t->width * t->format->info.bytes + 15) & ~15u;
	/* All that the descriptor can reach: what is beyond a row's end is read as well. */
	bytes = (uint64_t)t->stride * t->height;
	if (offset % ADDRESS)
		return lib_fail(ctx, -EINVAL,
				"texels of a buffer: offset: a multiple of 16 expected, got %#llx",
				(unsigned long long)offset);
	if (offset > size || bytes > size - offset)
		return lib_fail(
			ctx, -EINVAL,
			"texels of a buffer: %u of %u bytes, in rows of %u, from %#llx: at most "
			"%#llx bytes expected, got %#llx",
			count, t->format->info.bytes, t->width, (unsigned long long)offset,
			(unsigned long long)(offset > size ? 0 : size - offset),
			(unsigned long long)bytes);
	if (!agx_buffer_address(buffer))
		return lib_fail(ctx, -EINVAL,
				"texels of a buffer: it has no addresses (AGX_BUFFER_UNBOUND)");
	t->address = agx_buffer_address(buffer) + offset;
	return 0;
}

int agx_texture_of_buffer(const struct agx_buffer *buffer, uint64_t offset, enum agx_format format,
			  uint32_t count, struct agx_texture *texture)
{
	static const enum agx_swizzle same[4];
	struct agx_cs_texture t;
	struct texels texels;
	int ret = check_buffer(buffer, offset, format, count, &texels);

	memset(texture, 0, sizeof(*texture));
	if (ret)
		return ret;
	agx_cs_texture_init(&t);
	swizzle_texture(texels.format, same, &t);
	t.dimension = AGX_CS_TEXTURE_DIMENSION_2D;
	t.layout = AGX_CS_LAYOUT_LINEAR;
	t.channels = texels.format->channels;
	t.type = texels.format->type;
	t.srgb = texels.format->info.srgb;
	t.width = texels.width;
	t.height = texels.height;
	t.stride = texels.stride;
	t.address = texels.address;
	agx_cs_texture_pack(texture->bytes, &t);
	return 0;
}

int agx_pbe_of_buffer(const struct agx_buffer *buffer, uint64_t offset, enum agx_format format,
		      uint32_t count, struct agx_texture *pbe)
{
	struct agx_cs_pbe p;
	struct texels texels;
	int ret = check_buffer(buffer, offset, format, count, &texels);

	memset(pbe, 0, sizeof(*pbe));
	if (ret)
		return ret;
	if (!texels.format->info.stored)
		return lib_fail(lib_vm_context(lib_buffer_vm(buffer)), -EINVAL,
				"texels of a buffer: format: %s is not written by the hardware",
				texels.format->info.name);
	agx_cs_pbe_init(&p);
	swizzle_pbe(texels.format, &p);
	p.dimension = AGX_CS_TEXTURE_DIMENSION_2D;
	p.layout = AGX_CS_LAYOUT_LINEAR;
	p.channels = texels.format->channels;
	p.type = texels.format->type;
	p.srgb = texels.format->info.srgb;
	p.width = texels.width;
	p.height = texels.height;
	p.stride = texels.stride;
	p.buffer = texels.address;
	agx_cs_pbe_pack(pbe->bytes, &p);
	return 0;
}
