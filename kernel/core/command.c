// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Parts that all commands have. Facts: jannau/linux: drivers/gpu/drm/asahi/queue/render.rs,
 * common.rs.
 */
#include "command.h"

int agx_vm_alloc(struct agx_heap *heap, uint64_t size, const char *tag, bool clear,
		 const struct agx_heap_object **object)
{
	int err;

	/* Any client can ask for more than a heap's largest object: a huge frame with layers. */
	if (size > AGX_HEAP_MAX_OBJECT)
		return -ENOMEM;
	err = agx_heap_alloc(heap, size, 0, tag, object);
	if (!err && clear && !(*object)->fresh)
		agx_core_memset(agx_heap_cpu(*object), 0, size);
	return err;
}

int agx_command_alloc(struct agx_core_job *job, enum agx_fw_heap heap, uint64_t size,
		      const char *tag, uint64_t *va)
{
	const struct agx_heap_object *object;
	int err = agx_job_alloc(job, heap, size, tag, &object);

	if (!err)
		*va = object->va;
	return err;
}

int agx_command_alloc_vm(struct agx_core_job *job, bool priv, uint64_t size, const char *tag,
			 bool clear, uint64_t *va)
{
	const struct agx_heap_object *object;
	int err;

	if (size > AGX_HEAP_MAX_OBJECT)
		return -ENOMEM;
	err = agx_job_alloc_vm(job, priv, size, tag, &object);
	if (err)
		return err;
	if (clear && !object->fresh)
		agx_core_memset(agx_heap_cpu(object), 0, size);
	*va = object->va;
	return 0;
}

void agx_command_meta(const struct agx_stamp *stamp, struct agx_job_meta *meta)
{
	meta->stamp = stamp->shared;
	meta->fw_stamp = stamp->fw;
	meta->stamp_value = stamp->value;
	meta->stamp_slot = stamp->slot;
	meta->event_seq = (uint32_t)stamp->seq;
}

void agx_command_encoder(uint64_t sampler_heap, uint32_t sampler_count,
			 struct agx_encoder_params *params)
{
	params->unk_mask = 0xffffffff;
	params->sampler_array = sampler_heap;
	params->sampler_count = sampler_count;
	params->sampler_max = sampler_count + 1;
}

void agx_command_attachments(const void *cmdbuf, const struct agx_attachment_list *list,
			     struct agx_attachments *attachments)
{
	struct drm_asahi_attachment from;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		agx_submit_attachment(cmdbuf, list, i, &from);
		attachments->list[i].address = from.pointer;
		attachments->list[i].size =
			(uint32_t)((from.size + (1u << AGX_ATTACHMENT_SIZE_SHIFT) - 1) >>
				   AGX_ATTACHMENT_SIZE_SHIFT);
		attachments->list[i].unk_c = AGX_ATTACHMENT_UNK_C;
		attachments->list[i].unk_e = AGX_ATTACHMENT_UNK_E;
	}
	attachments->count = list->count;
}

void agx_command_timestamps(uint64_t own, const struct agx_timestamp_ref *refs,
			    struct agx_timestamp_pointers *own_pointers,
			    struct agx_timestamp_pointers *user_pointers)
{
	own_pointers->start_addr = own + offsetof(struct agx_job_timestamps, start);
	own_pointers->end_addr = own + offsetof(struct agx_job_timestamps, end);
	user_pointers->start_addr = agx_job_user_timestamp(&refs[0]);
	user_pointers->end_addr = agx_job_user_timestamp(&refs[1]);
}

int agx_build_compute(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
		      const void *cmdbuf)
{
	return agx_job_env(job)->ops->build_compute(job, cmd, cmdbuf);
}
