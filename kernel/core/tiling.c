// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The formulae are those of jannau/linux: drivers/gpu/drm/asahi/queue/render.rs
 * get_tiling_params(); m1n1 (AsahiLinux/m1n1: proxyclient/m1n1/agx/render.py) has the same.
 *
 * Whatever is multiplied with the number of layers or clusters is 64 bits wide; everything else
 * stays far below 2^32, because a frame has at most 512 x 512 tiles.
 */
#include "tiling.h"

#include "fragment.h"
#include "registers.h"

#define MTILES            (AGX_FRAME_MTILES * AGX_FRAME_MTILES)
#define RGN_ENTRY_BYTES   5 /* of a utile, in the tilemap */
#define TPC_ENTRY_BYTES   8
#define TIB_BLOCK_BYTES   2048
#define TILES_PER_BLOCK   128  /* of the TVB, at least */
#define UTILES_PER_META1  6528 /* 32 KiB of 5-byte entries, about; what macOS does */
#define LAYERMETA_BYTES   0x100
#define RENDER_TARGET_ONE 0x8000u
#define RENDER_TARGET_ALL 0xe000u

static uint32_t align_up(uint32_t value, uint32_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static uint32_t div_up(uint32_t value, uint32_t by)
{
	return (value + by - 1) / by;
}

/* Starts of the second to the last macrotile of a row or column, in tiles. */
static uint32_t te_mtile(uint32_t tiles_per_mtile)
{
	return 3 * tiles_per_mtile | (2 * tiles_per_mtile) << 9 | tiles_per_mtile << 18;
}

void agx_tiling(const struct drm_asahi_cmd_render *render, uint32_t clusters, struct agx_tiling *t)
{
	uint32_t layers = render->layers;
	uint32_t utiles_x = AGX_TILE_SIZE / render->utile_width_px; /* per tile */
	uint32_t utiles_y = AGX_TILE_SIZE / render->utile_height_px;
	uint32_t utiles = utiles_x * utiles_y;

	t->tiles_x = div_up(render->width_px, AGX_TILE_SIZE);
	t->tiles_y = div_up(render->height_px, AGX_TILE_SIZE);
	t->tiles = t->tiles_x * t->tiles_y;
	t->tiles_per_mtile_x = align_up(div_up(t->tiles_x, AGX_FRAME_MTILES), 4);
	t->tiles_per_mtile_y = align_up(div_up(t->tiles_y, AGX_FRAME_MTILES), 4);
	t->tiles_per_mtile = t->tiles_per_mtile_x * t->tiles_per_mtile_y;
	t->utiles_per_mtile_x = t->tiles_per_mtile_x * utiles_x;
	t->utiles_per_mtile_y = t->tiles_per_mtile_y * utiles_y;

	t->rgn_size = align_up(RGN_ENTRY_BYTES * t->tiles_per_mtile * utiles, 4) / 4;
	t->tilemap_size = 4ull * t->rgn_size * MTILES * layers;
	t->tpc_stride = TPC_ENTRY_BYTES * utiles * t->tiles_per_mtile / 4;
	t->tpc_size = 4ull * t->tpc_stride * MTILES * layers * clusters;
	t->layermeta_size = layers > 1 ? LAYERMETA_BYTES : 0;
	t->meta1_layer_stride = 0;
	t->min_tvb_blocks = align_up(div_up(t->tiles, TILES_PER_BLOCK), 8);
	if (clusters > 1) {
		t->meta1_layer_stride =
			div_up(align_up(t->tiles_x, 2) * align_up(t->tiles_y, 4) * utiles,
			       UTILES_PER_META1);
		if (t->min_tvb_blocks < 7 + 2 * layers)
			t->min_tvb_blocks = 7 + 2 * layers;
	}

	/* At most 248 x 2048. */
	t->meta1_blocks = t->meta1_layer_stride * layers;

	t->ppp_screen = (render->width_px - 1u) | (render->height_px - 1u) << 16;
	t->te_screen = (t->tiles_x - 1) | (t->tiles_y - 1) << 12;
	t->te_mtile1 = te_mtile(t->tiles_per_mtile_x);
	t->te_mtile2 = te_mtile(t->tiles_per_mtile_y);
	t->isp_mtile_size = t->utiles_per_mtile_y | t->utiles_per_mtile_x << 16;
	t->render_target_max = layers > 1 ? RENDER_TARGET_ALL | (layers - 1) : RENDER_TARGET_ONE;

	/* 1, 2, 4 samples: 0, 1, 2 */
	t->utile_config = render->utile_width_px / 16u << 12 | render->utile_height_px / 16u << 14 |
			  render->samples / 2u;
	t->tile_config = AGX_TILE_CONFIG_BASE;
	if (layers > 1)
		t->tile_config |= AGX_TILE_CONFIG_LAYERED;
	if (render->flags & DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES)
		t->tile_config |= AGX_TILE_CONFIG_PROCESS_EMPTY_TILES;
	t->frg_tilecfg =
		AGX_FRG_TILECFG_BASE | (uint64_t)(t->tiles_x - 1) << AGX_FRG_TILECFG_TILES_X_SHIFT |
		(uint64_t)(t->tiles_y - 1) << AGX_FRG_TILECFG_TILES_Y_SHIFT |
		(t->utile_config & AGX_FRG_TILECFG_UTILE_MASK) << AGX_FRG_TILECFG_UTILE_SHIFT;
	if (layers > 1)
		t->frg_tilecfg |= AGX_FRG_TILECFG_LAYERED;
	t->mtile_stride = 4ull * t->rgn_size << 24;
	t->tib_blocks = div_up((uint32_t)render->sample_size_B * render->utile_width_px *
				       render->utile_height_px * render->samples,
			       TIB_BLOCK_BYTES);
}
