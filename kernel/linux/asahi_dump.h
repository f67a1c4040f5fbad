/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Snapshots of faults, for devcoredump (docs/devcoredump.md); debugfs.
 */
#ifndef ASAHI_DUMP_H
#define ASAHI_DUMP_H

#include "asahi_coredump.h"
#include "asahi_device.h"

struct agx_core_fault;
struct drm_minor;

int asahi_dump_init(struct asahi_device *adev);
void asahi_dump_fini(struct asahi_device *adev);

/* From the core's fault hook, under the core's lock; does not wait. */
void asahi_dump_fault(struct asahi_device *adev, const struct agx_core_fault *fault);

/* The firmware has failed as a whole. Under the core's lock. */
void asahi_dump_crash(struct asahi_device *adev, const char *why);

/*
 * A line of the firmware's (the record hook), and a message of the mailbox: they go into the rings
 * that dumps and debugfs show. Under the core's lock; do not wait.
 */
void asahi_dump_record(struct asahi_device *adev, const struct agx_record *record);
void asahi_dump_message(struct asahi_device *adev, bool sent, u8 endpoint, u64 message);

/*
 * What the rings hold, oldest first, at most max; how many there were since probe. Both may be
 * called from process context without the core's lock.
 */
u32 asahi_dump_records(struct asahi_device *adev, struct asahi_coredump_record *records, u32 max,
		       u64 *total);
u32 asahi_dump_messages(struct asahi_device *adev, struct asahi_coredump_message *messages, u32 max,
			u64 *total);

/* Sizes of the rings. */
#define ASAHI_DUMP_RECORDS  192
#define ASAHI_DUMP_MESSAGES 128

/* drm_driver.debugfs_init. */
void asahi_debugfs_init(struct drm_minor *minor);

#endif
