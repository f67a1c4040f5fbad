/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Between the parts that build commands: what does not depend on the firmware (command.c,
 * render.c, scene.c, tvb.c) and what does (*_variant.c). docs/commands.md shows the way that a
 * command goes.
 */
#ifndef AGX_COMMAND_H
#define AGX_COMMAND_H

#include "job.h"
#include "tiling.h"
#include "tvb.h"
#include "work_internal.h"

/* What BufferInfo names. */
struct agx_buffer_addresses {
	uint64_t page_list, block_list;
	uint64_t block_ctl, counter;
};

/* Memory that one render has for itself, and its Scene. 0: a chip with one cluster has none. */
struct agx_scene {
	struct agx_tvb_use tvb;
	uint64_t scene; /* for the firmware */
	uint64_t heapmeta, layermeta, tilemap;
	uint64_t preempt[3];
	uint64_t cluster_tilemaps, cluster_layermeta, meta[4];
};

/* A render while it is built. */
struct agx_render {
	const struct agx_job_env *env;
	const struct agx_submit_cmd *cmd;
	const void *cmdbuf;
	const struct drm_asahi_cmd_render *args; /* of cmd */
	struct agx_tiling tiling;
	struct agx_scene scene;
	struct agx_stamp vertex, fragment;
	uint64_t counter;    /* the fragment command's; the vertex command has the next */
	uint64_t timestamps; /* struct agx_render_timestamps */
	uint64_t aux_fb;
	bool clustering;         /* the vertex work is spread over clusters */
	uint32_t tiling_control; /* register */
	uint32_t core_mask[2];   /* cores that are there, all clusters in sequence */
};

/* scene.c: everything in render->scene, from env, args and tiling. -EBUSY, -ENOMEM, -ENOSPC. */
int agx_scene_create(struct agx_core_job *job, struct agx_render *render);

/* command.c */
void agx_command_meta(const struct agx_stamp *stamp, struct agx_job_meta *meta);
void agx_command_encoder(uint64_t sampler_heap, uint32_t sampler_count,
			 struct agx_encoder_params *params);
void agx_command_attachments(const void *cmdbuf, const struct agx_attachment_list *list,
			     struct agx_attachments *attachments);

/* own, user: where the command's times go; refs has the start and the end that a client wants. */
void agx_command_timestamps(uint64_t own, const struct agx_timestamp_ref *refs,
			    struct agx_timestamp_pointers *own_pointers,
			    struct agx_timestamp_pointers *user_pointers);

/* An object in a firmware heap, or in the VM's window. */
int agx_command_alloc(struct agx_core_job *job, enum agx_fw_heap heap, uint64_t size,
		      const char *tag, uint64_t *va);
int agx_command_alloc_vm(struct agx_core_job *job, bool priv, uint64_t size, const char *tag,
			 bool clear, uint64_t *va);

#endif
