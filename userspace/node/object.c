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
#include "machine.h"
#include "node_internal.h"

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
	agx_core_timestamps_destroy(object->core);
	agx_bo_put_locked(object->bo);
	free(object);
}

/* A piece of the window with the object's memory in it. */
static int map_timestamps(struct agx_object *object)
{
	struct agx_machine *machine;
	int err = agx_machine_get(object->node, &machine);

	if (!err)
		err = agx_core_timestamps_create(machine->core, object->range, &object->core);
	if (err)
		return err;
	err = agx_core_timestamps_map(object->core, 0,
				      agx_machine_address(object->bo->ram + object->offset),
				      object->range);
	if (err)
		agx_core_timestamps_destroy(object->core);
	return err;
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
	object = calloc(1, sizeof(*object));
	if (!object)
		return agx_reject(why, -ENOMEM, "memory", "some", 0);
	object->node = node;
	object->refs = 1;
	object->bo = bo;
	object->offset = args->offset;
	object->range = args->range;
	err = map_timestamps(object);
	if (err) {
		free(object);
		return agx_reject(why, err, "range", "room in the 64 MiB timestamp window",
				  args->range);
	}
	id = agx_idr_alloc(&file->objects, object);
	if (id < 0) {
		agx_core_timestamps_destroy(object->core);
		free(object);
		return agx_reject(why, id, "objects", "fewer", file->objects.count);
	}
	agx_bo_get(bo);
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
