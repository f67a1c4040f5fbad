// SPDX-License-Identifier: MIT
/*
 * Where texels are. The hardware is told little of it: the size of level 0, how many levels and
 * layers, whether layers begin at pages. Everything else both sides compute, and have to agree on.
 *
 * A twiddled level is a row-major array of tiles, a tile a Morton curve of elements: texels with
 * all their samples, or blocks of a compressed format. A tile is a page of 16 KiB as long as the
 * level has room for one in both directions, afterwards ("small levels") a square that is as large
 * as fits.
 *
 * Facts: Mesa, src/asahi/layout/layout.c, which was fitted to what Metal allocates on a G13.
 */
#include <errno.h>
#include <string.h>

#include "layout_math.h"

#define LINE       128u    /* levels, layers and linear rows begin at multiples */
#define PAGE       0x4000u /* a full tile; layers that are rendered to begin at multiples */
#define PAGE_LOG2  14u
#define MAX_SIZE   16384u /* width, height, depth: 14 bits of a descriptor */
#define MAX_LAYERS 2048u  /* what Vulkan's driver goes to; linear images: 11 bits of a descriptor */
#define MAX_PITCH  (1u << 21)
#define MAX_BYTES  (1ull << 40) /* an address space */

struct tiles {
	unsigned int width_log2, height_log2;
};

static unsigned int floor_log2(uint32_t value)
{
	return 31 - (unsigned int)__builtin_clz(value);
}

static unsigned int ceil_log2(uint32_t value)
{
	return value < 2 ? 0 : floor_log2(value - 1) + 1;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
	return (value + multiple - 1) / multiple * multiple;
}

/* A page of elements, as wide as high or twice as wide. */
static struct tiles full_tile(uint32_t element_bytes)
{
	const unsigned int area_log2 = PAGE_LOG2 - floor_log2(element_bytes);

	return (struct tiles){area_log2 - area_log2 / 2, area_log2 / 2};
}

static void put_level(struct agx_layout *layout, unsigned int l, uint64_t bytes, struct tiles tiles,
		      uint32_t elements_per_row)
{
	struct agx_layout_level *level = &layout->level[l];

	level->offset = layout->layer_stride;
	level->size = round_up(bytes, LINE);
	level->tile_width = 1u << tiles.width_log2;
	level->tile_height = 1u << tiles.height_log2;
	level->tiles_per_row = lib_layout_blocks(elements_per_row, level->tile_width);
	layout->layer_stride += level->size;
}

/* Is there room for a full tile in level l? Counted from whole blocks of level 0. */
static bool has_full_tiles(const struct lib_elements *e, struct tiles full, unsigned int l)
{
	const uint32_t width = lib_layout_minify(e->width * e->block_width, l);
	const uint32_t height = lib_layout_minify(e->height * e->block_height, l);

	return lib_layout_blocks(width, e->block_width) >= 1u << full.width_log2 &&
	       lib_layout_blocks(height, e->block_height) >= 1u << full.height_log2;
}

/*
 * Tiles of a large level: those of level 0 divided by four each time, and where the division of
 * columns or rows had a remainder, one more of them.
 */
static uint64_t large_level_tiles(uint32_t columns, uint32_t rows, unsigned int l)
{
	const uint32_t remainder = (1u << l) - 1;
	const bool more_columns = columns & remainder, more_rows = rows & remainder;
	uint64_t tiles = (uint64_t)columns * rows >> 2 * l;

	if (more_columns)
		tiles += rows >> l;
	if (more_rows)
		tiles += columns >> l;
	return tiles + (more_columns && more_rows);
}

static void place_levels(struct agx_layout *layout, unsigned int levels)
{
	const struct lib_elements e = lib_layout_elements(layout);
	const bool blocks = e.block_width > 1;
	const struct tiles full = full_tile(e.bytes);
	const uint32_t columns = lib_layout_blocks(e.width, 1u << full.width_log2);
	const uint32_t rows = lib_layout_blocks(e.height, 1u << full.height_log2);
	unsigned int large = 0, width_log2, height_log2;

	while (has_full_tiles(&e, full, large))
		large++;
	for (unsigned int l = 0; l < levels && l < large; l++) {
		uint32_t row = lib_layout_blocks(layout->level[l].width, e.block_width);

		/* Rows of blocks have a column more if the columns of tiles have. */
		if (blocks && (columns & ((1u << l) - 1)))
			row++;
		put_level(layout, l, large_level_tiles(columns, rows, l) * PAGE, full, row);
	}

	/*
	 * Small levels take powers of two of elements, halved from the first of them on: texels are
	 * rounded up at that level, blocks at level 0.
	 */
	if (blocks) {
		width_log2 = ceil_log2(e.width);
		width_log2 = width_log2 > large ? width_log2 - large : 0;
		height_log2 = ceil_log2(e.height);
		height_log2 = height_log2 > large ? height_log2 - large : 0;
	} else {
		width_log2 = ceil_log2(lib_layout_minify(e.width, large));
		height_log2 = ceil_log2(lib_layout_minify(e.height, large));
	}
	for (unsigned int l = large; l < levels; l++) {
		const uint32_t row = lib_layout_blocks(layout->level[l].width, e.block_width);
		unsigned int side_log2 = smaller(width_log2, height_log2);

		if (!blocks)
			side_log2 = ceil_log2(lib_layout_minify(smaller(e.width, e.height), l));
		put_level(layout, l, (uint64_t)e.bytes << (width_log2 + height_log2),
			  (struct tiles){side_log2, side_log2}, row);
		width_log2 -= width_log2 > 0;
		height_log2 -= height_log2 > 0;
	}
}

/*
 * Which layers begin at pages is up to the driver, who tells the hardware; what is written by PBEs
 * has to, and depth and stencil, whose layers are counted in pages.
 */
static bool wants_pages(const struct agx_layout *layout, const struct agx_format_info *format)
{
	const struct agx_layout_params *p = &layout->params;
	const bool several = p->layers > 1 || p->depth > 1;

	if (p->writeable)
		return true;
	return p->levels > 1 && layout->layer_stride > PAGE &&
	       (several || format->depth || format->stencil);
}

static void place_twiddled(struct agx_layout *layout, const struct agx_format_info *format)
{
	const struct agx_layout_params *p = &layout->params;
	uint32_t longest = larger(p->width, p->height);
	unsigned int levels = 1;

	/* Of an image with levels there are all: the hardware counts on it. */
	if (p->dimension == AGX_DIMENSION_3D)
		longest = larger(longest, p->depth);
	if (p->levels > 1)
		levels = floor_log2(longest) + 1;
	for (unsigned int l = 0; l < levels; l++) {
		layout->level[l].width = lib_layout_minify(p->width, l);
		layout->level[l].height = lib_layout_minify(p->height, l);
		layout->level[l].depth = lib_layout_minify(p->depth, l);
	}
	place_levels(layout, levels);
	layout->page_aligned_layers = wants_pages(layout, format);
	if (layout->page_aligned_layers)
		layout->layer_stride = round_up(layout->layer_stride, PAGE);
	memset(&layout->level[p->levels], 0,
	       (AGX_MAX_LEVELS - p->levels) * sizeof(layout->level[0]));
}

static void place_linear(struct agx_layout *layout, const struct agx_format_info *format)
{
	const struct agx_layout_params *p = &layout->params;

	layout->pitch =
		p->pitch ? p->pitch : (uint32_t)round_up((uint64_t)p->width * format->bytes, LINE);
	layout->layer_stride = round_up((uint64_t)layout->pitch * p->height, LINE);
	layout->level[0] = (struct agx_layout_level){
		.size = layout->layer_stride,
		.width = p->width,
		.height = p->height,
		.depth = 1,
	};
}

/* What the hardware does not have; NULL: nothing. Sizes are not 0. */
static const char *refuse(const struct agx_layout_params *p, const struct agx_format_info *format)
{
	uint32_t longest = larger(p->width, p->height);

	if (!format)
		return "format: is none of enum agx_format";
	if ((unsigned int)p->dimension > AGX_DIMENSION_CUBE)
		return "dimension: is none of enum agx_dimension";
	if ((unsigned int)p->tiling > AGX_TILING_TWIDDLED)
		return "tiling: is none of enum agx_tiling";
	if (p->width > MAX_SIZE || p->height > MAX_SIZE || p->depth > MAX_SIZE)
		return "width, height, depth: at most 16384";
	if (p->layers > MAX_LAYERS)
		return "layers: at most 2048";
	if (p->samples != 1 && p->samples != 2 && p->samples != 4)
		return "samples: 1, 2 or 4";
	if (p->dimension == AGX_DIMENSION_1D && p->height > 1)
		return "height: 1D images have one row";
	if (p->dimension != AGX_DIMENSION_3D && p->depth > 1)
		return "depth: only 3D images have it, others have layers";
	if (p->dimension == AGX_DIMENSION_3D && p->layers > 1)
		return "layers: 3D images have none";
	if (p->dimension == AGX_DIMENSION_CUBE && (p->layers % 6 || p->width != p->height))
		return "layers: six squares for each cube";
	if (p->samples > 1 && (p->dimension != AGX_DIMENSION_2D || p->levels > 1))
		return "samples: only 2D images of one level have several";
	if (p->samples > 1 && format->compressed)
		return "samples: block-compressed images have one";
	if (p->dimension == AGX_DIMENSION_1D && format->compressed)
		return "format: 1D images are not block-compressed";
	if (p->writeable && !format->stored && !format->rendered)
		return "writeable: the hardware does not write this format";
	if (p->dimension == AGX_DIMENSION_3D)
		longest = larger(longest, p->depth);
	if (p->levels > floor_log2(longest) + 1)
		return "levels: the last one has one texel";
	if (p->tiling == AGX_TILING_TWIDDLED)
		return p->pitch ? "pitch: twiddled images have none" : NULL;

	if (p->levels > 1)
		return "levels: linear images have one";
	if (p->samples > 1)
		return "samples: linear images have one";
	if (format->compressed)
		return "format: linear images are not block-compressed";
	if (p->dimension == AGX_DIMENSION_3D || p->dimension == AGX_DIMENSION_CUBE)
		return "dimension: linear images are 1D or 2D";
	if (p->pitch % 16 || p->pitch > MAX_PITCH)
		return "pitch: a multiple of 16, at most 2 MiB";
	if (p->pitch && p->pitch < (uint64_t)p->width * format->bytes)
		return "pitch: less than a row of texels";
	return NULL;
}

static void count_from_one(uint32_t *value)
{
	if (!*value)
		*value = 1;
}

int agx_layout_init(struct agx_layout *layout, const struct agx_layout_params *params,
		    const char **why)
{
	const struct agx_format_info *format = agx_format_info(params->format);
	struct agx_layout made = {.params = *params};
	struct agx_layout_params *p = &made.params;
	const char *reason;

	count_from_one(&p->width);
	count_from_one(&p->height);
	count_from_one(&p->depth);
	count_from_one(&p->levels);
	count_from_one(&p->samples);
	if (!p->layers)
		p->layers = p->dimension == AGX_DIMENSION_CUBE ? 6 : 1;
	if (why)
		*why = NULL;
	memset(layout, 0, sizeof(*layout));
	reason = refuse(p, format);
	if (reason) {
		if (why)
			*why = reason;
		return -EINVAL;
	}

	if (p->tiling == AGX_TILING_LINEAR)
		place_linear(&made, format);
	else
		place_twiddled(&made, format);
	made.size = made.layer_stride * p->layers * p->depth;
	if (made.size > MAX_BYTES) {
		if (why)
			*why = "size: beyond 1 TiB, which is all that there are addresses for";
		return -E2BIG;
	}
	*layout = made;
	return 0;
}

/* Bits of x at even places, from the lowest. */
static uint32_t spread(uint32_t x)
{
	uint32_t spread = 0;

	for (unsigned int bit = 0; x >> bit; bit++)
		spread |= (x >> bit & 1) << 2 * bit;
	return spread;
}

uint64_t agx_layout_offset(const struct agx_layout *layout, unsigned int level, unsigned int layer,
			   uint32_t x, uint32_t y, uint32_t z, unsigned int sample)
{
	const struct agx_layout_level *l = &layout->level[level];
	const struct lib_elements e = lib_layout_elements(layout);
	const uint64_t base = ((uint64_t)layer + z) * layout->layer_stride + l->offset;
	uint64_t tile;

	x /= e.block_width;
	y /= e.block_height;
	if (layout->params.tiling == AGX_TILING_LINEAR)
		return base + (uint64_t)y * layout->pitch + (uint64_t)x * e.bytes;
	tile = (uint64_t)(y / l->tile_height) * l->tiles_per_row + x / l->tile_width;
	return base + sample * e.sample_bytes +
	       e.bytes * (tile * l->tile_width * l->tile_height +
			  (spread(x % l->tile_width) | spread(y % l->tile_height) << 1));
}
