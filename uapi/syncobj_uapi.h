/* SPDX-License-Identifier: MIT */
/*
 * The syncobj uAPI of Linux 6.16 (include/uapi/drm/drm.h) where older headers, which the build
 * may find, fall short: structures that have grown, newer flags and calls. Only the number of
 * an ioctl (_IOC_NR) matters, since its size says which version of a structure a program has.
 */
#ifndef AGX_SYNCOBJ_UAPI_H
#define AGX_SYNCOBJ_UAPI_H

#include <stdint.h>

#include "drm.h"

#define AGX_SYNCOBJ_FLAG_SYNC_FILE  (1u << 0) /* HANDLE_TO_FD, FD_TO_HANDLE */
#define AGX_SYNCOBJ_FLAG_TIMELINE   (1u << 1) /* the same: point is valid */
#define AGX_SYNCOBJ_WAIT_ALL        (1u << 0)
#define AGX_SYNCOBJ_WAIT_FOR_SUBMIT (1u << 1)
#define AGX_SYNCOBJ_WAIT_AVAILABLE  (1u << 2)
#define AGX_SYNCOBJ_WAIT_DEADLINE   (1u << 3)
#define AGX_SYNCOBJ_QUERY_SUBMITTED (1u << 0)

#define AGX_NR_SYNCOBJ_EVENTFD 0xcf

struct agx_arg_syncobj_handle {
	uint32_t handle;
	uint32_t flags;
	int32_t fd;
	uint32_t pad;
	uint64_t point;
};

struct agx_arg_syncobj_wait {
	uint64_t handles;
	int64_t timeout_nsec;
	uint32_t count_handles;
	uint32_t flags;
	uint32_t first_signaled;
	uint32_t pad;
	uint64_t deadline_nsec;
};

struct agx_arg_syncobj_timeline_wait {
	uint64_t handles;
	uint64_t points;
	int64_t timeout_nsec;
	uint32_t count_handles;
	uint32_t flags;
	uint32_t first_signaled;
	uint32_t pad;
	uint64_t deadline_nsec;
};

struct agx_arg_syncobj_eventfd {
	uint32_t handle;
	uint32_t flags;
	uint64_t point;
	int32_t fd;
	uint32_t pad;
};

#define AGX_IOCTL_SYNCOBJ_EVENTFD DRM_IOWR(AGX_NR_SYNCOBJ_EVENTFD, struct agx_arg_syncobj_eventfd)

#endif
