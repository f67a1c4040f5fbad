// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What one render needs beside the TVB: buffers of the tiler, places for what is saved when it is
 * interrupted, and for chips with several clusters what they share. Facts:
 * kkpan11/AsahiLinux-linux: drivers/gpu/drm/asahi/buffer.rs new_scene().
 *
 * As there, everything that the GPU may read before it has written it is zero.
 */
#include "agx_soc_tables.h"
#include "command.h"

#define USER_BUFFER_SIZE         0x80
#define USER_BUFFER_SIZE_CLUSTER 0x10080 /* a list; it seldom has more than 64 entries */
#define HEAPMETA_SIZE            0x200
#define META_ALIGN               0x80

static uint64_t align_meta(uint64_t size)
{
	return (size + META_ALIGN - 1) & ~(uint64_t)(META_ALIGN - 1);
}

/* With several clusters each has a copy of the registers to save, and one is for all. */
static int alloc_preemption(struct agx_core_job *job, const struct agx_soc_arch *arch,
			    uint32_t clusters, struct agx_scene *scene)
{
	uint64_t copies = clusters > 1 ? clusters + 1 : 1;
	uint64_t first = arch->preempt1_size * copies;
	uint64_t second = arch->preempt2_size * copies;
	uint64_t third = arch->preempt3_size * copies;
	int err;

	err = agx_command_alloc_vm(job, false, first + second + third, "render preemption", true,
				   &scene->preempt[0]);
	scene->preempt[1] = scene->preempt[0] + first;
	scene->preempt[2] = scene->preempt[1] + second;
	return err;
}

/* Needed on a chip with clusters even when this render does not use them. */
static int alloc_clusters(struct agx_core_job *job, const struct agx_soc_clustering *clustering,
			  const struct agx_job_env *env, const struct agx_tiling *tiling,
			  struct agx_scene *scene)
{
	uint64_t layermeta = (uint64_t)tiling->layermeta_size * clustering->max_splits;
	uint64_t meta1_blocks = tiling->meta1_layer_stride;
	uint64_t sizes[4];
	int err, i;

	if (env->ops->meta1_all_layers)
		meta1_blocks = tiling->meta1_blocks;
	sizes[0] = align_meta(meta1_blocks * clustering->meta1_block_size);
	sizes[1] = align_meta(clustering->meta2_size);
	sizes[2] = align_meta(clustering->meta3_size);
	sizes[3] = clustering->meta4_size;

	err = agx_command_alloc_vm(job, false, clustering->max_splits * tiling->tilemap_size,
				   "cluster tilemaps", true, &scene->cluster_tilemaps);
	if (!err)
		err = agx_command_alloc_vm(job, false,
					   layermeta + sizes[0] + sizes[1] + sizes[2] + sizes[3],
					   "cluster metadata", true, &scene->cluster_layermeta);
	scene->meta[0] = scene->cluster_layermeta + layermeta;
	for (i = 1; i < 4; i++)
		scene->meta[i] = scene->meta[i - 1] + sizes[i - 1];
	return err;
}

int agx_scene_create(struct agx_core_job *job, struct agx_render *render)
{
	const struct agx_job_env *env = render->env;
	const struct agx_tiling *tiling = &render->tiling;
	const struct agx_soc_arch *arch = agx_soc_arch(env->soc);
	uint32_t clusters = env->core->config.device.id.clusters;
	struct agx_scene *scene = &render->scene;
	const struct agx_heap_object *object;
	uint64_t user_buffer, control_word = 0;
	int err;

	/* Before the TVB grows for a frame that cannot be. */
	if (tiling->tilemap_size > AGX_HEAP_MAX_OBJECT || tiling->tpc_size > AGX_HEAP_MAX_OBJECT)
		return -ENOMEM;
	err = agx_tvb_prepare(env, tiling->min_tvb_blocks, tiling->tpc_size, &scene->tvb);
	if (!err)
		err = agx_command_alloc_vm(
			job, false, clusters > 1 ? USER_BUFFER_SIZE_CLUSTER : USER_BUFFER_SIZE,
			"scene list", true, &user_buffer);
	if (!err)
		err = agx_command_alloc_vm(job, false, HEAPMETA_SIZE + tiling->layermeta_size,
					   "heap metadata", true, &scene->heapmeta);
	if (!err)
		err = agx_command_alloc_vm(job, false, tiling->tilemap_size, "tilemap", true,
					   &scene->tilemap);
	if (!err)
		err = alloc_preemption(job, arch, clusters, scene);
	if (!err && clusters > 1)
		err = alloc_clusters(job, &arch->clustering, env, tiling, scene);
	if (!err && env->ops->scene_control_word)
		err = agx_command_alloc(job, AGX_HEAP_GPU, sizeof(uint32_t), "scene control word",
					&control_word);
	/* Private on macOS; but the firmware does not maintain its cache for it. */
	if (!err)
		err = agx_job_alloc(job, AGX_HEAP_SHARED, env->ops->scene_size, "scene", &object);
	if (err)
		return err;
	scene->layermeta = scene->heapmeta + HEAPMETA_SIZE;
	scene->scene = object->va;
	env->ops->fill_scene(user_buffer, scene->tvb.stats, control_word, object->cpu);
	return 0;
}
