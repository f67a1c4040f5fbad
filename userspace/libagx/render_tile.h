/* SPDX-License-Identifier: MIT */
/* The tile buffer: where in a sample's record each colour of a pass is, and how large tiles are. */
#ifndef AGX_LIBAGX_RENDER_TILE_H
#define AGX_LIBAGX_RENDER_TILE_H

#include <stdint.h>

#include <agx/render.h>

#include "format_table.h"

/* What hardware has of it: bytes of a sample's record, and of all records of a tile. */
#define LIB_TILE_SAMPLE_BYTES 64u
#define LIB_TILE_BYTES        32767u

struct lib_tile_colour {
	enum lib_tile_format format; /* NONE: there is no such colour */
	uint8_t components;          /* that ld_tile and st_tile move */
	uint8_t offset;              /* bytes from the start of a sample's record */
};

struct lib_tile {
	uint8_t width, height; /* pixels */
	uint8_t samples;
	uint8_t sample_bytes; /* 0, 8, ... 64 */
	uint8_t colours;
	struct lib_tile_colour colour[AGX_MAX_COLOURS];
};

/*
 * Places colours (AGX_FORMAT_NONE leaves a gap), those with the strictest alignment first, and
 * chooses the largest tiles that fit. Returns 0; -EINVAL: *colour cannot be rendered to; -ENOSPC:
 * *colour is the first that no longer fits.
 */
int lib_tile_init(struct lib_tile *tile, const enum agx_format *formats, unsigned int count,
		  unsigned int samples, unsigned int *colour);

/* Bytes of a sample's record that a format takes, with its components. */
unsigned int lib_tile_format_bytes(enum lib_tile_format format, unsigned int components);

/* Its name in the assembler. */
const char *lib_tile_format_name(enum lib_tile_format format);

/* The word of USC lists that gives programs of the pass the tile buffer. */
void lib_tile_shared(const struct lib_tile *tile, struct agx_cs_usc_shared *shared);

#endif
