// SPDX-License-Identifier: MIT
/*
 * Layout of the tile buffer.
 *
 * Each sample of a pixel has a record with all colours of the pass. The order of colours in it is
 * the driver's to choose: shaders name them by offset. What limits a pass is the record (64 bytes)
 * and the tile, whose smallest size is 16x16 pixels (Mesa, src/asahi/lib/agx_tilebuffer.c).
 */
#include "render_tile.h"

#include <errno.h>
#include <string.h>

#include <agx/format.h>

#define SMALLEST_TILE (16u * 16u)

static const struct {
	const char *name;
	uint8_t bytes;  /* of an element, which is what it is aligned to */
	uint8_t packed; /* components of an element; 0: one, which can be masked */
} formats[] = {
	[LIB_TILE_I8] = {"i8", 1, 0},
	[LIB_TILE_I16] = {"i16", 2, 0},
	[LIB_TILE_I32] = {"i32", 4, 0},
	[LIB_TILE_F16] = {"f16", 2, 0},
	[LIB_TILE_U8NORM] = {"u8norm", 1, 0},
	[LIB_TILE_S8NORM] = {"s8norm", 1, 0},
	[LIB_TILE_U16NORM] = {"u16norm", 2, 0},
	[LIB_TILE_S16NORM] = {"s16norm", 2, 0},
	[LIB_TILE_RGB10A2] = {"rgb10a2", 4, 4},
	[LIB_TILE_SRGBA8] = {"srgba8", 1, 0},
	[LIB_TILE_RG11B10F] = {"rg11b10f", 4, 3},
	[LIB_TILE_RGB9E5] = {"rgb9e5", 4, 3},
};

static bool known(enum lib_tile_format format)
{
	return format < sizeof(formats) / sizeof(formats[0]) && formats[format].name;
}

unsigned int lib_tile_format_bytes(enum lib_tile_format format, unsigned int components)
{
	if (!known(format))
		return 0;
	return formats[format].packed ? formats[format].bytes : formats[format].bytes * components;
}

const char *lib_tile_format_name(enum lib_tile_format format)
{
	return known(format) ? formats[format].name : NULL;
}

static bool fits(unsigned int record, unsigned int samples)
{
	record = (record + 7) & ~7u;
	return record <= LIB_TILE_SAMPLE_BYTES &&
	       record * samples * SMALLEST_TILE <= LIB_TILE_BYTES;
}

int lib_tile_init(struct lib_tile *tile, const enum agx_format *colours, unsigned int count,
		  unsigned int samples, unsigned int *colour)
{
	static const uint8_t sizes[][2] = {{32, 32}, {32, 16}, {16, 16}};
	unsigned int i, align, bytes = 0;

	memset(tile, 0, sizeof(*tile));
	tile->samples = samples;
	tile->colours = count;
	for (i = 0; i < count; i++) {
		const struct lib_format *format = lib_format(colours[i]);

		if (colours[i] == AGX_FORMAT_NONE)
			continue;
		if (!format || !format->info.rendered || !known(format->tile)) {
			*colour = i;
			return -EINVAL;
		}
		tile->colour[i].format = format->tile;
		tile->colour[i].components = formats[format->tile].packed
						     ? formats[format->tile].packed
						     : format->info.components;
	}
	/* By falling alignment nothing is lost between them. */
	for (align = 4; align; align /= 2) {
		for (i = 0; i < count; i++) {
			struct lib_tile_colour *c = &tile->colour[i];

			if (!c->format || formats[c->format].bytes != align)
				continue;
			/* Three components may have left a gap at the end. */
			bytes = (bytes + align - 1) & ~(align - 1);
			c->offset = bytes;
			bytes += lib_tile_format_bytes(c->format, c->components);
			if (!fits(bytes, samples)) {
				*colour = i;
				return -ENOSPC;
			}
		}
	}
	/*
	 * Mesa gives multisampled passes without colours a record as well; whether it is needed
	 * is unknown.
	 */
	if (samples > 1 && !bytes)
		bytes = 1;
	tile->sample_bytes = (bytes + 7) & ~7u;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tile->width = sizes[i][0];
		tile->height = sizes[i][1];
		if ((unsigned int)tile->width * tile->height * tile->sample_bytes * samples <=
		    LIB_TILE_BYTES)
			break;
	}
	return 0;
}

void lib_tile_shared(const struct lib_tile *tile, struct agx_cs_usc_shared *shared)
{
	const unsigned int bytes =
		(unsigned int)tile->width * tile->height * tile->sample_bytes * tile->samples;

	agx_cs_usc_shared_init(shared);
	shared->uses_shared_memory = true;
	if (tile->width == 16)
		shared->layout = AGX_CS_SHARED_LAYOUT_TILE_16X16;
	else if (tile->height == 16)
		shared->layout = AGX_CS_SHARED_LAYOUT_TILE_32X16;
	else
		shared->layout = AGX_CS_SHARED_LAYOUT_TILE_32X32;
	shared->sample_count = tile->samples;
	shared->sample_stride = tile->sample_bytes;
	/* 0 bits would mean the most there can be: a pass without colours has the least. */
	shared->bytes_per_threadgroup = bytes ? bytes : 256;
}
