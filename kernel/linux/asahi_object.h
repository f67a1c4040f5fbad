/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Timestamp objects: parts of buffers that the firmware can write to.
 */
#ifndef ASAHI_OBJECT_H
#define ASAHI_OBJECT_H

#include <linux/workqueue.h>

#include "agx_work.h"
#include "asahi_file.h"

struct asahi_bo;

/**
 * struct asahi_object - a bound range of timestamp memory
 */
struct asahi_object {
	/** @refs: the file's table, and jobs that write there */
	struct kref refs;

	/** @adev: the device, a reference, as jobs outlive files */
	struct asahi_device *adev;

	/** @bo: the memory, a reference */
	struct asahi_bo *bo;

	/** @range: bytes */
	u64 range;

	/** @core: its place in the firmware's window */
	struct agx_core_timestamps *core;

	/** @release: the last reference may go where reservations cannot be taken */
	struct work_struct release;
};

/* Of an id, with a reference; NULL: no such. */
struct asahi_object *asahi_object_lookup(struct asahi_file *afile, u32 id);

/* Does not sleep. */
void asahi_object_put(struct asahi_object *object);

/* Drops a file's objects. */
void asahi_objects_release(struct asahi_file *afile);

#endif
