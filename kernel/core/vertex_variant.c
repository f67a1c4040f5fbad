// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vertex command of a render. Compiled once per variant. Facts: jannau/linux:
 * drivers/gpu/drm/asahi/queue/render.rs; what is not set here is zero.
 */
#include "microseq_variant.h"
#include "registers_variant.h"
#include "variant.h"

#define UNK_4_10131 0x88  /* tiling_params.unk_4 and its register */
#define UNK_24      0x100 /* likewise */

static int build_sequence(struct agx_core_job *job, const struct agx_render *render,
			  const struct agx_heap_object *object)
{
#define AT(member) (object->va + offsetof(struct AGX_FW(run_vertex), member))
	const struct agx_attachment_list *attachments = &render->cmd->vertex;
	const struct agx_job_env *env = render->env;
	struct AGX_FW(run_vertex) *vertex = object->cpu;
	struct AGX_FW(op_finalize_vertex) * finalize;
	struct AGX_FW(op_start_vertex) * start;
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

	err = AGX_FW(microseq_create)(job, AGX_PIPE_VERTEX,
				      &render->cmd->timestamps[AGX_TIMESTAMP_VERTEX_START],
				      sizeof(*start), sizeof(*finalize), &seq, &op);
	if (err)
		return err;
	start = op;
	start->header = AGX_OP_START_VERTEX;
#if AGX_FW_G14X
	start->registers = AT(registers);
#else
	start->tiling_params = AT(tiling_params);
	start->job_params1 = AT(job_params1);
#endif
	start->buffer = render->scene.tvb.info;
	start->scene = render->scene.scene;
	start->stats = env->stats_vertex;
	start->work_queue = seq.queue;
	start->vm_slot = env->vm_slot;
	start->unk_38 = 1;
	start->event_generation = env->queue_number;
	start->buffer_slot = render->scene.tvb.slot;
	start->event_seq = render->vertex.seq;
	start->unk_pointer = AT(unk_pointee);
	start->unk_job_buf = AT(unk_buf_0);
	agx_command_attachments(render->cmdbuf, attachments, &start->attachments);
#if AGX_FW_V13
	start->counter = vertex->counter;
	start->notifier_buf = env->notifier_buf;
	start->unk_178 = !render->clustering;
#endif

	finalize = AGX_FW(microseq_middle)(&seq, &times, sizeof(*finalize), &restart);
	finalize->header = AGX_OP_FINALIZE_VERTEX;
	finalize->scene = render->scene.scene;
	finalize->buffer = render->scene.tvb.info;
	finalize->stats = env->stats_vertex;
	finalize->work_queue = seq.queue;
	finalize->vm_slot = env->vm_slot;
	finalize->unk_pointer = AT(unk_pointee);
	finalize->fw_stamp = render->vertex.fw;
	finalize->stamp_value = render->vertex.value;
	finalize->restart_branch_offset = restart;
	finalize->has_attachments = attachments->count > 0;
	AGX_FW(microseq_end)(&seq);

	vertex->microsequence = seq.object->va;
	vertex->microsequence_size = seq.used;
	return 0;
#undef AT
}

#if AGX_FW_G14X
static void fill_registers(const struct agx_render *render, struct AGX_FW(run_vertex) * vertex)
{
	struct agx_register_writer w = {&vertex->registers, 0};
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_tiling *tiling = &render->tiling;
	const struct agx_scene *scene = &render->scene;

	agx_register(&w, AGX_REG_VERTEX_UNK_10141, AGX_VERTEX_UNK_0);
	agx_register(&w, AGX_REG_TVB_TILEMAP, scene->tilemap);
	agx_register(&w, AGX_REG_TVB_TILEMAP_2, scene->tilemap);
	agx_register(&w, AGX_REG_TVB_CLUSTER_TILEMAPS, scene->cluster_tilemaps);
	agx_register(&w, AGX_REG_TVB_CLUSTER_TILEMAPS_2, scene->cluster_tilemaps);
	agx_register(&w, AGX_REG_TE_TPC_ADDR, scene->tvb.tpc);
	agx_register(&w, AGX_REG_TVB_HEAPMETA, scene->heapmeta | AGX_VERTEX_HEAPMETA_TAG);
	agx_register(&w, AGX_REG_TVB_HEAPMETA_2, scene->heapmeta | AGX_VERTEX_HEAPMETA_TAG);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C051, AGX_VERTEX_IOGPU_UNK_54);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C061, 1);
	agx_register(&w, AGX_REG_VERTEX_UTILE_CONFIG, tiling->utile_config);
	agx_register(&w, AGX_REG_VERTEX_PPP_MULTISAMPLECTL, args->ppp_multisamplectl);
	agx_register(&w, AGX_REG_VERTEX_PREEMPT_BUF1, scene->preempt[0]);
	agx_register(&w, AGX_REG_VERTEX_PREEMPT_BUF1_2, scene->preempt[0]);
	agx_register(&w, AGX_REG_VERTEX_PREEMPT_BUF2, scene->preempt[1]);
	agx_register(&w, AGX_REG_VERTEX_PREEMPT_BUF2_2, scene->preempt[1]);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C958, 1);
	agx_register(&w, AGX_REG_VERTEX_PREEMPT_BUF3,
		     scene->preempt[2] | AGX_VERTEX_PREEMPT_BUF3_TAG);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C930, 0);
	agx_register(&w, AGX_REG_VDM_CTRL_STREAM_BASE, args->vdm_ctrl_stream_base);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C898, 0);
	agx_register(&w, AGX_REG_TVB_CLUSTER_META2, scene->meta[1]);
	agx_register(&w, AGX_REG_TVB_CLUSTER_META3, scene->meta[2]);
	agx_register(&w, AGX_REG_TILING_CONTROL, render->tiling_control);
	agx_register(&w, AGX_REG_TILING_CONTROL_2, 4);
	agx_register(&w, AGX_REG_TVB_LAYERMETA, scene->layermeta);
	agx_register(&w, AGX_REG_TVB_LAYERMETA_2, scene->layermeta);
	agx_register(&w, AGX_REG_TVB_CLUSTER_LAYERMETA, scene->cluster_layermeta);
	agx_register(&w, AGX_REG_TVB_CLUSTER_LAYERMETA_2, scene->cluster_layermeta);
	agx_register(&w, AGX_REG_TVB_CLUSTER_META4, scene->meta[3]);
	agx_register(&w, AGX_REG_TVB_CLUSTER_META4_2, scene->meta[3]);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C9A8, AGX_VERTEX_UNK_F0);
	agx_register(&w, AGX_REG_TVB_CLUSTER_META1, scene->meta[0]);
	agx_register(&w, AGX_REG_VERTEX_UNK_10151, 0);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C199, 0);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C1A1, 0);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C1A9, 0);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C1B1, 0);
	agx_register(&w, AGX_REG_VERTEX_UNK_1C1B9, 0);
	agx_register(&w, AGX_REG_USC_EXEC_BASE_TA, render->env->usc_exec_base);
	agx_register(&w, AGX_REG_VERTEX_HELPER_PROGRAM, args->vertex_helper.binary);
	agx_register(&w, AGX_REG_VERTEX_HELPER_ARG, args->vertex_helper.data);
	agx_register(&w, AGX_REG_VERTEX_HELPER_CFG, args->vertex_helper.cfg);
	agx_register(&w, AGX_REG_TE_PSG, tiling->rgn_size);
	agx_register(&w, AGX_REG_TE_PSG_2, tiling->rgn_size);
	agx_register(&w, AGX_REG_VERTEX_UNK_10131, UNK_4_10131);
	agx_register(&w, AGX_REG_PPP_CTRL, args->ppp_ctrl);
	agx_register(&w, AGX_REG_PPP_SCREEN, tiling->ppp_screen);
	agx_register(&w, AGX_REG_TE_SCREEN, tiling->te_screen);
	agx_register(&w, AGX_REG_TE_MTILE1, tiling->te_mtile1);
	agx_register(&w, AGX_REG_TE_MTILE2, tiling->te_mtile2);
	agx_register(&w, AGX_REG_TE_MTILE, tiling->tiles_per_mtile);
	agx_register(&w, AGX_REG_TE_TPC, tiling->tpc_stride);
	agx_register(&w, AGX_REG_VERTEX_UNK_10171, UNK_24);
	agx_register(&w, AGX_REG_RENDER_TARGET_MAX, tiling->render_target_max);
	agx_register(&w, AGX_REG_VERTEX_UNK_12099, AGX_VERTEX_UNK_118);
	agx_register(&w, AGX_REG_RENDER_TARGET_MAX_2, tiling->render_target_max & 0x4fff);
	agx_register_end(&w, &vertex->register_list);
}
#else
static void fill_params1(const struct agx_render *render, struct AGX_FW(vertex_params1) * params)
{
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_scene *scene = &render->scene;

	params->unk_0 = AGX_VERTEX_UNK_0;
	params->unk_8 = AGX_VERTEX_UNK_8;
	params->unk_c = AGX_VERTEX_UNK_8;
	params->tvb_tilemap = scene->tilemap;
	params->tpc = scene->tvb.tpc;
	params->tvb_heapmeta = scene->heapmeta | AGX_VERTEX_HEAPMETA_TAG;
	params->iogpu_unk_54 = AGX_VERTEX_IOGPU_UNK_54;
	params->iogpu_unk_56 = 1;
	params->utile_config = render->tiling.utile_config;
	params->ppp_multisamplectl = args->ppp_multisamplectl;
	params->tvb_layermeta = scene->layermeta;
	params->preempt_buf1 = scene->preempt[0];
	params->preempt_buf2 = scene->preempt[1];
	params->unk_80 = 1;
	params->preempt_buf3 = scene->preempt[2] | AGX_VERTEX_PREEMPT_BUF3_TAG;
	params->vdm_ctrl_stream_base = args->vdm_ctrl_stream_base;
#if AGX_FW_G13
	params->core_mask[0] = render->core_mask[0];
	params->core_mask[1] = render->core_mask[1];
	params->tiling_control = render->tiling_control;
	params->unk_f0 = AGX_VERTEX_UNK_F0 + ((render->tiling.meta1_blocks + 3ull) & ~3ull);
	if (scene->cluster_tilemaps) {
		params->tvb_cluster_tilemaps = scene->cluster_tilemaps;
		params->tvb_cluster_meta1 =
			scene->meta[0] | (uint64_t)render->tiling.meta1_layer_stride
						 << AGX_VERTEX_CLUSTER_META1_SHIFT;
		params->tvb_cluster_layermeta = scene->cluster_layermeta;
		params->tvb_cluster_meta2 = scene->meta[1];
		params->tvb_cluster_meta3 = scene->meta[2];
		params->tvb_cluster_meta4 = scene->meta[3] | AGX_VERTEX_CLUSTER_META4_TAG;
	}
#endif
	params->usc_exec_base_ta = render->env->usc_exec_base;
	params->unk_f8 = AGX_VERTEX_UNK_F8;
	params->helper_program = args->vertex_helper.binary;
	params->helper_arg = args->vertex_helper.data;
	params->unk_118 = AGX_VERTEX_UNK_118;
}

static void fill_tiling(const struct agx_render *render, struct agx_tiling_params *params)
{
	const struct agx_tiling *tiling = &render->tiling;

	params->rgn_size = tiling->rgn_size;
	params->unk_4 = UNK_4_10131;
	params->ppp_ctrl = render->args->ppp_ctrl;
	params->x_max = (uint16_t)tiling->ppp_screen;
	params->y_max = (uint16_t)(tiling->ppp_screen >> 16);
	params->te_screen = tiling->te_screen;
	params->te_mtile1 = tiling->te_mtile1;
	params->te_mtile2 = tiling->te_mtile2;
	params->tiles_per_mtile = tiling->tiles_per_mtile;
	params->tpc_stride = tiling->tpc_stride;
	params->unk_24 = UNK_24;
	params->unk_28 = tiling->render_target_max;
	params->helper_cfg = render->args->vertex_helper.cfg;
}
#endif

int AGX_FW(build_vertex)(struct agx_core_job *job, const struct agx_render *render)
{
	const struct drm_asahi_cmd_render *args = render->args;
	const struct agx_scene *scene = &render->scene;
	const struct agx_job_env *env = render->env;
	const struct agx_heap_object *object;
	struct AGX_FW(run_vertex) * vertex;
	int err;

	err = agx_job_alloc(job, AGX_HEAP_GPU_RO, sizeof(*vertex), "vertex command", &object);
	if (err)
		return err;
	vertex = object->cpu;
	vertex->tag = AGX_CMD_RUN_VERTEX;
#if AGX_FW_V13
	vertex->counter = render->counter + 1;
#endif
	vertex->vm_slot = env->vm_slot;
	vertex->notifier = env->notifier;
	vertex->buffer_slot = scene->tvb.slot;
	vertex->buffer = scene->tvb.info;
	vertex->scene = scene->scene;
	vertex->unk_buffer_buf = scene->tvb.kernel_buffer;
#if AGX_FW_G14X
	fill_registers(render, vertex);
	vertex->register_list.addr = object->va + offsetof(struct AGX_FW(run_vertex), registers);
#else
	fill_params1(render, &vertex->job_params1);
	fill_tiling(render, &vertex->tiling_params);
#endif
	vertex->tpc = scene->tvb.tpc;
	vertex->tpc_size = render->tiling.tpc_size;
	vertex->fragment_stamp_slot = render->fragment.slot;
	vertex->fragment_stamp_value = render->fragment.value;
	vertex->job_params2.preempt_buf1 = scene->preempt[0];
	agx_command_encoder(args->sampler_heap, args->sampler_count, &vertex->encoder_params);
	vertex->uses_scratch = !!(args->flags & DRM_ASAHI_RENDER_VERTEX_SCRATCH);
	agx_command_meta(&render->vertex, &vertex->meta);
	agx_command_timestamps(render->timestamps + offsetof(struct agx_render_timestamps, vtx),
			       &render->cmd->timestamps[AGX_TIMESTAMP_VERTEX_START],
			       &vertex->timestamp_pointers, &vertex->user_timestamp_pointers);
	vertex->client_sequence = (uint8_t)env->queue_number;

	err = build_sequence(job, render, object);
	if (err)
		return err;
	return agx_job_add(job, AGX_PIPE_VERTEX, object->va, true);
}
