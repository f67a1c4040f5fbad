// SPDX-License-Identifier: MIT
/*
 * Timestamp objects: parts of buffers that the firmware can write to. GEM_BIND_OBJECT.
 *
 * The driver maps them into one window of the firmware's address space. A job that uses one
 * keeps it, so that unbinding while the job runs is harmless.
 */
#include <errno.h>
#include <stdlib.h>

#include "agx_args.h"
#include "agx_limits.h"
#include "node_internal.h"
#include "ram.h"

struct agx_object *agx_object_get(struct agx_object *object)
{
	if (object)
		object->refs++;
	return object;
}

void agx_object_put(struct agx_object *object)
{
	if (!object || --object->refs)
		return;
	object->node->object_bytes -= object->range;
	agx_bo_put_locked(object->bo);
	free(object);
}

void *agx_object_memory(struct agx_object *object)
{
	return agx_ram_pointer(object->node->ram, object->bo->ram + object->offset);
}

static int bind(struct agx_file *file, struct drm_asahi_gem_bind_object *args,
		struct agx_reject *why)
{
	struct agx_node *node = file->node;
	struct agx_bo *bo = agx_bo_lookup(file, args->handle);
	struct agx_object *object;
	int err, id;

	if (!bo)
		return agx_reject(why, -ENOENT, "handle", "a GEM handle", args->handle);
	err = agx_check_gem_bind_object_bo(args, bo->size, bo->flags & DRM_ASAHI_GEM_VM_PRIVATE,
					   why);
	if (err)
		return err;
	if (args->range > AGX_TIMESTAMP_WINDOW - node->object_bytes)
		return agx_reject(why, -ENOSPC, "range", "room in the 64 MiB timestamp window",
				  args->range);

	object = calloc(1, sizeof(*object));
	if (!object)
		return agx_reject(why, -ENOMEM, "memory", "some", 0);
	id = agx_idr_alloc(&file->objects, object);
	if (id < 0) {
		free(object);
		return agx_reject(why, id, "objects", "fewer", file->objects.count);
	}
	object->node = node;
	object->refs = 1;
	object->bo = agx_bo_get(bo);
	object->offset = args->offset;
	object->range = args->range;
	node->object_bytes += args->range;
	bo->touched = true;
	args->object_handle = (uint32_t)id;
	return 0;
}

long agx_ioctl_gem_bind_object(struct agx_file *file, void *arg)
{
	struct drm_asahi_gem_bind_object *args = arg;
	struct agx_object *object;
	struct agx_reject why;
	int err = agx_check_gem_bind_object(args, &why);

	if (!err && args->op == DRM_ASAHI_BIND_OBJECT_OP_BIND) {
		err = bind(file, args, &why);
	} else if (!err) {
		object = agx_idr_remove(&file->objects, args->object_handle);
		if (object)
			agx_object_put(object);
		else
			err = agx_reject(&why, -ENOENT, "object_handle", "a bound object",
					 args->object_handle);
	}
	return agx_log_reject(file->node, "ASAHI_GEM_BIND_OBJECT", err, &why);
}
