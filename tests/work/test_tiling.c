// SPDX-License-Identifier: MIT
/* Tiling: worked values, limits, and laws over many sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tiling.h"

struct frame {
	uint32_t width, height, layers, utile_w, utile_h, samples, sample_size, flags, clusters;
};

static struct agx_tiling tile(const struct frame *f)
{
	struct drm_asahi_cmd_render render = {
		.flags = f->flags,
		.width_px = (uint16_t)f->width,
		.height_px = (uint16_t)f->height,
		.layers = (uint16_t)f->layers,
		.utile_width_px = (uint8_t)f->utile_w,
		.utile_height_px = (uint8_t)f->utile_h,
		.samples = (uint8_t)f->samples,
		.sample_size_B = (uint8_t)f->sample_size,
	};
	struct agx_tiling tiling;

	agx_tiling(&render, f->clusters, &tiling);
	return tiling;
}

static struct agx_tiling plain(uint32_t width, uint32_t height)
{
	return tile(&(struct frame){width, height, 1, 32, 32, 1, 4, 0, 1});
}

static void a_small_frame(void **state)
{
	struct agx_tiling t = plain(256, 256);

	(void)state;
	assert_int_equal(t.tiles_x, 8);
	assert_int_equal(t.tiles_y, 8);
	assert_int_equal(t.tiles, 64);
	assert_int_equal(t.tiles_per_mtile_x, 4);
	assert_int_equal(t.tiles_per_mtile_y, 4);
	assert_int_equal(t.tiles_per_mtile, 16);
	assert_int_equal(t.utiles_per_mtile_x, 4);
	assert_int_equal(t.utiles_per_mtile_y, 4);
	assert_int_equal(t.isp_mtile_size, 0x40004);
	assert_int_equal(t.rgn_size, 0x14);
	assert_int_equal(t.tilemap_size, 0x500);
	assert_int_equal(t.tpc_stride, 0x20);
	assert_int_equal(t.tpc_size, 0x800);
	assert_int_equal(t.min_tvb_blocks, 8);
	assert_int_equal(t.ppp_screen, 0x00ff00ff);
	assert_int_equal(t.te_screen, 0x7007);
	assert_int_equal(t.te_mtile1, 0x0010100c);
	assert_int_equal(t.te_mtile2, 0x0010100c);
	assert_int_equal(t.utile_config, 0xa000);
	assert_int_equal(t.tile_config, 0x280);
	assert_int_equal(t.tib_blocks, 2);
	assert_int_equal(t.mtile_stride, 0x50000000);
	assert_int_equal(t.frg_tilecfg, 0x00e07a2000036011ull);
	assert_int_equal(t.render_target_max, 0x8000);
	assert_int_equal(t.layermeta_size, 0);
	assert_int_equal(t.meta1_layer_stride, 0);
	assert_int_equal(t.meta1_blocks, 0);
}

static void a_frame_that_macos_tiled(void **state)
{
	struct agx_tiling t = plain(1600, 1200);

	(void)state;
	assert_int_equal(t.tiles_x, 50);
	assert_int_equal(t.tiles_y, 38);
	assert_int_equal(t.tiles, 1900);
	assert_int_equal(t.tiles_per_mtile_x, 16);
	assert_int_equal(t.tiles_per_mtile_y, 12);
	assert_int_equal(t.tiles_per_mtile, 192);
	assert_int_equal(t.isp_mtile_size, 0x10000c);
	assert_int_equal(t.rgn_size, 0xf0);
	assert_int_equal(t.tilemap_size, 0x3c00);
	assert_int_equal(t.tpc_stride, 0x180);
	assert_int_equal(t.tpc_size, 0x6000);
	assert_int_equal(t.min_tvb_blocks, 16);
	assert_int_equal(t.ppp_screen, 0x04af063f);
	assert_int_equal(t.te_screen, 0x25031);
	assert_int_equal(t.te_mtile1, 0x00404030);
	assert_int_equal(t.te_mtile2, 0x00303024);
	assert_int_equal(t.utile_config, 0xa000);
	assert_int_equal(t.mtile_stride, 0x3c0000000ull);
	assert_int_equal(t.frg_tilecfg, 0x04a31a2000036011ull);
}

static void full_hd(void **state)
{
	struct agx_tiling t = plain(1920, 1080);

	(void)state;
	assert_int_equal(t.tiles_x, 60);
	assert_int_equal(t.tiles_y, 34);
	assert_int_equal(t.tiles, 2040);
	assert_int_equal(t.utiles_per_mtile_x, 16);
	assert_int_equal(t.utiles_per_mtile_y, 12);
	assert_int_equal(t.rgn_size, 0xf0);
	assert_int_equal(t.tpc_size, 0x6000);
	assert_int_equal(t.min_tvb_blocks, 16);
	assert_int_equal(t.ppp_screen, 0x0437077f);
	assert_int_equal(t.te_screen, 0x2103b);
	assert_int_equal(t.te_mtile1, 0x00404030);
	assert_int_equal(t.te_mtile2, 0x00303024);
	assert_int_equal(t.tib_blocks, 2);
	assert_int_equal(t.frg_tilecfg, 0x0423ba2000036011ull);
}

static void small_utiles_and_samples(void **state)
{
	struct agx_tiling t = tile(&(struct frame){1920, 1080, 1, 16, 16, 4, 8, 0, 1});

	(void)state;
	assert_int_equal(t.utiles_per_mtile_x, 32);
	assert_int_equal(t.utiles_per_mtile_y, 24);
	assert_int_equal(t.isp_mtile_size, 0x200018);
	assert_int_equal(t.rgn_size, 0x3c0);
	assert_int_equal(t.tilemap_size, 0xf000);
	assert_int_equal(t.tpc_stride, 0x600);
	assert_int_equal(t.tpc_size, 0x18000);
	assert_int_equal(t.utile_config, 0x5002);
	assert_int_equal(t.tib_blocks, 4);
	assert_int_equal(t.mtile_stride, 0xf00000000ull);
	assert_int_equal(t.frg_tilecfg, 0x0423b52000036011ull);
}

static void utiles_of_two_shapes(void **state)
{
	struct agx_tiling t = tile(&(struct frame){1920, 1080, 1, 32, 16, 2, 3, 0, 1});

	(void)state;
	assert_int_equal(t.utile_config, 2 << 12 | 1 << 14 | 1);
	assert_int_equal(t.utiles_per_mtile_x, 16);
	assert_int_equal(t.utiles_per_mtile_y, 24);
	assert_int_equal(t.rgn_size, 0x1e0);
	assert_int_equal(t.tib_blocks, 2); /* 3 x 32 x 16 x 2 = 3072 bytes */
}

static void layers_and_clusters(void **state)
{
	struct agx_tiling t = tile(&(struct frame){1920, 1080, 2, 32, 32, 1, 4, 0, 8});

	(void)state;
	assert_int_equal(t.tilemap_size, 0x7800);
	assert_int_equal(t.tpc_size, 0x60000);
	assert_int_equal(t.tpc_stride, 0x180);
	assert_int_equal(t.meta1_layer_stride, 1);
	assert_int_equal(t.meta1_blocks, 2);
	assert_int_equal(t.min_tvb_blocks, 16);
	assert_int_equal(t.render_target_max, 0xe001);
	assert_int_equal(t.tile_config, 0x281);
	assert_int_equal(t.layermeta_size, 0x100);
	assert_int_equal(t.frg_tilecfg, 0x0423ba2100036011ull);

	/* Enough layers, and the least number of blocks is theirs; with clusters only. */
	t = tile(&(struct frame){1920, 1080, 5, 32, 32, 1, 4, 0, 2});
	assert_int_equal(t.min_tvb_blocks, 17);
	t = tile(&(struct frame){1920, 1080, 5, 32, 32, 1, 4, 0, 1});
	assert_int_equal(t.min_tvb_blocks, 16);
	t = tile(&(struct frame){1, 1, 1, 32, 32, 1, 4, 0, 2});
	assert_int_equal(t.min_tvb_blocks, 9);
}

static void one_pixel(void **state)
{
	struct agx_tiling t = plain(1, 1), small = plain(256, 256);

	(void)state;
	assert_int_equal(t.tiles_x, 1);
	assert_int_equal(t.tiles_y, 1);
	assert_int_equal(t.ppp_screen, 0);
	assert_int_equal(t.te_screen, 0);
	assert_int_equal(t.frg_tilecfg, 0x00000a2000036011ull);
	assert_int_equal(t.rgn_size, small.rgn_size);
	assert_int_equal(t.tilemap_size, small.tilemap_size);
	assert_int_equal(t.tpc_size, small.tpc_size);
	assert_int_equal(t.min_tvb_blocks, 8);
	assert_int_equal(t.te_mtile1, small.te_mtile1);
}

static void nothing_overflows(void **state)
{
	struct agx_tiling t = tile(&(struct frame){16384, 16384, 2048, 16, 16, 4, 255, 0, 8});

	(void)state;
	assert_int_equal(t.tiles, 512 * 512);
	assert_int_equal(t.tiles_per_mtile, 128 * 128);
	assert_int_equal(t.rgn_size, 81920);
	assert_int_equal(t.tilemap_size, 10ull << 30);
	assert_int_equal(t.tpc_stride, 131072);
	assert_int_equal(t.tpc_size, 4ull * 131072 * 16 * 2048 * 8);
	assert_int_equal(t.mtile_stride, 4ull * 81920 << 24);
	assert_int_equal(t.tib_blocks, 128); /* 255 x 256 x 4 = 261120 bytes */
	assert_int_equal(t.ppp_screen, 0x3fff3fff);
	assert_int_equal(t.te_screen, 0x1ff1ff);
	assert_int_equal(t.te_mtile1, 384 | 256 << 9 | 128 << 18);
	assert_int_equal(t.meta1_layer_stride, (512 * 512 * 4 + 0x1980 - 1) / 0x1980);
	assert_int_equal(t.meta1_blocks, t.meta1_layer_stride * 2048);
	assert_int_equal(t.min_tvb_blocks, 7 + 2 * 2048);
	assert_int_equal(t.render_target_max, 0xe7ff);
	assert_int_equal(t.frg_tilecfg, 0x2000036011ull | 511ull << 44 | 511ull << 53 | 1ull << 32 |
						0x5000ull << 28);
	assert_int_equal(plain(16384, 16384).min_tvb_blocks, 2048);
}

static void flags(void **state)
{
	struct agx_tiling t = tile(&(struct frame){256, 256, 1, 32, 32, 1, 4,
						   DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES, 1});

	(void)state;
	assert_int_equal(t.tile_config, 0x10280);
	t = tile(&(struct frame){256, 256, 1, 32, 32, 1, 4, ~DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES,
				 1});
	assert_int_equal(t.tile_config, 0x280);
}

/* Macrotiles cover the frame, the tilemap has an entry for each utile, and nothing is wasted. */
static void laws(void **state)
{
	static const uint32_t utiles[][2] = {{32, 32}, {32, 16}, {16, 16}};
	uint32_t size, i;

	(void)state;
	for (size = 1; size <= 16384; size += size < 600 ? 1 : 173) {
		for (i = 0; i < 3; i++) {
			struct agx_tiling t = tile(&(struct frame){
				size, 16385 - size, 3, utiles[i][0], utiles[i][1], 1, 4, 0, 4});
			uint32_t per_tile = 32 / utiles[i][0] * (32 / utiles[i][1]);

			assert_true(t.tiles_x * 32 >= size && (t.tiles_x - 1) * 32 < size);
			assert_true(t.tiles_per_mtile_x * 4 >= t.tiles_x);
			assert_true(t.tiles_per_mtile_y * 4 >= t.tiles_y);
			assert_true(t.tiles_per_mtile_x * 4 < t.tiles_x + 16);
			assert_int_equal(t.tiles_per_mtile_x % 4, 0);
			assert_true(4ull * t.rgn_size >= 5ull * t.tiles_per_mtile * per_tile);
			assert_int_equal(t.tilemap_size, 64ull * t.rgn_size * 3);
			assert_int_equal(t.tpc_size, 64ull * t.tpc_stride * 3 * 4);
			assert_int_equal(t.tpc_stride, 2 * t.tiles_per_mtile * per_tile);
			assert_true(t.min_tvb_blocks * 128 >= t.tiles);
			assert_true(t.meta1_layer_stride >= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_frame),
		cmocka_unit_test(a_frame_that_macos_tiled),
		cmocka_unit_test(full_hd),
		cmocka_unit_test(small_utiles_and_samples),
		cmocka_unit_test(utiles_of_two_shapes),
		cmocka_unit_test(layers_and_clusters),
		cmocka_unit_test(one_pixel),
		cmocka_unit_test(nothing_overflows),
		cmocka_unit_test(flags),
		cmocka_unit_test(laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
