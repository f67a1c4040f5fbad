// SPDX-License-Identifier: MIT
/*
 * The data of the ioctl table. One line per member of each structure, in the order of the
 * structures; tests/trace checks that the lines cover every byte once (conditions apart).
 *
 * Structures of the generic DRM calls that have grown are spelled out here and in syncobj_uapi.h,
 * because the drm.h that the build finds may be older. Facts: Linux include/uapi/drm/drm.h, include/uapi/linux/
 * dma-buf.h and sync_file.h.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/ioctl.h>

#include "asahi_drm.h"
#include "ioctl_table.h"
#include "syncobj_uapi.h"

struct agx_arg_set_client_name {
	uint64_t name_len;
	uint64_t name;
};

struct agx_arg_version {
	int32_t version_major;
	int32_t version_minor;
	int32_t version_patchlevel;
	uint32_t pad;
	uint64_t name_len;
	uint64_t name;
	uint64_t date_len;
	uint64_t date;
	uint64_t desc_len;
	uint64_t desc;
};

struct agx_arg_unique {
	uint64_t unique_len;
	uint64_t unique;
};

struct agx_arg_syncobj_handle_element {
	uint32_t handle;
};

struct agx_arg_syncobj_point_element {
	uint64_t point;
};

struct agx_arg_dma_buf_sync {
	uint64_t flags;
};

struct agx_arg_dma_buf_sync_file {
	uint32_t flags;
	int32_t fd;
};

struct agx_arg_sync_merge_data {
	char name[32];
	int32_t fd2;
	int32_t fence;
	uint32_t flags;
	uint32_t pad;
};

struct agx_arg_sync_fence_info {
	char obj_name[32];
	char driver_name[32];
	int32_t status;
	uint32_t flags;
	uint64_t timestamp_ns;
};

struct agx_arg_sync_file_info {
	char name[32];
	int32_t status;
	uint32_t flags;
	uint32_t num_fences;
	uint32_t pad;
	uint64_t sync_fence_info;
};

struct agx_arg_sync_set_deadline {
	uint64_t deadline_ns;
	uint64_t pad;
};

/* How a member is written in the lists below. */
#define IN       AGX_ACCESS_IN
#define OUT      AGX_ACCESS_OUT
#define CREATES  (AGX_ACCESS_OUT | AGX_ACCESS_CREATES)
#define DESTROYS (AGX_ACCESS_IN | AGX_ACCESS_DESTROYS)

#define AT(type, member)                                          \
	.name = #member, .offset = offsetof(struct type, member), \
	.width = sizeof(((struct type *)0)->member), .count = 1

#define DEC(t, m)                                               \
	{                                                       \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = IN \
	}
#define HEX(t, m)                                                                         \
	{                                                                                 \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = IN, .format = AGX_FORMAT_HEX \
	}
#define FLOAT(t, m)                                                                         \
	{                                                                                   \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = IN, .format = AGX_FORMAT_FLOAT \
	}
#define PAD(t, m)                                                                       \
	{                                                                               \
		AT(t, m), .kind = AGX_FIELD_PAD, .access = IN, .format = AGX_FORMAT_HEX \
	}
#define FLAGS(t, m, list)                                                                    \
	{                                                                                    \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = IN, .format = AGX_FORMAT_FLAGS, \
			  .names = list                                                      \
	}
#define ENUM(t, m, list)                                                                    \
	{                                                                                   \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = IN, .format = AGX_FORMAT_ENUM, \
			  .names = list                                                     \
	}
#define POINTER(t, m, index)                                                        \
	{                                                                           \
		AT(t, m), .kind = AGX_FIELD_POINTER, .object = index, .access = IN, \
			  .format = AGX_FORMAT_HEX                                  \
	}
#define ADDRESS(t, m)                                                                       \
	{                                                                                   \
		AT(t, m), .kind = AGX_FIELD_ADDRESS, .access = IN, .format = AGX_FORMAT_HEX \
	}
#define HANDLE(t, m, obj, acc)                                                                 \
	{                                                                                      \
		AT(t, m), .kind = AGX_FIELD_HANDLE, .object = AGX_OBJECT_##obj, .access = acc, \
			  .output = AGX_OUTPUT_MAPPED                                          \
	}
#define HANDLE_IF(t, m, obj, acc, cond, mask, value)                                            \
	{                                                                                       \
		AT(t, m), .kind = AGX_FIELD_HANDLE, .object = AGX_OBJECT_##obj, .access = acc,  \
			  .output = AGX_OUTPUT_MAPPED, .cond_offset = offsetof(struct t, cond), \
			  .cond_mask = mask, .cond_value = value                                \
	}
#define FD(t, m, obj, acc)                                                             \
	{                                                                              \
		AT(t, m), .kind = AGX_FIELD_FD, .object = AGX_FD_##obj, .access = acc, \
			  .output = AGX_OUTPUT_MAPPED                                  \
	}
#define FD_IF(t, m, obj, acc, cond, mask, value)                                                \
	{                                                                                       \
		AT(t, m), .kind = AGX_FIELD_FD, .object = AGX_FD_##obj, .access = acc,          \
			  .output = AGX_OUTPUT_MAPPED, .cond_offset = offsetof(struct t, cond), \
			  .cond_mask = mask, .cond_value = value                                \
	}
#define TIMEOUT(t, m)                                             \
	{                                                         \
		AT(t, m), .kind = AGX_FIELD_TIMEOUT, .access = IN \
	}
#define RESULT(t, m, acc, fmt)                                                                \
	{                                                                                     \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = acc, .output = AGX_OUTPUT_EXACT, \
			  .format = AGX_FORMAT_##fmt                                          \
	}
#define OUTPUT(t, m, acc, rule, fmt)                                                           \
	{                                                                                      \
		AT(t, m), .kind = AGX_FIELD_PLAIN, .access = acc, .output = AGX_OUTPUT_##rule, \
			  .format = AGX_FORMAT_##fmt                                           \
	}

#define STRUCT(t, list)                                                        \
	{                                                                      \
		.name = #t, .size = sizeof(struct t),                          \
		.num_fields = sizeof(list) / sizeof((list)[0]), .fields = list \
	}

#define NO_FIELD UINT16_MAX

static const struct agx_ioctl_name gem_flags[] = {
	{DRM_ASAHI_GEM_WRITEBACK, "WRITEBACK"},
	{DRM_ASAHI_GEM_VM_PRIVATE, "VM_PRIVATE"},
	{0, NULL},
};

static const struct agx_ioctl_name bind_flags[] = {
	{DRM_ASAHI_BIND_UNBIND, "UNBIND"},
	{DRM_ASAHI_BIND_READ, "READ"},
	{DRM_ASAHI_BIND_WRITE, "WRITE"},
	{DRM_ASAHI_BIND_SINGLE_PAGE, "SINGLE_PAGE"},
	{0, NULL},
};

static const struct agx_ioctl_name bind_object_ops[] = {
	{DRM_ASAHI_BIND_OBJECT_OP_BIND, "BIND"},
	{DRM_ASAHI_BIND_OBJECT_OP_UNBIND, "UNBIND"},
	{0, NULL},
};

static const struct agx_ioctl_name bind_object_flags[] = {
	{DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS, "USAGE_TIMESTAMPS"},
	{0, NULL},
};

static const struct agx_ioctl_name priorities[] = {
	{DRM_ASAHI_PRIORITY_LOW, "LOW"},
	{DRM_ASAHI_PRIORITY_MEDIUM, "MEDIUM"},
	{DRM_ASAHI_PRIORITY_HIGH, "HIGH"},
	{DRM_ASAHI_PRIORITY_REALTIME, "REALTIME"},
	{0, NULL},
};

static const struct agx_ioctl_name sync_types[] = {
	{DRM_ASAHI_SYNC_SYNCOBJ, "SYNCOBJ"},
	{DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ, "TIMELINE_SYNCOBJ"},
	{0, NULL},
};

static const struct agx_ioctl_name render_flags[] = {
	{DRM_ASAHI_RENDER_VERTEX_SCRATCH, "VERTEX_SCRATCH"},
	{DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES, "PROCESS_EMPTY_TILES"},
	{DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING, "NO_VERTEX_CLUSTERING"},
	{DRM_ASAHI_RENDER_DBIAS_IS_INT, "DBIAS_IS_INT"},
	{0, NULL},
};

static const struct agx_ioctl_name features[] = {
	{DRM_ASAHI_FEATURE_SOFT_FAULTS, "SOFT_FAULTS"},
	{0, NULL},
};

static const struct agx_ioctl_name cap_names[] = {
	{0x1, "DUMB_BUFFER"},
	{0x2, "VBLANK_HIGH_CRTC"},
	{0x3, "DUMB_PREFERRED_DEPTH"},
	{0x4, "DUMB_PREFER_SHADOW"},
	{0x5, "PRIME"},
	{0x6, "TIMESTAMP_MONOTONIC"},
	{0x7, "ASYNC_PAGE_FLIP"},
	{0x8, "CURSOR_WIDTH"},
	{0x9, "CURSOR_HEIGHT"},
	{0x10, "ADDFB2_MODIFIERS"},
	{0x11, "PAGE_FLIP_TARGET"},
	{0x12, "CRTC_IN_VBLANK_EVENT"},
	{0x13, "SYNCOBJ"},
	{0x14, "SYNCOBJ_TIMELINE"},
	{0x15, "ATOMIC_ASYNC_PAGE_FLIP"},
	{0, NULL},
};

static const struct agx_ioctl_name prime_flags[] = {
	{0x2, "RDWR"},
	{0x80000, "CLOEXEC"},
	{0, NULL},
};

static const struct agx_ioctl_name syncobj_create_flags[] = {
	{0x1, "SIGNALED"},
	{0, NULL},
};

static const struct agx_ioctl_name syncobj_to_fd_flags[] = {
	{0x1, "EXPORT_SYNC_FILE"},
	{0x2, "TIMELINE"},
	{0, NULL},
};

static const struct agx_ioctl_name syncobj_from_fd_flags[] = {
	{0x1, "IMPORT_SYNC_FILE"},
	{0x2, "TIMELINE"},
	{0, NULL},
};

static const struct agx_ioctl_name syncobj_wait_flags[] = {
	{0x1, "WAIT_ALL"},
	{0x2, "WAIT_FOR_SUBMIT"},
	{0x4, "WAIT_AVAILABLE"},
	{0x8, "WAIT_DEADLINE"},
	{0, NULL},
};

static const struct agx_ioctl_name syncobj_query_flags[] = {
	{0x1, "LAST_SUBMITTED"},
	{0, NULL},
};

static const struct agx_ioctl_name dma_buf_sync_flags[] = {
	{0x1, "READ"},
	{0x2, "WRITE"},
	{0x4, "END"},
	{0, NULL},
};

/*
 * Structures behind pointers.
 */

#define T drm_asahi_params_global
static const struct agx_ioctl_field params_global_fields[] = {
	{AT(T, features), .access = OUT, .format = AGX_FORMAT_FLAGS, .names = features},
	RESULT(T, gpu_generation, OUT, DEC),
	RESULT(T, gpu_variant, OUT, DEC),
	RESULT(T, gpu_revision, OUT, HEX),
	RESULT(T, chip_id, OUT, HEX),
	RESULT(T, num_dies, OUT, DEC),
	RESULT(T, num_clusters_total, OUT, DEC),
	RESULT(T, num_cores_per_cluster, OUT, DEC),
	RESULT(T, max_frequency_khz, OUT, DEC),
	{.name = "core_masks",
	 .offset = offsetof(struct T, core_masks),
	 .width = 8,
	 .count = DRM_ASAHI_MAX_CLUSTERS,
	 .access = OUT,
	 .format = AGX_FORMAT_HEX},
	RESULT(T, vm_start, OUT, HEX),
	RESULT(T, vm_end, OUT, HEX),
	RESULT(T, vm_kernel_min_size, OUT, HEX),
	RESULT(T, max_commands_per_submission, OUT, DEC),
	RESULT(T, max_attachments, OUT, DEC),
	RESULT(T, command_timestamp_frequency_hz, OUT, DEC),
};
#undef T

#define T drm_asahi_gem_bind_op
static const struct agx_ioctl_field bind_op_fields[] = {
	FLAGS(T, flags, bind_flags),
	HANDLE(T, handle, GEM, IN),
	HEX(T, offset),
	HEX(T, range),
	ADDRESS(T, addr),
};
#undef T

#define T drm_asahi_sync
static const struct agx_ioctl_field sync_fields[] = {
	ENUM(T, sync_type, sync_types),
	HANDLE(T, handle, SYNCOBJ, IN),
	DEC(T, timeline_value),
};
#undef T

#define T drm_asahi_attachment
static const struct agx_ioctl_field attachment_fields[] = {
	ADDRESS(T, pointer),
	HEX(T, size),
	PAD(T, pad),
	HEX(T, flags),
};
#undef T

#define TIMESTAMPS(t, m)                                             \
	HANDLE(t, m.start.handle, BIND, IN), HEX(t, m.start.offset), \
		HANDLE(t, m.end.handle, BIND, IN), HEX(t, m.end.offset)
#define HELPER(t, m) HEX(t, m.binary), HEX(t, m.cfg), HEX(t, m.data)
#define ZLS(t, m) \
	ADDRESS(t, m.base), ADDRESS(t, m.comp_base), HEX(t, m.stride), HEX(t, m.comp_stride)
#define BG_EOT(t, m) HEX(t, m.usc), HEX(t, m.rsrc_spec)

#define T drm_asahi_cmd_render
static const struct agx_ioctl_field cmd_render_fields[] = {
	FLAGS(T, flags, render_flags),
	HEX(T, isp_zls_pixels),
	ADDRESS(T, vdm_ctrl_stream_base),
	HELPER(T, vertex_helper),
	HELPER(T, fragment_helper),
	ADDRESS(T, isp_scissor_base),
	ADDRESS(T, isp_dbias_base),
	ADDRESS(T, isp_oclqry_base),
	ZLS(T, depth),
	ZLS(T, stencil),
	HEX(T, zls_ctrl),
	HEX(T, ppp_multisamplectl),
	ADDRESS(T, sampler_heap),
	HEX(T, ppp_ctrl),
	DEC(T, width_px),
	DEC(T, height_px),
	DEC(T, layers),
	DEC(T, sampler_count),
	DEC(T, utile_width_px),
	DEC(T, utile_height_px),
	DEC(T, samples),
	DEC(T, sample_size_B),
	FLOAT(T, isp_merge_upper_x),
	FLOAT(T, isp_merge_upper_y),
	BG_EOT(T, bg),
	BG_EOT(T, eot),
	BG_EOT(T, partial_bg),
	BG_EOT(T, partial_eot),
	HEX(T, isp_bgobjdepth),
	HEX(T, isp_bgobjvals),
	TIMESTAMPS(T, ts_vtx),
	TIMESTAMPS(T, ts_frag),
};
#undef T

#define T drm_asahi_cmd_compute
static const struct agx_ioctl_field cmd_compute_fields[] = {
	HEX(T, flags),
	DEC(T, sampler_count),
	ADDRESS(T, cdm_ctrl_stream_base),
	ADDRESS(T, cdm_ctrl_stream_end),
	ADDRESS(T, sampler_heap),
	HELPER(T, helper),
	TIMESTAMPS(T, ts),
};
#undef T

static const struct agx_ioctl_field syncobj_handle_fields[] = {
	HANDLE(agx_arg_syncobj_handle_element, handle, SYNCOBJ, IN),
};

static const struct agx_ioctl_field syncobj_point_in_fields[] = {
	DEC(agx_arg_syncobj_point_element, point),
};

static const struct agx_ioctl_field syncobj_point_out_fields[] = {
	OUTPUT(agx_arg_syncobj_point_element, point, OUT, TIMING, DEC),
};

#define T agx_arg_sync_fence_info
static const struct agx_ioctl_field sync_fence_info_fields[] = {
	OUTPUT(T, obj_name, OUT, IGNORED, CHARS),
	OUTPUT(T, driver_name, OUT, IGNORED, CHARS),
	OUTPUT(T, status, OUT, TIMING, DEC),
	OUTPUT(T, flags, OUT, IGNORED, HEX),
	{AT(T, timestamp_ns), .kind = AGX_FIELD_TIME, .access = OUT, .output = AGX_OUTPUT_IGNORED},
};
#undef T

static const struct agx_struct_desc params_global =
	STRUCT(drm_asahi_params_global, params_global_fields);
static const struct agx_struct_desc bind_op = STRUCT(drm_asahi_gem_bind_op, bind_op_fields);
static const struct agx_struct_desc sync_item = STRUCT(drm_asahi_sync, sync_fields);
static const struct agx_struct_desc fence_info = {
	.name = "sync_fence_info",
	.size = sizeof(struct agx_arg_sync_fence_info),
	.num_fields = sizeof(sync_fence_info_fields) / sizeof(sync_fence_info_fields[0]),
	.fields = sync_fence_info_fields,
};
static const struct agx_struct_desc syncobj_handle_item = {
	.name = "syncobj",
	.size = 4,
	.num_fields = 1,
	.fields = syncobj_handle_fields,
};
static const struct agx_struct_desc syncobj_point_in = {
	.name = "point",
	.size = 8,
	.num_fields = 1,
	.fields = syncobj_point_in_fields,
};
static const struct agx_struct_desc syncobj_point_out = {
	.name = "point",
	.size = 8,
	.num_fields = 1,
	.fields = syncobj_point_out_fields,
};

const struct agx_struct_desc agx_cmd_render_desc = STRUCT(drm_asahi_cmd_render, cmd_render_fields);
const struct agx_struct_desc agx_cmd_compute_desc =
	STRUCT(drm_asahi_cmd_compute, cmd_compute_fields);
const struct agx_struct_desc agx_attachment_desc = STRUCT(drm_asahi_attachment, attachment_fields);

/*
 * Arguments.
 */

#define T drm_asahi_get_params
static const struct agx_ioctl_field get_params_fields[] = {
	DEC(T, param_group),
	PAD(T, pad),
	POINTER(T, pointer, 0),
	DEC(T, size),
};
#undef T

#define T drm_asahi_get_time
static const struct agx_ioctl_field get_time_fields[] = {
	HEX(T, flags),
	{AT(T, gpu_timestamp), .kind = AGX_FIELD_TIME, .access = OUT, .output = AGX_OUTPUT_IGNORED},
};
#undef T

#define T drm_asahi_vm_create
static const struct agx_ioctl_field vm_create_fields[] = {
	ADDRESS(T, kernel_start),
	ADDRESS(T, kernel_end),
	HANDLE(T, vm_id, VM, CREATES),
	PAD(T, pad),
};
#undef T

#define T drm_asahi_vm_destroy
static const struct agx_ioctl_field vm_destroy_fields[] = {
	HANDLE(T, vm_id, VM, DESTROYS),
	PAD(T, pad),
};
#undef T

#define T drm_asahi_vm_bind
static const struct agx_ioctl_field vm_bind_fields[] = {
	HANDLE(T, vm_id, VM, IN), DEC(T, num_binds), DEC(T, stride), PAD(T, pad),
	POINTER(T, userptr, 0),
};
#undef T

#define T drm_asahi_gem_create
static const struct agx_ioctl_field gem_create_fields[] = {
	HEX(T, size),
	FLAGS(T, flags, gem_flags),
	HANDLE(T, vm_id, VM, IN),
	HANDLE(T, handle, GEM, CREATES),
	PAD(T, pad),
};
#undef T

#define T drm_asahi_gem_mmap_offset
static const struct agx_ioctl_field gem_mmap_offset_fields[] = {
	HANDLE(T, handle, GEM, IN),
	HEX(T, flags),
	{AT(T, offset), .kind = AGX_FIELD_OFFSET, .access = OUT, .output = AGX_OUTPUT_IGNORED,
	 .format = AGX_FORMAT_HEX},
};
#undef T

#define T drm_asahi_gem_bind_object
static const struct agx_ioctl_field gem_bind_object_fields[] = {
	ENUM(T, op, bind_object_ops),
	FLAGS(T, flags, bind_object_flags),
	HANDLE(T, handle, GEM, IN),
	HANDLE(T, vm_id, VM, IN),
	HEX(T, offset),
	HEX(T, range),
	HANDLE_IF(T, object_handle, BIND, CREATES, op, UINT32_MAX, DRM_ASAHI_BIND_OBJECT_OP_BIND),
	HANDLE_IF(T, object_handle, BIND, DESTROYS, op, UINT32_MAX,
		  DRM_ASAHI_BIND_OBJECT_OP_UNBIND),
	PAD(T, pad),
};
#undef T

#define T drm_asahi_queue_create
static const struct agx_ioctl_field queue_create_fields[] = {
	HEX(T, flags),
	HANDLE(T, vm_id, VM, IN),
	ENUM(T, priority, priorities),
	HANDLE(T, queue_id, QUEUE, CREATES),
	ADDRESS(T, usc_exec_base),
};
#undef T

#define T drm_asahi_queue_destroy
static const struct agx_ioctl_field queue_destroy_fields[] = {
	HANDLE(T, queue_id, QUEUE, DESTROYS),
	PAD(T, pad),
};
#undef T

#define T drm_asahi_submit
static const struct agx_ioctl_field submit_fields[] = {
	POINTER(T, syncs, 0),  POINTER(T, cmdbuf, 1),
	HEX(T, flags),         HANDLE(T, queue_id, QUEUE, IN),
	DEC(T, in_sync_count), DEC(T, out_sync_count),
	DEC(T, cmdbuf_size),   PAD(T, pad),
};
#undef T

#define T agx_arg_version
static const struct agx_ioctl_field version_fields[] = {
	RESULT(T, version_major, OUT, DEC),
	OUTPUT(T, version_minor, OUT, IGNORED, DEC),
	OUTPUT(T, version_patchlevel, OUT, IGNORED, DEC),
	PAD(T, pad),
	RESULT(T, name_len, IN | OUT, DEC),
	POINTER(T, name, 0),
	OUTPUT(T, date_len, IN | OUT, IGNORED, DEC),
	POINTER(T, date, 1),
	OUTPUT(T, desc_len, IN | OUT, IGNORED, DEC),
	POINTER(T, desc, 2),
};
#undef T

#define T agx_arg_unique
static const struct agx_ioctl_field unique_fields[] = {
	OUTPUT(T, unique_len, IN | OUT, IGNORED, DEC),
	POINTER(T, unique, 0),
};
#undef T

#define T drm_gem_close
static const struct agx_ioctl_field gem_close_fields[] = {
	HANDLE(T, handle, GEM, DESTROYS),
	PAD(T, pad),
};
#undef T

#define T drm_get_cap
static const struct agx_ioctl_field get_cap_fields[] = {
	ENUM(T, capability, cap_names),
	RESULT(T, value, OUT, DEC),
};
#undef T

#define T drm_set_client_cap
static const struct agx_ioctl_field set_client_cap_fields[] = {
	DEC(T, capability),
	DEC(T, value),
};
#undef T

#define T agx_arg_set_client_name
static const struct agx_ioctl_field set_client_name_fields[] = {
	DEC(T, name_len),
	POINTER(T, name, 0),
};
#undef T

#define T drm_prime_handle
static const struct agx_ioctl_field prime_handle_to_fd_fields[] = {
	HANDLE(T, handle, GEM, IN),
	FLAGS(T, flags, prime_flags),
	FD(T, fd, DMA_BUF, CREATES),
};
static const struct agx_ioctl_field prime_fd_to_handle_fields[] = {
	HANDLE(T, handle, GEM, CREATES),
	HEX(T, flags),
	FD(T, fd, DMA_BUF, IN),
};
#undef T

#define T drm_syncobj_create
static const struct agx_ioctl_field syncobj_create_fields[] = {
	HANDLE(T, handle, SYNCOBJ, CREATES),
	FLAGS(T, flags, syncobj_create_flags),
};
#undef T

#define T drm_syncobj_destroy
static const struct agx_ioctl_field syncobj_destroy_fields[] = {
	HANDLE(T, handle, SYNCOBJ, DESTROYS),
	PAD(T, pad),
};
#undef T

#define T agx_arg_syncobj_handle
static const struct agx_ioctl_field syncobj_handle_to_fd_fields[] = {
	HANDLE(T, handle, SYNCOBJ, IN),
	FLAGS(T, flags, syncobj_to_fd_flags),
	FD_IF(T, fd, SYNC_FILE, CREATES, flags, 1, 1),
	FD_IF(T, fd, SYNCOBJ, CREATES, flags, 1, 0),
	PAD(T, pad),
	DEC(T, point),
};
static const struct agx_ioctl_field syncobj_fd_to_handle_fields[] = {
	HANDLE_IF(T, handle, SYNCOBJ, IN, flags, 1, 1),
	HANDLE_IF(T, handle, SYNCOBJ, CREATES, flags, 1, 0),
	FLAGS(T, flags, syncobj_from_fd_flags),
	FD_IF(T, fd, SYNC_FILE, IN, flags, 1, 1),
	FD_IF(T, fd, SYNCOBJ, IN, flags, 1, 0),
	PAD(T, pad),
	DEC(T, point),
};
#undef T

#define T agx_arg_syncobj_wait
static const struct agx_ioctl_field syncobj_wait_fields[] = {
	POINTER(T, handles, 0),
	TIMEOUT(T, timeout_nsec),
	DEC(T, count_handles),
	FLAGS(T, flags, syncobj_wait_flags),
	OUTPUT(T, first_signaled, OUT, TIMING, DEC),
	PAD(T, pad),
	TIMEOUT(T, deadline_nsec),
};
#undef T

#define T agx_arg_syncobj_timeline_wait
static const struct agx_ioctl_field syncobj_timeline_wait_fields[] = {
	POINTER(T, handles, 0),
	POINTER(T, points, 1),
	TIMEOUT(T, timeout_nsec),
	DEC(T, count_handles),
	FLAGS(T, flags, syncobj_wait_flags),
	OUTPUT(T, first_signaled, OUT, TIMING, DEC),
	PAD(T, pad),
	TIMEOUT(T, deadline_nsec),
};
#undef T

#define T drm_syncobj_array
static const struct agx_ioctl_field syncobj_array_fields[] = {
	POINTER(T, handles, 0),
	DEC(T, count_handles),
	PAD(T, pad),
};
#undef T

#define T drm_syncobj_timeline_array
static const struct agx_ioctl_field syncobj_query_fields[] = {
	POINTER(T, handles, 0),
	POINTER(T, points, 1),
	DEC(T, count_handles),
	FLAGS(T, flags, syncobj_query_flags),
};
static const struct agx_ioctl_field syncobj_timeline_signal_fields[] = {
	POINTER(T, handles, 0),
	POINTER(T, points, 1),
	DEC(T, count_handles),
	HEX(T, flags),
};
#undef T

#define T drm_syncobj_transfer
static const struct agx_ioctl_field syncobj_transfer_fields[] = {
	HANDLE(T, src_handle, SYNCOBJ, IN),
	HANDLE(T, dst_handle, SYNCOBJ, IN),
	DEC(T, src_point),
	DEC(T, dst_point),
	FLAGS(T, flags, syncobj_wait_flags),
	PAD(T, pad),
};
#undef T

#define T agx_arg_syncobj_eventfd
static const struct agx_ioctl_field syncobj_eventfd_fields[] = {
	HANDLE(T, handle, SYNCOBJ, IN),
	FLAGS(T, flags, syncobj_wait_flags),
	DEC(T, point),
	FD(T, fd, EVENTFD, IN),
	PAD(T, pad),
};
#undef T

static const struct agx_ioctl_field dma_buf_sync_fields[] = {
	FLAGS(agx_arg_dma_buf_sync, flags, dma_buf_sync_flags),
};

#define T agx_arg_dma_buf_sync_file
static const struct agx_ioctl_field dma_buf_export_fields[] = {
	FLAGS(T, flags, dma_buf_sync_flags),
	FD(T, fd, SYNC_FILE, CREATES),
};
static const struct agx_ioctl_field dma_buf_import_fields[] = {
	FLAGS(T, flags, dma_buf_sync_flags),
	FD(T, fd, SYNC_FILE, IN),
};
#undef T

#define T agx_arg_sync_merge_data
static const struct agx_ioctl_field sync_merge_fields[] = {
	{AT(T, name), .access = IN, .format = AGX_FORMAT_CHARS},
	FD(T, fd2, SYNC_FILE, IN),
	FD(T, fence, SYNC_FILE, CREATES),
	HEX(T, flags),
	PAD(T, pad),
};
#undef T

#define T agx_arg_sync_file_info
static const struct agx_ioctl_field sync_file_info_fields[] = {
	OUTPUT(T, name, OUT, IGNORED, CHARS),
	OUTPUT(T, status, OUT, TIMING, DEC),
	OUTPUT(T, flags, IN | OUT, IGNORED, HEX),
	OUTPUT(T, num_fences, IN | OUT, IGNORED, DEC),
	PAD(T, pad),
	POINTER(T, sync_fence_info, 0),
};
#undef T

static const struct agx_ioctl_field sync_set_deadline_fields[] = {
	TIMEOUT(agx_arg_sync_set_deadline, deadline_ns),
	PAD(agx_arg_sync_set_deadline, pad),
};

#define ARGS(type, list)                                                       \
	{                                                                      \
		.name = #type, .size = sizeof(struct type),                    \
		.num_fields = sizeof(list) / sizeof((list)[0]), .fields = list \
	}

/* Structures spelled out above go by the kernel's name. */
#define GEN_ARGS(type, list)                                                   \
	{                                                                      \
		.name = #type, .size = sizeof(struct agx_arg_##type),          \
		.num_fields = sizeof(list) / sizeof((list)[0]), .fields = list \
	}

#define SYNCOBJ_HANDLES(type)                                                                \
	{                                                                                    \
		.name = "handles", .kind = AGX_POINTEE_ARRAY, .access = IN,                  \
		.pointer = offsetof(struct type, handles),                                   \
		.count = {offsetof(struct type, count_handles), NO_FIELD}, .count_width = 4, \
		.stride = NO_FIELD, .element = &syncobj_handle_item                          \
	}

#define SYNCOBJ_POINTS(type, acc, item)                                                      \
	{                                                                                    \
		.name = "points", .kind = AGX_POINTEE_ARRAY, .access = acc,                  \
		.pointer = offsetof(struct type, points),                                    \
		.count = {offsetof(struct type, count_handles), NO_FIELD}, .count_width = 4, \
		.stride = NO_FIELD, .element = &item                                         \
	}

#define TEXT(type, member, length, acc, rule)                                          \
	{                                                                              \
		.name = #member, .kind = AGX_POINTEE_BYTES, .access = acc,             \
		.output = AGX_OUTPUT_##rule, .pointer = offsetof(struct type, member), \
		.count = {offsetof(struct type, length), NO_FIELD}, .count_width = 8,  \
		.stride = NO_FIELD                                                     \
	}

#define GEN_WR(nr, type) _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, sizeof(struct agx_arg_##type))

const struct agx_ioctl_desc agx_ioctl_table[] = {
	{
		.name = "DRM_IOCTL_ASAHI_SUBMIT",
		.request = DRM_IOCTL_ASAHI_SUBMIT,
		.args = ARGS(drm_asahi_submit, submit_fields),
		.num_pointees = 2,
		.pointees = {{.name = "syncs",
			      .kind = AGX_POINTEE_ARRAY,
			      .access = IN,
			      .pointer = offsetof(struct drm_asahi_submit, syncs),
			      .count = {offsetof(struct drm_asahi_submit, in_sync_count),
					offsetof(struct drm_asahi_submit, out_sync_count)},
			      .count_width = 4,
			      .stride = NO_FIELD,
			      .element = &sync_item},
			     {.name = "cmdbuf",
			      .kind = AGX_POINTEE_COMMANDS,
			      .access = IN,
			      .pointer = offsetof(struct drm_asahi_submit, cmdbuf),
			      .count = {offsetof(struct drm_asahi_submit, cmdbuf_size), NO_FIELD},
			      .count_width = 4,
			      .stride = NO_FIELD}},
	},
	{
		.name = "DRM_IOCTL_ASAHI_VM_BIND",
		.request = DRM_IOCTL_ASAHI_VM_BIND,
		.args = ARGS(drm_asahi_vm_bind, vm_bind_fields),
		.num_pointees = 1,
		.pointees = {{.name = "binds",
			      .kind = AGX_POINTEE_ARRAY,
			      .access = IN,
			      .pointer = offsetof(struct drm_asahi_vm_bind, userptr),
			      .count = {offsetof(struct drm_asahi_vm_bind, num_binds), NO_FIELD},
			      .count_width = 4,
			      .stride = offsetof(struct drm_asahi_vm_bind, stride),
			      .element = &bind_op}},
	},
	{
		.name = "DRM_IOCTL_ASAHI_GET_TIME",
		.request = DRM_IOCTL_ASAHI_GET_TIME,
		.args = ARGS(drm_asahi_get_time, get_time_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_GEM_CREATE",
		.request = DRM_IOCTL_ASAHI_GEM_CREATE,
		.args = ARGS(drm_asahi_gem_create, gem_create_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET",
		.request = DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET,
		.args = ARGS(drm_asahi_gem_mmap_offset, gem_mmap_offset_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_GEM_BIND_OBJECT",
		.request = DRM_IOCTL_ASAHI_GEM_BIND_OBJECT,
		.args = ARGS(drm_asahi_gem_bind_object, gem_bind_object_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_GET_PARAMS",
		.request = DRM_IOCTL_ASAHI_GET_PARAMS,
		.args = ARGS(drm_asahi_get_params, get_params_fields),
		.num_pointees = 1,
		.pointees = {{.name = "params",
			      .kind = AGX_POINTEE_STRUCT,
			      .access = OUT,
			      .pointer = offsetof(struct drm_asahi_get_params, pointer),
			      .count = {offsetof(struct drm_asahi_get_params, size), NO_FIELD},
			      .count_width = 8,
			      .stride = NO_FIELD,
			      .element = &params_global}},
	},
	{
		.name = "DRM_IOCTL_ASAHI_VM_CREATE",
		.request = DRM_IOCTL_ASAHI_VM_CREATE,
		.args = ARGS(drm_asahi_vm_create, vm_create_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_VM_DESTROY",
		.request = DRM_IOCTL_ASAHI_VM_DESTROY,
		.args = ARGS(drm_asahi_vm_destroy, vm_destroy_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_QUEUE_CREATE",
		.request = DRM_IOCTL_ASAHI_QUEUE_CREATE,
		.args = ARGS(drm_asahi_queue_create, queue_create_fields),
	},
	{
		.name = "DRM_IOCTL_ASAHI_QUEUE_DESTROY",
		.request = DRM_IOCTL_ASAHI_QUEUE_DESTROY,
		.args = ARGS(drm_asahi_queue_destroy, queue_destroy_fields),
	},
	{
		.name = "DRM_IOCTL_GEM_CLOSE",
		.request = DRM_IOCTL_GEM_CLOSE,
		.args = ARGS(drm_gem_close, gem_close_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_WAIT",
		.request = GEN_WR(0xc3, syncobj_wait),
		.args = GEN_ARGS(syncobj_wait, syncobj_wait_fields),
		.num_pointees = 1,
		.pointees = {SYNCOBJ_HANDLES(agx_arg_syncobj_wait)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT",
		.request = GEN_WR(0xca, syncobj_timeline_wait),
		.args = GEN_ARGS(syncobj_timeline_wait, syncobj_timeline_wait_fields),
		.num_pointees = 2,
		.pointees = {SYNCOBJ_HANDLES(agx_arg_syncobj_timeline_wait),
			     SYNCOBJ_POINTS(agx_arg_syncobj_timeline_wait, IN, syncobj_point_in)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_RESET",
		.request = DRM_IOWR(0xc4, struct drm_syncobj_array),
		.args = ARGS(drm_syncobj_array, syncobj_array_fields),
		.num_pointees = 1,
		.pointees = {SYNCOBJ_HANDLES(drm_syncobj_array)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_SIGNAL",
		.request = DRM_IOWR(0xc5, struct drm_syncobj_array),
		.args = ARGS(drm_syncobj_array, syncobj_array_fields),
		.num_pointees = 1,
		.pointees = {SYNCOBJ_HANDLES(drm_syncobj_array)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_QUERY",
		.request = DRM_IOWR(0xcb, struct drm_syncobj_timeline_array),
		.args = ARGS(drm_syncobj_timeline_array, syncobj_query_fields),
		.num_pointees = 2,
		.pointees = {SYNCOBJ_HANDLES(drm_syncobj_timeline_array),
			     SYNCOBJ_POINTS(drm_syncobj_timeline_array, OUT, syncobj_point_out)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL",
		.request = DRM_IOWR(0xcd, struct drm_syncobj_timeline_array),
		.args = ARGS(drm_syncobj_timeline_array, syncobj_timeline_signal_fields),
		.num_pointees = 2,
		.pointees = {SYNCOBJ_HANDLES(drm_syncobj_timeline_array),
			     SYNCOBJ_POINTS(drm_syncobj_timeline_array, IN, syncobj_point_in)},
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_TRANSFER",
		.request = DRM_IOWR(0xcc, struct drm_syncobj_transfer),
		.args = ARGS(drm_syncobj_transfer, syncobj_transfer_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_CREATE",
		.request = DRM_IOWR(0xbf, struct drm_syncobj_create),
		.args = ARGS(drm_syncobj_create, syncobj_create_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_DESTROY",
		.request = DRM_IOWR(0xc0, struct drm_syncobj_destroy),
		.args = ARGS(drm_syncobj_destroy, syncobj_destroy_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD",
		.request = GEN_WR(0xc1, syncobj_handle),
		.args = GEN_ARGS(syncobj_handle, syncobj_handle_to_fd_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE",
		.request = GEN_WR(0xc2, syncobj_handle),
		.args = GEN_ARGS(syncobj_handle, syncobj_fd_to_handle_fields),
	},
	{
		.name = "DRM_IOCTL_SYNCOBJ_EVENTFD",
		.request = GEN_WR(0xcf, syncobj_eventfd),
		.args = GEN_ARGS(syncobj_eventfd, syncobj_eventfd_fields),
	},
	{
		.name = "DRM_IOCTL_PRIME_HANDLE_TO_FD",
		.request = DRM_IOCTL_PRIME_HANDLE_TO_FD,
		.args = ARGS(drm_prime_handle, prime_handle_to_fd_fields),
	},
	{
		.name = "DRM_IOCTL_PRIME_FD_TO_HANDLE",
		.request = DRM_IOCTL_PRIME_FD_TO_HANDLE,
		.args = ARGS(drm_prime_handle, prime_fd_to_handle_fields),
	},
	{
		.name = "DRM_IOCTL_VERSION",
		.request = GEN_WR(0x00, version),
		.args = GEN_ARGS(version, version_fields),
		.num_pointees = 3,
		.pointees = {TEXT(agx_arg_version, name, name_len, OUT, EXACT),
			     TEXT(agx_arg_version, date, date_len, OUT, IGNORED),
			     TEXT(agx_arg_version, desc, desc_len, OUT, IGNORED)},
	},
	{
		.name = "DRM_IOCTL_GET_UNIQUE",
		.request = GEN_WR(0x01, unique),
		.args = GEN_ARGS(unique, unique_fields),
		.num_pointees = 1,
		.pointees = {TEXT(agx_arg_unique, unique, unique_len, OUT, IGNORED)},
	},
	{
		.name = "DRM_IOCTL_GET_CAP",
		.request = DRM_IOWR(0x0c, struct drm_get_cap),
		.args = ARGS(drm_get_cap, get_cap_fields),
	},
	{
		.name = "DRM_IOCTL_SET_CLIENT_CAP",
		.request = DRM_IOW(0x0d, struct drm_set_client_cap),
		.args = ARGS(drm_set_client_cap, set_client_cap_fields),
	},
	{
		.name = "DRM_IOCTL_SET_CLIENT_NAME",
		.request = GEN_WR(0xd1, set_client_name),
		.args = GEN_ARGS(set_client_name, set_client_name_fields),
		.num_pointees = 1,
		.pointees = {TEXT(agx_arg_set_client_name, name, name_len, IN, IGNORED)},
	},
	{
		.name = "DMA_BUF_IOCTL_SYNC",
		.on = AGX_ON_DMA_BUF,
		.request = _IOC(_IOC_WRITE, 'b', 0, sizeof(struct agx_arg_dma_buf_sync)),
		.args = GEN_ARGS(dma_buf_sync, dma_buf_sync_fields),
	},
	{
		.name = "DMA_BUF_IOCTL_EXPORT_SYNC_FILE",
		.on = AGX_ON_DMA_BUF,
		.request = _IOC(_IOC_READ | _IOC_WRITE, 'b', 2,
				sizeof(struct agx_arg_dma_buf_sync_file)),
		.args = {.name = "dma_buf_export_sync_file",
			 .size = sizeof(struct agx_arg_dma_buf_sync_file),
			 .num_fields = 2,
			 .fields = dma_buf_export_fields},
	},
	{
		.name = "DMA_BUF_IOCTL_IMPORT_SYNC_FILE",
		.on = AGX_ON_DMA_BUF,
		.request = _IOC(_IOC_WRITE, 'b', 3, sizeof(struct agx_arg_dma_buf_sync_file)),
		.args = {.name = "dma_buf_import_sync_file",
			 .size = sizeof(struct agx_arg_dma_buf_sync_file),
			 .num_fields = 2,
			 .fields = dma_buf_import_fields},
	},
	{
		.name = "SYNC_IOC_MERGE",
		.on = AGX_ON_SYNC_FILE,
		.request = _IOC(_IOC_READ | _IOC_WRITE, '>', 3,
				sizeof(struct agx_arg_sync_merge_data)),
		.args = GEN_ARGS(sync_merge_data, sync_merge_fields),
	},
	{
		.name = "SYNC_IOC_FILE_INFO",
		.on = AGX_ON_SYNC_FILE,
		.request =
			_IOC(_IOC_READ | _IOC_WRITE, '>', 4, sizeof(struct agx_arg_sync_file_info)),
		.args = GEN_ARGS(sync_file_info, sync_file_info_fields),
		.num_pointees = 1,
		.pointees = {{.name = "sync_fence_info",
			      .kind = AGX_POINTEE_ARRAY,
			      .access = OUT,
			      .pointer = offsetof(struct agx_arg_sync_file_info, sync_fence_info),
			      .count = {offsetof(struct agx_arg_sync_file_info, num_fences),
					NO_FIELD},
			      .count_width = 4,
			      .stride = NO_FIELD,
			      .element = &fence_info}},
	},
	{
		.name = "SYNC_IOC_SET_DEADLINE",
		.on = AGX_ON_SYNC_FILE,
		.request = _IOC(_IOC_WRITE, '>', 5, sizeof(struct agx_arg_sync_set_deadline)),
		.args = GEN_ARGS(sync_set_deadline, sync_set_deadline_fields),
	},
};

const unsigned int agx_ioctl_table_size = sizeof(agx_ioctl_table) / sizeof(agx_ioctl_table[0]);
