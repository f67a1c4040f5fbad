// SPDX-License-Identifier: MIT
#include "tiles.h"

#define TIB_BLOCK       2048u
#define RGN_ENTRY_BYTES 5u /* of a region's header, for each utile */
#define TPC_ENTRY_BYTES 8u

static uint32_t divide_up(uint32_t value, uint32_t by)
{
	return (value + by - 1) / by;
}

static uint32_t round_to_4(uint32_t value)
{
	return (value + 3) & ~3u;
}

static uint32_t mtile_word(uint32_t step)
{
	return 3 * step | (2 * step) << 9 | step << 18;
}

bool tiles_compute(uint32_t width, uint32_t height, uint32_t utile_config, struct tiles *tiles)
{
	uint32_t per_tile, per_mtile;

	tiles->utile_w = (utile_config >> UTILE_CONFIG_W & 3) * 16;
	tiles->utile_h = (utile_config >> UTILE_CONFIG_H & 3) * 16;
	tiles->samples = 1u << (utile_config & 3);
	if (utile_config & ~0xf003u || tiles->samples > 4 || !width || !height ||
	    width > MAX_FRAME || height > MAX_FRAME)
		return false;
	if (!(tiles->utile_w == 32 && (tiles->utile_h == 32 || tiles->utile_h == 16)) &&
	    !(tiles->utile_w == 16 && tiles->utile_h == 16))
		return false;

	tiles->x = divide_up(width, TILE_SIZE);
	tiles->y = divide_up(height, TILE_SIZE);
	tiles->mtile_x = round_to_4(divide_up(tiles->x, MACROTILES));
	tiles->mtile_y = round_to_4(divide_up(tiles->y, MACROTILES));
	per_tile = (TILE_SIZE / tiles->utile_w) * (TILE_SIZE / tiles->utile_h);
	per_mtile = tiles->mtile_x * tiles->mtile_y;

	tiles->rgn_size = round_to_4(RGN_ENTRY_BYTES * per_mtile * per_tile) / 4;
	tiles->te_screen = (tiles->y - 1) << 12 | (tiles->x - 1);
	tiles->te_mtile1 = mtile_word(tiles->mtile_x);
	tiles->te_mtile2 = mtile_word(tiles->mtile_y);
	tiles->tiles_per_mtile = per_mtile;
	tiles->tpc_stride = TPC_ENTRY_BYTES * per_tile * per_mtile / 4;
	tiles->isp_mtile_size = tiles->mtile_y * (TILE_SIZE / tiles->utile_h) |
				tiles->mtile_x * (TILE_SIZE / tiles->utile_w) << 16;
	tiles->mtile_stride = (uint64_t)(4 * tiles->rgn_size) << 24;
	tiles->tilemap_size = (uint64_t)4 * tiles->rgn_size * MACROTILES * MACROTILES;
	tiles->tpc_size = (uint64_t)4 * tiles->tpc_stride * MACROTILES * MACROTILES;
	return true;
}

uint32_t tiles_tib_blocks(const struct tiles *tiles, uint32_t sample_size)
{
	uint64_t bytes = (uint64_t)tiles->utile_w * tiles->utile_h * tiles->samples * sample_size;

	return (uint32_t)((bytes + TIB_BLOCK - 1) / TIB_BLOCK);
}
