// SPDX-License-Identifier: MIT
/*
 * The generic ioctls of a render node: what the kernel's DRM core (drivers/gpu/drm/drm_ioctl.c,
 * drm_syncobj.c, drm_prime.c) answers, whatever driver is below. Only what Linux 6.12 and later
 * agree on: points in SYNCOBJ_HANDLE_TO_FD and FD_TO_HANDLE, and SET_CLIENT_NAME, are younger.
 *
 * No case asks for so many handles that the kernel's allocator would complain of it.
 */
#include "uapi_cases.h"

#include <errno.h>

#include "asahi_drm.h"

#define LENGTH(arr) (sizeof(arr) / sizeof((arr)[0]))

#define ARG(type, ...) .arg = &(const struct type){__VA_ARGS__}, .size = sizeof(struct type)

#define CASE(id, ioctl, type, result, ...)                                                         \
	{                                                                                          \
		.name = id, .request = DRM_IOCTL_##ioctl, .expect = result, ARG(type, __VA_ARGS__) \
	}

/* With one value of the argument that is looked at afterwards. */
#define CASE_OUT(id, ioctl, type, member, want, ...)                                           \
	{                                                                                      \
		.name = id, .request = DRM_IOCTL_##ioctl, .expect = 0, ARG(type, __VA_ARGS__), \
		.out = {.size = sizeof(((struct type *)0)->member),                            \
			.at = offsetof(struct type, member),                                   \
			.value = want }                                                        \
	}

/* Linux 6.6; not in libdrm 2.4.110's drm.h. */
#ifndef DRM_IOCTL_SYNCOBJ_EVENTFD
struct drm_syncobj_eventfd {
	__u32 handle;
	__u32 flags;
	__u64 point;
	__s32 fd;
	__u32 pad;
};
#define DRM_IOCTL_SYNCOBJ_EVENTFD DRM_IOWR(0xCF, struct drm_syncobj_eventfd)
#endif

#define WAIT_ALL        DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL
#define WAIT_FOR_SUBMIT DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT
#define WAIT_AVAILABLE  DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE
#define SYNC_FILE       DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE

/* VERSION, GET_CAP, numbers that nobody has */

#define GET_CAP(id, cap, want) \
	CASE_OUT(id, GET_CAP, drm_get_cap, value, want, .capability = (cap), .value = 0x55)

static char text_room[64];

#define VERSION(id, result, ...)                                                           \
	{                                                                                  \
		.name = id, .request = DRM_IOCTL_VERSION, .expect = result,                \
		ARG(drm_version, __VA_ARGS__), .payloads = {                               \
			{text_room, sizeof(text_room), offsetof(struct drm_version, name)} \
		}                                                                          \
	}

static const struct uapi_case basics[] = {
	CASE_OUT("version-lengths", VERSION, drm_version, name_len, 5, .version_major = -1),
	VERSION("version-name", 0, .name_len = 8),
	VERSION("version-name-cut", 0, .name_len = 2),
	CASE("version-bad-name", VERSION, drm_version, -EFAULT, .name_len = 8,
	     .name = (char *)UC_BAD_POINTER),
	CASE("version-bad-desc", VERSION, drm_version, -EFAULT, .desc_len = 8,
	     .desc = (char *)UC_BAD_POINTER),
	GET_CAP("cap-prime-value", DRM_CAP_PRIME, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT),
	GET_CAP("cap-syncobj", DRM_CAP_SYNCOBJ, 1),
	GET_CAP("cap-timeline", DRM_CAP_SYNCOBJ_TIMELINE, 1),
	GET_CAP("cap-monotonic", DRM_CAP_TIMESTAMP_MONOTONIC, 1),
	CASE("cap-vblank-high-crtc", GET_CAP, drm_get_cap, -EOPNOTSUPP,
	     .capability = DRM_CAP_VBLANK_HIGH_CRTC),
	CASE("cap-cursor-width", GET_CAP, drm_get_cap, -EOPNOTSUPP,
	     .capability = DRM_CAP_CURSOR_WIDTH),
	CASE("cap-modifiers", GET_CAP, drm_get_cap, -EOPNOTSUPP,
	     .capability = DRM_CAP_ADDFB2_MODIFIERS),
	CASE("cap-max", GET_CAP, drm_get_cap, -EOPNOTSUPP, .capability = UINT64_MAX),
	{.name = "unknown-core",
	 .request = DRM_IOWR(0x0f, struct drm_get_cap),
	 .expect = -EINVAL,
	 ARG(drm_get_cap, 0)},
	{.name = "unknown-driver",
	 .request = DRM_IOWR(0x9f, struct drm_get_cap),
	 .expect = -EINVAL,
	 ARG(drm_get_cap, 0)},
	{.name = "driver-after-last",
	 .request = DRM_IOWR(0x4b, struct drm_get_cap),
	 .expect = -EINVAL,
	 ARG(drm_get_cap, 0)},
	{.name = "other-type",
	 .request = _IOWR('e', 0x0c, struct drm_get_cap),
	 .expect = -ENOTTY,
	 ARG(drm_get_cap, .capability = DRM_CAP_PRIME)},
	/* By number alone: the size and the direction of the request are the caller's. */
	{.name = "longer-argument",
	 .request = _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x0c, 24),
	 .expect = 0,
	 .arg = &(const uint64_t[3]){DRM_CAP_SYNCOBJ, 0, ~0ull},
	 .size = 24,
	 .out = {.size = 8, .at = 8, .value = 1}},
	{.name = "shorter-argument",
	 .request = _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x0c, 8),
	 .expect = 0,
	 .arg = &(const uint64_t[2]){DRM_CAP_SYNCOBJ, 0x55},
	 .size = 16,
	 .out = {.size = 8, .at = 8, .value = 0x55}},
	{.name = "direction-write-only",
	 .request = _IOC(_IOC_WRITE, 'd', 0x0c, 16),
	 .expect = 0,
	 .arg = &(const uint64_t[2]){DRM_CAP_SYNCOBJ, 0x55},
	 .size = 16,
	 .out = {.size = 8, .at = 8, .value = 0x55}},
	/* Nothing is read: the capability is 0, which nobody has. */
	{.name = "direction-read-only",
	 .request = _IOC(_IOC_READ, 'd', 0x0c, 16),
	 .expect = -EOPNOTSUPP,
	 .arg = &(const uint64_t[2]){DRM_CAP_SYNCOBJ, 0x55},
	 .size = 16},
};

/* Not for render nodes, whoever asks */

#define DENIED(id, ioctl, type)                                              \
	{                                                                    \
		.name = id, .request = DRM_IOCTL_##ioctl, .expect = -EACCES, \
		.arg = &(const struct type){}, .size = sizeof(struct type)   \
	}

static const struct uapi_case denied[] = {
	DENIED("denied-get-stats", GET_STATS, drm_stats),
	DENIED("denied-set-unique", SET_UNIQUE, drm_unique),
	{.name = "denied-wait-vblank",
	 .request = DRM_IOCTL_WAIT_VBLANK,
	 .expect = -EACCES,
	 .arg = &(const union drm_wait_vblank){},
	 .size = sizeof(union drm_wait_vblank)},
	DENIED("denied-getresources", MODE_GETRESOURCES, drm_mode_card_res),
	DENIED("denied-getplaneresources", MODE_GETPLANERESOURCES, drm_mode_get_plane_res),
	DENIED("denied-addfb2", MODE_ADDFB2, drm_mode_fb_cmd2),
	DENIED("denied-create-dumb", MODE_CREATE_DUMB, drm_mode_create_dumb),
	DENIED("denied-map-dumb", MODE_MAP_DUMB, drm_mode_map_dumb),
	DENIED("denied-destroy-dumb", MODE_DESTROY_DUMB, drm_mode_destroy_dumb),
	DENIED("denied-createblob", MODE_CREATEPROPBLOB, drm_mode_create_blob),
	DENIED("denied-lease", MODE_CREATE_LEASE, drm_mode_create_lease),
	DENIED("denied-atomic", MODE_ATOMIC, drm_mode_atomic),
};

/* GEM_CLOSE, PRIME */

#define TO_FD(id, result, ...)   CASE(id, PRIME_HANDLE_TO_FD, drm_prime_handle, result, __VA_ARGS__)
#define FROM_FD(id, result, ...) CASE(id, PRIME_FD_TO_HANDLE, drm_prime_handle, result, __VA_ARGS__)

static const struct uapi_case prime[] = {
	CASE("close-twice-unknown", GEM_CLOSE, drm_gem_close, -EINVAL, .handle = 0x7fffffff),
	CASE("close-max", GEM_CLOSE, drm_gem_close, -EINVAL, .handle = UINT32_MAX),
	CASE("close-ignores-pad", GEM_CLOSE, drm_gem_close, 0, .handle = UC_BO, .pad = 1),
	CASE("close-exported", GEM_CLOSE, drm_gem_close, 0, .handle = UC_BO),
	TO_FD("export-flag-high", -EINVAL, .handle = UC_BO, .flags = 1u << 31),
	TO_FD("export-flags-before-handle", -EINVAL, .handle = UC_BAD_HANDLE, .flags = 4),
	TO_FD("export-max", -ENOENT, .handle = UINT32_MAX),
	FROM_FD("import-minus-100", -EBADF, .fd = -100),
	FROM_FD("import-no-such-fd", -EBADF, .fd = 0x7fffffff),
	FROM_FD("import-eventfd", -EINVAL, .fd = UC_EVENTFD),
	FROM_FD("import-sync-file", -EINVAL, .fd = UC_SYNC_FILE),
	FROM_FD("import-syncobj", -EINVAL, .fd = UC_SYNCOBJ_FD),
	CASE_OUT("import-own", PRIME_FD_TO_HANDLE, drm_prime_handle, handle, UC_BO,
		 .fd = UC_DMABUF),
	FROM_FD("import-ignores-flags", 0, .fd = UC_DMABUF, .flags = ~0u),
};

/* Making, destroying and passing syncobjs */

#define CREATE(id, result, ...)  CASE(id, SYNCOBJ_CREATE, drm_syncobj_create, result, __VA_ARGS__)
#define DESTROY(id, result, ...) CASE(id, SYNCOBJ_DESTROY, drm_syncobj_destroy, result, __VA_ARGS__)
#define SYNC_TO_FD(id, result, ...) \
	CASE(id, SYNCOBJ_HANDLE_TO_FD, drm_syncobj_handle, result, __VA_ARGS__)
#define SYNC_FROM_FD(id, result, ...) \
	CASE(id, SYNCOBJ_FD_TO_HANDLE, drm_syncobj_handle, result, __VA_ARGS__)

static const struct uapi_case syncobj[] = {
	CREATE("syncobj-create", 0, 0),
	CREATE("syncobj-create-signaled", 0, .flags = DRM_SYNCOBJ_CREATE_SIGNALED),
	CREATE("syncobj-create-flags", -EINVAL, .flags = 2),
	CREATE("syncobj-create-flags-high", -EINVAL, .flags = 1u << 31),
	CREATE("syncobj-create-ignores-handle", 0, .handle = UC_BAD_HANDLE),
	DESTROY("syncobj-destroy", 0, .handle = UC_SYNCOBJ),
	DESTROY("syncobj-destroy-0", -EINVAL, .handle = 0),
	DESTROY("syncobj-destroy-unknown", -EINVAL, .handle = UC_BAD_HANDLE),
	DESTROY("syncobj-destroy-max", -EINVAL, .handle = UINT32_MAX),
	DESTROY("syncobj-destroy-pad", -EINVAL, .handle = UC_SYNCOBJ, .pad = 1),
	SYNC_TO_FD("syncobj-export-0", -EINVAL, .handle = 0),
	SYNC_TO_FD("syncobj-export-unknown", -EINVAL, .handle = UC_BAD_HANDLE),
	SYNC_TO_FD("syncobj-export-pad", -EINVAL, .handle = UC_SYNCOBJ, .pad = 1),
	SYNC_TO_FD("syncobj-export-flags", -EINVAL, .handle = UC_SYNCOBJ, .flags = 4),
	SYNC_TO_FD("syncobj-export-flags-high", -EINVAL, .handle = UC_SYNCOBJ, .flags = 1u << 31),
	SYNC_TO_FD("sync-file-export-0", -ENOENT, .handle = 0, .flags = SYNC_FILE),
	SYNC_TO_FD("sync-file-export-unknown", -ENOENT, .handle = UC_BAD_HANDLE,
		   .flags = SYNC_FILE),
	SYNC_TO_FD("sync-file-export-empty", -EINVAL, .handle = UC_EMPTY, .flags = SYNC_FILE),
	SYNC_TO_FD("sync-file-export-pad", -EINVAL, .handle = UC_SYNCOBJ, .flags = SYNC_FILE,
		   .pad = 1),
	SYNC_FROM_FD("syncobj-import", 0, .fd = UC_SYNCOBJ_FD),
	SYNC_FROM_FD("syncobj-import-closed", -EINVAL, .fd = -1),
	SYNC_FROM_FD("syncobj-import-eventfd", -EINVAL, .fd = UC_EVENTFD),
	SYNC_FROM_FD("syncobj-import-sync-file", -EINVAL, .fd = UC_SYNC_FILE),
	SYNC_FROM_FD("syncobj-import-dmabuf", -EINVAL, .fd = UC_DMABUF),
	SYNC_FROM_FD("syncobj-import-pad", -EINVAL, .fd = UC_SYNCOBJ_FD, .pad = 1),
	SYNC_FROM_FD("syncobj-import-flags", -EINVAL, .fd = UC_SYNCOBJ_FD, .flags = 1u << 31),
	SYNC_FROM_FD("sync-file-import", 0, .fd = UC_SYNC_FILE, .handle = UC_EMPTY,
		     .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-closed", -EINVAL, .fd = -1, .handle = UC_EMPTY,
		     .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-eventfd", -EINVAL, .fd = UC_EVENTFD, .handle = UC_EMPTY,
		     .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-syncobj", -EINVAL, .fd = UC_SYNCOBJ_FD, .handle = UC_EMPTY,
		     .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-0", -ENOENT, .fd = UC_SYNC_FILE, .handle = 0,
		     .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-unknown", -ENOENT, .fd = UC_SYNC_FILE,
		     .handle = UC_BAD_HANDLE, .flags = SYNC_FILE),
	SYNC_FROM_FD("sync-file-import-fd-before-handle", -EINVAL, .fd = -1,
		     .handle = UC_BAD_HANDLE, .flags = SYNC_FILE),
};

/* SYNCOBJ_RESET, SYNCOBJ_SIGNAL: arrays */

#define HANDLES(...)        \
	(const uint32_t[])  \
	{                   \
		__VA_ARGS__ \
	}
#define POINTS(...)         \
	(const uint64_t[])  \
	{                   \
		__VA_ARGS__ \
	}

#define ARRAY(id, ioctl, result, list, ...)                                               \
	{                                                                                 \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_##ioctl, .expect = result,       \
		ARG(drm_syncobj_array, __VA_ARGS__), .payloads = {                        \
			{list, sizeof(list), offsetof(struct drm_syncobj_array, handles)} \
		}                                                                         \
	}
#define ARRAY_RAW(id, ioctl, result, ...) \
	CASE(id, SYNCOBJ_##ioctl, drm_syncobj_array, result, __VA_ARGS__)

#define ARRAY_CASES(name, ioctl)                                                                 \
	ARRAY(name, ioctl, 0, HANDLES(UC_SYNCOBJ), .count_handles = 1),                          \
		ARRAY(name "-several", ioctl, 0, HANDLES(UC_SYNCOBJ, UC_EMPTY, UC_TIMELINE),     \
		      .count_handles = 3),                                                       \
		ARRAY(name "-twice", ioctl, 0, HANDLES(UC_EMPTY, UC_EMPTY), .count_handles = 2), \
		ARRAY(name "-pad", ioctl, -EINVAL, HANDLES(UC_SYNCOBJ), .count_handles = 1,      \
		      .pad = 1),                                                                 \
		ARRAY(name "-none", ioctl, -EINVAL, HANDLES(UC_SYNCOBJ), .count_handles = 0),    \
		ARRAY(name "-unknown", ioctl, -ENOENT, HANDLES(UC_SYNCOBJ, UC_BAD_HANDLE),       \
		      .count_handles = 2),                                                       \
		ARRAY(name "-0", ioctl, -ENOENT, HANDLES(0), .count_handles = 1),                \
		ARRAY_RAW(name "-bad-pointer", ioctl, -EFAULT, .handles = UC_BAD_POINTER,        \
			  .count_handles = 1),                                                   \
		ARRAY_RAW(name "-pad-before-pointer", ioctl, -EINVAL, .handles = UC_BAD_POINTER, \
			  .count_handles = 1, .pad = 1)

static const struct uapi_case arrays[] = {
	ARRAY_CASES("syncobj-reset", RESET),
	ARRAY_CASES("syncobj-signal", SIGNAL),
};

/* SYNCOBJ_TIMELINE_SIGNAL, SYNCOBJ_QUERY */

#define AT_HANDLES offsetof(struct drm_syncobj_timeline_array, handles)
#define AT_POINTS  offsetof(struct drm_syncobj_timeline_array, points)

#define TIMELINE(id, ioctl, result, list, values, ...)                              \
	{                                                                           \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_##ioctl, .expect = result, \
		ARG(drm_syncobj_timeline_array, __VA_ARGS__), .payloads = {         \
			{list, sizeof(list), AT_HANDLES},                           \
			{values, sizeof(values), AT_POINTS}                         \
		}                                                                   \
	}
/* No points. */
#define TIMELINE_HANDLES(id, ioctl, result, list, ...)                              \
	{                                                                           \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_##ioctl, .expect = result, \
		ARG(drm_syncobj_timeline_array, __VA_ARGS__), .payloads = {         \
			{list, sizeof(list), AT_HANDLES}                            \
		}                                                                   \
	}
#define QUERY(id, handle, bits, want)                                               \
	{                                                                           \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_QUERY, .expect = 0,        \
		ARG(drm_syncobj_timeline_array, .count_handles = 1, .flags = bits), \
		.payloads =                                                         \
			{                                                           \
				{HANDLES(handle), sizeof(uint32_t), AT_HANDLES},    \
				{POINTS(0x55), sizeof(uint64_t), AT_POINTS},        \
			},                                                          \
		.out = {.size = 8,                                                  \
			.value = want,                                              \
			.where = 2 }                                                \
	}

static const struct uapi_case timeline[] = {
	TIMELINE("timeline-signal", TIMELINE_SIGNAL, 0, HANDLES(UC_TIMELINE), POINTS(6),
		 .count_handles = 1),
	TIMELINE("timeline-signal-backwards", TIMELINE_SIGNAL, 0, HANDLES(UC_TIMELINE), POINTS(3),
		 .count_handles = 1),
	TIMELINE("timeline-signal-several", TIMELINE_SIGNAL, 0, HANDLES(UC_TIMELINE, UC_EMPTY),
		 POINTS(7, 1), .count_handles = 2),
	TIMELINE("timeline-signal-flags", TIMELINE_SIGNAL, -EINVAL, HANDLES(UC_TIMELINE), POINTS(6),
		 .count_handles = 1, .flags = 1),
	TIMELINE("timeline-signal-none", TIMELINE_SIGNAL, -EINVAL, HANDLES(UC_TIMELINE), POINTS(6),
		 .count_handles = 0),
	TIMELINE("timeline-signal-unknown", TIMELINE_SIGNAL, -ENOENT,
		 HANDLES(UC_TIMELINE, UC_BAD_HANDLE), POINTS(6, 1), .count_handles = 2),
	TIMELINE_HANDLES("timeline-signal-no-points", TIMELINE_SIGNAL, 0, HANDLES(UC_EMPTY),
			 .count_handles = 1),
	TIMELINE_HANDLES("timeline-signal-bad-points", TIMELINE_SIGNAL, -EFAULT, HANDLES(UC_EMPTY),
			 .count_handles = 1, .points = UC_BAD_POINTER),
	CASE("timeline-signal-bad-handles", SYNCOBJ_TIMELINE_SIGNAL, drm_syncobj_timeline_array,
	     -EFAULT, .count_handles = 1, .handles = UC_BAD_POINTER, .points = UC_BAD_POINTER),
	QUERY("query-timeline", UC_TIMELINE, 0, 5),
	QUERY("query-submitted", UC_TIMELINE, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED, 5),
	QUERY("query-binary", UC_SYNCOBJ, 0, 0),
	QUERY("query-empty", UC_EMPTY, 0, 0),
	TIMELINE("query-flags", QUERY, -EINVAL, HANDLES(UC_TIMELINE), POINTS(0), .count_handles = 1,
		 .flags = 2),
	TIMELINE("query-none", QUERY, -EINVAL, HANDLES(UC_TIMELINE), POINTS(0), .count_handles = 0),
	TIMELINE("query-unknown", QUERY, -ENOENT, HANDLES(UC_BAD_HANDLE), POINTS(0),
		 .count_handles = 1),
	TIMELINE_HANDLES("query-no-points", QUERY, -EFAULT, HANDLES(UC_TIMELINE),
			 .count_handles = 1),
	CASE("query-bad-handles", SYNCOBJ_QUERY, drm_syncobj_timeline_array, -EFAULT,
	     .count_handles = 1, .handles = UC_BAD_POINTER, .points = UC_BAD_POINTER),
};

/* SYNCOBJ_WAIT: timeout 0 polls, a time in the past is over at once */

#define WAIT(id, result, list, ...)                                                      \
	{                                                                                \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_WAIT, .expect = result,         \
		ARG(drm_syncobj_wait, __VA_ARGS__), .payloads = {                        \
			{list, sizeof(list), offsetof(struct drm_syncobj_wait, handles)} \
		}                                                                        \
	}
#define WAIT_FIRST(id, first, list, ...)                                                        \
	{                                                                                       \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_WAIT, .expect = 0,                     \
		ARG(drm_syncobj_wait, __VA_ARGS__),                                             \
		.payloads = {{list, sizeof(list), offsetof(struct drm_syncobj_wait, handles)}}, \
		.out = {.size = 4,                                                              \
			.at = offsetof(struct drm_syncobj_wait, first_signaled),                \
			.value = first }                                                        \
	}

static const struct uapi_case syncobj_wait[] = {
	WAIT_FIRST("wait-signaled", 0, HANDLES(UC_SYNCOBJ), .count_handles = 1),
	WAIT_FIRST("wait-signaled-past", 0, HANDLES(UC_SYNCOBJ), .count_handles = 1,
		   .timeout_nsec = -1),
	WAIT_FIRST("wait-any-second", 1, HANDLES(UC_EMPTY, UC_SYNCOBJ), .count_handles = 2,
		   .flags = WAIT_FOR_SUBMIT),
	WAIT_FIRST("wait-all", 0, HANDLES(UC_SYNCOBJ, UC_TIMELINE), .count_handles = 2,
		   .flags = WAIT_ALL),
	WAIT("wait-timeline-as-binary", 0, HANDLES(UC_TIMELINE), .count_handles = 1),
	WAIT("wait-empty", -EINVAL, HANDLES(UC_EMPTY), .count_handles = 1),
	WAIT("wait-all-empty", -EINVAL, HANDLES(UC_SYNCOBJ, UC_EMPTY), .count_handles = 2,
	     .flags = WAIT_ALL),
	WAIT("wait-any-empty-later", -EINVAL, HANDLES(UC_SYNCOBJ, UC_EMPTY), .count_handles = 2),
	WAIT("wait-for-submit", -ETIME, HANDLES(UC_EMPTY), .count_handles = 1,
	     .flags = WAIT_FOR_SUBMIT),
	WAIT("wait-for-submit-past", -ETIME, HANDLES(UC_EMPTY), .count_handles = 1,
	     .timeout_nsec = 1, .flags = WAIT_FOR_SUBMIT),
	WAIT("wait-for-submit-negative", -ETIME, HANDLES(UC_EMPTY), .count_handles = 1,
	     .timeout_nsec = INT64_MIN, .flags = WAIT_FOR_SUBMIT),
	WAIT("wait-for-submit-all", -ETIME, HANDLES(UC_SYNCOBJ, UC_EMPTY), .count_handles = 2,
	     .flags = WAIT_FOR_SUBMIT | WAIT_ALL),
	WAIT("wait-available", -EINVAL, HANDLES(UC_SYNCOBJ), .count_handles = 1,
	     .flags = WAIT_AVAILABLE),
	WAIT("wait-flags-high", -EINVAL, HANDLES(UC_SYNCOBJ), .count_handles = 1,
	     .flags = 1u << 31),
	WAIT("wait-flags-before-none", -EINVAL, HANDLES(UC_SYNCOBJ), .count_handles = 0,
	     .flags = 1u << 31),
	WAIT("wait-none", 0, HANDLES(UC_SYNCOBJ), .count_handles = 0),
	WAIT("wait-unknown", -ENOENT, HANDLES(UC_BAD_HANDLE), .count_handles = 1),
	WAIT("wait-unknown-later", -ENOENT, HANDLES(UC_SYNCOBJ, UC_BAD_HANDLE), .count_handles = 2),
	WAIT("wait-0", -ENOENT, HANDLES(0), .count_handles = 1),
	CASE("wait-bad-pointer", SYNCOBJ_WAIT, drm_syncobj_wait, -EFAULT, .handles = UC_BAD_POINTER,
	     .count_handles = 1),
	WAIT("wait-ignores-pad", 0, HANDLES(UC_SYNCOBJ), .count_handles = 1, .pad = 1),
};

/* SYNCOBJ_TIMELINE_WAIT */

#define TIMELINE_WAIT(id, result, list, values, ...)                                               \
	{                                                                                          \
		.name = id, .request = DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, .expect = result,          \
		ARG(drm_syncobj_timeline_wait, __VA_ARGS__), .payloads = {                         \
			{list, sizeof(list), offsetof(struct drm_syncobj_timeline_wait, handles)}, \
			{values, sizeof(values),                                                   \
			 offsetof(struct drm_syncobj_timeline_wait, points)}                       \
		}                                                                                  \
	}

static const struct uapi_case timeline_wait[] = {
	TIMELINE_WAIT("timeline-wait", 0, HANDLES(UC_TIMELINE), POINTS(5), .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-older", 0, HANDLES(UC_TIMELINE), POINTS(1),
		      .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-0", 0, HANDLES(UC_TIMELINE), POINTS(0), .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-ahead", -EINVAL, HANDLES(UC_TIMELINE), POINTS(6),
		      .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-ahead-submit", -ETIME, HANDLES(UC_TIMELINE), POINTS(6),
		      .count_handles = 1, .flags = WAIT_FOR_SUBMIT),
	TIMELINE_WAIT("timeline-wait-ahead-available", -ETIME, HANDLES(UC_TIMELINE), POINTS(6),
		      .count_handles = 1, .flags = WAIT_AVAILABLE),
	TIMELINE_WAIT("timeline-wait-available", 0, HANDLES(UC_TIMELINE), POINTS(5),
		      .count_handles = 1, .flags = WAIT_AVAILABLE),
	TIMELINE_WAIT("timeline-wait-binary-point", -EINVAL, HANDLES(UC_SYNCOBJ), POINTS(1),
		      .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-empty", -EINVAL, HANDLES(UC_EMPTY), POINTS(1),
		      .count_handles = 1),
	TIMELINE_WAIT("timeline-wait-any", 0, HANDLES(UC_EMPTY, UC_TIMELINE), POINTS(1, 2),
		      .count_handles = 2, .flags = WAIT_FOR_SUBMIT),
	TIMELINE_WAIT("timeline-wait-all", -ETIME, HANDLES(UC_EMPTY, UC_TIMELINE), POINTS(1, 2),
		      .count_handles = 2, .flags = WAIT_FOR_SUBMIT | WAIT_ALL),
	TIMELINE_WAIT("timeline-wait-flags", -EINVAL, HANDLES(UC_TIMELINE), POINTS(5),
		      .count_handles = 1, .flags = 1u << 4),
	TIMELINE_WAIT("timeline-wait-none", 0, HANDLES(UC_TIMELINE), POINTS(5), .count_handles = 0),
	TIMELINE_WAIT("timeline-wait-unknown", -ENOENT, HANDLES(UC_BAD_HANDLE), POINTS(5),
		      .count_handles = 1),
	{.name = "timeline-wait-bad-points",
	 .request = DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT,
	 .expect = -EFAULT,
	 ARG(drm_syncobj_timeline_wait, .count_handles = 1, .points = UC_BAD_POINTER),
	 .payloads = {{HANDLES(UC_TIMELINE), sizeof(uint32_t),
		       offsetof(struct drm_syncobj_timeline_wait, handles)}}},
	{.name = "timeline-wait-no-points",
	 .request = DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT,
	 .expect = 0,
	 ARG(drm_syncobj_timeline_wait, .count_handles = 1),
	 .payloads = {{HANDLES(UC_SYNCOBJ), sizeof(uint32_t),
		       offsetof(struct drm_syncobj_timeline_wait, handles)}}},
};

/* SYNCOBJ_TRANSFER, SYNCOBJ_EVENTFD */

#define TRANSFER(id, result, ...) \
	CASE(id, SYNCOBJ_TRANSFER, drm_syncobj_transfer, result, __VA_ARGS__)
#define EVENTFD(id, result, ...) CASE(id, SYNCOBJ_EVENTFD, drm_syncobj_eventfd, result, __VA_ARGS__)

static const struct uapi_case transfer[] = {
	TRANSFER("transfer-to-point", 0, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY,
		 .dst_point = 3),
	TRANSFER("transfer-to-binary", 0, .src_handle = UC_TIMELINE, .src_point = 5,
		 .dst_handle = UC_EMPTY),
	TRANSFER("transfer-binary", 0, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY),
	TRANSFER("transfer-to-itself", 0, .src_handle = UC_SYNCOBJ, .dst_handle = UC_SYNCOBJ),
	TRANSFER("transfer-empty", -EINVAL, .src_handle = UC_EMPTY, .dst_handle = UC_SYNCOBJ),
	TRANSFER("transfer-ahead", -EINVAL, .src_handle = UC_TIMELINE, .src_point = 9,
		 .dst_handle = UC_EMPTY),
	TRANSFER("transfer-binary-point", -EINVAL, .src_handle = UC_SYNCOBJ, .src_point = 1,
		 .dst_handle = UC_EMPTY),
	TRANSFER("transfer-src-unknown", -ENOENT, .src_handle = UC_BAD_HANDLE,
		 .dst_handle = UC_EMPTY),
	TRANSFER("transfer-dst-unknown", -ENOENT, .src_handle = UC_SYNCOBJ,
		 .dst_handle = UC_BAD_HANDLE),
	TRANSFER("transfer-dst-unknown-point", -ENOENT, .src_handle = UC_SYNCOBJ,
		 .dst_handle = UC_BAD_HANDLE, .dst_point = 1),
	TRANSFER("transfer-pad", -EINVAL, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY,
		 .pad = 1),
	TRANSFER("transfer-flags", -EINVAL, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY,
		 .flags = WAIT_ALL),
	TRANSFER("transfer-flags-high", -EINVAL, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY,
		 .dst_point = 1, .flags = 1u << 31),
	TRANSFER("transfer-handle-before-flags", -ENOENT, .src_handle = UC_BAD_HANDLE,
		 .dst_handle = UC_EMPTY, .flags = WAIT_ALL),
	TRANSFER("transfer-wait-for-submit", 0, .src_handle = UC_SYNCOBJ, .dst_handle = UC_EMPTY,
		 .flags = WAIT_FOR_SUBMIT),
	EVENTFD("eventfd", 0, .handle = UC_SYNCOBJ, .fd = UC_EVENTFD),
	EVENTFD("eventfd-empty", 0, .handle = UC_EMPTY, .fd = UC_EVENTFD),
	EVENTFD("eventfd-ahead", 0, .handle = UC_TIMELINE, .point = 9, .fd = UC_EVENTFD),
	EVENTFD("eventfd-available", 0, .handle = UC_TIMELINE, .point = 5, .fd = UC_EVENTFD,
		.flags = WAIT_AVAILABLE),
	EVENTFD("eventfd-flags", -EINVAL, .handle = UC_SYNCOBJ, .fd = UC_EVENTFD,
		.flags = WAIT_ALL),
	EVENTFD("eventfd-pad", -EINVAL, .handle = UC_SYNCOBJ, .fd = UC_EVENTFD, .pad = 1),
	EVENTFD("eventfd-0", -ENOENT, .handle = 0, .fd = UC_EVENTFD),
	EVENTFD("eventfd-unknown", -ENOENT, .handle = UC_BAD_HANDLE, .fd = UC_EVENTFD),
	EVENTFD("eventfd-handle-before-fd", -ENOENT, .handle = UC_BAD_HANDLE, .fd = -1),
	EVENTFD("eventfd-closed", -EBADF, .handle = UC_SYNCOBJ, .fd = -1),
	EVENTFD("eventfd-sync-file", -EINVAL, .handle = UC_SYNCOBJ, .fd = UC_SYNC_FILE),
};

#define TABLE(table)                         \
	{                                    \
#table, table, LENGTH(table) \
	}

const struct uapi_table drm_tables[] = {
	TABLE(basics),   TABLE(denied),   TABLE(prime),        TABLE(syncobj),
	TABLE(arrays),   TABLE(timeline), TABLE(syncobj_wait), TABLE(timeline_wait),
	TABLE(transfer), {NULL, NULL, 0},
};
