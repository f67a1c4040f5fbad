// SPDX-License-Identifier: MIT
/*
 * Depth and stencil of a pass. They are not in the tile buffer that shaders see: hardware tests
 * them in a memory of its own, which the ZLS unit loads at a tile's start and stores at its end,
 * without programs.
 */
#include "render_internal.h"

static void buffer(struct drm_asahi_zls_buffer *zls, const struct agx_attachment *a)
{
	const struct agx_layout *layout = &a->image->layout;
	struct agx_cs_zls_stride stride;

	zls->base = a->image->address + a->layer * layout->layer_stride +
		    layout->level[a->level].offset;
	/* Given for one layer as well, as Mesa does. */
	agx_cs_zls_stride_init(&stride);
	stride.layered = true;
	stride.stride = (layout->layer_stride + AGX_PAGE_SIZE - 1) & ~(AGX_PAGE_SIZE - 1ull);
	if (!stride.stride)
		stride.stride = AGX_PAGE_SIZE;
	agx_cs_zls_stride_pack(&zls->stride, &stride);
}

static int check(struct lib_render *render, const struct agx_attachment *a, const char *what)
{
	const struct agx_layout *layout = &a->image->layout;

	if (layout->params.tiling != AGX_TILING_TWIDDLED)
		return lib_cmdbuf_error(
			render->cmdbuf, -EINVAL,
			"render pass: %s: a twiddled image expected, got a linear one", what);
	if (render->command.layers > 1 && layout->layer_stride % AGX_PAGE_SIZE)
		return lib_cmdbuf_error(
			render->cmdbuf, -EINVAL,
			"render pass: %s: layers at multiples of 16384 bytes expected, "
			"got %llu bytes from layer to layer: the image must be writeable",
			what, (unsigned long long)layout->layer_stride);
	return 0;
}

int lib_render_zls(struct lib_render *render, const struct agx_render_pass *pass)
{
	const struct agx_attachment *z = &pass->depth, *s = &pass->stencil;
	struct drm_asahi_cmd_render *command = &render->command;
	struct agx_cs_isp_zls_pixels pixels;
	struct agx_cs_isp_bgobjvals values;
	struct agx_cs_zls_control control;
	int ret;

	agx_cs_zls_control_init(&control);
	agx_cs_isp_bgobjvals_init(&values);
	agx_cs_isp_zls_pixels_init(&pixels);
	pixels.x = command->width_px;
	pixels.y = command->height_px;
	render->depth = z->image;
	render->stencil = s->image;
	if (z->image) {
		const enum agx_format format = z->image->layout.params.format;

		ret = check(render, z, "depth");
		if (ret)
			return ret;
		if (format != AGX_FORMAT_D16_UNORM && format != AGX_FORMAT_D32_FLOAT)
			return lib_cmdbuf_error(
				render->cmdbuf, -EINVAL,
				"render pass: depth: d16_unorm or d32_float expected, "
				"got %s",
				agx_format_info(format)->name);
		/* Also catches what is no number. */
		if (z->load == AGX_LOAD_CLEAR && !(z->clear.f[0] >= 0 && z->clear.f[0] <= 1))
			return lib_cmdbuf_error(
				render->cmdbuf, -EINVAL,
				"render pass: depth: a clear value of 0 to 1 expected, "
				"got %g",
				z->clear.f[0]);
		buffer(&command->depth, z);
		render->depth_16 = format == AGX_FORMAT_D16_UNORM;
		control.z_format =
			render->depth_16 ? AGX_CS_ZLS_FORMAT_UNORM_16 : AGX_CS_ZLS_FORMAT_FLOAT_32;
		control.z_load = z->load == AGX_LOAD_IMAGE;
		control.z_store = !z->discard;
		if (z->load == AGX_LOAD_CLEAR && render->depth_16) {
			struct agx_cs_isp_bgobjdepth_16 depth = {0};

			agx_format_pack(format, &z->clear, &depth.depth);
			agx_cs_isp_bgobjdepth_16_pack(&command->isp_bgobjdepth, &depth);
		} else if (z->load == AGX_LOAD_CLEAR) {
			struct agx_cs_isp_bgobjdepth depth = {.depth = z->clear.f[0]};

			agx_cs_isp_bgobjdepth_pack(&command->isp_bgobjdepth, &depth);
		}
		if (render->depth_16)
			command->flags |= DRM_ASAHI_RENDER_DBIAS_IS_INT;
	}
	if (s->image) {
		const enum agx_format format = s->image->layout.params.format;

		ret = check(render, s, "stencil");
		if (ret)
			return ret;
		if (format != AGX_FORMAT_S8_UINT)
			return lib_cmdbuf_error(render->cmdbuf, -EINVAL,
						"render pass: stencil: s8_uint expected, got %s",
						agx_format_info(format)->name);
		if (s->load == AGX_LOAD_CLEAR && s->clear.u[0] > 255)
			return lib_cmdbuf_error(render->cmdbuf, -EINVAL,
						"render pass: stencil: a clear value of 0 to 255 "
						"expected, got %u",
						s->clear.u[0]);
		buffer(&command->stencil, s);
		control.s_load = s->load == AGX_LOAD_IMAGE;
		control.s_store = !s->discard;
		if (s->load == AGX_LOAD_CLEAR)
			values.stencil = s->clear.u[0];
	}
	agx_cs_zls_control_pack(&command->zls_ctrl, &control);
	agx_cs_isp_bgobjvals_pack(&command->isp_bgobjvals, &values);
	agx_cs_isp_zls_pixels_pack(&command->isp_zls_pixels, &pixels);
	return 0;
}
