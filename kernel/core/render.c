// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A render: a vertex and a fragment command, the barrier between them, and if need be an
 * InitBuffer command. Facts: jannau/linux: drivers/gpu/drm/asahi/queue/render.rs.
 */
#include "agx_soc_tables.h"
#include "command.h"

/* Bit of tiling_control: all vertex work on one cluster. */
#define TILING_CONTROL_NO_CLUSTERING (1u << 0)

static void pack_core_mask(const struct agx_gpu_id *id, uint32_t packed[2])
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 0; i < id->clusters && i * id->cores_per_cluster < 64; i++)
		mask |= (uint64_t)id->core_masks[i] << (i * id->cores_per_cluster);
	packed[0] = (uint32_t)mask;
	packed[1] = (uint32_t)(mask >> 32);
}

/* Tells the firmware about the TVB, before the vertex command that uses it. */
static int add_init_buffer(struct agx_core_job *job, const struct agx_render *render)
{
	const struct agx_tvb_use *tvb = &render->scene.tvb;
	const struct agx_heap_object *object;
	struct agx_init_buffer *init;
	int err = agx_job_alloc(job, AGX_HEAP_PRIVATE, sizeof(*init), "InitBuffer", &object);

	if (err)
		return err;
	init = object->cpu;
	init->tag = AGX_CMD_INIT_BUFFER;
	init->vm_slot = render->env->vm_slot;
	init->buffer_slot = tvb->slot;
	init->block_count = tvb->blocks;
	init->buffer = tvb->info;
	init->stamp_value = render->vertex.value;
	return agx_job_add(job, AGX_PIPE_VERTEX, object->va, false);
}

int agx_build_render(struct agx_core_job *job, const struct agx_submit_cmd *cmd, const void *cmdbuf)
{
	const struct agx_job_env *env = agx_job_env(job);
	const struct agx_gpu_id *id = &env->core->config.device.id;
	struct agx_render render = {
		.env = env,
		.cmd = cmd,
		.cmdbuf = cmdbuf,
		.args = &cmd->args.render,
		.vertex = agx_job_stamp(job, AGX_PIPE_VERTEX),
		.fragment = agx_job_stamp(job, AGX_PIPE_FRAGMENT),
		.tiling_control = agx_soc_arch(env->soc)->tiling_control,
	};
	int err;

	render.clustering =
		id->clusters > 1 && !(render.args->flags & DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING);
	if (!render.clustering)
		render.tiling_control |= TILING_CONTROL_NO_CLUSTERING;
	pack_core_mask(id, render.core_mask);
	agx_tiling(render.args, render.clustering ? id->clusters : 1, &render.tiling);

	err = agx_scene_create(job, &render);
	if (!err)
		err = agx_command_alloc(job, AGX_HEAP_SHARED, sizeof(struct agx_render_timestamps),
					"render times", &render.timestamps);
	if (!err)
		err = agx_command_alloc_vm(job, false, AGX_FRAGMENT_AUX_FB_SIZE, "auxiliary buffer",
					   true, &render.aux_fb);
	if (err)
		return err;
	render.counter = agx_job_counter(job, 2);

	err = agx_job_barrier(job, AGX_PIPE_FRAGMENT, AGX_PIPE_VERTEX, render.vertex.value, false);
	if (!err)
		err = env->ops->build_fragment(job, &render);
	if (!err && render.scene.tvb.init)
		err = add_init_buffer(job, &render);
	if (!err)
		err = env->ops->build_vertex(job, &render);
	if (!err)
		agx_tvb_count(*env->tvb);
	return err;
}
