// SPDX-License-Identifier: MIT
/*
 * Fuzzes layouts and copies: parameters and a region of any bits. What is accepted has all texels within the size that
 * it says; copies stay within the image and the rows, which end where their memory ends, and give back what they were
 * given.
 *
 * Two bytes for format and dimension, one each of flags, layers, levels and samples, 4 each for width, height, depth and
 * pitch; then the region: level, layer and sample in a byte each, x to depth in 2 bytes each, pitches in one each. In front
 * of it a byte tells which of the sizes keep their upper halves: all bits make few images that exist.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <agx/layout.h>

#define MAX_IMAGE (1u << 20) /* bytes that are copied: larger ones are only looked at */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static uint32_t take(struct input *input, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes && input->size; i++) {
		value |= (uint32_t)*input->data++ << 8 * i;
		input->size--;
	}
	return value;
}

static uint32_t take_size(struct input *input, bool whole)
{
	const uint32_t value = take(input, 4);

	return whole ? value : value & 0x3ff;
}

static struct agx_layout_params take_params(struct input *input)
{
	const uint32_t whole = take(input, 1);
	struct agx_layout_params p = {0};
	uint32_t flags;

	p.format = (enum agx_format)take(input, 1);
	p.dimension = (enum agx_dimension)take(input, 1);
	flags = take(input, 1);
	p.tiling = (enum agx_tiling)(flags & 3);
	p.writeable = flags & 4;
	p.layers = take(input, 1) * (whole & 16 ? 0x01010101u : 1);
	p.levels = take(input, 1);
	p.samples = take(input, 1);
	p.width = take_size(input, whole & 1);
	p.height = take_size(input, whole & 2);
	p.depth = take_size(input, whole & 4);
	p.pitch = take_size(input, whole & 8) * (whole & 32 ? 16 : 1);
	return p;
}

static void check(bool right)
{
	if (!right)
		abort();
}

/* Corners of all levels, layers and samples. */
static void check_offsets(const struct agx_layout *layout)
{
	const struct agx_layout_params *p = &layout->params;
	const uint64_t bytes = agx_format_info(p->format)->bytes;

	for (unsigned int l = 0; l < p->levels; l++) {
		const struct agx_layout_level *level = &layout->level[l];

		check(level->width && level->height && level->depth);
		check(level->offset + level->size <= layout->layer_stride);
		for (unsigned int corner = 0; corner < 32; corner++) {
			const uint64_t at =
				agx_layout_offset(layout, l, corner & 1 ? p->layers - 1 : 0,
						  corner & 2 ? level->width - 1 : 0,
						  corner & 4 ? level->height - 1 : 0,
						  corner & 8 ? level->depth - 1 : 0,
						  corner & 16 ? p->samples - 1 : 0);

			check(at % bytes == 0 && at <= layout->size && bytes <= layout->size - at);
		}
	}
}

/* Bytes from the first row to the end of the last; 0: not to be had. */
static size_t rows_of(const struct agx_layout *layout, const struct agx_region *r, size_t *pitch,
		      size_t *slice)
{
	const struct agx_format_info *format = agx_format_info(layout->params.format);
	const struct agx_layout_level *level;
	size_t width, height, depth;

	if (r->level >= layout->params.levels)
		return 0;
	level = &layout->level[r->level];
	width = r->width ? r->width : level->width > r->x ? level->width - r->x : 0;
	height = r->height ? r->height : level->height > r->y ? level->height - r->y : 0;
	depth = r->depth ? r->depth : level->depth > r->z ? level->depth - r->z : 0;
	width = (width + format->width - 1) / format->width * format->bytes;
	height = (height + format->height - 1) / format->height;
	if (!width || !height || !depth)
		return 0;
	*pitch += width;
	*slice += *pitch * height;
	if (*slice > MAX_IMAGE || *slice * depth > 4 * MAX_IMAGE)
		return 0;
	return *slice * (depth - 1) + *pitch * (height - 1) + width;
}

static void check_copies(const struct agx_layout *layout, struct input *input)
{
	struct agx_region r = {
		.level = take(input, 1),
		.layer = take(input, 1),
		.sample = take(input, 1),
	};
	uint8_t *image, *rows, *back;
	size_t pitch, slice, bytes;
	int stored, loaded;

	r.x = take(input, 2);
	r.y = take(input, 2);
	r.z = take(input, 2);
	r.width = take(input, 2);
	r.height = take(input, 2);
	r.depth = take(input, 2);
	pitch = take(input, 1);
	slice = take(input, 1);
	bytes = rows_of(layout, &r, &pitch, &slice);
	if (!bytes)
		return;
	image = calloc(1, layout->size);
	rows = malloc(bytes);
	back = malloc(bytes);
	check(image && rows && back);
	for (size_t i = 0; i < bytes; i++)
		rows[i] = (uint8_t)(i * 7 + i / 251);
	memcpy(back, rows, bytes);
	stored = agx_layout_store(layout, image, layout->size, &r, rows, pitch, slice);
	loaded = agx_layout_load(layout, image, layout->size, &r, back, pitch, slice);
	check(stored == loaded);
	check(!memcmp(rows, back, bytes));
	free(image);
	free(rows);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	const struct agx_layout_params params = take_params(&input);
	struct agx_layout layout;
	const char *why = NULL;

	if (agx_layout_init(&layout, &params, &why)) {
		check(why != NULL);
		return 0;
	}
	check_offsets(&layout);
	if (layout.size <= MAX_IMAGE)
		check_copies(&layout, &input);
	return 0;
}
