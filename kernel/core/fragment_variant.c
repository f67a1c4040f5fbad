// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fragment command of a render. Compiled once per variant. Facts: jannau/linux:
 * drivers/gpu/drm/asahi/queue/render.rs; what is not set here is zero.
 */
#include "microseq_variant.h"
#include "registers_variant.h"
#include "variant.h"

static int build_sequence(struct agx_core_job *job, const struct agx_render *render,
			  const struct agx_heap_object *object)
{
#define AT(member) (object->va + offsetof(struct AGX_FW(run_fragment), member))
	const struct agx_attachment_list *attachments = &render->cmd->fragment;
	const struct agx_job_env *env = render->env;
	struct AGX_FW(run_fragment) *fragment = object->cpu;
	struct AGX_FW(op_finalize_fragment) * finalize;
	struct AGX_FW(op_start_fragment) * start;
	const struct agx_microseq_times times = {
		.command_time = AT(command_time),
		.own = AT(timestamp_pointers),
		.user = AT(user_timestamp_pointers),
#if AGX_FW_V13
		.unk_ts = AT(unk_ts),
#endif
	};
	struct agx_microseq seq;
	int32_t restart;
	void *op;
	int err;

	err = AGX_FW(microseq_create)(job, AGX_PIPE_FRAGMENT,
				      &render->cmd->timestamps[AGX_TIMESTAMP_FRAGMENT_START],
				      sizeof(*start), sizeof(*finalize), &seq, &op);
	if (err)
		return err;
	start = op;
	start->header = AGX_OP_START_FRAGMENT;
#if AGX_FW_G14X
	start->registers = AT(registers);
#else
	start->job_params2 = AT(job_params2);
	start->job_params1 = AT(job_params1);
#endif
	start->scene = render->scene.scene;
	start->stats = env->stats_fragment;
	start->busy_flag = AT(busy_flag);
	start->tvb_overflow_count = AT(tvb_overflow_count);
	start->unk_pointer = AT(unk_pointee);
	start->work_queue = seq.queue;
	start->work_item = object->va;
	start->vm_slot = env->vm_slot;
	start->unk_50 = 1;
	start->event_generation = env->queue_number;
	start->buffer_slot = render->scene.tvb.slot;
	start->event_seq = render->fragment.seq;
	start->unk_758_flag = AT(unk_758_flag);
	start->unk_job_buf = AT(unk_buf_0);
	agx_command_attachments(render->cmdbuf, attachments, &start->attachments);
#if AGX_FW_V13
	start->counter = fragment->counter;
	start->notifier_buf = env->notifier_buf;
#endif

	finalize = AGX_FW(microseq_middle)(&seq, &times, sizeof(*finalize), &restart);
	finalize->header = AGX_OP_FINALIZE_FRAGMENT;
	finalize->fw_stamp = render->fragment.fw;
	finalize->stamp_value = render->fragment.value;
	finalize->scene = render->scene.scene;
	finalize->buffer = render->scene.tvb.info;
	finalize->unk_2c = 1;
	finalize->stats = env->stats_fragment;
	finalize->unk_pointer = AT(unk_pointee);
	finalize->busy_flag = AT(busy_flag);
	finalize->work_queue = seq.queue;
	finalize->work_item = object->va;
	finalize->vm_slot = env->vm_slot;
	finalize->unk_758_flag = AT(unk_758_flag);
	finalize->restart_branch_offset = restart;
	finalize->has_attachments = attachments->count > 0;
	AGX_FW(microseq_end)(&seq);

	fragment->microsequence = seq.object->va;
	fragment->microsequence_size = seq.used;
	return 0;
#undef AT
}

static uint32_t isp_ctl(const struct drm_asahi_cmd_render *args)
{
	/* The uAPI's flag has the place of the register's bit. */
	_Static_assert(AGX_ISP_CTL_DBIAS_IS_INT == (uint32_t)DRM_ASAHI_RENDER_DBIAS_IS_INT,
		       "bit of ISP_CTL");
	return AGX_ISP_CTL_BASE | (args->flags & DRM_ASAHI_RENDER_DBIAS_IS_INT);
}

static void fill_aux_fb_info(const struct drm_asahi_cmd_render *args,
			     struct AGX_FW(aux_fb_info) * info)
{
	info->isp_ctl = isp_ctl(args);
	info->width = args->width_px;
	info->height = args->height_px;
#if AGX_FW_V13
	info->unk3 = AGX_AUX_FB_UNK3;
#endif
}

#if AGX_FW_G14X
static void fill_registers(const struct agx_render *render, struct AGX_FW(run_fragment) * fragment)
{
	struct agx_register_writer w = {&fragment->registers, 0};
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_tiling *tiling = &render->tiling;
	const struct agx_scene *scene = &render->scene;

	agx_register(&w, AGX_REG_FRAGMENT_UNK_01739, 1);
	agx_register(&w, AGX_REG_FRAGMENT_UTILE_CONFIG, tiling->utile_config);
	agx_register(&w, AGX_REG_EOT_RSRC_SPEC, args->eot.rsrc_spec);
	agx_register(&w, AGX_REG_EOT_USC, args->eot.usc);
	agx_register(&w, AGX_REG_BG_RSRC_SPEC, args->bg.rsrc_spec);
	agx_register(&w, AGX_REG_BG_USC, args->bg.usc);
	agx_register(&w, AGX_REG_ISP_MERGE_UPPER_X, args->isp_merge_upper_x);
	agx_register(&w, AGX_REG_ISP_MERGE_UPPER_Y, args->isp_merge_upper_y);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_100A1, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15069, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15071, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_16058, 0);
	agx_register(&w, AGX_REG_FRAGMENT_PPP_MULTISAMPLECTL, args->ppp_multisamplectl);
	agx_register(&w, AGX_REG_ISP_MTILE_SIZE, tiling->isp_mtile_size);
	agx_register(&w, AGX_REG_ISP_MTILE_SIZE_2, tiling->isp_mtile_size);
	agx_register(&w, AGX_REG_FRAGMENT_TE_SCREEN, tiling->te_screen);
	agx_register(&w, AGX_REG_FRAGMENT_TVB_HEAPMETA, scene->heapmeta);
	agx_register(&w, AGX_REG_ISP_SCISSOR_BASE, args->isp_scissor_base);
	agx_register(&w, AGX_REG_ISP_DBIAS_BASE, args->isp_dbias_base);
	agx_register(&w, AGX_REG_ISP_CTL, isp_ctl(args));
	agx_register(&w, AGX_REG_FRAGMENT_SIZE, args->width_px | (uint64_t)args->height_px << 32);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15049, AGX_AUX_FB_UNK3);
	agx_register(&w, AGX_REG_TIB_BLOCKS, tiling->tib_blocks);
	agx_register(&w, AGX_REG_ISP_ZLS_PIXELS, args->isp_zls_pixels);
	agx_register(&w, AGX_REG_ISP_BGOBJDEPTH, args->isp_bgobjdepth);
	agx_register(&w, AGX_REG_ISP_BGOBJVALS, args->isp_bgobjvals);
	agx_register(&w, AGX_REG_ISP_OCLQRY_BASE, args->isp_oclqry_base);
	agx_register(&w, AGX_REG_ISP_ZLSCTL, args->zls_ctrl);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15349, AGX_FRAGMENT_UNK_58_G14);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15351, 0);
	agx_register(&w, AGX_REG_ISP_ZLOAD_BASE, args->depth.base);
	agx_register(&w, AGX_REG_ISP_ZSTORE_BASE, args->depth.base);
	agx_register(&w, AGX_REG_ISP_STENCIL_LOAD_BASE, args->stencil.base);
	agx_register(&w, AGX_REG_ISP_STENCIL_STORE_BASE, args->stencil.base);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15231, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15221, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15239, 0);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15229, 0);
	agx_register(&w, AGX_REG_ISP_ZLOAD_STRIDE, args->depth.stride);
	agx_register(&w, AGX_REG_ISP_ZSTORE_STRIDE, args->depth.stride);
	agx_register(&w, AGX_REG_ISP_STENCIL_LOAD_STRIDE, args->stencil.stride);
	agx_register(&w, AGX_REG_ISP_STENCIL_STORE_STRIDE, args->stencil.stride);
	agx_register(&w, AGX_REG_ISP_ZLOAD_COMP_BASE, args->depth.comp_base);
	agx_register(&w, AGX_REG_ISP_ZLOAD_COMP_STRIDE, args->depth.comp_stride);
	agx_register(&w, AGX_REG_ISP_ZSTORE_COMP_BASE, args->depth.comp_base);
	agx_register(&w, AGX_REG_ISP_ZSTORE_COMP_STRIDE, args->depth.comp_stride);
	agx_register(&w, AGX_REG_ISP_STENCIL_LOAD_COMP_BASE, args->stencil.comp_base);
	agx_register(&w, AGX_REG_ISP_STENCIL_LOAD_COMP_STRIDE, args->stencil.comp_stride);
	agx_register(&w, AGX_REG_ISP_STENCIL_STORE_COMP_BASE, args->stencil.comp_base);
	agx_register(&w, AGX_REG_ISP_STENCIL_STORE_COMP_STRIDE, args->stencil.comp_stride);
	agx_register(&w, AGX_REG_FRAGMENT_TVB_TILEMAP, scene->tilemap);
	agx_register(&w, AGX_REG_FRAGMENT_TVB_LAYERMETA, scene->layermeta);
	agx_register(&w, AGX_REG_MTILE_STRIDE_DWORDS, tiling->mtile_stride);
	agx_register(&w, AGX_REG_TILE_CONFIG, tiling->tile_config);
	agx_register(&w, AGX_REG_ISP_RENDER_ORIGIN, 0);
	agx_register(&w, AGX_REG_FRAGMENT_HELPER_PROGRAM, args->fragment_helper.binary);
	agx_register(&w, AGX_REG_FRAGMENT_HELPER_ARG, args->fragment_helper.data);
	agx_register(&w, AGX_REG_FRAGMENT_HELPER_CFG, args->fragment_helper.cfg);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_15359, 0);
	agx_register(&w, AGX_REG_USC_EXEC_BASE_ISP, render->env->usc_exec_base);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_16020, 0);
	agx_register(&w, AGX_REG_AUX_FB, render->aux_fb);
	agx_register(&w, AGX_REG_AUX_FB_2, render->aux_fb);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_120A1, AGX_FRAGMENT_UNK_158);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_160A8, 0);
	agx_register(&w, AGX_REG_FRG_TILECFG, tiling->frg_tilecfg);
	agx_register(&w, AGX_REG_FRAGMENT_UNK_160B8, 0);
	agx_register_end(&w, &fragment->register_list);
}
#else
static void fill_params1(const struct agx_render *render, struct AGX_FW(fragment_params1) * params)
{
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_tiling *tiling = &render->tiling;

	params->utile_config = tiling->utile_config;
	params->bg.rsrc_spec = args->bg.rsrc_spec;
	params->bg.address = args->bg.usc;
	params->ppp_multisamplectl = args->ppp_multisamplectl;
	params->isp_scissor_base = args->isp_scissor_base;
	params->isp_dbias_base = args->isp_dbias_base;
	fill_aux_fb_info(args, &params->aux_fb_info);
	params->isp_zls_pixels = args->isp_zls_pixels;
	params->isp_oclqry_base = args->isp_oclqry_base;
	params->zls_ctrl = args->zls_ctrl;
#if AGX_FW_G14
	params->unk_58_g14_0 = AGX_FRAGMENT_UNK_58_G14;
#endif
	params->z_load = args->depth.base;
	params->z_store = args->depth.base;
	params->s_load = args->stencil.base;
	params->s_store = args->stencil.base;
	params->z_load_stride = args->depth.stride;
	params->z_store_stride = args->depth.stride;
	params->s_load_stride = args->stencil.stride;
	params->s_store_stride = args->stencil.stride;
	params->z_load_comp = args->depth.comp_base;
	params->z_load_comp_stride = args->depth.comp_stride;
	params->z_store_comp = args->depth.comp_base;
	params->z_store_comp_stride = args->depth.comp_stride;
	params->s_load_comp = args->stencil.comp_base;
	params->s_load_comp_stride = args->stencil.comp_stride;
	params->s_store_comp = args->stencil.comp_base;
	params->s_store_comp_stride = args->stencil.comp_stride;
	params->tvb_tilemap = render->scene.tilemap;
	params->tvb_layermeta = render->scene.layermeta;
	params->mtile_stride_dwords = tiling->mtile_stride;
	params->tvb_heapmeta = render->scene.heapmeta;
	params->tile_config = tiling->tile_config;
	params->aux_fb = render->aux_fb;
	params->usc_exec_base_isp = render->env->usc_exec_base;
	params->unk_140 = AGX_FRAGMENT_UNK_140;
	params->helper_program = args->fragment_helper.binary;
	params->helper_arg = args->fragment_helper.data;
	params->unk_158 = AGX_FRAGMENT_UNK_158;
}

static void fill_params2(const struct agx_render *render, struct agx_fragment_params2 *params)
{
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_tiling *tiling = &render->tiling;

	params->eot_rsrc_spec = args->eot.rsrc_spec;
	params->eot_usc = args->eot.usc;
	params->isp_merge_upper_x = args->isp_merge_upper_x;
	params->isp_merge_upper_y = args->isp_merge_upper_y;
	params->utiles_per_mtile_y = (uint16_t)tiling->utiles_per_mtile_y;
	params->utiles_per_mtile_x = (uint16_t)tiling->utiles_per_mtile_x;
	params->tile_counts = tiling->te_screen;
	params->tib_blocks = tiling->tib_blocks;
	params->isp_bgobjdepth = args->isp_bgobjdepth;
	params->isp_bgobjvals = args->isp_bgobjvals | (AGX_FW_G13 ? AGX_FRAGMENT_BGOBJVALS_G13 : 0);
	params->unk_3c = 1;
	params->helper_cfg = args->fragment_helper.cfg;
}
#endif

static void fill_eot(const struct drm_asahi_bg_eot *args, struct agx_eot_program *eot)
{
	eot->rsrc_spec = args->rsrc_spec;
	eot->address = args->usc;
}

static void fill_background(const struct drm_asahi_bg_eot *args,
			    struct agx_background_program *background)
{
	background->rsrc_spec = args->rsrc_spec;
	background->address = args->usc;
}

/* For partial renders. Depth and stencil are where the pass itself has them. */
static void fill_params3(const struct agx_render *render, struct AGX_FW(fragment_params3) * params)
{
	const struct drm_asahi_cmd_render *args = render->args;

	params->isp_dbias_base.ptr = args->isp_dbias_base;
	params->isp_scissor_base.ptr = args->isp_scissor_base;
	params->isp_oclqry_base = args->isp_oclqry_base;
	fill_background(&args->partial_bg, &params->unk_partial_bg);
	fill_background(&args->partial_bg, &params->partial_bg);
	params->zls_ctrl = args->zls_ctrl;
	params->unk_290 = AGX_FW_G13 ? 0 : AGX_FRAGMENT_UNK_58_G14;
	params->z_load = args->depth.base;
	params->z_partial_stride = args->depth.stride;
	params->z_partial_comp_stride = args->depth.comp_stride;
	params->z_store = args->depth.base;
	params->z_partial = args->depth.base;
	params->z_partial_comp = args->depth.comp_base;
	params->s_load = args->stencil.base;
	params->s_partial_stride = args->stencil.stride;
	params->s_partial_comp_stride = args->stencil.comp_stride;
	params->s_store = args->stencil.base;
	params->s_partial = args->stencil.base;
	params->s_partial_comp = args->stencil.comp_base;
	params->tib_blocks = render->tiling.tib_blocks;
	fill_aux_fb_info(args, &params->aux_fb_info);
	params->tile_config = render->tiling.tile_config;
	fill_eot(&args->partial_eot, &params->unk_partial_eot);
	fill_eot(&args->partial_eot, &params->partial_eot);
	params->isp_bgobjdepth = args->isp_bgobjdepth;
	params->isp_bgobjvals = args->isp_bgobjvals;
	params->sample_size = args->sample_size_B;
	params->isp_zls_pixels = args->isp_zls_pixels;
}

int AGX_FW(build_fragment)(struct agx_core_job *job, const struct agx_render *render)
{
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_scene *scene = &render->scene;
	const struct agx_job_env *env = render->env;
	struct AGX_FW(run_fragment) * fragment;
	const struct agx_heap_object *object;
	int err;

	err = agx_job_alloc(job, AGX_HEAP_GPU_RO, sizeof(*fragment), "fragment command", &object);
	if (err)
		return err;
	fragment = object->cpu;
	fragment->tag = AGX_CMD_RUN_FRAGMENT;
#if AGX_FW_V13
	fragment->counter = render->counter;
#endif
	fragment->vm_slot = env->vm_slot;
	fragment->notifier = env->notifier;
	fragment->buffer = scene->tvb.info;
	fragment->scene = scene->scene;
	fragment->unk_buffer_buf = scene->tvb.kernel_buffer;
	fragment->tvb_tilemap = scene->tilemap;
	fragment->ppp_multisamplectl = args->ppp_multisamplectl;
	fragment->samples = args->samples;
	fragment->tiles_per_mtile_y = (uint16_t)render->tiling.tiles_per_mtile_y;
	fragment->tiles_per_mtile_x = (uint16_t)render->tiling.tiles_per_mtile_x;
	fragment->isp_merge_upper_x = args->isp_merge_upper_x;
	fragment->isp_merge_upper_y = args->isp_merge_upper_y;
	fragment->tile_count = render->tiling.tiles;
#if AGX_FW_G14X
	fill_registers(render, fragment);
	fragment->register_list.addr =
		object->va + offsetof(struct AGX_FW(run_fragment), registers);
#else
	fill_params1(render, &fragment->job_params1);
	fill_params2(render, &fragment->job_params2);
	fragment->unk_buf_10 = 1;
#endif
	fill_params3(render, &fragment->job_params3);
	agx_command_encoder(args->sampler_heap, args->sampler_count, &fragment->encoder_params);
	fragment->process_empty_tiles = !!(args->flags & DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES);
	fragment->no_clear_pipeline_textures = 1;
	agx_command_meta(&render->fragment, &fragment->meta);
	agx_command_timestamps(render->timestamps + offsetof(struct agx_render_timestamps, frag),
			       &render->cmd->timestamps[AGX_TIMESTAMP_FRAGMENT_START],
			       &fragment->timestamp_pointers, &fragment->user_timestamp_pointers);
	fragment->client_sequence = (uint8_t)env->queue_number;

	err = build_sequence(job, render, object);
	if (err)
		return err;
	return agx_job_add(job, AGX_PIPE_FRAGMENT, object->va, true);
}
