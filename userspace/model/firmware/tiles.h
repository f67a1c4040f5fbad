/* SPDX-License-Identifier: MIT */
/*
 * The geometry of a frame's tiles, from its size: what the words of the tiling units must be.
 * Sources: driver: queue/render.rs; m1n1: agx/render.py.
 */
#ifndef AGX_FIRMWARE_TILES_H
#define AGX_FIRMWARE_TILES_H

#include <stdbool.h>
#include <stdint.h>

#define TILE_SIZE      32u
#define MAX_FRAME      16384u
#define MAX_LAYERS     2048u
#define MACROTILES     4u /* in each direction */
#define UTILE_CONFIG_W 12 /* shifts in utile_config: width and height / 16, samples as a log */
#define UTILE_CONFIG_H 14

struct tiles {
	uint32_t utile_w, utile_h, samples;
	uint32_t x, y;             /* tiles */
	uint32_t mtile_x, mtile_y; /* tiles in a macrotile */
	uint32_t rgn_size;
	uint32_t te_screen, te_mtile1, te_mtile2, tiles_per_mtile, tpc_stride;
	uint32_t isp_mtile_size; /* utiles in a macrotile: y, x << 16 */
	uint64_t mtile_stride;
	uint64_t tilemap_size; /* bytes of one layer */
	uint64_t tpc_size;     /* bytes of one layer and cluster */
};

/* false: no frame has such a size or such utiles. */
bool tiles_compute(uint32_t width, uint32_t height, uint32_t utile_config, struct tiles *tiles);

/* Blocks of the tile buffer that a utile takes. */
uint32_t tiles_tib_blocks(const struct tiles *tiles, uint32_t sample_size);

#endif
