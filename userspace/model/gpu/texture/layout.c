// SPDX-License-Identifier: MIT
#include "layout.h"

#include <errno.h>
#include <string.h>

#define LINE          0x80 /* bytes that every level and layer is aligned to */
#define TILE_SAMPLES  16   /* side of a tile of metadata */
#define PAGES_A_FOLIO 256
#define FOLIO_ENTRIES 512
#define SPARSE_ENTRY  4

/* A level or an image in elements. */
struct extent {
	uint32_t width, height;
};

static uint32_t div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

static uint64_t align_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) & ~(b - 1);
}

static uint32_t minify(uint32_t size, unsigned int level)
{
	return size >> level ? size >> level : 1;
}

static unsigned int log2_down(uint32_t value)
{
	return 31 - (unsigned int)__builtin_clz(value);
}

static unsigned int log2_up(uint32_t value)
{
	return value > 1 ? 1 + log2_down(value - 1) : 0;
}

static uint32_t pot(uint32_t value)
{
	return 1u << log2_up(value);
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static bool is_block_format(const struct agx_image *image)
{
	return image->block_width > 1 || image->block_height > 1;
}

static struct extent elements_of(const struct agx_image *image, uint32_t width, uint32_t height)
{
	return (struct extent){div_up(width, image->block_width),
			       div_up(height, image->block_height)};
}

/* The bits of 16, each followed by a zero. */
static uint32_t spread(uint32_t value)
{
	value = (value | value << 8) & 0x00ff00ff;
	value = (value | value << 4) & 0x0f0f0f0f;
	value = (value | value << 2) & 0x33333333;
	return (value | value << 1) & 0x55555555;
}

/* Appends a level of so many bytes. */
static void place(struct agx_image *image, unsigned int level, uint64_t bytes)
{
	image->level[level].offset = image->layer_stride;
	image->layer_stride = align_up(image->layer_stride + bytes, LINE);
}

static void set_tiles(struct agx_image_level *level, uint32_t stride, unsigned int width_log2,
		      unsigned int height_log2)
{
	level->tile_width_log2 = (uint8_t)width_log2;
	level->tile_height_log2 = (uint8_t)height_log2;
	level->tiles_per_row = div_up(stride, 1u << width_log2);
}

/*
 * Levels at least as large as the tile that fills a page consist of such tiles. From the first smaller one
 * on, sizes are powers of two, in square tiles.
 */
static void place_gpu_tiled(struct agx_image *image)
{
	const unsigned int bytes = image->element_bytes * image->samples;
	const unsigned int tile_log2 = 14 - log2_down(bytes);
	const unsigned int tw_log2 = (tile_log2 + 1) / 2, th_log2 = tile_log2 / 2;
	const struct agx_image_level *base = image->level;
	const struct extent size = elements_of(image, base->width, base->height);
	const bool blocks = is_block_format(image);
	/* Whole blocks count, where the first small level is sought. */
	const uint32_t full_width = size.width * image->block_width;
	const uint32_t full_height = size.height * image->block_height;
	const uint32_t wt = div_up(size.width, 1u << tw_log2);
	const uint32_t ht = div_up(size.height, 1u << th_log2);
	unsigned int l, first_small = 0;
	uint32_t width, height;

	for (;; first_small++) {
		const struct extent e = elements_of(image, minify(full_width, first_small),
						    minify(full_height, first_small));

		if (e.width < 1u << tw_log2 || e.height < 1u << th_log2)
			break;
	}
	for (l = 0; l < first_small && l < image->levels; l++) {
		const uint32_t low = (1u << l) - 1;
		const bool right = wt & low, bottom = ht & low;
		const uint64_t tiles = ((uint64_t)wt * ht >> 2 * l) + (right ? ht >> l : 0) +
				       (bottom ? wt >> l : 0) + (right && bottom);
		const struct extent e =
			elements_of(image, image->level[l].width, image->level[l].height);

		place(image, l, tiles * AGX_IMAGE_PAGE);
		set_tiles(&image->level[l], e.width + (blocks && right), tw_log2, th_log2);
	}
	if (blocks) {
		width = minify(pot(size.width), first_small);
		height = minify(pot(size.height), first_small);
	} else {
		width = pot(minify(size.width, first_small));
		height = pot(minify(size.height, first_small));
	}
	for (; l < image->levels; l++) {
		const struct extent e =
			elements_of(image, image->level[l].width, image->level[l].height);
		const uint32_t side =
			blocks ? min(width, height) : minify(min(size.width, size.height), l);

		place(image, l, (uint64_t)width * height * bytes);
		set_tiles(&image->level[l], e.width, log2_up(side), log2_up(side));
		width = minify(width, 1);
		height = minify(height, 1);
	}
}

/* All levels are as large as powers of two, in squares behind or below each other. */
static void place_twiddled(struct agx_image *image)
{
	const unsigned int bytes = image->element_bytes * image->samples;
	const struct extent size =
		elements_of(image, image->level[0].width, image->level[0].height);

	for (unsigned int l = 0; l < image->levels && l < AGX_IMAGE_LEVELS; l++) {
		const uint32_t width = minify(pot(size.width), l);
		const uint32_t height = minify(pot(size.height), l);
		uint32_t w = width, h = height;

		if (!is_block_format(image)) {
			w = pot(minify(size.width, l));
			h = pot(minify(size.height, l));
		}
		place(image, l, (uint64_t)width * height * bytes);
		set_tiles(&image->level[l], w, log2_down(min(w, h)), log2_down(min(w, h)));
	}
}

/* Sides of a pixel in samples. */
static unsigned int samples_across(const struct agx_image *image)
{
	return image->samples == 4 ? 2 : 1;
}

static unsigned int samples_down(const struct agx_image *image)
{
	return image->samples >= 2 ? 2 : 1;
}

static void place_metadata(struct agx_image *image)
{
	const uint32_t full_width =
		(uint32_t)align_up(image->level[0].width * samples_across(image), TILE_SAMPLES);
	const uint32_t full_height =
		(uint32_t)align_up(image->level[0].height * samples_down(image), TILE_SAMPLES);
	uint32_t width = full_width, height = full_height;

	for (unsigned int l = 0; l < image->levels && l < AGX_IMAGE_LEVELS; l++) {
		struct agx_image_level *level = &image->level[l];
		const uint32_t tiles_x = div_up(level->width * samples_across(image), TILE_SAMPLES);
		const uint32_t tiles_y = div_up(level->height * samples_down(image), TILE_SAMPLES);
		const uint64_t words = (uint64_t)div_up(pot(width), TILE_SAMPLES) *
				       div_up(pot(height), TILE_SAMPLES);

		if (max(full_width, full_height) >> l < TILE_SAMPLES)
			break;
		level->metadata_offset = image->metadata_stride;
		level->metadata_morton = (uint8_t)log2_up(min(tiles_x, tiles_y));
		level->metadata_wide = tiles_x > tiles_y;
		level->compressed = min(full_width, full_height) >> l >= TILE_SAMPLES;
		image->metadata_stride = align_up(image->metadata_stride + 8 * words, LINE);
		width = div_up(width, 2);
		height = div_up(height, 2);
	}
	image->metadata_size = image->metadata_stride * image->layers;
}

static bool is_multisampled(enum agx_cs_texture_dimension dimension)
{
	return dimension == AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED ||
	       dimension == AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED;
}

static bool is_cube(enum agx_cs_texture_dimension dimension)
{
	return dimension == AGX_CS_TEXTURE_DIMENSION_CUBE ||
	       dimension == AGX_CS_TEXTURE_DIMENSION_CUBE_ARRAY;
}

static bool has_layers(enum agx_cs_texture_dimension dimension)
{
	return dimension != AGX_CS_TEXTURE_DIMENSION_1D &&
	       dimension != AGX_CS_TEXTURE_DIMENSION_2D &&
	       dimension != AGX_CS_TEXTURE_DIMENSION_2D_MULTISAMPLED;
}

/* What both kinds of descriptors say. */
struct request {
	uint32_t width, height, layers;
	uint32_t stride;       /* linear */
	uint64_t layer_stride; /* linear */
	enum agx_cs_image_mode mode;
	bool mipmapped, compressed, page_aligned_layers;
};

static const char *refuse_format(struct agx_image *image)
{
	const struct agx_cs_channels_info *info;

	if ((unsigned int)image->channels >= 128)
		return "channels out of range";
	info = &agx_cs_channels_info[image->channels];
	if (!info->bits)
		return "channels with an unknown code";
	switch (image->channels) {
	case AGX_CS_CHANNELS_R32G32B32_EMULATED:
		return "r32g32b32, which the texture unit does not read";
	case AGX_CS_CHANNELS_GBGR_422:
	case AGX_CS_CHANNELS_BGRG_422:
		return "subsampled channels (422)";
	case AGX_CS_CHANNELS_PVRTC_2BPP:
	case AGX_CS_CHANNELS_PVRTC_4BPP:
		return "PVRTC";
	default:
		break;
	}
	image->element_bytes = info->bits / 8;
	image->block_width = info->width;
	image->block_height = info->height;
	return NULL;
}

static const char *refuse_request(const struct agx_image *image, const struct request *r)
{
	const bool linear = image->layout == AGX_CS_LAYOUT_LINEAR;

	if (is_block_format(image) && (linear || image->samples > 1))
		return "block-compressed texels that are linear or multisampled";
	if (linear && (r->mipmapped || image->samples > 1))
		return "a linear image with levels or samples";
	if (linear && r->stride < (uint64_t)r->width * image->element_bytes)
		return "a row that is longer than the stride";
	if (r->mipmapped && image->samples > 1)
		return "a multisampled image with levels";
	if (r->compressed && (linear || is_block_format(image)))
		return "compression of a linear or block-compressed image";
	if (r->compressed && r->mode != AGX_CS_IMAGE_MODE_NORMAL)
		return "compression of a sparse image";
	if (linear && r->mode != AGX_CS_IMAGE_MODE_NORMAL)
		return "a sparse linear image";
	return NULL;
}

static int resolve(struct agx_image *image, const struct request *r, const char **why)
{
	struct agx_image_level *base = &image->level[0];
	uint32_t largest = max(r->width, r->height);

	*why = refuse_format(image);
	if (*why)
		return -ENOTSUP;
	if (image->layout == AGX_CS_LAYOUT_INTERCHANGE) {
		*why = "an image in the interchange layout";
		return -ENOTSUP;
	}
	if (r->mode == AGX_CS_IMAGE_MODE_COUNTERS || r->mode == AGX_CS_IMAGE_MODE_SPARSE_COUNTERS) {
		*why = "an image with counters";
		return -ENOTSUP;
	}
	if (image->dimension > AGX_CS_TEXTURE_DIMENSION_2D_ARRAY_MULTISAMPLED) {
		*why = "an unknown dimension";
		return -EINVAL;
	}
	*why = refuse_request(image, r);
	if (*why)
		return -EINVAL;

	image->mipmapped = r->mipmapped;
	image->sparse = r->mode == AGX_CS_IMAGE_MODE_SPARSE;
	image->compressed = r->compressed;
	image->page_aligned_layers = r->page_aligned_layers;
	image->layers = has_layers(image->dimension) ? r->layers : 1;
	if (is_cube(image->dimension))
		image->layers *= 6;
	if (image->dimension == AGX_CS_TEXTURE_DIMENSION_3D)
		largest = max(largest, image->layers);
	image->levels = (uint8_t)(r->mipmapped ? log2_down(largest) + 1 : 1);
	for (unsigned int l = 0; l < image->levels && l < AGX_IMAGE_LEVELS; l++) {
		image->level[l].width = minify(r->width, l);
		image->level[l].height = minify(r->height, l);
		image->level[l].depth = image->layers;
		if (image->dimension == AGX_CS_TEXTURE_DIMENSION_3D)
			image->level[l].depth = minify(image->layers, l);
	}
	/* A view may claim levels that the image is too small to have. */
	image->last_level = (uint8_t)min(image->last_level, image->levels - 1u);
	if (image->first_level > image->last_level) {
		*why = "a first level behind the last";
		return -EINVAL;
	}

	switch (image->layout) {
	case AGX_CS_LAYOUT_LINEAR:
		image->row_stride = r->stride;
		image->layer_stride = r->layer_stride;
		if (!image->layer_stride)
			image->layer_stride = align_up((uint64_t)r->stride * r->height, LINE);
		base->tiles_per_row = 0;
		break;
	case AGX_CS_LAYOUT_TWIDDLED:
		place_twiddled(image);
		image->page_aligned_layers = true;
		break;
	default:
		place_gpu_tiled(image);
		break;
	}
	if (image->layout != AGX_CS_LAYOUT_LINEAR && image->page_aligned_layers)
		image->layer_stride = align_up(image->layer_stride, AGX_IMAGE_PAGE);
	image->size = image->layer_stride * image->layers;
	image->folios_per_layer =
		align_up(image->layer_stride, (uint64_t)AGX_IMAGE_PAGE * PAGES_A_FOLIO) /
		((uint64_t)AGX_IMAGE_PAGE * PAGES_A_FOLIO);
	if (image->compressed)
		place_metadata(image);
	return 0;
}

int agx_image_of_texture(struct agx_image *image, const struct agx_cs_texture *texture,
			 const char **why)
{
	const bool linear = texture->layout == AGX_CS_LAYOUT_LINEAR;
	const bool strided = linear && texture->extended;
	const struct request request = {
		.width = texture->width,
		.height = texture->height,
		.layers = strided  ? texture->depth_linear
			  : linear ? 1
				   : texture->depth,
		.stride = texture->stride,
		.layer_stride = strided ? texture->layer_stride_linear : 0,
		.mode = texture->mode,
		/* All levels are allocated if there are two. */
		.mipmapped = texture->mipmapped || texture->last_level,
		.compressed = texture->compressed,
		.page_aligned_layers = !linear && texture->page_aligned_layers,
	};

	memset(image, 0, sizeof(*image));
	image->address = texture->address;
	image->metadata = texture->acceleration_buffer;
	image->dimension = texture->dimension;
	image->layout = texture->layout;
	image->channels = texture->channels;
	image->type = texture->type;
	image->first_level = (uint8_t)texture->first_level;
	image->last_level = (uint8_t)texture->last_level;
	image->samples = 1;
	if (is_multisampled(texture->dimension))
		image->samples = texture->samples == AGX_CS_SAMPLE_COUNT_SAMPLES_4 ? 4 : 2;
	if (texture->compressed && !texture->extended) {
		*why = "a compressed image without the address of its metadata";
		return -EINVAL;
	}
	return resolve(image, &request, why);
}

int agx_image_of_pbe(struct agx_image *image, const struct agx_cs_pbe *pbe, const char **why)
{
	const bool linear = pbe->layout == AGX_CS_LAYOUT_LINEAR;
	const bool strided = linear && pbe->extended;
	const struct request request = {
		.width = pbe->width,
		.height = pbe->height,
		.layers = strided  ? pbe->depth_linear
			  : linear ? 1
				   : pbe->layers,
		.stride = pbe->stride,
		.layer_stride = strided ? pbe->layer_stride_linear : 0,
		.mode = pbe->mode,
		.mipmapped = pbe->mipmapped || pbe->level,
		.compressed = pbe->compressed,
		.page_aligned_layers = !linear && pbe->page_aligned_layers,
	};

	memset(image, 0, sizeof(*image));
	image->address = pbe->buffer;
	image->metadata = pbe->acceleration_buffer;
	image->dimension = pbe->dimension;
	image->layout = pbe->layout;
	image->channels = pbe->channels;
	image->type = pbe->type;
	image->first_level = (uint8_t)pbe->level;
	image->last_level = (uint8_t)pbe->level;
	image->samples = 1;
	if (is_multisampled(pbe->dimension))
		image->samples = pbe->samples == AGX_CS_SAMPLE_COUNT_SAMPLES_4 ? 4 : 2;
	if (pbe->unknown_52 || pbe->rotate_90 || pbe->flip_vertical) {
		*why = "a PBE that turns or mirrors";
		return -ENOTSUP;
	}
	if (pbe->compressed && !pbe->extended) {
		*why = "a compressed image without the address of its metadata";
		return -EINVAL;
	}
	return resolve(image, &request, why);
}

bool agx_image_has(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
		   unsigned int level, unsigned int sample)
{
	return level < image->levels && x < image->level[level].width &&
	       y < image->level[level].height && layer < image->level[level].depth &&
	       sample < image->samples;
}

uint64_t agx_image_offset(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			  unsigned int level, unsigned int sample)
{
	const struct agx_image_level *at = &image->level[level];
	const uint64_t start = layer * image->layer_stride + at->offset;
	uint32_t tw = at->tile_width_log2, th = at->tile_height_log2, tile, inner;

	if (image->layout == AGX_CS_LAYOUT_LINEAR)
		return start + (uint64_t)y * image->row_stride + (uint64_t)x * image->element_bytes;
	x /= image->block_width;
	y /= image->block_height;
	tile = (y >> th) * at->tiles_per_row + (x >> tw);
	inner = spread(x & ((1u << tw) - 1)) | spread(y & ((1u << th) - 1)) << 1;
	return start + ((((uint64_t)tile << (tw + th)) + inner) * image->samples + sample) *
			       image->element_bytes;
}

uint64_t agx_image_sparse_entry(const struct agx_image *image, uint32_t layer, uint64_t offset)
{
	const uint64_t page = (offset - layer * image->layer_stride) / AGX_IMAGE_PAGE;
	const uint64_t folio = layer * image->folios_per_layer + page / PAGES_A_FOLIO;

	return image->address + (folio * FOLIO_ENTRIES + page % PAGES_A_FOLIO) * SPARSE_ENTRY;
}

bool agx_image_sparse_page(uint32_t entry, uint64_t *page)
{
	*page = (uint64_t)(entry & 0x3ffffff) * AGX_IMAGE_PAGE;
	return entry >> 31;
}

uint64_t agx_image_metadata(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			    unsigned int level, unsigned int sample)
{
	const struct agx_image_level *at = &image->level[level];
	const uint32_t mask = (1u << at->metadata_morton) - 1;
	uint32_t tx, ty, word;

	/* Samples of a pixel form a grid: 2x2, or two below each other. */
	if (image->samples == 4)
		x = 2 * x + (sample & 1);
	if (image->samples >= 2)
		y = 2 * y + (image->samples == 4 ? sample >> 1 : sample);
	tx = x / TILE_SAMPLES;
	ty = y / TILE_SAMPLES;
	word = spread(tx & mask) | spread(ty & mask) << 1;
	word += ((at->metadata_wide ? tx : ty) & ~mask) << at->metadata_morton;
	return image->metadata + layer * image->metadata_stride + at->metadata_offset + 8ull * word;
}

/* One byte for each of the eight parts of a tile; which is which is not known. */
static const uint8_t raw_modes[] = {0x1f, 0x3f, 0x7f, 0xff, 0xff};
static const uint8_t solid_modes[] = {0x60, 0x01, 0x03, 0x07, 0x07};

static uint64_t all_parts(const struct agx_image *image, const uint8_t *modes)
{
	return modes[log2_down(image->element_bytes)] * 0x0101010101010101ull;
}

uint64_t agx_image_raw_metadata(const struct agx_image *image)
{
	return all_parts(image, raw_modes);
}

enum agx_image_tile agx_image_tile(const struct agx_image *image, uint64_t metadata)
{
	const uint8_t raw = raw_modes[log2_down(image->element_bytes)];

	if (metadata == all_parts(image, solid_modes))
		return AGX_IMAGE_TILE_SOLID;
	/* Which byte is which part's is not known: solid parts beside others could not be told apart. */
	for (; metadata; metadata >>= 8)
		if ((metadata & 0xff) && (metadata & 0xff) != raw)
			return AGX_IMAGE_TILE_UNKNOWN;
	return AGX_IMAGE_TILE_RAW;
}

unsigned int agx_image_tile_width(const struct agx_image *image)
{
	return TILE_SAMPLES / samples_across(image);
}

unsigned int agx_image_tile_height(const struct agx_image *image)
{
	return TILE_SAMPLES / samples_down(image);
}

uint64_t agx_image_solid(const struct agx_image *image, uint32_t x, uint32_t y, uint32_t layer,
			 unsigned int level, unsigned int sample)
{
	const uint32_t across = agx_image_tile_width(image);
	const uint32_t down = agx_image_tile_height(image);

	(void)sample;
	return agx_image_offset(image, x & ~(across - 1), y & ~(down - 1), layer, level, 0);
}
