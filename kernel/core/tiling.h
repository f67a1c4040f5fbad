/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * How a frame is cut into tiles, and how large the buffers are that the tiler needs for it. Pure
 * arithmetic. docs/commands.md explains the terms.
 */
#ifndef AGX_TILING_H
#define AGX_TILING_H

#include "agx_types.h"
#include "asahi_drm.h"

#define AGX_TILE_SIZE    32 /* pixels, in each direction */
#define AGX_FRAME_MTILES 4  /* macrotiles, in each direction */

struct agx_tiling {
	uint32_t tiles_x, tiles_y, tiles;
	uint32_t tiles_per_mtile_x, tiles_per_mtile_y, tiles_per_mtile;
	uint32_t utiles_per_mtile_x, utiles_per_mtile_y;

	/* Sizes are in bytes and for all layers, unless another unit is named. */
	uint32_t rgn_size; /* words of the tilemap per macrotile and layer */
	uint64_t tilemap_size;
	uint32_t tpc_stride; /* words of the tail pointer cache per macrotile, layer and cluster */
	uint64_t tpc_size;
	uint32_t layermeta_size;
	uint32_t meta1_layer_stride; /* blocks; 0 without clustering, as the next */
	uint32_t meta1_blocks;       /* of all layers */
	uint32_t min_tvb_blocks;

	/* Register values. */
	uint32_t ppp_screen, te_screen, te_mtile1, te_mtile2;
	uint32_t isp_mtile_size;
	uint32_t render_target_max;
	uint32_t utile_config;
	uint64_t tile_config;
	uint64_t frg_tilecfg;
	uint64_t mtile_stride;
	uint32_t tib_blocks; /* of 2 KiB of tile buffer, per utile */
};

/*
 * render is as agx_submit_parse() accepts it; clusters: how many do the vertex work, at least 1.
 * No result overflows.
 */
void agx_tiling(const struct drm_asahi_cmd_render *render, uint32_t clusters,
		struct agx_tiling *tiling);

#endif
